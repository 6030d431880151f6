/* The effective configuration as YAML, along the table. Texts are always quoted, so that none turns into a
 * number or a null on its way. */
#include <vedette/config.h>

#include <inttypes.h>

#include "config_value.h"

enum { INDENT = 2 };

static int print_keys(const struct vd_config_key *keys, const void *owner, int depth, bool in_entry,
                      struct vd_buffer *out);

/* The code point at *text, which is valid UTF-8 and not ASCII; steps behind it. */
static unsigned take_point(const char **text)
{
    unsigned char first = (unsigned char)*(*text)++;
    unsigned point = first >= 0xf0 ? first & 0x07 : first >= 0xe0 ? first & 0x0f : first & 0x1f;
    while (((unsigned char)**text & 0xc0) == 0x80)
        point = point << 6 | ((unsigned char)*(*text)++ & 0x3f);
    return point;
}

/* In ASCII: beyond it YAML has line breaks and characters that it refuses, and a terminal has controls. */
static int print_text(const char *text, struct vd_buffer *out)
{
    int rc = vd_buffer_append_str(out, "\"");
    while (rc == 0 && text != NULL && *text != '\0') {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80) {
            rc = vd_buffer_printf(out, "\\U%08x", take_point(&text));
            continue;
        }
        text++;
        if (c == '"' || c == '\\')
            rc = vd_buffer_printf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            rc = vd_buffer_printf(out, "\\x%02x", c);
        else
            rc = vd_buffer_append(out, &c, 1);
    }
    return rc != 0 ? rc : vd_buffer_append_str(out, "\"\n");
}

static int print_number(const struct vd_config_key *key, const void *member, struct vd_buffer *out)
{
    uint64_t number;
    uint32_t narrow;
    if (key->size == sizeof number) {
        memcpy(&number, member, sizeof number);
    } else {
        memcpy(&narrow, member, sizeof narrow);
        number = narrow;
    }
    return vd_buffer_printf(out, "%" PRIu64 "\n", number);
}

static int print_word(const struct vd_config_key *key, const void *member, struct vd_buffer *out)
{
    int index;
    memcpy(&index, member, sizeof index);
    return vd_buffer_printf(out, "%s\n", key->words[index]);
}

static int print_list(const struct vd_config_key *key, const void *owner, int depth, struct vd_buffer *out)
{
    const void *list = *(void *const *)config_member_const(owner, key->offset);
    uint32_t count = *(const uint32_t *)config_member_const(owner, key->count_offset);
    int rc = vd_buffer_append_str(out, count == 0 ? " []\n" : "\n");
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = vd_buffer_printf(out, "%*s- ", (depth + 1) * INDENT, "");
        if (rc != 0)
            return rc;
        rc = key->type == VD_CONFIG_TEXTS
                 ? print_text(((char *const *)list)[i], out)
                 : print_keys(key->keys, (const char *)list + i * key->size, depth + 2, true, out);
    }
    return rc;
}

static int print_value(const struct vd_config_key *key, const void *owner, int depth, struct vd_buffer *out)
{
    const void *member = config_member_const(owner, key->offset);
    switch (key->type) {
    case VD_CONFIG_NUMBER:
        return print_number(key, member, out);
    case VD_CONFIG_WORD:
        return print_word(key, member, out);
    case VD_CONFIG_TEXTS:
    case VD_CONFIG_SECTIONS:
        return print_list(key, owner, depth, out);
    case VD_CONFIG_SECTION: {
        int rc = vd_buffer_append_str(out, "\n");
        return rc != 0 ? rc : print_keys(key->keys, member, depth + 1, false, out);
    }
    default:
        return print_text(*(char *const *)member, out);
    }
}

/* in_entry: the first key stands behind the "- " of its entry. */
static int print_keys(const struct vd_config_key *keys, const void *owner, int depth, bool in_entry,
                      struct vd_buffer *out)
{
    for (const struct vd_config_key *key = keys; key->type != VD_CONFIG_END; key++) {
        int indent = in_entry && key == keys ? 0 : depth * INDENT;
        bool opens =
            key->type == VD_CONFIG_SECTION || key->type == VD_CONFIG_SECTIONS || key->type == VD_CONFIG_TEXTS;
        int rc = vd_buffer_printf(out, "%*s%s:%s", indent, "", key->name, opens ? "" : " ");
        if (rc == 0)
            rc = print_value(key, owner, depth, out);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int vd_config_print(const struct vd_config_schema *schema, const void *config, struct vd_buffer *out)
{
    return print_keys(schema->keys, config, 0, false, out);
}
