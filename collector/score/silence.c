/* Who is watched stands in sets, as entities do; who is known for shortest gives way, so that a flood of
 * newcomers costs only newcomers. */
#include "silence.h"

#include <math.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "bounds.h"

enum { HOUR_SECONDS = 3600, LOOK_SECONDS = 60, NEVER = -1, RECENT = 256 };
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
    size_t sets = max / SILENCE_WAYS, count = sets * SILENCE_WAYS;
    *s = (struct silences){.count = count, .looked = count};
    if (count == 0 || count > UINT32_MAX)
        return VD_EINVAL;
    s->memory = vd_calloc(sets + 1, sizeof *s->sets);
    s->due = vd_calloc(count, sizeof *s->due);
    s->watches = vd_calloc(count, sizeof *s->watches);
    s->habits = vd_calloc(count, sizeof *s->habits);
    s->recent = vd_calloc(RECENT, sizeof *s->recent);
    if (s->memory == NULL || s->due == NULL || s->watches == NULL || s->habits == NULL || s->recent == NULL) {
        silences_deinit(s);
        return VD_ENOMEM;
    }
    size_t off = (uintptr_t)s->memory % alignof(struct watch_set);
    s->sets = (struct watch_set *)((char *)s->memory + (off > 0 ? alignof(struct watch_set) - off : 0));
    memset(s->due, NEVER, count * sizeof *s->due);
    return 0;
}

void silences_deinit(struct silences *s)
{
    vd_free(s->memory);
    vd_free(s->due);
    vd_free(s->watches);
    vd_free(s->habits);
    vd_free(s->recent);
    *s = (struct silences){0};
}

/* ---- The table */

/* A slot is a way of a set. */
struct place {
    struct watch_set *set;
    unsigned way; /* SILENCE_WAYS: not there */
    size_t slot;
};

static struct place place_at(const struct silences *s, size_t slot)
{
    return (struct place){.set = &s->sets[slot / SILENCE_WAYS], .way = slot % SILENCE_WAYS, .slot = slot};
}

static struct place search(const struct silences *s, uint64_t key)
{
    size_t number = (size_t)((key >> 32) * (s->count / SILENCE_WAYS) >> 32);
    struct watch_set *set = &s->sets[number];
    unsigned matches = 1U << SILENCE_WAYS; /* no branch that a newcomer takes differently */
    for (unsigned way = 0; way < SILENCE_WAYS; way++)
        matches |= (unsigned)(set->keys[way] == key) << way;
    unsigned way = (unsigned)__builtin_ctz(matches);
    return (struct place){.set = set, .way = way, .slot = number * SILENCE_WAYS + way};
}

/* Whoever is heard is mostly heard again at once: a host's frame holds many events. */
static struct place find(const struct silences *s, uint64_t key)
{
    uint32_t *recent = &s->recent[key / 2 % RECENT]; /* a key's lowest bit is always set */
    struct place place = place_at(s, *recent);
    if (place.set->keys[place.way] == key)
        return place;
    place = search(s, key);
    if (place.way < SILENCE_WAYS)
        *recent = (uint32_t)place.slot;
    return place;
}

void silences_prefetch_set(const struct silences *s, uint64_t key)
{
    const struct watch_set *set = &s->sets[(key >> 32) * (s->count / SILENCE_WAYS) >> 32];
    __builtin_prefetch(set->keys, 1);
    __builtin_prefetch(set->born, 1);
}

/* A free way, else who is known for shortest; who is long gone counts as a newcomer. */
static unsigned make_room(const struct silences *s, const struct watch_set *set)
{
    const uint32_t memory = MEMORY_HOURS * HOUR_SECONDS, gone = s->now > memory ? s->now - memory : 0;
    uint64_t least = UINT64_MAX;
    unsigned victim = 0;
    for (unsigned way = 0; way < SILENCE_WAYS; way++) {
        uint64_t known = set->last[way] < gone ? 0 : (uint64_t)(set->last[way] - set->born[way]);
        uint64_t worth = set->keys[way] == 0 ? 0 : 1 + known;
        victim = worth < least ? way : victim;
        least = worth < least ? worth : least;
    }
    return victim;
}

void silences_prefetch(const struct silences *s, uint64_t key)
{
    struct place place = find(s, key);
    if (place.way < SILENCE_WAYS)
        __builtin_prefetch(&s->watches[place.slot], 1);
}

static void begin(struct silences *s, struct place *place, uint64_t key, uint32_t seconds)
{
    unsigned way = make_room(s, place->set);
    place->slot = place->slot - place->way + way;
    place->way = way;
    place->set->keys[way] = key;
    place->set->born[way] = place->set->last[way] = seconds;
    s->watches[place->slot] = (struct watch){.hour = seconds / HOUR_SECONDS};
}

static uint8_t text_set(char out[SILENCE_NAME_BYTES], struct vd_bytes text)
{
    size_t len = text.len < SILENCE_NAME_BYTES ? text.len : SILENCE_NAME_BYTES;
    if (len > 0)
        memcpy(out, text.data, len);
    return (uint8_t)len;
}

static void habit_begin(struct watch_habit *habit, const struct silence_who *who)
{
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

static void hours_end(struct watch *w, struct watch_habit *habit, uint32_t born_hour, uint32_t hour)
{
    uint32_t last = hour - w->hour < MEMORY_HOURS ? hour : w->hour + MEMORY_HOURS;
    for (uint32_t h = w->hour; h < last; h++) {
        float *mean = &habit->hours[h % SILENCE_DAY_HOURS];
        uint32_t days = (h - born_hour) / SILENCE_DAY_HOURS + 1;
        double share = larger(1.0 / days, (double)SILENCE_DAY_HOURS / MEMORY_HOURS);
        double events = h == w->hour ? w->events : 0;
        *mean = (float)(*mean + share * (events - *mean));
    }
    w->longest *= (float)exp2(-(double)(hour - w->hour) / MEMORY_HOURS);
    w->hour = hour;
    w->events = 0;
}

static void go_on(struct silences *s, const struct place *place, const struct silence_who *who,
                  uint32_t seconds)
{
    struct watch_set *set = place->set;
    struct watch *w = &s->watches[place->slot];
    struct watch_habit *habit = &s->habits[place->slot];
    uint32_t hour = seconds / HOUR_SECONDS;
    float pause = (float)(seconds - set->last[place->way]);
    if (hour != w->hour) {
        uint32_t born_hour = set->born[place->way] / HOUR_SECONDS;
        if (w->hour == born_hour)
            habit_begin(habit, who);
        hours_end(w, habit, born_hour, hour);
    }
    if (pause > w->longest)
        w->longest = pause;
    set->last[place->way] = seconds;
    double due = seconds + larger(PAUSE_SECONDS, PAUSE_FACTOR * (double)w->longest);
    s->due[place->slot] = due < UINT32_MAX ? (uint32_t)due : UINT32_MAX;
}

void silences_hear(struct silences *s, const struct silence_who *who, uint32_t seconds)
{
    struct place place = find(s, who->key);
    if (place.way == SILENCE_WAYS)
        begin(s, &place, who->key, seconds);
    if (seconds >= place.set->last[place.way])
        go_on(s, &place, who, seconds);
    s->watches[place.slot].heard = s->arrivals;
    s->watches[place.slot].events++;
}

/* What the hours of its days hold. */
static double expected(const struct watch_habit *habit, uint32_t from, uint32_t to)
{
    double sum = 0;
    for (uint32_t hours = 0; from < to && hours < MEMORY_HOURS; hours++) {
        uint32_t hour = from / HOUR_SECONDS, left = HOUR_SECONDS - from % HOUR_SECONDS;
        uint32_t next = left < to - from ? from + left : to;
        sum += (double)habit->hours[hour % SILENCE_DAY_HOURS] * (next - from) / HOUR_SECONDS;
        from = next;
    }
    return sum;
}

/* ---- Who is silent */

static bool look(struct silences *s, size_t slot, struct silence *out)
{
    const struct watch_set *set = &s->sets[slot / SILENCE_WAYS];
    unsigned way = slot % SILENCE_WAYS;
    const struct watch *w = &s->watches[slot];
    const struct watch_habit *habit = &s->habits[slot];
    uint32_t since = set->last[way], pause = s->now - since, known = since - set->born[way];
    if (known / SPANS < pause) {
        s->due[slot] = UINT32_MAX; /* the longer it lasts, the less is known of it */
        return false;
    }
    if (s->arrivals - w->heard < PAUSE_SECONDS)
        return false;
    double events = expected(habit, since, s->now);
    if (events < EXPECTED_LEAST)
        return false;
    s->due[slot] = UINT32_MAX;
    *out = (struct silence){.key = set->keys[way],
                            .who = (enum who)habit->who,
                            .tenant = vd_bytes_of(habit->tenant, habit->tenant_len),
                            .name = vd_bytes_of(habit->name, habit->name_len),
                            .since = since,
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
