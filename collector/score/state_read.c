/* Reading the state back, row by row. Whatever the bytes are, nothing is read or written but what they may
 * say. */
#include <string.h>

#include <vedette/error.h>

#include "state_tables.h"

/* Another build's rows cannot be told apart, so the head comes first, and decides. */
static int head_check(const struct score *s, const struct state_head *read)
{
    struct state_head own;
    state_head_of(s, &own);
    if (memcmp(read->magic, own.magic, sizeof own.magic) != 0)
        return VD_EMALFORMED;
    return memcmp(read, &own, sizeof own) == 0 ? 0 : VD_EUNSUPPORTED;
}

struct reader {
    struct score *score;
    struct score_restore *restore;
    struct state_singles singles;
    struct state_table tables[STATE_TABLES];
};

/* Takes a row in; VD_EMALFORMED if it is none. */
static int row_read(const struct state_table *table, uint32_t row, struct vd_bytes *bytes)
{
    uint32_t words = state_words(table), bitmap_bytes = state_bitmap_bytes(table);
    uint8_t *at = table->rows + (size_t)row * table->row_bytes;
    if (bytes->len < bitmap_bytes)
        return VD_EMALFORMED;
    const uint8_t *bitmap = bytes->data, *from = bitmap + bitmap_bytes, *end = bytes->data + bytes->len;
    for (uint32_t i = 0; i < words; i++) {
        if ((bitmap[i / 8] >> i % 8 & 1) == 0)
            continue;
        if (end - from < STATE_WORD_BYTES)
            return VD_EMALFORMED;
        memcpy(at + (size_t)i * STATE_WORD_BYTES, from, STATE_WORD_BYTES);
        from += STATE_WORD_BYTES;
    }
    *bytes = vd_bytes_of(from, (size_t)(end - from));
    return 0;
}

/* What follows from a row. */
static int row_settle(struct reader *r, uint8_t number, uint32_t row)
{
    struct score *s = r->score;
    switch ((enum state_table_number)number) {
    case STATE_HEAD:
        r->restore->begun = true;
        return head_check(s, &r->singles.head);
    case STATE_SCALARS:
        state_scalars_set(s, &r->singles.scalars);
        return 0;
    case STATE_ENTITIES:
        return entities_refill(&s->entities, row) ? 0 : VD_EMALFORMED;
    case STATE_END:
        r->restore->whole = true;
        return r->singles.end.rows == r->restore->rows - 1 ? 0 : VD_EMALFORMED;
    default:
        return 0;
    }
}

static int row_take(struct reader *r, struct vd_bytes *piece)
{
    if (piece->len < STATE_ROW_HEAD_BYTES || r->restore->whole)
        return VD_EMALFORMED;
    uint8_t number = piece->data[0];
    uint32_t row = 0;
    for (int i = 0; i < 4; i++)
        row |= (uint32_t)piece->data[1 + i] << 8 * i;
    if ((number == STATE_HEAD) == r->restore->begun || number >= STATE_TABLES)
        return VD_EMALFORMED;
    const struct state_table *table = &r->tables[number];
    if (row >= table->count)
        return VD_EMALFORMED;
    *piece = vd_bytes_of(piece->data + STATE_ROW_HEAD_BYTES, piece->len - STATE_ROW_HEAD_BYTES);
    int rc = row_read(table, row, piece);
    const void *at = table->rows + (size_t)row * table->row_bytes;
    if (rc == 0 && table->possible != NULL && !table->possible(r->score, row, at))
        rc = VD_EMALFORMED;
    r->restore->rows++;
    return rc == 0 ? row_settle(r, number, row) : rc;
}

int score_state_read(struct score *s, struct score_restore *restore, struct vd_bytes piece)
{
    struct reader r = {.score = s, .restore = restore};
    int rc = 0;
    state_tables_of(s, &r.singles, r.tables);
    while (rc == 0 && piece.len > 0)
        rc = row_take(&r, &piece);
    return rc;
}
