/* The rig of a shard's log: opens, sends numbered records, counts what comes back. */
#include "shard_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <vedette/error.h>

#include "unit.h"

static int on_restore(void *arg, struct vd_bytes chunk)
{
    struct shard_rig *rig = arg;
    size_t len = strlen(rig->restored);
    assert_in_range(len + chunk.len, 0, sizeof rig->restored - 1);
    if (chunk.len > 0)
        memcpy(rig->restored + len, chunk.data, chunk.len);
    rig->restored[len + chunk.len] = '\0';
    return rig->restore_result;
}

static int on_replay(void *arg, const struct vd_consumed *event)
{
    struct shard_rig *rig = arg;
    char text[SHARD_RIG_VALUE_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)event->value.len, (const char *)event->value.data);
    int64_t number = strtoll(text, NULL, 10);
    if (rig->replayed++ == 0)
        rig->first_replayed = number;
    else
        rig->disorder += number != (int64_t)rig->next;
    rig->next = (size_t)number + 1;
    assert_int_equal(event->partition, SHARD_RIG_SHARD);
    return 0;
}

/* It would be none of ours: the cluster forgets nothing. */
static int on_undecided(void *arg, const struct vd_undecided *undecided, struct vd_record *record)
{
    (void)arg;
    (void)undecided;
    (void)record;
    return VD_EKAFKA;
}

static void on_closed(void *arg)
{
    struct shard_rig *rig = arg;
    rig->closed++;
}

static void on_opened(void *arg)
{
    struct shard_rig *rig = arg;
    rig->opened++;
    if (rig->close_in_callback)
        vd_shard_log_close(rig->log, on_closed);
}

static void on_committed(void *arg, int64_t end_offset)
{
    struct shard_rig *rig = arg;
    rig->committed++;
    rig->end_offset = end_offset;
}

static void on_snapshotted(void *arg, int64_t state_offset)
{
    struct shard_rig *rig = arg;
    rig->state_offset = state_offset;
}

static void on_failed(void *arg, enum vd_shard_log_failure failure, const char *why)
{
    struct shard_rig *rig = arg;
    rig->failed++;
    rig->failure = failure;
    snprintf(rig->why, sizeof rig->why, "%s", why);
    if (rig->close_in_callback)
        vd_shard_log_close(rig->log, on_closed);
}

static void on_waiting(void *arg, const char *why)
{
    struct shard_rig *rig = arg;
    snprintf(rig->waiting, sizeof rig->waiting, "%s", why == NULL ? "" : why);
}

static void on_patience(uv_timer_t *timer)
{
    struct shard_rig *rig = timer->data;
    rig->late = true;
}

void shard_rig_open(struct shard_rig *rig)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_shard_log_options options = {
        .kafka = {.brokers = vd_kafka_embedded_brokers(rig->embedded), .client_id = "rig"},
        .prefix = "rig",
        .group = "rig-collectors",
        .shard = SHARD_RIG_SHARD,
        .loop = &rig->loop,
        .callbacks = {on_restore, on_replay, on_undecided, on_opened, on_committed, on_snapshotted, on_failed,
                      on_waiting},
        .arg = rig,
    };
    rig->opened = rig->committed = rig->failed = rig->closed = rig->replayed = rig->disorder = 0;
    rig->next = 0;
    rig->state_offset = -1;
    rig->restored[0] = '\0';
    assert_int_equal(vd_shard_log_open(&rig->log, &options, error), 0);
}

void shard_rig_init(struct shard_rig *rig, struct shard_rig *beside)
{
    char error[VD_KAFKA_ERROR_BYTES];
    *rig = (struct shard_rig){0};
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    uv_timer_init(&rig->loop, &rig->patience);
    rig->patience.data = rig;
    rig->embedded_own = beside == NULL;
    if (beside != NULL)
        rig->embedded = beside->embedded;
    else
        assert_int_equal(vd_kafka_embedded_new(&rig->embedded, "rig", SHARD_RIG_PARTITIONS, error), 0);
}

void shard_rig_run_until(struct shard_rig *rig, bool (*done)(const struct shard_rig *))
{
    rig->late = false;
    uv_timer_start(&rig->patience, on_patience, SHARD_RIG_PATIENCE_MS, 0);
    while (!done(rig) && !rig->late)
        uv_run(&rig->loop, UV_RUN_ONCE);
    uv_timer_stop(&rig->patience);
    if (rig->late)
        print_error("late; waiting: %s; why: %s\n", rig->waiting, rig->why);
    assert_false(rig->late);
}

void shard_rig_send(struct shard_rig *rig, size_t count)
{
    /* A value is borrowed until the commit, and the number tells one that was touched meanwhile. */
    static char values[4096][SHARD_RIG_VALUE_BYTES];
    const char *why = "";
    for (size_t end = rig->next + count; rig->next < end; rig->next++) {
        char *value = values[rig->next % (sizeof values / sizeof *values)];
        snprintf(value, sizeof values[0], "%zu", rig->next);
        struct vd_record record = {
            .topic = VD_TOPIC_EVENTS,
            .partition = SHARD_RIG_SHARD,
            .key = vd_bytes_str("acme/web-1"),
            .value = vd_bytes_str(value),
            .header_count = 1,
            .headers = {{"tenant_uid", vd_bytes_str("acme")}},
        };
        assert_int_equal(vd_shard_log_send(rig->log, &record, &why), 0);
    }
}

void shard_rig_commit(struct shard_rig *rig, size_t count)
{
    shard_rig_send(rig, count);
    shard_rig_commit_all(rig);
}

void shard_rig_commit_all(struct shard_rig *rig)
{
    rig->committed = 0;
    vd_shard_log_commit(rig->log);
    assert_true(vd_shard_log_committing(rig->log));
    shard_rig_run_until(rig, shard_rig_has_committed);
}

void shard_rig_close(struct shard_rig *rig)
{
    vd_shard_log_close(rig->log, on_closed);
    assert_int_equal(rig->closed, 0);
    shard_rig_run_until(rig, shard_rig_is_closed);
}

void shard_rig_deinit(struct shard_rig *rig)
{
    uv_close((uv_handle_t *)&rig->patience, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(rig->closed, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    if (rig->embedded_own)
        vd_kafka_embedded_free(rig->embedded);
}

bool shard_rig_is_open(const struct shard_rig *rig)
{
    return rig->opened > 0;
}

bool shard_rig_has_committed(const struct shard_rig *rig)
{
    return rig->committed > 0;
}

bool shard_rig_has_failed(const struct shard_rig *rig)
{
    return rig->failed > 0;
}

bool shard_rig_is_closed(const struct shard_rig *rig)
{
    return rig->closed > 0;
}

bool shard_rig_is_waiting(const struct shard_rig *rig)
{
    return strstr(rig->waiting, rig->expected != NULL ? rig->expected : "") != NULL &&
           rig->waiting[0] != '\0';
}
