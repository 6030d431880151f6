/* The rig: what a collector does with a producer, reduced to counting. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/memory.h>

static void on_delivered(void *arg, void *opaque, int error, const char *why)
{
    struct rig *rig = arg;
    struct rig_record *record = opaque;
    size_t index = (size_t)(record - rig->records);
    assert_non_null(why);
    record->returned++;
    record->error = error;
    rig->returned++;
    rig->failed += error != 0;
    if (error != 0)
        return;
    size_t *last = &rig->last_returned[record->partition];
    rig->disorder += *last != SIZE_MAX && index <= *last;
    *last = index;
}

static void on_state(void *arg, enum vd_producer_state state, const char *why)
{
    struct rig *rig = arg;
    if (rig->state_count < RIG_STATES)
        rig->states[rig->state_count++] = state;
    snprintf(rig->why, sizeof rig->why, "%s", why);
}

static void on_patience(uv_timer_t *timer)
{
    struct rig *rig = timer->data;
    rig->late = true;
}

void rig_open(struct rig *rig, const char *brokers)
{
    char error[VD_KAFKA_ERROR_BYTES];
    *rig = (struct rig){0};
    for (size_t i = 0; i < RIG_PARTITIONS; i++)
        rig->last_returned[i] = SIZE_MAX;
    rig->records = vd_calloc(RIG_RECORDS, sizeof *rig->records);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    uv_timer_init(&rig->loop, &rig->patience);
    rig->patience.data = rig;
    if (brokers == NULL) {
        assert_int_equal(vd_kafka_embedded_new(&rig->embedded, "rig", RIG_PARTITIONS, error), 0);
        brokers = vd_kafka_embedded_brokers(rig->embedded);
    }
    struct vd_producer_options options = {
        .kafka = {.brokers = brokers, .client_id = "rig"},
        .prefix = "rig",
        .loop = &rig->loop,
        .callbacks = {.delivered = on_delivered, .state = on_state},
        .arg = rig,
    };
    assert_int_equal(vd_producer_new(&rig->producer, &options, error), 0);
}

void rig_run_until(struct rig *rig, bool (*done)(const struct rig *))
{
    rig->late = false;
    uv_timer_start(&rig->patience, on_patience, RIG_PATIENCE_MS, 0);
    while (!done(rig) && !rig->late)
        uv_run(&rig->loop, UV_RUN_ONCE);
    uv_timer_stop(&rig->patience);
    assert_false(rig->late);
}

void rig_send(struct rig *rig, size_t count)
{
    const char *why = "";
    for (size_t end = rig->sent + count; rig->sent < end; rig->sent++) {
        struct rig_record *r = &rig->records[rig->sent];
        snprintf(r->value, sizeof r->value, "record %zu", rig->sent);
        r->partition = (int32_t)(rig->sent % RIG_PARTITIONS);
        struct vd_record record = {
            .topic = VD_TOPIC_EVENTS,
            .partition = r->partition,
            .key = vd_bytes_str("acme/web-1"),
            .value = vd_bytes_str(r->value),
            .header_count = 3,
            .headers = {{"content-type", vd_bytes_str("application/x-protobuf")},
                        {"class_uid", vd_bytes_str("3002")},
                        {"tenant_uid", vd_bytes_str("acme")}},
            .opaque = r,
        };
        assert_int_equal(vd_producer_send(rig->producer, &record, &why), 0);
    }
    assert_int_equal(vd_producer_queued(rig->producer), rig->sent - rig->returned);
}

static void on_closed(void *arg)
{
    struct rig *rig = arg;
    rig->closed++;
}

static bool is_closed(const struct rig *rig)
{
    return rig->closed > 0;
}

void rig_close(struct rig *rig)
{
    vd_producer_close(rig->producer, on_closed);
    assert_int_equal(rig->closed, 0);
    rig_run_until(rig, is_closed);
    for (size_t i = 0; i < rig->sent; i++)
        assert_int_equal(rig->records[i].returned, 1);
    uv_close((uv_handle_t *)&rig->patience, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(rig->closed, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    vd_kafka_embedded_free(rig->embedded);
    vd_free(rig->records);
}

static bool last_state_is(const struct rig *rig, enum vd_producer_state state)
{
    return rig->state_count > 0 && rig->states[rig->state_count - 1] == state;
}

bool rig_is_up(const struct rig *rig)
{
    return last_state_is(rig, VD_PRODUCER_UP);
}

bool rig_is_down(const struct rig *rig)
{
    return last_state_is(rig, VD_PRODUCER_DOWN);
}

bool rig_has_failed(const struct rig *rig)
{
    return last_state_is(rig, VD_PRODUCER_FAILED);
}

bool rig_all_returned(const struct rig *rig)
{
    return rig->returned == rig->sent;
}
