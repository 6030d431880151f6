/* One setting of one topic, read with DescribeConfigs. */
#include "topic_policy.h"

#include <stdio.h>
#include <string.h>

static const char SETTING[] = "cleanup.policy";

static bool find(const rd_kafka_ConfigResource_t *topic, char out[TOPIC_POLICY_BYTES])
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(topic, &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), SETTING) != 0 || value == NULL)
            continue;
        snprintf(out, TOPIC_POLICY_BYTES, "%s", value);
        return true;
    }
    return false;
}

static bool read_answer(rd_kafka_event_t *answer, char out[TOPIC_POLICY_BYTES])
{
    size_t count = 0;
    if (answer == NULL || rd_kafka_event_type(answer) != RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT)
        return false;
    const rd_kafka_ConfigResource_t **topics =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer), &count);
    return count == 1 && find(topics[0], out);
}

bool topic_policy_read(rd_kafka_t *rk, const char *topic, int timeout_ms, char out[TOPIC_POLICY_BYTES])
{
    rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, NULL, 0);
    rd_kafka_DescribeConfigs(rk, &asked, 1, options, queue);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(queue, timeout_ms);
    bool found = read_answer(answer, out);
    if (answer != NULL)
        rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(asked);
    return found;
}

bool topic_policy_same(const char *a, const char *b)
{
    static const char *const words[] = {"compact", "delete"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((strstr(a, words[i]) != NULL) != (strstr(b, words[i]) != NULL))
            return false;
    return true;
}
