/* Stamps, zones, hosts, tags and priorities. */
#include "parsed.h"

static const struct {
    const char *line;
    int64_t time_ms;
    const char *original_time, *hostname, *program, *message;
    int pid;
} CASES[] = {
    {"Dec 10 06:55:46 web1 a[7]: m", 1733813746000, "Dec 10 06:55:46", "", "a", "m", 7},
    {"Dec  1 06:55:46 db2 a: m", 1733036146000, "Dec  1 06:55:46", "db2", "a", "m", 0},
    {"Dec 1 06:55:46 db2 a: m", 1733036146000, "Dec 1 06:55:46", "db2", "a", "m", 0},
    {"Dec 10 06:55:46 a[7]: m", 1733813746000, "Dec 10 06:55:46", "", "a", "m", 7},
    {"<38>Dec 10 06:55:46 web1 a[7]: m", 1733813746000, "Dec 10 06:55:46", "", "a", "m", 7},
    {"2024-12-10T06:55:46.123456+01:00 db2 a[7]: m", 1733810146123, "2024-12-10T06:55:46.123456+01:00", "db2",
     "a", "m", 7},
    {"2024-12-10T06:55:46Z web1 a[7]: m: n", 1733813746000, "2024-12-10T06:55:46Z", "", "a", "m: n", 7},
    {"2024-12-10 06:55:46 web1 a[7]: m", 1733813746000, "2024-12-10 06:55:46", "", "a", "m", 7},
    {"2024-12-10T06:55:46-0530 web1 a[7]: m", 1733833546000, "2024-12-10T06:55:46-0530", "", "a", "m", 7},
    {"<34>1 2024-12-10T06:55:46.5Z db2 a 7 ID47 [x y=\"]\\\"\"][z] \xef\xbb\xbfm", 1733813746500,
     "2024-12-10T06:55:46.5Z", "db2", "a", "m", 7},
    {"<34>1 - - a - - - m", PARSED_NOW_MS, "", "", "a", "m", 0},
    {"Dec 10 06:55:46 web1 no tag here", 1733813746000, "Dec 10 06:55:46", "", "", "no tag here", 0},
    {"no stamp: at all", PARSED_NOW_MS, "", "", "", "no stamp: at all", 0},
    /* Stamps that cannot be are none, or are replaced; what was said stays. */
    {"Feb 30 06:55:46 web1 a: m", PARSED_NOW_MS, "", "", "", "Feb 30 06:55:46 web1 a: m", 0},
    {"Dec 10 24:55:46 web1 a: m", PARSED_NOW_MS, "", "", "", "Dec 10 24:55:46 web1 a: m", 0},
    {"1970-01-01T00:00:00Z web1 a: m", PARSED_NOW_MS, "1970-01-01T00:00:00Z", "", "a", "m", 0},
    {"9999-01-01T00:00:00Z web1 a: m", PARSED_NOW_MS, "9999-01-01T00:00:00Z", "", "a", "m", 0},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct parsed p;
        parsed_init(&p, NULL);
        const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_str(CASES[i].line));
        assert_non_null(e);
        if (e->time != CASES[i].time_ms)
            fail_msg("%s: time %lld", CASES[i].line, (long long)e->time);
        assert_string_equal(e->metadata->original_time, CASES[i].original_time);
        assert_string_equal(parsed_unmapped(e, "syslog.hostname"), CASES[i].hostname);
        assert_string_equal(e->metadata->log_provider, CASES[i].program);
        assert_string_equal(e->message, CASES[i].message);
        assert_string_equal(e->raw_data, CASES[i].line);
        assert_string_equal(e->device->hostname, "web1");
        assert_int_equal(e->actor == NULL ? 0 : e->actor->process->pid, CASES[i].pid);
        assert_string_equal(e->metadata->version, "1.8.0");
        assert_string_equal(e->metadata->product->name, "vedette-agent");
        assert_int_equal(e->metadata->logged_time, PARSED_NOW_MS);
        parsed_deinit(&p);
    }
}

static int64_t time_at(const char *line, int64_t now_ms, int32_t (*zone)(int64_t))
{
    struct parsed p;
    parsed_init(&p, zone);
    assert_int_equal(vd_parse_line(&p.parse, vd_bytes_str(line), now_ms, &p.out), 0);
    int64_t time_ms = parsed_take(&p, 0)->time;
    parsed_deinit(&p);
    return time_ms;
}

static void test_year_is_the_latest_that_fits(void **state)
{
    (void)state;
    int64_t new_year_ms = 1735689600000, day_ms = 86400000; /* 2025-01-01T00:00:00Z */
    assert_int_equal(time_at("Dec 31 23:59:59 h a: m", new_year_ms, NULL), new_year_ms - 1000);
    assert_int_equal(time_at("Jan  1 23:59:59 h a: m", new_year_ms, NULL), new_year_ms + day_ms - 1000);
    assert_int_equal(time_at("Jan  1 00:00:01 h a: m", new_year_ms - 1000, NULL), new_year_ms + 1000);
    /* More than a day ahead: last year's (2024 was a leap year). */
    assert_int_equal(time_at("Jan  3 00:00:00 h a: m", new_year_ms, NULL), new_year_ms - (366 - 2) * day_ms);
    assert_int_equal(time_at("Feb 29 00:00:00 h a: m", new_year_ms, NULL), 1709164800000);
}

/* A zone with a summer: an hour, and two from April to September 2024. */
static int32_t summer(int64_t local_s)
{
    return local_s >= 1711929600 && local_s < 1727740800 ? 7200 : 3600;
}

static void test_zone_of_the_stamp_not_of_the_reader(void **state)
{
    (void)state;
    assert_int_equal(time_at("Dec 10 06:55:46 h a: m", PARSED_NOW_MS, summer), 1733813746000 - 3600000);
    assert_int_equal(time_at("Jul 10 00:00:00 h a: m", PARSED_NOW_MS, summer), 1720569600000 - 7200000);
    assert_int_equal(time_at("2024-07-10 00:00:00 h a: m", PARSED_NOW_MS, summer), 1720569600000 - 7200000);
    assert_int_equal(time_at("2024-07-10T00:00:00Z h a: m", PARSED_NOW_MS, summer), 1720569600000);
}

static void test_severity_of_what_is_not_understood(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    assert_int_equal(parsed_line(&p, vd_bytes_str("<0>kernel: panic"))->severity_id, 5);
    assert_int_equal(parsed_line(&p, vd_bytes_str("<3>kernel: bad"))->severity_id, 3);
    assert_int_equal(parsed_line(&p, vd_bytes_str("<6>kernel: fine"))->severity_id, 1);
    assert_int_equal(parsed_line(&p, vd_bytes_str("<999>kernel: odd"))->severity_id, 1);
    parsed_deinit(&p);
}

static void test_entry(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    struct vd_parse_entry entry = {
        .time_ms = 1733813746123,
        .hostname = vd_bytes_str("web1"),
        .program = vd_bytes_str("sshd"),
        .message = vd_bytes_str("Failed password for root from 192.0.2.7 port 1 ssh2"),
        .pid = 9,
        .priority = 6,
    };
    const Vedette__V1__Event *e = parsed_take(&p, vd_parse_entry(&p.parse, &entry, PARSED_NOW_MS, &p.out));
    assert_int_equal(e->time, 1733813746123);
    assert_int_equal(e->status_id, 2);
    assert_int_equal(e->actor->process->pid, 9);
    entry.message = vd_bytes_str(" ");
    assert_int_equal(vd_parse_entry(&p.parse, &entry, PARSED_NOW_MS, &p.out), VD_PARSE_EMPTY);
    parsed_deinit(&p);
}

static void test_time_of_a_text(void **state)
{
    (void)state;
    struct parsed p;
    int64_t time_ms = 0;
    parsed_init(&p, NULL);
    assert_int_equal(vd_parse_time(&p.parse, "2024-12-10T06:55:46.5Z", &time_ms), 0);
    assert_int_equal(time_ms, 1733813746500);
    static const char *const BAD[] = {"", "junk", "2024-12-10", "2024-13-10T06:55:46Z",
                                      "2024-12-10T06:55:46Z x"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(vd_parse_time(&p.parse, BAD[i], &time_ms), VD_EMALFORMED);
    parsed_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_year_is_the_latest_that_fits),
        cmocka_unit_test(test_zone_of_the_stamp_not_of_the_reader),
        cmocka_unit_test(test_severity_of_what_is_not_understood),
        cmocka_unit_test(test_entry),
        cmocka_unit_test(test_time_of_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
