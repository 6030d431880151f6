/* `vedette top` without a terminal: events in, a page out. */
#include <stdio.h>
#include <string.h>
#include <vedette/event_splice.h>
#include <vedette/gap.h>
#include <vedette/memory.h>

#include "top_view.h"

#include "unit.h"

enum { PAGE_BYTES = 1 << 20, COLUMNS = 120 };
static const int64_t T = 1795377600000; /* 2026-11-22 20:00:00 UTC */
static const uint8_t STREAM[VD_STREAM_BYTES] = {1};

struct rig {
    struct top_model *model;
    struct top_view view;
    struct top_page page;
    char text[PAGE_BYTES];
};

static int setup(void **state)
{
    static struct rig rig;
    memset(&rig, 0, sizeof rig);
    rig.model = vd_calloc(1, sizeof *rig.model);
    rig.page = (struct top_page){.columns = COLUMNS, .plain = true, .now_ms = T, .trouble = ""};
    *state = &rig;
    return rig.model == NULL;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    vd_free(rig->model);
    return 0;
}

/* What an event is given: whose it is, and its reason; the rest is the splice's. */
struct told {
    const char *tenant, *host, *kind, *entity;
    int32_t risk;
};

static void take(struct rig *rig, const struct told *told, int64_t time_ms)
{
    uint8_t bytes[VD_SPLICE_MAX_BYTES];
    char details[128];
    struct vd_score score = {.risk_score = told->risk, .risk_level_id = told->risk / 25};
    if (told->risk > 0)
        score.reasons[score.reason_count++] = (struct vd_reason){.feature = "failed logins",
                                                                 .what = "",
                                                                 .entity_kind = told->kind,
                                                                 .entity = vd_bytes_str(told->entity),
                                                                 .window_seconds = 300,
                                                                 .observed = 47};
    snprintf(details, sizeof details, "because of %d; configuration 5556a0aa", told->risk);
    const struct vd_splice splice = {.tenant = vd_bytes_str(told->tenant),
                                     .agent = vd_bytes_str(told->host),
                                     .stream = STREAM,
                                     .seq = 7,
                                     .score = &score,
                                     .risk_details = vd_bytes_str(details)};
    size_t len = vd_event_splice_write(&splice, bytes);
    top_model_take(rig->model, vd_bytes_of(bytes, len), time_ms, time_ms);
}

static void take_silence(struct rig *rig, const char *tenant, const char *host, int64_t time_ms)
{
    struct vd_buffer event;
    uint8_t *where;
    vd_buffer_init(&event, 1 << 14);
    const struct vd_silence silence = {.id = 1,
                                       .entity_kind = "host",
                                       .entity = vd_bytes_str(host),
                                       .since_ms = time_ms,
                                       .time_ms = time_ms};
    assert_int_equal(vd_silence_write(&event, &silence), 0);
    struct vd_score score = {.risk_score = 60, .reason_count = 1};
    score.reasons[0] = (struct vd_reason){.feature = "events",
                                          .what = "",
                                          .entity_kind = "host",
                                          .entity = vd_bytes_str(host),
                                          .window_seconds = 600};
    const struct vd_splice splice = {.tenant = vd_bytes_str(tenant),
                                     .agent = vd_bytes_str(host),
                                     .score = &score,
                                     .risk_details = vd_bytes_str("quiet")};
    assert_int_equal(vd_buffer_reserve(&event, VD_SPLICE_MAX_BYTES, &where), 0);
    vd_buffer_commit(&event, vd_event_splice_write(&splice, where));
    top_model_take(rig->model, vd_buffer_bytes(&event), time_ms, time_ms);
    vd_buffer_deinit(&event);
}

static const char *page(struct rig *rig)
{
    struct vd_buffer out;
    vd_buffer_init(&out, PAGE_BYTES - 1);
    assert_int_equal(top_page_write(rig->model, &rig->view, &rig->page, &out), 0);
    struct vd_bytes bytes = vd_buffer_bytes(&out);
    if (bytes.data != NULL)
        memcpy(rig->text, bytes.data, bytes.len);
    rig->text[bytes.len] = '\0';
    vd_buffer_deinit(&out);
    return rig->text;
}

static bool says(struct rig *rig, const char *text)
{
    return strstr(page(rig), text) != NULL;
}

/* In that order, on the page. */
static bool in_order(struct rig *rig, const char *first, const char *second)
{
    const char *a = strstr(page(rig), first), *b = strstr(rig->text, second);
    return a != NULL && b != NULL && a < b;
}

static void nothing_yet(void **state)
{
    assert_string_equal(
        page(*state),
        "vedette top 20:00:00  0 events/s                                 0 events, 0 alerts, lag 0\n"
        "0 tenants: \n"
        "silent: nobody\n"
        "0 entities by risk\n"
        "RISK LEVEL    KIND   TENANT/NAME                          EVENTS LAST      REASON OF THE RISK\n"
        "nothing yet: waiting for events\n");
}

static void a_page_of_two(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 10; i++)
        take(rig, &(struct told){.tenant = "acme", .host = "web-1"}, T - 2000);
    take(rig, &(struct told){"acme", "web-1", "source address", "192.0.2.9", 84}, T - 1000);
    take(rig, &(struct told){.tenant = "other", .host = "db-1"}, T - 1000);
    rig->page.lag = 3;
    assert_string_equal(
        page(rig),
        "vedette top 20:00:00  2 events/s                              #  12 events, 1 alert, lag 3\n"
        "2 tenants: acme 11 (2/s, 1 alert), other 1 (0/s, 0 alerts)\n"
        "silent: nobody\n"
        "3 entities by risk\n"
        "RISK LEVEL    KIND   TENANT/NAME                          EVENTS LAST      REASON OF THE RISK\n"
        "  84 High     source acme/192.0.2.9                            1 1s        because of 84\n"
        "   0 Info     host   acme/web-1                               11 1s        \n"
        "   0 Info     host   other/db-1                                1 1s        \n");
}

static void risk_halves_and_rises_again(void **state)
{
    struct rig *rig = *state;
    const struct told high = {"acme", "web-1", "user", "root", 80},
                      low = {"acme", "web-1", "user", "root", 30},
                      middle = {"acme", "web-1", "user", "root", 50};
    take(rig, &high, T);
    take(rig, &low, T + 1000);
    assert_true(says(rig, "because of 80"));
    rig->page.now_ms = T + TOP_HALF_LIFE_MS;
    assert_true(says(rig, "  40 Medium   user   acme/root"));
    take(rig, &middle, T + TOP_HALF_LIFE_MS);
    assert_true(says(rig, "  50 Medium   user   acme/root"));
    assert_true(says(rig, "because of 50"));
}

static void a_silent_one_is_there_until_heard(void **state)
{
    struct rig *rig = *state;
    take_silence(rig, "acme", "web-7", T);
    take_silence(rig, "acme", "web-7", T);
    take_silence(rig, "acme", "web-8", T);
    assert_true(says(rig, "2 silent: acme/web-8 for 10min, acme/web-7 for 10min\n"));
    take(rig, &(struct told){.tenant = "other", .host = "web-8"}, T);
    assert_true(says(rig, "2 silent: "));
    take(rig, &(struct told){.tenant = "acme", .host = "web-8"}, T);
    assert_true(says(rig, "1 silent: acme/web-7 for 10min\n"));
    for (int i = 0; i < 1000; i++) {
        char host[16];
        snprintf(host, sizeof host, "h%d", i);
        take_silence(rig, "acme", host, T);
    }
    assert_int_equal(rig->model->silent_count, TOP_SILENT_MAX);
    assert_true(says(rig, "acme/h999 for"));
}

/* The splice that makes a notice of a tenant; without one it is of no score. */
static void take_notice(struct rig *rig, struct vd_buffer *event, const struct vd_splice *splice)
{
    uint8_t *where;
    assert_int_equal(vd_buffer_reserve(event, VD_SPLICE_MAX_BYTES, &where), 0);
    vd_buffer_commit(event, vd_event_splice_write(splice, where));
    top_model_take(rig->model, vd_buffer_bytes(event), T, T);
    vd_buffer_deinit(event);
}

static void take_volume(struct rig *rig, const char *tenant)
{
    struct vd_buffer event;
    vd_buffer_init(&event, 1 << 14);
    const struct vd_volume volume = {
        .id = 1, .feature = "logins", .tenant = vd_bytes_str(tenant), .end_ms = T, .observed = 9};
    assert_int_equal(vd_volume_write(&event, &volume), 0);
    struct vd_score score = {.risk_score = 75, .risk_level_id = 3, .reason_count = 1};
    score.reasons[0] = (struct vd_reason){.feature = "logins",
                                          .what = "",
                                          .entity_kind = "tenant",
                                          .entity = vd_bytes_str(tenant),
                                          .window_seconds = 300};
    const struct vd_splice splice = {
        .tenant = vd_bytes_str(tenant), .score = &score, .risk_details = vd_bytes_str("9 logins")};
    take_notice(rig, &event, &splice);
}

static void notices_are_counted_apart(void **state)
{
    struct rig *rig = *state;
    struct vd_buffer gap, takeover;
    take(rig, &(struct told){.tenant = "acme", .host = "web-1"}, T);
    take_volume(rig, "acme");
    vd_buffer_init(&takeover, 1 << 14);
    assert_int_equal(vd_takeover_write(&takeover, &(struct vd_takeover){.from = 1, .to = 2, .time_ms = T}),
                     0);
    top_model_take(rig->model, vd_buffer_bytes(&takeover), T, T);
    vd_buffer_deinit(&takeover);
    take_silence(rig, "acme", "web-2", T);
    vd_buffer_init(&gap, 1 << 14);
    assert_int_equal(vd_gap_write(&gap, &(struct vd_gap){.reason = VD_GAP_SPOOL_FULL, .count = 3}), 0);
    take_notice(
        rig, &gap,
        &(struct vd_splice){
            .tenant = vd_bytes_str("acme"), .agent = vd_bytes_str("web-2"), .stream = STREAM, .seq = 8});
    assert_true(says(rig, " 1 events, 1 alert, lag 0, 4 notices\n"));
    assert_true(says(rig, "1 tenant: acme 1 ("));
    assert_true(says(rig, "silent: nobody"));
    assert_true(
        says(rig, "  75 High     tenant acme                                      0 0s        9 logins\n"));
    assert_true(says(rig, "   0 Info     host   acme/web-1                                1 0s"));
}

/* The usual terminal has no room for both. */
static void figures_go_before_the_curve(void **state)
{
    struct rig *rig = *state;
    take(rig, &(struct told){"acme", "web-1", "host", "web-1", 80}, T);
    take_volume(rig, "acme");
    rig->page.now_ms = T + 1000;
    rig->page.columns = 80;
    assert_true(says(rig, "20:00:01  0 events/s   1 events, 2 alerts, lag 0, 1 notice\n"));
    rig->page.columns = COLUMNS;
    assert_true(says(rig, "#  1 events, 2 alerts, lag 0, 1 notice\n"));
}

static void sorted_and_filtered(void **state)
{
    struct rig *rig = *state;
    take(rig, &(struct told){"acme", "web-1", "host", "web-1", 80}, T - 5000);
    for (int i = 0; i < 3; i++)
        take(rig, &(struct told){.tenant = "acme", .host = "alpha"}, T);
    assert_true(in_order(rig, "acme/web-1", "acme/alpha"));
    for (int sort = TOP_BY_EVENTS; sort < TOP_SORT_COUNT; sort++) {
        rig->view.sort = (enum top_sort)sort;
        assert_true(in_order(rig, "acme/alpha", "acme/web-1"));
    }
    strcpy(rig->view.filter, "WEB");
    assert_true(says(rig, "1 entity by name, filter: WEB"));
    assert_null(strstr(rig->text, "acme/alpha"));
    strcpy(rig->view.filter, "nobody at all");
    assert_true(says(rig, "nobody that the filter lets through"));
}

/* The chosen one stays the chosen one, wherever it goes. */
static void choosing_and_scrolling(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "10.0.0.%d", i);
        take(rig, &(struct told){"acme", "web-1", "source address", name, 99 - i}, T);
    }
    rig->page.rows = 24;
    rig->page.plain = false;
    assert_false(says(rig, ">"));
    assert_true(says(rig, "acme/10.0.0.17 "));
    assert_null(strstr(rig->text, "acme/10.0.0.18 "));
    rig->view.move = 1;
    assert_true(says(rig, "> 99"));
    rig->view.move = 20;
    assert_true(says(rig, "> 79"));
    assert_null(strstr(rig->text, "acme/10.0.0.1 "));
    take(rig, &(struct told){"acme", "web-1", "source address", "10.0.0.20", 100}, T);
    assert_true(says(rig, ">100"));
    rig->view.move = 1000;
    assert_true(says(rig, ">  0 Info     host   acme/web-1"));
    rig->view.move = -1000;
    rig->view.details = true;
    assert_true(says(rig, "source acme/10.0.0.20, risk 100 at 2026-11-22 20:00:00"));
    assert_non_null(strstr(rig->text, "vedette why 01000000000000000000000000000000-7"));
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 1;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void every_size_is_filled_and_not_passed(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 30; i++) {
        char name[16];
        snprintf(name, sizeof name, "host-%d", i);
        take(rig, &(struct told){"acme", name, "host", name, i}, T);
    }
    rig->page.plain = false;
    for (int panel = 0; panel < 3; panel++) {
        rig->view.help = panel == 1;
        rig->view.details = panel == 2;
        for (unsigned rows = 8; rows < 60; rows++) {
            rig->page.rows = rows;
            assert_int_equal(lines_of(page(rig)), rows);
        }
    }
    rig->page.rows = 7;
    assert_true(says(rig, "too small"));
    rig->page.rows = 24;
    for (unsigned columns = 1; columns < 200; columns++) {
        rig->page.columns = columns;
        page(rig);
        for (char *line = strtok(rig->text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            char *clear = strstr(line, "\033[K");
            if (clear != NULL && strncmp(line, "\033[H", 3) != 0)
                assert_true((size_t)(clear - line) <= columns);
        }
    }
}

/* Names are a peer's: none drives the terminal. */
static void hostile_names(void **state)
{
    struct rig *rig = *state;
    take(rig, &(struct told){"ac\033[2Jme", "we\nb\x9b", "user", "\033]0;x\a\xe2\x80\x8b", 90}, T);
    take_silence(rig, "ac\033c", "h\r", T);
    strcpy(rig->view.filter, "");
    assert_null(strchr(page(rig), '\033'));
    assert_null(strchr(rig->text, '\a'));
    assert_null(strchr(rig->text, '\r'));
    assert_null(strstr(rig->text, "\xe2\x80\x8b"));
    assert_non_null(strstr(rig->text, "\\x1b"));
}

static void memory_is_bounded(void **state)
{
    struct rig *rig = *state;
    take(rig, &(struct told){"acme", "web-1", "source address", "the loudest", 100}, T);
    for (int i = 0; i < 50000; i++) {
        char name[16], tenant[16];
        snprintf(name, sizeof name, "%d", i);
        snprintf(tenant, sizeof tenant, "t%d", i % 1000);
        take(rig, &(struct told){tenant, name, "source address", name, 20}, T);
    }
    assert_int_equal(rig->model->tenant_count, TOP_TENANTS_MAX);
    assert_true(rig->model->entities_forgotten > 0);
    assert_true(says(rig, "256+ tenants: "));
    assert_true(says(rig, "acme/the loudest"));
    top_model_take(rig->model, vd_bytes_str("\x0f no event"), T, T);
    assert_true(says(rig, "1 records were no events"));
}

static void without_memory(void **state)
{
    struct rig *rig = *state;
    struct vd_buffer out;
    take(rig, &(struct told){"acme", "web-1", "host", "web-1", 80}, T);
    for (size_t n = 1; n <= 2; n++) {
        vd_buffer_init(&out, PAGE_BYTES);
        vd_memory_fail_at(n);
        assert_true(top_page_write(rig->model, &rig->view, &rig->page, &out) < 0);
        vd_memory_fail_at(0);
        vd_buffer_deinit(&out);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_yet),
        TEST(a_page_of_two),
        TEST(risk_halves_and_rises_again),
        TEST(a_silent_one_is_there_until_heard),
        TEST(notices_are_counted_apart),
        TEST(figures_go_before_the_curve),
        TEST(sorted_and_filtered),
        TEST(choosing_and_scrolling),
        TEST(every_size_is_filled_and_not_passed),
        TEST(hostile_names),
        TEST(memory_is_bounded),
        TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
