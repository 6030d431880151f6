/* The configuration of a librdkafka handle: the house's settings, then the role's, then the operator's. */
#include "conf.h"

#include <stdio.h>
#include <strings.h>
#include <vedette/error.h>

enum { PROPERTY_NAME_BYTES = 128 };

/* Reconnecting quickly is what makes a restarted broker cheap; the topics are never made by accident. */
static const struct vd_kafka_property HOUSE[] = {
    {"socket.nagle.disable", "true"},     {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"}, {"socket.connection.setup.timeout.ms", "5000"},
    {"statistics.interval.ms", "0"},      {"allow.auto.create.topics", "false"},
    {"log.connection.close", "false"},
};

/* What the delivery promise rests on is not the operator's to change. */
static const char *const RESERVED[] = {
    "enable.idempotence",
    "transactional.id",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "log.queue",
    "partitioner",
    "isolation.level",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "partition.assignment.strategy",
    "enable.auto.commit",
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

static bool reserved(const char *name)
{
    for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++)
        if (strcasecmp(name, RESERVED[i]) == 0)
            return true;
    return false;
}

static int set_own(rd_kafka_conf_t *conf, const char *property, char *error)
{
    char name[PROPERTY_NAME_BYTES];
    const char *equals = strchr(property, '=');
    if (equals == NULL || (size_t)(equals - property) >= sizeof name) {
        snprintf(error, VD_KAFKA_ERROR_BYTES, "property \"%.80s\" must be name=value", property);
        return VD_ECONFIG;
    }
    memcpy(name, property, (size_t)(equals - property));
    name[equals - property] = '\0';
    if (!reserved(name))
        return set(conf, name, equals + 1, error);
    snprintf(error, VD_KAFKA_ERROR_BYTES, "property \"%s\" is fixed: delivery depends on it", name);
    return VD_ECONFIG;
}

static int fill(rd_kafka_conf_t *conf, const struct vd_kafka_options *options,
                const struct vd_kafka_property *base, size_t base_count, char *error)
{
    int result = 0;
    if (options->brokers != NULL)
        result = set(conf, "bootstrap.servers", options->brokers, error);
    if (result == 0 && options->client_id != NULL)
        result = set(conf, "client.id", options->client_id, error);
    if (result == 0)
        result = set_all(conf, HOUSE, sizeof HOUSE / sizeof *HOUSE, error);
    if (result == 0)
        result = set_all(conf, base, base_count, error);
    for (size_t i = 0; result == 0 && i < options->property_count; i++)
        result = set_own(conf, options->properties[i], error);
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
