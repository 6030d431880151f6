/* Prints a hash over the scores of a made-up stream, all bits of them: built twice, with and without the
 * optimiser, it must print the same. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <vedette/hash.h>
#include <vedette/random.h>

#include "score.h"

enum { EVENTS = 60000, TEXT_BYTES = 16 };

static const int32_t CLASSES[] = {3002, 3002, 3002, 1007, 2004, 4001, 1001};

static uint64_t hash_number(uint64_t hash, double number)
{
    return vd_hash64(vd_bytes_of(&number, sizeof number), hash);
}

int main(void)
{
    struct score *s;
    struct vd_random random = {17};
    int64_t time_ms = INT64_C(1700438400000);
    uint64_t hash = 0, reasons = 0;
    if (score_new(&s, &(struct score_options){.max_entities = 2048}) < 0)
        abort();
    for (int i = 0; i < EVENTS; i++) {
        char texts[4][TEXT_BYTES];
        for (int t = 0; t < 4; t++)
            snprintf(texts[t], TEXT_BYTES, "%" PRIu64,
                     vd_random_below(&random, vd_random_below(&random, 400) + 1));
        struct score_origin origin;
        score_origin_init(s, &origin, vd_bytes_str("north"), vd_bytes_str(texts[0]));
        struct vd_bytes text = vd_bytes_str(texts[3]);
        struct score_input in = {
            .origin = &origin,
            .user = vd_bytes_str(texts[1]),
            .src_ip = vd_bytes_str(texts[2]),
            .dst_ip = text,
            .process_name = text,
            .file_path = text,
            .rule = text,
            .class_uid = CLASSES[vd_random_below(&random, sizeof CLASSES / sizeof *CLASSES)],
            .activity_id = 1,
            .status_id = 1 + (int32_t)vd_random_below(&random, 2),
            .time_ms = time_ms - (int64_t)vd_random_below(&random, 60000),
        };
        struct vd_score out;
        if (score_event(s, &in, &out) < 0)
            abort();
        hash = hash_number(hash, out.surprise);
        hash = hash_number(hash, out.risk_score);
        for (uint32_t r = 0; r < out.reason_count; r++)
            hash = hash_number(hash_number(hash, out.reasons[r].surprise), out.reasons[r].expected);
        for (struct score_told told; score_told_next(s, &told);)
            hash = hash_number(hash, told.score.surprise);
        reasons += out.reason_count;
        time_ms += (int64_t)vd_random_below(&random, 20000);
    }
    printf("%016" PRIx64 " of %" PRIu64 " reasons\n", hash, reasons);
    score_free(s);
    return reasons > 1000 ? EXIT_SUCCESS : EXIT_FAILURE;
}
