/* What the preloaded library's files share: calls that are counted, and what is to be done to them. */
#ifndef VEDETTE_CHAOS_PLAN_H
#define VEDETTE_CHAOS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALLS(X)                                                                                             \
    X(pwrite)                                                                                                \
    X(write)                                                                                                 \
    X(fdatasync)                                                                                             \
    X(fsync)                                                                                                 \
    X(rename)                                                                                                \
    X(fallocate)                                                                                             \
    X(ftruncate)                                                                                             \
    X(unlink)                                                                                                \
    X(tlsout)                                                                                                \
    X(tlsin)                                                                                                 \
    X(produce)                                                                                               \
    X(addpartitions)                                                                                         \
    X(endtxn)                                                                                                \
    X(initpid)
enum call {
#define CALL_ENUM(name) CALL_##name,
    CALLS(CALL_ENUM)
#undef CALL_ENUM
        CALL_COUNT,
    CALL_NONE = CALL_COUNT /* not counted, never harmed */
};
enum deed { DEED_NONE, DEED_ERROR, DEED_SHORT, DEED_BEFORE, DEED_AFTER };

/* The call, if it is on a path that is meant; else CALL_NONE. */
enum call plan_on_file(int fd, enum call call);
enum call plan_on_path(int folder, const char *path, enum call call);
/* Before the call: false: it is not to be made, errno says why. bytes: of what is written, or NULL. */
bool plan_may_run(enum call call, size_t *bytes, enum deed *deed);
/* After it: returns rc, if at all. */
long plan_ran(enum deed deed, long rc);
/* Seconds to add to the time of day. */
int64_t plan_offset_s(void);

#endif
