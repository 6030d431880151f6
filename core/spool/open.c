/* Opening a spool and closing it. */
#include <stdio.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "state.h"

enum { RECORD_RAW_BYTES = 64 * 1024, ASIDE_FRACTION = 8 };

static void release(struct vd_spool *s)
{
    spool_batches_free(s, s->pending.head, NULL);
    for (struct spool_batch *b = s->spare, *next; b != NULL; b = next) {
        next = b->next;
        vd_free(b);
    }
    spool_writer_deinit(&s->writer);
    spool_folder_close(&s->folder);
    if (s->lock >= 0)
        close(s->lock);
    vd_free(s->past);
    vd_free(s);
}

/* An error with its sentence, which is about the folder. */
static int complain(int rc, const char *folder, const char *what, char *error)
{
    snprintf(error, VD_SPOOL_ERROR_BYTES, "%s: %s: %s", folder, what, vd_error_text(rc));
    return rc;
}

static int open_folder(struct vd_spool *s, const struct vd_spool_options *o, char *error)
{
    int rc = spool_folder_open(&s->folder, o->folder, true);
    s->folder.aside_max_bytes = o->max_bytes / ASIDE_FRACTION;
    if (rc != 0)
        return complain(rc, o->folder, "the spool's folder cannot be opened", error);
    rc = s->lock = spool_folder_lock(&s->folder);
    if (rc == VD_EEXISTS) {
        snprintf(error, VD_SPOOL_ERROR_BYTES, "%s: another process uses this spool", o->folder);
        return rc;
    }
    if (rc < 0)
        return complain(rc, o->folder, "the spool cannot be locked", error);
    rc = spool_folder_enter(&s->folder, true);
    return rc == 0 ? 0 : complain(rc, o->folder, "the stream's folder cannot be opened", error);
}

/* Small spools have small segments, and those small records, so that little is lost at their ends. */
static void set_sizes(struct vd_spool *s, const struct vd_spool_options *o)
{
    size_t quarter = s->writer.segment_bytes / 4;
    s->max_bytes = o->max_bytes;
    s->commit_age_ms = o->commit_age_ms;
    s->commit_bytes = o->commit_bytes;
    s->record_raw_bytes = quarter < RECORD_RAW_BYTES ? quarter : (size_t)RECORD_RAW_BYTES;
    s->event_max_bytes = o->max_bytes / 4 < VD_EVENT_MAX_BYTES ? o->max_bytes / 4 : VD_EVENT_MAX_BYTES;
}

int vd_spool_open(struct vd_spool **out, const struct vd_spool_options *options,
                  struct vd_spool_recovery *recovery, char *error)
{
    *error = '\0';
    if (options->max_bytes < VD_SPOOL_LEAST_BYTES || strlen(options->agent) >= SPOOL_AGENT_BYTES)
        return complain(VD_EINVAL, options->folder, "too small, or a name too long", error);
    struct vd_spool *s = vd_calloc(1, sizeof *s);
    if (s == NULL)
        return complain(VD_ENOMEM, options->folder, "opening", error);
    s->lock = -1;
    s->folder = SPOOL_FOLDER_NULL;
    snprintf(s->agent, sizeof s->agent, "%s", options->agent);
    int rc = spool_writer_init(&s->writer, options->max_bytes, options->free_floor_bytes);
    s->writer.agent = s->agent;
    set_sizes(s, options);
    if (rc == 0)
        rc = open_folder(s, options, error);
    if (rc == 0) {
        rc = spool_recover(s, options->new_stream, recovery);
        if (rc != 0)
            complain(rc, options->folder, "recovering", error);
    }
    if (rc != 0) {
        release(s);
        return rc;
    }
    *out = s;
    return 0;
}

void vd_spool_close(struct vd_spool *s)
{
    if (s == NULL)
        return;
    vd_spool_commit_now(s);
    release(s);
}
