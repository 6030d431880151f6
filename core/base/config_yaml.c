/* From YAML to a program's struct in one pass over libyaml's events, so that every error knows its line and
 * column.
 *
 * The table drives the descent: what is not in it is refused where it begins, so the depth of a file is that
 * of the table, whatever it holds. Anchors, aliases and tags are refused: nothing can be larger than the file
 * itself. */
#include "config_yaml.h"

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>
#include <yaml.h>

#include "config_value.h"

enum { PATH_BYTES = 160 };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; its type is YAML_NO_EVENT while there is none */
    const char *name;   /* of the file */
    struct vd_bytes yaml;
    char path[PATH_BYTES]; /* of the value at hand: "sources[1].from" */
    char *error;
};

static int read_mapping(struct reader *r, const struct vd_config_key *keys, void *owner);

/* Lines and columns count from 1 for people. */
static int fail_at(struct reader *r, yaml_mark_t mark, const char *subject, const char *why)
{
    config_error(r->error, "%s:%zu:%zu: %s%s%s", r->name, mark.line + 1, mark.column + 1, subject,
                 subject[0] != '\0' ? ": " : "", why);
    return VD_ECONFIG;
}

/* About the value that the current event begins. */
static int fail(struct reader *r, const char *why)
{
    return fail_at(r, r->event.start_mark, r->path, why);
}

/* libyaml tells no line for bytes that are no text, only where they stand. */
static yaml_mark_t mark_of_offset(struct vd_bytes yaml, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < yaml.len; i++) {
        mark.column++;
        if (yaml.data[i] == '\n') {
            mark.line++;
            mark.column = 0;
        }
    }
    return mark;
}

static int fail_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        config_error(r->error, "%s: %s", r->name, vd_error_text(VD_ENOMEM));
        return VD_ENOMEM;
    }
    const char *why = p->problem != NULL ? p->problem : "is not YAML";
    yaml_mark_t mark =
        p->error == YAML_READER_ERROR ? mark_of_offset(r->yaml, p->problem_offset) : p->problem_mark;
    return fail_at(r, mark, "", why);
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return event->data.alias.anchor;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

static const yaml_char_t *tag_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    default:
        return NULL;
    }
}

static int next(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (!yaml_parser_parse(&r->parser, &r->event))
        return fail_syntax(r);
    if (anchor_of(&r->event) != NULL)
        return fail_at(r, r->event.start_mark, "", "anchors and aliases are not allowed");
    if (tag_of(&r->event) != NULL)
        return fail_at(r, r->event.start_mark, "", "tags are not allowed");
    return 0;
}

static struct vd_bytes scalar(const struct reader *r)
{
    return vd_bytes_of(r->event.data.scalar.value, r->event.data.scalar.length);
}

/* "key:" with nothing behind it, or a bare ~ or null. */
static bool is_null(const struct reader *r)
{
    if (r->event.type != YAML_SCALAR_EVENT || r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    struct vd_bytes text = scalar(r);
    return text.len == 0 || vd_bytes_equal(text, vd_bytes_str("~")) ||
           vd_bytes_equal(text, vd_bytes_str("null"));
}

static int read_scalar(struct reader *r, const struct vd_config_key *key, void *owner)
{
    char complaint[CONFIG_COMPLAINT_BYTES];
    if (r->event.type != YAML_SCALAR_EVENT)
        return fail(r, key->type == VD_CONFIG_NUMBER ? "expected a number" : "expected a text");
    int rc = config_value_set(key, owner, is_null(r) ? vd_bytes_str("") : scalar(r), complaint);
    return rc == VD_ECONFIG ? fail(r, complaint) : rc;
}

static int read_section(struct reader *r, const struct vd_config_key *key, void *section)
{
    if (is_null(r)) /* a section whose keys are all commented out */
        return 0;
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return fail(r, "expected keys and values");
    return read_mapping(r, key->keys, section);
}

static int read_entry(struct reader *r, const struct vd_config_key *key, void *owner)
{
    char complaint[CONFIG_COMPLAINT_BYTES];
    void *entry;
    if (key->type == VD_CONFIG_TEXTS)
        return read_scalar(r, key, owner);
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return fail(r, "expected keys and values");
    int rc = config_value_append(key, owner, &entry, complaint);
    if (rc == VD_ECONFIG)
        return fail(r, complaint);
    return rc != 0 ? rc : read_mapping(r, key->keys, entry);
}

static int read_list(struct reader *r, const struct vd_config_key *key, void *owner)
{
    size_t path_len = strlen(r->path);
    config_value_clear(key, owner);
    if (is_null(r))
        return 0;
    if (r->event.type != YAML_SEQUENCE_START_EVENT)
        return fail(r, "expected a list");
    for (unsigned i = 0;; i++) {
        int rc = next(r);
        if (rc != 0 || r->event.type == YAML_SEQUENCE_END_EVENT)
            return rc;
        snprintf(r->path + path_len, sizeof r->path - path_len, "[%u]", i);
        rc = read_entry(r, key, owner);
        if (rc != 0)
            return rc;
        r->path[path_len] = '\0';
    }
}

/* To the end of the value that the current event begins; libyaml itself bounds how deep it is. */
static int pass_over(struct reader *r)
{
    int rc = 0, depth = 0;
    for (;;) {
        yaml_event_type_t type = r->event.type;
        depth += type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
        depth -= type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
        if (depth == 0)
            return 0;
        rc = next(r);
        if (rc != 0)
            return rc;
    }
}

static int read_value(struct reader *r, const struct vd_config_key *key, void *owner)
{
    switch (key->type) {
    case VD_CONFIG_SECTION:
        return read_section(r, key, config_member(owner, key->offset));
    case VD_CONFIG_SECTIONS:
    case VD_CONFIG_TEXTS:
        return read_list(r, key, owner);
    case VD_CONFIG_ELSEWHERE:
        return pass_over(r);
    default:
        return read_scalar(r, key, owner);
    }
}

static int fail_unknown(struct reader *r, const struct vd_config_key *keys)
{
    char why[VD_CONFIG_ERROR_BYTES], allowed[VD_CONFIG_ERROR_BYTES / 2];
    config_key_names(keys, allowed, sizeof allowed);
    snprintf(why, sizeof why, "unknown key '%.64s'%s%s; allowed: %s",
             (const char *)r->event.data.scalar.value, r->path[0] != '\0' ? " in " : "", r->path, allowed);
    return fail_at(r, r->event.start_mark, "", why);
}

/* The key that the current event names, once: its bit in *seen. */
static int read_key(struct reader *r, const struct vd_config_key *keys, uint64_t *seen,
                    const struct vd_config_key **found)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return fail(r, "expected the name of a key");
    const struct vd_config_key *key = keys;
    while (key->type != VD_CONFIG_END && !vd_bytes_equal(vd_bytes_str(key->name), scalar(r)))
        key++;
    if (key->type == VD_CONFIG_END)
        return fail_unknown(r, keys);
    uint64_t bit = UINT64_C(1) << (key - keys);
    if (*seen & bit)
        return fail_at(r, r->event.start_mark, key->name, "is here a second time");
    *seen |= bit;
    *found = key;
    return 0;
}

static int check_needed(struct reader *r, yaml_mark_t start, const struct vd_config_key *keys, uint64_t seen)
{
    for (const struct vd_config_key *key = keys; key->type != VD_CONFIG_END; key++) {
        char why[80];
        if (!key->needed || (seen >> (key - keys) & 1))
            continue;
        snprintf(why, sizeof why, "lacks the key '%s'", key->name);
        return fail_at(r, start, r->path, why);
    }
    return 0;
}

/* From the event that starts the mapping to the one that ends it. */
static int read_mapping(struct reader *r, const struct vd_config_key *keys, void *owner)
{
    const struct vd_config_key *key = NULL;
    yaml_mark_t start = r->event.start_mark;
    size_t path_len = strlen(r->path);
    uint64_t seen = 0;
    for (;;) {
        int rc = next(r);
        if (rc != 0)
            return rc;
        if (r->event.type == YAML_MAPPING_END_EVENT)
            return check_needed(r, start, keys, seen);
        rc = read_key(r, keys, &seen, &key);
        if (rc == 0)
            rc = next(r);
        if (rc != 0)
            return rc;
        assert(key != NULL);
        snprintf(r->path + path_len, sizeof r->path - path_len, "%s%s", path_len > 0 ? "." : "", key->name);
        rc = read_value(r, key, owner);
        if (rc != 0)
            return rc;
        r->path[path_len] = '\0';
    }
}

static int read_stream(struct reader *r, const struct vd_config_key *keys, void *config)
{
    int rc = next(r); /* the stream's start */
    if (rc == 0)
        rc = next(r);
    if (rc != 0 || r->event.type == YAML_STREAM_END_EVENT) /* empty, or comments only */
        return rc;
    rc = next(r);
    if (rc != 0)
        return rc;
    if (!is_null(r)) {
        if (r->event.type != YAML_MAPPING_START_EVENT)
            return fail(r, "expected keys and values");
        rc = read_mapping(r, keys, config);
    }
    if (rc == 0)
        rc = next(r); /* the document's end */
    if (rc == 0)
        rc = next(r);
    if (rc == 0 && r->event.type != YAML_STREAM_END_EVENT)
        return fail(r, "a second document is not allowed");
    return rc;
}

int config_yaml_read(const struct vd_config_key *keys, const char *name, struct vd_bytes yaml, void *config,
                     char *error)
{
    if (yaml.len >= 3 && memcmp(yaml.data, "\xef\xbb\xbf", 3) == 0)
        yaml = vd_bytes_of(yaml.data + 3, yaml.len - 3);
    struct reader r = {.name = name, .yaml = yaml, .error = error};
    if (!yaml_parser_initialize(&r.parser)) {
        config_error(error, "%s: %s", name, vd_error_text(VD_ENOMEM));
        return VD_ENOMEM;
    }
    /* Named, so that a byte order mark cannot choose another; UTF-8's own is passed over. */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, yaml.len > 0 ? yaml.data : (const uint8_t *)"", yaml.len);
    int rc = read_stream(&r, keys, config);
    if (rc == VD_ENOMEM)
        config_error(error, "%s: %s", name, vd_error_text(rc));
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return rc;
}
