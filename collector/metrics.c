/* The collector's metrics as Prometheus text (exposition format 0.0.4). */
#include "metrics.h"

#include <inttypes.h>
#include <vedette/error.h>

static const double LATENCY_BOUNDS_S[METRICS_LATENCY_BUCKETS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                                 0.1,   0.25,   0.5,   1,    2.5,   10};
static const char *const LEVEL_NAMES[] = {"info", "low", "medium", "high", "critical"};

void metrics_latency(struct metrics *m, int64_t took_ns)
{
    double seconds = (double)took_ns * 1e-9;
    size_t bucket = 0;
    while (bucket < METRICS_LATENCY_BUCKETS && seconds > LATENCY_BOUNDS_S[bucket])
        bucket++;
    m->latency_counts[bucket]++;
    m->latency_sum_seconds += seconds;
}

void metrics_time(struct metrics_times *times, uint64_t took_ms)
{
    times->count++;
    times->sum_seconds += (double)took_ms * 1e-3;
}

static int write_times(struct vd_buffer *out, const char *name, const char *help,
                       const struct metrics_times *times)
{
    return vd_buffer_printf(out,
                            "# HELP vedette_collector_%s %s\n# TYPE vedette_collector_%s summary\n"
                            "vedette_collector_%s_sum %.3f\nvedette_collector_%s_count %" PRIu64 "\n",
                            name, help, name, name, times->sum_seconds, name, times->count);
}

static int write_latency(const struct metrics *m, struct vd_buffer *out)
{
    uint64_t total = 0;
    int rc = vd_buffer_append_str(
        out, "# HELP vedette_collector_publish_seconds From a batch's receipt to Kafka's "
             "acknowledgement of all of it\n"
             "# TYPE vedette_collector_publish_seconds histogram\n");
    for (size_t i = 0; rc == 0 && i < METRICS_LATENCY_BUCKETS; i++) {
        total += m->latency_counts[i];
        rc = vd_buffer_printf(out, "vedette_collector_publish_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                              LATENCY_BOUNDS_S[i], total);
    }
    total += m->latency_counts[METRICS_LATENCY_BUCKETS];
    if (rc == 0)
        rc = vd_buffer_printf(out,
                              "vedette_collector_publish_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
                              "vedette_collector_publish_seconds_sum %.6f\n"
                              "vedette_collector_publish_seconds_count %" PRIu64 "\n",
                              total, m->latency_sum_seconds, total);
    return rc;
}

static int write_levels(const struct metrics *m, struct vd_buffer *out)
{
    int rc =
        vd_buffer_append_str(out, "# HELP vedette_collector_events_scored_total Events by level of risk\n"
                                  "# TYPE vedette_collector_events_scored_total counter\n");
    for (size_t i = 0; rc == 0 && i < sizeof LEVEL_NAMES / sizeof *LEVEL_NAMES; i++)
        rc = vd_buffer_printf(out, "vedette_collector_events_scored_total{level=\"%s\"} %" PRIu64 "\n",
                              LEVEL_NAMES[i], m->risk_levels[i]);
    return rc;
}

static int write_one(struct vd_buffer *out, const char *name, const char *suffix, const char *type,
                     const char *help, uint64_t value)
{
    return vd_buffer_printf(out,
                            "# HELP vedette_collector_%s%s %s\n# TYPE vedette_collector_%s%s %s\n"
                            "vedette_collector_%s%s %" PRIu64 "\n",
                            name, suffix, help, name, suffix, type, name, suffix, value);
}

int metrics_write(const struct metrics *m, struct vd_buffer *out)
{
    int rc = 0;
#define WRITE_COUNTER(name, help)                                                                            \
    if (rc == 0)                                                                                             \
        rc = write_one(out, #name, "_total", "counter", help, m->name);
#define WRITE_GAUGE(name, help)                                                                              \
    if (rc == 0)                                                                                             \
        rc = write_one(out, #name, "", "gauge", help, m->name);
    COLLECTOR_COUNTERS(WRITE_COUNTER)
    COLLECTOR_GAUGES(WRITE_GAUGE)
#undef WRITE_COUNTER
#undef WRITE_GAUGE
    if (rc == 0)
        rc = write_levels(m, out);
    if (rc == 0)
        rc =
            write_times(out, "commit_seconds", "Transactions committed, and how long that took", &m->commits);
    if (rc == 0)
        rc =
            write_times(out, "recovery_seconds", "Shards taken over, and how long that took", &m->recoveries);
    return rc == 0 ? write_latency(m, out) : rc;
}
