/* One value of a configuration: from text, back to nothing. Private to config*.c. */
#ifndef BASE_CONFIG_VALUE_H
#define BASE_CONFIG_VALUE_H

#include <vedette/config.h>

enum { CONFIG_COMPLAINT_BYTES = 512 };

static inline void *config_member(void *owner, size_t offset)
{
    return (char *)owner + offset;
}
static inline const void *config_member_const(const void *owner, size_t offset)
{
    return (const char *)owner + offset;
}

/* Sets a text, number or word in its struct, or appends to a list of texts. VD_ECONFIG: complaint says what
 * was expected; the struct is as it was. VD_ENOMEM. */
int config_value_set(const struct vd_config_key *key, void *owner, struct vd_bytes text, char *complaint);
/* Appends a zeroed entry to a list of sections: *entry. VD_ECONFIG: it has all it may have. */
int config_value_append(const struct vd_config_key *key, void *owner, void **entry, char *complaint);
/* Frees what the member owns, and zeroes it. */
void config_value_clear(const struct vd_config_key *key, void *owner);
void config_value_clear_all(const struct vd_config_key *keys, void *owner);

/* "address, backlog, …" into out; cut with "…" if it does not fit. */
void config_key_names(const struct vd_config_key *keys, char *out, size_t cap);

/* One line into error (VD_CONFIG_ERROR_BYTES), whatever bytes a file had in it: what is not printable ASCII
 * becomes '?'. */
__attribute__((format(printf, 2, 3))) void config_error(char *error, const char *format, ...);

#endif
