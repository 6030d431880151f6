/* Scoring: one event is counted under its source address, its user and its host, each in three windows; the
 * count that is least likely by that entity's own habits and its peers' makes the risk. docs/detection.md
 * says what this sees. */
#include "score.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

#include "entities.h"
#include "kind.h"

/* Of equal surprises the first is the first reason. */
enum who { WHO_SOURCE, WHO_USER, WHO_HOST, WHO_COUNT };
_Static_assert((int)WHO_COUNT <= (int)VD_SCORE_REASONS_MAX, "every entity of an event may be a reason");

static const char *const WHO_TEXT[WHO_COUNT] = {"source address", "user", "host"};
static const uint32_t WINDOW_SECONDS[ENTITY_RINGS] = {60, 300, 3600};
enum { REPEAT_RING = 1 }; /* repeats within it share one alarm */

/* What peers are taken to do before any has been seen. */
static const struct baseline PEERS_FIRST = {.mean = 1, .variance = 2};
static const double RARE_PEERS_WINDOWS = 64; /* that prior is believed for this long */
static const double OTHER_PEERS_WINDOWS = 1;
/* Windows a kind that is not rare has to show of an entity before it is judged: an hour, and six of the
 * longest. */
static const uint16_t TRIAL_WINDOWS[ENTITY_RINGS] = {60, 12, 6};

enum { LATENESS_MS = 30000, AHEAD_MS = 60000, CLOCK_ERROR_MS = 30000 };

/* A count that happens once in ten windows is nothing to tell. */
static const double LEAST_SURPRISE = 1;
static const double RISK_PER_DECADE = 20;
enum { RISK_MAX = 100, RISK_ALERT = 70, LEVELS = 4 };
static const int32_t LEVEL_RISK[LEVELS] = {20, 40, RISK_ALERT, 90};

/* Part of every key: never changed while a snapshot is to be read again. */
enum { TENANT_SEED = 0x7465, KEY_SEED = 0x6b65 };

struct score {
    struct entities entities;
    int64_t newest_ms;
    struct score_counters counters;
    struct peers peers[KIND_COUNT][WHO_COUNT][ENTITY_RINGS];
};

/* An event on its way through. */
struct subject {
    const struct kind *kind;
    struct peers (*peers)[ENTITY_RINGS]; /* of that kind, by who */
    uint32_t seconds, buckets[ENTITY_RINGS];
    uint16_t count;
    int looks; /* counts it is judged by: the least likely of so many is less of a surprise (Bonferroni) */
    bool late, missed;
};

struct key {
    uint64_t hash;
    enum who who;
    struct vd_bytes text;
};

static uint32_t bucket_seconds(int ring)
{
    return WINDOW_SECONDS[ring] / RING_BUCKETS;
}

int score_new(struct score **out, const struct score_options *options)
{
    struct score *s = vd_calloc(1, sizeof *s);
    if (s == NULL)
        return VD_ENOMEM;
    int r = entities_init(&s->entities, options->max_entities);
    if (r < 0) {
        vd_free(s);
        return r;
    }
    for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
        for (int who = 0; who < WHO_COUNT; who++)
            for (int i = 0; i < ENTITY_RINGS; i++)
                s->peers[kind][who][i] = (struct peers){
                    .baseline = PEERS_FIRST,
                    .windows = kind_at(kind)->rare ? RARE_PEERS_WINDOWS : OTHER_PEERS_WINDOWS,
                };
    *out = s;
    return 0;
}

void score_free(struct score *s)
{
    if (s == NULL)
        return;
    entities_deinit(&s->entities);
    vd_free(s);
}

int64_t score_watermark_ms(const struct score *s)
{
    return s->newest_ms > LATENESS_MS ? s->newest_ms - LATENESS_MS : 0;
}

void score_counters_read(const struct score *s, struct score_counters *out)
{
    *out = s->counters;
    out->entities = s->entities.live;
    out->evictions = s->entities.evictions;
}

struct score_input score_input_of(const struct vd_event_view *view, struct vd_bytes tenant,
                                  struct vd_bytes agent, int64_t received_ms)
{
    return (struct score_input){
        .tenant = tenant,
        .host = agent,
        .user = view->user_name,
        .src_ip = view->src_ip,
        .class_uid = view->class_uid,
        .activity_id = view->activity_id,
        .status_id = view->status_id,
        .count = view->count,
        .time_ms = view->time_ms,
        .received_ms = received_ms,
    };
}

/* The time an event is counted at. Only the collector's own clock can tell a stamp from the future from one
 * after a quiet night, and a shard's watermark that one wrong clock could push would make everybody else's
 * events late. */
static int64_t believed_ms(struct score *s, const struct score_input *in)
{
    if (in->received_ms > 0 && in->time_ms > in->received_ms + CLOCK_ERROR_MS) {
        s->counters.future_events++;
        int64_t ahead_ms = s->newest_ms > 0 ? score_watermark_ms(s) + AHEAD_MS : in->received_ms;
        return ahead_ms < in->time_ms ? ahead_ms : in->time_ms;
    }
    if (in->time_ms > s->newest_ms)
        s->newest_ms = in->time_ms;
    return in->time_ms;
}

static uint16_t believed_count(int32_t count)
{
    if (count < 1)
        return 1;
    return (uint16_t)(count < SCORE_COUNT_MAX ? count : SCORE_COUNT_MAX);
}

static uint64_t key_hash(const struct score_input *in, uint32_t kind, uint64_t tenant_hash,
                         const struct key *key)
{
    struct {
        uint64_t tenant;
        int32_t class_uid;
        uint16_t kind, who;
    } family = {tenant_hash, in->class_uid, (uint16_t)kind, (uint16_t)key->who};
    return vd_hash64(key->text, vd_hash64(vd_bytes_of(&family, sizeof family), KEY_SEED));
}

static int keys_of(const struct score_input *in, uint32_t kind, struct key *keys)
{
    const struct vd_bytes texts[WHO_COUNT] = {in->src_ip, in->user, in->host};
    uint64_t tenant_hash = vd_hash64(in->tenant, TENANT_SEED);
    int count = 0;
    for (int who = kind_at(kind)->host_only ? WHO_HOST : 0; who < WHO_COUNT; who++) {
        if (texts[who].len == 0)
            continue;
        struct key *key = &keys[count++];
        *key = (struct key){.who = (enum who)who, .text = texts[who]};
        key->hash = key_hash(in, kind, tenant_hash, key);
    }
    return count;
}

/* Whether there is something to judge the window by: of a rare kind the peers will do. */
static bool is_known(const struct kind *kind, const struct entity *e, int ring)
{
    return kind->rare || e->rings[ring].windows >= TRIAL_WINDOWS[ring];
}

/* The entity of a key, with its windows at the event's time or later. */
static struct entity *entity_at(struct entities *t, const struct subject *subject, const struct key *key)
{
    bool is_new;
    struct peers *peers = subject->peers[key->who];
    struct entity *e = entities_get(t, key->hash, &is_new);
    if (is_new) {
        e->first_seconds = e->last_seconds = subject->seconds;
        for (int i = 0; i < ENTITY_RINGS; i++)
            ring_begin(&e->rings[i], subject->buckets[i], &peers[i]);
        return e;
    }
    if (subject->seconds <= e->last_seconds)
        return e;
    for (int i = 0; i < ENTITY_RINGS; i++) {
        struct ring_lesson lesson = {
            .peers = &peers[i],
            .birth = e->first_seconds / bucket_seconds(i),
            .clip = is_known(subject->kind, e, i),
        };
        ring_advance(&e->rings[i], subject->buckets[i], &lesson);
    }
    e->last_seconds = subject->seconds;
    return e;
}

/* The entity's most surprising window; false if none is worth a word. */
static bool weigh(const struct entity *e, const struct subject *subject, const struct peers *peers,
                  const enum ring_place *places, struct vd_reason *out)
{
    out->surprise = 0;
    for (int i = 0; i < ENTITY_RINGS; i++) {
        const struct ring *ring = &e->rings[i];
        if (ring->sum <= ring->quiet_limit || places[i] == RING_MISSED || !is_known(subject->kind, e, i))
            continue;
        struct rate expected = ring_expect(ring, &peers[i]);
        double surprise = tail_surprise(ring->sum, expected);
        if (surprise < LEAST_SURPRISE || surprise <= out->surprise)
            continue;
        out->window_seconds = WINDOW_SECONDS[i];
        out->observed = ring->sum;
        out->expected = expected.mean;
        out->surprise = surprise;
        out->maturity = baseline_maturity(ring->windows);
        out->late = places[i] == RING_LATE;
    }
    return out->surprise > 0;
}

static void add_reason(struct vd_score *out, const struct vd_reason *reason)
{
    uint32_t at = out->reason_count++;
    for (; at > 0 && out->reasons[at - 1].surprise < reason->surprise; at--)
        out->reasons[at] = out->reasons[at - 1];
    out->reasons[at] = *reason;
}

/* Counts the event under one key; returns that key's risk, unrounded, and adds its reason. */
static double judge(struct score *s, struct subject *subject, const struct key *key, struct vd_score *out)
{
    struct entity *e = entity_at(&s->entities, subject, key);
    enum ring_place places[ENTITY_RINGS];
    for (int i = 0; i < ENTITY_RINGS; i++) {
        places[i] = ring_add(&e->rings[i], subject->buckets[i], subject->count);
        subject->late |= places[i] == RING_LATE;
        subject->missed |= places[i] == RING_MISSED;
    }
    struct vd_reason reason = {
        .feature = subject->kind->feature, .entity_kind = WHO_TEXT[key->who], .entity = key->text};
    if (!weigh(e, subject, subject->peers[key->who], places, &reason))
        return 0;
    add_reason(out, &reason);
    double repeats = fmax(e->rings[REPEAT_RING].sum, 1);
    return RISK_PER_DECADE * (reason.surprise - log10(repeats * subject->looks));
}

static void conclude(struct vd_score *out, double risk)
{
    out->surprise = out->reason_count > 0 ? out->reasons[0].surprise : 0;
    out->risk_score = (int32_t)fmin(fmax(risk, 0), RISK_MAX);
    out->is_alert = out->risk_score >= RISK_ALERT;
    while (out->risk_level_id < LEVELS && out->risk_score >= LEVEL_RISK[out->risk_level_id])
        out->risk_level_id++;
}

int score_event(struct score *s, const struct score_input *in, struct vd_score *out)
{
    /* Not the reasons: what is over reason_count says nothing, and clearing all costs as much as a key. */
    memset(out, 0, offsetof(struct vd_score, reasons));
    if (in->time_ms <= 0 || in->time_ms / 1000 > UINT32_MAX)
        return VD_EINVAL;
    uint32_t kind = kind_of(in->class_uid, in->activity_id, in->status_id);
    struct key keys[WHO_COUNT];
    int key_count = keys_of(in, kind, keys);
    for (int i = 0; i < key_count; i++)
        entities_prefetch(&s->entities, keys[i].hash);

    struct subject subject = {
        .kind = kind_at(kind),
        .peers = s->peers[kind],
        .seconds = (uint32_t)(believed_ms(s, in) / 1000),
        .looks = key_count * ENTITY_RINGS,
        .count = believed_count(in->count),
    };
    for (int i = 0; i < ENTITY_RINGS; i++)
        subject.buckets[i] = subject.seconds / bucket_seconds(i);
    double risk = 0;
    for (int i = 0; i < key_count; i++)
        risk = fmax(risk, judge(s, &subject, &keys[i], out));
    conclude(out, risk);
    s->counters.events++;
    s->counters.late_events += subject.late;
    s->counters.missed_events += subject.missed;
    return 0;
}
