/* A spool in a folder of its own that goes away again, and a disk that can be made to fail. */
#ifndef TESTS_SPOOL_RIG_H
#define TESTS_SPOOL_RIG_H

#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <vedette/spool.h>

enum { RIG_NOW_MS = 1000000 };

struct spool_rig {
    char folder[64];
    struct vd_spool *spool;
    struct vd_spool_recovery found;
};

static inline void spool_rig_open(struct spool_rig *r, uint64_t max_bytes)
{
    char error[VD_SPOOL_ERROR_BYTES] = "";
    const struct vd_spool_options options = {.folder = r->folder,
                                             .agent = "t/a",
                                             .new_stream = {1, 2, 3},
                                             .max_bytes = max_bytes,
                                             .commit_age_ms = 50,
                                             .commit_bytes = 64 * 1024};
    assert_int_equal(vd_spool_open(&r->spool, &options, &r->found, error), 0);
}

static inline void spool_rig_init(struct spool_rig *r, uint64_t max_bytes)
{
    *r = (struct spool_rig){0};
    snprintf(r->folder, sizeof r->folder, "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    spool_rig_open(r, max_bytes);
}

static inline void spool_rig_deinit(struct spool_rig *r)
{
    char command[128] = "rm -r ";
    vd_spool_close(r->spool);
    assert_int_equal(system(strcat(command, r->folder)), 0);
}

/* Every write to a file fails with EFBIG while it is broken. */
static inline void spool_rig_break_disk(bool broken)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = broken ? 0 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
