/* The keys of collector.yaml: types and ranges. The defaults are configs/collector.yaml itself, built in. */
#include "config.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/frame.h>
#include <vedette/session.h>

enum {
    TEXT_MAX_BYTES = 1024,
    ADDRESS_MAX_BYTES = VD_SESSION_TEXT_BYTES - 1,
    TIMEOUT_MIN_MS = 100,
    KIBIBYTE = 1024,
    MEBIBYTE = 1024 * 1024,
};
#define GIBIBYTE UINT64_C(1073741824)

extern const char collector_config_defaults[]; /* made from configs/collector.yaml */

static const char *name_complaint(const char *text)
{
    return text[0] == '\0' || vd_name_valid(text) ? NULL : "must be 1 to 64 of [A-Za-z0-9._-]";
}

static const char *http_complaint(const char *text)
{
    return text[0] == '\0' ? NULL : vd_config_listen_complaint(text);
}

static const char *advertise_complaint(const char *text)
{
    return text[0] == '\0' ? NULL : vd_config_host_port_complaint(text);
}

static const char *brokers_complaint(const char *text)
{
    char one[TEXT_MAX_BYTES + 1];
    if (strcmp(text, "embedded") == 0)
        return NULL;
    for (;;) {
        size_t len = strcspn(text, ",");
        memcpy(one, text, len);
        one[len] = '\0';
        if (vd_config_host_port_complaint(one) != NULL)
            return "must be host:port, several separated by commas, or embedded";
        if (text[len] == '\0')
            return NULL;
        text += len + 1;
    }
}

/* Kafka's own rule for topic names, shortened so that ".findings.v1" still fits. */
static const char *prefix_complaint(const char *text)
{
    return vd_name_valid(text) ? NULL : "must be 1 to 64 of [A-Za-z0-9._-]";
}

static const char *const DELIVERIES[] = {"exactly-once", "at-least-once", NULL};

static const struct vd_config_key LISTEN[] = {
    VD_CONFIG_KEY_TEXT(collector_listen_config, address, 1, TEXT_MAX_BYTES, vd_config_listen_complaint),
    VD_CONFIG_KEY_TEXT(collector_listen_config, advertise, 0, ADDRESS_MAX_BYTES, advertise_complaint),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, backlog, 1, 65535),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, max_sessions, 1, 1000000),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, max_unauthenticated, 1, 100000),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, handshake_timeout_ms, TIMEOUT_MIN_MS, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, hello_timeout_ms, TIMEOUT_MIN_MS, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, frame_timeout_ms, TIMEOUT_MIN_MS, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, idle_timeout_ms, TIMEOUT_MIN_MS, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(collector_listen_config, accept_rate_per_s, 0, 1000000),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key LIMITS[] = {
    VD_CONFIG_KEY_NUMBER(collector_limits_config, session_credit_bytes, 64 * KIBIBYTE, GIBIBYTE),
    VD_CONFIG_KEY_NUMBER(collector_limits_config, session_backlog_credit_bytes, 64 * KIBIBYTE, GIBIBYTE),
    VD_CONFIG_KEY_NUMBER(collector_limits_config, in_flight_bytes, MEBIBYTE, 64 * GIBIBYTE),
    VD_CONFIG_KEY_NUMBER(collector_limits_config, in_flight_events, 1000, 10000000),
    VD_CONFIG_KEY_NUMBER(collector_limits_config, batch_max_bytes, 4 * KIBIBYTE, VD_FRAME_BATCH_MAX_BYTES),
    VD_CONFIG_KEY_NUMBER(collector_limits_config, batch_max_events, 1, VD_BATCH_EVENTS_MAX),
    VD_CONFIG_KEY_NUMBER(collector_limits_config, event_max_bytes, 32 * KIBIBYTE, VD_EVENT_MAX_BYTES),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key KAFKA[] = {
    VD_CONFIG_KEY_TEXT(collector_kafka_config, brokers, 1, TEXT_MAX_BYTES, brokers_complaint),
    VD_CONFIG_KEY_WORD(collector_kafka_config, delivery, DELIVERIES),
    VD_CONFIG_KEY_TEXT(collector_kafka_config, topics_prefix, 1, 64, prefix_complaint),
    VD_CONFIG_KEY_TEXT(collector_kafka_config, group, 0, 200, NULL),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, session_timeout_ms, 1000, 300000),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, heartbeat_ms, 100, 60000),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, commit_busy_ms, 1, 10000),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, commit_busy_events, 1, 10000000),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, commit_idle_ms, 1, 10000),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, snapshot_interval_ms, 1000, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, snapshot_events, 1000, 100000000),
    VD_CONFIG_KEY_NUMBER(collector_kafka_config, partitions, 1, 10000),
    VD_CONFIG_KEY_TEXTS(collector_kafka_config, properties, 1, TEXT_MAX_BYTES, vd_config_property_complaint),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key HTTP[] = {
    VD_CONFIG_KEY_TEXT(collector_http_config, address, 0, TEXT_MAX_BYTES, http_complaint),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key KEYS[] = {
    VD_CONFIG_KEY_TEXT(collector_config, name, 0, 64, name_complaint),
    VD_CONFIG_KEY_SECTION(collector_config, listen, LISTEN),
    VD_CONFIG_KEY_SECTION(collector_config, tls, VD_TLS_KEYS),
    VD_CONFIG_KEY_SECTION(collector_config, limits, LIMITS),
    VD_CONFIG_KEY_SECTION(collector_config, kafka, KAFKA),
    VD_CONFIG_KEY_SECTION(collector_config, score, SCORE_SETTINGS),
    VD_CONFIG_KEY_SECTION(collector_config, http, HTTP),
    VD_CONFIG_KEY_SECTION(collector_config, log, VD_LOG_KEYS),
    VD_CONFIG_KEY_SECTION(collector_config, shutdown, VD_SHUTDOWN_KEYS),
    VD_CONFIG_KEY_END,
};

static int refuse(char *error, const char *why)
{
    snprintf(error, VD_CONFIG_ERROR_BYTES, "%s", why);
    return VD_ECONFIG;
}

static int check(const void *loaded, char *error)
{
    const struct collector_config *config = loaded;
    const struct collector_limits_config *limits = &config->limits;
    if (limits->event_max_bytes > limits->batch_max_bytes)
        return refuse(error, "limits.event_max_bytes must not be over limits.batch_max_bytes");
    if (limits->batch_max_bytes > limits->session_backlog_credit_bytes)
        return refuse(error, "limits.batch_max_bytes must not be over limits.session_backlog_credit_bytes");
    if (limits->session_backlog_credit_bytes > limits->session_credit_bytes)
        return refuse(error,
                      "limits.session_backlog_credit_bytes must not be over limits.session_credit_bytes");
    if (limits->session_credit_bytes > limits->in_flight_bytes)
        return refuse(error, "limits.session_credit_bytes must not be over limits.in_flight_bytes");
    if (limits->batch_max_events > limits->in_flight_events)
        return refuse(error, "limits.batch_max_events must not be over limits.in_flight_events");
    if (config->kafka.heartbeat_ms > config->kafka.session_timeout_ms / 3)
        return refuse(error, "kafka.heartbeat_ms must not be over a third of kafka.session_timeout_ms");
    if (config->kafka.commit_busy_ms > config->kafka.commit_idle_ms)
        return refuse(error, "kafka.commit_busy_ms must not be over kafka.commit_idle_ms");
    if (config->listen.max_unauthenticated > config->listen.max_sessions)
        return refuse(error, "listen.max_unauthenticated must not be over listen.max_sessions");
    return 0;
}

const struct vd_config_schema COLLECTOR_CONFIG = {
    .keys = KEYS,
    .size = sizeof(struct collector_config),
    .defaults = collector_config_defaults,
    .check = check,
};

bool collector_config_embedded(const struct collector_config *config)
{
    return strcmp(config->kafka.brokers, "embedded") == 0;
}
