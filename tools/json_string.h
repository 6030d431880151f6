/* Strings of JSON that the tools write by hand. */
#ifndef VEDETTE_TOOLS_JSON_STRING_H
#define VEDETTE_TOOLS_JSON_STRING_H

#include <stdio.h>
#include <vedette/bytes.h>

/* In quotes, escaped, its first 4,096 bytes; what is not UTF-8 becomes U+FFFD. */
void json_string(FILE *out, struct vd_bytes text);

#endif
