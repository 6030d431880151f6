/* Reading metadata answers: is the topic there, may it be used, how many partitions has it? */
#include "metadata.h"

#include <stdio.h>

static const rd_kafka_metadata_topic_t *find(const rd_kafka_metadata_t *metadata, const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return &metadata->topics[i];
    return NULL;
}

int32_t vd_kafka_topic_partitions(const rd_kafka_metadata_t *metadata, const char *name, char *why)
{
    const rd_kafka_metadata_topic_t *topic = find(metadata, name);
    rd_kafka_resp_err_t err = topic == NULL ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : topic->err;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && topic->partition_cnt > 0)
        return topic->partition_cnt;
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        snprintf(why, VD_KAFKA_ERROR_BYTES, "topic %s does not exist: make it with `vedette topics create`",
                 name);
    else if (err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        snprintf(why, VD_KAFKA_ERROR_BYTES, "topic %s: not authorised: grant this client's principal its use",
                 name);
    else
        snprintf(why, VD_KAFKA_ERROR_BYTES, "topic %s: %s", name, rd_kafka_err2str(err));
    return 0;
}

const char *vd_kafka_silence(rd_kafka_resp_err_t err)
{
    bool silent = err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__TIMED_OUT;
    return silent ? "no broker answers" : rd_kafka_err2str(err);
}
