/* An embedded cluster and a producer in a real loop, for the tests of this folder. */
#ifndef VEDETTE_TEST_KAFKA_RIG_H
#define VEDETTE_TEST_KAFKA_RIG_H

#include <vedette/kafka.h>

#include "embedded.h"

enum { RIG_RECORDS = 20000, RIG_PARTITIONS = 4, RIG_STATES = 32, RIG_PATIENCE_MS = 20000 };

struct rig_record {
    char value[24];
    int32_t partition;
    int returned; /* how often it came back */
    int error;
};

struct rig {
    uv_loop_t loop;
    uv_timer_t patience; /* stops the loop, so that a test fails instead of hanging */
    struct vd_kafka_embedded *embedded;
    struct vd_producer *producer;
    struct rig_record *records;
    size_t sent, returned, failed, closed;
    size_t last_returned[RIG_PARTITIONS]; /* index of the latest, by partition */
    size_t disorder;
    enum vd_producer_state states[RIG_STATES];
    size_t state_count;
    char why[VD_KAFKA_ERROR_BYTES];
    bool late;
};

/* NULL brokers: those of an embedded cluster with the topics. */
void rig_open(struct rig *rig, const char *brokers);
/* Runs the loop until done(rig) or patience ends; asserts the former. */
void rig_run_until(struct rig *rig, bool (*done)(const struct rig *));
/* Sends records [sent, sent + count) round robin over the partitions. */
void rig_send(struct rig *rig, size_t count);
/* Closes the producer and the loop, asserts that each record came back once and that the loop is empty. */
void rig_close(struct rig *rig);

bool rig_is_up(const struct rig *rig);
bool rig_is_down(const struct rig *rig);
bool rig_has_failed(const struct rig *rig);
bool rig_all_returned(const struct rig *rig);

#endif
