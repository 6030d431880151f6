/* What a scorer's state consists of: tables of flat rows. Private to state_*.c. */
#ifndef SCORE_STATE_TABLES_H
#define SCORE_STATE_TABLES_H

#include "engine.h"
#include "state.h"

/* Their numbers stand in every row; the head is the first, so that whoever cannot read the rest can read it.
 */
enum state_table_number {
    STATE_HEAD,
    STATE_SCALARS,
    STATE_CELLS,
    STATE_FEATURES,
    STATE_RULES,
    STATE_NOVELTY,
    STATE_WATCH_SETS,
    STATE_DUES,
    STATE_WATCHES,
    STATE_HABITS,
    STATE_CHAINS,
    STATE_CHAIN_CALIBRATION,
    STATE_VERDICTS,
    STATE_FINDINGS,
    STATE_FINDING_DUES,
    STATE_FINDING_KEYS,
    STATE_FINDING_TENANTS,
    STATE_TOTALS,
    STATE_TOTAL_KEYS,
    STATE_EXCESSES,
    STATE_ENTITIES,
    STATE_END,
    STATE_TABLES
};

/* Whose state it is. Never another layout. */
struct state_head {
    char magic[4];
    uint32_t byte_order;
    uint64_t layout;    /* of the rows */
    uint64_t constants; /* of scoring */
    uint64_t sets;      /* of entities, which all other sizes follow */
};

/* What there is one of. */
struct state_scalars {
    int64_t newest_ms, received_ms;
    double host_windows;
    uint64_t novelty_held;
    uint32_t novelty_younger, arrivals, silences_now, silences_looked;
    int64_t findings_due_ms;
    int64_t totals_received_ms;
    uint32_t totals_arrived_ms, totals_bucket;
    uint8_t totals_held[2], totals_gap, unused;
    uint32_t padding;
};

struct state_end {
    uint64_t rows; /* before this one */
};

struct state_table {
    uint8_t *rows;
    uint32_t row_bytes; /* of whole words */
    uint32_t count;
    const void *(*first)(uint32_t row);                                    /* as it begins; NULL: zero */
    bool (*possible)(const struct score *s, uint32_t row, const void *at); /* NULL: whatever it is */
    bool (*used)(const struct score *s, uint32_t row); /* false: as it begins, surely; NULL: may be */
};

enum { STATE_WORD_BYTES = 4, STATE_ROW_MAX_BYTES = 4096 };
/* Table, row, and which of the words are there. */
enum { STATE_ROW_HEAD_BYTES = 5, STATE_BITMAP_MAX_BYTES = STATE_ROW_MAX_BYTES / STATE_WORD_BYTES / 8 };
_Static_assert(STATE_ROW_HEAD_BYTES + STATE_BITMAP_MAX_BYTES + STATE_ROW_MAX_BYTES <= SCORE_PIECE_MIN_BYTES,
               "any row fits a piece");

/* What is no table of the scorer's own while it is written or read. */
struct state_singles {
    struct state_head head;
    struct state_scalars scalars;
    struct state_end end;
};

/* All of them; the rows are the scorer's own, and singles'. */
void state_tables_of(const struct score *s, const struct state_singles *singles,
                     struct state_table out[STATE_TABLES]);
void state_head_of(const struct score *s, struct state_head *out);
void state_scalars_of(const struct score *s, struct state_scalars *out);
/* Once they are read. */
void state_scalars_set(struct score *s, const struct state_scalars *scalars);

static inline uint32_t state_words(const struct state_table *table)
{
    return table->row_bytes / STATE_WORD_BYTES;
}
static inline uint32_t state_bitmap_bytes(const struct state_table *table)
{
    return (state_words(table) + 7) / 8;
}
static inline size_t state_row_max_bytes(const struct state_table *table)
{
    return STATE_ROW_HEAD_BYTES + state_bitmap_bytes(table) + table->row_bytes;
}

#endif
