/* For tests of sources: a loop, a sink that keeps messages and the last cursor, and a folder that goes away
 * again. */
#ifndef TESTS_PULLED_H
#define TESTS_PULLED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "event.pb-c.h"
#include "source.h"

enum { PULLED_MAX = 512 };

struct pulled {
    uv_loop_t loop;
    struct source *source;
    char folder[64];
    char *messages[PULLED_MAX];
    int count, room; /* room: how many more are taken before the sink is full */
    uint8_t cursor[SOURCE_CURSOR_MAX_BYTES];
    size_t cursor_len;
    int readies, closes;
};

static int64_t pulled_now_ms(void)
{
    return 1733875200000;
}

static inline void pulled_init(struct pulled *p)
{
    *p = (struct pulled){.room = PULLED_MAX};
    assert_int_equal(uv_loop_init(&p->loop), 0);
    snprintf(p->folder, sizeof p->folder, "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
}

static inline struct source_host pulled_host(struct pulled *p)
{
    return (struct source_host){.loop = &p->loop, .hostname = "web1", .now_ms = pulled_now_ms};
}

static inline int pulled_take(void *arg, struct vd_bytes event, struct vd_bytes cursor)
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
    p->messages[p->count++] = strdup(e->message);
    vedette__v1__event__free_unpacked(e, NULL);
    return 0;
}

/* Pulls until there is nothing more: what the last pull said. */
static inline int pulled_all(struct pulled *p)
{
    int rc = SOURCE_MORE;
    while (rc == SOURCE_MORE)
        rc = source_pull(p->source, &(struct source_sink){pulled_take, p}, 16);
    return rc;
}

static inline void pulled_forget(struct pulled *p)
{
    while (p->count > 0)
        free(p->messages[--p->count]);
}

static inline void pulled_on_close(struct source *s)
{
    ((struct pulled *)s->owner)->closes++;
}

static inline void pulled_close(struct pulled *p)
{
    p->source->owner = p;
    source_close(p->source, pulled_on_close);
    assert_int_equal(p->closes, 0);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(p->closes, 1);
    p->closes = 0;
    p->source = NULL;
}

static inline void pulled_deinit(struct pulled *p)
{
    if (p->source != NULL)
        pulled_close(p);
    pulled_forget(p);
    assert_int_equal(uv_loop_close(&p->loop), 0);
    char command[128] = "rm -r ";
    assert_int_equal(system(strcat(command, p->folder)), 0);
}

/* The messages since the last time, joined by "|". */
static inline void pulled_expect(struct pulled *p, const char *joined)
{
    char text[4096] = "";
    size_t len = 0;
    for (int i = 0; i < p->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.200s", i > 0 ? "|" : "", p->messages[i]);
    assert_string_equal(text, joined);
    pulled_forget(p);
}

#endif
