/* The loop, the sink and the folder behind the tests of sources. */
#include "pulled.h"

int64_t pulled_clock_ms;

static int64_t now_ms(void)
{
    return pulled_clock_ms;
}

void pulled_init(struct pulled *p)
{
    *p = (struct pulled){.room = PULLED_MAX};
    pulled_clock_ms = PULLED_NOW_MS;
    assert_int_equal(uv_loop_init(&p->loop), 0);
    snprintf(p->folder, sizeof p->folder, "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
}

struct source_host pulled_host(struct pulled *p)
{
    return (struct source_host){.loop = &p->loop, .hostname = "web1", .now_ms = now_ms};
}

int pulled_take(void *arg, struct vd_bytes event, struct vd_bytes cursor)
{
    struct pulled *p = arg;
    if (p->room == 0)
        return SOURCE_FULL;
    p->room--;
    assert_in_range(cursor.len, 0, SOURCE_CURSOR_MAX_BYTES);
    if ((p->cursor_len = cursor.len) > 0)
        memcpy(p->cursor, cursor.data, cursor.len);
    Vedette__V1__Event *e = vedette__v1__event__unpack(NULL, event.len, event.data);
    assert_non_null(e);
    assert_true(p->count < PULLED_MAX);
    p->times[p->count] = e->time;
    p->messages[p->count++] = strdup(e->message);
    vedette__v1__event__free_unpacked(e, NULL);
    return 0;
}

void pulled_lost(void *arg, const struct source_loss *loss, struct vd_bytes cursor)
{
    struct pulled *p = arg;
    p->losses++;
    p->lost += loss->count;
    p->reason = loss->reason;
    snprintf(p->detail, sizeof p->detail, "%.*s", (int)loss->detail.len, (const char *)loss->detail.data);
    assert_in_range(cursor.len, 0, SOURCE_CURSOR_MAX_BYTES);
    if (cursor.len > 0)
        memcpy(p->cursor, cursor.data, p->cursor_len = cursor.len);
}

void pulled_stand(void *arg, struct vd_bytes cursor)
{
    struct pulled *p = arg;
    assert_int_equal(p->count, 0);
    assert_in_range(cursor.len, 1, SOURCE_CURSOR_MAX_BYTES);
    p->stands++;
    memcpy(p->cursor, cursor.data, p->cursor_len = cursor.len);
}

struct source_sink pulled_sink(struct pulled *p)
{
    return (struct source_sink){.take = pulled_take, .lost = pulled_lost, .stand = pulled_stand, .arg = p};
}

int pulled_all(struct pulled *p)
{
    const struct source_sink sink = pulled_sink(p);
    int rc = SOURCE_MORE;
    while (rc == SOURCE_MORE)
        rc = source_pull(p->source, &sink, 16);
    return rc;
}

void pulled_forget(struct pulled *p)
{
    while (p->count > 0)
        free(p->messages[--p->count]);
}

static void on_close(struct source *s)
{
    ((struct pulled *)s->owner)->closes++;
}

void pulled_close(struct pulled *p)
{
    p->source->owner = p;
    source_close(p->source, on_close);
    assert_int_equal(p->closes, 0);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(p->closes, 1);
    p->closes = 0;
    p->source = NULL;
}

void pulled_expect_lost(struct pulled *p, enum vd_gap_reason reason, const char *detail_end)
{
    size_t len = strlen(p->detail), end_len = strlen(detail_end);
    assert_int_equal(p->losses, 1);
    assert_int_equal(p->reason, reason);
    assert_true(len >= end_len);
    assert_string_equal(p->detail + len - end_len, detail_end);
    p->losses = 0;
}

void pulled_deinit(struct pulled *p)
{
    assert_int_equal(p->losses, 0);
    if (p->source != NULL)
        pulled_close(p);
    pulled_forget(p);
    assert_int_equal(uv_loop_close(&p->loop), 0);
    char command[128] = "rm -r ";
    assert_int_equal(system(strcat(command, p->folder)), 0);
}

void pulled_expect(struct pulled *p, const char *joined)
{
    char text[4096] = "";
    size_t len = 0;
    for (int i = 0; i < p->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.200s", i > 0 ? "|" : "", p->messages[i]);
    assert_string_equal(text, joined);
    pulled_forget(p);
}
