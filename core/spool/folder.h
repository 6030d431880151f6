/* The spool's folder: lock, one folder of segments for the stream, and aside/ for what could not be read.
 *
 *   lock   stream-000001/00000000000000000001.seg …   aside/
 *
 * A new stream's folder is made beside the old one and gets its name at last, so that a fork happens wholly
 * or not at all; the highest number counts. */
#ifndef SPOOL_FOLDER_H
#define SPOOL_FOLDER_H

#include <vedette/bytes.h>

enum { SPOOL_NAME_BYTES = 32, SPOOL_ASIDE_FILES = 8 };
#define SPOOL_UNFINISHED ".new"

struct spool_folder {
    int root, stream; /* -1: not open */
    uint32_t number;  /* of the stream's folder */
    uint64_t aside_max_bytes;
};
#define SPOOL_FOLDER_NULL ((struct spool_folder){.root = -1, .stream = -1})

/* The root, made where it is missing if write. Then, under the lock, the newest stream's folder likewise;
 * remains of a fork are cleared away. */
int spool_folder_open(struct spool_folder *f, const char *path, bool write);
int spool_folder_enter(struct spool_folder *f, bool write);
void spool_folder_close(struct spool_folder *f);
/* VD_EEXISTS: another process has it. Returns the descriptor that holds it. */
int spool_folder_lock(const struct spool_folder *f);
/* An unfinished folder for the next stream, open as *dir; then it takes the place of the old one, which goes
 * to aside/. */
int spool_folder_begin(const struct spool_folder *f, int *dir);
int spool_folder_replace(struct spool_folder *f, int dir);

void spool_segment_name(uint64_t base, char *out);
/* Bases of all segments, ascending; *out is the caller's. write: unfinished segments are deleted. */
int spool_folder_segments(int dir, bool write, uint64_t **out, size_t *count);
/* Moves a segment to aside/, and deletes the oldest there over SPOOL_ASIDE_FILES and aside_max_bytes. */
int spool_folder_set_aside(const struct spool_folder *f, uint64_t base);

/* Moves any file there. */
int spool_aside_move(const struct spool_folder *f, int from, const char *name);
/* A descriptor, or a VD_E…. */
int spool_dir_open(int at, const char *name);
/* Calls each for every name but those that begin with a dot; stops at an error, and returns it. */
int spool_dir_each(int dir, int (*each)(void *arg, int dir, const char *name), void *arg);

#endif
