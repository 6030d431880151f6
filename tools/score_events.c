/* vedette score events: OCSF JSON lines in, their scores out. */
#include <string.h>
#include <sysexits.h>

#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/event_splice.h>
#include <vedette/event_view.h>
#include <vedette/memory.h>

#include "finding_event.h"
#include "score.h"
#include "score_findings.h"
#include "score_run.h"
#include "sentence.h"
#include "told_event.h"

enum { SCRATCH_BLOCK_BYTES = 64 * 1024, SCRATCH_MAX_BYTES = 8 * 1024 * 1024 };

struct scoring {
    struct score_run *run;
    struct score *score;
    struct vd_arena scratch;
    struct vd_buffer event, whole, json;
};

/* A name is one field of a line whatever is in it. */
static void print_name(struct vd_bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        putc_unlocked(name.data[i] < 0x20 ? '?' : name.data[i], stdout);
}

/* What is in `whole`. 0, or VD_E… */
static int print_whole(struct scoring *g)
{
    vd_buffer_clear(&g->json);
    int rc = vd_event_json_write(vd_buffer_bytes(&g->whole), &g->scratch, &g->json);
    if (rc != 0)
        return rc;
    struct vd_bytes json = vd_buffer_bytes(&g->json);
    fwrite(json.data, 1, json.len, stdout);
    putc_unlocked('\n', stdout);
    return 0;
}

static int print_json(struct scoring *g, const struct vd_score *score)
{
    char sentence[SCORE_SENTENCE_BYTES];
    size_t len = score_sentence(score, sentence, sizeof sentence);
    vd_buffer_clear(&g->whole);
    int rc = vd_event_rescore(vd_buffer_bytes(&g->event), score, vd_bytes_of(sentence, len), &g->whole);
    return rc == 0 ? print_whole(g) : rc;
}

static void print_line(struct vd_bytes uid, const struct vd_score *score)
{
    print_name(uid);
    printf("\t%d\t%.17g\n", score->risk_score, score->surprise);
}

static int print_told(struct scoring *g, const struct score_told *told)
{
    struct vd_event_view view;
    vd_buffer_clear(&g->whole);
    int rc = told_event_write(&g->whole, told, 0);
    if (rc == 0 && g->run->json)
        return print_whole(g);
    if (rc == 0)
        rc = vd_event_view_read(&view, vd_buffer_bytes(&g->whole));
    if (rc == 0)
        print_line(view.uid, &told->score);
    return rc;
}

static int tell(struct scoring *g)
{
    struct score_told told;
    int rc = 0;
    while (rc == 0 && g->run->silences && score_told_next(g->score, &told)) {
        if (g->run->findings)
            score_find_told(g->score, &told);
        else
            rc = print_told(g, &told);
    }
    return rc;
}

static int tell_findings(struct scoring *g)
{
    struct score_finding finding;
    int rc = 0;
    while (rc == 0 && score_finding_next(g->score, &finding)) {
        vd_buffer_clear(&g->whole);
        rc = finding_event_write(&g->whole, &finding, 0);
        if (rc == 0)
            rc = print_whole(g);
    }
    return rc;
}

static int score_view(struct scoring *g, const struct vd_event_view *view)
{
    struct score_origin origin;
    struct vd_bytes host = view->device_uid.len > 0 ? view->device_uid : view->device_hostname;
    score_origin_init(g->score, &origin, view->tenant_uid, host);
    struct score_input in = score_input_of(view, &origin, 0);
    struct score_prepared prepared;
    struct vd_score score;
    score_prepare(g->score, &in, &prepared);
    int rc = score_judge(g->score, &prepared, &score);
    if (rc < 0)
        return rc;
    if (g->run->findings)
        score_find(g->score, &prepared, &score, view->uid);
    else if (!g->run->json)
        print_line(view->uid, &score);
    else
        rc = print_json(g, &score);
    if (rc == 0)
        rc = tell(g);
    return rc == 0 ? tell_findings(g) : rc;
}

/* 0 also for a line that is wrong; VD_ENOMEM. */
static int score_line(struct scoring *g)
{
    struct score_run *run = g->run;
    char why[VD_JSON_ERROR_BYTES] = "";
    struct vd_event_view view;
    if (run->line_cut) {
        score_run_complain(run, "longer than %d bytes", VD_EVENT_JSON_MAX_BYTES);
        return 0;
    }
    vd_buffer_clear(&g->event);
    int rc = vd_event_json_read(vd_bytes_of(run->line, run->line_len), &g->scratch, &g->event, why);
    if (rc == 0)
        rc = vd_event_view_read(&view, vd_buffer_bytes(&g->event));
    if (rc == 0)
        rc = score_view(g, &view);
    if (rc == VD_EINVAL)
        score_run_complain(run, "time: not after 1970, or beyond 2106");
    else if (rc != 0 && rc != VD_ENOMEM)
        score_run_complain(run, "%s", why[0] != '\0' ? why : vd_error_text(rc));
    return rc == VD_ENOMEM ? rc : 0;
}

static bool is_blank(const struct score_run *run)
{
    return strspn(run->line, " \t") == run->line_len;
}

int score_events_run(struct score_run *run)
{
    struct scoring g = {.run = run};
    struct score_options options = {.max_entities = run->max_entities,
                                    .assets = run->assets,
                                    .asset_count = run->asset_count,
                                    .findings_an_hour = run->findings_an_hour};
    if (score_new(&g.score, &options) < 0) {
        fprintf(stderr, "vedette score events: no memory for %u entities\n", run->max_entities);
        return EX_OSERR;
    }
    vd_arena_init(&g.scratch, SCRATCH_BLOCK_BYTES, SCRATCH_MAX_BYTES);
    vd_buffer_init(&g.event, VD_EVENT_JSON_MAX_BYTES);
    vd_buffer_init(&g.whole, VD_EVENT_JSON_MAX_BYTES);
    vd_buffer_init(&g.json, 2 * VD_EVENT_JSON_MAX_BYTES);
    int rc = 0;
    while (rc == 0 && score_run_line(run))
        if (!is_blank(run))
            rc = score_line(&g);
    vd_buffer_deinit(&g.json);
    vd_buffer_deinit(&g.whole);
    vd_buffer_deinit(&g.event);
    vd_arena_deinit(&g.scratch);
    score_free(g.score);
    return score_run_end(run, rc == 0 ? EX_OK : EX_OSERR);
}
