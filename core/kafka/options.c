/* The configuration of a librdkafka handle: the house's settings, then the role's, then the operator's. */
#include "conf.h"

#include <stdio.h>
#include <strings.h>
#include <vedette/error.h>

/* Reconnecting quickly is what makes a restarted broker cheap; the topics are never made by accident. */
static const struct vd_kafka_property HOUSE[] = {
    {"socket.nagle.disable", "true"},     {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"}, {"socket.connection.setup.timeout.ms", "5000"},
    {"statistics.interval.ms", "0"},      {"allow.auto.create.topics", "false"},
    {"log.connection.close", "false"},
};

/* What the delivery promise rests on is not the operator's to change. */
static const char *const RESERVED[] = {
    "enable.idempotence",  "transactional.id", "message.timeout.ms",
    "delivery.timeout.ms", "log.queue",        "partitioner",
};

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, char *error)
{
    if (rd_kafka_conf_set(conf, name, value, error, VD_KAFKA_ERROR_BYTES) == RD_KAFKA_CONF_OK)
        return 0;
    return VD_ECONFIG;
}

static int set_all(rd_kafka_conf_t *conf, const struct vd_kafka_property *properties, size_t count,
                   char *error)
{
    for (size_t i = 0; i < count; i++) {
        int result = set(conf, properties[i].name, properties[i].value, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int refuse_reserved(const struct vd_kafka_options *options, char *error)
{
    for (size_t i = 0; i < options->property_count; i++) {
        for (size_t k = 0; k < sizeof RESERVED / sizeof *RESERVED; k++) {
            if (strcasecmp(options->properties[i].name, RESERVED[k]) != 0)
                continue;
            snprintf(error, VD_KAFKA_ERROR_BYTES, "property \"%s\" is fixed: delivery depends on it",
                     RESERVED[k]);
            return VD_ECONFIG;
        }
    }
    return 0;
}

static int fill(rd_kafka_conf_t *conf, const struct vd_kafka_options *options,
                const struct vd_kafka_property *base, size_t base_count, char *error)
{
    int result = refuse_reserved(options, error);
    if (result == 0 && options->brokers != NULL)
        result = set(conf, "bootstrap.servers", options->brokers, error);
    if (result == 0 && options->client_id != NULL)
        result = set(conf, "client.id", options->client_id, error);
    if (result == 0)
        result = set_all(conf, HOUSE, sizeof HOUSE / sizeof *HOUSE, error);
    if (result == 0)
        result = set_all(conf, base, base_count, error);
    if (result == 0)
        result = set_all(conf, options->properties, options->property_count, error);
    return result;
}

rd_kafka_conf_t *vd_kafka_conf_new(const struct vd_kafka_options *options,
                                   const struct vd_kafka_property *base, size_t base_count, char *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, vd_kafka_log);
    if (fill(conf, options, base, base_count, error) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

int vd_kafka_handle_new(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf, char *error)
{
    *out = rd_kafka_new(type, conf, error, VD_KAFKA_ERROR_BYTES);
    if (*out != NULL)
        return 0;
    rd_kafka_conf_destroy(conf);
    return VD_EKAFKA;
}

int vd_kafka_error(char *error, const char *what, rd_kafka_resp_err_t err)
{
    snprintf(error, VD_KAFKA_ERROR_BYTES, "%s: %s", what, rd_kafka_err2str(err));
    return VD_EKAFKA;
}
