/* What the collector counts, and its Prometheus text. Written on the loop's thread only; names and
 * help texts are in the table below. */
#ifndef COLLECTOR_METRICS_H
#define COLLECTOR_METRICS_H

#include <vedette/buffer.h>

/* clang-format off */
#define COLLECTOR_COUNTERS(X)                                                                                            \
    X(connections_accepted, "Connections accepted")                                                                      \
    X(connections_turned_away, "Connections closed at once: too many sessions")                                          \
    X(handshakes_failed, "Connections that ended before the TLS handshake was over")                                     \
    X(sessions_opened, "Sessions that passed HELLO")                                                                     \
    X(sessions_sent_on, "Sessions told where their shard is, with GO_TO")                                                \
    X(sessions_violated, "Sessions ended for a violation of the protocol")                                               \
    X(sessions_timed_out, "Sessions ended by a deadline")                                                                \
    X(batches_received, "BATCH frames taken in")                                                                         \
    X(events_received, "Events taken in")                                                                                \
    X(events_repeated, "Events that came again and were already taken in")                                               \
    X(events_published, "Events that Kafka acknowledged in the events topic")                                            \
    X(events_refused, "Events refused: a GAP stands in their place")                                                     \
    X(letters_withheld, "Refused events that went not even into the dead letter topic: too many of one stream")          \
    X(streams_forked, "Streams quarantined: two hosts continued them, or one went back in time")                         \
    X(events_alerted, "Events with a risk of 70 or more")                                                                \
    X(events_late, "Events scored in a bucket of the past")                                                              \
    X(events_missed, "Events too old for a window of theirs, and not counted there")                                     \
    X(events_from_the_future, "Events stamped later than the collector's clock allows, and set back")                    \
    X(silences, "Hosts, sources and tenants that were found to have gone quiet")                                         \
    X(volumes, "Rises, falls and broken rhythms of a tenant's totals that were told")                                    \
    X(findings_opened, "Findings opened")                                                                                \
    X(findings_updated, "Findings told again because events joined them")                                                \
    X(findings_closed, "Findings closed, after quiet or to make room")                                                   \
    X(findings_merged, "Events that went into a finding for all the rest: beyond their tenant's findings an hour")       \
    X(score_evictions, "Entities forgotten to make room for others")                                                     \
    X(deliveries_failed, "Records that the producer gave back undelivered; their agents send them again")                \
    X(transactions_failed, "Transactions given up: their shards were recovered, and agents sent again")                  \
    X(shards_fenced, "Times that another collector took a shard over while this one served it")                          \
    X(snapshots_written, "Snapshots of shards written")                                                                  \
    X(received_bytes, "Bytes of BATCH payloads, decompressed")                                                           \
    X(flow_stops, "Times that all sessions stopped reading because too much was under way")
#define COLLECTOR_GAUGES(X)                                                                                              \
    X(sessions, "Sessions open now")                                                                                     \
    X(unauthenticated, "Connections in their TLS handshake or before HELLO now")                                         \
    X(behind_events, "Events that agents hold and have not sent yet, as they told")                                      \
    X(backlog_sessions, "Sessions more than 10,000 events behind now")                                                   \
    X(in_flight_events, "Events between session and Kafka's acknowledgement now")                                        \
    X(in_flight_bytes, "Bytes of those events")                                                                          \
    X(shards_serving, "Shards that this collector serves now")                                                           \
    X(shards_claiming, "Shards that it is to serve, and is taking over or waiting for")                                  \
    X(streams, "Streams remembered")                                                                                     \
    X(score_entities, "Hosts, users and addresses with windows now")                                                     \
    X(certificate_expiry_timestamp_seconds, "When the collector's certificate ends, since the epoch")                    \
    X(log_lines_lost, "Log lines that could not be written since the start")                                             \
    X(ready, "1 if events can be taken in and published")
/* clang-format on */

enum { METRICS_LATENCY_BUCKETS = 12 };

struct metrics_times {
    uint64_t count;
    double sum_seconds;
};

struct metrics {
#define METRICS_FIELD(name, help) uint64_t name;
    COLLECTOR_COUNTERS(METRICS_FIELD)
    COLLECTOR_GAUGES(METRICS_FIELD)
#undef METRICS_FIELD
    uint64_t risk_levels[5]; /* events by risk_level_id */
    uint64_t
        latency_counts[METRICS_LATENCY_BUCKETS + 1]; /* from receipt of a batch to Kafka's acknowledgement */
    double latency_sum_seconds;
    struct metrics_times commits, recoveries;
};

void metrics_latency(struct metrics *m, int64_t took_ns);
void metrics_time(struct metrics_times *times, uint64_t took_ms);
int metrics_write(const struct metrics *m, struct vd_buffer *out);

#endif
