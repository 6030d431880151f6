/* A configuration file of any bytes: refused with one printable line, or printed to what loads again to the
 * same. */
#include "config_sample.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_error(const struct sample *sample)
{
    must(sample_error()[0] != '\0' && sample->name == NULL && sample->sources == NULL);
    for (const char *c = sample_error(); *c != '\0'; c++)
        must(*c >= ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample first, again;
    struct vd_buffer printed;
    if (sample_read_bytes(&first, vd_bytes_of(data, size), NULL) != 0) {
        check_error(&first);
        return 0;
    }
    vd_buffer_init(&printed, 4 << 20);
    must(vd_config_print(&SAMPLE, &first, &printed) == 0);
    must(sample_read_bytes(&again, vd_buffer_bytes(&printed), NULL) == 0);
    must(strcmp(first.name, again.name) == 0 && first.peers_count == again.peers_count);
    vd_config_deinit(&SAMPLE, &first);
    vd_config_deinit(&SAMPLE, &again);
    vd_buffer_deinit(&printed);
    return 0;
}
