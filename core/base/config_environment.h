/* Applies VEDETTE_SECTION_KEY variables to a program's struct. Private to config*.c. */
#ifndef BASE_CONFIG_ENVIRONMENT_H
#define BASE_CONFIG_ENVIRONMENT_H

#include <vedette/config.h>

int config_environment_apply(const struct vd_config_key *keys, char *const *environment, void *config,
                             char *error);

#endif
