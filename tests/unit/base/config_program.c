/* The shared checks. */
#include "config_program.h"

#include <vedette/error.h>

#include "unit.h"

static void print(const struct vd_config_schema *schema, void *config, struct vd_buffer *out)
{
    vd_buffer_init(out, 65536);
    assert_int_equal(vd_config_print(schema, config, out), 0);
    vd_config_deinit(schema, config);
}

void config_program_check_defaults(const struct vd_config_schema *schema, const char *file, void *config)
{
    char error[VD_CONFIG_ERROR_BYTES];
    struct vd_buffer built_in, from_file, again;
    assert_int_equal(vd_config_load(schema, NULL, NULL, config, error), 0);
    print(schema, config, &built_in);
    assert_int_equal(vd_config_load(schema, file, NULL, config, error), 0);
    print(schema, config, &from_file);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&built_in), vd_buffer_bytes(&from_file)));
    /* A key that the defaults forgot is printed as 0 or empty, and would be out of its range here. */
    assert_int_equal(vd_config_read(schema, "printed", vd_buffer_bytes(&built_in), NULL, config, error), 0);
    print(schema, config, &again);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&built_in), vd_buffer_bytes(&again)));
    vd_buffer_deinit(&built_in);
    vd_buffer_deinit(&from_file);
    vd_buffer_deinit(&again);
}

void config_program_check_mistakes(const struct vd_config_schema *schema,
                                   const struct config_mistake *mistakes, size_t count, void *config)
{
    for (size_t i = 0; i < count; i++) {
        char error[VD_CONFIG_ERROR_BYTES];
        assert_int_equal(
            vd_config_read(schema, "f.yaml", vd_bytes_str(mistakes[i].yaml), NULL, config, error),
            VD_ECONFIG);
        assert_memory_equal(error, "f.yaml", 6);
        assert_string_equal(error + 6, mistakes[i].error);
    }
}
