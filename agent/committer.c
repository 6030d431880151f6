/* Group commit, beside the loop; committer.h tells its happy path and how it fails. */
#include "committer.h"

#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

enum { RETRY_MS = 1000 };

struct committer {
    struct committer_options options;
    uv_timer_t timer;
    uv_work_t work;
    struct vd_spool_commit *commit; /* under way, or NULL */
    bool fails, closing, timer_open;
    bool hurry; /* what is pending has waited long enough */
    void (*on_close)(void *owner);
};

static void finish_close(struct committer *c)
{
    if (c->commit != NULL || c->timer_open)
        return;
    void (*cb)(void *) = c->on_close;
    void *owner = c->options.owner;
    vd_free(c);
    cb(owner);
}

static void on_timer(uv_timer_t *timer);

/* Said when it begins and when it ends, not each second in between. */
static void note_outcome(struct committer *c, int rc)
{
    if (rc != 0 && !c->fails)
        vd_log_error("the spool cannot be written: sources stop until it can", VD_F_ERROR(rc));
    if (rc == 0 && c->fails)
        vd_log_info("the spool can be written again");
    c->fails = rc != 0;
}

static void on_thread(uv_work_t *work)
{
    struct committer *c = work->data;
    vd_spool_commit_run(c->commit);
}

static void on_done(uv_work_t *work, int status)
{
    struct committer *c = work->data;
    (void)status; /* it is never cancelled */
    int rc = vd_spool_commit_end(c->options.spool, c->commit);
    c->commit = NULL;
    note_outcome(c, rc);
    if (c->closing) {
        finish_close(c);
        return;
    }
    if (rc != 0) {
        uv_timer_start(&c->timer, on_timer, RETRY_MS, 0);
        return;
    }
    c->options.durable(c->options.owner);
    committer_wake(c, false);
}

static void begin(struct committer *c)
{
    c->commit = vd_spool_commit_begin(c->options.spool);
    if (c->commit == NULL) {
        c->fails = false; /* nothing is left to try with: the next append tells */
        return;
    }
    c->hurry = false;
    uv_timer_stop(&c->timer);
    uv_queue_work(c->options.loop, &c->work, on_thread, on_done);
}

static void on_timer(uv_timer_t *timer)
{
    begin(timer->data);
}

void committer_wake(struct committer *c, bool at_once)
{
    struct vd_spool *spool = c->options.spool;
    if (!vd_spool_pending(spool))
        return;
    c->hurry = c->hurry || at_once;
    if (c->commit != NULL || c->closing || c->fails)
        return;
    if (c->options.always || c->hurry || vd_spool_commit_due(spool, c->options.now_ms()))
        begin(c);
    else if (!uv_is_active((uv_handle_t *)&c->timer))
        uv_timer_start(&c->timer, on_timer, c->options.age_ms, 0);
}

bool committer_busy(const struct committer *c)
{
    return c->commit != NULL;
}

bool committer_fails(const struct committer *c)
{
    return c->fails;
}

int committer_start(struct committer **out, const struct committer_options *options)
{
    struct committer *c = vd_calloc(1, sizeof *c);
    if (c == NULL)
        return VD_ENOMEM;
    c->options = *options;
    uv_timer_init(options->loop, &c->timer);
    c->timer.data = c->work.data = c;
    c->timer_open = true;
    *out = c;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct committer *c = handle->data;
    c->timer_open = false;
    finish_close(c);
}

void committer_close(struct committer *c, void (*cb)(void *owner))
{
    c->closing = true;
    c->on_close = cb;
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
