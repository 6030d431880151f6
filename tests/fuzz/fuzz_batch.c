/* Any bytes as a Batch: what is taken yields just the events counted, each within the payload and its cap. */
#include <stdlib.h>
#include <vedette/session.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vd_batch_limits limits = {.max_events = 100, .event_max_bytes = 1000};
    struct vd_batch batch;
    struct vd_bytes event;
    if (vd_batch_read(&batch, vd_bytes_of(data, size), &limits) != 0)
        return 0;
    uint32_t count = 0;
    for (; vd_batch_next(&batch, &event); count++)
        if (event.len > limits.event_max_bytes || event.data < data || event.data + event.len > data + size)
            abort();
    if (count != batch.event_count || count == 0 || count > limits.max_events)
        abort();
    return 0;
}
