/* A look at a spool that somebody else has, whole and damaged. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/spool_inspect.h>

#include "rig.h"

enum { EVENTS = 1500 };

struct seen {
    uint64_t segments, events, counted, damaged, missing, next, cursors;
};

static int see_segment(void *arg, const struct vd_spool_segment_info *info)
{
    struct seen *seen = arg;
    assert_int_equal(info->base, seen->segments == 0 ? 1 : seen->next);
    seen->segments++;
    seen->counted += info->events;
    seen->next = info->end;
    return 0;
}

static int see_event(void *arg, uint64_t seq, int64_t time_ms, struct vd_bytes event)
{
    struct seen *seen = arg;
    char expected[RIG_EVENT_BYTES];
    assert_true(time_ms <= (int64_t)seq * 1000);
    assert_true(vd_bytes_equal(event, rig_event(seq, expected)));
    seen->events++;
    return 0;
}

static int see_damage(void *arg, const struct vd_spool_damage *damage)
{
    struct seen *seen = arg;
    seen->damaged++;
    if (damage->hole.from != 0)
        seen->missing += damage->hole.to - damage->hole.from + 1;
    return 0;
}

static int see_cursor(void *arg, const char *source, struct vd_bytes cursor)
{
    struct seen *seen = arg;
    assert_string_equal(source, "tail:/var/log/auth.log");
    assert_true(vd_bytes_equal(cursor, vd_bytes_str("1500")));
    seen->cursors++;
    return 0;
}

static struct seen look(const struct rig *r)
{
    struct seen seen = {0};
    struct vd_spool_look callbacks = {
        .arg = &seen, .segment = see_segment, .event = see_event, .damage = see_damage, .cursor = see_cursor};
    assert_int_equal(vd_spool_inspect(r->folder, &callbacks), 0);
    return seen;
}

static void a_live_spool_is_whole(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, EVENTS);
    assert_int_equal(rig_append(&r), 0); /* pending: not on disk */
    struct seen seen = look(&r);
    assert_true(seen.segments > 1);
    assert_int_equal(seen.events, EVENTS);
    assert_int_equal(seen.counted, EVENTS);
    assert_int_equal(seen.next, EVENTS + 1);
    assert_int_equal(seen.damaged, 0);
    assert_int_equal(seen.cursors, 1);
    rig_deinit(&r);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct rig r;
    char path[256];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, EVENTS);
    rig_close(&r);
    rig_segment(&r, false, path, sizeof path);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "????????????", 12, 3000), 12);
    close(fd);
    struct seen seen = look(&r);
    assert_int_equal(seen.damaged, 1);
    assert_int_equal(seen.events + seen.missing, EVENTS);
    rig_deinit(&r);
}

/* Nobody writes into the pipe: whoever opened it as a file would wait for ever. */
static void a_pipe_is_no_segment(void **state)
{
    (void)state;
    struct rig r;
    char path[256];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, EVENTS);
    rig_close(&r);
    rig_segment(&r, true, path, sizeof path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct seen seen = {0};
    struct vd_spool_look callbacks = {.arg = &seen, .event = see_event, .damage = see_damage};
    alarm(60);
    assert_int_equal(vd_spool_inspect(r.folder, &callbacks), 0);
    alarm(0);
    assert_int_equal(seen.damaged, 1);
    assert_true(seen.events > 0 && seen.events < EVENTS);
    rig_deinit(&r);
}

static void no_spool_is_told(void **state)
{
    (void)state;
    struct rig r;
    struct vd_spool_look nothing = {.arg = NULL};
    rig_init(&r);
    assert_int_equal(vd_spool_inspect(r.folder, &nothing), VD_ENOTFOUND);
    rig_deinit(&r);
    assert_int_equal(vd_spool_inspect(r.folder, &nothing), VD_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_spool_is_whole),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(a_pipe_is_no_segment),
        cmocka_unit_test(no_spool_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
