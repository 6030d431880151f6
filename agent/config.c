/* The keys of agent.yaml: types and ranges. The defaults are configs/agent.yaml itself, built in. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/frame.h>
#include <vedette/spool.h>

enum {
    TEXT_MAX_BYTES = 1024,
    FOLDER_MAX_BYTES = 3500, /* with the names of files in it, a path still */
    KIBIBYTE = 1024,
};
#define MEBIBYTE UINT64_C(1048576)

extern const char agent_config_defaults[]; /* made from configs/agent.yaml */

static const char *const TYPES[] = {"tail", "journal", "process", NULL};
static const char *const SYNCS[] = {"group", "always", NULL};
static const char *const FROM[] = {"end", "beginning", NULL};

static const struct vd_config_key SOURCE[] = {
    VD_CONFIG_KEY_WORD_NEEDED(agent_source_config, type, TYPES),
    VD_CONFIG_KEY_WORD(agent_source_config, from, FROM),
    VD_CONFIG_KEY_TEXTS(agent_source_config, paths, 1, VD_PATH_MAX_BYTES, vd_config_path_complaint),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key SPOOL[] = {
    VD_CONFIG_KEY_TEXT(agent_spool_config, folder, 1, FOLDER_MAX_BYTES, vd_config_path_complaint),
    VD_CONFIG_KEY_NUMBER(agent_spool_config, max_bytes, VD_SPOOL_LEAST_BYTES, 64 * 1024 * MEBIBYTE),
    VD_CONFIG_KEY_NUMBER(agent_spool_config, free_floor_bytes, 0, 1024 * 1024 * MEBIBYTE),
    VD_CONFIG_KEY_WORD(agent_spool_config, sync, SYNCS),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key BATCH[] = {
    VD_CONFIG_KEY_NUMBER(agent_batch_config, max_events, 1, VD_BATCH_EVENTS_MAX),
    VD_CONFIG_KEY_NUMBER(agent_batch_config, max_bytes, 4 * KIBIBYTE, VD_FRAME_BATCH_MAX_BYTES),
    VD_CONFIG_KEY_NUMBER(agent_batch_config, max_age_ms, 0, 60 * 1000),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key RECONNECT[] = {
    VD_CONFIG_KEY_NUMBER(agent_reconnect_config, min_ms, 10, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(agent_reconnect_config, max_ms, 10, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_NUMBER(agent_reconnect_config, connect_timeout_ms, 100, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_END,
};

static const struct vd_config_key KEYS[] = {
    VD_CONFIG_KEY_TEXTS(agent_config, collectors, 1, TEXT_MAX_BYTES, vd_config_host_port_complaint),
    VD_CONFIG_KEY_NUMBER(agent_config, heartbeat_ms, 100, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_SECTION(agent_config, tls, VD_TLS_KEYS),
    VD_CONFIG_KEY_SECTIONS(agent_config, sources, SOURCE, AGENT_SOURCES_MAX),
    VD_CONFIG_KEY_SECTION(agent_config, spool, SPOOL),
    VD_CONFIG_KEY_SECTION(agent_config, batch, BATCH),
    VD_CONFIG_KEY_SECTION(agent_config, reconnect, RECONNECT),
    VD_CONFIG_KEY_SECTION(agent_config, log, VD_LOG_KEYS),
    VD_CONFIG_KEY_SECTION(agent_config, shutdown, VD_SHUTDOWN_KEYS),
    VD_CONFIG_KEY_END,
};

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, VD_CONFIG_ERROR_BYTES, format, args);
    va_end(args);
    return VD_ECONFIG;
}

static int check_source(const struct agent_source_config *source, uint32_t index, char *error)
{
    if (source->type == AGENT_SOURCE_TAIL && source->paths_count == 0)
        return refuse(error, "sources[%u]: a tail needs paths", index);
    if (source->type != AGENT_SOURCE_TAIL && source->paths_count > 0)
        return refuse(error, "sources[%u]: only a tail has paths", index);
    return 0;
}

static int check(const void *loaded, char *error)
{
    const struct agent_config *config = loaded;
    if (config->collectors_count == 0)
        return refuse(error, "collectors: at least one is needed");
    if (config->collectors_count > AGENT_COLLECTORS_MAX)
        return refuse(error, "collectors: at most %d are allowed", AGENT_COLLECTORS_MAX);
    if (config->sources_count == 0)
        return refuse(error, "sources: at least one is needed");
    if (config->reconnect.min_ms > config->reconnect.max_ms)
        return refuse(error, "reconnect.min_ms must not be over reconnect.max_ms");
    for (uint32_t i = 0; i < config->sources_count; i++) {
        int rc = check_source(&config->sources[i], i, error);
        if (rc != 0)
            return rc;
    }
    return 0;
}

const struct vd_config_schema AGENT_CONFIG = {
    .keys = KEYS,
    .size = sizeof(struct agent_config),
    .defaults = agent_config_defaults,
    .check = check,
};
