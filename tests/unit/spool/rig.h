/* A spool in a temporary folder, filled with events that can be told apart. */
#ifndef SPOOL_RIG_H
#define SPOOL_RIG_H

#include <vedette/spool.h>

enum { RIG_PATH_BYTES = 64, RIG_EVENT_BYTES = 200 };

struct rig {
    char folder[RIG_PATH_BYTES];
    struct vd_spool_options options;
    struct vd_spool_recovery recovery;
    struct vd_spool *s;
    int source;
};
/* In a new folder, not yet open. */
void rig_init(struct rig *r);
/* Closes, and deletes the folder. */
void rig_deinit(struct rig *r);
/* Fails the test where it does not open. */
void rig_open(struct rig *r);
void rig_close(struct rig *r);
/* The event of this number, and its cursor: the number in digits, and some text. */
struct vd_bytes rig_event(uint64_t seq, char *out);
/* Appends the event of the next number; what append says. */
int rig_append(struct rig *r);
/* So many, committed. */
void rig_fill(struct rig *r, int count);
/* The number that the recovered cursor tells. */
uint64_t rig_cursor(const struct rig *r);
/* Every item from seq on is the event of its number, or a hole; the numbers in holes. Fails the test
 * otherwise. */
uint64_t rig_check_from(struct rig *r, uint64_t seq);
/* Path of the newest, or the oldest, segment. */
void rig_segment(const struct rig *r, bool newest, char *out, size_t cap);
/* The folder's files into memory and back, so that each harm begins with the same spool. */
struct rig_copy;
struct rig_copy *rig_copy_take(const struct rig *r);
void rig_copy_restore(const struct rig_copy *copy);
void rig_copy_free(struct rig_copy *copy);

#endif
