/* Marks of streams from a snapshot and from the events themselves. */
#include "ownership/recovery.h"

#include <vedette/batch.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/event_splice.h>
#include <vedette/event_view.h>
#include <vedette/gap.h>

#include "notice.h"
#include "ownership/snapshot.h"
#include "score/published.h"

enum { TAKEOVER_MAX_BYTES = 8192 };

int recovery_init(struct recovery *r, size_t streams_max, const struct score_options *score)
{
    *r = (struct recovery){0};
    vd_buffer_init(&r->takeover.event, TAKEOVER_MAX_BYTES);
    int rc = streams_init(&r->streams, streams_max);
    if (rc != 0 || score == NULL)
        return rc;
    r->score_options = *score;
    return score_new(&r->score, score);
}

void recovery_deinit(struct recovery *r)
{
    streams_deinit(&r->streams);
    score_free(r->score);
    r->score = NULL;
    vd_buffer_deinit(&r->takeover.event);
}

/* ---- The snapshot */

static int stream_of(struct recovery *r, const struct snapshot_mark *mark, struct stream **out)
{
    *out = streams_at(&r->streams, mark->key, mark->tenant_len, mark->stream);
    return *out == NULL ? VD_ENOMEM : 0;
}

static int restore_mark(void *arg, const struct snapshot_mark *mark)
{
    struct recovery *r = arg;
    struct stream *stream;
    int rc = stream_of(r, mark, &stream);
    if (rc != 0)
        return rc;
    r->marks++;
    stream->taken = stream->mark = mark->mark;
    stream->chain = stream->mark_chain = mark->chain;
    stream->quarantined = mark->quarantined;
    return 0;
}

/* Whatever was read of them is gone, and they begin empty. */
static int lose_windows(struct recovery *r, const char *why)
{
    r->windows_lost = why;
    r->ahead = 0;
    score_free(r->score);
    r->score = NULL;
    return score_new(&r->score, &r->score_options);
}

static int restore_windows(void *arg, struct vd_bytes piece)
{
    struct recovery *r = arg;
    if (r->score == NULL || r->windows_lost != NULL)
        return 0;
    int rc = score_state_read(r->score, &r->windows, piece);
    if (rc == 0)
        return 0;
    return lose_windows(r, rc == VD_EUNSUPPORTED
                               ? "written by another version, or with another score.max_entities"
                               : "damaged");
}

static int restore_ahead(void *arg, uint64_t events)
{
    struct recovery *r = arg;
    r->ahead = events;
    return 0;
}

int recovery_restore(struct recovery *r, struct vd_bytes chunk)
{
    static const struct snapshot_sink SINK = {restore_mark, restore_windows, restore_ahead};
    return snapshot_read(chunk, &SINK, r);
}

/* All chunks are read: windows that are not whole would be another shard's history. */
static int settle_windows(struct recovery *r)
{
    if (r->score == NULL || r->windows_lost != NULL || score_restore_whole(&r->windows))
        return 0;
    if (r->windows.begun)
        return lose_windows(r, "not whole");
    r->ahead = 0; /* there are none: all is scored again */
    return 0;
}

/* ---- The events since */

static unsigned hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - (unsigned)'0';
    return c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : 16;
}

/* As the collector writes them. */
static bool stream_id_read(uint8_t out[VD_STREAM_BYTES], struct vd_bytes hex)
{
    if (hex.len != 2 * VD_STREAM_BYTES)
        return false;
    for (size_t i = 0; i < VD_STREAM_BYTES; i++) {
        unsigned high = hex_digit(hex.data[2 * i]), low = hex_digit(hex.data[2 * i + 1]);
        if (high > 15 || low > 15)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* The chain over the agent's own bytes, up to this event. What stands for another event, and what follows on
 * a hole, has none: the agent tells it again. */
static uint64_t chain_on(const struct stream *stream, const struct vd_event_view *view, struct vd_bytes value)
{
    bool follows = view->sequence == stream->mark + 1 && (stream->mark == 0 || stream->mark_chain != 0);
    struct vd_bytes event = follows ? vd_event_unspliced(value) : (struct vd_bytes){0};
    bool stands_for_other = view->class_uid == 0 &&
                            vd_bytes_equal(view->event_code, vd_bytes_str(VD_GAP_CODE)) &&
                            vd_gap_stands_at(value, view->sequence);
    return event.len == 0 || stands_for_other ? 0 : vd_chain_next(stream->mark_chain, event);
}

static void score_again(struct recovery *r, const struct vd_event_view *view)
{
    if (r->score == NULL || !score_published(r->score, view, r->ahead > 0))
        return;
    r->scored += r->ahead == 0;
    r->ahead -= r->ahead > 0;
}

int recovery_replay(struct recovery *r, const struct vd_consumed *event)
{
    struct vd_event_view view;
    struct snapshot_mark mark = {0};
    struct stream *stream;
    if (!snapshot_key_read(&mark, event->key) || vd_event_view_read(&view, event->value) != 0 ||
        !stream_id_read(mark.stream, view.stream_uid)) {
        r->ignored++;
        return 0;
    }
    int rc = r->events == 0 ? settle_windows(r) : 0;
    if (rc == 0)
        rc = stream_of(r, &mark, &stream);
    if (rc != 0)
        return rc;
    r->events++;
    score_again(r, &view);
    if (view.sequence > stream->mark) {
        stream->chain = stream->mark_chain = chain_on(stream, &view, event->value);
        stream->taken = stream->mark = view.sequence;
    }
    /* What an agent sent as a FORK has a number, and quarantines nothing. */
    if (view.sequence == 0 && vd_fork_is(event->value))
        stream->quarantined = true;
    return 0;
}

/* Of nobody's, and so under no key. */
int recovery_undecided(struct recovery *r, int32_t shard, const struct vd_undecided *undecided,
                       struct vd_record *record)
{
    const struct vd_takeover takeover = {
        .shard = shard, .from = undecided->from, .to = undecided->to, .time_ms = vd_clock_real_ms()};
    r->takeover.offsets = *undecided;
    vd_buffer_clear(&r->takeover.event);
    int rc = notice_takeover(&r->takeover.event, &takeover);
    if (rc == 0)
        outlet_record_write(
            record, &(struct outlet_record){.partition = shard, .value = vd_buffer_bytes(&r->takeover.event)},
            r->takeover.text);
    return rc;
}

int recovery_end(struct recovery *r)
{
    return r->events == 0 ? settle_windows(r) : 0;
}
