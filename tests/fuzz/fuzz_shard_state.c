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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot snapshot;
    struct recovery recovery;
    if (snapshot_init(&snapshot) != 0)
        return 0;
    int rc = snapshot_read(vd_bytes_of(data, size), put_again, &snapshot);
    if (recovery_init(&recovery, 1000) == 0) {
        int restored = recovery_restore(&recovery, vd_bytes_of(data, size));
        assert(restored == rc);
        (void)restored;
        recovery_deinit(&recovery);
    }
    snapshot_deinit(&snapshot);
    return 0;
}
