/* Who is watched stands in sets, as entities do; who is known for shortest gives way, so that a flood of
 * newcomers costs only newcomers. */
#include "silence.h"

#include <math.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "bounds.h"

enum { HOUR_SECONDS = 3600, LOOK_SECONDS = 60, NEVER = -1 };
/* A pause shorter than this is no silence, nor is one in which the others were not heard for as long. */
enum { PAUSE_SECONDS = 600 };
/* Between two arrivals the clock of arrivals goes on by no more. */
static const int64_t ARRIVAL_MS_MAX = 300000;
static const double PAUSE_FACTOR = 2;
/* Spans of the pause's length that one has to be known for, and events that it would have held. */
static const uint32_t SPANS = 24;
static const double EXPECTED_LEAST = 6;
/* What is older than two weeks fades: the longest pause by half, an hour's events as a mean of so many days;
 * what is known for longer than four times that counts as so much. */
static const uint32_t MEMORY_HOURS = 14 * SILENCE_DAY_HOURS;
static const double KNOWN_SECONDS_MAX = 4.0 * 14 * SILENCE_DAY_HOURS * HOUR_SECONDS;

int silences_init(struct silences *s, size_t max)
{
    size_t count = max / SILENCE_WAYS * SILENCE_WAYS;
    *s = (struct silences){.count = count, .looked = count};
    if (count == 0 || count > UINT32_MAX)
        return VD_EINVAL;
    s->keys = vd_calloc(count, sizeof *s->keys);
    s->due = vd_calloc(count, sizeof *s->due);
    s->watches = vd_calloc(count, sizeof *s->watches);
    s->habits = vd_calloc(count, sizeof *s->habits);
    if (s->keys == NULL || s->due == NULL || s->watches == NULL || s->habits == NULL) {
        silences_deinit(s);
        return VD_ENOMEM;
    }
    memset(s->due, NEVER, count * sizeof *s->due);
    return 0;
}

void silences_deinit(struct silences *s)
{
    vd_free(s->keys);
    vd_free(s->due);
    vd_free(s->watches);
    vd_free(s->habits);
    *s = (struct silences){0};
}

/* ---- The table */

static size_t set_of(const struct silences *s, uint64_t key)
{
    return (size_t)((key >> 32) * (s->count / SILENCE_WAYS) >> 32) * SILENCE_WAYS;
}

void silences_prefetch(const struct silences *s, uint64_t key)
{
    __builtin_prefetch(&s->keys[set_of(s, key)]);
}

/* Nothing, of who is long gone. */
static uint32_t known_of(const struct silences *s, size_t slot)
{
    const struct watch *w = &s->watches[slot];
    bool gone = s->now > w->last && s->now - w->last > MEMORY_HOURS * HOUR_SECONDS;
    return gone ? 0 : w->last - w->born;
}

static size_t slot_for(const struct silences *s, uint64_t key)
{
    size_t set = set_of(s, key), victim = set;
    for (size_t slot = set; slot < set + SILENCE_WAYS; slot++)
        if (s->keys[slot] == key)
            return slot;
    for (size_t slot = set; slot < set + SILENCE_WAYS; slot++) {
        if (s->keys[slot] == 0)
            return slot;
        if (known_of(s, slot) < known_of(s, victim))
            victim = slot;
    }
    return victim;
}

static uint8_t text_set(char out[SILENCE_NAME_BYTES], struct vd_bytes text)
{
    size_t len = text.len < SILENCE_NAME_BYTES ? text.len : SILENCE_NAME_BYTES;
    if (len > 0)
        memcpy(out, text.data, len);
    return (uint8_t)len;
}

static void begin(struct silences *s, size_t slot, const struct silence_who *who, uint32_t seconds)
{
    struct watch_habit *habit = &s->habits[slot];
    s->keys[slot] = who->key;
    s->watches[slot] = (struct watch){.born = seconds, .last = seconds, .hour = seconds / HOUR_SECONDS};
    *habit = (struct watch_habit){.who = (uint8_t)who->who};
    habit->tenant_len = text_set(habit->tenant, who->tenant);
    habit->name_len = text_set(habit->name, who->name);
}

/* ---- Habits */

/* All were away: for how long says nothing of one. */
void silences_arrive(struct silences *s, int64_t received_ms)
{
    if (s->received_ms == 0)
        s->received_ms = received_ms;
    if (received_ms - s->received_ms > ARRIVAL_MS_MAX)
        s->received_ms = received_ms - ARRIVAL_MS_MAX;
    if (received_ms - s->received_ms < 1000)
        return;
    uint32_t seconds = (uint32_t)((received_ms - s->received_ms) / 1000);
    s->arrivals += seconds;
    s->received_ms += (int64_t)seconds * 1000;
}

static void hours_end(struct watch *w, struct watch_habit *habit, uint32_t hour)
{
    uint32_t born = w->born / HOUR_SECONDS,
             last = hour - w->hour < MEMORY_HOURS ? hour : w->hour + MEMORY_HOURS;
    for (uint32_t h = w->hour; h < last; h++) {
        float *mean = &habit->hours[h % SILENCE_DAY_HOURS];
        uint32_t days = (h - born) / SILENCE_DAY_HOURS + 1;
        double share = larger(1.0 / days, (double)SILENCE_DAY_HOURS / MEMORY_HOURS);
        double events = h == w->hour ? w->events : 0;
        *mean = (float)(*mean + share * (events - *mean));
    }
    w->longest *= (float)exp2(-(double)(hour - w->hour) / MEMORY_HOURS);
    w->hour = hour;
    w->events = 0;
}

static void go_on(struct watch *w, struct watch_habit *habit, uint32_t seconds)
{
    float pause = (float)(seconds - w->last);
    if (seconds / HOUR_SECONDS != w->hour)
        hours_end(w, habit, seconds / HOUR_SECONDS);
    if (pause > w->longest)
        w->longest = pause;
    w->last = seconds;
}

void silences_hear(struct silences *s, const struct silence_who *who, uint32_t seconds)
{
    size_t slot = slot_for(s, who->key);
    struct watch *w = &s->watches[slot];
    if (s->keys[slot] != who->key)
        begin(s, slot, who, seconds);
    w->heard = s->arrivals;
    if (seconds >= w->last) {
        go_on(w, &s->habits[slot], seconds);
        double due = seconds + larger(PAUSE_SECONDS, PAUSE_FACTOR * (double)w->longest);
        s->due[slot] = due < UINT32_MAX ? (uint32_t)due : UINT32_MAX;
    }
    w->events++;
}

/* What the hours of its days hold, from its last event on. */
static double expected(const struct watch *w, const struct watch_habit *habit, uint32_t now)
{
    double sum = 0;
    uint32_t at = w->last;
    for (uint32_t hours = 0; at < now && hours < MEMORY_HOURS; hours++) {
        uint32_t hour = at / HOUR_SECONDS, end = (hour + 1) * HOUR_SECONDS;
        uint32_t to = end < now ? end : now;
        sum += (double)habit->hours[hour % SILENCE_DAY_HOURS] * (to - at) / HOUR_SECONDS;
        at = to;
    }
    return sum;
}

/* ---- Who is silent */

static bool look(struct silences *s, size_t slot, struct silence *out)
{
    const struct watch *w = &s->watches[slot];
    const struct watch_habit *habit = &s->habits[slot];
    uint32_t pause = s->now - w->last, known = w->last - w->born;
    if (known / SPANS < pause) {
        s->due[slot] = UINT32_MAX; /* the longer it lasts, the less is known of it */
        return false;
    }
    if (s->arrivals - w->heard < PAUSE_SECONDS)
        return false;
    double events = expected(w, habit, s->now);
    if (events < EXPECTED_LEAST)
        return false;
    s->due[slot] = UINT32_MAX;
    *out = (struct silence){.key = s->keys[slot],
                            .who = (enum who)habit->who,
                            .tenant = vd_bytes_of(habit->tenant, habit->tenant_len),
                            .name = vd_bytes_of(habit->name, habit->name_len),
                            .since = w->last,
                            .at = s->now,
                            .longest = (uint32_t)w->longest,
                            .known = known,
                            .expected = events,
                            .surprise = log10(1 + smaller(known, KNOWN_SECONDS_MAX) / pause)};
    return true;
}

bool silences_next(struct silences *s, uint32_t watermark_seconds, struct silence *out)
{
    if (s->looked == s->count) {
        if (watermark_seconds < s->now || watermark_seconds - s->now < LOOK_SECONDS)
            return false;
        s->now = watermark_seconds;
        s->looked = 0;
    }
    while (s->looked < s->count) {
        size_t slot = s->looked++;
        if (s->due[slot] <= s->now && look(s, slot, out))
            return true;
    }
    return false;
}
