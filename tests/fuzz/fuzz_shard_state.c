/* Any chunk of a snapshot of a shard: each mark that is told is one that could have been written. */
#include <assert.h>

#include "ownership/recovery.h"
#include "ownership/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int put_again(void *arg, const struct snapshot_mark *mark)
{
    int rc = snapshot_put_mark(arg, mark);
    assert(rc == 0);
    return rc;
}

static int pass_windows(void *arg, struct vd_bytes piece)
{
    (void)arg, (void)piece;
    return 0;
}

static int pass_ahead(void *arg, uint64_t events)
{
    (void)arg, (void)events;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct snapshot_sink SINK = {put_again, pass_windows, pass_ahead};
    static const struct score_options SCORE = {.max_entities = 64};
    struct snapshot snapshot;
    struct recovery recovery;
    if (snapshot_init(&snapshot, 0) != 0)
        return 0;
    int rc = snapshot_read(vd_bytes_of(data, size), &SINK, &snapshot);
    if (recovery_init(&recovery, 1000, &SCORE) == 0) {
        int restored = recovery_restore(&recovery, vd_bytes_of(data, size));
        assert(restored == rc);
        (void)restored;
        recovery_deinit(&recovery);
    }
    snapshot_deinit(&snapshot);
    return 0;
}
