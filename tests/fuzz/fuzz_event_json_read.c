/* JSON that is read can be written, and reads back to the same bytes. */
#include <stdlib.h>

#include <vedette/event_json.h>

enum { LIMIT_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_buffer event, again, json;
    struct vd_arena scratch;
    char error[VD_JSON_ERROR_BYTES];
    vd_buffer_init(&event, LIMIT_BYTES);
    vd_buffer_init(&again, LIMIT_BYTES);
    vd_buffer_init(&json, 8 * LIMIT_BYTES);
    vd_arena_init(&scratch, 4096, 8 * LIMIT_BYTES);
    if (vd_event_json_read(vd_bytes_of(data, size), &scratch, &event, error) == 0) {
        if (vd_event_json_write(vd_buffer_bytes(&event), &scratch, &json) != 0 ||
            vd_event_json_read(vd_buffer_bytes(&json), &scratch, &again, error) != 0 ||
            !vd_bytes_equal(vd_buffer_bytes(&event), vd_buffer_bytes(&again)))
            abort();
    }
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&again);
    vd_buffer_deinit(&json);
    vd_arena_deinit(&scratch);
    return 0;
}
