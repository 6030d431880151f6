/* VEDETTE_SECTION_KEY from the environment, found by walking the table: no name is spelt twice. */
#include "config_environment.h"

#include <ctype.h>
#include <vedette/error.h>
#include <vedette/log.h>

#include "config_value.h"

static const char PREFIX[] = "VEDETTE_";

/* The rest of name behind the key in capitals; NULL: it does not begin with it. */
static const char *behind(const char *name, const char *key)
{
    for (; *key != '\0'; key++, name++)
        if (*name != toupper((unsigned char)*key))
            return NULL;
    return name;
}

/* The key that name (terminated by '=') addresses, and the struct its member is in. */
static const struct vd_config_key *find(const struct vd_config_key *keys, const char *name, void **owner)
{
    for (const struct vd_config_key *key = keys; key->type != VD_CONFIG_END; key++) {
        const char *rest = behind(name, key->name);
        if (rest == NULL || key->type == VD_CONFIG_SECTIONS)
            continue;
        if (key->type != VD_CONFIG_SECTION) {
            if (*rest == '=')
                return key;
        } else if (*rest == '_') {
            void *section = config_member(*owner, key->offset);
            const struct vd_config_key *found = find(key->keys, rest + 1, &section);
            if (found != NULL) {
                *owner = section;
                return found;
            }
        }
    }
    return NULL;
}

static int set_list(const struct vd_config_key *key, void *owner, const char *text, char *complaint)
{
    config_value_clear(key, owner);
    if (*text == '\0')
        return 0;
    for (;;) {
        size_t len = strcspn(text, ",");
        int rc = config_value_set(key, owner, vd_bytes_of(text, len), complaint);
        if (rc != 0 || text[len] == '\0')
            return rc;
        text += len + 1;
    }
}

static int apply(const struct vd_config_key *keys, const char *variable, void *config, char *error)
{
    char complaint[CONFIG_COMPLAINT_BYTES];
    void *owner = config;
    const char *equals = strchr(variable, '=');
    if (equals == NULL)
        return 0;
    int name_len = (int)(equals - variable);
    const struct vd_config_key *key = find(keys, variable + sizeof PREFIX - 1, &owner);
    if (key == NULL) {
        vd_log_warn("environment variable names no configuration key",
                    VD_F_BYTES("variable", vd_bytes_of(variable, (size_t)name_len)));
        return 0;
    }
    int rc = key->type == VD_CONFIG_TEXTS ? set_list(key, owner, equals + 1, complaint)
                                          : config_value_set(key, owner, vd_bytes_str(equals + 1), complaint);
    if (rc != 0)
        config_error(error, "%.*s: %s", name_len, variable, rc == VD_ECONFIG ? complaint : vd_error_text(rc));
    return rc;
}

int config_environment_apply(const struct vd_config_key *keys, char *const *environment, void *config,
                             char *error)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        int rc = apply(keys, *environment, config, error);
        if (rc != 0)
            return rc;
    }
    return 0;
}
