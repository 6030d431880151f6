/* The words, the techniques and the figures of a finding, put together as those of any scored event. */
#include "finding_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <vedette/event_splice.h>
#include <vedette/finding.h>

#include "finding_words.h"
#include "sentence.h"
#include "technique.h"

/* OCSF */
enum { SEVERITY_HIGH = 4, SEVERITY_CRITICAL = 5 };
enum { CONFIDENCE_LOW = 1, CONFIDENCE_MEDIUM = 2, CONFIDENCE_HIGH = 3 };

_Static_assert((int)FINDING_RELATED_MAX <= (int)VD_FINDING_RELATED_MAX, "all of them are told");
_Static_assert((int)TECHNIQUE_COUNT <= (int)VD_FINDING_ATTACKS_MAX, "likewise");
_Static_assert((int)VD_SCORE_REASONS_MAX <= (int)VD_FINDING_TYPES_MAX, "likewise");

/* The texts that are made for it. */
struct texts {
    char uid[FINDING_KEY_BYTES + 1], title[FINDING_TITLE_BYTES], desc[FINDING_DESC_BYTES], configuration[9];
};

/* By how much of the strongest reason is the entity's own history. */
static int32_t confidence_of(const struct score_finding *f)
{
    double maturity = f->reason_count > 0 ? f->reasons[0].maturity : 0;
    if (maturity >= 0.8)
        return CONFIDENCE_HIGH;
    return maturity >= 0.4 ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
}

static void add_type(struct vd_finding *out, const char *feature)
{
    for (size_t i = 0; i < out->type_count; i++)
        if (strcmp(out->types[i], feature) == 0)
            return;
    out->types[out->type_count++] = feature;
}

static void add_lists(struct vd_finding *out, const struct score_finding *f)
{
    for (uint32_t i = 0; i < f->reason_count; i++)
        add_type(out, f->reasons[i].feature);
    for (uint32_t i = 0; i < finding_listed(f); i++)
        if (strcmp(f->related[i], f->logins.uid) != 0) /* one that is High itself is both */
            out->related[out->related_count++] = f->related[i];
    if (f->logins.count > 0)
        out->related[out->related_count++] = f->logins.uid;
    for (enum technique_number i = 0; i < TECHNIQUE_COUNT; i++) {
        const struct technique *technique = technique_at(i);
        if ((f->techniques >> i & 1) != 0)
            out->attacks[out->attack_count++] =
                (struct vd_finding_attack){technique->tactic, technique->technique, technique->sub};
    }
}

static struct vd_finding finding_of(const struct score_finding *f, const struct vd_score *score,
                                    struct texts *texts)
{
    finding_uid(f, texts->uid);
    finding_title(f, texts->title);
    finding_desc(f, texts->desc);
    snprintf(texts->configuration, sizeof texts->configuration, "%08" PRIx32, f->configuration);
    struct vd_finding out = {
        .uid = texts->uid,
        .title = texts->title,
        .desc = texts->desc,
        .status_detail = finding_state(f),
        .analytic = "vedette score",
        .analytic_uid = texts->configuration,
        .revision = f->revision,
        .activity_id = f->activity,
        .severity_id = score->risk_level_id >= FINDING_CRITICAL_LEVEL ? SEVERITY_CRITICAL : SEVERITY_HIGH,
        .confidence_id = confidence_of(f),
        .count = f->events,
        .created_ms = f->created_ms,
        .modified_ms = f->modified_ms,
        .first_ms = f->first_ms,
        .last_ms = f->last_ms,
        .user = f->who == WHO_USER ? f->name : "",
        .source = f->who == WHO_SOURCE ? f->name : "",
        .evidence = {f->evidence.user, f->evidence.source, f->evidence.process, f->evidence.file},
    };
    add_lists(&out, f);
    return out;
}

/* Of several it is about none. */
static struct vd_bytes host_of(const struct score_finding *f)
{
    if (f->who == WHO_HOST && !f->merged)
        return vd_bytes_str(f->name);
    return f->host_count == 1 ? vd_bytes_str(f->host) : (struct vd_bytes){0};
}

int finding_event_write(struct vd_buffer *out, const struct score_finding *f, int64_t processed_ms)
{
    struct texts texts;
    struct vd_score score;
    char sentence[SCORE_SENTENCE_BYTES];
    finding_score(f, &score);
    const struct vd_finding finding = finding_of(f, &score, &texts);
    size_t sentence_len = score_sentence(&score, sentence, sizeof sentence);
    struct vd_splice fields = {.tenant = vd_bytes_str(f->tenant),
                               .agent = host_of(f),
                               .processed_time_ms = processed_ms,
                               .class_uid = VD_FINDING_CLASS,
                               .activity_id = f->activity,
                               .score = &score,
                               .risk_details = vd_bytes_of(sentence, sentence_len)};
    uint8_t *where;
    int rc = vd_finding_write(out, &finding);
    if (rc == 0)
        rc = vd_buffer_reserve(out, VD_SPLICE_MAX_BYTES, &where);
    if (rc == 0)
        vd_buffer_commit(out, vd_event_splice_write(&fields, where));
    return rc;
}
