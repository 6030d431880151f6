/* The address by which other collectors send agents to this one. */
#ifndef COLLECTOR_ADVERTISE_H
#define COLLECTOR_ADVERTISE_H

#include <vedette/session.h>

/* out: VD_SESSION_TEXT_BYTES. configured, or where that is "" the address that is listened on, with this
 * host's name in the place of one that stands for every address. */
void advertised_address(char *out, const char *configured, const char *listening);

#endif
