/* Event to JSON to event, and the bytes are the same: every field of the schema, extremes included. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/wire.h>

#include "fill.h"

static void assert_same(struct vd_buffer *a, struct vd_buffer *b)
{
    assert_int_equal(vd_buffer_len(a), vd_buffer_len(b));
    if (vd_buffer_len(a) > 0)
        assert_memory_equal(vd_buffer_bytes(a).data, vd_buffer_bytes(b).data, vd_buffer_len(a));
}

static void round_trip(struct vd_buffer *event, struct vd_buffer *json)
{
    struct vd_buffer back;
    struct vd_arena scratch;
    char error[VD_JSON_ERROR_BYTES];
    vd_buffer_init(&back, FILL_LIMIT_BYTES);
    vd_arena_init(&scratch, 4096, FILL_LIMIT_BYTES);
    assert_int_equal(vd_event_json_write(vd_buffer_bytes(event), &scratch, json), 0);
    int rc = vd_event_json_read(vd_buffer_bytes(json), &scratch, &back, error);
    if (rc != 0)
        print_error("%s\n", error);
    assert_int_equal(rc, 0);
    assert_string_equal(error, "");
    assert_same(event, &back);
    vd_buffer_deinit(&back);
    vd_arena_deinit(&scratch);
}

static void every_field(void **state)
{
    (void)state;
    for (int style = FILL_DISTINCT; style <= FILL_EMPTY; style++) {
        struct vd_buffer event, json;
        vd_buffer_init(&event, FILL_LIMIT_BYTES);
        vd_buffer_init(&json, FILL_LIMIT_BYTES);
        fill_event((enum fill_style)style, &event);
        assert_true(vd_buffer_len(&event) > 0);
        round_trip(&event, &json);
        vd_buffer_deinit(&event);
        vd_buffer_deinit(&json);
    }
}

static bool json_has(const struct vd_buffer *json, const char *text)
{
    struct vd_bytes all = vd_buffer_bytes(json);
    return memmem(all.data, all.len, text, strlen(text)) != NULL;
}

/* A writer that left a field out would also read it back equal if the filler had missed it. */
static void every_field_is_written(void **state)
{
    (void)state;
    struct vd_buffer event, json;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    vd_buffer_init(&json, FILL_LIMIT_BYTES);
    fill_event(FILL_DISTINCT, &event);
    round_trip(&event, &json);
    size_t colons = 0;
    struct vd_bytes text = vd_buffer_bytes(&json);
    for (size_t i = 0; i + 1 < text.len; i++)
        colons += text.data[i] == '"' && text.data[i + 1] == ':';
    assert_true(colons >= fill_count());
    static const char *const nested[] = {
        "\"tactic\":{\"uid\":\"tactic_uid ",
        "\"technique\":{\"uid\":\"technique_uid ",
        "\"sub_technique\":{\"uid\":\"sub_technique_uid ",
        "\"related_events\":[{\"uid\":\"related_event_uids ",
        "\"container\":{\"uid\":\"container_uid ",
        "\"org\":{\"uid\":\"org_uid ",
        "\"location\":{\"country\":\"country ",
        "\"autonomous_system\":{\"number\":9223372036854",
        "\"unmapped\":{\"key ",
        "\"exit_code\":21474",
        "\"is_alert\":true",
        "\"observations\":[{\"value\":\"",
    };
    for (size_t i = 0; i < sizeof nested / sizeof nested[0]; i++)
        assert_true(json_has(&json, nested[i]));
    static const char *const flattened[] = {"\"tactic_uid\"",    "\"related_event_uids\"",
                                            "\"container_uid\"", "\"org_uid\"",
                                            "\"asn\"",           "\"exit\""};
    for (size_t i = 0; i < sizeof flattened / sizeof flattened[0]; i++)
        assert_false(json_has(&json, flattened[i]));
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&json);
}

/* anomaly_analyses[0].anomalies[0].observations[0].value: the one double. */
static void put_observation(struct vd_buffer *event, double value)
{
    enum { ANOMALY_ANALYSES = 61, ANOMALIES = 2, OBSERVATIONS = 4, VALUE = 1 };
    static const uint32_t path[] = {OBSERVATIONS, ANOMALIES, ANOMALY_ANALYSES};
    uint8_t inner[32], outer[32];
    size_t len = (size_t)(vd_wire_put_double(inner, VALUE, value) - inner);
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
        len = (size_t)(vd_wire_put_bytes(outer, path[i], vd_bytes_of(inner, len)) - outer);
        memcpy(inner, outer, len);
    }
    assert_int_equal(vd_buffer_append(event, inner, len), 0);
}

static void doubles(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.1, "\"0.1\""},
        {47, "\"47\""},
        {-3, "\"-3\""},
        {0.6, "\"0.6\""},
        {1e22, "\"1e+22\""},
        {1e15, "\"1e+15\""},
        {999999999999999, "\"999999999999999\""},
        {1.0 / 3, "\"0.3333333333333333\""},
        {2.2250738585072014e-308, "\"2.2250738585072014e-308\""},
        {5e-324, "\"4.94065645841247e-324\""},
        {INFINITY, "\"Infinity\""},
        {-INFINITY, "\"-Infinity\""},
        {NAN, "\"NaN\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vd_buffer event, json;
        vd_buffer_init(&event, FILL_LIMIT_BYTES);
        vd_buffer_init(&json, FILL_LIMIT_BYTES);
        put_observation(&event, cases[i].value);
        round_trip(&event, &json);
        if (!json_has(&json, cases[i].text))
            print_error("%zu: %.*s\n", i, (int)vd_buffer_len(&json),
                        (const char *)vd_buffer_bytes(&json).data);
        assert_true(json_has(&json, cases[i].text));
        vd_buffer_deinit(&event);
        vd_buffer_deinit(&json);
    }
}

static void empty_event(void **state)
{
    (void)state;
    struct vd_buffer event, json;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    vd_buffer_init(&json, FILL_LIMIT_BYTES);
    round_trip(&event, &json);
    assert_int_equal(vd_buffer_len(&json), 2);
    assert_memory_equal(vd_buffer_bytes(&json).data, "{}", 2);
    vd_buffer_deinit(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(every_field_is_written),
        cmocka_unit_test(doubles),
        cmocka_unit_test(empty_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
