/* A source as the spool knows it: its name there, and the cursor behind what it appended last. One thread. */
#ifndef AGENT_ORIGIN_H
#define AGENT_ORIGIN_H

#include <vedette/spool.h>

struct origin {
    struct vd_spool *spool;
    int index; /* in the spool */
    char name[VD_SPOOL_SOURCE_NAME_BYTES];
    uint8_t cursor[VD_SPOOL_CURSOR_MAX_BYTES];
    size_t cursor_len;
};

/* The name of a source, the same whatever order a configuration has its sources and paths in: type, and the
 * paths, or as much of them as there is room for and a hash of all. out: VD_SPOOL_SOURCE_NAME_BYTES. */
void origin_name(char *out, const char *type, const char *const *paths, size_t path_count);

/* Takes its place in the spool, at the cursor that is kept there. VD_EFULL: too many. */
int origin_init(struct origin *o, struct vd_spool *spool, const char *name);
struct vd_bytes origin_cursor(const struct origin *o);
/* From here on the source goes on behind this cursor; empty: as before. It is kept with the next append. */
void origin_move(struct origin *o, struct vd_bytes cursor);
/* The source stands here: origin_move, and kept with the next commit even if no event follows. */
void origin_stand(struct origin *o, struct vd_bytes cursor, int64_t time_ms);
/* As vd_spool_append; an empty cursor leaves the source where it was. */
int origin_append(struct origin *o, enum vd_spool_claim claim, struct vd_bytes event, struct vd_bytes cursor,
                  int64_t time_ms);

#endif
