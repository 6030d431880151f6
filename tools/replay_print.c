/* What changes, event by event and in sum. What came from a peer is escaped. */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <vedette/buffer.h>

#include "json_string.h"
#include "tail_line.h"
#include "tail_text.h"

enum { ALERT_RISK = 70, LINE_BYTES = 65536, NAME_COLUMN = 20 };

static void count_side(struct replay_side *side, int32_t risk_score, int32_t risk_level_id)
{
    if (risk_level_id >= 0 && risk_level_id < REPLAY_LEVELS)
        side->levels[risk_level_id]++;
    side->alerts += risk_score >= ALERT_RISK;
}

enum replay_verdict replay_count(struct replay_sum *sum, const struct vd_event_view *published,
                                 const struct vd_score *score, bool identical, int32_t least_risk)
{
    sum->events++;
    sum->identical += identical;
    count_side(&sum->published, published->risk_score, published->risk_level_id);
    count_side(&sum->replayed, score->risk_score, score->risk_level_id);
    if (published->risk_level_id != score->risk_level_id) {
        sum->by_level++;
        return REPLAY_OTHER_LEVEL;
    }
    if (abs(published->risk_score - score->risk_score) >= least_risk) {
        sum->by_risk++;
        return REPLAY_OTHER_RISK;
    }
    return identical ? REPLAY_SAME : REPLAY_ALIKE;
}

/* ---- For people */

static void put_level(struct tail_text *line, int32_t risk_score, int32_t risk_level_id, bool color)
{
    const struct tail_level *level = tail_level_of(risk_level_id);
    if (color)
        tail_text_sequence(line, level->color);
    tail_text_print(line, "%d %s", risk_score, level->word);
    if (color)
        tail_text_sequence(line, "\033[0m");
}

static void put_change(struct tail_text *line, const struct replay_change *change, bool color)
{
    const struct vd_event_view *published = change->published;
    tail_text_time(line, "%Y-%m-%d %H:%M:%S", published->time_ms);
    tail_text_pad(line, NAME_COLUMN);
    tail_text_foreign(line, published->tenant_uid);
    tail_text_plain(line, "/");
    tail_text_foreign(line, published->device_uid);
    tail_text_plain(line, "  ");
    put_level(line, published->risk_score, published->risk_level_id, color);
    tail_text_plain(line, " -> ");
    put_level(line, change->score->risk_score, change->score->risk_level_id, color);
    tail_text_plain(line, "  ");
    tail_text_foreign(line, published->uid);
    tail_text_sequence(line, "\n    was: ");
    tail_text_foreign(line, published->risk_details);
    tail_text_sequence(line, "\n    now: ");
    tail_text_foreign(line, change->sentence);
    tail_text_sequence(line, "\n");
}

void replay_print_change(const struct replay_change *change, bool color, FILE *out)
{
    struct vd_buffer text;
    vd_buffer_init(&text, LINE_BYTES);
    struct tail_text line = {.out = &text, .limit = LINE_BYTES};
    put_change(&line, change, color);
    struct vd_bytes bytes = vd_buffer_bytes(&text);
    if (bytes.data != NULL)
        fwrite(bytes.data, 1, bytes.len, out);
    vd_buffer_deinit(&text);
}

void replay_print_sum(const struct replay_sum *sum, int32_t least_risk, FILE *out)
{
    fprintf(out, "%-10s%12s%12s\n", "", "PUBLISHED", "REPLAYED");
    for (int level = 0; level < REPLAY_LEVELS; level++)
        fprintf(out, "%-10s%12" PRIu64 "%12" PRIu64 "\n", tail_level_of(level)->word,
                sum->published.levels[level], sum->replayed.levels[level]);
    fprintf(out, "%-10s%12" PRIu64 "%12" PRIu64 "\n\n", "alerts", sum->published.alerts,
            sum->replayed.alerts);
    fprintf(out,
            "%" PRIu64 " events, after a warm-up of %" PRIu64 ": %" PRIu64 " change their level, %" PRIu64
            " their risk by %d or more, %" PRIu64 " a little; %" PRIu64 " are identical to the byte\n",
            sum->events, sum->warm_up, sum->by_level, sum->by_risk, least_risk,
            sum->events - sum->by_level - sum->by_risk - sum->identical, sum->identical);
    if (sum->published_configuration[0] != '\0') {
        fputs("published with configuration ", out);
        tail_text_foreign_to(out, vd_bytes_str(sum->published_configuration));
        fprintf(out, ", replayed with %08" PRIx32 "\n", sum->configuration);
    }
    if (sum->unscored > 0)
        fprintf(out, "not scored, since the collector made them itself: %" PRIu64 "\n", sum->unscored);
    if (sum->unreadable > 0)
        fprintf(out, "no events: %" PRIu64 " records\n", sum->unreadable);
}

/* ---- For machines */

static void put_side_json(FILE *out, const char *name, int32_t risk_score, int32_t risk_level_id,
                          struct vd_bytes details)
{
    fprintf(out, ",\"%s\":{\"risk_score\":%d,\"risk_level_id\":%d,\"risk_details\":", name, risk_score,
            risk_level_id);
    json_string(out, details);
    fputc('}', out);
}

void replay_print_change_json(const struct replay_change *change, FILE *out)
{
    const struct vd_event_view *published = change->published;
    fputs("{\"uid\":", out);
    json_string(out, published->uid);
    fprintf(out, ",\"time\":%" PRId64 ",\"tenant\":", published->time_ms);
    json_string(out, published->tenant_uid);
    fputs(",\"host\":", out);
    json_string(out, published->device_uid);
    put_side_json(out, "published", published->risk_score, published->risk_level_id, published->risk_details);
    put_side_json(out, "replayed", change->score->risk_score, change->score->risk_level_id, change->sentence);
    fputs("}\n", out);
}

static void put_levels_json(FILE *out, const char *name, const struct replay_side *side)
{
    fprintf(out, ",\"%s\":{\"alerts\":%" PRIu64 ",\"levels\":[", name, side->alerts);
    for (int level = 0; level < REPLAY_LEVELS; level++)
        fprintf(out, "%s%" PRIu64, level > 0 ? "," : "", side->levels[level]);
    fputs("]}", out);
}

void replay_print_sum_json(const struct replay_sum *sum, FILE *out)
{
    fprintf(out, "{\"sum\":{\"events\":%" PRIu64 ",\"warm_up\":%" PRIu64 ",\"identical\":%" PRIu64,
            sum->events, sum->warm_up, sum->identical);
    fprintf(out,
            ",\"by_level\":%" PRIu64 ",\"by_risk\":%" PRIu64 ",\"unscored\":%" PRIu64
            ",\"unreadable\":%" PRIu64,
            sum->by_level, sum->by_risk, sum->unscored, sum->unreadable);
    fprintf(out, ",\"configuration\":\"%08" PRIx32 "\",\"published_configuration\":", sum->configuration);
    json_string(out, vd_bytes_str(sum->published_configuration));
    put_levels_json(out, "published", &sum->published);
    put_levels_json(out, "replayed", &sum->replayed);
    fputs("}}\n", out);
}
