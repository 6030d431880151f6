/* UTF-8 (RFC 3629): shortest forms only, no surrogates. Pure; any thread. */
#ifndef VEDETTE_UTF8_H
#define VEDETTE_UTF8_H

#include <vedette/bytes.h>

bool vd_utf8_valid(struct vd_bytes text);
/* Writes text to out with every invalid sequence and every NUL replaced by U+FFFD, cut at a character's edge
 * so that at most cap bytes are written; returns how many. out must not overlap text. */
size_t vd_utf8_repair(struct vd_bytes text, uint8_t *out, size_t cap);

#endif
