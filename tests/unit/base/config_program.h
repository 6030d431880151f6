/* What the tests of both programs' configurations ask of them. */
#ifndef TEST_CONFIG_PROGRAM_H
#define TEST_CONFIG_PROGRAM_H

#include <vedette/config.h>

struct config_mistake {
    const char *yaml, *error; /* what the error has behind "f.yaml" */
};

/* The file in configs/ loads to the built-in defaults, and these name every key with a value in its range. */
void config_program_check_defaults(const struct vd_config_schema *schema, const char *file, void *config);
void config_program_check_mistakes(const struct vd_config_schema *schema,
                                   const struct config_mistake *mistakes, size_t count, void *config);

#endif
