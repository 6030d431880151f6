/* Reads one YAML document into a program's struct. Private to config*.c. */
#ifndef BASE_CONFIG_YAML_H
#define BASE_CONFIG_YAML_H

#include <vedette/config.h>

/* Keys that are absent leave their members as they are; a list replaces the one before. error as for
 * vd_config_load. */
int config_yaml_read(const struct vd_config_key *keys, const char *name, struct vd_bytes yaml, void *config,
                     char *error);

#endif
