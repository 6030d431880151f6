/* The sentence, the reason and the figures of a silence, put together as those of any scored event. */
#include "silence_event.h"

#include <vedette/event_splice.h>
#include <vedette/gap.h>

#include "sentence.h"

int silence_event_write(struct vd_buffer *out, const struct score_silence *told, int64_t processed_ms)
{
    const struct silence *silence = &told->silence;
    char sentence[SCORE_SENTENCE_BYTES];
    size_t len = score_sentence(&told->score, sentence, sizeof sentence);
    struct vd_silence event = {.id = silence->key,
                               .entity_kind = who_text(silence->who),
                               .entity = silence->name,
                               .since_ms = (int64_t)silence->since * 1000,
                               .time_ms = (int64_t)silence->at * 1000,
                               .longest_seconds = silence->longest,
                               .known_seconds = silence->known,
                               .expected = silence->expected};
    struct vd_splice fields = {.tenant = silence->tenant,
                               .agent = silence->who == WHO_HOST ? silence->name : (struct vd_bytes){0},
                               .processed_time_ms = processed_ms,
                               .score = &told->score,
                               .risk_details = vd_bytes_of(sentence, len)};
    uint8_t *where;
    int rc = vd_silence_write(out, &event);
    if (rc == 0)
        rc = vd_buffer_reserve(out, VD_SPLICE_MAX_BYTES, &where);
    if (rc == 0)
        vd_buffer_commit(out, vd_event_splice_write(&fields, where));
    return rc;
}
