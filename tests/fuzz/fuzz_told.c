/* Any bytes as what the tools read back from Kafka: a page, a line and a story are made of them, in which
 * nothing drives the terminal. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <vedette/finding.h>
#include <vedette/memory.h>

#include "tail_line.h"
#include "top_view.h"
#include "why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_BYTES = 1 << 22, COLUMNS = 48, ENTITIES = 8 };
static const int64_t NOW_MS = INT64_C(1795377600000);

/* Without color, and plain: of all control characters there are only ends of lines. */
static void harmless(struct vd_buffer *out)
{
    struct vd_bytes text = vd_buffer_bytes(out);
    for (size_t i = 0; text.data != NULL && i < text.len; i++)
        assert(text.data[i] == '\n' || (text.data[i] >= 0x20 && text.data[i] != 0x7f));
    vd_buffer_clear(out);
}

static void tail(const struct vd_event_view *view, struct vd_bytes value, struct vd_buffer *out)
{
    static const struct tail_style plain = {0};
    struct tail_finding finding = {.event = view};
    tail_line_write(view, &plain, out);
    vd_finding_span(value, &finding.first_ms, &finding.last_ms);
    tail_line_write_finding(&finding, &plain, out);
    harmless(out);
}

static void top(struct vd_bytes value, int64_t published_ms, struct vd_buffer *out)
{
    struct top_model *model = vd_calloc(1, sizeof *model);
    struct top_view view = {.details = true};
    const struct top_page page = {.columns = 120, .plain = true, .now_ms = NOW_MS, .trouble = ""};
    if (model == NULL)
        abort();
    top_model_take(model, value, published_ms, NOW_MS);
    top_model_take(model, value, NOW_MS, NOW_MS);
    assert(top_page_write(model, &view, &page, out) == 0);
    vd_free(model);
    harmless(out);
}

static void why(const struct vd_event_view *view, struct vd_bytes value, const struct score *s,
                struct vd_buffer *out)
{
    static const struct why_style plain = {.columns = 80};
    struct why_subject subject = {.published_ms = NOW_MS};
    struct why_history histories[VD_SCORE_REASONS_MAX];
    struct why_neighbours neighbours = {0};
    struct why_story story = {.subject = &subject, .histories = histories, .neighbours = &neighbours};
    if (why_subject_init(&subject, value) == 0 && why_neighbours_init(&neighbours, &subject) == 0) {
        for (size_t i = 0; i < subject.reason_count; i++) {
            why_history_init(&histories[i], s, &subject, &subject.reasons[i], COLUMNS);
            why_history_begin_ms(&histories[i]);
            why_history_close(&histories[i]);
        }
        why_neighbours_take(&neighbours, view, value);
        why_neighbours_close(&neighbours);
        why_tell(&story, &plain, out);
        for (size_t i = 0; i < subject.reason_count; i++)
            why_history_deinit(&histories[i]);
    }
    why_neighbours_deinit(&neighbours);
    why_subject_deinit(&subject);
    harmless(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct score *s;
    struct vd_event_view view;
    struct vd_buffer out;
    struct vd_bytes value = vd_bytes_of(data, size);
    if (s == NULL && score_new(&s, &(struct score_options){.max_entities = ENTITIES}) < 0)
        abort();
    vd_buffer_init(&out, OUT_BYTES);
    if (vd_event_view_read(&view, value) == 0) {
        tail(&view, value, &out);
        top(value, view.processed_ms, &out);
        why(&view, value, s, &out);
    }
    vd_buffer_deinit(&out);
    return 0;
}
