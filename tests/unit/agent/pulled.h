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
#define PULLED_NOW_MS INT64_C(1733875200000) /* 2024-12-11T00:00:00Z */

struct pulled {
    uv_loop_t loop;
    struct source *source;
    char folder[64];
    char *messages[PULLED_MAX];
    int64_t times[PULLED_MAX]; /* of these */
    int count, room;           /* room: how many more are taken before the sink is full */
    uint8_t cursor[SOURCE_CURSOR_MAX_BYTES];
    size_t cursor_len;
    int readies, closes;
    int losses;       /* told */
    int stands;       /* told */
    char detail[256]; /* of the last one */
    uint64_t lost;    /* events, as far as known */
    enum vd_gap_reason reason;
};

extern int64_t pulled_clock_ms; /* what the source takes for now; init sets it */

void pulled_init(struct pulled *p);
struct source_host pulled_host(struct pulled *p);
int pulled_take(void *arg, struct vd_bytes event, struct vd_bytes cursor);
void pulled_lost(void *arg, const struct source_loss *loss, struct vd_bytes cursor);
void pulled_stand(void *arg, struct vd_bytes cursor);
struct source_sink pulled_sink(struct pulled *p);
/* Pulls until there is nothing more: what the last pull said. */
int pulled_all(struct pulled *p);
void pulled_forget(struct pulled *p);
void pulled_close(struct pulled *p);
/* What was told as lost since the last time; a test that expects nothing need not ask. */
void pulled_expect_lost(struct pulled *p, enum vd_gap_reason reason, const char *detail_end);
void pulled_deinit(struct pulled *p);
/* The messages since the last time, joined by "|". */
void pulled_expect(struct pulled *p, const char *joined);

#endif
