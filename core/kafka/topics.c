/* The topics of the Kafka contract: their names, their settings, and how they are made. */
#include "topics.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>

#include "conf.h"
#include "topic_policy.h"

enum { SETTINGS_MAX = 6, MIN_ISR_REPLICATION = 3, METADATA_RETRY_MS = 100 };

struct topic {
    const char *role;
    bool per_shard; /* as many partitions as there are shards, else one */
    struct vd_kafka_property settings[SETTINGS_MAX];
};

/* The policy first. A state partition is re-read at every takeover, so that its segments are small and
 * cleaned early; delete.retention.ms also bounds how long commit markers stay. */
static const struct topic TOPICS[VD_TOPIC_COUNT] = {
    [VD_TOPIC_EVENTS] = {"events", true, {{"cleanup.policy", "delete"}, {"retention.ms", "604800000"}}},
    [VD_TOPIC_FINDINGS] = {"findings",
                           false,
                           {{"cleanup.policy", "compact,delete"}, {"retention.ms", "2592000000"}}},
    [VD_TOPIC_SIGNALS] = {"signals", true, {{"cleanup.policy", "delete"}, {"retention.ms", "3600000"}}},
    [VD_TOPIC_FLEET] = {"fleet", false, {{"cleanup.policy", "compact"}}},
    [VD_TOPIC_STATE] = {"state",
                        true,
                        {{"cleanup.policy", "compact"},
                         {"segment.bytes", "8388608"},
                         {"min.cleanable.dirty.ratio", "0.3"},
                         {"max.compaction.lag.ms", "60000"},
                         {"delete.retention.ms", "60000"}}},
    [VD_TOPIC_SHARDS] = {"shards", false, {{"cleanup.policy", "compact"}}},
    [VD_TOPIC_DLQ] = {"dlq", false, {{"cleanup.policy", "delete"}, {"retention.ms", "604800000"}}},
};

void vd_topic_name(enum vd_topic topic, const char *prefix, char *out)
{
    snprintf(out, VD_TOPIC_NAME_BYTES, "%s.%s.v1", prefix, TOPICS[topic].role);
}

int vd_topic_partitions(enum vd_topic topic, int shards)
{
    return TOPICS[topic].per_shard ? shards : 1;
}

/* One run of vd_kafka_topics_create. */
struct creation {
    const char *brokers;
    rd_kafka_t *rk;
    const char *prefix;
    int64_t deadline_ms;
    rd_kafka_NewTopic_t *wanted[VD_TOPIC_COUNT];
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *answer;
    vd_topic_report *report;
    void *report_arg;
};

static int left_ms(const struct creation *c)
{
    int64_t left = c->deadline_ms - vd_clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static int want(struct creation *c, enum vd_topic topic, const char *prefix, int shards, int replication,
                char *error)
{
    char name[VD_TOPIC_NAME_BYTES];
    vd_topic_name(topic, prefix, name);
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(name, vd_topic_partitions(topic, shards), replication,
                                                        error, VD_KAFKA_ERROR_BYTES);
    if (wanted == NULL)
        return VD_EINVAL;
    c->wanted[topic] = wanted;
    const struct vd_kafka_property *settings = TOPICS[topic].settings;
    for (size_t i = 0; i < SETTINGS_MAX && settings[i].name != NULL; i++)
        rd_kafka_NewTopic_set_config(wanted, settings[i].name, settings[i].value);
    /* acks=all means little while one replica is enough to be "all". */
    if (replication >= MIN_ISR_REPLICATION)
        rd_kafka_NewTopic_set_config(wanted, "min.insync.replicas", "2");
    return 0;
}

static int ask(struct creation *c, char *error)
{
    int timeout_ms = left_ms(c);
    c->options = rd_kafka_AdminOptions_new(c->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(c->options, timeout_ms, NULL, 0);
    rd_kafka_AdminOptions_set_operation_timeout(c->options, timeout_ms, NULL, 0);
    c->queue = rd_kafka_queue_new(c->rk);
    rd_kafka_CreateTopics(c->rk, c->wanted, VD_TOPIC_COUNT, c->options, c->queue);
    do {
        rd_kafka_event_destroy(c->answer);
        c->answer = rd_kafka_queue_poll(c->queue, timeout_ms);
    } while (c->answer != NULL && rd_kafka_event_type(c->answer) != RD_KAFKA_EVENT_CREATETOPICS_RESULT);
    rd_kafka_resp_err_t err =
        c->answer == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(c->answer);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    if (err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__TRANSPORT) {
        snprintf(error, VD_KAFKA_ERROR_BYTES, "no broker of %s answers", c->brokers);
        return VD_EUNAVAILABLE;
    }
    snprintf(error, VD_KAFKA_ERROR_BYTES, "create topics: %s", rd_kafka_event_error_string(c->answer));
    return VD_EKAFKA;
}

/* How many partitions the broker shows, waiting for a new topic to become known everywhere; 0: it never did.
 */
static int visible_partitions(const struct creation *c, const char *name)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(c->rk, name, NULL);
    int partitions = 0;
    for (int left = left_ms(c); topic != NULL && partitions == 0 && left > 0; left = left_ms(c)) {
        const struct rd_kafka_metadata *metadata;
        if (rd_kafka_metadata(c->rk, 0, topic, &metadata, left) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
                partitions = metadata->topics[0].partition_cnt;
            rd_kafka_metadata_destroy(metadata);
        }
        if (partitions == 0)
            usleep(METADATA_RETRY_MS * 1000);
    }
    if (topic != NULL)
        rd_kafka_topic_destroy(topic);
    return partitions;
}

/* What a topic was made with before, it has until somebody alters it. */
static void remark_policy(const struct creation *c, const char *name, char out[VD_KAFKA_ERROR_BYTES])
{
    char its_name[VD_TOPIC_NAME_BYTES], policy[TOPIC_POLICY_BYTES];
    for (enum vd_topic topic = 0; topic < VD_TOPIC_COUNT; topic++) {
        const struct vd_kafka_property *wanted = &TOPICS[topic].settings[0];
        vd_topic_name(topic, c->prefix, its_name);
        if (strcmp(name, its_name) == 0 && topic_policy_read(c->rk, name, left_ms(c), policy) &&
            !topic_policy_same(policy, wanted->value))
            snprintf(out, VD_KAFKA_ERROR_BYTES,
                     "keeps %s=%s, where %s is wanted: alter it with kafka-configs.sh", wanted->name, policy,
                     wanted->value);
    }
}

static int settle(const struct creation *c, const rd_kafka_topic_result_t *result)
{
    rd_kafka_resp_err_t err = rd_kafka_topic_result_error(result);
    const char *name = rd_kafka_topic_result_name(result), *why = rd_kafka_topic_result_error_string(result);
    bool existed = err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && !existed) {
        c->report(c->report_arg, name, 0, false, VD_EKAFKA, why != NULL ? why : rd_kafka_err2str(err));
        return VD_EKAFKA;
    }
    int partitions = visible_partitions(c, name);
    if (partitions == 0) {
        c->report(c->report_arg, name, 0, existed, VD_ETIMEOUT, "the brokers do not show it yet");
        return VD_ETIMEOUT;
    }
    char remark[VD_KAFKA_ERROR_BYTES] = "";
    if (existed)
        remark_policy(c, name, remark);
    c->report(c->report_arg, name, partitions, existed, 0, remark);
    return 0;
}

static int settle_all(const struct creation *c, char *error)
{
    size_t count = 0;
    int failed = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(c->answer), &count);
    for (size_t i = 0; i < count; i++) {
        int result = settle(c, results[i]);
        if (result < 0 && failed == 0) {
            failed = result;
            snprintf(error, VD_KAFKA_ERROR_BYTES, "%s was not made", rd_kafka_topic_result_name(results[i]));
        }
    }
    return failed;
}

static void creation_deinit(struct creation *c)
{
    rd_kafka_event_destroy(c->answer);
    if (c->queue != NULL)
        rd_kafka_queue_destroy(c->queue);
    if (c->options != NULL)
        rd_kafka_AdminOptions_destroy(c->options);
    for (size_t i = 0; i < VD_TOPIC_COUNT; i++)
        if (c->wanted[i] != NULL)
            rd_kafka_NewTopic_destroy(c->wanted[i]);
    rd_kafka_destroy(c->rk);
}

int vd_kafka_topics_create(const struct vd_kafka_options *options, const char *prefix, int partitions,
                           int replication, int timeout_ms, vd_topic_report *report, void *arg, char *error)
{
    struct creation c = {.prefix = prefix,
                         .brokers = options->brokers,
                         .deadline_ms = vd_clock_monotonic_ms() + timeout_ms,
                         .report = report,
                         .report_arg = arg};
    rd_kafka_conf_t *conf = vd_kafka_conf_new(options, NULL, 0, error);
    if (conf == NULL)
        return VD_ECONFIG;
    int result = vd_kafka_handle_new(&c.rk, RD_KAFKA_PRODUCER, conf, error);
    if (result < 0)
        return result;
    for (enum vd_topic topic = 0; topic < VD_TOPIC_COUNT && result == 0; topic++)
        result = want(&c, topic, prefix, partitions, replication, error);
    if (result == 0)
        result = ask(&c, error);
    if (result == 0)
        result = settle_all(&c, error);
    creation_deinit(&c);
    return result;
}
