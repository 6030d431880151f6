/* Any bytes as a segment: what is found in it lies within it, in order, and ends. */
#include <stdlib.h>
#include <vedette/memory.h>

#include "segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t raw[SPOOL_RAW_MAX_BYTES];

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_events(const struct spool_record *record)
{
    struct vd_bytes rest = vd_bytes_of(raw, record->raw_bytes), event;
    if (spool_record_unpack(record, raw) != 0)
        return;
    while (spool_event_next(&rest, &event))
        check(event.len > 0 && event.data + event.len <= raw + record->raw_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spool_header header;
    struct spool_walk w;
    struct spool_record record;
    struct vd_bytes segment = vd_bytes_of(data, size);
    if (spool_header_read(&header, segment) != 0)
        return 0;
    check(header.body <= size);
    struct spool_cursors *cursors = vd_calloc(1, sizeof *cursors);
    spool_cursors_merge(cursors, header.cursors);
    spool_walk_init(&w, segment, &header, UINT64_MAX);
    for (uint64_t expect = w.expect; spool_walk_next(&w, &record); expect = w.expect) {
        check(record.first >= expect && w.at <= size);
        spool_cursors_merge(cursors, record.cursors);
        check_events(&record);
    }
    vd_free(cursors);
    return 0;
}
