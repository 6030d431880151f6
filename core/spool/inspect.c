/* Reading a spool without owning it, for people: the same walk as recovery's, but nothing is changed. */
#include <vedette/spool_inspect.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "folder.h"
#include "segment.h"

struct inspection {
    const struct vd_spool_look *look;
    struct spool_folder folder;
    uint64_t *bases;
    size_t count;
    struct spool_cursors cursors;
    struct vd_spool_segment_info info;
    uint8_t *bytes, *raw;
    size_t len;
    uint64_t synced; /* what the newest segment is known to have had on disk */
};

static int tell_damage(struct inspection *in, uint64_t offset, uint64_t from, uint64_t to, const char *why)
{
    struct vd_spool_damage damage = {
        .file = in->info.file, .offset = offset, .hole = {.from = from, .to = to}};
    snprintf(damage.hole.why, sizeof damage.hole.why, "%s", why);
    return in->look->damage == NULL ? 0 : in->look->damage(in->look->arg, &damage);
}

static int tell_events(struct inspection *in, const struct spool_record *record, uint64_t offset)
{
    struct vd_bytes rest = vd_bytes_of(in->raw, record->raw_bytes), event;
    uint64_t seq = record->first, end = record->first + record->count;
    int rc = 0;
    if (in->look->event == NULL || record->count == 0)
        return 0;
    if (spool_record_unpack(record, in->raw) != 0)
        return tell_damage(in, offset, seq, end - 1, "a record cannot be unpacked");
    for (; rc == 0 && seq < end && spool_event_next(&rest, &event); seq++)
        rc = in->look->event(in->look->arg, seq, record->time_ms, event);
    return rc == 0 && seq < end ? tell_damage(in, offset, seq, end - 1, "a record is short of events") : rc;
}

static void count_record(struct inspection *in, const struct spool_record *record)
{
    struct vd_spool_segment_info *info = &in->info;
    spool_cursors_merge(&in->cursors, record->cursors);
    if (record->count == 0)
        return;
    info->records++;
    info->events += record->count;
    info->newest_ms = record->time_ms;
    if (info->oldest_ms == 0)
        info->oldest_ms = record->time_ms;
}

/* Whether a break before `expect` shows damage, or the end of a commit that never was. */
static bool was_synced(const struct inspection *in, uint64_t limit, uint64_t expect)
{
    return limit != UINT64_MAX || expect < in->synced;
}

/* A newest segment that got a successor while it was looked at is cut short, as it should be. */
static bool has_successor(const struct inspection *in)
{
    uint64_t *bases;
    size_t count;
    if (spool_folder_segments(in->folder.stream, false, &bases, &count) != 0)
        return false;
    bool has = count > 0 && bases[count - 1] > in->info.base;
    vd_free(bases);
    return has;
}

static int end_of_segment(struct inspection *in, const struct spool_header *h, const struct spool_walk *w,
                          uint64_t limit)
{
    size_t dirt = in->len;
    in->info.used_bytes = w->at;
    in->info.end = limit == UINT64_MAX ? w->expect : limit;
    if (limit != UINT64_MAX)
        return w->expect < limit ? tell_damage(in, w->at, w->expect, limit - 1, "records are missing") : 0;
    if (w->expect < in->synced) {
        in->info.end = in->synced;
        return tell_damage(in, w->at, w->expect, in->synced - 1, "the end is damaged");
    }
    if (in->len < h->size && !has_successor(in))
        return tell_damage(in, in->len, 0, 0, "the newest segment is shorter than it was made");
    while (dirt > w->at && in->bytes[dirt - 1] == 0)
        dirt--;
    in->info.cut_bytes = dirt - w->at;
    return 0;
}

static int walk(struct inspection *in, const struct spool_header *h, uint64_t limit)
{
    struct spool_walk w;
    struct spool_record record;
    int rc = 0;
    in->synced = spool_segment_synced(vd_bytes_of(in->bytes, in->len), h);
    spool_walk_init(&w, vd_bytes_of(in->bytes, in->len), h, limit);
    for (struct spool_walk before = w; rc == 0 && spool_walk_next(&w, &record); before = w) {
        if (record.first > before.expect && !was_synced(in, limit, before.expect)) {
            w = before;
            break;
        }
        if (record.first > before.expect)
            rc = tell_damage(in, before.at, before.expect, record.first - 1, "damaged records");
        else if (w.skipped > 0)
            rc = tell_damage(in, before.at, 0, 0, "damaged, without a loss");
        count_record(in, &record);
        if (rc == 0)
            rc = tell_events(in, &record, w.at - record.bytes);
    }
    return rc == 0 ? end_of_segment(in, h, &w, limit) : rc;
}

static int look_at_bytes(struct inspection *in, uint64_t base, uint64_t limit)
{
    struct vd_spool_segment_info *info = &in->info;
    struct spool_header h;
    info->size_bytes = in->len;
    if (spool_header_read(&h, vd_bytes_of(in->bytes, in->len)) != 0 || h.base != base) {
        info->unreadable = true;
        return tell_damage(in, 0, 0, 0, "the header cannot be read");
    }
    snprintf(info->agent, sizeof info->agent, "%s", h.agent);
    memcpy(info->stream, h.stream, VD_STREAM_BYTES);
    spool_cursors_merge(&in->cursors, h.cursors);
    return walk(in, &h, limit);
}

static int look_at_segment(struct inspection *in, size_t i)
{
    char name[SPOOL_NAME_BYTES];
    spool_segment_name(in->bases[i], name);
    in->info = (struct vd_spool_segment_info){.base = in->bases[i], .end = in->bases[i]};
    snprintf(in->info.file, sizeof in->info.file, "stream-%06u/%s", in->folder.number, name);
    /* What is no file must not keep anybody waiting. */
    int fd = openat(in->folder.stream, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) /* trimmed meanwhile */
        return errno == ENOENT ? 0 : vd_error_from_errno(errno);
    int rc = spool_segment_load(fd, &in->bytes, &in->len);
    if (rc == 0)
        rc = look_at_bytes(in, in->bases[i], i + 1 < in->count ? in->bases[i + 1] : UINT64_MAX);
    close(fd);
    vd_free(in->bytes);
    in->bytes = NULL;
    return rc == 0 && in->look->segment != NULL ? in->look->segment(in->look->arg, &in->info) : rc;
}

static int tell_cursors(struct inspection *in)
{
    int rc = 0;
    for (int i = 0; i < in->cursors.count && rc == 0 && in->look->cursor != NULL; i++) {
        const struct spool_cursor *c = &in->cursors.at[i];
        rc = in->look->cursor(in->look->arg, c->name, vd_bytes_of(c->bytes, c->len));
    }
    return rc;
}

int vd_spool_inspect(const char *folder, const struct vd_spool_look *look)
{
    struct inspection *in = vd_calloc(1, sizeof *in);
    if (in == NULL)
        return VD_ENOMEM;
    in->look = look;
    in->raw = vd_malloc(SPOOL_RAW_MAX_BYTES);
    int rc = spool_folder_open(&in->folder, folder, false);
    if (rc == 0)
        rc = in->raw == NULL ? VD_ENOMEM : spool_folder_enter(&in->folder, false);
    if (rc == 0)
        rc = spool_folder_segments(in->folder.stream, false, &in->bases, &in->count);
    for (size_t i = 0; i < in->count && rc == 0; i++)
        rc = look_at_segment(in, i);
    if (rc == 0)
        rc = tell_cursors(in);
    spool_folder_close(&in->folder);
    vd_free(in->bases);
    vd_free(in->raw);
    vd_free(in);
    return rc;
}
