/* Log files for the tests of tail, and a tail on them. */
#include "tail_rig.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

char *tail_in_folder(struct pulled *p, const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", p->folder, name);
    return path;
}

void tail_put(struct pulled *p, const char *name, const char *mode, const char *text, size_t len)
{
    FILE *file = fopen(tail_in_folder(p, name), mode);
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

void tail_append(struct pulled *p, const char *name, const char *text)
{
    tail_put(p, name, "a", text, strlen(text));
}

void tail_rewrite(struct pulled *p, const char *name, const char *text)
{
    tail_put(p, name, "w", text, strlen(text));
}

void tail_move(struct pulled *p, const char *from, const char *to)
{
    assert_int_equal(rename(tail_in_folder(p, from), tail_in_folder(p, to)), 0);
}

int tail_try_open(struct pulled *p, const char *pattern, struct tail_config config, struct vd_bytes cursor)
{
    const struct source_host host = pulled_host(p);
    const char *path = tail_in_folder(p, pattern);
    char why[SOURCE_ERROR_BYTES] = "";
    config.paths = &path;
    config.path_count = 1;
    /* The poll is slow on purpose: the tests pull by hand, or wait for inotify. */
    if (config.poll_ms == 0)
        config.poll_ms = 60000;
    int rc = tail_open(&p->source, &host, &config, cursor, why);
    assert_true(rc == 0 ? why[0] == '\0' : p->source == NULL && strstr(why, "tail: ") == why);
    return rc;
}

void tail_open_at(struct pulled *p, const char *pattern, struct tail_config config)
{
    assert_int_equal(tail_try_open(p, pattern, config, vd_bytes_of(p->cursor, p->cursor_len)), 0);
}

static void on_ready(struct source *s)
{
    struct pulled *p = s->owner;
    p->readies++;
    pulled_all(p);
    if (p->count > 0)
        uv_stop(&p->loop);
}

/* Lets the directory's event arrive, as in the agent. */
void tail_wait(struct pulled *p)
{
    p->source->owner = p;
    p->source->ready = on_ready;
    uv_run(&p->loop, UV_RUN_DEFAULT);
}

void tail_set_time(struct pulled *p, const char *name, int64_t modified_s)
{
    struct timespec times[2] = {{.tv_sec = modified_s}, {.tv_sec = modified_s}};
    assert_int_equal(utimensat(AT_FDCWD, tail_in_folder(p, name), times, 0), 0);
}

void tail_set_age(struct pulled *p, const char *name, int seconds_ago)
{
    tail_set_time(p, name, time(NULL) - seconds_ago);
}
