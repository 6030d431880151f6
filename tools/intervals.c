/* Sets of numbers as sorted stretches. */
#include "intervals.h"

#include <string.h>
#include <vedette/error.h>
#include <vedette/memory.h>

enum { ROOM_FIRST = 4 };

void intervals_deinit(struct intervals *set)
{
    vd_free(set->at);
    *set = (struct intervals){0};
}

/* The first stretch that ends at or behind the number; count, if none does. What comes in order is at the
 * end, so that is looked at first. */
static size_t find(const struct intervals *set, uint64_t number)
{
    size_t low = 0, high = set->count;
    if (high == 0 || set->at[high - 1].to < number)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->at[middle].to < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int make_room(struct intervals *set)
{
    if (set->count < set->room)
        return 0;
    if (set->count == INTERVALS_MAX)
        return VD_ELIMIT;
    struct interval *at = vd_grow(set->at, &set->room, ROOM_FIRST, sizeof *at);
    if (at == NULL)
        return VD_ENOMEM;
    set->at = at;
    return 0;
}

static int insert(struct intervals *set, size_t where, struct interval added)
{
    int result = make_room(set);
    if (result < 0)
        return result;
    memmove(&set->at[where + 1], &set->at[where], (set->count - where) * sizeof *set->at);
    set->at[where] = added;
    set->count++;
    return 0;
}

int intervals_add(struct intervals *set, uint64_t from, uint64_t to)
{
    if (from > to || to > INTERVALS_NUMBER_MAX)
        return VD_EINVAL;
    size_t first = find(set, from > 0 ? from - 1 : 0), end = first;
    while (end < set->count && set->at[end].from <= to + 1)
        end++;
    if (first == end)
        return insert(set, first, (struct interval){from, to});
    /* The stretches [first, end) become one with it. */
    struct interval *joined = &set->at[first];
    uint64_t last = set->at[end - 1].to;
    joined->from = from < joined->from ? from : joined->from;
    joined->to = to > last ? to : last;
    memmove(joined + 1, &set->at[end], (set->count - end) * sizeof *set->at);
    set->count -= end - first - 1;
    return 0;
}

bool intervals_has(const struct intervals *set, uint64_t number)
{
    size_t i = find(set, number);
    return i < set->count && set->at[i].from <= number;
}

uint64_t intervals_within(const struct intervals *set, struct interval within)
{
    uint64_t numbers = 0;
    for (size_t i = find(set, within.from); i < set->count && set->at[i].from <= within.to; i++) {
        uint64_t from = set->at[i].from > within.from ? set->at[i].from : within.from;
        uint64_t to = set->at[i].to < within.to ? set->at[i].to : within.to;
        numbers += to - from + 1;
    }
    return numbers;
}

/* Behind the stretch that has the number, if one has it. */
static uint64_t past(const struct intervals *set, uint64_t number)
{
    size_t i = find(set, number);
    return i < set->count && set->at[i].from <= number ? set->at[i].to + 1 : number;
}

static uint64_t next_from(const struct intervals *set, uint64_t number)
{
    size_t i = find(set, number);
    return i < set->count ? set->at[i].from : UINT64_MAX;
}

bool intervals_hole(const struct intervals *a, const struct intervals *b, struct interval within,
                    struct interval *hole)
{
    uint64_t from = within.from, before;
    do {
        before = from;
        from = past(b, past(a, from));
    } while (from != before);
    if (from > within.to)
        return false;
    uint64_t in_a = next_from(a, from), in_b = next_from(b, from), next = in_a < in_b ? in_a : in_b;
    *hole = (struct interval){from, next <= within.to ? next - 1 : within.to};
    return true;
}
