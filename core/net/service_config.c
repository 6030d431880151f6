/* The tables of the sections that services share, and the TLS context that one of them describes. */
#include <vedette/service_config.h>

#include <vedette/clock.h>

static const char *trust_domain_complaint(const char *text)
{
    return vd_trust_domain_valid(text) ? NULL : "must be 1 to 255 of [a-z0-9._-]";
}

static const char *const LEVELS[] = {"debug", "info", "warn", "error", NULL};

const struct vd_config_key VD_TLS_KEYS[] = {
    VD_CONFIG_KEY_TEXT(vd_tls_config, certificate, 1, VD_PATH_MAX_BYTES, NULL),
    VD_CONFIG_KEY_TEXT(vd_tls_config, key, 1, VD_PATH_MAX_BYTES, NULL),
    VD_CONFIG_KEY_TEXT(vd_tls_config, ca, 1, VD_PATH_MAX_BYTES, NULL),
    VD_CONFIG_KEY_TEXT(vd_tls_config, trust_domain, 1, VD_TRUST_DOMAIN_BYTES - 1, trust_domain_complaint),
    VD_CONFIG_KEY_END,
};

const struct vd_config_key VD_LOG_KEYS[] = {
    VD_CONFIG_KEY_WORD(vd_log_config, level, LEVELS),
    VD_CONFIG_KEY_END,
};

const struct vd_config_key VD_SHUTDOWN_KEYS[] = {
    VD_CONFIG_KEY_NUMBER(vd_shutdown_config, drain_timeout_ms, 0, VD_TIMEOUT_MAX_MS),
    VD_CONFIG_KEY_END,
};

int vd_tls_config_load(struct vd_tls_context **out, const struct vd_tls_config *config, bool server,
                       const struct vd_tls_context *current, char *error)
{
    struct vd_tls_options options = {.certificate = config->certificate,
                                     .key = config->key,
                                     .ca = config->ca,
                                     .trust_domain = config->trust_domain,
                                     .server = server,
                                     .current = current};
    int rc = vd_tls_context_new(out, &options, error);
    const char *fault = rc == 0 ? vd_tls_context_fault(*out, vd_clock_real_ms()) : NULL;
    if (fault != NULL)
        vd_log_warn("no peer will believe our certificate: is the clock right?",
                    VD_F_STR("file", config->certificate), VD_F_STR("why", fault));
    return rc;
}
