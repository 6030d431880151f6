/* The names of the OCSF classes that event.proto speaks of. */
#ifndef VEDETTE_TOOLS_CLASS_NAMES_H
#define VEDETTE_TOOLS_CLASS_NAMES_H

#include <stdint.h>

/* "Authentication"; NULL for a class that is not in the table. */
const char *class_name(int32_t class_uid);
/* From a number, or a name in whatever case with spaces, '-' or '_' or nothing between its words; -1:
 * neither. */
int32_t class_uid_of(const char *text);
/* The n-th name, NULL after the last. */
const char *class_name_at(unsigned n);

#endif
