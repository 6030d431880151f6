/* The ledger's counting.
 *
 * A number below the highest that was seen is a double if it was seen, and late if not: the partition's order
 * is the stream's. Numbers outside of what was seen are nobody's hole: before the first lies what Kafka no
 * longer keeps, or another time; behind the last what has not come yet. */
#include "ledger_count.h"

#include <stdlib.h>
#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

enum { SLOTS_FIRST = 64, ACCOUNTS_FIRST = 1, NAME_MAX_BYTES = 1024 };

void ledger_init(struct ledger *ledger, int64_t stretch_ms)
{
    *ledger = (struct ledger){.stretch_ms = stretch_ms};
}

static void stream_free(struct ledger_stream *stream)
{
    if (stream == NULL)
        return;
    intervals_deinit(&stream->seen);
    intervals_deinit(&stream->excused);
    vd_free(stream->accounts);
    vd_free(stream->agent);
    vd_free(stream->stream);
    vd_free(stream);
}

void ledger_deinit(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->slot_count; i++)
        stream_free(ledger->slots[i]);
    vd_free(ledger->slots);
    vd_free(ledger->streams);
    *ledger = (struct ledger){0};
}

/* ---- Streams */

static bool is_stream(const struct ledger_stream *s, struct vd_bytes agent, struct vd_bytes stream)
{
    return vd_bytes_equal(vd_bytes_str(s->stream), stream) && vd_bytes_equal(vd_bytes_str(s->agent), agent);
}

static size_t slot_of(const struct ledger *ledger, struct vd_bytes agent, struct vd_bytes stream)
{
    size_t slot = vd_hash64(stream, vd_hash64(agent, 0)) & (ledger->slot_count - 1);
    while (ledger->slots[slot] != NULL && !is_stream(ledger->slots[slot], agent, stream))
        slot = (slot + 1) & (ledger->slot_count - 1);
    return slot;
}

/* At most half full, so that a search ends soon. */
static int slots_grow(struct ledger *ledger)
{
    if (2 * ledger->stream_count < ledger->slot_count)
        return 0;
    if (ledger->stream_count == LEDGER_STREAMS_MAX)
        return VD_ELIMIT;
    struct ledger old = *ledger;
    ledger->slot_count = old.slot_count == 0 ? SLOTS_FIRST : 2 * old.slot_count;
    ledger->slots = vd_calloc(ledger->slot_count, sizeof *ledger->slots);
    if (ledger->slots == NULL) {
        *ledger = old;
        return VD_ENOMEM;
    }
    for (size_t i = 0; i < old.slot_count; i++) {
        struct ledger_stream *s = old.slots[i];
        if (s != NULL)
            ledger->slots[slot_of(ledger, vd_bytes_str(s->agent), vd_bytes_str(s->stream))] = s;
    }
    vd_free(old.slots);
    return 0;
}

static struct ledger_stream *stream_new(struct vd_bytes agent, struct vd_bytes stream)
{
    struct ledger_stream *s = vd_calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->agent = vd_strndup((const char *)agent.data, agent.len);
    s->stream = vd_strndup((const char *)stream.data, stream.len);
    if (s->agent != NULL && s->stream != NULL)
        return s;
    stream_free(s);
    return NULL;
}

static int stream_at(struct ledger *ledger, const struct ledger_event *event, struct ledger_stream **out)
{
    int result = slots_grow(ledger);
    if (result < 0)
        return result;
    struct ledger_stream **slot = &ledger->slots[slot_of(ledger, event->agent, event->stream)];
    if (*slot == NULL) {
        *slot = stream_new(event->agent, event->stream);
        if (*slot == NULL)
            return VD_ENOMEM;
        ledger->stream_count++;
    }
    *out = *slot;
    return 0;
}

/* ---- Accounts */

/* The last one that does not begin later; most often the last of all. */
static size_t account_place(const struct ledger_stream *s, int64_t since_ms)
{
    size_t place = s->count;
    while (place > 0 && s->accounts[place - 1].since_ms > since_ms)
        place--;
    return place;
}

static int account_insert(struct ledger_stream *s, size_t place, int64_t since_ms)
{
    if (s->count == s->room) {
        struct ledger_account *accounts = vd_grow(s->accounts, &s->room, ACCOUNTS_FIRST, sizeof *accounts);
        if (accounts == NULL)
            return VD_ENOMEM;
        s->accounts = accounts;
    }
    memmove(&s->accounts[place + 1], &s->accounts[place], (s->count - place) * sizeof *s->accounts);
    s->accounts[place] = (struct ledger_account){.since_ms = since_ms};
    s->count++;
    return 0;
}

static int account_at(struct ledger_stream *s, int64_t stretch_ms, int64_t time_ms,
                      struct ledger_account **out)
{
    int64_t since_ms = stretch_ms > 0 ? time_ms - time_ms % stretch_ms : 0;
    size_t place = account_place(s, since_ms);
    int result = 0;
    if (place == 0 || s->accounts[place - 1].since_ms != since_ms)
        result = account_insert(s, place++, since_ms);
    *out = result == 0 ? &s->accounts[place - 1] : NULL;
    return result;
}

/* ---- Events */

/* Up to the greatest number: an agent may tell of as many as it likes, and must not turn a sum over. */
static void add(uint64_t *sum, uint64_t more)
{
    *sum = more < UINT64_MAX - *sum ? *sum + more : UINT64_MAX;
}

/* A GAP after a fork tells of numbers of the stream that was forked, which is another one. */
static bool tells_of_numbers(const struct vd_gap *gap)
{
    return gap->from > 0 && gap->reason != VD_GAP_FORKED;
}

static int take_gap(struct ledger_stream *s, struct ledger_account *account, const struct vd_gap *gap,
                    uint64_t sequence)
{
    uint64_t count = gap->count;
    if (count == 0 && gap->from > 0)
        count = gap->to - gap->from + 1;
    add(&account->told[gap->reason], count);
    account->untold += count == 0;
    bool numbers = tells_of_numbers(gap), stands = numbers && sequence >= gap->from && sequence <= gap->to;
    account->covered += stands;
    account->notices += !stands;
    return numbers ? intervals_add(&s->excused, gap->from, gap->to) : 0;
}

static void note_number(const struct ledger_stream *s, struct ledger_account *account, uint64_t sequence)
{
    if (account->first == 0 || sequence < account->first)
        account->first = sequence;
    if (sequence > account->last)
        account->last = sequence;
    if (s->seen.count > 0 && sequence < s->seen.at[s->seen.count - 1].to)
        account->late++;
}

static int take_number(struct ledger_stream *s, struct ledger_account *account,
                       const struct ledger_event *event)
{
    if (intervals_has(&s->seen, event->sequence)) {
        account->twice++;
        return 0;
    }
    note_number(s, account, event->sequence);
    int result = intervals_add(&s->seen, event->sequence, event->sequence);
    if (result == 0 && event->gap != NULL)
        return take_gap(s, account, event->gap, event->sequence);
    account->published += result == 0;
    return result;
}

static bool has_a_place(const struct ledger_event *event)
{
    return event->agent.len > 0 && event->agent.len <= NAME_MAX_BYTES && event->stream.len > 0 &&
           event->stream.len <= NAME_MAX_BYTES &&
           (event->fork || (event->sequence > 0 && event->sequence <= INTERVALS_NUMBER_MAX)) &&
           (event->gap == NULL || event->gap->to <= INTERVALS_NUMBER_MAX);
}

int ledger_take(struct ledger *ledger, const struct ledger_event *event)
{
    struct ledger_stream *stream;
    struct ledger_account *account;
    if (!has_a_place(event)) {
        ledger->unnumbered++;
        return 0;
    }
    int result = stream_at(ledger, event, &stream);
    if (result == 0)
        result = account_at(stream, ledger->stretch_ms, event->published_ms, &account);
    if (result < 0)
        return result;
    if (!event->fork)
        return take_number(stream, account, event);
    account->forks++;
    return 0;
}

/* ---- The end */

static int by_name(const void *a, const void *b)
{
    const struct ledger_stream *const *x = a, *const *y = b;
    int order = strcmp((*x)->agent, (*y)->agent);
    return order != 0 ? order : strcmp((*x)->stream, (*y)->stream);
}

bool ledger_hole(const struct ledger_stream *s, uint64_t from, struct interval *hole)
{
    if (s->seen.count == 0)
        return false;
    struct interval all = {s->seen.at[0].from, s->seen.at[s->seen.count - 1].to};
    if (from > all.from)
        all.from = from;
    return all.from <= all.to && intervals_hole(&s->seen, &s->excused, all, hole);
}

static void settle(const struct ledger_stream *s, struct ledger_account *account, struct interval within)
{
    struct interval hole;
    for (uint64_t from = within.from; ledger_hole(s, from, &hole) && hole.from <= within.to;
         from = hole.to + 1)
        account->unexplained += (hole.to < within.to ? hole.to : within.to) - hole.from + 1;
    uint64_t missing = within.to - within.from + 1 - intervals_within(&s->seen, within);
    account->covered += missing - account->unexplained;
}

/* A hole belongs to the time at which the number behind it came. */
static void settle_all(struct ledger_stream *s)
{
    if (s->seen.count == 0)
        return;
    uint64_t next = s->seen.at[0].from;
    for (size_t i = 0; i < s->count; i++) {
        struct ledger_account *account = &s->accounts[i];
        if (account->last < next)
            continue;
        settle(s, account, (struct interval){next, account->last});
        next = account->last + 1;
    }
}

int ledger_close(struct ledger *ledger)
{
    if (ledger->stream_count == 0)
        return 0;
    ledger->streams = vd_calloc(ledger->stream_count, sizeof(struct ledger_stream *));
    if (ledger->streams == NULL)
        return VD_ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < ledger->slot_count; i++)
        if (ledger->slots[i] != NULL)
            ledger->streams[count++] = ledger->slots[i];
    qsort(ledger->streams, count, sizeof *ledger->streams, by_name);
    for (size_t i = 0; i < count; i++)
        settle_all(ledger->streams[i]);
    return 0;
}

void ledger_add(struct ledger_account *sum, const struct ledger_account *account)
{
    add(&sum->published, account->published);
    add(&sum->notices, account->notices);
    for (int i = 0; i < VD_GAP_REASON_COUNT; i++)
        add(&sum->told[i], account->told[i]);
    add(&sum->untold, account->untold);
    add(&sum->twice, account->twice);
    add(&sum->late, account->late);
    add(&sum->forks, account->forks);
    add(&sum->covered, account->covered);
    add(&sum->unexplained, account->unexplained);
}

uint64_t ledger_taken(const struct ledger_account *account)
{
    uint64_t taken = account->published;
    add(&taken, account->covered);
    add(&taken, account->unexplained);
    return taken;
}

bool ledger_whole(const struct ledger_account *account)
{
    return account->unexplained == 0 && account->twice == 0 && account->late == 0;
}

enum ledger_fate ledger_fate_of(enum vd_gap_reason reason)
{
    switch (reason) {
    case VD_GAP_REFUSED:
        return LEDGER_REFUSED;
    case VD_GAP_SPOOL_FULL:
    case VD_GAP_SOURCE_OVERRUN:
    case VD_GAP_TOO_LARGE:
        return LEDGER_DROPPED;
    default:
        return LEDGER_LOST;
    }
}

uint64_t ledger_told(const struct ledger_account *account, enum ledger_fate fate)
{
    uint64_t events = 0;
    for (int i = 0; i < VD_GAP_REASON_COUNT; i++)
        if (ledger_fate_of((enum vd_gap_reason)i) == fate)
            add(&events, account->told[i]);
    return events;
}
