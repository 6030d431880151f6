/* What the configuration of every service says in the same words: the sections tls, log and shutdown.
 *
 * A service has the structs in its own, and names the tables with VD_CONFIG_KEY_SECTION. */
#ifndef VEDETTE_SERVICE_CONFIG_H
#define VEDETTE_SERVICE_CONFIG_H

#include <vedette/config.h>
#include <vedette/log.h>
#include <vedette/tls.h>

enum { VD_TIMEOUT_MAX_MS = 3600 * 1000, VD_PATH_MAX_BYTES = 4095 };

struct vd_tls_config {
    char *certificate, *key, *ca, *trust_domain;
};

struct vd_log_config {
    enum vd_log_level level;
};

struct vd_shutdown_config {
    uint32_t drain_timeout_ms;
};

extern const struct vd_config_key VD_TLS_KEYS[], VD_LOG_KEYS[], VD_SHUTDOWN_KEYS[];

/* vd_tls_context_new with the files of a configuration; current: what it is to replace, NULL at the start. A
 * certificate that is not valid now is good enough, and warned of: a host may start with a wrong clock, and
 * another certificate may come by SIGHUP. Until then each handshake fails, and says why. */
int vd_tls_config_load(struct vd_tls_context **out, const struct vd_tls_config *config, bool server,
                       const struct vd_tls_context *current, char *error);

#endif
