/* Any bytes as a log line: an event comes out, or the line was blank. */
#include <stdlib.h>
#include <vedette/error.h>
#include <vedette/event_validate.h>
#include <vedette/parse.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = 1733875200000;
    const struct vd_validate_limits limits = {.event_max_bytes = 64 * 1024};
    struct vd_event_view view;
    struct vd_refusal why;
    struct vd_parse parse;
    struct vd_buffer out;
    vd_parse_init(&parse, &(struct vd_parse_options){.hostname = "h", .product_name = "p"});
    vd_buffer_init(&out, 64 * 1024);
    int rc = vd_parse_line(&parse, vd_bytes_of(data, size), now_ms, &out);
    /* What we make of a line, our own collector takes. */
    if (rc != VD_PARSE_EMPTY &&
        (rc != 0 || vd_event_validate(&view, vd_buffer_bytes(&out), &limits, now_ms, &why) != 0))
        abort();
    vd_buffer_deinit(&out);
    vd_parse_deinit(&parse);
    return 0;
}
