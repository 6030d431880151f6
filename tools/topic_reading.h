/* A topic read back up to where it ends now, or a part of it: with progress on a terminal, and an end on
 * SIGINT.
 *
 * Happy path: open → next, a record each time, until it says VD_KAFKA_END. How it fails: each error is told
 * once on stderr, and has its exit code; SIGINT and SIGTERM end the reading between two records. */
#ifndef VEDETTE_TOOLS_TOPIC_READING_H
#define VEDETTE_TOOLS_TOPIC_READING_H

#include <stdbool.h>
#include <vedette/consumer.h>

struct topic_reading {
    const char *command; /* "vedette ledger" */
    struct vd_consumer *consumer;
    uint64_t read;
    int64_t shown_ms, heard_ms;
    bool shows; /* progress */
};

enum { TOPIC_INTERRUPTED = 3 };

/* Takes SIGINT and SIGTERM, and quiets librdkafka's log. */
void topic_reading_init(struct topic_reading *reading, const char *command);
/* 0, or a negative error that was told. One that was open is closed first. */
int topic_reading_open(struct topic_reading *reading, const struct vd_kafka_options *kafka, const char *topic,
                       const struct vd_consumer_span *span);
/* 0: a record; VD_KAFKA_END; TOPIC_INTERRUPTED; or a negative error that was told. */
int topic_reading_next(struct topic_reading *reading, struct vd_consumed *record);
/* Wipes the progress off the terminal. */
void topic_reading_clear(struct topic_reading *reading);
void topic_reading_close(struct topic_reading *reading);
/* Of what ended the reading other than VD_KAFKA_END; says so where it was interrupted. */
int topic_reading_exit_code(const struct topic_reading *reading, int result);

#endif
