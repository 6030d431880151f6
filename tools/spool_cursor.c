/* Cursors of tail (version 1, count, then of each file its identity and an offset, little endian) and of the
 * journal (systemd's text).
 *
 * A file's identity is a hash of its first bytes, as many as had been read, and its inode; so a file is found
 * by trying those that the source may have followed. What is not found here is told by its identity. */
#include "spool_cursor.h"

#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vedette/hash.h>

enum { VERSION = 1, HEADER_BYTES = 2, IDENTITY_BYTES = 8, OFFSET_BYTES = 6, PLACE_BYTES = 14 };
enum { HEAD_BYTES = 256, PATTERN_BYTES = 4096, SUFFIX_BYTES = 17 /* "#" and 16 digits */ };
enum { MATCHES_MAX = 1000, TIME_BYTES = 32, MICROSECONDS = 1000000 };

struct place {
    uint64_t identity, offset;
};

void spool_text_print(struct vd_bytes text, FILE *out)
{
    for (size_t i = 0; i < text.len; i++)
        fprintf(out, text.data[i] >= 0x20 && text.data[i] < 0x7f && text.data[i] != '\\' ? "%c" : "\\x%02x",
                text.data[i]);
}

static void put_source(const char *source, FILE *out)
{
    fputs("cursor  ", out);
    spool_text_print(vd_bytes_str(source), out);
    fputs("  ", out);
}

/* ---- Files */

/* Regular ones alone: opening a pipe or a device may do something. */
static bool is_at(const char *path, const struct place *place, uint64_t *size)
{
    uint8_t head[HEAD_BYTES];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    ssize_t len = pread(fd, head, sizeof head, 0);
    close(fd);
    if (len < 0)
        return false;
    if ((uint64_t)len > place->offset)
        len = (ssize_t)place->offset;
    *size = (uint64_t)st.st_size;
    return vd_hash64(vd_bytes_of(head, (size_t)len), (uint64_t)st.st_ino) == place->identity;
}

/* "tail:/var/log/auth.log", with a hash behind it where it is too long or not the only path; with what
 * rotation made of it. */
static void find_files(const char *source, glob_t *found)
{
    char pattern[PATTERN_BYTES];
    size_t len = strlen(source), path_len = strcspn(source, ":");
    const char *path = source + path_len + (path_len < len);
    path_len = strlen(path);
    if (path_len >= SUFFIX_BYTES && path[path_len - SUFFIX_BYTES] == '#')
        path_len -= SUFFIX_BYTES;
    int written = snprintf(pattern, sizeof pattern, "%.*s*", (int)path_len, path);
    if (path[0] != '/' || written >= (int)sizeof pattern || glob(pattern, 0, NULL, found) != 0)
        *found = (glob_t){0};
}

static void put_place(const glob_t *found, const struct place *place, FILE *out)
{
    uint64_t size;
    fprintf(out, "byte %" PRIu64, place->offset);
    for (size_t i = 0; i < found->gl_pathc && i < MATCHES_MAX; i++) {
        if (!is_at(found->gl_pathv[i], place, &size))
            continue;
        fprintf(out, " of %" PRIu64 " of ", size);
        spool_text_print(vd_bytes_str(found->gl_pathv[i]), out);
        fputc('\n', out);
        return;
    }
    fprintf(out, " of a file that is not found here, %016" PRIx64 "\n", place->identity);
}

static uint64_t number(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static bool print_tail(const char *source, struct vd_bytes cursor, FILE *out)
{
    glob_t found;
    if (cursor.len < HEADER_BYTES || cursor.data[0] != VERSION ||
        cursor.len != HEADER_BYTES + (size_t)cursor.data[1] * PLACE_BYTES)
        return false;
    find_files(source, &found);
    for (size_t at = HEADER_BYTES; at < cursor.len; at += PLACE_BYTES) {
        const uint8_t *bytes = cursor.data + at;
        const struct place place = {number(bytes, IDENTITY_BYTES),
                                    number(bytes + IDENTITY_BYTES, OFFSET_BYTES)};
        put_source(source, out);
        put_place(&found, &place, out);
    }
    globfree(&found);
    return cursor.len > HEADER_BYTES;
}

/* ---- The journal */

/* The part that systemd calls t: microseconds of real time, in hex. */
static bool entry_time(struct vd_bytes cursor, uint64_t *us)
{
    char text[TIME_BYTES];
    const uint8_t *found = memmem(cursor.data, cursor.len, ";t=", 3);
    if (found == NULL)
        return false;
    size_t left = (size_t)(cursor.data + cursor.len - (found + 3));
    snprintf(text, sizeof text, "%.*s", (int)(left < sizeof text - 1 ? left : sizeof text - 1),
             (const char *)found + 3);
    text[strspn(text, "0123456789abcdef")] = '\0';
    *us = strtoull(text, NULL, 16);
    return *text != '\0' && strlen(text) <= 2 * sizeof *us;
}

static bool print_journal(const char *source, struct vd_bytes cursor, FILE *out)
{
    uint64_t us;
    char text[TIME_BYTES];
    struct tm local;
    if (!entry_time(cursor, &us))
        return false;
    time_t seconds = (time_t)(us / MICROSECONDS);
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
        return false;
    put_source(source, out);
    fprintf(out, "entry of %s, ", text);
    spool_text_print(cursor, out); /* as journalctl --cursor takes it */
    fputc('\n', out);
    return true;
}

void spool_cursor_print(const char *source, struct vd_bytes cursor, FILE *out)
{
    if (strncmp(source, "tail:", 5) == 0 && print_tail(source, cursor, out))
        return;
    if (strcmp(source, "journal") == 0 && print_journal(source, cursor, out))
        return;
    put_source(source, out);
    spool_text_print(cursor, out);
    fputc('\n', out);
}
