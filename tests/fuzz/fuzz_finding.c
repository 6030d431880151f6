/* Any bytes as a finding of a state that was written down: refused, or told as an event that can be read. */
#include <stdlib.h>
#include <string.h>

#include <vedette/arena.h>
#include <vedette/buffer.h>
#include <vedette/event_json.h>
#include <vedette/event_view.h>
#include <vedette/finding.h>

#include "finding_event.h"
#include "score_findings.h"
#include "state_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTITIES = 64, EVENT_BYTES = 1 << 18, BLOCK_BYTES = 4096, TOLD_MAX = 3 };
static const int64_t NOW_MS = INT64_C(1795377600000);

/* All words of it. */
static size_t put_row(uint8_t *out, uint8_t number, const void *row, size_t row_bytes)
{
    const struct state_table table = {.row_bytes = (uint32_t)row_bytes};
    uint32_t bitmap_bytes = state_bitmap_bytes(&table);
    memset(out, 0, STATE_ROW_HEAD_BYTES);
    out[0] = number;
    memset(out + STATE_ROW_HEAD_BYTES, 0xff, bitmap_bytes);
    memcpy(out + STATE_ROW_HEAD_BYTES + bitmap_bytes, row, row_bytes);
    return STATE_ROW_HEAD_BYTES + bitmap_bytes + row_bytes;
}

static int restore(struct score *s, const struct score_finding *finding)
{
    static uint8_t piece[2 * SCORE_PIECE_MIN_BYTES];
    struct score_restore progress = {0};
    struct state_head head;
    const uint64_t key = 2;
    state_head_of(s, &head);
    size_t len = put_row(piece, STATE_HEAD, &head, sizeof head);
    len += put_row(piece + len, STATE_FINDINGS, finding, sizeof *finding);
    len += put_row(piece + len, STATE_FINDING_KEYS, &key, sizeof key);
    return score_state_read(s, &progress, vd_bytes_of(piece, len));
}

static void tell(const struct score_finding *finding)
{
    struct vd_event_view view;
    struct vd_buffer event, json;
    struct vd_arena scratch;
    vd_buffer_init(&event, EVENT_BYTES);
    vd_buffer_init(&json, EVENT_BYTES);
    vd_arena_init(&scratch, BLOCK_BYTES, 8 * (size_t)EVENT_BYTES);
    if (finding_event_write(&event, finding, NOW_MS) != 0 ||
        vd_event_view_read(&view, vd_buffer_bytes(&event)) != 0 || !vd_finding_is(&view) ||
        vd_event_json_write(vd_buffer_bytes(&event), &scratch, &json) != 0)
        abort();
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&json);
    vd_arena_deinit(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct score *s;
    struct score_finding finding = {0};
    if (s == NULL && score_new(&s, &(struct score_options){.max_entities = ENTITIES}) < 0)
        abort();
    findings_init(s->findings);
    s->time.newest_ms = NOW_MS;
    if (size > 0)
        memcpy(&finding, data, size < sizeof finding ? size : sizeof finding);
    if (restore(s, &finding) != 0)
        return 0;
    s->findings->due_ms = 0;
    int told = 0;
    for (; score_finding_next(s, &finding); told++)
        tell(&finding);
    if (told > TOLD_MAX)
        abort();
    return 0;
}
