/* Any bytes as a GAP: what is read lies within them, is possible, and is the same once written anew. */
#include <stdlib.h>
#include <vedette/gap.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct vd_bytes view, const uint8_t *data, size_t size)
{
    return view.len == 0 || (view.data >= data && view.data + view.len <= data + size);
}

static void write_and_read(const struct vd_gap *gap)
{
    struct vd_buffer event;
    struct vd_gap again;
    vd_buffer_init(&event, 8192);
    if (vd_gap_write(&event, gap) != 0 || !vd_gap_read(&again, vd_buffer_bytes(&event)))
        abort();
    if (again.reason != gap->reason || again.count != gap->count || again.from != gap->from ||
        again.to != gap->to || again.time_ms != gap->time_ms || again.start_ms != gap->start_ms ||
        again.end_ms != gap->end_ms)
        abort();
    vd_buffer_deinit(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_gap gap;
    bool fork = vd_fork_is(vd_bytes_of(data, size));
    if (!vd_gap_read(&gap, vd_bytes_of(data, size)))
        return 0;
    if (fork || gap.reason >= VD_GAP_REASON_COUNT || gap.from > gap.to || !within(gap.source, data, size) ||
        !within(gap.detail, data, size))
        abort();
    write_and_read(&gap);
    return 0;
}
