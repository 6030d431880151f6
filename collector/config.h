/* The collector's configuration: section by section what configs/collector.yaml explains. Filled by
 * vd_config_load with COLLECTOR_CONFIG; texts belong to it and are never NULL. */
#ifndef COLLECTOR_CONFIG_H
#define COLLECTOR_CONFIG_H

#include <vedette/service_config.h>

#include "score/settings.h"

struct collector_listen_config {
    char *address;
    char *advertise; /* "": made from address */
    uint32_t backlog, max_sessions, max_unauthenticated;
    uint32_t handshake_timeout_ms, hello_timeout_ms, frame_timeout_ms, idle_timeout_ms;
    uint32_t accept_rate_per_s; /* 0: no bound */
};

struct collector_limits_config {
    uint32_t session_credit_bytes, session_backlog_credit_bytes;
    uint64_t in_flight_bytes;
    uint32_t in_flight_events;
    uint32_t batch_max_bytes, batch_max_events, event_max_bytes;
};

enum collector_delivery { COLLECTOR_EXACTLY_ONCE, COLLECTOR_AT_LEAST_ONCE };

struct collector_kafka_config {
    char *brokers; /* "host:port,…", or "embedded" */
    enum collector_delivery delivery;
    char *topics_prefix;
    char *group; /* "": PREFIX-collectors */
    uint32_t session_timeout_ms, heartbeat_ms;
    uint32_t commit_busy_ms, commit_busy_events, commit_idle_ms;
    uint32_t snapshot_interval_ms, snapshot_events;
    uint32_t partitions; /* of an embedded cluster */
    char **properties;   /* "name=value" for librdkafka */
    uint32_t properties_count;
};

struct collector_http_config {
    char *address; /* "": no HTTP */
};

struct collector_config {
    char *name; /* "": the name in the certificate */
    struct collector_listen_config listen;
    struct vd_tls_config tls;
    struct collector_limits_config limits;
    struct collector_kafka_config kafka;
    struct score_settings score;
    struct collector_http_config http;
    struct vd_log_config log;
    struct vd_shutdown_config shutdown;
};

extern const struct vd_config_schema COLLECTOR_CONFIG;

bool collector_config_embedded(const struct collector_config *config);

#endif
