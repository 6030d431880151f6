/* The intake with real files and a real spool: how far it goes, and where it goes on. */
#include "intake.h"

#include <unistd.h>
#include <uv.h>
#include <vedette/error.h>

#include "spool_rig.h"

enum { PENDING_BYTES = 1024 * 1024 };

struct rig {
    struct spool_rig disk;
    uv_loop_t loop;
    struct losses losses;
    struct intake *intake;
    struct agent_source_config sources[2];
    struct agent_config config;
    char paths[2][128], *path_list[2], logs[64];
    int appended, closes;
    bool follow; /* instead of reading to the end */
};

static int64_t now_ms(void)
{
    return RIG_NOW_MS;
}

static void on_appended(void *owner, bool gathered)
{
    (void)gathered;
    ((struct rig *)owner)->appended++;
}

static void on_close(void *owner)
{
    ((struct rig *)owner)->closes++;
}

static void init(struct rig *r, uint64_t max_bytes)
{
    *r = (struct rig){0};
    spool_rig_init(&r->disk, max_bytes);
    assert_int_equal(uv_loop_init(&r->loop), 0);
    losses_init(&r->losses);
    snprintf(r->logs, sizeof r->logs, "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(r->logs));
    for (int i = 0; i < 2; i++) {
        snprintf(r->paths[i], sizeof r->paths[i], "%s/%c.log", r->logs, 'a' + i);
        r->path_list[i] = r->paths[i];
        r->sources[i] = (struct agent_source_config){.type = AGENT_SOURCE_TAIL,
                                                     .from = AGENT_FROM_BEGINNING,
                                                     .paths = &r->path_list[i],
                                                     .paths_count = 1};
    }
    r->config = (struct agent_config){.sources = r->sources, .sources_count = 2};
}

static int try_open(struct rig *r, char *error)
{
    const struct intake_options options = {.loop = &r->loop,
                                           .config = &r->config,
                                           .spool = r->disk.spool,
                                           .losses = &r->losses,
                                           .hostname = "web1",
                                           .now_ms = now_ms,
                                           .once = !r->follow,
                                           .owner = r,
                                           .appended = on_appended};
    return intake_open(&r->intake, &options, error);
}

static void start(struct rig *r)
{
    char error[INTAKE_ERROR_BYTES];
    assert_int_equal(try_open(r, error), 0);
}

static void stop(struct rig *r)
{
    r->closes = 0;
    intake_close(r->intake, on_close);
    assert_int_equal(r->closes, 0);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->closes, 1);
}

static void deinit(struct rig *r)
{
    char command[128] = "rm -r ";
    losses_deinit(&r->losses);
    assert_int_equal(uv_loop_close(&r->loop), 0);
    spool_rig_deinit(&r->disk);
    assert_int_equal(system(strcat(command, r->logs)), 0);
}

static void write_lines(struct rig *r, int which, int count)
{
    FILE *log = fopen(r->paths[which], "a");
    assert_non_null(log);
    for (int i = 0; i < count; i++)
        fprintf(log, "line %d of %d\n", i, which);
    fclose(log);
}

/* Turns of the loop until the sources have nothing more, or wait. */
static void settle(struct rig *r)
{
    while (uv_run(&r->loop, UV_RUN_NOWAIT) != 0)
        ;
}

static uint64_t events(const struct rig *r)
{
    return vd_spool_next(r->disk.spool) - 1;
}

static void each_goes_on_where_it_was(void **state)
{
    (void)state;
    struct rig r;
    init(&r, VD_SPOOL_LEAST_BYTES);
    write_lines(&r, 0, 10);
    write_lines(&r, 1, 20);
    start(&r);
    settle(&r);
    assert_true(intake_at_end(r.intake));
    assert_false(intake_failed(r.intake));
    assert_int_equal(events(&r), 30);
    assert_true(r.appended > 0);
    stop(&r);
    /* The other way round, after a restart, with one line more each. */
    write_lines(&r, 0, 1);
    write_lines(&r, 1, 1);
    struct agent_source_config first = r.sources[0];
    r.sources[0] = r.sources[1];
    r.sources[1] = first;
    vd_spool_close(r.disk.spool);
    spool_rig_open(&r.disk, VD_SPOOL_LEAST_BYTES);
    start(&r);
    settle(&r);
    assert_int_equal(events(&r), 32);
    stop(&r);
    deinit(&r);
}

/* Two sources of the same file do not take each other's cursor. */
static void twins(void **state)
{
    (void)state;
    struct rig r;
    init(&r, VD_SPOOL_LEAST_BYTES);
    r.sources[1] = r.sources[0];
    write_lines(&r, 0, 5);
    for (int round = 0; round < 2; round++) {
        start(&r);
        settle(&r);
        assert_int_equal(events(&r), 10);
        stop(&r);
        vd_spool_close(r.disk.spool);
        spool_rig_open(&r.disk, VD_SPOOL_LEAST_BYTES);
    }
    deinit(&r);
}

/* No commit comes: what is in memory stays bounded, and nothing is lost for it. */
static void pending_is_bounded(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 64 * VD_SPOOL_LEAST_BYTES);
    write_lines(&r, 0, 20000);
    write_lines(&r, 1, 20000);
    start(&r);
    settle(&r);
    assert_true(events(&r) < 40000);
    for (int round = 0; round < 100 && !intake_at_end(r.intake); round++) {
        uint64_t pending = vd_spool_appended_bytes(r.disk.spool) - vd_spool_durable_bytes(r.disk.spool);
        assert_in_range(pending, PENDING_BYTES / 2, PENDING_BYTES + 1000);
        assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
        intake_resume(r.intake);
        settle(&r);
    }
    assert_int_equal(events(&r), 40000);
    assert_int_equal(r.losses.total, 0);
    stop(&r);
    deinit(&r);
}

static void a_full_spool_makes_them_wait(void **state)
{
    (void)state;
    struct rig r;
    int rounds = 0;
    init(&r, VD_SPOOL_LEAST_BYTES);
    write_lines(&r, 0, 100000);
    write_lines(&r, 1, 10);
    start(&r);
    for (; rounds < 1000 && !intake_at_end(r.intake); rounds++) {
        settle(&r);
        assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
        if (rounds % 10 == 9) /* a collector, slower than the files */
            vd_spool_trim(r.disk.spool, vd_spool_durable(r.disk.spool) - 1);
        intake_resume(r.intake);
    }
    assert_int_equal(events(&r), 100010);
    assert_int_equal(r.losses.total, 0);
    stop(&r);
    deinit(&r);
}

static void a_disk_that_fails(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 64 * VD_SPOOL_LEAST_BYTES);
    write_lines(&r, 0, 10000);
    write_lines(&r, 1, 10);
    spool_rig_break_disk(true);
    start(&r);
    for (int i = 0; i < 5; i++) {
        settle(&r);
        vd_spool_commit_now(r.disk.spool);
        intake_resume(r.intake);
    }
    assert_int_equal(vd_spool_durable(r.disk.spool), 1);
    spool_rig_break_disk(false);
    for (int round = 0; round < 100 && !intake_at_end(r.intake); round++) {
        vd_spool_commit_now(r.disk.spool);
        intake_resume(r.intake);
        settle(&r);
    }
    assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
    assert_int_equal(vd_spool_durable(r.disk.spool), 10011);
    assert_int_equal(r.losses.total, 0);
    stop(&r);
    deinit(&r);
}

/* Up to the reserve, with bytes that do not compress. */
static void fill_spool(struct rig *r)
{
    static uint8_t event[2000];
    uint32_t x = 1;
    int source = vd_spool_source(r->disk.spool, "filler"), rc = 0;
    while (rc == 0) {
        for (size_t k = 0; k < sizeof event; k++)
            event[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        rc = vd_spool_append(r->disk.spool, source, VD_SPOOL_HIGH, vd_bytes_of(event, sizeof event),
                             (struct vd_bytes){0}, RIG_NOW_MS);
        assert_int_equal(vd_spool_commit_now(r->disk.spool), 0);
    }
    assert_int_equal(rc, VD_SPOOL_FULL);
}

static bool counted(const struct losses *l, enum vd_gap_reason reason)
{
    for (uint32_t i = 0; i < l->kind_count; i++)
        if (l->kinds[i].reason == reason)
            return l->kinds[i].waits;
    return false;
}

/* Process events that find the spool full are gone, counted, and told from the reserve. On a busy host the
 * kernel may have dropped others before, which are another kind of loss. */
static void what_cannot_wait_is_counted(void **state)
{
    (void)state;
    struct rig r;
    char error[INTAKE_ERROR_BYTES];
    init(&r, VD_SPOOL_LEAST_BYTES);
    r.follow = true;
    r.sources[0] = (struct agent_source_config){.type = AGENT_SOURCE_PROCESS};
    r.config.sources_count = 1;
    if (try_open(&r, error) != 0) {
        print_message("skipped: no process events here\n");
        stop(&r);
        deinit(&r);
        skip();
    }
    fill_spool(&r);
    for (int round = 0; round < 100 && !counted(&r.losses, VD_GAP_SPOOL_FULL); round++) {
        assert_int_equal(system("true"), 0);
        uv_run(&r.loop, UV_RUN_NOWAIT);
    }
    assert_true(counted(&r.losses, VD_GAP_SPOOL_FULL));
    uint64_t next = vd_spool_next(r.disk.spool);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 0));
    assert_int_equal(vd_spool_next(r.disk.spool), next + r.losses.kind_count);
    stop(&r);
    deinit(&r);
}

static void no_source_at_all(void **state)
{
    (void)state;
    struct rig r;
    char error[INTAKE_ERROR_BYTES] = "";
    init(&r, VD_SPOOL_LEAST_BYTES);
    assert_int_equal(try_open(&r, error), VD_EUNAVAILABLE); /* with `once` both files have to be there */
    assert_string_equal(error, "no source could be opened");
    assert_true(intake_failed(r.intake));
    stop(&r);
    deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_goes_on_where_it_was), cmocka_unit_test(twins),
        cmocka_unit_test(pending_is_bounded),        cmocka_unit_test(a_full_spool_makes_them_wait),
        cmocka_unit_test(a_disk_that_fails),         cmocka_unit_test(what_cannot_wait_is_counted),
        cmocka_unit_test(no_source_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
