/* What is missing, what is behind and what is forked, told in a session: numbers that never come are taken
 * from a GAP alone, a backlog gets less credit, and a quarantined stream is told with its mark. */
#include "unit.h"

#include <vedette/client.h>
#include <vedette/error.h>
#include <vedette/gap.h>

#include "conversation.h"

enum { CREDIT = 4096, BACKLOG_CREDIT = 1024, FAR = CONVERSATION_BACKLOG_EVENTS };
static const struct conversation_limits LIMITS = {.credit_bytes = CREDIT,
                                                  .backlog_credit_bytes = BACKLOG_CREDIT,
                                                  .batch_max_bytes = 1024,
                                                  .batch_max_events = 10,
                                                  .event_max_bytes = 512,
                                                  .idle_timeout_ms = 60000};

/* A collector's half, and the mark it has of the one stream. */
struct half {
    struct conversation c;
    uint64_t mark, chain, last_seq;
    bool forked;
    unsigned forks; /* that the agent told */
};

static void on_hello(void *arg, const struct vd_hello *hello)
{
    struct half *h = arg;
    struct vd_stream_mark marks[VD_SESSION_STREAMS_MAX] = {{.mark = h->mark, .chain = h->chain}};
    (void)hello;
    if (h->forked)
        conversation_forked(&h->c, 0, h->mark, "behind the mark");
    else
        assert_int_equal(conversation_welcome(&h->c, "c1", marks), 0);
}

static void on_forked(void *arg, uint32_t stream)
{
    struct half *h = arg;
    h->forks += stream == 0;
}

static int on_batch(void *arg, struct vd_batch *batch, size_t raw_bytes)
{
    struct half *h = arg;
    struct vd_bytes event;
    (void)raw_bytes;
    h->last_seq = batch->head.first_seq - 1;
    while (vd_batch_next(batch, &event))
        h->last_seq++;
    return 0;
}

static const struct conversation_callbacks CALLBACKS = {
    .hello = on_hello, .forked = on_forked, .batch = on_batch};

static struct vd_hello hello_of(uint64_t first, uint64_t next)
{
    struct vd_hello hello = {.version_min = 1, .version_max = 1, .stream_count = 1};
    hello.streams[0].first = first;
    hello.streams[0].next = next;
    return hello;
}

static void open_at(struct half *h, uint64_t mark, uint64_t first, uint64_t next)
{
    struct vd_hello hello = hello_of(first, next);
    struct vd_buffer frame;
    *h = (struct half){.mark = mark};
    conversation_init(&h->c, &LIMITS, &CALLBACKS, h);
    vd_buffer_init(&frame, 4096);
    assert_int_equal(vd_hello_write(&frame, &hello), 0);
    assert_int_equal(conversation_feed(&h->c, vd_buffer_bytes(&frame)), 0);
    vd_buffer_deinit(&frame);
}

static int feed(struct half *h, const struct vd_batch_head *head, struct vd_bytes event)
{
    struct vd_buffer payload, frame;
    vd_buffer_init(&payload, 4096);
    vd_buffer_init(&frame, 4096);
    assert_int_equal(vd_batch_write_head(&payload, head), 0);
    assert_int_equal(vd_batch_write_event(&payload, event), 0);
    assert_int_equal(vd_frame_write(&frame, VD_FRAME_BATCH, vd_buffer_bytes(&payload)), 0);
    int rc = conversation_feed(&h->c, vd_buffer_bytes(&frame));
    vd_buffer_deinit(&payload);
    vd_buffer_deinit(&frame);
    return rc;
}

static int feed_gap(struct half *h, const struct vd_batch_head *head, uint64_t from, uint64_t to)
{
    const struct vd_gap gap = {.reason = VD_GAP_SPOOL_DAMAGED, .from = from, .to = to, .time_ms = 1};
    struct vd_buffer event;
    vd_buffer_init(&event, 4096);
    assert_int_equal(vd_gap_write(&event, &gap), 0);
    int rc = feed(h, head, vd_buffer_bytes(&event));
    vd_buffer_deinit(&event);
    return rc;
}

static void a_gap_fills_a_hole(void **state)
{
    struct half h;
    (void)state;
    open_at(&h, 0, 1, 100);
    assert_int_equal(feed(&h, &(struct vd_batch_head){.first_seq = 1}, vd_bytes_str("e")), 0);
    assert_int_equal(feed_gap(&h, &(struct vd_batch_head){.first_seq = 50, .lost = 48}, 2, 50), 0);
    assert_int_equal(h.last_seq, 50);
    assert_int_equal(feed(&h, &(struct vd_batch_head){.first_seq = 51}, vd_bytes_str("e")), 0);
    conversation_kept(&h.c, 0, 51, 1);
    assert_int_equal(h.c.streams[0].mark, 51);
    conversation_deinit(&h.c);
}

/* A hole that began before the mark, and was damaged only later. */
static void a_gap_may_tell_of_more_than_is_missing(void **state)
{
    struct half h;
    (void)state;
    open_at(&h, 7, 1, 100);
    assert_int_equal(feed_gap(&h, &(struct vd_batch_head){.first_seq = 50, .lost = 42}, 2, 50), 0);
    conversation_deinit(&h.c);
}

static void without_its_gap_no_hole_is_taken(void **state)
{
    static const struct {
        const char *what;
        struct vd_batch_head head;
        uint64_t from, to; /* 0: an ordinary event */
    } cases[] = {
        {"a hole not told of", {.first_seq = 50}, 0, 0},
        {"a hole not told of, but a GAP", {.first_seq = 50}, 1, 50},
        {"a hole with an ordinary event", {.first_seq = 50, .lost = 49}, 0, 0},
        {"too few lost", {.first_seq = 50, .lost = 48}, 1, 50},
        {"a GAP that begins later", {.first_seq = 50, .lost = 49}, 2, 50},
        {"a GAP that ends before", {.first_seq = 50, .lost = 49}, 1, 48},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct half h;
        open_at(&h, 0, 1, 100);
        int rc = cases[i].from > 0 ? feed_gap(&h, &cases[i].head, cases[i].from, cases[i].to)
                                   : feed(&h, &cases[i].head, vd_bytes_str("e"));
        if (rc != VD_EPROTOCOL || h.c.goodbye_code != VD_GOODBYE_SEQUENCE || h.last_seq != 0)
            fail_msg("%s: rc %d, goodbye %u", cases[i].what, rc, h.c.goodbye_code);
        conversation_deinit(&h.c);
    }
}

/* Numbers that were taken already cannot be said to be lost. */
static void what_was_taken_is_not_lost(void **state)
{
    struct half h;
    (void)state;
    open_at(&h, 10, 1, 100);
    assert_int_equal(feed_gap(&h, &(struct vd_batch_head){.first_seq = 20, .lost = 15}, 5, 20), VD_EPROTOCOL);
    assert_int_equal(h.c.goodbye_code, VD_GOODBYE_SEQUENCE);
    conversation_deinit(&h.c);
}

static void a_backlog_gets_less_credit(void **state)
{
    struct half h;
    (void)state;
    open_at(&h, 10, 1, 11 + FAR);
    assert_int_equal(h.c.credit_limit_bytes, CREDIT);
    assert_int_equal(conversation_behind(&h.c), FAR);
    conversation_deinit(&h.c);
    open_at(&h, 10, 1, 11 + FAR + 1);
    assert_int_equal(h.c.credit_limit_bytes, BACKLOG_CREDIT);
    /* One event closer it is live again, and what comes free brings the whole window. */
    assert_int_equal(
        feed(&h, &(struct vd_batch_head){.first_seq = 11, .next = 11 + FAR + 1}, vd_bytes_str("e")), 0);
    assert_int_equal(conversation_behind(&h.c), FAR);
    conversation_kept(&h.c, 0, 11, h.c.received_bytes);
    assert_int_equal(conversation_ack(&h.c), 0);
    assert_int_equal(h.c.credit_limit_bytes, h.c.kept_bytes + CREDIT);
    conversation_deinit(&h.c);
}

/* An agent that falls behind within a session keeps what it was told, and is told no more until so much is
 * kept. */
static void credit_never_falls(void **state)
{
    struct half h;
    uint64_t seq = 1;
    uint8_t event[400] = {0};
    (void)state;
    open_at(&h, 0, 1, 2);
    assert_int_equal(h.c.credit_limit_bytes, CREDIT);
    while (h.c.received_bytes + sizeof event + VD_BATCH_HEAD_BYTES < CREDIT) {
        struct vd_batch_head head = {.first_seq = seq, .next = seq + 2 + FAR};
        assert_int_equal(feed(&h, &head, vd_bytes_of(event, sizeof event)), 0);
        conversation_kept(&h.c, 0, seq++, h.c.received_bytes - h.c.kept_bytes);
        assert_int_equal(conversation_ack(&h.c), 0);
        uint64_t small = h.c.kept_bytes + BACKLOG_CREDIT;
        assert_int_equal(h.c.credit_limit_bytes, small > CREDIT ? small : CREDIT);
    }
    assert_true(h.c.kept_bytes + BACKLOG_CREDIT > CREDIT); /* both sides of it were seen */
    conversation_deinit(&h.c);
}

static void a_next_that_no_agent_can_have_runs_nothing_over(void **state)
{
    struct half h;
    (void)state;
    open_at(&h, 0, 1, INT64_MAX);
    assert_int_equal(conversation_behind(&h.c), UINT32_MAX);
    conversation_deinit(&h.c);
}

/* ---- The agent's half */

static void on_welcome(void *arg, const struct vd_welcome *welcome)
{
    (void)arg, (void)welcome;
}

static void on_ack(void *arg, const struct vd_ack *ack)
{
    (void)arg, (void)ack;
}

/* What the client sends after its GAP follows; a mark on the GAP is one that it believes. */
static void an_agent_goes_on_behind_its_gap(void **state)
{
    static const struct vd_client_callbacks callbacks = {.welcome = on_welcome, .ack = on_ack};
    struct half h = {0};
    struct vd_client client;
    struct vd_hello hello = hello_of(1, 100);
    struct vd_buffer payload;
    const struct vd_batch_head head = {.first_seq = 50, .lost = 49};
    const struct vd_gap gap = {.reason = VD_GAP_SPOOL_DAMAGED, .from = 1, .to = 50, .time_ms = 1};
    struct vd_buffer event;
    (void)state;
    conversation_init(&h.c, &LIMITS, &CALLBACKS, &h);
    vd_client_init(&client, &callbacks, NULL);
    assert_int_equal(vd_client_hello(&client, &hello), 0);
    assert_int_equal(conversation_feed(&h.c, vd_buffer_bytes(&client.out)), 0);
    vd_buffer_clear(&client.out);
    assert_int_equal(vd_client_feed(&client, vd_buffer_bytes(&h.c.out)), 0);
    vd_buffer_clear(&h.c.out);
    vd_buffer_init(&payload, 4096);
    vd_buffer_init(&event, 4096);
    assert_int_equal(vd_gap_write(&event, &gap), 0);
    assert_int_equal(vd_batch_write_head(&payload, &head), 0);
    assert_int_equal(vd_batch_write_event(&payload, vd_buffer_bytes(&event)), 0);
    assert_int_equal(vd_client_send(&client, &head, vd_buffer_bytes(&payload), 1), 0);
    assert_int_equal(client.next[0], 51);
    assert_int_equal(conversation_feed(&h.c, vd_buffer_bytes(&client.out)), 0);
    conversation_kept(&h.c, 0, 50, 1);
    assert_int_equal(conversation_ack(&h.c), 0);
    assert_int_equal(vd_client_feed(&client, vd_buffer_bytes(&h.c.out)), 0);
    assert_int_equal(client.marks[0], 50);
    vd_buffer_deinit(&event);
    vd_buffer_deinit(&payload);
    vd_client_deinit(&client);
    conversation_deinit(&h.c);
}

/* ---- FORKED, at the agent */

struct told {
    unsigned goodbyes;
    struct vd_goodbye goodbye;
};

static void on_goodbye(void *arg, const struct vd_goodbye *goodbye)
{
    struct told *told = arg;
    told->goodbyes++;
    told->goodbye = *goodbye;
}

static int tell_client(struct told *told, struct vd_bytes bytes)
{
    static const struct vd_client_callbacks callbacks = {.goodbye = on_goodbye};
    struct vd_client client;
    struct vd_hello hello = hello_of(1, 5);
    vd_client_init(&client, &callbacks, told);
    assert_int_equal(vd_client_hello(&client, &hello), 0);
    int rc = vd_client_feed(&client, bytes);
    vd_client_deinit(&client);
    return rc;
}

static void a_forked_stream_is_told_with_its_mark(void **state)
{
    struct vd_hello hello = hello_of(1, 5);
    struct half h = {.mark = 900, .forked = true};
    struct told told = {0};
    struct vd_buffer frame;
    (void)state;
    conversation_init(&h.c, &LIMITS, &CALLBACKS, &h);
    vd_buffer_init(&frame, 4096);
    assert_int_equal(vd_hello_write(&frame, &hello), 0);
    assert_int_equal(conversation_feed(&h.c, vd_buffer_bytes(&frame)), VD_EPROTOCOL);
    assert_int_equal(tell_client(&told, vd_buffer_bytes(&h.c.out)), 0);
    assert_int_equal(told.goodbyes, 1);
    assert_int_equal(told.goodbye.code, VD_GOODBYE_FORKED);
    assert_int_equal(told.goodbye.forked.stream, 0);
    assert_int_equal(told.goodbye.forked.mark, 900);
    assert_true(vd_goodbye_retry(told.goodbye.code));
    vd_buffer_deinit(&frame);
    conversation_deinit(&h.c);
}

static void a_fork_of_a_stream_never_offered_is_not_believed(void **state)
{
    const struct vd_goodbye goodbye = {.code = VD_GOODBYE_FORKED, .forked = {.stream = 1, .mark = 3}};
    struct told told = {0};
    struct vd_buffer frame;
    (void)state;
    vd_buffer_init(&frame, 4096);
    assert_int_equal(vd_goodbye_write(&frame, &goodbye), 0);
    assert_int_equal(tell_client(&told, vd_buffer_bytes(&frame)), VD_EPROTOCOL);
    assert_int_equal(told.goodbyes, 0);
    vd_buffer_deinit(&frame);
}

/* ---- FORKED, from the agent */

static void say_forked(void *arg, const struct vd_welcome *welcome)
{
    struct vd_client *client = arg;
    assert_int_equal(welcome->marks[0].mark, 5);
    assert_true(welcome->marks[0].chain == UINT64_MAX - 1);
    assert_int_equal(vd_client_forked(client, 0), 0);
    assert_int_equal(vd_client_forked(client, 0), 0); /* said once */
}

static void a_welcome_tells_the_chain_and_the_agent_may_say_forked(void **state)
{
    (void)state;
    static const struct vd_client_callbacks callbacks = {.welcome = say_forked};
    struct half h = {.mark = 5, .chain = UINT64_MAX - 1};
    struct vd_client client;
    struct vd_hello hello = hello_of(1, 10);
    conversation_init(&h.c, &LIMITS, &CALLBACKS, &h);
    vd_client_init(&client, &callbacks, &client);
    assert_int_equal(vd_client_hello(&client, &hello), 0);
    assert_int_equal(conversation_feed(&h.c, vd_buffer_bytes(&client.out)), 0);
    vd_buffer_clear(&client.out);
    assert_int_equal(vd_client_feed(&client, vd_buffer_bytes(&h.c.out)), 0);
    vd_buffer_clear(&h.c.out);
    assert_int_equal(client.state, VD_CLIENT_CLOSING);
    struct vd_bytes said = vd_buffer_bytes(&client.out);
    for (size_t i = 0; i < said.len; i++)
        assert_int_equal(conversation_feed(&h.c, vd_bytes_of(said.data + i, 1)),
                         i + 1 < said.len ? 0 : VD_ECLOSED);
    assert_int_equal(h.forks, 1);
    assert_int_equal(h.c.state, CONVERSATION_CLOSING);
    assert_int_equal(h.c.goodbye_code, VD_GOODBYE_FORKED);
    assert_int_equal(vd_buffer_len(&h.c.out), 0); /* nothing is answered */
    vd_client_deinit(&client);
    conversation_deinit(&h.c);
}

/* Before WELCOME there is no other history; nor of a stream that was not offered. */
static void a_fork_of_nothing_is_none(void **state)
{
    (void)state;
    static const struct {
        bool greeted;
        uint32_t stream, code;
        int rc;
    } rows[] = {{false, 0, VD_GOODBYE_FORKED, VD_ECLOSED},
                {true, 1, VD_GOODBYE_PROTOCOL, VD_EPROTOCOL},
                {true, 7, VD_GOODBYE_PROTOCOL, VD_EPROTOCOL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct half h = {0};
        struct vd_buffer frame;
        struct vd_goodbye goodbye = {.code = VD_GOODBYE_FORKED, .forked = {.stream = rows[i].stream}};
        if (rows[i].greeted)
            open_at(&h, 5, 1, 10);
        else
            conversation_init(&h.c, &LIMITS, &CALLBACKS, &h);
        vd_buffer_init(&frame, 4096);
        assert_int_equal(vd_goodbye_write(&frame, &goodbye), 0);
        assert_int_equal(conversation_feed(&h.c, vd_buffer_bytes(&frame)), rows[i].rc);
        assert_int_equal(h.forks, 0);
        assert_int_equal(h.c.goodbye_code, rows[i].code);
        vd_buffer_deinit(&frame);
        conversation_deinit(&h.c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_fills_a_hole),
        cmocka_unit_test(a_gap_may_tell_of_more_than_is_missing),
        cmocka_unit_test(without_its_gap_no_hole_is_taken),
        cmocka_unit_test(what_was_taken_is_not_lost),
        cmocka_unit_test(a_backlog_gets_less_credit),
        cmocka_unit_test(credit_never_falls),
        cmocka_unit_test(a_next_that_no_agent_can_have_runs_nothing_over),
        cmocka_unit_test(an_agent_goes_on_behind_its_gap),
        cmocka_unit_test(a_forked_stream_is_told_with_its_mark),
        cmocka_unit_test(a_fork_of_a_stream_never_offered_is_not_believed),
        cmocka_unit_test(a_welcome_tells_the_chain_and_the_agent_may_say_forked),
        cmocka_unit_test(a_fork_of_nothing_is_none),
    };
    return cmocka_run_group_tests_name("conversation_gaps", tests, NULL, NULL);
}
