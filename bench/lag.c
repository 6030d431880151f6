/* How long an event takes from its source to a read_committed consumer: now minus the event's own time, of
 * every event that a topic gets while this runs.
 *
 *   bench-lag BROKERS TOPIC SECONDS
 *
 * Says "reading" once it stands at the topic's end, and prints quantiles after so many seconds. The event's
 * time has to be the time of day in milliseconds, of this machine's clock. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <vedette/clock.h>
#include <vedette/consumer.h>
#include <vedette/event_view.h>

enum { LAG_MAX_MS = 60000, POLL_MS = 20, TOPIC_TIMEOUT_MS = 10000 };

struct lags {
    uint64_t counts[LAG_MAX_MS + 1]; /* by millisecond; the last: that and more */
    uint64_t total, odd;             /* odd: no event, or from the future */
};

static void note(struct lags *lags, const struct vd_consumed *record, int64_t now_ms)
{
    struct vd_event_view view;
    if (vd_event_view_read(&view, record->value) != 0 || view.time_ms <= 0 || view.time_ms > now_ms) {
        lags->odd++;
        return;
    }
    int64_t lag_ms = now_ms - view.time_ms;
    lags->counts[lag_ms < LAG_MAX_MS ? lag_ms : LAG_MAX_MS]++;
    lags->total++;
}

static int quantile_ms(const struct lags *lags, double share)
{
    double wanted = share * (double)lags->total, seen = 0;
    for (int ms = 0; ms < LAG_MAX_MS; ms++)
        if ((seen += (double)lags->counts[ms]) >= wanted)
            return ms;
    return LAG_MAX_MS;
}

static int watch(struct vd_consumer *consumer, struct lags *lags, int64_t until_ms, char *error)
{
    int rc = 0;
    while (rc >= 0 && vd_clock_monotonic_ms() < until_ms) {
        struct vd_consumed record;
        rc = vd_consumer_poll(consumer, POLL_MS, &record, error);
        if (rc == 0)
            note(lags, &record, vd_clock_real_ms());
    }
    return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
    static struct lags lags;
    char error[VD_KAFKA_ERROR_BYTES] = "";
    struct vd_consumer *consumer;
    if (argc != 4) {
        fputs("usage: bench-lag BROKERS TOPIC SECONDS\n", stderr);
        return 64;
    }
    struct vd_kafka_options options = {.brokers = argv[1], .client_id = "bench-lag"};
    int rc = vd_consumer_new(&consumer, &options, argv[2], VD_CONSUME_END, TOPIC_TIMEOUT_MS, error);
    if (rc == 0) {
        fputs("reading\n", stderr);
        rc = watch(consumer, &lags, vd_clock_monotonic_ms() + atoi(argv[3]) * INT64_C(1000), error);
        vd_consumer_free(consumer);
    }
    if (rc != 0) {
        fprintf(stderr, "bench-lag: %s\n", error);
        return 69;
    }
    printf("events %" PRIu64 " odd %" PRIu64 " p50 %d p90 %d p99 %d p999 %d max %d\n", lags.total, lags.odd,
           quantile_ms(&lags, 0.5), quantile_ms(&lags, 0.9), quantile_ms(&lags, 0.99),
           quantile_ms(&lags, 0.999), quantile_ms(&lags, 1));
    return 0;
}
