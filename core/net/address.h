/* Socket addresses as text. */
#ifndef VEDETTE_NET_ADDRESS_H
#define VEDETTE_NET_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

/* "192.0.2.1:7170" or "[2001:db8::1]:7170"; "?" for other families. */
void vd_address_text(const struct sockaddr *address, char *out, size_t size);

#endif
