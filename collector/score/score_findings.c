/* Between scoring and findings: what a finding needs of an event and of a silence. */
#include "score_findings.h"

#include <vedette/error.h>
#include <vedette/gap.h>
#include <vedette/memory.h>

#include "engine.h"

/* As OCSF numbers them. */
enum { CLASS_AUTHENTICATION = 3002, ACTIVITY_LOGON = 1, ACTIVITY_ACCOUNT_SWITCH = 7, STATUS_SUCCESS = 1 };

/* A stamp from the future is counted at most so far ahead of the newest one (event_time.c). */
enum { AHEAD_OF_NEWEST_MS = 30000 };

int score_findings_init(struct score *s)
{
    s->findings = vd_calloc(1, sizeof *s->findings);
    if (s->findings == NULL)
        return VD_ENOMEM;
    findings_init(s->findings);
    return 0;
}

static void take(struct score *s, const struct finding_event *event)
{
    bool merged = findings_take(s->findings, event, score_watermark_ms(s), s->findings_an_hour);
    s->counters.findings_merged += merged;
}

static bool is_login(const struct score_input *in)
{
    return in->class_uid == CLASS_AUTHENTICATION && in->status_id == STATUS_SUCCESS &&
           (in->activity_id == ACTIVITY_LOGON || in->activity_id == ACTIVITY_ACCOUNT_SWITCH);
}

bool score_finds(const struct score *s, const struct score_prepared *prepared, const struct vd_score *score)
{
    return score->risk_score >= FINDING_LEAST_RISK ||
           (s->findings->due_ms != INT64_MAX && is_login(&prepared->in));
}

void score_find(struct score *s, const struct score_prepared *prepared, const struct vd_score *score,
                struct vd_bytes uid)
{
    const struct score_input *in = &prepared->in;
    int64_t latest_ms = s->time.newest_ms + AHEAD_OF_NEWEST_MS;
    const struct finding_event event = {
        .score = score,
        .uid = uid,
        .tenant = in->origin->tenant,
        .host = in->origin->host,
        .user = in->user,
        .source = in->src_ip,
        .process = in->process_path.len > 0 ? in->process_path : in->process_name,
        .file = in->file_path,
        .class_uid = in->class_uid,
        .activity_id = in->activity_id,
        .status_id = in->status_id,
        .time_ms = in->time_ms < latest_ms ? in->time_ms : latest_ms,
    };
    if (score->risk_score >= FINDING_LEAST_RISK)
        take(s, &event);
    if (is_login(in))
        findings_take_login(s->findings, &event, score_watermark_ms(s));
}

static void find_volume(struct score *s, const struct score_told *told)
{
    const struct volume *volume = &told->volume;
    char uid[VD_TOLD_UID_BYTES];
    size_t uid_len = vd_volume_uid(volume->key, (int64_t)volume->to * 1000, uid);
    take(s, &(struct finding_event){.score = &told->score,
                                    .uid = vd_bytes_of(uid, uid_len),
                                    .tenant = volume->tenant,
                                    .time_ms = (int64_t)volume->to * 1000});
}

static void find_silence(struct score *s, const struct score_told *told)
{
    const struct silence *silence = &told->silence;
    char uid[VD_TOLD_UID_BYTES];
    size_t uid_len = vd_silence_uid(silence->key, (int64_t)silence->since * 1000, uid);
    const struct finding_event event = {
        .score = &told->score,
        .uid = vd_bytes_of(uid, uid_len),
        .tenant = silence->tenant,
        .host = silence->who == WHO_HOST ? silence->name : (struct vd_bytes){0},
        .source = silence->who == WHO_SOURCE ? silence->name : (struct vd_bytes){0},
        .time_ms = (int64_t)silence->at * 1000,
    };
    take(s, &event);
}

void score_find_told(struct score *s, const struct score_told *told)
{
    if (told->score.risk_score < FINDING_LEAST_RISK)
        return;
    if (told->kind == SCORE_TOLD_VOLUME)
        find_volume(s, told);
    else
        find_silence(s, told);
}

static uint64_t *counter_of(struct score *s, const struct score_finding *finding)
{
    switch ((enum finding_activity)finding->activity) {
    case FINDING_CREATE:
        return &s->counters.findings_opened;
    case FINDING_UPDATE:
        return &s->counters.findings_updated;
    case FINDING_CLOSE:
    default:
        return &s->counters.findings_closed;
    }
}

bool score_finding_next(struct score *s, struct score_finding *out)
{
    if (!findings_next(s->findings, score_watermark_ms(s), out))
        return false;
    ++*counter_of(s, out);
    return true;
}

void score_finding_again(struct score *s, const struct score_finding *told)
{
    findings_again(s->findings, told);
    --*counter_of(s, told);
}
