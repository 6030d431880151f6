/* Reading back, for the commands that do. */
#include "topic_reading.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/log.h>

enum { OPEN_MS = 10000, POLL_MS = 200, PROGRESS_MS = 200, SILENT_MS = 30000 };

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void topic_reading_init(struct topic_reading *r, const char *command)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    vd_log_set_level(VD_LOG_ERROR);
    *r = (struct topic_reading){.command = command, .shows = isatty(STDERR_FILENO)};
}

void topic_reading_clear(struct topic_reading *r)
{
    if (r->shows && r->shown_ms > 0)
        fprintf(stderr, "\r\033[K");
    r->shown_ms = 0;
}

static int complain(struct topic_reading *r, const char *error, int result)
{
    topic_reading_clear(r);
    fprintf(stderr, "%s: %s\n", r->command, *error != '\0' ? error : vd_error_text(result));
    return result;
}

int topic_reading_open(struct topic_reading *r, const struct vd_kafka_options *kafka, const char *topic,
                       const struct vd_consumer_span *span)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    topic_reading_close(r);
    int result = vd_consumer_new_span(&r->consumer, kafka, topic, span, OPEN_MS, error);
    r->heard_ms = vd_clock_monotonic_ms();
    return result < 0 ? complain(r, error, result) : 0;
}

static void show_progress(struct topic_reading *r, int64_t now_ms)
{
    if (!r->shows || now_ms - r->shown_ms < PROGRESS_MS)
        return;
    r->shown_ms = now_ms;
    fprintf(stderr, "\r%s: %" PRIu64 " events read ", r->command, r->read);
}

int topic_reading_next(struct topic_reading *r, struct vd_consumed *record)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    int result;
    do {
        if (interrupted)
            return TOPIC_INTERRUPTED;
        result = vd_consumer_poll(r->consumer, POLL_MS, record, error);
        int64_t now_ms = vd_clock_monotonic_ms();
        if (result == VD_KAFKA_NOTHING && now_ms - r->heard_ms >= SILENT_MS)
            result = VD_ETIMEOUT;
        else if (result == 0)
            r->heard_ms = now_ms;
        show_progress(r, now_ms);
    } while (result == VD_KAFKA_NOTHING);
    r->read += result == 0;
    return result < 0 ? complain(r, error, result) : result;
}

void topic_reading_close(struct topic_reading *r)
{
    vd_consumer_free(r->consumer);
    r->consumer = NULL;
}

int topic_reading_exit_code(const struct topic_reading *r, int result)
{
    if (result == TOPIC_INTERRUPTED) {
        fprintf(stderr, "%s: interrupted\n", r->command);
        return EX_TEMPFAIL;
    }
    if (result == VD_ECONFIG)
        return EX_USAGE;
    return result == VD_ENOMEM || result == VD_ELIMIT ? EX_OSERR : EX_UNAVAILABLE;
}
