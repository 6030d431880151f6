/* Scores a partition of the events topic again, from its beginning and in one go, and compares each event
 * with what the collectors published, byte for byte: rescore BROKERS PREFIX PARTITION MAX_ENTITIES. Whoever
 * scored them, and however often the shard changed hands in between, one scorer says the same. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vedette/consumer.h>
#include <vedette/event_splice.h>
#include <vedette/event_view.h>

#include "published.h"
#include "score_findings.h"
#include "sentence.h"

enum { WAIT_MS = 10000 };

struct run {
    struct score *score;
    uint64_t events, differ, silences, reasons, alerts;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "rescore: %s\n", what);
    exit(2);
}

static unsigned hex(uint8_t c)
{
    return c <= '9' ? c - (unsigned)'0' : c - (unsigned)'a' + 10;
}

static void differs(struct run *r, const struct vd_consumed *record, const char *what)
{
    if (r->differ++ == 0)
        printf("first difference at offset %" PRId64 ": %s\n", record->offset, what);
}

static void compare(struct run *r, const struct vd_consumed *record, const struct vd_event_view *view,
                    const struct vd_score *score)
{
    char sentence[SCORE_SENTENCE_BYTES];
    uint8_t stream[VD_STREAM_BYTES], ours[VD_SPLICE_MAX_BYTES];
    struct vd_bytes sent = vd_event_unspliced(record->value);
    must(view->stream_uid.len == 2 * sizeof stream, "an event without a stream");
    for (size_t i = 0; i < sizeof stream; i++)
        stream[i] = (uint8_t)(hex(view->stream_uid.data[2 * i]) << 4 | hex(view->stream_uid.data[2 * i + 1]));
    size_t sentence_len = score_sentence(score, sentence, sizeof sentence);
    struct vd_splice splice = {.tenant = view->tenant_uid,
                               .agent = view->device_uid,
                               .stream = stream,
                               .seq = view->sequence,
                               .processed_time_ms = view->processed_ms,
                               .class_uid = view->class_uid,
                               .activity_id = view->activity_id,
                               .score = score,
                               .risk_details = vd_bytes_of(sentence, sentence_len)};
    size_t len = vd_event_splice_write(&splice, ours);
    if (record->value.len != sent.len + len || memcmp(record->value.data + sent.len, ours, len) != 0)
        differs(r, record, "an event");
}

static void event(struct run *r, const struct vd_consumed *record, const struct vd_event_view *view)
{
    struct score_origin origin;
    struct score_input in;
    struct score_prepared prepared;
    struct vd_score score;
    struct score_finding finding;
    struct score_told told;
    if (!score_input_of_published(r->score, view, &origin, &in))
        return;
    score_prepare(r->score, &in, &prepared);
    must(score_judge(r->score, &prepared, &score) == 0, "an event that cannot be scored");
    compare(r, record, view, &score);
    r->events++;
    r->reasons += score.reason_count;
    r->alerts += score.is_alert;
    score_find(r->score, &prepared, &score, view->uid);
    for (; score_told_next(r->score, &told); r->silences++)
        score_find_told(r->score, &told);
    while (score_finding_next(r->score, &finding))
        ;
}

static void read_all(struct run *r, struct vd_consumer *consumer)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_consumed record;
    struct vd_event_view view;
    int rc;
    while ((rc = vd_consumer_poll(consumer, WAIT_MS, &record, error)) == 0)
        if (vd_event_view_read(&view, record.value) == 0)
            event(r, &record, &view);
    must(rc == VD_KAFKA_END, "Kafka does not answer");
}

int main(int argc, char **argv)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct run r = {0};
    struct vd_consumer *consumer;
    must(argc == 5, "arguments: BROKERS PREFIX PARTITION MAX_ENTITIES");
    const struct vd_kafka_options kafka = {.brokers = argv[1], .client_id = "rescore"};
    const struct score_options options = {.max_entities = (size_t)strtoull(argv[4], NULL, 10)};
    char topic[256];
    int32_t partition = (int32_t)strtol(argv[3], NULL, 10);
    snprintf(topic, sizeof topic, "%s.events.v1", argv[2]);
    const struct vd_consumer_span span = {
        .partition = &partition, .since_ms = INT64_MIN, .until_ms = INT64_MAX};
    must(score_new(&r.score, &options) == 0, "out of memory");
    must(vd_consumer_new_span(&consumer, &kafka, topic, &span, WAIT_MS, error) == 0, error);
    read_all(&r, consumer);
    printf("events=%" PRIu64 " differ=%" PRIu64 " reasons=%" PRIu64 " alerts=%" PRIu64 " silences=%" PRIu64
           "\n",
           r.events, r.differ, r.reasons, r.alerts, r.silences);
    vd_consumer_free(consumer);
    score_free(r.score);
    return r.differ == 0 ? 0 : 1;
}
