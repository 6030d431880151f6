/* The entity table: a set is found by the key's high half, a slot in it by a tag of the low byte, then the
 * whole key. */
#include "entities.h"

#include <endian.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/memory.h>

enum { SLOT_ALIGN = alignof(struct entity) };

int entities_init(struct entities *t, size_t max_entities)
{
    *t = (struct entities){.set_count = max_entities / ENTITIES_WAYS};
    size_t slots = t->set_count * ENTITIES_WAYS;
    if (slots == 0 || t->set_count > UINT32_MAX || slots > (SIZE_MAX - SLOT_ALIGN) / sizeof(struct entity))
        return VD_EINVAL;
    t->memory = vd_calloc(slots * sizeof(struct entity) + SLOT_ALIGN, 1); /* pages come as they are used */
    t->tags = vd_calloc(slots, 1);
    if (t->memory == NULL || t->tags == NULL) {
        entities_deinit(t);
        return VD_ENOMEM;
    }
    size_t off = (uintptr_t)t->memory % SLOT_ALIGN;
    t->slots = (struct entity *)((char *)t->memory + (off > 0 ? SLOT_ALIGN - off : 0));
    return 0;
}

void entities_deinit(struct entities *t)
{
    vd_free(t->memory);
    vd_free(t->tags);
    *t = (struct entities){0};
}

static size_t set_of(const struct entities *t, uint64_t key)
{
    return (size_t)((key >> 32) * t->set_count >> 32) * ENTITIES_WAYS;
}

static uint8_t tag_of(uint64_t key)
{
    uint8_t tag = (uint8_t)key;
    return tag > 0 ? tag : 1;
}

/* Bit 8i + 7 is set for each way i whose tag may be this one: all that match, and seldom one that does not.
 */
static uint64_t matches(const uint8_t *tags, uint8_t tag)
{
    uint64_t word;
    memcpy(&word, tags, sizeof word);
    word = le64toh(word);
    word ^= 0x0101010101010101u * tag;
    return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

static unsigned first_way(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits) / 8;
}

void entities_prefetch_tags(const struct entities *t, uint64_t key)
{
    __builtin_prefetch(t->tags + set_of(t, key));
}

/* A newcomer is going to look at all of a full set for the one that gives way. */
void entities_prefetch(const struct entities *t, uint64_t key)
{
    size_t set = set_of(t, key);
    uint64_t bits = matches(t->tags + set, tag_of(key));
    if (bits == 0)
        bits = matches(t->tags + set, 0);
    if (bits != 0) {
        const char *slot = (const char *)&t->slots[set + first_way(bits)];
        __builtin_prefetch(slot, 1);
        __builtin_prefetch(slot + SLOT_ALIGN, 1);
        return;
    }
    for (size_t slot = set; slot < set + ENTITIES_WAYS; slot++)
        __builtin_prefetch(&t->slots[slot], 1);
}

/* Older goes first; of the same second, what is least busy, so that a flood within a second spares the busy.
 */
static bool gives_way(const struct entity *a, const struct entity *b)
{
    if (a->last_seconds != b->last_seconds)
        return a->last_seconds < b->last_seconds;
    return ring_sum(&a->rings[ENTITY_RINGS - 1]) < ring_sum(&b->rings[ENTITY_RINGS - 1]);
}

static size_t make_room(struct entities *t, size_t set)
{
    size_t victim = set;
    for (size_t slot = set; slot < set + ENTITIES_WAYS; slot++) {
        if (t->tags[slot] == 0) {
            t->live++;
            return slot;
        }
        if (gives_way(&t->slots[slot], &t->slots[victim]))
            victim = slot;
    }
    t->evictions++;
    return victim;
}

struct entity *entities_get(struct entities *t, uint64_t key, bool *is_new)
{
    size_t set = set_of(t, key);
    if (t->keeper != NULL)
        t->keeper->keep(t->keeper, set / ENTITIES_WAYS);
    *is_new = false;
    for (uint64_t bits = matches(t->tags + set, tag_of(key)); bits != 0; bits &= bits - 1) {
        struct entity *e = &t->slots[set + first_way(bits)];
        if (e->key == key)
            return e;
    }
    size_t slot = make_room(t, set);
    *is_new = true;
    t->tags[slot] = tag_of(key);
    t->slots[slot] = (struct entity){.key = key};
    return &t->slots[slot];
}

bool entities_refill(struct entities *t, size_t slot)
{
    uint64_t key = t->slots[slot].key;
    t->live += t->tags[slot] == 0;
    t->tags[slot] = tag_of(key);
    return set_of(t, key) == slot - slot % ENTITIES_WAYS;
}
