/* librdkafka's configuration, as every part of this folder starts from it. Private to core/kafka. */
#ifndef VEDETTE_KAFKA_CONF_H
#define VEDETTE_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>
#include <vedette/kafka.h>

struct vd_kafka_property {
    const char *name, *value;
};

/* base: what the role needs; the operator's properties come after it. NULL with a sentence in error. The
 * caller owns the result until rd_kafka_new takes it. */
rd_kafka_conf_t *vd_kafka_conf_new(const struct vd_kafka_options *options,
                                   const struct vd_kafka_property *base, size_t base_count, char *error);

/* rd_kafka_new, with the configuration freed when it fails. VD_EKAFKA with a sentence in error. */
int vd_kafka_handle_new(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf, char *error);

/* error = "<what>: <librdkafka's text>". Returns VD_EKAFKA. */
int vd_kafka_error(char *error, const char *what, rd_kafka_resp_err_t err);

/* Every log line of librdkafka. Runs on librdkafka's threads, as else only the counting of closed sockets in
 * shard_log_fence.c does. */
void vd_kafka_log(const rd_kafka_t *rk, int level, const char *facility, const char *text);

#endif
