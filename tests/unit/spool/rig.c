/* What the tests of the spool share. */
#include "rig.h"

#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <vedette/memory.h>

enum { COMMIT_EVERY = 10, PATH_BYTES = 4 * RIG_PATH_BYTES, FILES_MAX = 64, FILE_MAX_BYTES = 1 << 20 };

void rig_init(struct rig *r)
{
    *r = (struct rig){.options = {.agent = "acme/web-1",
                                  .max_bytes = VD_SPOOL_LEAST_BYTES,
                                  .commit_age_ms = 50,
                                  .commit_bytes = 256 * 1024}};
    /* In memory where that is possible: thousands of spools are opened, each with syncs. */
    snprintf(r->folder, sizeof r->folder, "/dev/shm/vedette-spool-XXXXXX");
    if (mkdtemp(r->folder) == NULL) {
        snprintf(r->folder, sizeof r->folder, "/tmp/vedette-spool-XXXXXX");
        assert_non_null(mkdtemp(r->folder));
    }
    r->options.folder = r->folder;
    memset(r->options.new_stream, 0xa5, VD_STREAM_BYTES);
}

static int unlink_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag;
    return ftw->level == 0 && flag == FTW_NS ? 0 : remove(path);
}

void rig_deinit(struct rig *r)
{
    rig_close(r);
    nftw(r->folder, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

void rig_open(struct rig *r)
{
    char error[VD_SPOOL_ERROR_BYTES];
    int rc = vd_spool_open(&r->s, &r->options, &r->recovery, error);
    if (rc != 0)
        fail_msg("%s", error);
    r->source = vd_spool_source(r->s, "tail:/var/log/auth.log");
    assert_true(r->source >= 0);
}

void rig_close(struct rig *r)
{
    vd_spool_close(r->s);
    r->s = NULL;
}

/* Half of it does not get smaller when packed. */
struct vd_bytes rig_event(uint64_t seq, char *out)
{
    int len = snprintf(out, RIG_EVENT_BYTES, "event %" PRIu64 " ", seq);
    uint64_t x = seq;
    for (; len < 40 + (int)(seq % 50); len++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        out[len] = (char)(x >> 56);
    }
    return vd_bytes_of(out, (size_t)len);
}

int rig_append(struct rig *r)
{
    char event[RIG_EVENT_BYTES], cursor[32];
    uint64_t seq = vd_spool_next(r->s);
    snprintf(cursor, sizeof cursor, "%" PRIu64, seq);
    return vd_spool_append(r->s, r->source, VD_SPOOL_NORMAL, rig_event(seq, event), vd_bytes_str(cursor),
                           (int64_t)seq * 1000);
}

void rig_fill(struct rig *r, int count)
{
    for (int i = 1; i <= count; i++) {
        assert_int_equal(rig_append(r), 0);
        if (i % COMMIT_EVERY == 0 || i == count)
            assert_int_equal(vd_spool_commit_now(r->s), 0);
    }
}

uint64_t rig_cursor(const struct rig *r)
{
    char text[VD_SPOOL_CURSOR_MAX_BYTES + 1] = "";
    struct vd_bytes cursor = vd_spool_cursor(r->s, r->source);
    if (cursor.len > 0)
        memcpy(text, cursor.data, cursor.len);
    return strtoull(text, NULL, 10);
}

uint64_t rig_check_from(struct rig *r, uint64_t seq)
{
    struct vd_spool_reader *reader;
    char event[RIG_EVENT_BYTES];
    uint64_t missing = 0;
    assert_int_equal(vd_spool_reader_new(&reader, r->s), 0);
    vd_spool_seek(reader, seq);
    for (const struct vd_spool_item *item; (item = vd_spool_peek(reader)) != NULL; vd_spool_step(reader)) {
        if (item->event.len == 0) {
            assert_int_equal(item->hole.from, seq);
            assert_int_equal(item->hole.to, item->seq);
            assert_true(item->seq >= seq);
            missing += item->seq + 1 - seq;
        } else {
            assert_int_equal(item->seq, seq);
            assert_true(vd_bytes_equal(item->event, rig_event(seq, event)));
        }
        seq = item->seq + 1;
    }
    assert_int_equal(seq, vd_spool_durable(r->s));
    vd_spool_reader_free(reader);
    return missing;
}

/* ---- Files */

struct rig_copy {
    char folder[RIG_PATH_BYTES];
    int count;
    struct copied {
        char path[PATH_BYTES];
        bool is_folder;
        size_t len;
        uint8_t *bytes;
    } files[FILES_MAX];
};
static struct rig_copy *taking;

static int take_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    struct copied *file = &taking->files[taking->count++];
    assert_true(taking->count < FILES_MAX && strlen(path) < PATH_BYTES);
    (void)ftw;
    snprintf(file->path, sizeof file->path, "%s", path);
    file->is_folder = flag == FTW_D;
    if (file->is_folder)
        return 0;
    file->len = (size_t)st->st_size;
    file->bytes = vd_malloc(file->len);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fread(file->bytes, 1, file->len, in), file->len);
    fclose(in);
    return 0;
}

struct rig_copy *rig_copy_take(const struct rig *r)
{
    taking = vd_calloc(1, sizeof *taking);
    memcpy(taking->folder, r->folder, sizeof taking->folder);
    nftw(r->folder, take_one, 16, FTW_PHYS);
    return taking;
}

void rig_copy_restore(const struct rig_copy *copy)
{
    nftw(copy->folder, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
    for (int i = 0; i < copy->count; i++) {
        const struct copied *file = &copy->files[i];
        if (file->is_folder) {
            mkdir(file->path, 0700);
            continue;
        }
        FILE *out = fopen(file->path, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(file->bytes, 1, file->len, out), file->len);
        fclose(out);
    }
}

void rig_copy_free(struct rig_copy *copy)
{
    for (int i = 0; i < copy->count; i++)
        vd_free(copy->files[i].bytes);
    vd_free(copy);
}

static char segment_path[2][PATH_BYTES];

static int note_segment(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag;
    if (strstr(path, ".seg") == NULL || strstr(path, "/aside/") != NULL || ftw->level != 2)
        return 0;
    if (segment_path[0][0] == '\0' || strcmp(path, segment_path[0]) < 0)
        snprintf(segment_path[0], PATH_BYTES, "%s", path);
    if (strcmp(path, segment_path[1]) > 0)
        snprintf(segment_path[1], PATH_BYTES, "%s", path);
    return 0;
}

void rig_segment(const struct rig *r, bool newest, char *out, size_t cap)
{
    segment_path[0][0] = segment_path[1][0] = '\0';
    nftw(r->folder, note_segment, 16, FTW_PHYS);
    assert_true(segment_path[newest][0] != '\0');
    snprintf(out, cap, "%s", segment_path[newest]);
}
