/* How much a host matters: patterns, which of several counts, and what it does to the risk. */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "sentence.h"
#include "unit.h"

static bool fits(const char *pattern, const char *host)
{
    struct score_asset asset = {(char *)"acme", (char *)pattern, ASSET_HIGH};
    return asset_find(&asset, 1, vd_bytes_str("acme"), vd_bytes_str(host)) == ASSET_HIGH;
}

static void a_star_stands_for_any_text(void **state)
{
    (void)state;
    assert_true(fits("db-1", "db-1"));
    assert_true(fits("db-*", "db-1"));
    assert_true(fits("db-*", "db-"));
    assert_true(fits("*", ""));
    assert_true(fits("*.eu.*", "db.eu.1.eu.2"));
    assert_true(fits("*-1", "db-1-1"));
    assert_true(fits("d*b*1", "dbb21"));
    assert_false(fits("db-1", "db-12"));
    assert_false(fits("db-1", "db-"));
    assert_false(fits("db-*", "web-1"));
    assert_false(fits("*-1", "db-12"));
    assert_false(fits("", "db-1"));
    assert_false(fits("DB-*", "db-1"));
}

static void no_pattern_takes_long(void **state)
{
    (void)state;
    char pattern[256], host[4096];
    for (size_t i = 0; i < sizeof pattern - 2; i++)
        pattern[i] = "*a"[i % 2];
    pattern[sizeof pattern - 2] = 'b';
    pattern[sizeof pattern - 1] = '\0';
    memset(host, 'a', sizeof host);
    host[sizeof host - 1] = '\0';
    assert_false(fits(pattern, host));
}

static void the_first_that_fits_counts(void **state)
{
    (void)state;
    char acme[] = "acme", any[] = "*", db[] = "db-*";
    struct score_asset assets[] = {{acme, db, ASSET_CRITICAL}, {any, db, ASSET_LOW}, {acme, any, ASSET_HIGH}};
    struct vd_bytes one = vd_bytes_str("acme"), other = vd_bytes_str("south");
    assert_int_equal(asset_find(assets, 3, one, vd_bytes_str("db-1")), ASSET_CRITICAL);
    assert_int_equal(asset_find(assets, 3, other, vd_bytes_str("db-1")), ASSET_LOW);
    assert_int_equal(asset_find(assets, 3, one, vd_bytes_str("web-1")), ASSET_HIGH);
    assert_int_equal(asset_find(assets, 3, other, vd_bytes_str("web-1")), ASSET_NORMAL);
    assert_int_equal(asset_find(NULL, 0, one, vd_bytes_str("web-1")), ASSET_NORMAL);
}

static void patterns_are_of_the_letters_of_names(void **state)
{
    (void)state;
    assert_null(asset_pattern_complaint("web-*.Example_1"));
    assert_non_null(asset_pattern_complaint("web 1"));
    assert_non_null(asset_pattern_complaint("web?"));
}

/* The highest risk of quiet days and a small burst, and what is said of it. */
static int32_t loudest(const struct score_options *options, char sentence[SCORE_SENTENCE_BYTES])
{
    struct score *s;
    struct score_origin origin;
    int32_t risk = 0;
    assert_int_equal(score_new(&s, options), 0);
    score_origin_init(s, &origin, vd_bytes_str("acme"), vd_bytes_str("db-1"));
    for (int i = 0; i < 36 * 60 + 3; i++) {
        int64_t time_ms = FEED_BEGIN_MS + (i < 36 * 60 ? i * (int64_t)MINUTE_MS : 36 * (int64_t)HOUR_MS);
        struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "", "root", "203.0.113.9", time_ms);
        in.origin = &origin;
        struct vd_score out = feed_score(s, &in);
        if (out.risk_score <= risk)
            continue;
        risk = out.risk_score;
        score_sentence(&out, sentence, SCORE_SENTENCE_BYTES);
    }
    score_free(s);
    return risk;
}

static void the_risk_is_weighed_and_the_reason_says_so(void **state)
{
    (void)state;
    char normally[SCORE_SENTENCE_BYTES], critically[SCORE_SENTENCE_BYTES];
    char acme[] = "acme", db[] = "db-*";
    struct score_asset asset = {acme, db, ASSET_CRITICAL};
    struct score_options plain = {.max_entities = 64};
    struct score_options weighed = {.max_entities = 64, .assets = &asset, .asset_count = 1};
    int32_t normal = loudest(&plain, normally), critical = loudest(&weighed, critically);
    assert_in_range(normal, 20, 65);
    assert_true(abs(critical - 3 * normal / 2) <= 1);
    assert_null(strstr(normally, "criticality"));
    assert_non_null(strstr(critically, "; criticality critical; configuration "));
    assert_string_not_equal(strrchr(normally, ' '), strrchr(critically, ' ')); /* another configuration */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_stands_for_any_text),
        cmocka_unit_test(no_pattern_takes_long),
        cmocka_unit_test(the_first_that_fits_counts),
        cmocka_unit_test(patterns_are_of_the_letters_of_names),
        cmocka_unit_test(the_risk_is_weighed_and_the_reason_says_so),
    };
    return cmocka_run_group_tests_name("asset", tests, NULL, NULL);
}
