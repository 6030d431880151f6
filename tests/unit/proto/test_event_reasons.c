/* Reasons come back as they were written, whatever their kind; what is no reason is left out. */
#include <vedette/event_reasons.h>
#include <vedette/event_splice.h>

#include "unit.h"

enum { KINDS = VD_REASON_BESIDE + 1 };

static struct vd_reason reason_of(enum vd_reason_kind kind)
{
    static const char *const whats[KINDS] = {"", "source addresses", "program in a directory", "", ""};
    struct vd_reason reason = {.kind = kind,
                               .feature = "failed logins",
                               .what = whats[kind],
                               .entity_kind = "user",
                               .entity = vd_bytes_str("root"),
                               .value = vd_bytes_str("db-1"),
                               .window_seconds = kind == VD_REASON_FIRST ? 0 : 300,
                               .observed = 47,
                               .expected = 0.6,
                               .surprise = 5.25,
                               .maturity = 0.9};
    return reason;
}

static void text_is(struct vd_bytes view, const char *text)
{
    assert_true(vd_bytes_equal(view, vd_bytes_str(text)));
}

/* Bit by bit. */
static void number_is(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static size_t write(const struct vd_score *score, uint8_t *out)
{
    struct vd_splice splice = {.tenant = vd_bytes_str("acme"), .seq = 1, .score = score};
    return vd_event_splice_write(&splice, out);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct vd_score score = {.configuration = 0xabc, .reason_count = 1};
        struct vd_told_reason told[VD_SCORE_REASONS_MAX];
        uint8_t bytes[VD_SPLICE_MAX_BYTES];
        struct vd_reason reason = score.reasons[0] = reason_of((enum vd_reason_kind)kind);
        size_t len = write(&score, bytes);
        assert_int_equal(vd_event_reasons_read(told, vd_bytes_of(bytes, len)), 1);
        assert_int_equal(told[0].kind, kind);
        text_is(told[0].feature, reason.feature);
        text_is(told[0].what, reason.what);
        text_is(told[0].entity_kind, "user");
        text_is(told[0].entity, "root");
        text_is(told[0].value, "db-1");
        text_is(told[0].configuration, "00000abc");
        assert_int_equal(told[0].window_seconds, reason.window_seconds);
        number_is(told[0].observed, reason.observed);
        number_is(told[0].expected, reason.expected);
        number_is(told[0].surprise, reason.surprise);
        number_is(told[0].maturity, reason.maturity);
        assert_false(told[0].late);
    }
}

static void several_in_their_order(void **state)
{
    (void)state;
    struct vd_score score = {.reason_count = 3};
    struct vd_told_reason told[VD_SCORE_REASONS_MAX];
    uint8_t bytes[2 * VD_SPLICE_MAX_BYTES];
    score.reasons[0] = reason_of(VD_REASON_RATE);
    score.reasons[1] = reason_of(VD_REASON_DISTINCT);
    score.reasons[2] = reason_of(VD_REASON_FIRST);
    score.reasons[1].late = true;
    score.reasons[1].maturity = 0;
    size_t len = write(&score, bytes);
    assert_int_equal(vd_event_reasons_read(told, vd_bytes_of(bytes, len)), 3);
    assert_int_equal(told[1].kind, VD_REASON_DISTINCT);
    assert_true(told[1].late);
    number_is(told[1].maturity, 0);
    assert_int_equal(told[2].kind, VD_REASON_FIRST);
    len += write(&score, bytes + len);
    assert_int_equal(vd_event_reasons_read(told, vd_bytes_of(bytes, len)), VD_SCORE_REASONS_MAX);
}

static void what_is_cut_off_is_no_reason(void **state)
{
    (void)state;
    struct vd_score score = {.reason_count = 1};
    struct vd_told_reason told[VD_SCORE_REASONS_MAX];
    uint8_t bytes[VD_SPLICE_MAX_BYTES];
    score.reasons[0] = reason_of(VD_REASON_DISTINCT);
    size_t len = write(&score, bytes);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(vd_event_reasons_read(told, vd_bytes_of(bytes, cut)), 0);
}

/* Two anomalies of that type, and two baselines. */
static size_t read_type(const char *type)
{
    uint8_t bytes[256] = {0xea, 0x03}, *at = bytes + 3; /* field 61, bytes */
    struct vd_told_reason told[VD_SCORE_REASONS_MAX];
    size_t len = strlen(type);
    for (int i = 0; i < 4; i++) {
        const uint8_t head[] = {i < 2 ? 0x12 : 0x1a, (uint8_t)(len + 2), 0x12, (uint8_t)len};
        memcpy(at, head, sizeof head);
        memcpy(at + sizeof head, type, len);
        at += sizeof head + len;
    }
    bytes[2] = (uint8_t)(at - bytes - 3);
    assert_true(bytes[2] < 0x80);
    return vd_event_reasons_read(told, vd_bytes_of(bytes, (size_t)(at - bytes)));
}

static void a_type_that_is_not_ours(void **state)
{
    (void)state;
    static const char *const types[] = {
        "count in 30",     "count in  s",           "count in 99999999999 s", "users", "users in s", "",
        "count in 300 s ", "of 1000 windows of x s"};
    assert_int_equal(read_type("count in 300 s"), 1);
    assert_int_equal(read_type("logs in in 300 s"), 1);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_int_equal(read_type(types[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(several_in_their_order),
        cmocka_unit_test(what_is_cut_off_is_no_reason),
        cmocka_unit_test(a_type_that_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
