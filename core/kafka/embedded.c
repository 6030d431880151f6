/* The embedded Kafka: librdkafka's mock cluster of one broker, on a loopback port, in memory. */
#include "embedded.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "conf.h"
#include "topics.h"

enum { BROKERS = 1, BROKER_ID = 1, PRODUCE_REQUEST = 0, INIT_REQUEST = 22, ADD_PARTITIONS_REQUEST = 24 };

struct vd_kafka_embedded {
    rd_kafka_t *rk; /* only carries the cluster */
    rd_kafka_mock_cluster_t *cluster;
};

static int make_topics(struct vd_kafka_embedded *embedded, const char *prefix, int partitions, char *error)
{
    for (enum vd_topic topic = 0; topic < VD_TOPIC_COUNT; topic++) {
        char name[VD_TOPIC_NAME_BYTES];
        vd_topic_name(topic, prefix, name);
        rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(embedded->cluster, name,
                                                             vd_topic_partitions(topic, partitions), BROKERS);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return vd_kafka_error(error, name, err);
    }
    return 0;
}

static int start(struct vd_kafka_embedded *embedded, const char *prefix, int partitions, char *error)
{
    /* This handle is nobody's client: its warning that it has no brokers to talk to is beside the point. */
    static const struct vd_kafka_property quiet = {"log_level", "2"};
    static const struct vd_kafka_options options = {.client_id = "vedette-embedded"};
    rd_kafka_conf_t *conf = vd_kafka_conf_new(&options, &quiet, 1, error);
    if (conf == NULL)
        return VD_EKAFKA;
    int result = vd_kafka_handle_new(&embedded->rk, RD_KAFKA_PRODUCER, conf, error);
    if (result < 0)
        return result;
    embedded->cluster = rd_kafka_mock_cluster_new(embedded->rk, BROKERS);
    if (embedded->cluster == NULL)
        return vd_kafka_error(error, "embedded cluster", RD_KAFKA_RESP_ERR__FAIL);
    return make_topics(embedded, prefix, partitions, error);
}

int vd_kafka_embedded_new(struct vd_kafka_embedded **out, const char *prefix, int partitions, char *error)
{
    struct vd_kafka_embedded *embedded = vd_calloc(1, sizeof *embedded);
    if (embedded == NULL)
        return VD_ENOMEM;
    int result = start(embedded, prefix, partitions, error);
    if (result < 0) {
        vd_kafka_embedded_free(embedded);
        return result;
    }
    *out = embedded;
    return 0;
}

const char *vd_kafka_embedded_brokers(const struct vd_kafka_embedded *embedded)
{
    return rd_kafka_mock_cluster_bootstraps(embedded->cluster);
}

void vd_kafka_embedded_free(struct vd_kafka_embedded *embedded)
{
    if (embedded == NULL)
        return;
    if (embedded->cluster != NULL)
        rd_kafka_mock_cluster_destroy(embedded->cluster);
    if (embedded->rk != NULL)
        rd_kafka_destroy(embedded->rk);
    vd_free(embedded);
}

void vd_kafka_embedded_set_up(struct vd_kafka_embedded *embedded, bool up)
{
    if (up)
        rd_kafka_mock_broker_set_up(embedded->cluster, BROKER_ID);
    else
        rd_kafka_mock_broker_set_down(embedded->cluster, BROKER_ID);
}

void vd_kafka_embedded_hide_topic(struct vd_kafka_embedded *embedded, const char *name, bool hidden)
{
    rd_kafka_mock_topic_set_error(embedded->cluster, name,
                                  hidden ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                                         : RD_KAFKA_RESP_ERR_NO_ERROR);
}

void vd_kafka_embedded_break_producer(struct vd_kafka_embedded *embedded)
{
    rd_kafka_mock_push_request_errors(embedded->cluster, PRODUCE_REQUEST, 1,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
}

static void refuse(struct vd_kafka_embedded *embedded, int16_t request, rd_kafka_resp_err_t err, int count)
{
    for (int i = 0; i < count; i++)
        rd_kafka_mock_push_request_errors(embedded->cluster, request, 1, err);
}

void vd_kafka_embedded_refuse_owner(struct vd_kafka_embedded *embedded, int count)
{
    refuse(embedded, INIT_REQUEST, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, count);
}

void vd_kafka_embedded_refuse_partition(struct vd_kafka_embedded *embedded, int count)
{
    refuse(embedded, ADD_PARTITIONS_REQUEST, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, count);
}

void vd_kafka_embedded_slow(struct vd_kafka_embedded *embedded, int rtt_ms)
{
    rd_kafka_mock_broker_set_rtt(embedded->cluster, BROKER_ID, rtt_ms);
}
