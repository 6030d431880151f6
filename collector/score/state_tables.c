/* The tables of the state, and which rows of each could have come about. What is used as an index or as a
 * length is within its bounds, and numbers are finite: whoever wrote a false state gets false scores, and
 * nothing else. */
#include "state_tables.h"

#include <math.h>
#include <string.h>

#include <vedette/hash.h>
#include <vedette/utf8.h>

#include "mix.h"

enum { LAYOUT = 3, LAYOUT_SEED = 0x7374, BYTE_ORDER_MARK = 0x01020304 };

/* ---- Which rows are possible */

/* No state holds larger numbers. */
static bool sane(double x)
{
    return isfinite(x) && fabs(x) < 1e18;
}

static bool sane_count(double x)
{
    return sane(x) && x >= 0;
}

/* Far beyond every stamp, and so far from the ends that a little may be added, or one taken from another. */
static bool sane_ms(int64_t ms)
{
    return ms >= 0 && ms <= INT64_C(1) << 53;
}

static bool baseline_possible(const struct baseline *b)
{
    return sane_count((double)b->mean) && sane_count((double)b->variance);
}

static bool peers_possible(const struct peers *p)
{
    return baseline_possible(&p->baseline) && sane_count(p->windows);
}

static bool entity_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct entity *e = at;
    (void)s;
    (void)row;
    bool possible = baseline_possible(&e->distinct) && e->top_verdict < CALIBRATION_BINS;
    for (int i = 0; i < ENTITY_RINGS; i++)
        possible &= baseline_possible(&e->rings[i].usual);
    for (int i = 0; i < FEATURE_COUNT; i++)
        possible &= e->top[i] < CALIBRATION_BINS;
    return possible;
}

static bool cell_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct cell *cell = at;
    (void)s;
    (void)row;
    bool possible = peers_possible(&cell->distinct) && sane_count(cell->active);
    for (int i = 0; i < ENTITY_RINGS; i++)
        possible &= peers_possible(&cell->rates[i]);
    return possible;
}

static bool calibration_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct calibration *c = at;
    uint8_t stale; /* a bool that is neither may not be looked at as one */
    (void)s;
    (void)row;
    memcpy(&stale, (const uint8_t *)at + offsetof(struct calibration, stale), 1);
    bool possible = stale <= 1 && sane_count((double)c->total);
    for (int b = 0; b < CALIBRATION_BINS; b++)
        possible &= sane_count((double)c->counts[b]);
    for (int b = 0; b <= CALIBRATION_BINS; b++)
        possible &= sane((double)c->table[b]);
    return possible;
}

static bool watch_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct watch *w = at;
    (void)s;
    (void)row;
    return sane_count((double)w->longest);
}

static bool habit_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct watch_habit *habit = at;
    (void)s;
    (void)row;
    bool possible = habit->who < WHO_COUNT && habit->tenant_len <= SILENCE_NAME_BYTES &&
                    habit->name_len <= SILENCE_NAME_BYTES;
    for (int h = 0; h < SILENCE_DAY_HOURS; h++)
        possible &= sane_count((double)habit->hours[h]);
    return possible;
}

static bool chain_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct chain *chain = at;
    (void)s;
    (void)row;
    bool possible = sane((double)chain->heat) && chain->top < CALIBRATION_BINS;
    for (int i = 0; i < CHAIN_PARTNERS; i++)
        possible &= sane_count((double)chain->partners[i].evidence) &&
                    chain->partners[i].name_len <= CHAIN_NAME_BYTES;
    return possible;
}

/* It is published again, where it has to be UTF-8. */
static bool text_possible(const char *text, size_t room)
{
    return memchr(text, '\0', room) != NULL && vd_utf8_valid(vd_bytes_str(text));
}

static bool reason_possible(const struct finding_reason *r)
{
    return sane(r->observed) && sane(r->expected) && sane(r->surprise) && sane(r->maturity) &&
           r->kind <= VD_REASON_BESIDE && text_possible(r->feature, sizeof r->feature) &&
           text_possible(r->what, sizeof r->what) && text_possible(r->entity_kind, sizeof r->entity_kind) &&
           text_possible(r->entity, sizeof r->entity) && text_possible(r->value, sizeof r->value);
}

static bool evidence_possible(const struct finding_evidence *e)
{
    return text_possible(e->user, sizeof e->user) && text_possible(e->source, sizeof e->source) &&
           text_possible(e->process, sizeof e->process) && text_possible(e->file, sizeof e->file);
}

static bool logins_possible(const struct finding_logins *logins)
{
    return text_possible(logins->user, sizeof logins->user) &&
           text_possible(logins->host, sizeof logins->host) && text_possible(logins->uid, sizeof logins->uid);
}

static bool finding_times_possible(const struct score_finding *f)
{
    return sane_ms(f->created_ms) && sane_ms(f->modified_ms) && sane_ms(f->first_ms) && sane_ms(f->last_ms) &&
           sane_ms(f->heard_ms) && sane_ms(f->told_ms) && sane_ms(f->stays_ms);
}

static bool finding_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct score_finding *f = at;
    (void)s;
    (void)row;
    bool possible = f->who < WHO_COUNT && f->criticality <= ASSET_CRITICAL && f->activity <= FINDING_CLOSE &&
                    f->reason_count <= VD_SCORE_REASONS_MAX && f->related_count <= FINDING_RELATED_MAX &&
                    f->host_count <= FINDING_HOSTS_MAX && f->risk_score >= 0 && f->risk_score <= 100 &&
                    f->risk_level_id >= 0 && f->risk_level_id <= FINDING_CRITICAL_LEVEL &&
                    finding_times_possible(f);
    possible = possible && text_possible(f->tenant, sizeof f->tenant) &&
               text_possible(f->name, sizeof f->name) && text_possible(f->host, sizeof f->host) &&
               evidence_possible(&f->evidence) && logins_possible(&f->logins) && reason_possible(&f->about);
    for (int i = 0; i < VD_SCORE_REASONS_MAX; i++)
        possible = possible && reason_possible(&f->reasons[i]);
    for (int i = 0; i < FINDING_RELATED_MAX; i++)
        possible = possible && text_possible(f->related[i], sizeof f->related[i]);
    return possible;
}

static bool finding_tenant_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct finding_tenant *t = at;
    (void)s;
    (void)row;
    return t->merged_count <= FINDING_MERGED_MAX;
}

static bool series_possible(const struct series *s)
{
    bool possible = s->samples >= 0 && sane(s->level) && sane_count(s->deviation) && sane(s->residual);
    for (int f = 0; f < SERIES_FIGURES; f++) {
        const struct series_record *r = &s->records[f];
        possible &= sane(r->highest) && sane(r->mean);
        for (int i = 0; i < SERIES_EPISODES; i++)
            possible &= sane(r->second[i]) && r->at[i] >= 0 && r->at[i] <= s->samples;
    }
    for (int h = 0; h < SERIES_WEEK_HOURS; h++)
        possible &= sane(s->week[h].mean);
    for (int h = 0; h < SERIES_DAY_HOURS; h++)
        possible &= sane(s->day[h].mean);
    return possible;
}

static bool total_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct total *t = at;
    (void)s;
    (void)row;
    bool possible = t->kind < KIND_COUNT && t->tenant_len <= TOTALS_NAME_BYTES && t->waiting == 0 &&
                    t->news.figure < SERIES_FIGURES && sane(t->news.observed) && sane(t->news.expected) &&
                    sane(t->news.excess) && sane(t->news.surprise) && sane((double)t->told_surprise) &&
                    sane((double)t->told_distance);
    for (int i = 0; i < TOTALS_HOUR_BUCKETS; i++)
        possible &= sane((double)t->hour_expected[i]);
    return possible && series_possible(&t->series);
}
_Static_assert(sizeof(struct total) <= STATE_ROW_MAX_BYTES, "a total is a row");

static bool scalars_possible(const struct score *s, uint32_t row, const void *at)
{
    const struct state_scalars *scalars = at;
    (void)row;
    return scalars->newest_ms >= 0 && scalars->newest_ms / 1000 <= UINT32_MAX && scalars->received_ms >= 0 &&
           sane_count(scalars->host_windows) && scalars->novelty_held < s->novelty.held_max &&
           scalars->novelty_younger <= 1 && scalars->silences_looked <= s->silences.count &&
           scalars->totals_received_ms >= 0 && scalars->totals_held[0] <= 1 && scalars->totals_held[1] <= 1 &&
           scalars->totals_gap <= 1;
}

/* ---- The tables */

static const void *cell_first(uint32_t row)
{
    return cells_first(row);
}

static const void *due_first(uint32_t row)
{
    static const uint32_t NEVER = UINT32_MAX;
    (void)row;
    return &NEVER;
}

/* Most rows are as they began, and asking that of one word is faster than looking at all. */
static bool feature_used(const struct score *s, uint32_t row)
{
    const struct calibration *c = &s->cells.features[row];
    return c->made_minute != 0 || c->total > 0;
}

static bool watch_used(const struct score *s, uint32_t row)
{
    return s->silences.sets[row / SILENCE_WAYS].keys[row % SILENCE_WAYS] != 0;
}

static bool chain_used(const struct score *s, uint32_t row)
{
    return s->chains.slots[row].tenant_hash != 0;
}

static bool finding_used(const struct score *s, uint32_t row)
{
    return s->findings->keys[row] != 0;
}

static bool total_used(const struct score *s, uint32_t row)
{
    return s->totals->keys[row] != 0;
}

static bool entity_used(const struct score *s, uint32_t row)
{
    return s->entities.tags[row] != 0;
}

static struct state_table table(const void *rows, size_t row_bytes, size_t count)
{
    return (struct state_table){
        .rows = (uint8_t *)(uintptr_t)rows, .row_bytes = (uint32_t)row_bytes, .count = (uint32_t)count};
}

static struct state_table checked(const void *rows, size_t row_bytes, size_t count,
                                  bool (*possible)(const struct score *, uint32_t, const void *),
                                  bool (*used)(const struct score *, uint32_t))
{
    struct state_table t = table(rows, row_bytes, count);
    t.possible = possible;
    t.used = used;
    return t;
}

static void silences_of(const struct silences *q, struct state_table *t)
{
    t[STATE_WATCH_SETS] = table(q->sets, sizeof *q->sets, q->count / SILENCE_WAYS);
    t[STATE_DUES] = checked(q->due, sizeof *q->due, q->count, NULL, watch_used);
    t[STATE_DUES].first = due_first;
    t[STATE_WATCHES] = checked(q->watches, sizeof *q->watches, q->count, watch_possible, watch_used);
    t[STATE_HABITS] = checked(q->habits, sizeof *q->habits, q->count, habit_possible, watch_used);
}

static void findings_of(const struct findings *f, struct state_table *t)
{
    t[STATE_FINDINGS] = checked(f->open, sizeof *f->open, FINDINGS_MAX, finding_possible, finding_used);
    t[STATE_FINDING_DUES] = table(f->dues_ms, sizeof *f->dues_ms, FINDINGS_MAX);
    t[STATE_FINDING_KEYS] = table(f->keys, sizeof *f->keys, FINDINGS_MAX);
    t[STATE_FINDING_TENANTS] =
        checked(f->tenants, sizeof *f->tenants, FINDING_TENANTS_MAX, finding_tenant_possible, NULL);
}
_Static_assert(sizeof(struct score_finding) <= STATE_ROW_MAX_BYTES, "a finding is a row");

static void totals_of(const struct totals *totals, struct state_table *t)
{
    t[STATE_TOTALS] = checked(totals->of, sizeof *totals->of, TOTALS_MAX, total_possible, total_used);
    t[STATE_TOTAL_KEYS] = table(totals->keys, sizeof *totals->keys, TOTALS_MAX);
    t[STATE_EXCESSES] = checked(&totals->excesses, sizeof totals->excesses, 1, calibration_possible, NULL);
}

void state_tables_of(const struct score *s, const struct state_singles *one,
                     struct state_table t[STATE_TABLES])
{
    const struct entities *e = &s->entities;
    const struct cells *c = &s->cells;
    t[STATE_HEAD] = table(&one->head, sizeof one->head, 1);
    t[STATE_SCALARS] = checked(&one->scalars, sizeof one->scalars, 1, scalars_possible, NULL);
    t[STATE_CELLS] = checked(c->peers, sizeof *c->peers, CELLS_COUNT, cell_possible, NULL);
    t[STATE_CELLS].first = cell_first;
    t[STATE_FEATURES] = checked(c->features, sizeof *c->features, (size_t)CELLS_COUNT * FEATURE_COUNT,
                                calibration_possible, feature_used);
    t[STATE_RULES] = table(c->rules, sizeof *c->rules, CELLS_RULES);
    t[STATE_NOVELTY] = table(s->novelty.words, NOVELTY_LINE_BYTES, s->novelty.block_count);
    silences_of(&s->silences, t);
    t[STATE_CHAINS] =
        checked(s->chains.slots, sizeof *s->chains.slots, CHAINS_SLOTS, chain_possible, chain_used);
    t[STATE_CHAIN_CALIBRATION] =
        checked(&s->chains.calibration, sizeof s->chains.calibration, 1, calibration_possible, NULL);
    t[STATE_VERDICTS] = checked(s->verdicts, sizeof *s->verdicts, KIND_COUNT, calibration_possible, NULL);
    findings_of(s->findings, t);
    totals_of(s->totals, t);
    t[STATE_ENTITIES] =
        checked(e->slots, sizeof *e->slots, e->set_count * ENTITIES_WAYS, entity_possible, entity_used);
    t[STATE_END] = table(&one->end, sizeof one->end, 1);
}

/* ---- What there is one of */

/* Another field somewhere in between has to change LAYOUT. */
void state_head_of(const struct score *s, struct state_head *out)
{
    struct state_singles singles = {0};
    struct state_table tables[STATE_TABLES];
    uint64_t layout = mix_pair(LAYOUT_SEED, LAYOUT);
    state_tables_of(s, &singles, tables);
    for (int i = 0; i < STATE_TABLES; i++)
        layout = mix_pair(layout, tables[i].row_bytes);
    *out = (struct state_head){.magic = {'V', 'D', 'S', 'W'},
                               .byte_order = BYTE_ORDER_MARK,
                               .layout = layout,
                               .constants = score_constants_hash(),
                               .sets = s->entities.set_count};
}

void state_scalars_of(const struct score *s, struct state_scalars *out)
{
    *out = (struct state_scalars){.newest_ms = s->time.newest_ms,
                                  .received_ms = s->silences.received_ms,
                                  .host_windows = s->host_windows,
                                  .novelty_held = s->novelty.held,
                                  .novelty_younger = s->novelty.younger,
                                  .arrivals = s->silences.arrivals,
                                  .silences_now = s->silences.now,
                                  .silences_looked = (uint32_t)s->silences.looked,
                                  .findings_due_ms = s->findings->due_ms,
                                  .totals_received_ms = s->totals->received_ms,
                                  .totals_arrived_ms = s->totals->arrived_ms,
                                  .totals_bucket = s->totals->bucket,
                                  .totals_held = {s->totals->held[0], s->totals->held[1]},
                                  .totals_gap = s->totals->gap};
}

void state_scalars_set(struct score *s, const struct state_scalars *scalars)
{
    s->time.newest_ms = scalars->newest_ms;
    s->silences.received_ms = scalars->received_ms;
    s->host_windows = scalars->host_windows;
    s->novelty.held = scalars->novelty_held;
    s->novelty.younger = scalars->novelty_younger;
    s->silences.arrivals = scalars->arrivals;
    s->silences.now = scalars->silences_now;
    s->silences.looked = scalars->silences_looked;
    s->findings->due_ms = scalars->findings_due_ms;
    s->totals->received_ms = scalars->totals_received_ms;
    s->totals->arrived_ms = scalars->totals_arrived_ms;
    s->totals->bucket = scalars->totals_bucket;
    s->totals->held[0] = scalars->totals_held[0];
    s->totals->held[1] = scalars->totals_held[1];
    s->totals->gap = scalars->totals_gap;
}

void score_counters_write(struct score *s, const struct score_counters *counters)
{
    s->counters = *counters;
    s->entities.evictions = counters->evictions;
}
