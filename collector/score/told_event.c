/* The sentence, the reason and the figures of what the collector tells by itself, put together as those of
 * any scored event. */
#include "told_event.h"

#include <vedette/event_splice.h>
#include <vedette/gap.h>

#include "sentence.h"

static int silence_write(struct vd_buffer *out, const struct silence *silence)
{
    return vd_silence_write(out, &(struct vd_silence){.id = silence->key,
                                                      .entity_kind = who_text(silence->who),
                                                      .entity = silence->name,
                                                      .since_ms = (int64_t)silence->since * 1000,
                                                      .time_ms = (int64_t)silence->at * 1000,
                                                      .longest_seconds = silence->longest,
                                                      .known_seconds = silence->known,
                                                      .expected = silence->expected});
}

static int volume_write(struct vd_buffer *out, const struct volume *volume)
{
    static const enum vd_volume_change CHANGES[SERIES_FIGURES] = {
        [SERIES_RISE] = VD_VOLUME_RISE, [SERIES_FALL] = VD_VOLUME_FALL, [SERIES_RHYTHM] = VD_VOLUME_RHYTHM};
    return vd_volume_write(out, &(struct vd_volume){.id = volume->key,
                                                    .change = CHANGES[volume->figure],
                                                    .feature = volume->kind->feature,
                                                    .tenant = volume->tenant,
                                                    .start_ms = (int64_t)volume->from * 1000,
                                                    .end_ms = (int64_t)volume->to * 1000,
                                                    .observed = volume->observed,
                                                    .expected = volume->expected});
}

struct told_whose told_whose(const struct score_told *told)
{
    if (told->kind == SCORE_TOLD_VOLUME)
        return (struct told_whose){.tenant = told->volume.tenant};
    const struct silence *silence = &told->silence;
    return (struct told_whose){.tenant = silence->tenant,
                               .host = silence->who == WHO_HOST ? silence->name : (struct vd_bytes){0}};
}

int told_event_write(struct vd_buffer *out, const struct score_told *told, int64_t processed_ms)
{
    struct told_whose whose = told_whose(told);
    char sentence[SCORE_SENTENCE_BYTES];
    size_t len = score_sentence(&told->score, sentence, sizeof sentence);
    struct vd_splice fields = {.tenant = whose.tenant,
                               .agent = whose.host,
                               .processed_time_ms = processed_ms,
                               .score = &told->score,
                               .risk_details = vd_bytes_of(sentence, len)};
    uint8_t *where;
    int rc = told->kind == SCORE_TOLD_VOLUME ? volume_write(out, &told->volume)
                                             : silence_write(out, &told->silence);
    if (rc == 0)
        rc = vd_buffer_reserve(out, VD_SPLICE_MAX_BYTES, &where);
    if (rc == 0)
        vd_buffer_commit(out, vd_event_splice_write(&fields, where));
    return rc;
}
