/* A configuration from its three layers: built-in defaults, file, environment; the later one wins, key by
 * key. */
#include <vedette/config.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/error.h>

#include "config_environment.h"
#include "config_value.h"
#include "config_yaml.h"

static int fail_file(const char *path, int rc, const char *why, char *error)
{
    config_error(error, "%s: %s", path, why);
    return rc;
}

/* Up to the cap, whatever fstat said: the file may grow meanwhile. */
static int read_all(int fd, const char *path, struct vd_buffer *out, char *error)
{
    for (;;) {
        uint8_t *where;
        enum { CHUNK_BYTES = 16 * 1024 };
        int rc = vd_buffer_reserve(out, CHUNK_BYTES, &where);
        if (rc != 0)
            return fail_file(path, rc, vd_error_text(rc), error);
        ssize_t got = read(fd, where, CHUNK_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_file(path, VD_EIO, strerror(errno), error);
        if (got == 0)
            return 0;
        vd_buffer_commit(out, (size_t)got);
        if (vd_buffer_len(out) > VD_CONFIG_FILE_MAX_BYTES)
            return fail_file(path, VD_ECONFIG, "is larger than 1 MiB", error);
    }
}

static int read_file(const char *path, struct vd_buffer *out, char *error)
{
    struct stat found;
    /* Not to hang on a pipe that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int code = vd_error_from_errno(errno);
        return fail_file(path, code, strerror(errno), error);
    }
    int rc;
    if (fstat(fd, &found) != 0)
        rc = fail_file(path, VD_EIO, strerror(errno), error);
    else if (!S_ISREG(found.st_mode))
        rc = fail_file(path, VD_ECONFIG, "is not a regular file", error);
    else
        rc = read_all(fd, path, out, error);
    close(fd);
    return rc;
}

static int check(const struct vd_config_schema *schema, const char *name, const void *config, char *error)
{
    char why[VD_CONFIG_ERROR_BYTES];
    int rc = schema->check == NULL ? 0 : schema->check(config, why);
    if (rc != 0)
        config_error(error, "%s: %s", name, why);
    return rc;
}

int vd_config_read(const struct vd_config_schema *schema, const char *name, struct vd_bytes yaml,
                   char *const *environment, void *config, char *error)
{
    memset(config, 0, schema->size);
    error[0] = '\0';
    int rc =
        config_yaml_read(schema->keys, "built-in defaults", vd_bytes_str(schema->defaults), config, error);
    if (rc == 0)
        rc = config_yaml_read(schema->keys, name, yaml, config, error);
    if (rc == 0)
        rc = config_environment_apply(schema->keys, environment, config, error);
    if (rc == 0)
        rc = check(schema, name, config, error);
    if (rc != 0)
        vd_config_deinit(schema, config);
    return rc;
}

int vd_config_load(const struct vd_config_schema *schema, const char *path, char *const *environment,
                   void *config, char *error)
{
    struct vd_buffer text;
    memset(config, 0, schema->size);
    /* Twice the cap: room is reserved by the chunk, before its length is known. */
    vd_buffer_init(&text, 2 * (size_t)VD_CONFIG_FILE_MAX_BYTES);
    int rc = path == NULL ? 0 : read_file(path, &text, error);
    if (rc == 0)
        rc = vd_config_read(schema, path == NULL ? "configuration" : path, vd_buffer_bytes(&text),
                            environment, config, error);
    vd_buffer_deinit(&text);
    return rc;
}

void vd_config_deinit(const struct vd_config_schema *schema, void *config)
{
    config_value_clear_all(schema->keys, config);
    memset(config, 0, schema->size);
}
