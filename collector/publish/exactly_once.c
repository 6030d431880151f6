/* Transactions of a shard, one after the other; exactly_once.h tells the happy path and how it fails. */
#include "publish/exactly_once.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

/* A queue that was longer than this gives its memory back once it is empty. */
enum { WAITING_KEPT = 4096, FIRST_CAP = 64 };

/* ---- What the transaction holds, and when it ends */

static bool committing(const struct exactly_once *e)
{
    return e->log != NULL && vd_shard_log_committing(e->log);
}

static bool empty(const struct exactly_once *e)
{
    return e->run_count == 0 && !e->own_records;
}

static void commit(struct exactly_once *e)
{
    uv_timer_stop(&e->timer);
    e->commit_begun_ms = uv_now(e->options.loop);
    e->load = (struct commit_load){0};
    e->scored = 0;
    e->own_records = false;
    vd_shard_log_commit(e->log);
}

static void on_timer(uv_timer_t *timer);

/* Commits, or looks again later. */
static void consider(struct exactly_once *e)
{
    if (e->log == NULL || committing(e) || empty(e))
        return;
    uint64_t now = uv_now(e->options.loop);
    e->load.age_ms = now - e->begun_ms;
    /* A queue that was not drained wants the next transaction. */
    if (e->finishing || e->options.flow->stopped || e->waiting_count > 0 ||
        commit_due(e->options.when, &e->load))
        commit(e);
    else
        uv_timer_start(&e->timer, on_timer, commit_look_again_ms(e->options.when, &e->load), 0);
}

static void on_timer(uv_timer_t *timer)
{
    consider(timer->data);
}

/* ---- In */

static bool reserve_run(struct exactly_once *e)
{
    if (e->run_count < e->run_cap)
        return true;
    struct exactly_once_run *grown = vd_grow(e->runs, &e->run_cap, FIRST_CAP, sizeof *grown);
    if (grown == NULL)
        return false;
    e->runs = grown;
    return true;
}

/* Into the transaction; the run is there before the record is gone. */
static int send_now(struct exactly_once *e, const struct outlet_record *r)
{
    const char *why = "";
    char text[OUTLET_TEXT_BYTES];
    struct vd_record record;
    if (!reserve_run(e))
        return VD_ENOMEM;
    outlet_record_write(&record, r, text);
    int rc = vd_shard_log_send(e->log, &record, &why);
    if (rc != 0) {
        if (rc != VD_EFULL)
            vd_log_warn("record not taken by the shard's log", VD_F_ERROR(rc), VD_F_STR("why", why),
                        VD_F_INT("shard", r->partition));
        return rc;
    }
    if (e->run_count > 0 && e->runs[e->run_count - 1].opaque == r->opaque)
        e->runs[e->run_count - 1].count++;
    else
        e->runs[e->run_count++] = (struct exactly_once_run){r->opaque, 1};
    e->load.events++;
    e->scored += r->scored;
    e->load.bytes += r->value.len;
    return 0;
}

static int enqueue(struct exactly_once *e, const struct outlet_record *r)
{
    if (e->waiting_count == e->waiting_cap) {
        struct outlet_record *grown = vd_grow(e->waiting, &e->waiting_cap, FIRST_CAP, sizeof *grown);
        if (grown == NULL)
            return VD_ENOMEM;
        e->waiting = grown;
    }
    e->waiting[e->waiting_count++] = *r;
    return 0;
}

static int send_record(void *self, const struct outlet_record *r)
{
    struct exactly_once *e = self;
    if (e->log == NULL || e->finishing)
        return VD_EUNAVAILABLE;
    bool first = e->waiting_count == 0 && (committing(e) || empty(e));
    int rc = VD_EFULL;
    if (!committing(e) && e->waiting_count == 0)
        rc = send_now(e, r);
    if (rc == VD_EFULL) /* it goes with the next transaction */
        rc = enqueue(e, r);
    if (rc == 0 && first)
        e->begun_ms = uv_now(e->options.loop);
    return rc;
}

static void batch_sent(void *self)
{
    struct exactly_once *e = self;
    /* A timer runs already, unless this was the transaction's first batch, or its last. */
    e->load.age_ms = uv_now(e->options.loop) - e->begun_ms;
    if (!uv_is_active((uv_handle_t *)&e->timer) || e->waiting_count > 0 || e->options.flow->stopped ||
        commit_due(e->options.when, &e->load))
        consider(e);
}

/* ---- Back */

static void deliver(struct exactly_once *e, int error, const char *why)
{
    size_t count = e->run_count;
    e->run_count = 0;
    for (size_t i = 0; i < count; i++)
        e->options.callbacks.delivered(e->options.arg, e->runs[i].opaque, e->runs[i].count, error, why);
    assert(e->run_count == 0); /* nobody sends from inside */
}

static void waiting_sent(struct exactly_once *e, size_t count)
{
    e->waiting_count -= count;
    if (e->waiting_count > 0) {
        memmove(e->waiting, e->waiting + count, e->waiting_count * sizeof *e->waiting);
    } else if (e->waiting_cap > WAITING_KEPT) {
        vd_free(e->waiting);
        e->waiting = NULL;
        e->waiting_cap = 0;
    }
}

/* What waited begins the next transaction. */
static int refill(struct exactly_once *e)
{
    size_t sent = 0;
    int rc = 0;
    while (sent < e->waiting_count && (rc = send_now(e, &e->waiting[sent])) == 0)
        sent++;
    waiting_sent(e, sent);
    return rc == VD_EFULL && !empty(e) ? 0 : rc;
}

static void note_closed(struct exactly_once *e)
{
    e->outlet.closed = e->log == NULL || e->finishing;
}

static void finish_if_idle(struct exactly_once *e)
{
    if (!e->finishing || !exactly_once_idle(e))
        return;
    e->finishing = false;
    note_closed(e);
    e->options.callbacks.finished(e->options.arg);
}

static void tell_settled(struct exactly_once *e)
{
    if (e->waiting_count > 0 || e->options.callbacks.settled == NULL)
        return;
    e->telling = true;
    e->options.callbacks.settled(e->options.arg, e->scored);
    e->telling = false;
}

void exactly_once_committed(struct exactly_once *e, int64_t end_offset)
{
    struct vd_shard_log *log = e->log;
    if (log == NULL)
        return;
    deliver(e, 0, "");
    e->telling = true;
    e->options.callbacks.committed(e->options.arg, end_offset, uv_now(e->options.loop) - e->commit_begun_ms);
    e->telling = false;
    if (e->log != log)
        return; /* the callback ended it */
    int rc = refill(e);
    if (rc != 0) {
        e->options.callbacks.broken(e->options.arg, "a record that waited for its transaction was not taken");
        return;
    }
    tell_settled(e);
    if (e->log != log)
        return;
    consider(e);
    finish_if_idle(e);
}

void exactly_once_stop(struct exactly_once *e)
{
    uv_timer_stop(&e->timer);
    e->log = NULL;
    e->finishing = e->own_records = false;
    e->load = (struct commit_load){0};
    e->scored = 0;
    note_closed(e);
}

void exactly_once_end(struct exactly_once *e, const char *why)
{
    assert(e->log == NULL);
    deliver(e, VD_EKAFKA, why);
    for (size_t i = 0; i < e->waiting_count; i++)
        e->options.callbacks.delivered(e->options.arg, e->waiting[i].opaque, 1, VD_EKAFKA, why);
    waiting_sent(e, e->waiting_count);
}

/* ---- Its life */

void exactly_once_init(struct exactly_once *e, const struct exactly_once_options *options)
{
    *e = (struct exactly_once){.options = *options};
    e->outlet = (struct outlet){.send = send_record, .batch_sent = batch_sent, .self = e, .closed = true};
    uv_timer_init(options->loop, &e->timer);
    e->timer.data = e;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct exactly_once *e = handle->data;
    vd_free(e->runs);
    vd_free(e->waiting);
    e->on_close(e->options.arg);
}

void exactly_once_close(struct exactly_once *e, void (*cb)(void *arg))
{
    assert(e->log == NULL);
    e->on_close = cb;
    uv_close((uv_handle_t *)&e->timer, on_timer_closed);
}

void exactly_once_begin(struct exactly_once *e, struct vd_shard_log *log)
{
    assert(e->log == NULL && empty(e) && e->waiting_count == 0);
    e->log = log;
    note_closed(e);
}

bool exactly_once_idle(const struct exactly_once *e)
{
    return empty(e) && e->waiting_count == 0 && !committing(e);
}

void exactly_once_sent_own(struct exactly_once *e)
{
    if (empty(e) && e->waiting_count == 0)
        e->begun_ms = uv_now(e->options.loop);
    e->own_records = true;
    if (!e->telling)
        consider(e);
}

void exactly_once_hurry(struct exactly_once *e)
{
    if (e->log != NULL && !committing(e) && !empty(e))
        commit(e);
}

void exactly_once_finish(struct exactly_once *e)
{
    e->finishing = true;
    note_closed(e);
    consider(e);
    finish_if_idle(e);
}
