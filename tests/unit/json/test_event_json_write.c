/* What the writer makes of hostile events: JSON or an error, within its limits, whatever allocation fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/memory.h>

#include "fill.h"

static int write_event(struct vd_bytes event, struct vd_buffer *out)
{
    struct vd_arena scratch;
    vd_arena_init(&scratch, 4096, FILL_LIMIT_BYTES);
    int rc = vd_event_json_write(event, &scratch, out);
    assert_int_equal(scratch.used_bytes, 0);
    vd_arena_deinit(&scratch);
    return rc;
}

#define EVENT(bytes)                                                                                         \
    {                                                                                                        \
        (bytes), sizeof(bytes) - 1                                                                           \
    }

static void texts(void **state)
{
    (void)state;
    static const struct {
        struct {
            const char *data;
            size_t len;
        } event;
        const char *json;
    } cases[] = {
        {EVENT("\x08\xba\x17"), "{\"class_uid\":3002}"},
        {EVENT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "{\"class_uid\":-1}"},
        {EVENT("\x28\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "{\"time\":-9223372036854775808}"},
        {EVENT("\x28\x09\x10\x63"), "{\"activity_id\":99,\"time\":9}"},
        {EVENT("\x08\x01\x08\x02"), "{\"class_uid\":2}"},
        {EVENT("\x08\x01\x08\x00"), "{}"},
        {EVENT("\xa0\x02\x00"), "{\"exit_code\":0}"},
        {EVENT("\xa0\x03\x05"), "{\"is_alert\":true}"},
        /* occurrences of a message merge, of a string the last counts: what splice relies on */
        {EVENT("\x32\x05\x0a\x03uid\x32\x05\x22\x03\x74\x65\x6e"),
         "{\"metadata\":{\"uid\":\"uid\",\"tenant_uid\":\"ten\"}}"},
        {EVENT("\x32\x03\x0a\x01\x61\x32\x03\x0a\x01\x62"), "{\"metadata\":{\"uid\":\"b\"}}"},
        {EVENT("\x32\x05\x7a\x03GAP"), "{\"metadata\":{\"event_code\":\"GAP\"}}"},
        {EVENT("\x3a\x00"), "{\"device\":{}}"},
        {EVENT("\x9a\x02\x01\x61\x9a\x02\x00"), "{\"privileges\":[\"a\",\"\"]}"},
        /* strings */
        {EVENT("\x7a\x04\"\\\n\x1f"), "{\"message\":\"\\\"\\\\\\n\\u001f\"}"},
        {EVENT("\x7a\x0a\x30\x31\x32\x33\x34\x35\x36\x37\x38\n"), "{\"message\":\"012345678\\n\"}"},
        {EVENT("\x7a\x0a\x30\x31\x32\x33\x34\x35\x36\"\x38\x39"), "{\"message\":\"0123456\\\"89\"}"},
        /* what a terminal may obey: CSI as one character */
        {EVENT("\x7a\x07\x61\xc2\x9b\x32J\xc2\xa0"), "{\"message\":\"a\\u009b2J\xc2\xa0\"}"},
        {EVENT("\x7a\x05\x7f\xc3\xa9</"), "{\"message\":\"\x7f\xc3\xa9</\"}"},
        {EVENT("\x7a\x03\x61\xff\x62"), "{\"message\":\"a\xef\xbf\xbd"
                                        "b\"}"},
        {EVENT("\x7a\x02\xc3\""), "{\"message\":\"\xef\xbf\xbd\\\"\"}"},
        {EVENT("\x7a\x05\x61\x00\x62\x63\x64"), "{\"message\":\"a\"}"},
        {EVENT("\x7a\x03\x00\x62\x63"), "{}"},
        /* maps: the last of equal keys counts, also of keys that become equal when repaired */
        {EVENT("\xc2\x01\x06\x0a\x01\x61\x12\x01\x31\xc2\x01\x06\x0a\x01\x61\x12\x01\x32"),
         "{\"unmapped\":{\"a\":\"2\"}}"},
        {EVENT("\xc2\x01\x06\x0a\x01\xff\x12\x01\x31\xc2\x01\x06\x0a\x01\xfe\x12\x01\x32"),
         "{\"unmapped\":{\"\xef\xbf\xbd\":\"2\"}}"},
        {EVENT("\xc2\x01\x00"), "{\"unmapped\":{\"\":\"\"}}"},
        /* unknown fields are left out */
        {EVENT("\x08\x01\xf8\x7f\x01"), "{\"class_uid\":1}"},
        /* re-nested next to plain */
        {EVENT("\x62\x11\x0a\x01\x61\x2a\x02\x43\x4e\x30\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
         "{\"src_endpoint\":{\"ip\":\"a\",\"location\":{\"country\":\"CN\"},"
         "\"autonomous_system\":{\"number\":9223372036854775807}}}"},
        {EVENT("\xba\x03\x04\x0a\x00\x12\x00\xba\x03\x03\x1a\x01\x54"),
         "{\"attacks\":[{},{\"sub_technique\":{\"uid\":\"T\"}}]}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vd_buffer out;
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        int rc = write_event(vd_bytes_of(cases[i].event.data, cases[i].event.len), &out);
        if (rc != 0)
            print_error("%s: %s\n", cases[i].json, vd_error_text(rc));
        assert_int_equal(rc, 0);
        assert_int_equal(vd_buffer_append(&out, "", 1), 0);
        assert_string_equal((const char *)vd_buffer_bytes(&out).data, cases[i].json);
        vd_buffer_deinit(&out);
    }
}

static void malformed(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
    } cases[] = {
        EVENT("\x08"),                                             /* no value */
        EVENT("\x08\x80"),                                         /* half a varint */
        EVENT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* eleven bytes of varint */
        EVENT("\x7a\x05\x61"),                                     /* longer than what there is */
        EVENT("\x7a\xff\xff\xff\xff\x0f"),                         /* 4 GiB announced */
        EVENT("\x00\x01"),                                         /* field 0 */
        EVENT("\x0b\x0c"),                                         /* a group */
        EVENT("\x0d\x00\x00\x00\x00"),                             /* class_uid as fixed32 */
        EVENT("\x78\x01"),                                         /* message as varint */
        EVENT("\x32\x02\x0a\x05"),                                 /* broken inside */
    };
    struct vd_buffer out;
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    assert_int_equal(vd_buffer_append_str(&out, "held"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int rc = write_event(vd_bytes_of(cases[i].data, cases[i].len), &out);
        if (rc != VD_EMALFORMED)
            print_error("case %zu\n", i);
        assert_int_equal(rc, VD_EMALFORMED);
    }
    assert_int_equal(vd_buffer_len(&out), 4);
    vd_buffer_deinit(&out);
}

/* A prefix of an event may be an event; of its JSON none is written but a whole one. */
static void every_truncation(void **state)
{
    (void)state;
    struct vd_buffer event, out;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    fill_event(FILL_DISTINCT, &event);
    struct vd_bytes bytes = vd_buffer_bytes(&event);
    for (size_t len = 0; len < bytes.len; len++) {
        int rc = write_event(vd_bytes_of(bytes.data, len), &out);
        assert_true(rc == 0 || (rc == VD_EMALFORMED && vd_buffer_len(&out) == 0));
        if (rc == 0) {
            struct vd_bytes json = vd_buffer_bytes(&out);
            assert_int_equal(json.data[0], '{');
            assert_int_equal(json.data[json.len - 1], '}');
        }
        vd_buffer_clear(&out);
    }
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&out);
}

/* Two bytes of event that cost a struct each: the arena's limit is what they may take. */
static void amplification_is_bounded(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    static const char *const units[] = {"\xf2\x03", "\xc2\x01"}; /* evidences, unmapped: empty */
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct vd_buffer event, out;
        vd_buffer_init(&event, FILL_LIMIT_BYTES);
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        for (int j = 0; j < COUNT; j++)
            assert_int_equal(vd_buffer_append(&event, units[i], strlen(units[i]) + 1), 0);
        assert_int_equal(write_event(vd_buffer_bytes(&event), &out), VD_ELIMIT);
        assert_int_equal(vd_buffer_len(&out), 0);
        vd_buffer_deinit(&event);
        vd_buffer_deinit(&out);
    }
}

static void unmapped_is_capped(void **state)
{
    (void)state;
    struct vd_buffer event, out;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    for (int i = 0; i < VD_EVENT_JSON_UNMAPPED_MAX; i++)
        assert_int_equal(vd_buffer_append(&event, "\xc2\x01\x00", 3), 0);
    assert_int_equal(write_event(vd_buffer_bytes(&event), &out), 0);
    vd_buffer_clear(&out);
    assert_int_equal(vd_buffer_append(&event, "\xc2\x01\x00", 3), 0);
    assert_int_equal(write_event(vd_buffer_bytes(&event), &out), VD_ELIMIT);
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&out);
}

static void limits(void **state)
{
    (void)state;
    struct vd_buffer event, out;
    struct vd_arena scratch;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    fill_event(FILL_LEAST, &event);
    int rc = VD_ELIMIT;
    for (size_t limit = 0; rc != 0; limit += 101) {
        vd_arena_init(&scratch, 4096, limit);
        rc = vd_event_json_write(vd_buffer_bytes(&event), &scratch, &out);
        assert_true(rc == 0 || (rc == VD_ELIMIT && vd_buffer_len(&out) == 0));
        vd_arena_deinit(&scratch);
    }
    /* Just enough room for what it writes is enough. */
    size_t len = vd_buffer_len(&out);
    for (size_t limit = 4; limit <= len + 4; limit += limit + 300 < len ? 61 : 1) {
        vd_buffer_deinit(&out);
        vd_buffer_init(&out, limit);
        assert_int_equal(vd_buffer_append_str(&out, "held"), 0);
        rc = write_event(vd_buffer_bytes(&event), &out);
        assert_int_equal(rc, limit < len + 4 ? VD_ELIMIT : 0);
        assert_int_equal(vd_buffer_len(&out), rc == 0 ? len + 4 : 4);
        assert_memory_equal(vd_buffer_bytes(&out).data, "held", 4);
    }
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&out);
}

static void failing_allocations(void **state)
{
    (void)state;
    struct vd_buffer event;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    fill_event(FILL_LEAST, &event);
    int rc = VD_ENOMEM;
    size_t n = 0;
    while (rc != 0) {
        struct vd_buffer out;
        struct vd_arena scratch;
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        vd_arena_init(&scratch, 64, FILL_LIMIT_BYTES);
        vd_memory_fail_at(++n);
        rc = vd_event_json_write(vd_buffer_bytes(&event), &scratch, &out);
        vd_memory_fail_at(0);
        assert_true(rc == 0 || (rc == VD_ENOMEM && vd_buffer_len(&out) == 0));
        vd_buffer_deinit(&out);
        vd_arena_deinit(&scratch);
    }
    assert_true(n > 100);
    vd_buffer_deinit(&event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(malformed),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(amplification_is_bounded),
        cmocka_unit_test(unmapped_is_capped),
        cmocka_unit_test(limits),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
