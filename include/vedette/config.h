/* Configuration of a program: YAML over built-in defaults, the environment over both, strictly against a
 * table.
 *
 * A program describes its struct with tables of keys (below) and gives its defaults as YAML text (the
 * commented file in configs/, built in). Texts and lists in the struct are owned by it and freed by
 * vd_config_deinit. VEDETTE_SECTION_KEY in the environment overrides section.key; entries of a list of texts
 * are separated by commas. One thread at a time. */
#ifndef VEDETTE_CONFIG_H
#define VEDETTE_CONFIG_H

#include <vedette/buffer.h>

enum vd_config_type {
    VD_CONFIG_END,
    VD_CONFIG_TEXT,      /* char * */
    VD_CONFIG_NUMBER,    /* uint32_t or uint64_t */
    VD_CONFIG_WORD,      /* an enum whose values are the indices into words */
    VD_CONFIG_TEXTS,     /* char **x; uint32_t x_count */
    VD_CONFIG_SECTION,   /* struct s x */
    VD_CONFIG_SECTIONS,  /* struct s *x; uint32_t x_count */
    VD_CONFIG_ELSEWHERE, /* another program's: passed over, whatever it holds; has no member */
};

struct vd_config_key {
    const char *name;
    enum vd_config_type type;
    size_t offset, size, count_offset; /* of the member in its struct; of an entry, for sections */
    uint64_t min, max;                 /* number: its range; text: bytes of each; sections: entries */
    bool needed;                       /* must be there in each entry */
    const char *const *words;          /* ends with NULL */
    const struct vd_config_key *keys;  /* of a section; ends with VD_CONFIG_KEY_END */
    /* Of a text: NULL, or what it must be ("must be host:port"). May be NULL. */
    const char *(*complaint)(const char *text);
};

/* Each names the member of struct owner that is also the key in YAML. Lists hold at most
 * VD_CONFIG_ENTRIES_MAX. */
/* clang-format off */
#define VD_CONFIG_MEMBER(owner, m) .name = #m, .offset = offsetof(struct owner, m), .size = sizeof(((struct owner *)0)->m)
#define VD_CONFIG_KEY_TEXT(owner, m, least, most, check) \
    {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_TEXT, .min = (least), .max = (most), .complaint = (check)}
#define VD_CONFIG_KEY_TEXT_NEEDED(owner, m, least, most, check) \
    {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_TEXT, .min = (least), .max = (most), .complaint = (check), \
     .needed = true}
#define VD_CONFIG_KEY_NUMBER(owner, m, least, most) \
    {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_NUMBER, .min = (least), .max = (most)}
#define VD_CONFIG_KEY_WORD(owner, m, list) \
    {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_WORD, .words = (list)}
#define VD_CONFIG_KEY_WORD_NEEDED(owner, m, list) \
    {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_WORD, .words = (list), .needed = true}
#define VD_CONFIG_KEY_TEXTS(owner, m, least, most, check) \
    {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_TEXTS, .count_offset = offsetof(struct owner, m##_count), \
     .min = (least), .max = (most), .complaint = (check)}
#define VD_CONFIG_KEY_SECTION(owner, m, table) {VD_CONFIG_MEMBER(owner, m), .type = VD_CONFIG_SECTION, .keys = (table)}
#define VD_CONFIG_KEY_SECTIONS(owner, m, table, most) \
    {.name = #m, .type = VD_CONFIG_SECTIONS, .offset = offsetof(struct owner, m), \
     .count_offset = offsetof(struct owner, m##_count), .size = sizeof(*((struct owner *)0)->m), \
     .max = (most), .keys = (table)}
#define VD_CONFIG_KEY_ELSEWHERE(m) {.name = #m, .type = VD_CONFIG_ELSEWHERE}
#define VD_CONFIG_KEY_END {.type = VD_CONFIG_END}
/* clang-format on */

enum {
    VD_CONFIG_ERROR_BYTES = 1024,
    VD_CONFIG_FILE_MAX_BYTES = 1024 * 1024,
    VD_CONFIG_ENTRIES_MAX = 1024,
};

struct vd_config_schema {
    const struct vd_config_key *keys;
    size_t size;          /* of the program's struct */
    const char *defaults; /* YAML */
    /* What one key alone cannot say: 0, or VD_ECONFIG and why in error. May be NULL. */
    int (*check)(const void *config, char *error);
};

/* Fills *config (schema->size bytes) from the defaults, the file (path NULL: none) and the environment (as
 * environ; may be NULL). An unknown VEDETTE_ variable is logged as a warning. On error *config is zeroed, and
 * error (VD_CONFIG_ERROR_BYTES) is one line: "collector.yaml:12:3: unknown key 'adress' in listen; allowed:
 * address, backlog". VD_ECONFIG; VD_ENOTFOUND, VD_EPERM, VD_EIO for the file; VD_ENOMEM. */
int vd_config_load(const struct vd_config_schema *schema, const char *path, char *const *environment,
                   void *config, char *error);
/* The same from bytes; name stands for the file in errors. */
int vd_config_read(const struct vd_config_schema *schema, const char *name, struct vd_bytes yaml,
                   char *const *environment, void *config, char *error);
/* Frees what the struct owns and zeroes it; fit for a zeroed struct too. */
void vd_config_deinit(const struct vd_config_schema *schema, void *config);
/* Appends the configuration as YAML that loads again to the same. VD_ELIMIT, VD_ENOMEM. */
int vd_config_print(const struct vd_config_schema *schema, const void *config, struct vd_buffer *out);

/* Complaints for tables: "host:port" with a port from 0 to 65535; an absolute path; "name=value". */
const char *vd_config_host_port_complaint(const char *text);
/* The same with a numeric address, "0.0.0.0:7170" or "[::]:7170". */
const char *vd_config_listen_complaint(const char *text);
const char *vd_config_path_complaint(const char *text);
const char *vd_config_property_complaint(const char *text);

#endif
