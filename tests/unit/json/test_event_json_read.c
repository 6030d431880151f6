/* What the reader refuses, and that it says where; what it does at every truncation, limit and failing
 * allocation (of ours: jansson's heap is its own). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/memory.h>

#include "fill.h"

static int read_text(struct vd_bytes json, struct vd_buffer *out, char *error)
{
    struct vd_arena scratch;
    vd_arena_init(&scratch, 4096, FILL_LIMIT_BYTES);
    int rc = vd_event_json_read(json, &scratch, out, error);
    assert_int_equal(scratch.used_bytes, 0);
    vd_arena_deinit(&scratch);
    return rc;
}

struct refusal {
    const char *json, *error;
};

/* What jansson refuses. */
#define AT(place, what) "line 1, column " #place ", position " #place ": " what
static const struct refusal no_json[] = {
    {"", AT(0, "'[' or '{' expected near end of file")},
    {"  \n", "line 2, column 0, position 3: '[' or '{' expected near end of file"},
    {"null", AT(4, "'[' or '{' expected near 'null'")},
    {"{", AT(1, "string or '}' expected near end of file")},
    {"{}{}", AT(3, "end of file expected near '{'")},
    {"{} x", AT(4, "end of file expected near 'x'")},
    {"{,}", AT(2, "string or '}' expected near ','")},
    {"{\"count\":1,}", AT(12, "string or '}' expected near '}'")},
    {"{\"count\":1 \"time\":2}", AT(17, "'}' expected near '\"time\"'")},
    {"{\"count\" 1}", AT(10, "':' expected near '1'")},
    {"{count:1}", AT(6, "string or '}' expected near 'count'")},
    {"{'count':1}", AT(2, "string or '}' expected near '''")},
    {"{\"count\":-}", AT(10, "invalid token near '-'")},
    {"{\"count\":+1}", AT(10, "invalid token near '+'")},
    {"{\"count\":01}", AT(10, "invalid token near '0'")},
    {"{\"count\":0x1}", AT(11, "'}' expected near 'x'")},
    {"{\"is_alert\":True}", AT(16, "invalid token near 'True'")},
    {"{\"is_alert\":truer}", AT(17, "invalid token near 'truer'")},
    {"{\"privileges\":[\"a\" \"b\"]}", AT(22, "']' expected near '\"b\"'")},
    {"{\"privileges\":[\"a\",]}", AT(20, "unexpected token near ']'")},
    {"{\"privileges\":[,]}", AT(16, "unexpected token near ','")},
    /* names twice */
    {"{\"count\":1,\"count\":1}", AT(18, "duplicate object key near '\"count\"'")},
    {"{\"device\":{\"os\":{\"name\":\"a\",\"n\\u0061me\":\"b\"}}}",
     AT(39, "duplicate object key near '\"n\\u0061me\"'")},
    {"{\"unmapped\":{\"a\":\"1\",\"a\":\"2\"}}", AT(24, "duplicate object key near '\"a\"'")},
    {"{\"device\":{\"org\":{\"uid\":\"1\",\"uid\":\"2\"}}}", AT(33, "duplicate object key near '\"uid\"'")},
    /* beyond 64 bits */
    {"{\"time\":9223372036854775808}", AT(27, "too big integer near '9223372036854775808'")},
    {"{\"time\":-9223372036854775809}", AT(28, "too big negative integer near '-9223372036854775809'")},
    {"{\"time\":123456789012345678901234567890}", AT(38, "too big integer")},
    {"{\"time\":1e999}", AT(13, "real number overflow near '1e999'")},
    /* strings */
    {"{\"message\":\"\xff\"}", AT(12, "unable to decode byte 0xff near '\"'")},
    {"{\"message\":\"\xc0\xaf\"}", AT(12, "unable to decode byte 0xc0 near '\"'")},
    {"{\"message\":\"\xed\xa0\x80\"}", AT(12, "unable to decode byte 0xed near '\"'")},
    {"{\"message\":\"\xf4\x90\x80\x80\"}", AT(12, "unable to decode byte 0xf4 near '\"'")},
    {"{\"mess\xff\":\"\"}", AT(6, "unable to decode byte 0xff near '\"mess'")},
    {"{\"message\":\"a\\u0000b\"}",
     AT(21, "\\u0000 is not allowed without JSON_ALLOW_NUL near '\"a\\u0000b\"'")},
    {"{\"unmapped\":{\"a\\u0000\":\"\"}}",
     AT(22, "NUL byte in object key not supported near '\"a\\u0000\"'")},
    {"{\"message\":\"\\ud800\"}", AT(19, "invalid Unicode '\\uD800' near '\"\\ud800\"'")},
    {"{\"message\":\"\\ud800\\u0041\"}",
     AT(25, "invalid Unicode '\\uD800\\u0041' near '\"\\ud800\\u0041\"'")},
    {"{\"message\":\"\\ud800\\udbff\"}",
     AT(25, "invalid Unicode '\\uD800\\uDBFF' near '\"\\ud800\\udbff\"'")},
    {"{\"message\":\"\\udc00\"}", AT(19, "invalid Unicode '\\uDC00' near '\"\\udc00\"'")},
    {"{\"message\":\"\\u12g4\"}", AT(17, "invalid escape near '\"\\u12g'")},
    {"{\"message\":\"\\u12\"}", AT(17, "invalid escape near '\"\\u12\"'")},
    {"{\"message\":\"\\x41\"}", AT(14, "invalid escape near '\"\\x'")},
    {"{\"message\":\"a\nb\"}", AT(13, "unexpected newline near '\"a'")},
    {"{\"message\":\"a", AT(13, "premature end of input near '\"a'")},
    {"{\"message\":\"a\\\"}", AT(16, "premature end of input near '\"a\\\"}'")},
    /* a sentence is one line of ASCII */
    {"{\"n\xc3\xa9\" 1}", "line 1, column 7, position 8: ':' expected near '1'"},
    {"{\"n\xc3\xa9\\n\":1,\"n\xc3\xa9\\n\":1}",
     "line 1, column 16, position 18: duplicate object key near '\"n??\\n\"'"},
};

/* What is JSON, but no event. */
static const struct refusal no_event[] = {
    {"[]", "expected an object"},
    {"{\"nope\":1}", "nope: unknown name"},
    {"{\"exit\":1}", "exit: unknown name"},
    {"{\"\":1}", "unknown name"},
    {"{\"metadata\":{\"uuid\":\"x\"}}", "metadata.uuid: unknown name"},
    /* wrong types */
    {"{\"src_endpoint\":{\"port\":\"22\"}}", "src_endpoint.port: expected an integer"},
    {"{\"count\":1.5}", "count: expected an integer"},
    {"{\"count\":1e3}", "count: expected an integer"},
    {"{\"count\":null}", "count: expected an integer"},
    {"{\"count\":true}", "count: expected an integer"},
    {"{\"is_alert\":1}", "is_alert: expected true or false"},
    {"{\"is_alert\":\"true\"}", "is_alert: expected true or false"},
    {"{\"message\":1}", "message: expected a string"},
    {"{\"message\":null}", "message: expected a string"},
    {"{\"message\":[\"x\"]}", "message: expected a string"},
    {"{\"device\":\"web-1\"}", "device: expected an object"},
    {"{\"device\":null}", "device: expected an object"},
    {"{\"device\":[]}", "device: expected an object"},
    {"{\"privileges\":\"root\"}", "privileges: expected an array"},
    {"{\"privileges\":{}}", "privileges: expected an array"},
    {"{\"privileges\":[\"a\",1]}", "privileges[1]: expected a string"},
    {"{\"osint\":[{},[]]}", "osint[1]: expected an object"},
    {"{\"unmapped\":[]}", "unmapped: expected an object"},
    {"{\"unmapped\":{\"a\":1}}", "unmapped.a: expected a string"},
    {"{\"unmapped\":{\"a\":{\"b\":\"c\"}}}", "unmapped.a: expected a string"},
    {"{\"attacks\":[{\"tactic\":\"TA0001\"}]}", "attacks[0].tactic: expected an object"},
    {"{\"attacks\":[{\"tactic_uid\":\"TA0001\"}]}", "attacks[0].tactic_uid: unknown name"},
    {"{\"attacks\":[{\"tactic\":{\"name\":\"x\"}}]}", "attacks[0].tactic.name: unknown name"},
    {"{\"finding_info\":{\"related_events\":[{}]}}", "finding_info.related_events[0]: empty object"},
    {"{\"finding_info\":{\"related_events\":[\"x\"]}}", "finding_info.related_events[0]: expected an object"},
    {"{\"dst_endpoint\":{\"autonomous_system\":{\"number\":\"1\"}}}",
     "dst_endpoint.autonomous_system.number: expected an integer"},
    /* ranges */
    {"{\"count\":2147483648}", "count: out of range"},
    {"{\"count\":-2147483649}", "count: out of range"},
    {"{\"n\xc3\xa9\\n\":1}", "n???: unknown name"},
};

#define VALUE(text) "{\"anomaly_analyses\":[{\"anomalies\":[{\"observations\":[{\"value\":" text "}]}]}]}"
#define VALUE_ERROR "anomaly_analyses[0].anomalies[0].observations[0].value: expected a number in a string"

static const char *const no_doubles[] = {
    VALUE("1"),        VALUE("1.5"),           VALUE("\"\""),   VALUE("\"x\""),   VALUE("\"1x\""),
    VALUE("\" 1\""),   VALUE("\"1 \""),        VALUE("\"+1\""), VALUE("\".5\""),  VALUE("\"1.\""),
    VALUE("\"0x10\""), VALUE("\"01\""),        VALUE("\"1e\""), VALUE("\"1e+\""), VALUE("\"nan\""),
    VALUE("\"inf\""),  VALUE("\"1e999\""),     VALUE("\"-\""),  VALUE("null"),    VALUE("\"1,5\""),
    VALUE("\"--1\""),  VALUE("\"+Infinity\""),
};

static void assert_refused(const struct refusal *refusals, size_t count)
{
    struct vd_buffer out;
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    for (size_t i = 0; i < count; i++) {
        char error[VD_JSON_ERROR_BYTES] = "";
        assert_int_equal(read_text(vd_bytes_str(refusals[i].json), &out, error), VD_EMALFORMED);
        assert_string_equal(error, refusals[i].error);
        assert_int_equal(read_text(vd_bytes_str(refusals[i].json), &out, NULL), VD_EMALFORMED);
    }
    assert_int_equal(vd_buffer_len(&out), 0);
}

static void refused(void **state)
{
    (void)state;
    struct vd_buffer out;
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    assert_refused(no_json, sizeof no_json / sizeof no_json[0]);
    assert_refused(no_event, sizeof no_event / sizeof no_event[0]);
    for (size_t i = 0; i < sizeof no_doubles / sizeof no_doubles[0]; i++) {
        char error[VD_JSON_ERROR_BYTES] = "";
        assert_int_equal(read_text(vd_bytes_str(no_doubles[i]), &out, error), VD_EMALFORMED);
        assert_string_equal(error, VALUE_ERROR);
    }
    /* What stands in the text as a NUL no C string can say. */
    static const char nul[] = "{\"message\":\"a\0b\"}";
    assert_int_equal(read_text(vd_bytes_of(nul, sizeof nul - 1), &out, NULL), VD_EMALFORMED);
    assert_int_equal(read_text(vd_bytes_of("{}\0", 3), &out, NULL), VD_EMALFORMED);
    assert_int_equal(vd_buffer_len(&out), 0);
}

/* Names as long as they like: the sentence stays whole, in its bounds. */
static void long_names(void **state)
{
    (void)state;
    struct vd_buffer json, out;
    char error[VD_JSON_ERROR_BYTES];
    vd_buffer_init(&json, FILL_LIMIT_BYTES);
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    assert_int_equal(vd_buffer_append_str(&json, "{\"unmapped\":{\""), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(vd_buffer_append_str(&json, "\xc3\xa9"), 0);
    assert_int_equal(vd_buffer_append_str(&json, "\":1}}"), 0);
    assert_int_equal(read_text(vd_buffer_bytes(&json), &out, error), VD_EMALFORMED);
    assert_non_null(strstr(error, "unmapped.??"));
    assert_non_null(strstr(error, ": expected a string"));
    vd_buffer_deinit(&json);
}

/* Left open or closed again, within jansson's depth or beyond it, up to what the length allows. */
static void nesting_has_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *open, *close, *error; /* while jansson takes it */
    } units[] = {
        {"{\"device\":", "}", "device.device: unknown name"},
        {"[", "]", "expected an object"},
        {"{\"actor\":{\"process\":", "}}", "actor.process.actor: unknown name"},
        {"{\"privileges\":[", "]}", "privileges[0]: expected a string"},
    };
    static const int depths[] = {10, 1000, 80000};
    for (size_t i = 0; i < sizeof units / sizeof units[0] * sizeof depths / sizeof depths[0]; i++) {
        size_t unit = i / 3;
        int depth = depths[i % 3];
        struct vd_buffer json, out;
        char error[VD_JSON_ERROR_BYTES];
        vd_buffer_init(&json, VD_EVENT_JSON_MAX_BYTES);
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        for (int j = 0; j < depth; j++)
            assert_int_equal(vd_buffer_append_str(&json, units[unit].open), 0);
        assert_int_equal(read_text(vd_buffer_bytes(&json), &out, error), VD_EMALFORMED);
        assert_memory_equal(error, "line 1, ", 8);
        assert_int_equal(vd_buffer_append_str(&json, "{}"), 0);
        for (int j = 0; j < depth; j++)
            assert_int_equal(vd_buffer_append_str(&json, units[unit].close), 0);
        assert_int_equal(read_text(vd_buffer_bytes(&json), &out, error), VD_EMALFORMED);
        if (depth > 2048)
            assert_non_null(strstr(error, "maximum parsing depth reached"));
        else
            assert_string_equal(error, units[unit].error);
        vd_buffer_deinit(&json);
    }
}

/* What is too long is not looked at. */
static void length_is_capped(void **state)
{
    (void)state;
    struct vd_buffer out;
    char error[VD_JSON_ERROR_BYTES], *text = vd_malloc(VD_EVENT_JSON_MAX_BYTES + 1);
    assert_non_null(text);
    memset(text, ' ', VD_EVENT_JSON_MAX_BYTES + 1);
    memcpy(text, "{\"count\":7}", 11);
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    assert_int_equal(read_text(vd_bytes_of(text, VD_EVENT_JSON_MAX_BYTES + 1), &out, error), VD_ELIMIT);
    assert_string_equal(error, "");
    assert_int_equal(vd_buffer_len(&out), 0);
    assert_int_equal(read_text(vd_bytes_of(text, VD_EVENT_JSON_MAX_BYTES), &out, error), 0);
    assert_true(vd_buffer_len(&out) > 0);
    vd_buffer_deinit(&out);
    vd_free(text);
}

static void accepted(void **state)
{
    (void)state;
    static const struct {
        const char *json, *bytes;
        size_t len;
    } cases[] = {
        {" { } ", "", 0},
        {"{\"message\":\"\",\"count\":0,\"is_alert\":false,\"privileges\":[],\"unmapped\":{}}", "", 0},
        {"{\"device\":{\"org\":{}}}", "\x3a\x00", 2},
        {"\t{\r\n\"count\" : -0 , \"class_uid\":7}", "\x08\x07", 2},
        {"{\"message\":\"\\u00e9\\ud83d\\udee1\\/\"}", "\x7a\x07\xc3\xa9\xf0\x9f\x9b\xa1/", 9},
        {"{\"message\":\"\\u07ff\\u0800\\uFFFF\\b\\f\\n\\r\\t\\\"\\\\\"}",
         "\x7a\x0f\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\b\f\n\r\t\"\\", 17},
        {"{\"exit_code\":0}", "\xa0\x02\x00", 3},
        {"{\"unmapped\":{\"\":\"\"}}", "\xc2\x01\x00", 3},
        {VALUE("\"-1.5E-0\""), "\xea\x03\x0f\x12\x0d\x22\x0b\x09\x00\x00\x00\x00\x00\x00\xf8\xbf", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vd_buffer out;
        char error[VD_JSON_ERROR_BYTES];
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        int rc = read_text(vd_bytes_str(cases[i].json), &out, error);
        if (rc != 0)
            print_error("%s: %s\n", cases[i].json, error);
        assert_int_equal(rc, 0);
        if (cases[i].len > 0) {
            assert_int_equal(vd_buffer_len(&out), cases[i].len);
            assert_memory_equal(vd_buffer_bytes(&out).data, cases[i].bytes, cases[i].len);
        }
        vd_buffer_deinit(&out);
    }
}

static void write_filled(struct vd_buffer *json)
{
    struct vd_buffer event;
    struct vd_arena scratch;
    vd_buffer_init(&event, FILL_LIMIT_BYTES);
    vd_arena_init(&scratch, 4096, FILL_LIMIT_BYTES);
    fill_event(FILL_LEAST, &event);
    assert_int_equal(vd_event_json_write(vd_buffer_bytes(&event), &scratch, json), 0);
    vd_buffer_deinit(&event);
    vd_arena_deinit(&scratch);
}

/* Every kind of token and of nesting, cut at every byte. */
static void every_truncation(void **state)
{
    (void)state;
    static const char text[] =
        " {\t\"class_uid\" : 2004, \"time\":-9223372036854775808,\r\n\"is_alert\":true,\"exit_code\":0,"
        "\"device\":{\"org\":{\"uid\":\"o\"},\"groups\":[{},{\"name\":\"g\"}]},\"is_remote\":false,"
        "\"message\":\"\\ud83d\\udee1\\u00e9 \xe2\x82\xac \\\"\\\\\\/\\b\\f\\n\\r\\t\",\"privileges\":[ "
        "\"a\" , \"\" ],"
        "\"unmapped\":{\"k\":\"v\",\"\\u006c\":\"\"},\"finding_info\":{\"related_events\":[{\"uid\":\"e\"}]},"
        "\"anomaly_analyses\":[{\"anomalies\":[{\"observations\":[{\"value\":\"-1.5e-3\"}]}]}]}";
    struct vd_buffer out;
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    for (size_t len = 0; len < sizeof text - 1; len++) {
        /* Of its own size, so that a sanitizer sees a byte read too far. */
        char error[VD_JSON_ERROR_BYTES] = "", *cut = vd_malloc(len);
        assert_non_null(cut);
        memcpy(cut, text, len);
        assert_int_equal(read_text(vd_bytes_of(cut, len), &out, error), VD_EMALFORMED);
        assert_string_not_equal(error, "");
        vd_free(cut);
    }
    assert_int_equal(vd_buffer_len(&out), 0);
    assert_int_equal(read_text(vd_bytes_of(text, sizeof text - 1), &out, NULL), 0);
    vd_buffer_deinit(&out);
}

static void limits(void **state)
{
    (void)state;
    struct vd_buffer json, out;
    struct vd_arena scratch;
    char error[VD_JSON_ERROR_BYTES];
    vd_buffer_init(&json, FILL_LIMIT_BYTES);
    vd_buffer_init(&out, FILL_LIMIT_BYTES);
    write_filled(&json);
    int rc = VD_ELIMIT;
    for (size_t limit = 0; rc != 0; limit += 101) {
        vd_arena_init(&scratch, 4096, limit);
        rc = vd_event_json_read(vd_buffer_bytes(&json), &scratch, &out, error);
        assert_true(rc == 0 || (rc == VD_ELIMIT && vd_buffer_len(&out) == 0));
        assert_string_equal(error, "");
        vd_arena_deinit(&scratch);
    }
    size_t len = vd_buffer_len(&out);
    vd_buffer_deinit(&out);
    vd_buffer_init(&out, len + 3);
    assert_int_equal(vd_buffer_append_str(&out, "held"), 0);
    assert_int_equal(read_text(vd_buffer_bytes(&json), &out, NULL), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&out), 4);
    vd_buffer_consume(&out, 1);
    assert_int_equal(read_text(vd_buffer_bytes(&json), &out, NULL), 0);
    assert_int_equal(vd_buffer_len(&out), len + 3);
    vd_buffer_deinit(&json);
    vd_buffer_deinit(&out);
}

static void failing_allocations(void **state)
{
    (void)state;
    struct vd_buffer json;
    vd_buffer_init(&json, FILL_LIMIT_BYTES);
    write_filled(&json);
    int rc = VD_ENOMEM;
    size_t n = 0;
    while (rc != 0) {
        struct vd_buffer out;
        struct vd_arena scratch;
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        vd_arena_init(&scratch, 64, FILL_LIMIT_BYTES);
        vd_memory_fail_at(++n);
        rc = vd_event_json_read(vd_buffer_bytes(&json), &scratch, &out, NULL);
        vd_memory_fail_at(0);
        assert_true(rc == 0 || (rc == VD_ENOMEM && vd_buffer_len(&out) == 0));
        vd_buffer_deinit(&out);
        vd_arena_deinit(&scratch);
    }
    assert_true(n > 100);
    vd_buffer_deinit(&json);
}

static void unmapped_is_capped(void **state)
{
    (void)state;
    for (int count = VD_EVENT_JSON_UNMAPPED_MAX; count <= VD_EVENT_JSON_UNMAPPED_MAX + 1; count++) {
        struct vd_buffer json, out;
        vd_buffer_init(&json, FILL_LIMIT_BYTES);
        vd_buffer_init(&out, FILL_LIMIT_BYTES);
        for (int i = 0; i < count; i++)
            assert_int_equal(vd_buffer_printf(&json, "%s\"k%d\":\"v\"", i == 0 ? "{\"unmapped\":{" : ",", i),
                             0);
        assert_int_equal(vd_buffer_append_str(&json, "}}"), 0);
        assert_int_equal(read_text(vd_buffer_bytes(&json), &out, NULL),
                         count <= VD_EVENT_JSON_UNMAPPED_MAX ? 0 : VD_ELIMIT);
        vd_buffer_deinit(&json);
        vd_buffer_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(long_names),
        cmocka_unit_test(accepted),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(length_is_capped),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(limits),
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(unmapped_is_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
