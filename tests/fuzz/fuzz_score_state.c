/* Any bytes as a scorer's state: refused, or taken by a scorer that goes on scoring. The rows of a good head
 * are reached because the first bytes are put in its place. */
#include <assert.h>
#include <stdlib.h>

#include <vedette/buffer.h>
#include <vedette/event_view.h>
#include <vedette/finding.h>

#include "finding_event.h"
#include "score_findings.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTITIES = 64, HEAD_BYTES = 64, EVENTS = 20 };

/* Each is told as an event that can be read. */
static void tell(struct score *s)
{
    enum { EVENT_BYTES = 1 << 16 };
    struct score_finding finding;
    struct vd_event_view view;
    struct vd_buffer out;
    vd_buffer_init(&out, EVENT_BYTES);
    while (score_finding_next(s, &finding)) {
        if (finding_event_write(&out, &finding, finding.told_ms) != 0 ||
            vd_event_view_read(&view, vd_buffer_bytes(&out)) != 0 || !vd_finding_is(&view))
            abort();
        vd_buffer_clear(&out);
    }
    vd_buffer_deinit(&out);
}

static void go_on(struct score *s)
{
    for (int i = 0; i < EVENTS; i++) {
        struct score_origin origin;
        struct vd_score out;
        struct score_told told;
        score_origin_init(s, &origin, vd_bytes_str("north"), vd_bytes_str(i % 2 == 0 ? "web1" : "web2"));
        struct score_input in = {.origin = &origin,
                                 .user = vd_bytes_str("root"),
                                 .src_ip = vd_bytes_str("203.0.113.9"),
                                 .rule = vd_bytes_str("r"),
                                 .class_uid = i % 3 == 0 ? 2004 : 3002,
                                 .activity_id = 1,
                                 .status_id = 2,
                                 .time_ms = INT64_C(1700438400000) + (int64_t)i * 400000};
        struct score_prepared prepared;
        score_prepare(s, &in, &prepared);
        if (score_judge(s, &prepared, &out) == 0) {
            assert(out.risk_score >= 0 && out.risk_score <= 100);
            out.risk_score = i % 2 == 0 ? out.risk_score : 80;
            score_find(s, &prepared, &out, vd_bytes_str("0011-7"));
        }
        while (score_told_next(s, &told))
            score_find_told(s, &told);
        tell(s);
    }
}

/* What a new scorer writes begins with the head. */
static size_t head_of(struct score *s, uint8_t *out)
{
    enum { HEAD_ROW_BYTES = 5 + 1 + 32 };
    static uint8_t piece[SCORE_PIECE_MIN_BYTES];
    struct score_cut *cut;
    size_t len;
    if (score_cut_begin(s, &cut) < 0)
        abort();
    if (score_cut_next(cut, piece, sizeof piece, &len) < 0)
        abort();
    score_cut_end(cut);
    size_t head = 5 + 1;
    for (unsigned bits = piece[5]; bits != 0; bits &= bits - 1)
        head += 4;
    assert(head <= HEAD_ROW_BYTES && head <= len);
    memcpy(out, piece, head);
    return head;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct score *s;
    struct score_restore restore = {0};
    uint8_t head[HEAD_BYTES];
    if (score_new(&s, &(struct score_options){.max_entities = ENTITIES}) < 0)
        return 0;
    int rc = 0;
    if (size > 0 && data[0] % 2 == 0)
        rc = score_state_read(s, &restore, vd_bytes_of(head, head_of(s, head)));
    assert(rc == 0);
    if (size > 0 && score_state_read(s, &restore, vd_bytes_of(data + 1, size - 1)) == 0)
        go_on(s);
    score_free(s);
    return 0;
}
