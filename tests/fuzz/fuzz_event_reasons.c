/* Any bytes as a scored event: what is read of its reasons lies within them, and its figures are numbers. */
#include <math.h>
#include <stdlib.h>
#include <vedette/event_reasons.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct vd_bytes view, const uint8_t *data, size_t size)
{
    return view.len == 0 || (view.data >= data && view.data + view.len <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_told_reason reasons[VD_SCORE_REASONS_MAX];
    size_t count = vd_event_reasons_read(reasons, vd_bytes_of(data, size));
    if (count > VD_SCORE_REASONS_MAX)
        abort();
    for (size_t i = 0; i < count; i++) {
        const struct vd_told_reason *r = &reasons[i];
        const struct vd_bytes texts[] = {r->feature, r->what,  r->entity_kind,
                                         r->entity,  r->value, r->configuration};
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            if (!within(texts[j], data, size))
                abort();
        if (r->kind > VD_REASON_BESIDE || !isfinite(r->observed) || !isfinite(r->expected) ||
            !isfinite(r->surprise) || !isfinite(r->maturity))
            abort();
    }
    return 0;
}
