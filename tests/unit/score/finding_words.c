/* What a finding says: its title for each kind of reason, its techniques, and the event it becomes. */
#include "finding_words.h"

#include <stdio.h>
#include <string.h>

#include <vedette/event_view.h>
#include <vedette/finding.h>
#include <vedette/utf8.h>

#include "feed.h"
#include "finding_event.h"
#include "findings.h"
#include "technique.h"
#include "unit.h"

enum { HOST_KEY = 77 };

struct said {
    enum vd_reason_kind kind;
    const char *feature, *what, *value;
    double observed, expected;
    enum who who;
    const char *name, *title;
};

static const struct said SAID[] = {
    {VD_REASON_RATE, "failed logins", "", "", 47, 0.6, WHO_SOURCE, "203.0.113.9",
     "Many failed logins from 203.0.113.9 to web1"},
    {VD_REASON_RATE, "failed logins", "", "", 2, 0.6, WHO_USER, "root",
     "Unusual failed logins for root on web1"},
    {VD_REASON_RATE, "detections", "", "2019876", 9, 0.6, WHO_HOST, "web1",
     "Many detections by 2019876 on web1"},
    {VD_REASON_DISTINCT, "failed logins", "users", "", 23, 0.6, WHO_SOURCE, "::1",
     "Many users in failed logins from ::1 to web1"},
    {VD_REASON_FIRST, "logins", "source address", "198.51.100.7", 1, 0.6, WHO_USER, "alice",
     "First source address 198.51.100.7 in logins for alice on web1"},
    {VD_REASON_RARE, "detections", "", "2019876", 1, 0.6, WHO_HOST, "web1", "Rare rule 2019876 on web1"},
    {VD_REASON_BESIDE, "detections", "", "db1", 5, 0.6, WHO_HOST, "web1", "Detections beside others on web1"},
    {VD_REASON_RATE, "events", "", "", 0, 40, WHO_HOST, "web1", "Host web1 has gone quiet"},
    {VD_REASON_RATE, "failed logins", "", "", 47, 0.6, WHO_USER, "ev\x1b[2Jil\n\xc2\x85",
     "Many failed logins for ev?[2Jil??? on web1"},
    {VD_REASON_RATE, "failed logins", "", "", 47, 0.6, WHO_USER,
     "12345678901234567890123456789012345678901234567\xc3\xa9",
     "Many failed logins for 12345678901234567890123456789012345678901234567… on web1"},
    {VD_REASON_RATE, "logins", "", "", 30, 400, WHO_TENANT, "acme", "Few logins of acme"},
    {VD_REASON_RATE, "logins", "", "", 0, 40, WHO_TENANT, "acme", "Few logins of acme"},
};

static struct score_finding finding_of(const struct said *said, struct vd_score *score)
{
    struct score_finding f;
    *score = (struct vd_score){.risk_score = 93, .risk_level_id = 4, .is_alert = true, .reason_count = 1};
    score->reasons[0] = (struct vd_reason){.kind = said->kind,
                                           .feature = said->feature,
                                           .what = said->what,
                                           .entity_kind = who_text(said->who),
                                           .entity = vd_bytes_str(said->name),
                                           .value = vd_bytes_str(said->value),
                                           .window_seconds = 300,
                                           .observed = said->observed,
                                           .expected = said->expected,
                                           .maturity = 0.9,
                                           .surprise = 5};
    const struct finding_event event = {.score = score,
                                        .uid = vd_bytes_str("e-1"),
                                        .tenant = vd_bytes_str("acme"),
                                        .host = vd_bytes_str("web1"),
                                        .user = vd_bytes_str("root"),
                                        .source = vd_bytes_str("203.0.113.9"),
                                        .class_uid = CLASS_LOGIN,
                                        .status_id = FAILURE,
                                        .time_ms = FEED_BEGIN_MS};
    finding_begin(&f, HOST_KEY, said->who, vd_bytes_str(said->name), &event, FEED_BEGIN_MS - 30000);
    finding_add(&f, &event, FEED_BEGIN_MS - 30000);
    f.techniques = techniques_of(&event);
    f.activity = FINDING_CREATE;
    f.revision = 1;
    return f;
}

static void a_title_for_each_kind_of_reason(void **state)
{
    (void)state;
    char title[FINDING_TITLE_BYTES];
    struct vd_score score;
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
        struct score_finding f = finding_of(&SAID[i], &score);
        finding_title(&f, title);
        assert_string_equal(title, SAID[i].title);
        assert_true(vd_utf8_valid(vd_bytes_str(title)));
    }
}

static void further_hosts_are_counted(void **state)
{
    (void)state;
    static const char *const ends[] = {"web1 and 1 other host", "web1 and 2 other hosts"};
    char title[FINDING_TITLE_BYTES], host[16];
    struct vd_score score;
    struct score_finding f = finding_of(&SAID[0], &score);
    for (int i = 0; i < 20; i++) {
        snprintf(host, sizeof host, "db%d", i);
        const struct finding_event event = {
            .score = &score, .host = vd_bytes_str(host), .time_ms = FEED_BEGIN_MS};
        finding_add(&f, &event, FEED_BEGIN_MS);
        finding_title(&f, title);
        if (i < 2)
            assert_string_equal(title + strlen("Many failed logins from 203.0.113.9 to "), ends[i]);
    }
    assert_non_null(strstr(title, "web1 and 7 or more other hosts"));
    finding_desc(&f, title);
    assert_string_equal(
        title, "21 events with a risk of 70 or more, the highest 93; the first 16 are listed, 5 more "
               "are not");
}

static void a_login_after_the_guesses_is_in_the_title_and_listed_last(void **state)
{
    (void)state;
    char title[FINDING_TITLE_BYTES];
    struct vd_score score;
    struct vd_buffer out;
    struct vd_bytes related[VD_FINDING_RELATED_MAX];
    struct score_finding f = finding_of(&SAID[0], &score);
    const struct finding_event login = {.score = &score,
                                        .uid = vd_bytes_str("e-9"),
                                        .host = vd_bytes_str("web1"),
                                        .user = vd_bytes_str("de\x1bploy"),
                                        .time_ms = FEED_BEGIN_MS + 1};
    finding_add_login(&f, &login);
    finding_title(&f, title);
    assert_string_equal(
        title, "Many failed logins from 203.0.113.9 to web1, then a login as de?ploy that succeeded");
    finding_desc(&f, title);
    assert_string_equal(
        title, "1 event with a risk of 70 or more, the highest 93; 1 login from there succeeded since, "
               "the first on web1 is listed last");
    vd_buffer_init(&out, 8192);
    for (size_t count = 2; count <= VD_FINDING_RELATED_MAX + 3; count++) {
        vd_buffer_clear(&out);
        assert_int_equal(finding_event_write(&out, &f, FEED_BEGIN_MS), 0);
        size_t listed = vd_finding_related(vd_buffer_bytes(&out), related);
        assert_int_equal(listed, count < VD_FINDING_RELATED_MAX ? count : VD_FINDING_RELATED_MAX);
        assert_true(vd_bytes_equal(related[listed - 1], vd_bytes_str("e-9")));
        finding_add(&f, &(struct finding_event){.score = &score, .uid = vd_bytes_str("e-2")}, FEED_BEGIN_MS);
    }
    vd_buffer_deinit(&out);
}

static void the_rest_says_for_whom_it_stands(void **state)
{
    (void)state;
    char title[FINDING_TITLE_BYTES];
    struct vd_score score;
    struct score_finding f = finding_of(&SAID[0], &score);
    f.merged = 1;
    f.entities = 12;
    f.events = 340;
    finding_title(&f, title);
    assert_string_equal(title, "And 12 more hosts, users and sources of acme, with 340 events");
    f.entities = FINDING_MERGED_MAX;
    finding_title(&f, title);
    assert_string_equal(title, "And 64 or more hosts, users and sources of acme, with 340 events");
}

static void the_event_is_a_detection_finding(void **state)
{
    (void)state;
    char uid[FINDING_KEY_BYTES + 1];
    struct vd_score score;
    struct vd_event_view view;
    struct vd_buffer out;
    struct score_finding f = finding_of(&SAID[0], &score);
    vd_buffer_init(&out, 8192);
    assert_int_equal(finding_event_write(&out, &f, FEED_BEGIN_MS + 1), 0);
    assert_int_equal(vd_event_view_read(&view, vd_buffer_bytes(&out)), 0);
    finding_uid(&f, uid);
    assert_int_equal(strncmp(uid, VD_FINDING_UID_BEGIN, strlen(VD_FINDING_UID_BEGIN)), 0);
    assert_true(vd_bytes_equal(view.finding_uid, vd_bytes_str(uid)));
    assert_int_equal(view.class_uid, VD_FINDING_CLASS);
    assert_int_equal(view.activity_id, FINDING_CREATE);
    assert_int_equal(view.severity_id, 5);
    assert_int_equal(view.risk_score, 93);
    assert_int_equal(view.time_ms, FEED_BEGIN_MS);
    assert_int_equal(view.processed_ms, FEED_BEGIN_MS + 1);
    assert_true(vd_bytes_equal(view.tenant_uid, vd_bytes_str("acme")));
    assert_true(vd_bytes_equal(view.device_hostname, vd_bytes_str("web1")));
    assert_true(vd_bytes_equal(view.src_ip, vd_bytes_str("203.0.113.9")));
    assert_true(vd_bytes_equal(view.message, vd_bytes_str(SAID[0].title)));
    vd_buffer_deinit(&out);
}

/* All that is capped, at its cap, fits. */
static void the_longest_fits(void **state)
{
    (void)state;
    char longest[80];
    struct vd_score score;
    struct vd_buffer out;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct said said = SAID[0];
    said.name = said.value = longest;
    struct score_finding f = finding_of(&said, &score);
    for (int i = 0; i < 100; i++) {
        score.reasons[0].window_seconds = (uint32_t)(60 * (i % 3 + 1));
        const struct finding_event event = {.score = &score,
                                            .uid = vd_bytes_str(longest),
                                            .user = vd_bytes_str(longest),
                                            .source = vd_bytes_str(longest),
                                            .process = vd_bytes_str(longest),
                                            .file = vd_bytes_str(longest),
                                            .time_ms = FEED_BEGIN_MS + i};
        score.risk_score = 94;
        finding_add(&f, &event, FEED_BEGIN_MS);
    }
    finding_add_login(&f, &(struct finding_event){.uid = vd_bytes_str(longest),
                                                  .user = vd_bytes_str(longest),
                                                  .host = vd_bytes_str(longest)});
    f.techniques = UINT32_MAX;
    vd_buffer_init(&out, 8192);
    assert_int_equal(finding_event_write(&out, &f, FEED_BEGIN_MS), 0);
    vd_buffer_deinit(&out);
}

static void a_class_and_a_reason_imply_a_technique(void **state)
{
    (void)state;
    static const struct {
        int32_t class_uid, activity_id, status_id;
        enum vd_reason_kind kind;
        const char *what, *file;
        uint32_t techniques;
    } rows[] = {
        {3002, 1, 2, VD_REASON_RATE, "", "", 1U << TECHNIQUE_BRUTE_FORCE},
        {3002, 1, 2, VD_REASON_DISTINCT, "users", "", 1U << TECHNIQUE_PASSWORD_SPRAYING},
        {3002, 1, 2, VD_REASON_DISTINCT, "source addresses", "", 0},
        {3002, 1, 1, VD_REASON_RATE, "", "", 0},
        {3002, 1, 1, VD_REASON_FIRST, "host", "", 1U << TECHNIQUE_VALID_ACCOUNTS},
        {4001, 6, 0, VD_REASON_DISTINCT, "destinations and ports", "", 1U << TECHNIQUE_SERVICE_DISCOVERY},
        {3001, 1, 1, VD_REASON_RATE, "", "", 1U << TECHNIQUE_CREATE_ACCOUNT},
        {1008, 1, 1, VD_REASON_FIRST, "user", "", 1U << TECHNIQUE_CLEAR_LOGS},
        {1001, 1, 1, VD_REASON_FIRST, "", "/etc/systemd/system/x.service", 1U << TECHNIQUE_SYSTEMD_SERVICE},
        {1001, 1, 1, VD_REASON_FIRST, "", "/etc/cron.d/x", 1U << TECHNIQUE_CRON},
        {1001, 1, 1, VD_REASON_FIRST, "", "/etc/cro", 0},
        {1007, 1, 1, VD_REASON_RATE, "", "", 0},
        {2004, 1, 1, VD_REASON_BESIDE, "", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vd_score score = {.reason_count = 1,
                                 .reasons = {{.kind = rows[i].kind, .what = rows[i].what}}};
        const struct finding_event event = {.score = &score,
                                            .file = vd_bytes_str(rows[i].file),
                                            .class_uid = rows[i].class_uid,
                                            .activity_id = rows[i].activity_id,
                                            .status_id = rows[i].status_id};
        assert_int_equal(techniques_of(&event), rows[i].techniques);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_title_for_each_kind_of_reason),
        cmocka_unit_test(further_hosts_are_counted),
        cmocka_unit_test(a_login_after_the_guesses_is_in_the_title_and_listed_last),
        cmocka_unit_test(the_rest_says_for_whom_it_stands),
        cmocka_unit_test(the_event_is_a_detection_finding),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(a_class_and_a_reason_imply_a_technique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
