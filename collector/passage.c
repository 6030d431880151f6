/* An event's way through its shard; passage.h tells what may become of it. */
#include "passage.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/event_validate.h>
#include <vedette/event_view.h>
#include <vedette/finding.h>
#include <vedette/log.h>

#include "finding_event.h"
#include "score_findings.h"
#include "sentence.h"
#include "told_event.h"

/* Dead letters of a stream in a second: a broken agent must not be what fills Kafka. */
enum { LETTERS_A_SECOND = 100 };

void passage_begin(struct passage *p, struct shard_time now)
{
    const struct stream *stream = p->batch->stream;
    p->now = now;
    p->waiting_count = 0;
    p->record = (struct outlet_record){.partition = p->options->partition,
                                       .key = stream_key(stream),
                                       .tenant = stream_tenant(stream),
                                       .time_ms = now.real_ms,
                                       .opaque = p->batch};
    score_origin_init(p->score, &p->origin, stream_tenant(stream), stream_agent(stream));
    vd_splice_frame_init(&p->frame, &(struct vd_splice){.tenant = stream_tenant(stream),
                                                        .agent = stream_agent(stream),
                                                        .stream = stream->id,
                                                        .processed_time_ms = now.real_ms});
}

static int hand_over(const struct passage *p, const struct outlet_record *record)
{
    const struct outlet *outlet = p->options->outlet;
    struct batch *b = p->batch;
    b->outstanding++; /* before it is handed over, and taken back where that fails */
    int rc = outlet->send(outlet->self, record);
    if (rc != 0)
        b->outstanding--;
    return rc;
}

/* Until the batch is delivered; VD_ENOMEM. */
static int keep(struct passage *p, struct vd_bytes bytes, struct vd_bytes *kept)
{
    struct batch *b = p->batch;
    assert(bytes.data != NULL);
    uint8_t *at = blocks_reserve(p->options->blocks, &b->blocks, bytes.len);
    if (at == NULL)
        return VD_ENOMEM;
    memcpy(at, bytes.data, bytes.len);
    b->blocks->used += bytes.len;
    *kept = vd_bytes_of(at, bytes.len);
    return 0;
}

/* What the notice says. */
static int send_notice(struct passage *p)
{
    struct outlet_record record = p->record;
    int rc = keep(p, vd_buffer_bytes(p->notice), &record.value);
    return rc == 0 ? hand_over(p, &record) : rc;
}

/* Of whoever of the shard: seldom of this batch's own agent. */
static int send_told(struct passage *p, const struct score_told *told)
{
    struct told_whose whose = told_whose(told);
    char key[TOTALS_NAME_BYTES + 1 + SILENCE_NAME_BYTES];
    size_t len = whose.tenant.len;
    struct outlet_record record = p->record;
    memcpy(key, whose.tenant.data, len);
    if (whose.host.len > 0) {
        key[len++] = '/';
        memcpy(key + len, whose.host.data, whose.host.len);
        len += whose.host.len;
    }
    vd_buffer_clear(p->notice);
    int rc = told_event_write(p->notice, told, p->now.real_ms);
    if (rc == 0)
        rc = keep(p, vd_buffer_bytes(p->notice), &record.value);
    if (rc == 0)
        rc = keep(p, vd_bytes_of(key, len), &record.key);
    record.tenant = vd_bytes_of(record.key.data, whose.tenant.len);
    return rc == 0 ? hand_over(p, &record) : rc;
}

/* Silences, and volumes out of the ordinary. */
static int tell(struct passage *p)
{
    struct score_told told;
    int rc = 0;
    while (rc == 0 && score_told_next(p->score, &told)) {
        rc = send_told(p, &told);
        if (rc == 0)
            score_find_told(p->score, &told);
    }
    return rc;
}

/* Of whichever of the shard's tenants it is. */
static int send_finding(struct passage *p, const struct score_finding *finding)
{
    char key[FINDING_KEY_BYTES + 1];
    struct outlet_record record = p->record;
    vd_buffer_clear(p->notice);
    finding_uid(finding, key);
    int rc = finding_event_write(p->notice, finding, p->now.real_ms);
    if (rc == 0)
        rc = keep(p, vd_buffer_bytes(p->notice), &record.value);
    if (rc == 0)
        rc = keep(p, vd_bytes_str(key), &record.key);
    if (rc == 0)
        rc = keep(p, vd_bytes_str(finding->tenant), &record.tenant);
    record.class_uid = VD_FINDING_CLASS;
    record.is_finding = true;
    return rc == 0 ? hand_over(p, &record) : rc;
}

static int tell_findings(struct passage *p)
{
    struct score_finding finding;
    int rc = 0;
    while (rc == 0 && score_finding_next(p->score, &finding)) {
        rc = send_finding(p, &finding);
        if (rc != 0)
            score_finding_again(p->score, &finding);
    }
    return rc;
}

static void find(const struct passage *p, const struct passage_event *event, const struct vd_score *score)
{
    char uid[VD_EVENT_UID_BYTES];
    size_t len = vd_event_uid(p->batch->stream->id, event->seq, uid);
    score_find(p->score, &event->prepared, score, vd_bytes_of(uid, len));
}

static bool letter_allowed(struct stream *stream, int64_t now_ns)
{
    int64_t second = now_ns / 1000000000;
    if (stream->letters_second != second) {
        stream->letters_second = second;
        stream->letters = 0;
    }
    return stream->letters++ < LETTERS_A_SECOND;
}

static int send_letter(struct passage *p, struct vd_bytes event, const struct vd_refusal *why)
{
    struct batch *b = p->batch;
    const struct shard_options *o = p->options;
    size_t path_bytes = strlen(why->path) + 1;
    uint8_t *value = blocks_reserve(o->blocks, &b->blocks, event.len + path_bytes);
    if (value == NULL)
        return VD_ENOMEM;
    memcpy(value, event.data, event.len);
    char *path = memcpy(value + event.len, why->path, path_bytes);
    b->blocks->used += event.len + path_bytes;
    struct outlet_record record = p->record;
    record.value = vd_bytes_of(value, event.len);
    record.reason = why->reason;
    record.path = path;
    return hand_over(p, &record);
}

/* Where the GAP of a hole is refused itself, ours tells of the hole as well. */
static uint64_t lost_before(const struct passage *p, uint64_t seq)
{
    uint64_t missing = seq - p->batch->stream->taken - 1;
    return p->lost < missing ? p->lost : missing;
}

/* A GAP takes the event's number, so that the events partition alone tells how far each stream is kept. */
static int refuse(struct passage *p, struct vd_bytes event, const struct vd_refusal *why, uint64_t seq)
{
    struct stream *stream = p->batch->stream;
    struct metrics *metrics = p->options->metrics;
    bool letter = letter_allowed(stream, p->now.monotonic_ns);
    metrics->events_refused++;
    metrics->letters_withheld += !letter;
    vd_log_debug("event refused", VD_F_BYTES("agent", p->record.key), VD_F_STR("reason", why->reason),
                 VD_F_STR("path", why->path));
    vd_buffer_clear(p->notice);
    const struct notice_refusal refusal = {
        .from = seq - lost_before(p, seq), .seq = seq, .why = why, .letter = letter};
    int rc = notice_refusal(p->notice, stream, &refusal, p->now.real_ms);
    /* The letter first: sent twice it is only a letter, but the GAP's number must not be. */
    if (rc == 0 && letter)
        rc = send_letter(p, event, why);
    return rc == 0 ? send_notice(p) : rc;
}

static int score_and_publish(struct passage *p, const struct passage_event *event)
{
    struct batch *b = p->batch;
    const struct shard_options *o = p->options;
    struct vd_score score;
    char sentence[SCORE_SENTENCE_BYTES];
    uint8_t ours[VD_SPLICE_MAX_BYTES];
    int rc = score_judge(p->score, &event->prepared, &score);
    if (rc < 0)
        return rc;
    if (score_finds(p->score, &event->prepared, &score))
        find(p, event, &score);
    size_t sentence_len = score_sentence(&score, sentence, sizeof sentence);
    struct vd_splice splice = {.frame = &p->frame,
                               .seq = event->seq,
                               .class_uid = event->view.class_uid,
                               .activity_id = event->view.activity_id,
                               .score = &score,
                               .risk_details = vd_bytes_of(sentence, sentence_len)};
    /* By way of the stack: room for the longest there is would leave blocks half empty. */
    size_t ours_len = vd_event_splice_write(&splice, ours), len = event->bytes.len + ours_len;
    uint8_t *value = blocks_reserve(o->blocks, &b->blocks, len);
    if (value == NULL)
        return VD_ENOMEM;
    memcpy(value, event->bytes.data, event->bytes.len);
    memcpy(value + event->bytes.len, ours, ours_len);
    b->blocks->used += len;
    o->metrics->risk_levels[score.risk_level_id]++;
    o->metrics->events_alerted += score.is_alert;
    b->published++;
    struct outlet_record record = p->record;
    record.value = vd_bytes_of(value, len);
    record.class_uid = event->view.class_uid;
    record.scored = true;
    return hand_over(p, &record);
}

static void taken(const struct passage *p, uint64_t seq, uint64_t chain)
{
    struct stream *stream = p->batch->stream;
    stream->taken = seq;
    stream->chain = chain;
    p->options->metrics->events_received++;
}

int passage_end(struct passage *p)
{
    uint32_t count = p->waiting_count;
    p->waiting_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct passage_event *event = &p->waiting[i];
        int rc = score_and_publish(p, event);
        if (rc != 0)
            return rc;
        taken(p, event->seq, event->chain);
        rc = tell(p);
        if (rc == 0)
            rc = tell_findings(p);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static void wait(struct passage *p, struct passage_event *event)
{
    struct score_input input = score_input_of(&event->view, &p->origin, p->now.real_ms);
    score_prepare(p->score, &input, &event->prepared);
    p->waiting_count++;
}

int passage_event(struct passage *p, struct vd_bytes event, uint64_t seq, uint64_t chain)
{
    struct passage_event *next = &p->waiting[p->waiting_count];
    struct vd_refusal why;
    struct vd_validate_limits limits = {.event_max_bytes = p->options->event_max_bytes};
    next->bytes = event;
    next->seq = seq;
    next->chain = chain;
    if (vd_event_validate(&next->view, event, &limits, p->now.real_ms, &why) == 0) {
        wait(p, next);
        return p->waiting_count < PASSAGE_WAITING_MAX ? 0 : passage_end(p);
    }
    int rc = passage_end(p);
    if (rc == 0)
        rc = refuse(p, event, &why, seq);
    if (rc == 0)
        taken(p, seq, chain);
    return rc;
}

int passage_fork(struct passage *p, const struct notice_fork *fork)
{
    assert(p->waiting_count == 0);
    vd_buffer_clear(p->notice);
    int rc = notice_fork(p->notice, p->batch->stream, fork, p->now.real_ms);
    return rc == 0 ? send_notice(p) : rc;
}
