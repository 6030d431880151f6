/* The agent's configuration: section by section what configs/agent.yaml explains. Filled by vd_config_load
 * with AGENT_CONFIG; texts belong to it and are never NULL. */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <vedette/service_config.h>

enum { AGENT_COLLECTORS_MAX = 16, AGENT_SOURCES_MAX = 32 };

enum agent_source_type { AGENT_SOURCE_TAIL, AGENT_SOURCE_JOURNAL, AGENT_SOURCE_PROCESS };
enum agent_source_from { AGENT_FROM_END, AGENT_FROM_BEGINNING };

struct agent_source_config {
    enum agent_source_type type;
    enum agent_source_from from; /* where to begin while the spool has no cursor; not for process */
    char **paths;                /* tail: files to follow, each absolute; at least one */
    uint32_t paths_count;
};

enum agent_sync { AGENT_SYNC_GROUP, AGENT_SYNC_ALWAYS };

struct agent_spool_config {
    char *folder;
    uint64_t max_bytes, free_floor_bytes;
    enum agent_sync sync;
};

struct agent_batch_config {
    uint32_t max_events, max_bytes, max_age_ms;
};

struct agent_reconnect_config {
    uint32_t min_ms, max_ms, connect_timeout_ms;
};

struct agent_config {
    char **collectors; /* "host:port", in order of preference */
    uint32_t collectors_count;
    uint32_t heartbeat_ms;
    struct vd_tls_config tls;
    struct agent_source_config *sources;
    uint32_t sources_count;
    struct agent_spool_config spool;
    struct agent_batch_config batch;
    struct agent_reconnect_config reconnect;
    struct vd_log_config log;
    struct vd_shutdown_config shutdown;
};

extern const struct vd_config_schema AGENT_CONFIG;

#endif
