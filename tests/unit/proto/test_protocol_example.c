/* The worked example of PROTOCOL.md is read from the document itself and held against the code, byte for
 * byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/session.h>

enum { EXAMPLE_MAX = 512 };

struct example {
    uint8_t bytes[EXAMPLE_MAX];
    size_t len;
};

/* Hex pairs of one line, up to a '#'. */
static void line_read(struct example *out, const char *line)
{
    unsigned byte;
    int used;
    while (*line != '#' && sscanf(line, " %2x%n", &byte, &used) == 1) {
        assert_true(out->len < EXAMPLE_MAX);
        out->bytes[out->len++] = (uint8_t)byte;
        line += used;
    }
}

/* The block that begins with "```hex NAME". */
static struct example example_read(const char *name)
{
    struct example out = {.len = 0};
    char line[512], head[64];
    bool inside = false;
    FILE *file = fopen(PROTOCOL_MD, "r");
    assert_non_null(file);
    snprintf(head, sizeof head, "```hex %s\n", name);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strcmp(line, head) == 0)
            inside = true;
        else if (strncmp(line, "```", 3) == 0)
            inside = false;
        else if (inside)
            line_read(&out, line);
    }
    fclose(file);
    assert_true(out.len > 0);
    return out;
}

static void is_example(const struct vd_buffer *written, const char *name)
{
    struct example example = example_read(name);
    struct vd_bytes bytes = vd_buffer_bytes(written);
    assert_int_equal(bytes.len, example.len);
    assert_memory_equal(bytes.data, example.bytes, example.len);
}

static void hello_is_as_written(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct vd_hello hello = {.version_min = 1, .version_max = 1, .agent_version = "0.1.0", .stream_count = 1};
    for (uint8_t i = 0; i < VD_STREAM_BYTES; i++)
        hello.streams[0].stream[i] = i;
    hello.streams[0].first = 1;
    hello.streams[0].next = 3;
    vd_buffer_init(&out, EXAMPLE_MAX);
    assert_int_equal(vd_hello_write(&out, &hello), 0);
    is_example(&out, "hello");
    vd_buffer_deinit(&out);
}

static struct vd_bytes event_make(uint8_t *out)
{
    Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
    event.class_uid = 3002;
    event.activity_id = 1;
    event.time = 1700000000000;
    event.message = "hi";
    return vd_bytes_of(out, vedette__v1__event__pack(&event, out));
}

static void batch_is_as_written(void **state)
{
    (void)state;
    struct vd_buffer payload, out;
    uint8_t event[64];
    vd_buffer_init(&payload, EXAMPLE_MAX);
    vd_buffer_init(&out, EXAMPLE_MAX);
    assert_int_equal(vd_batch_write_head(&payload, &(struct vd_batch_head){.first_seq = 1}), 0);
    assert_int_equal(vd_batch_write_event(&payload, event_make(event)), 0);
    assert_int_equal(vd_frame_write(&out, VD_FRAME_BATCH, vd_buffer_bytes(&payload)), 0);
    is_example(&out, "batch");
    vd_buffer_deinit(&payload);
    vd_buffer_deinit(&out);
}

static void welcome_is_as_written(void **state)
{
    (void)state;
    struct vd_buffer out;
    uint8_t event[64];
    const struct vd_welcome welcome = {.version = 1,
                                       .collector = "c1",
                                       .mark_count = 1,
                                       .marks = {{.mark = 1, .chain = vd_chain_next(0, event_make(event))}},
                                       .credit_limit_bytes = 4194304,
                                       .batch_max_bytes = 1048576,
                                       .batch_max_events = 1000,
                                       .event_max_bytes = 262144,
                                       .idle_timeout_ms = 60000};
    vd_buffer_init(&out, EXAMPLE_MAX);
    assert_int_equal(vd_welcome_write(&out, &welcome), 0);
    is_example(&out, "welcome");
    vd_buffer_deinit(&out);
}

/* Compressors may differ, so the compressed example is only read. */
static void compressed_batch_reads_as_three_events(void **state)
{
    (void)state;
    struct example example = example_read("batch-lz4");
    struct vd_frame_header header;
    assert_int_equal(vd_frame_header_read(&header, example.bytes, VD_FRAME_BATCH_MAX_BYTES), 0);
    assert_int_equal(header.flags, VD_FRAME_FLAG_LZ4);
    uint8_t raw[EXAMPLE_MAX], event[64];
    assert_true(header.raw_bytes <= sizeof raw);
    struct vd_bytes stored =
        vd_bytes_of(example.bytes + VD_FRAME_HEADER_BYTES, example.len - VD_FRAME_HEADER_BYTES);
    assert_int_equal(vd_frame_payload_read(&header, stored, raw), 0);
    struct vd_batch batch;
    struct vd_bytes each, want = event_make(event);
    const struct vd_batch_limits limits = {.max_events = 3, .event_max_bytes = 64};
    assert_int_equal(vd_batch_read(&batch, vd_bytes_of(raw, header.raw_bytes), &limits), 0);
    assert_int_equal(batch.head.first_seq, 1);
    assert_int_equal(batch.event_count, 3);
    while (vd_batch_next(&batch, &each))
        assert_true(vd_bytes_equal(each, want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_as_written),
        cmocka_unit_test(batch_is_as_written),
        cmocka_unit_test(welcome_is_as_written),
        cmocka_unit_test(compressed_batch_reads_as_three_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
