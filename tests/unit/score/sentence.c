/* Reasons as sentences, with hostile names in them. */
#include "sentence.h"

#include <stdio.h>
#include <vedette/utf8.h>

#include "unit.h"

static struct vd_reason reason_of(const char *entity_kind, struct vd_bytes entity, uint32_t window_seconds,
                                  double observed, double expected)
{
    return (struct vd_reason){
        .feature = "failed logins",
        .entity_kind = entity_kind,
        .entity = entity,
        .window_seconds = window_seconds,
        .observed = observed,
        .expected = expected,
        .surprise = 6.7,
        .maturity = 0.9,
    };
}

static void assert_sentence(const struct vd_score *score, const char *want)
{
    char out[SCORE_SENTENCE_BYTES];
    size_t len = score_sentence(score, out, sizeof out);
    assert_string_equal(out, want);
    assert_int_equal(len, strlen(want));
}

static void quiet(void **state)
{
    (void)state;
    assert_sentence(&(struct vd_score){0}, "nothing unusual");
}

static void a_burst_goes_on(void **state)
{
    (void)state;
    struct vd_bytes source = vd_bytes_str("203.0.113.9");
    struct vd_score score = {.shared = 131};
    assert_sentence(&score, "nothing more than its 5 minutes have shown");
    score.reason_count = 1;
    score.reasons[0] = reason_of("source address", source, 300, 47, 0.6);
    assert_sentence(&score, "47 failed logins from 203.0.113.9 in 5 min, expected 0.6 (p 2e-7, own habits "
                            "90%); goes on, one alarm for its 131 in 5 min; configuration 00000000");
}

static void reasons(void **state)
{
    (void)state;
    struct vd_bytes source = vd_bytes_str("203.0.113.9"), host = vd_bytes_str("web1"),
                    user = vd_bytes_str("root");
    struct vd_score score = {.configuration = 0xc0ffee,
                             .reason_count = 1,
                             .reasons = {reason_of("source address", source, 300, 47, 0.6)}};
    assert_sentence(&score, "47 failed logins from 203.0.113.9 in 5 min, expected 0.6 (p 2e-7, own habits "
                            "90%); configuration 00c0ffee");
    score.reason_count = 3;
    score.reasons[1] = reason_of("host", host, 3600, 393210, 12.4);
    score.reasons[1].late = true;
    score.reasons[2] = reason_of("user", user, 60, 2, 1);
    assert_sentence(&score,
                    "47 failed logins from 203.0.113.9 in 5 min, expected 0.6 (p 2e-7, own habits 90%); "
                    "393210 failed logins on web1 in 1 h, expected 12 (p 2e-7, own habits 90%, late); "
                    "configuration 00c0ffee");
    score.reason_count = 1;
    score.reasons[0] = reason_of("user", user, 60, 2, 1e-6);
    assert_sentence(&score, "2 failed logins for root in 1 min, expected less than 0.1 (p 2e-7, own habits "
                            "90%); configuration 00c0ffee");
    score.reasons[0] = reason_of("user", user, 60, 30, 9.96);
    assert_sentence(
        &score,
        "30 failed logins for root in 1 min, expected 10 (p 2e-7, own habits 90%); configuration 00c0ffee");
}

/* Whatever it is called: valid UTF-8, one line, bounded. */
static void hostile_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *shown;
        size_t len;
    } cases[] = {
        {"a\nb\r\x1b[31m\x7f", "a?b??[31m?", 10},
        {"nul\0!", "nul\xef\xbf\xbd!", 5},
        {"\xc2\x9b"
         "1m",
         "??1m", 4},
        {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd", 2},
        {"%s%n", "%s%n", 4},
        {"\xe5\x8d\x97", "\xe5\x8d\x97", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_bytes name = vd_bytes_of(cases[i].name, cases[i].len);
        struct vd_score score = {
            .configuration = 0xc0ffee, .reason_count = 1, .reasons = {reason_of("host", name, 60, 3, 1)}};
        char want[200];
        snprintf(
            want, sizeof want,
            "3 failed logins on %s in 1 min, expected 1.0 (p 2e-7, own habits 90%%); configuration 00c0ffee",
            cases[i].shown);
        assert_sentence(&score, want);
    }
}

static void long_names_are_cut_at_an_edge(void **state)
{
    (void)state;
    uint8_t name[100];
    char want[250];
    memset(name, 'x', sizeof name);
    name[46] = 0xe5;
    name[47] = 0x8d;
    name[48] = 0x97;
    struct vd_score score = {.configuration = 0xc0ffee,
                             .reason_count = 1,
                             .reasons = {reason_of("host", vd_bytes_of(name, 100), 60, 3, 1)}};
    snprintf(want, sizeof want,
             "3 failed logins on %.46s\xe2\x80\xa6 in 1 min, expected 1.0 (p 2e-7, own habits 90%%); "
             "configuration 00c0ffee",
             (const char *)name);
    assert_sentence(&score, want);
}

static void fits_any_room(void **state)
{
    (void)state;
    struct vd_bytes name = vd_bytes_str("\xe5\x8d\x97\xf0\x9f\x98\x80\xc3\xa9");
    struct vd_score loud = {.criticality = "critical",
                            .reason_count = 2,
                            .reasons = {reason_of("host", name, 60, 3, 1)}},
                    none = {0};
    loud.reasons[1] = loud.reasons[0];
    const struct vd_score *scores[] = {&loud, &none};
    for (int i = 0; i < 2; i++) {
        char whole[SCORE_SENTENCE_BYTES];
        size_t all = score_sentence(scores[i], whole, sizeof whole);
        for (size_t cap = 0; cap <= all + 1; cap++) {
            char out[SCORE_SENTENCE_BYTES];
            memset(out, 'z', sizeof out);
            size_t len = score_sentence(scores[i], out, cap);
            assert_int_equal(out[cap], 'z');
            assert_true(cap == 0 ? len == 0 : len < cap && out[len] == '\0');
            assert_memory_equal(out, whole, len);
            assert_true(vd_utf8_valid(vd_bytes_of(out, len)));
            assert_true(cap == 0 || len + 4 >= cap || len == all); /* no more lost than a character */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet),
        cmocka_unit_test(a_burst_goes_on),
        cmocka_unit_test(reasons),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(long_names_are_cut_at_an_edge),
        cmocka_unit_test(fits_any_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
