/* A small program's configuration with a key of every type, for the tests of the loader. */
#ifndef TEST_CONFIG_SAMPLE_H
#define TEST_CONFIG_SAMPLE_H

#include <vedette/config.h>

enum sample_colour { SAMPLE_RED, SAMPLE_GREEN };

struct sample_listen {
    char *address;
    uint32_t backlog;
    uint64_t big_bytes;
};
struct sample_entry {
    enum sample_colour colour;
    char **paths;
    uint32_t paths_count;
};
struct sample {
    char *name;
    struct sample_listen listen;
    char **peers;
    uint32_t peers_count;
    struct sample_entry *sources;
    uint32_t sources_count;
    enum sample_colour colour;
};

/* check refuses the name "forbidden". */
extern const struct vd_config_schema SAMPLE;

/* Loads yaml (named "f.yaml") into *out; the error's text goes to a static buffer that is returned by
 * sample_error. */
int sample_read(struct sample *out, const char *yaml, char *const *environment);
int sample_read_bytes(struct sample *out, struct vd_bytes yaml, char *const *environment);
const char *sample_error(void);

#endif
