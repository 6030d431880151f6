/* Writing the state down while it goes on changing.
 *
 * All but the entities is written at once, into a buffer: a few megabytes at the most. The entities are swept
 * set by set as pieces are asked for; one that is about to change before the sweep has come to its set is
 * put into the buffer first, with its set (copy on write). Rows name themselves, so their order is free. */
#include <stdlib.h>
#include <string.h>

#include <vedette/buffer.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "state_tables.h"

struct score_cut {
    struct entities_keeper keeper; /* the first member */
    struct score *score;
    struct state_singles singles;
    struct state_table tables[STATE_TABLES];
    struct vd_buffer ready;
    uint64_t *kept; /* sets that stand in it, a bit each */
    size_t swept;   /* sets */
    size_t max_bytes;
    bool failed, ended;
};

/* ---- Rows */

/* Every word is written, and the next one over it where it is as it began: no branch. 0: all of the row is.
 */
static size_t row_write(const struct score_cut *cut, uint8_t number, uint32_t row, uint8_t *out)
{
    const struct state_table *table = &cut->tables[number];
    if (table->used != NULL && !table->used(cut->score, row))
        return 0;
    const uint8_t *at = table->rows + (size_t)row * table->row_bytes;
    const uint8_t *first = table->first != NULL ? table->first(row) : NULL;
    uint32_t words = state_words(table), bitmap_bytes = state_bitmap_bytes(table);
    uint8_t *bitmap = out + STATE_ROW_HEAD_BYTES, *end = bitmap + bitmap_bytes;
    memset(bitmap, 0, bitmap_bytes);
    for (uint32_t i = 0; i < words; i++) {
        uint32_t word, before = 0;
        memcpy(&word, at + (size_t)i * STATE_WORD_BYTES, sizeof word);
        if (first != NULL)
            memcpy(&before, first + (size_t)i * STATE_WORD_BYTES, sizeof before);
        memcpy(end, &word, sizeof word);
        bool differs = word != before;
        bitmap[i / 8] |= (uint8_t)(differs << i % 8);
        end += differs ? STATE_WORD_BYTES : 0;
    }
    out[0] = number;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(row >> 8 * i);
    return end == bitmap + bitmap_bytes ? 0 : (size_t)(end - out);
}

static size_t row_bytes(const struct score_cut *cut, const uint8_t *row)
{
    const struct state_table *table = &cut->tables[row[0]];
    uint32_t bitmap_bytes = state_bitmap_bytes(table), words = 0;
    for (uint32_t i = 0; i < bitmap_bytes; i++)
        words += (uint32_t)__builtin_popcount(row[STATE_ROW_HEAD_BYTES + i]);
    return STATE_ROW_HEAD_BYTES + bitmap_bytes + (size_t)words * STATE_WORD_BYTES;
}

/* Behind what is ready; one that is as it began is nothing. */
static int row_keep(struct score_cut *cut, uint8_t number, uint32_t row)
{
    const struct state_table *table = &cut->tables[number];
    uint8_t *out;
    int rc = vd_buffer_reserve(&cut->ready, state_row_max_bytes(table), &out);
    if (rc != 0)
        return rc;
    size_t len = row_write(cut, number, row, out);
    cut->singles.end.rows += len > 0;
    vd_buffer_commit(&cut->ready, len);
    return 0;
}

static int table_keep(struct score_cut *cut, uint8_t number)
{
    int rc = 0;
    for (uint32_t row = 0; rc == 0 && row < cut->tables[number].count; row++)
        rc = row_keep(cut, number, row);
    return rc;
}

/* ---- Entities */

static bool is_kept(const struct score_cut *cut, size_t set)
{
    return (cut->kept[set / 64] >> set % 64 & 1) != 0;
}

static void keep_set(struct entities_keeper *keeper, size_t set)
{
    struct score_cut *cut = (struct score_cut *)keeper;
    if (set < cut->swept || cut->failed || is_kept(cut, set))
        return;
    cut->kept[set / 64] |= UINT64_C(1) << set % 64;
    for (size_t slot = set * ENTITIES_WAYS; slot < (set + 1) * ENTITIES_WAYS; slot++)
        if (row_keep(cut, STATE_ENTITIES, (uint32_t)slot) != 0)
            cut->failed = true;
}

/* ---- Pieces */

static size_t drain(struct score_cut *cut, uint8_t *out, size_t room)
{
    struct vd_bytes ready = vd_buffer_bytes(&cut->ready);
    size_t len = 0;
    while (ready.data != NULL && len < ready.len) {
        size_t next = row_bytes(cut, ready.data + len);
        if (len + next > room)
            break;
        len += next;
    }
    if (len > 0)
        memcpy(out, ready.data, len);
    vd_buffer_consume(&cut->ready, len);
    return len;
}

/* What a set holds into out, which has room for it. */
static size_t set_write(struct score_cut *cut, size_t set, uint8_t *out)
{
    uint64_t tags;
    size_t len = 0;
    memcpy(&tags, cut->score->entities.tags + set * ENTITIES_WAYS, sizeof tags);
    if (tags == 0 || is_kept(cut, set))
        return 0;
    for (size_t slot = set * ENTITIES_WAYS; slot < (set + 1) * ENTITIES_WAYS; slot++) {
        size_t row = row_write(cut, STATE_ENTITIES, (uint32_t)slot, out + len);
        cut->singles.end.rows += row > 0;
        len += row;
    }
    return len;
}

static size_t sweep(struct score_cut *cut, uint8_t *out, size_t room)
{
    size_t set_max = ENTITIES_WAYS * state_row_max_bytes(&cut->tables[STATE_ENTITIES]), len = 0;
    for (; cut->swept < cut->score->entities.set_count && len + set_max <= room; cut->swept++)
        len += set_write(cut, cut->swept, out + len);
    return len;
}

int score_cut_next(struct score_cut *cut, uint8_t *out, size_t room, size_t *len)
{
    *len = drain(cut, out, room);
    if (vd_buffer_len(&cut->ready) == 0)
        *len += sweep(cut, out + *len, room - *len);
    if (cut->failed)
        return VD_ENOMEM;
    const struct state_table *end = &cut->tables[STATE_END];
    bool last = cut->swept == cut->score->entities.set_count && vd_buffer_len(&cut->ready) == 0;
    if (last && !cut->ended && room - *len >= state_row_max_bytes(end)) {
        *len += row_write(cut, STATE_END, 0, out + *len);
        cut->ended = true;
    }
    return 0;
}

/* ---- Its life */

static int cut_init(struct score_cut *cut, struct score *s)
{
    int rc = 0;
    cut->keeper.keep = keep_set;
    cut->score = s;
    vd_buffer_init(&cut->ready, SIZE_MAX);
    cut->kept = vd_calloc(s->entities.set_count / 64 + 1, sizeof *cut->kept);
    if (cut->kept == NULL)
        return VD_ENOMEM;
    state_tables_of(s, &cut->singles, cut->tables);
    state_head_of(s, &cut->singles.head);
    state_scalars_of(s, &cut->singles.scalars);
    for (uint8_t number = 0; rc == 0 && number < STATE_ENTITIES; number++)
        rc = table_keep(cut, number);
    cut->max_bytes = vd_buffer_len(&cut->ready) +
                     s->entities.live * state_row_max_bytes(&cut->tables[STATE_ENTITIES]) +
                     state_row_max_bytes(&cut->tables[STATE_END]);
    return rc;
}

int score_cut_begin(struct score *s, struct score_cut **out)
{
    struct score_cut *cut = vd_calloc(1, sizeof *cut);
    if (cut == NULL)
        return VD_ENOMEM;
    int rc = cut_init(cut, s);
    if (rc != 0) {
        score_cut_end(cut);
        return rc;
    }
    s->entities.keeper = &cut->keeper;
    *out = cut;
    return 0;
}

void score_cut_end(struct score_cut *cut)
{
    if (cut == NULL)
        return;
    if (cut->score->entities.keeper == &cut->keeper)
        cut->score->entities.keeper = NULL;
    vd_buffer_deinit(&cut->ready);
    vd_free(cut->kept);
    vd_free(cut);
}

size_t score_cut_max_bytes(const struct score_cut *cut)
{
    return cut->max_bytes;
}

/* An entity as it usually is, and what goes with few of them. */
enum { ENTITY_BYTES = 100, SMALL_BYTES = 32 * 1024 };

size_t score_state_bytes(const struct score *s)
{
    return SMALL_BYTES + (size_t)s->entities.live * ENTITY_BYTES;
}
