/* The types of configuration values: what texts they take, and what they own. */
#include "config_value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/utf8.h>

enum { SHOWN_BYTES = 64 }; /* of a refused value, in a complaint */

_Static_assert(sizeof(enum vd_config_type) == sizeof(int), "a word is stored as an int");

__attribute__((format(printf, 2, 3))) static int complain(char *complaint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(complaint, CONFIG_COMPLAINT_BYTES, format, args);
    va_end(args);
    return VD_ECONFIG;
}

static int complain_of(char *complaint, const char *wanted, struct vd_bytes text)
{
    int shown = text.len > SHOWN_BYTES ? SHOWN_BYTES : (int)text.len;
    return complain(complaint, "%s, not '%.*s%s'", wanted, shown, (const char *)text.data,
                    text.len > SHOWN_BYTES ? "..." : "");
}

static bool parse_number(struct vd_bytes text, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return text.len > 0;
}

static int set_number(const struct vd_config_key *key, void *owner, struct vd_bytes text, char *complaint)
{
    char wanted[80];
    uint64_t number;
    if (!parse_number(text, &number) || number < key->min || number > key->max) {
        snprintf(wanted, sizeof wanted, "expected a number from %" PRIu64 " to %" PRIu64, key->min, key->max);
        return complain_of(complaint, wanted, text);
    }
    uint32_t narrow = (uint32_t)number;
    assert(key->size == sizeof number || (key->size == sizeof narrow && key->max <= UINT32_MAX));
    memcpy(config_member(owner, key->offset), key->size == sizeof number ? (void *)&number : &narrow,
           key->size);
    return 0;
}

static int set_word(const struct vd_config_key *key, void *owner, struct vd_bytes text, char *complaint)
{
    char wanted[256] = "expected one of";
    size_t len = strlen(wanted);
    for (int i = 0; key->words[i] != NULL; i++) {
        if (vd_bytes_equal(vd_bytes_str(key->words[i]), text)) {
            memcpy(config_member(owner, key->offset), &i, sizeof i);
            return 0;
        }
        len += (size_t)snprintf(wanted + len, sizeof wanted - len, "%s %s", i > 0 ? "," : "", key->words[i]);
        assert(len < sizeof wanted);
    }
    return complain_of(complaint, wanted, text);
}

/* A text of its own, checked against the key. */
static int make_text(const struct vd_config_key *key, struct vd_bytes text, char **out, char *complaint)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        return complain(complaint, "must not hold a NUL byte");
    if (!vd_utf8_valid(text)) /* from the environment */
        return complain(complaint, "must be UTF-8");
    if (text.len < key->min)
        return complain(complaint, "must not be empty");
    if (text.len > key->max)
        return complain(complaint, "must not be longer than %" PRIu64 " bytes", key->max);
    char *copy = vd_strndup(text.len > 0 ? (const char *)text.data : "", text.len);
    if (copy == NULL)
        return VD_ENOMEM;
    const char *why = key->complaint == NULL ? NULL : key->complaint(copy);
    if (why != NULL) {
        vd_free(copy);
        return complain_of(complaint, why, text);
    }
    *out = copy;
    return 0;
}

static int set_text(const struct vd_config_key *key, void *owner, struct vd_bytes text, char *complaint)
{
    char *made = NULL, **member = config_member(owner, key->offset);
    int rc = make_text(key, text, &made, complaint);
    if (rc != 0)
        return rc;
    vd_free(*member);
    *member = made;
    return 0;
}

/* One more entry of entry_size bytes at the end of a list, zeroed; the member then points to the grown list.
 */
static int grow(const struct vd_config_key *key, void *owner, size_t entry_size, uint64_t most, void **entry,
                char *complaint)
{
    void **list = config_member(owner, key->offset);
    uint32_t *count = config_member(owner, key->count_offset);
    if (*count >= most)
        return complain(complaint, "has more than the %" PRIu64 " entries allowed", most);
    char *grown = vd_realloc(*list, (*count + 1) * entry_size);
    if (grown == NULL)
        return VD_ENOMEM;
    *list = grown;
    *entry = memset(grown + *count * entry_size, 0, entry_size);
    ++*count;
    return 0;
}

static int append_text(const struct vd_config_key *key, void *owner, struct vd_bytes text, char *complaint)
{
    char *made = NULL;
    void *entry = NULL;
    int rc = make_text(key, text, &made, complaint);
    if (rc != 0)
        return rc;
    rc = grow(key, owner, sizeof made, VD_CONFIG_ENTRIES_MAX, &entry, complaint);
    if (rc != 0) {
        vd_free(made);
        return rc;
    }
    assert(entry != NULL);
    *(char **)entry = made;
    return 0;
}

int config_value_append(const struct vd_config_key *key, void *owner, void **entry, char *complaint)
{
    return grow(key, owner, key->size, key->max, entry, complaint);
}

int config_value_set(const struct vd_config_key *key, void *owner, struct vd_bytes text, char *complaint)
{
    switch (key->type) {
    case VD_CONFIG_TEXT:
        return set_text(key, owner, text, complaint);
    case VD_CONFIG_NUMBER:
        return set_number(key, owner, text, complaint);
    case VD_CONFIG_WORD:
        return set_word(key, owner, text, complaint);
    case VD_CONFIG_TEXTS:
        return append_text(key, owner, text, complaint);
    default:
        return complain(complaint, "cannot be set from a text");
    }
}

static void clear_list(const struct vd_config_key *key, void *owner)
{
    void **list = config_member(owner, key->offset);
    uint32_t *count = config_member(owner, key->count_offset);
    for (uint32_t i = 0; i < *count; i++) {
        if (key->type == VD_CONFIG_TEXTS)
            vd_free(((char **)*list)[i]);
        else
            config_value_clear_all(key->keys, (char *)*list + i * key->size);
    }
    vd_free(*list);
    *list = NULL;
    *count = 0;
}

void config_value_clear(const struct vd_config_key *key, void *owner)
{
    void *member = config_member(owner, key->offset);
    switch (key->type) {
    case VD_CONFIG_TEXTS:
    case VD_CONFIG_SECTIONS:
        clear_list(key, owner);
        return;
    case VD_CONFIG_SECTION:
        config_value_clear_all(key->keys, member);
        return;
    case VD_CONFIG_ELSEWHERE:
        return;
    case VD_CONFIG_TEXT:
        vd_free(*(char **)member);
        break;
    default:
        break;
    }
    memset(member, 0, key->size);
}

void config_value_clear_all(const struct vd_config_key *keys, void *owner)
{
    for (const struct vd_config_key *key = keys; key->type != VD_CONFIG_END; key++)
        config_value_clear(key, owner);
}
