/* The short form of a uid, for lines that people read and type again: of each long word of hex digits only
 * the first eight, and of a finding's without the product's name. "0b44f5c0-4711" is short for
 * "0b44f5c0a1d84fd8a5ce63d4c9ab1d6e-4711". Pure; any thread. */
#ifndef VEDETTE_TOOLS_SHORT_UID_H
#define VEDETTE_TOOLS_SHORT_UID_H

#include <stdbool.h>
#include <vedette/bytes.h>

enum { SHORT_UID_BYTES = 64 };

/* Into out, not terminated; returns its length. What is too long even so is cut. */
size_t short_uid_write(struct vd_bytes uid, char out[SHORT_UID_BYTES]);

/* Whether given stands for uid: each word is the same, or the beginning, four digits or more, of a long word
 * of hex digits. */
bool short_uid_matches(struct vd_bytes given, struct vd_bytes uid);

/* What any uid that given stands for begins with: most records do not even hold it. */
struct vd_bytes short_uid_begin(struct vd_bytes given);

#endif
