/* The sample's table. */
#include "config_sample.h"

#include <stdio.h>
#include <vedette/error.h>

static const char *const COLOURS[] = {"red", "green", NULL};
static const struct vd_config_key LISTEN[] = {
    VD_CONFIG_KEY_TEXT(sample_listen, address, 1, 40, vd_config_host_port_complaint),
    VD_CONFIG_KEY_NUMBER(sample_listen, backlog, 1, 4096),
    VD_CONFIG_KEY_NUMBER(sample_listen, big_bytes, 0, UINT64_MAX),
    VD_CONFIG_KEY_END,
};
static const struct vd_config_key ENTRY[] = {
    VD_CONFIG_KEY_WORD_NEEDED(sample_entry, colour, COLOURS),
    VD_CONFIG_KEY_TEXTS(sample_entry, paths, 1, 20, vd_config_path_complaint),
    VD_CONFIG_KEY_END,
};
static const struct vd_config_key KEYS[] = {
    VD_CONFIG_KEY_TEXT(sample, name, 0, 10, NULL),   VD_CONFIG_KEY_SECTION(sample, listen, LISTEN),
    VD_CONFIG_KEY_TEXTS(sample, peers, 1, 10, NULL), VD_CONFIG_KEY_SECTIONS(sample, sources, ENTRY, 3),
    VD_CONFIG_KEY_WORD(sample, colour, COLOURS),     VD_CONFIG_KEY_END,
};

static int check(const void *config, char *error)
{
    const struct sample *sample = config;
    if (strcmp(sample->name, "forbidden") != 0)
        return 0;
    snprintf(error, VD_CONFIG_ERROR_BYTES, "name: not this one");
    return VD_ECONFIG;
}

const struct vd_config_schema SAMPLE = {
    .keys = KEYS,
    .size = sizeof(struct sample),
    .defaults = "name: sample\n"
                "listen: {address: \"127.0.0.1:1\", backlog: 128, big_bytes: 5}\n"
                "peers: [one, two]\n"
                "sources: [{colour: green, paths: [/a, /b]}]\n",
    .check = check,
};

static char error[VD_CONFIG_ERROR_BYTES];

const char *sample_error(void)
{
    return error;
}

int sample_read_bytes(struct sample *out, struct vd_bytes yaml, char *const *environment)
{
    return vd_config_read(&SAMPLE, "f.yaml", yaml, environment, out, error);
}

int sample_read(struct sample *out, const char *yaml, char *const *environment)
{
    return sample_read_bytes(out, vd_bytes_str(yaml), environment);
}
