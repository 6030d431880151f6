/* The scorer's state, written and read back: whoever goes on from there says what the first one would have
 * said, to the bit; and what is no state is refused. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vedette/buffer.h>
#include <vedette/error.h>
#include <vedette/event_splice.h>
#include <vedette/hash.h>
#include <vedette/random.h>

#include "engine.h"
#include "feed.h"
#include "score_findings.h"
#include "sentence.h"
#include "told_event.h"
#include "unit.h"

enum { ENTITIES = 2048, EVENTS = 40000, TAKEOVERS = 5, TEXT_BYTES = 16, PIECE_BYTES = 40000 };

static const int32_t CLASSES[] = {3002, 3002, 3002, 1007, 2004, 4001, 1001};

/* A stream of all kinds, with bursts, late and early stamps, and hosts that fall silent; the same each time.
 */
struct stream {
    struct vd_random random;
    int64_t now_ms;
    uint32_t number;
    char texts[4][TEXT_BYTES];
    struct score_origin origin;
};

/* What was said of all events up to one. */
struct said {
    uint64_t hash;
    uint32_t reasons, silences, findings;
};

static struct score *scorer(size_t max_entities)
{
    return feed_new(max_entities);
}

static struct stream stream_begin(void)
{
    return (struct stream){.random = {23}, .now_ms = FEED_BEGIN_MS};
}

static uint64_t any(struct stream *e, uint64_t below)
{
    return vd_random_below(&e->random, below);
}

static int64_t stamp(struct stream *e)
{
    if (any(e, 100) == 0)
        return e->now_ms + (int64_t)any(e, 2 * HOUR_MS);
    return e->now_ms - (int64_t)any(e, any(e, 50) == 0 ? (uint64_t)DAY_MS : 3000);
}

/* Texts and origin are the stream's until the next. */
static struct score_input stream_next(struct stream *e, const struct score *s)
{
    bool burst = e->number % 4000 > 3900;
    for (int t = 0; t < 4; t++)
        snprintf(e->texts[t], TEXT_BYTES, "%" PRIu64, burst ? 7 + (uint64_t)t : any(e, any(e, 400) + 1));
    /* Eight hosts that are heard all the time, half of them until the middle. */
    if (e->number % 2 == 0)
        snprintf(e->texts[0], TEXT_BYTES, "steady%" PRIu64, any(e, e->number < EVENTS / 2 ? 8 : 4));
    score_origin_init(s, &e->origin, vd_bytes_str(e->number % 5 > 0 ? "north" : "south"),
                      vd_bytes_str(e->texts[0]));
    struct vd_bytes text = vd_bytes_str(e->texts[3]);
    e->now_ms += burst ? 20 : (int64_t)any(e, 20000);
    e->number++;
    return (struct score_input){
        .origin = &e->origin,
        .user = vd_bytes_str(e->texts[1]),
        .src_ip = vd_bytes_str(e->texts[2]),
        .dst_ip = text,
        .dst_port = (uint32_t)any(e, 100),
        .process_name = text,
        .file_path = text,
        .rule = text,
        .class_uid = burst ? 3002 : CLASSES[any(e, sizeof CLASSES / sizeof *CLASSES)],
        .activity_id = 1,
        .status_id = burst ? FAILURE : 1 + (int32_t)any(e, 2),
        .count = (int32_t)any(e, 3),
        .time_ms = stamp(e),
        .received_ms = e->now_ms,
    };
}

static void say(struct said *said, const void *bytes, size_t len)
{
    said->hash = vd_hash64(vd_bytes_of(bytes, len), said->hash);
}

static void say_score(struct said *said, const struct vd_score *score, uint64_t seq)
{
    static const uint8_t STREAM[VD_STREAM_BYTES] = {1};
    char sentence[SCORE_SENTENCE_BYTES];
    uint8_t fields[VD_SPLICE_MAX_BYTES];
    size_t len = score_sentence(score, sentence, sizeof sentence);
    struct vd_splice splice = {.tenant = vd_bytes_str("north"),
                               .agent = vd_bytes_str("any"),
                               .stream = STREAM,
                               .seq = seq,
                               .score = score,
                               .risk_details = vd_bytes_of(sentence, len)};
    say(said, fields, vd_event_splice_write(&splice, fields));
    say(said, &score->surprise, sizeof score->surprise);
    said->reasons += score->reason_count;
}

/* As a shard goes about it: the event, who fell silent, what is found. */
static void judge(struct score *s, const struct score_input *in, uint32_t number, struct said *said)
{
    struct score_prepared prepared;
    struct vd_score score;
    struct score_told silence;
    struct score_finding finding;
    char uid[TEXT_BYTES];
    snprintf(uid, sizeof uid, "%" PRIu32, number);
    score_prepare(s, in, &prepared);
    assert_int_equal(score_judge(s, &prepared, &score), 0);
    say_score(said, &score, number);
    score_find(s, &prepared, &score, vd_bytes_str(uid));
    for (; score_told_next(s, &silence); said->silences++) {
        struct vd_buffer event;
        vd_buffer_init(&event, 1 << 16);
        assert_int_equal(told_event_write(&event, &silence, FEED_BEGIN_MS), 0);
        say(said, vd_buffer_bytes(&event).data, vd_buffer_len(&event));
        vd_buffer_deinit(&event);
        score_find_told(s, &silence);
    }
    for (; score_finding_next(s, &finding); said->findings++)
        say(said, &finding, sizeof finding);
}

static void go_on(struct score *s, struct stream *e, uint32_t to, struct said *said)
{
    while (e->number < to) {
        uint32_t number = e->number;
        struct score_input in = stream_next(e, s);
        judge(s, &in, number, said);
    }
}

/* ---- States as bytes */

struct state_pieces {
    struct vd_buffer bytes;
    size_t ends[2048];
    size_t count;
};

static bool cut_piece(struct score_cut *cut, struct state_pieces *out)
{
    uint8_t *piece;
    size_t len;
    assert_int_equal(vd_buffer_reserve(&out->bytes, PIECE_BYTES, &piece), 0);
    assert_int_equal(score_cut_next(cut, piece, PIECE_BYTES, &len), 0);
    assert_true(len <= PIECE_BYTES);
    vd_buffer_commit(&out->bytes, len);
    assert_true(out->count < sizeof out->ends / sizeof *out->ends);
    if (len > 0)
        out->ends[out->count++] = vd_buffer_len(&out->bytes);
    return len > 0;
}

static struct score_cut *cut_begin(struct score *s, struct state_pieces *out)
{
    struct score_cut *cut;
    out->count = 0;
    vd_buffer_init(&out->bytes, SIZE_MAX);
    assert_int_equal(score_cut_begin(s, &cut), 0);
    return cut;
}

static struct state_pieces cut_whole(struct score *s)
{
    struct state_pieces out;
    struct score_cut *cut = cut_begin(s, &out);
    while (cut_piece(cut, &out))
        ;
    assert_true(vd_buffer_len(&out.bytes) <= score_cut_max_bytes(cut));
    score_cut_end(cut);
    return out;
}

static struct vd_bytes piece_of(const struct state_pieces *pieces, size_t i)
{
    size_t from = i == 0 ? 0 : pieces->ends[i - 1];
    return vd_bytes_of(vd_buffer_bytes(&pieces->bytes).data + from, pieces->ends[i] - from);
}

static struct score *restore(const struct state_pieces *pieces, size_t max_entities)
{
    struct score *s = scorer(max_entities);
    struct score_restore progress = {0};
    for (size_t i = 0; i < pieces->count; i++) {
        assert_false(score_restore_whole(&progress));
        assert_int_equal(score_state_read(s, &progress, piece_of(pieces, i)), 0);
    }
    assert_true(score_restore_whole(&progress));
    return s;
}

static void assert_same_state(struct score *a, struct score *b)
{
    struct state_pieces of_a = cut_whole(a), of_b = cut_whole(b);
    struct vd_bytes bytes_a = vd_buffer_bytes(&of_a.bytes), bytes_b = vd_buffer_bytes(&of_b.bytes);
    assert_int_equal(bytes_a.len, bytes_b.len);
    assert_memory_equal(bytes_a.data, bytes_b.data, bytes_a.len);
    vd_buffer_deinit(&of_a.bytes);
    vd_buffer_deinit(&of_b.bytes);
}

/* ---- The tests */

static void assert_same_said(const struct said *a, const struct said *b)
{
    assert_int_equal(a->hash, b->hash);
    assert_int_equal(a->reasons, b->reasons);
    assert_int_equal(a->silences, b->silences);
    assert_int_equal(a->findings, b->findings);
}

static void five_takeovers_change_nothing(void **state)
{
    (void)state;
    struct score *whole = scorer(ENTITIES), *taken = scorer(ENTITIES);
    struct stream events = stream_begin(), again = stream_begin();
    struct said said = {0}, said_again = {0};
    struct vd_random cuts = {5};
    for (uint32_t i = 1; i <= TAKEOVERS; i++) {
        uint32_t from = (i - 1) * EVENTS / TAKEOVERS;
        go_on(taken, &again, from + (uint32_t)vd_random_below(&cuts, EVENTS / TAKEOVERS), &said_again);
        struct state_pieces pieces = cut_whole(taken);
        score_free(taken);
        taken = restore(&pieces, ENTITIES);
        vd_buffer_deinit(&pieces.bytes);
        go_on(whole, &events, again.number, &said);
        assert_same_said(&said, &said_again);
        assert_same_state(whole, taken);
    }
    go_on(taken, &again, EVENTS, &said_again);
    go_on(whole, &events, EVENTS, &said);
    assert_same_said(&said, &said_again);
    assert_same_state(whole, taken);
    assert_true(said.reasons > 1000 && said.silences > 0 && said.findings > 5);
    score_free(whole);
    score_free(taken);
}

/* The cut is of the moment at which it began, whatever is scored while it is written. */
static void a_cut_that_takes_long_is_of_its_beginning(void **state)
{
    (void)state;
    struct score *s = scorer(ENTITIES);
    struct stream events = stream_begin();
    struct said said = {0}, said_late = {0}, said_again = {0};
    struct state_pieces pieces;
    go_on(s, &events, EVENTS / 2, &said);
    struct state_pieces at_once = cut_whole(s);
    struct score_cut *cut = cut_begin(s, &pieces);
    struct stream again = events;
    while (cut_piece(cut, &pieces))
        go_on(s, &events, events.number + 500, &said_late);
    score_cut_end(cut);
    assert_true(pieces.count > 5); /* or nothing was scored in between */
    struct score *slow = restore(&pieces, ENTITIES), *quick = restore(&at_once, ENTITIES);
    assert_same_state(slow, quick);
    go_on(slow, &again, events.number, &said_again);
    assert_same_said(&said_late, &said_again);
    assert_same_state(s, slow);
    vd_buffer_deinit(&pieces.bytes);
    vd_buffer_deinit(&at_once.bytes);
    score_free(s);
    score_free(slow);
    score_free(quick);
}

static void a_cut_may_be_given_up(void **state)
{
    (void)state;
    struct score *s = scorer(ENTITIES);
    struct stream events = stream_begin();
    struct said said = {0};
    struct state_pieces pieces;
    go_on(s, &events, 1000, &said);
    struct score_cut *cut = cut_begin(s, &pieces);
    assert_true(cut_piece(cut, &pieces));
    score_cut_end(cut);
    go_on(s, &events, 2000, &said);
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
}

/* A scorer that has seen nothing has a state of next to nothing. */
static void what_is_as_it_began_is_not_written(void **state)
{
    (void)state;
    struct score *s = scorer(1 << 16);
    struct state_pieces pieces = cut_whole(s);
    assert_int_equal(pieces.count, 1);
    assert_true(vd_buffer_len(&pieces.bytes) < 100);
    struct score *again = restore(&pieces, 1 << 16);
    assert_same_state(s, again);
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
    score_free(again);
}

static void another_size_is_refused(void **state)
{
    (void)state;
    struct score *s = scorer(ENTITIES), *larger = scorer(2 * ENTITIES);
    struct score_restore progress = {0};
    struct state_pieces pieces = cut_whole(s);
    assert_int_equal(score_state_read(larger, &progress, piece_of(&pieces, 0)), VD_EUNSUPPORTED);
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
    score_free(larger);
}

/* What a windows' piece of another version looks like: the head tells. */
static void another_version_is_refused(void **state)
{
    (void)state;
    struct score *s = scorer(ENTITIES);
    struct state_pieces pieces = cut_whole(s);
    struct vd_bytes piece = piece_of(&pieces, 0);
    enum { HEAD_AT = 6, BYTE_ORDER_AT = HEAD_AT + 4, LAYOUT_AT = HEAD_AT + 8, CONSTANTS_AT = HEAD_AT + 16 };
    const size_t ats[] = {BYTE_ORDER_AT, LAYOUT_AT, CONSTANTS_AT};
    for (size_t i = 0; i < sizeof ats / sizeof *ats; i++) {
        uint8_t copy[256];
        struct score *fresh = scorer(ENTITIES);
        struct score_restore progress = {0};
        if (piece.data == NULL || piece.len > sizeof copy)
            abort();
        memcpy(copy, piece.data, piece.len);
        copy[ats[i]] ^= 1;
        assert_int_equal(score_state_read(fresh, &progress, vd_bytes_of(copy, piece.len)), VD_EUNSUPPORTED);
        memcpy(copy, piece.data, piece.len);
        copy[HEAD_AT] ^= 1;
        progress = (struct score_restore){0};
        assert_int_equal(score_state_read(fresh, &progress, vd_bytes_of(copy, piece.len)), VD_EMALFORMED);
        score_free(fresh);
    }
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
}

static int read_of(const struct state_pieces *pieces, size_t from, size_t but, bool *whole)
{
    struct score *s = scorer(ENTITIES);
    struct score_restore progress = {0};
    int rc = 0;
    for (size_t i = from; rc == 0 && i < pieces->count; i++)
        rc = i == but ? 0 : score_state_read(s, &progress, piece_of(pieces, i));
    *whole = score_restore_whole(&progress);
    score_free(s);
    return rc;
}

static void a_piece_that_is_missing_is_noticed(void **state)
{
    (void)state;
    struct score *s = scorer(ENTITIES);
    struct stream events = stream_begin();
    struct said said = {0};
    bool whole;
    go_on(s, &events, 10000, &said);
    struct state_pieces pieces = cut_whole(s);
    assert_true(pieces.count > 3);
    assert_int_equal(read_of(&pieces, 1, SIZE_MAX, &whole), VD_EMALFORMED); /* no head */
    assert_int_equal(read_of(&pieces, 0, 1, &whole), VD_EMALFORMED);        /* too few rows by the end */
    assert_int_equal(read_of(&pieces, 0, pieces.count - 1, &whole), 0);
    assert_false(whole);
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
}

/* Whatever a single changed byte does, it is refused or makes a scorer that works. */
static void changed_bytes_do_no_harm(void **state)
{
    (void)state;
    struct score *s = scorer(ENTITIES);
    struct stream events = stream_begin();
    struct vd_random random = {3};
    struct said said = {0};
    unsigned refused = 0, taken = 0;
    go_on(s, &events, 4500, &said);
    struct state_pieces pieces = cut_whole(s);
    uint8_t *bytes = pieces.bytes.base + pieces.bytes.begin;
    for (int i = 0; i < 80; i++) {
        size_t at = vd_random_below(&random, vd_buffer_len(&pieces.bytes));
        uint8_t was = bytes[at];
        bytes[at] = (uint8_t)vd_random_below(&random, 256);
        struct score *changed = scorer(ENTITIES);
        struct score_restore progress = {0};
        int rc = 0;
        for (size_t p = 0; rc == 0 && p < pieces.count; p++)
            rc = score_state_read(changed, &progress, piece_of(&pieces, p));
        struct stream again = events;
        struct said ignored = {0};
        if (rc == 0)
            go_on(changed, &again, events.number + 200, &ignored);
        refused += rc != 0;
        taken += rc == 0;
        score_free(changed);
        bytes[at] = was;
    }
    assert_true(refused > 0 && taken > 0);
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
}

static void assert_refused(const struct score_finding *changed)
{
    struct score *s = scorer(ENTITIES);
    bool whole;
    s->findings->keys[0] = 2;
    s->findings->open[0] = *changed;
    struct state_pieces pieces = cut_whole(s);
    assert_int_equal(read_of(&pieces, 0, SIZE_MAX, &whole), VD_EMALFORMED);
    vd_buffer_deinit(&pieces.bytes);
    score_free(s);
}

/* Times that cannot be added to, and texts that nobody could read once they are published. */
static void impossible_findings_are_refused(void **state)
{
    (void)state;
    assert_refused(&(struct score_finding){.heard_ms = INT64_MAX});
    assert_refused(&(struct score_finding){.stays_ms = INT64_MAX});
    assert_refused(&(struct score_finding){.told_ms = INT64_MIN});
    assert_refused(&(struct score_finding){.created_ms = -1});
    assert_refused(&(struct score_finding){.name = "\xff"});
    assert_refused(&(struct score_finding){.related = {"\xc3"}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_takeovers_change_nothing),
        cmocka_unit_test(a_cut_that_takes_long_is_of_its_beginning),
        cmocka_unit_test(a_cut_may_be_given_up),
        cmocka_unit_test(what_is_as_it_began_is_not_written),
        cmocka_unit_test(another_size_is_refused),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_piece_that_is_missing_is_noticed),
        cmocka_unit_test(changed_bytes_do_no_harm),
        cmocka_unit_test(impossible_findings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
