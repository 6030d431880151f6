/* The two halves of the session protocol against each other, memory to memory: in pieces of every size, and
 * broken in every way a peer may break it. */
#include "unit.h"

#include <stdio.h>
#include <vedette/client.h>
#include <vedette/error.h>

#include "conversation.h"

static const struct conversation_limits LIMITS = {.credit_bytes = 4096,
                                                  .backlog_credit_bytes = 4096,
                                                  .batch_max_bytes = 2048,
                                                  .batch_max_events = 10,
                                                  .event_max_bytes = 512,
                                                  .idle_timeout_ms = 60000};

/* An agent, a collector, and what each was told. */
struct pair {
    struct vd_client client;
    struct conversation collector;
    uint64_t known_mark; /* what the collector's memory says of stream 0 */
    unsigned welcomes, acks, batches, goodbyes, go_tos;
    uint32_t events, goodbye_code;
    uint64_t last_seq;
    bool refuse_hello;
    int batch_answer;
};

static void on_welcome(void *arg, const struct vd_welcome *welcome)
{
    struct pair *p = arg;
    p->welcomes++;
    assert_string_equal(welcome->collector, "c1");
}

static void on_ack(void *arg, const struct vd_ack *ack)
{
    struct pair *p = arg;
    (void)ack;
    p->acks++;
}

static void on_go_to(void *arg, const struct vd_go_to *go_to)
{
    struct pair *p = arg;
    (void)go_to;
    p->go_tos++;
}

static void on_goodbye(void *arg, const struct vd_goodbye *goodbye)
{
    struct pair *p = arg;
    p->goodbyes++;
    p->goodbye_code = goodbye->code;
}

static void on_hello(void *arg, const struct vd_hello *hello)
{
    struct pair *p = arg;
    struct vd_stream_mark marks[VD_SESSION_STREAMS_MAX] = {{.mark = p->known_mark}};
    (void)hello;
    if (p->refuse_hello)
        conversation_goodbye(&p->collector, VD_GOODBYE_UNAVAILABLE, "not now", 1000);
    else
        assert_int_equal(conversation_welcome(&p->collector, "c1", marks), 0);
}

static int on_batch(void *arg, struct vd_batch *batch, size_t raw_bytes)
{
    struct pair *p = arg;
    struct vd_bytes event;
    (void)raw_bytes;
    p->batches++;
    p->last_seq = batch->head.first_seq + batch->event_count - 1;
    while (vd_batch_next(batch, &event))
        p->events++;
    return p->batch_answer;
}

static const struct vd_client_callbacks CLIENT_CALLBACKS = {
    .welcome = on_welcome, .ack = on_ack, .go_to = on_go_to, .goodbye = on_goodbye};
static const struct conversation_callbacks COLLECTOR_CALLBACKS = {.hello = on_hello, .batch = on_batch};

static void setup(struct pair *p)
{
    *p = (struct pair){0};
    vd_client_init(&p->client, &CLIENT_CALLBACKS, p);
    conversation_init(&p->collector, &LIMITS, &COLLECTOR_CALLBACKS, p);
}

static void teardown(struct pair *p)
{
    vd_client_deinit(&p->client);
    conversation_deinit(&p->collector);
}

static struct vd_hello hello_of(uint64_t first, uint64_t next)
{
    struct vd_hello hello = {.version_min = 1, .version_max = 1, .stream_count = 1};
    memset(hello.streams[0].stream, 7, VD_STREAM_BYTES);
    hello.streams[0].first = first;
    hello.streams[0].next = next;
    return hello;
}

/* Moves what one side has to say to the other, `piece` bytes at a time. */
static int to_collector(struct pair *p, size_t piece)
{
    struct vd_bytes all = vd_buffer_bytes(&p->client.out);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < all.len; at += piece)
        rc = conversation_feed(&p->collector,
                               vd_bytes_of(all.data + at, all.len - at < piece ? all.len - at : piece));
    vd_buffer_clear(&p->client.out);
    return rc;
}

static int to_client(struct pair *p, size_t piece)
{
    struct vd_bytes all = vd_buffer_bytes(&p->collector.out);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < all.len; at += piece)
        rc = vd_client_feed(&p->client,
                            vd_bytes_of(all.data + at, all.len - at < piece ? all.len - at : piece));
    vd_buffer_clear(&p->collector.out);
    return rc;
}

static void say_hello(struct pair *p, uint64_t first, uint64_t next)
{
    struct vd_hello hello = hello_of(first, next);
    assert_int_equal(vd_client_hello(&p->client, &hello), 0);
    assert_int_equal(to_collector(p, 1000), 0);
    assert_int_equal(to_client(p, 1000), 0);
}

static void make_batch(struct vd_buffer *payload, uint64_t first_seq, uint32_t count, size_t event_bytes)
{
    uint8_t event[1024] = {0};
    memset(event, 'e', event_bytes);
    vd_buffer_init(payload, 64 * 1024);
    assert_int_equal(vd_batch_write_head(payload, &(struct vd_batch_head){.first_seq = first_seq}), 0);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(vd_batch_write_event(payload, vd_bytes_of(event, event_bytes)), 0);
}

static int send_batch(struct pair *p, uint64_t first_seq, uint32_t count, size_t event_bytes)
{
    struct vd_buffer payload;
    make_batch(&payload, first_seq, count, event_bytes);
    int rc = vd_client_send(&p->client, &(struct vd_batch_head){.first_seq = first_seq},
                            vd_buffer_bytes(&payload), count);
    vd_buffer_deinit(&payload);
    return rc;
}

static void a_whole_session_in_pieces_of_every_size(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 300; piece++) {
        struct pair p;
        struct vd_hello hello = hello_of(1, 100);
        setup(&p);
        assert_int_equal(vd_client_hello(&p.client, &hello), 0);
        assert_int_equal(to_collector(&p, piece), 0);
        assert_int_equal(to_client(&p, piece), 0);
        assert_int_equal(p.welcomes, 1);
        assert_int_equal(send_batch(&p, 1, 3, 20), 0);
        assert_int_equal(send_batch(&p, 4, 2, 20), 0);
        assert_int_equal(vd_client_ping(&p.client, 9), 0);
        assert_int_equal(to_collector(&p, piece), 0);
        assert_int_equal(p.batches, 2);
        assert_int_equal(p.events, 5);
        conversation_kept(&p.collector, 0, 5, 100);
        assert_int_equal(conversation_ack(&p.collector), 0);
        assert_int_equal(to_client(&p, piece), 0);
        assert_int_equal(p.acks, 1);
        assert_int_equal(p.client.marks[0], 5);
        assert_int_equal(vd_client_goodbye(&p.client, VD_GOODBYE_NORMAL, "done"), 0);
        assert_int_equal(to_collector(&p, piece), VD_ECLOSED);
        assert_int_equal(p.collector.goodbye_code, VD_GOODBYE_NORMAL);
        teardown(&p);
    }
}

static void an_agent_resumes_behind_the_mark(void **state)
{
    (void)state;
    struct pair p;
    setup(&p);
    p.known_mark = 40;
    say_hello(&p, 10, 100);
    assert_int_equal(p.client.next[0], 41);
    assert_int_equal(send_batch(&p, 41, 1, 20), 0);
    assert_int_equal(to_collector(&p, 7), 0);
    assert_int_equal(p.last_seq, 41);
    teardown(&p);
}

static void an_unknown_stream_begins_at_the_agents_first(void **state)
{
    (void)state;
    struct pair p;
    setup(&p);
    say_hello(&p, 10, 100);
    assert_int_equal(p.client.next[0], 10);
    teardown(&p);
}

static void credit_bounds_what_is_under_way(void **state)
{
    (void)state;
    struct pair p;
    uint64_t seq = 1;
    setup(&p);
    say_hello(&p, 1, 1000);
    while (send_batch(&p, seq, 4, 200) == 0) {
        seq += 4;
        assert_int_equal(to_collector(&p, 100000), 0);
    }
    assert_true(p.client.sent_bytes <= LIMITS.credit_bytes);
    assert_true(p.client.sent_bytes > LIMITS.credit_bytes / 2);
    assert_int_equal(p.collector.received_bytes, p.client.sent_bytes);
    conversation_kept(&p.collector, 0, seq - 1, p.client.sent_bytes);
    assert_int_equal(conversation_ack(&p.collector), 0);
    assert_int_equal(to_client(&p, 100000), 0);
    assert_int_equal(send_batch(&p, seq, 4, 200), 0);
    teardown(&p);
}

static void nothing_new_is_not_acknowledged(void **state)
{
    (void)state;
    struct pair p;
    setup(&p);
    say_hello(&p, 1, 10);
    assert_int_equal(conversation_ack(&p.collector), 0);
    assert_int_equal(vd_buffer_len(&p.collector.out), 0);
    teardown(&p);
}

static void a_mark_beyond_what_this_session_sent_is_told_as_far_as_it_sent(void **state)
{
    (void)state;
    struct pair p;
    setup(&p);
    say_hello(&p, 1, 100);
    assert_int_equal(send_batch(&p, 1, 3, 20), 0);
    assert_int_equal(to_collector(&p, 1000), 0);
    conversation_kept(&p.collector, 0, 50, 0); /* an earlier session had brought 50 */
    assert_int_equal(conversation_ack(&p.collector), 0);
    assert_int_equal(to_client(&p, 1000), 0);
    assert_int_equal(p.client.marks[0], 3);
    teardown(&p);
}

static void a_refused_hello_tells_why(void **state)
{
    (void)state;
    struct pair p;
    struct vd_hello hello = hello_of(1, 10);
    setup(&p);
    p.refuse_hello = true;
    assert_int_equal(vd_client_hello(&p.client, &hello), 0);
    assert_int_not_equal(to_collector(&p, 1000), 0);
    assert_int_equal(to_client(&p, 1000), 0);
    assert_int_equal(p.goodbye_code, VD_GOODBYE_UNAVAILABLE);
    teardown(&p);
}

/* ---- What a hostile agent may send, and the code it gets */

struct attack {
    const char *name;
    bool after_hello;
    void (*make)(struct vd_buffer *out);
    uint32_t code;
};

static void frame_of_batch(struct vd_buffer *out, uint64_t first_seq, uint32_t count, size_t event_bytes)
{
    struct vd_buffer payload;
    make_batch(&payload, first_seq, count, event_bytes);
    assert_int_equal(vd_frame_write(out, VD_FRAME_BATCH, vd_buffer_bytes(&payload)), 0);
    vd_buffer_deinit(&payload);
}

static void batch_first(struct vd_buffer *out)
{
    frame_of_batch(out, 1, 1, 10);
}

static void a_hole(struct vd_buffer *out)
{
    frame_of_batch(out, 2, 1, 10);
}

static void too_many_events(struct vd_buffer *out)
{
    frame_of_batch(out, 1, 11, 10);
}

static void too_large_event(struct vd_buffer *out)
{
    frame_of_batch(out, 1, 1, 513);
}

static void too_large_frame(struct vd_buffer *out)
{
    frame_of_batch(out, 1, 10, 400);
}

static void beyond_credit(struct vd_buffer *out)
{
    for (uint64_t seq = 1; seq < 40; seq += 4)
        frame_of_batch(out, seq, 4, 250);
}

static void unknown_stream(struct vd_buffer *out)
{
    struct vd_buffer payload;
    vd_buffer_init(&payload, 1024);
    vd_batch_write_head(&payload, &(struct vd_batch_head){.stream = 1, .first_seq = 1});
    vd_batch_write_event(&payload, vd_bytes_str("event"));
    vd_frame_write(out, VD_FRAME_BATCH, vd_buffer_bytes(&payload));
    vd_buffer_deinit(&payload);
}

static void four_gigabytes(struct vd_buffer *out)
{
    const uint8_t header[] = {1, VD_FRAME_BATCH, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    vd_buffer_append(out, header, sizeof header);
}

static void lz4_bomb(struct vd_buffer *out)
{
    const uint8_t frame[] = {1, VD_FRAME_BATCH, 0, 1, 0, 0, 0, 4, 0, 0, 8, 0, 0x1f, 'a', 1, 0};
    vd_buffer_append(out, frame, sizeof frame);
}

static void another_version(struct vd_buffer *out)
{
    const uint8_t header[] = {2, VD_FRAME_HELLO, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    vd_buffer_append(out, header, sizeof header);
}

static void unknown_type(struct vd_buffer *out)
{
    const uint8_t header[] = {1, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    vd_buffer_append(out, header, sizeof header);
}

static void garbage(struct vd_buffer *out)
{
    vd_buffer_append_str(out, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void collectors_frame(struct vd_buffer *out)
{
    struct vd_ack ack = {.credit_limit_bytes = 1};
    vd_ack_write(out, &ack);
}

static void second_hello(struct vd_buffer *out)
{
    struct vd_hello hello = hello_of(1, 2);
    vd_hello_write(out, &hello);
}

static void future_hello(struct vd_buffer *out)
{
    struct vd_hello hello = hello_of(1, 2);
    hello.version_min = hello.version_max = 2;
    vd_hello_write(out, &hello);
}

static void impossible_range(struct vd_buffer *out)
{
    struct vd_hello hello = hello_of(9, 3);
    vd_hello_write(out, &hello);
}

static void zero_range(struct vd_buffer *out)
{
    struct vd_hello hello = hello_of(0, 0);
    vd_hello_write(out, &hello);
}

static void twin_streams(struct vd_buffer *out)
{
    struct vd_hello hello = hello_of(1, 2);
    hello.stream_count = 2;
    hello.streams[1] = hello.streams[0];
    vd_hello_write(out, &hello);
}

static const struct attack ATTACKS[] = {
    {"a batch before hello", false, batch_first, VD_GOODBYE_PROTOCOL},
    {"another frame version", false, another_version, VD_GOODBYE_VERSION},
    {"a session version of the future", false, future_hello, VD_GOODBYE_VERSION},
    {"an impossible range", false, impossible_range, VD_GOODBYE_PROTOCOL},
    {"a range at zero", false, zero_range, VD_GOODBYE_PROTOCOL},
    {"a stream offered twice", false, twin_streams, VD_GOODBYE_PROTOCOL},
    {"garbage first", false, garbage, 0},
    {"a hole", true, a_hole, VD_GOODBYE_SEQUENCE},
    {"too many events", true, too_many_events, VD_GOODBYE_LIMIT},
    {"an event too large", true, too_large_event, VD_GOODBYE_LIMIT},
    {"a frame too large", true, too_large_frame, VD_GOODBYE_LIMIT},
    {"beyond the credit", true, beyond_credit, VD_GOODBYE_LIMIT},
    {"a stream not offered", true, unknown_stream, VD_GOODBYE_PROTOCOL},
    {"four gigabytes announced", true, four_gigabytes, VD_GOODBYE_LIMIT},
    {"a lying LZ4 block", true, lz4_bomb, VD_GOODBYE_PROTOCOL},
    {"an unknown type", true, unknown_type, VD_GOODBYE_PROTOCOL},
    {"garbage", true, garbage, 0},
    {"a collector's frame", true, collectors_frame, VD_GOODBYE_PROTOCOL},
    {"a second hello", true, second_hello, VD_GOODBYE_PROTOCOL},
};

static void attack(const struct attack *a, size_t piece)
{
    struct pair p;
    setup(&p);
    if (a->after_hello)
        say_hello(&p, 1, 1000);
    vd_buffer_deinit(&p.client.out);
    vd_buffer_init(&p.client.out, 1 << 20);
    a->make(&p.client.out);
    int rc = to_collector(&p, piece);
    if (rc == 0 || (a->code != 0 && p.collector.goodbye_code != a->code))
        fail_msg("%s, in pieces of %zu: rc %d, goodbye %u", a->name, piece, rc, p.collector.goodbye_code);
    assert_int_equal(p.collector.state, CONVERSATION_CLOSING);
    p.client.state = VD_CLIENT_OPEN;
    assert_int_equal(to_client(&p, 1000), 0);
    assert_int_equal(p.goodbyes, 1);
    teardown(&p);
}

static void every_attack_ends_the_session_with_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ATTACKS / sizeof *ATTACKS; i++) {
        attack(&ATTACKS[i], 1);
        attack(&ATTACKS[i], 100000);
    }
}

/* ---- What a hostile or broken collector may send */

static void an_agent_believes_no_impossible_mark(void **state)
{
    (void)state;
    struct pair p;
    setup(&p);
    say_hello(&p, 1, 10);
    struct vd_ack ack = {.mark_count = 1, .marks = {{.stream = 0, .mark = 5}}, .credit_limit_bytes = 1};
    assert_int_equal(vd_ack_write(&p.collector.out, &ack), 0);
    assert_int_equal(to_client(&p, 1000), VD_EPROTOCOL); /* nothing was sent yet */
    teardown(&p);
}

static void a_welcome_beyond_what_the_agent_has_is_refused(void **state)
{
    (void)state;
    struct pair p;
    struct vd_hello hello = hello_of(1, 10);
    setup(&p);
    p.known_mark = 10; /* the agent's next is 10: it has none of that number */
    assert_int_equal(vd_client_hello(&p.client, &hello), 0);
    assert_int_equal(to_collector(&p, 1000), 0);
    assert_int_equal(to_client(&p, 1000), VD_EPROTOCOL);
    assert_int_equal(p.welcomes, 0);
    teardown(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_session_in_pieces_of_every_size),
        cmocka_unit_test(an_agent_resumes_behind_the_mark),
        cmocka_unit_test(an_unknown_stream_begins_at_the_agents_first),
        cmocka_unit_test(credit_bounds_what_is_under_way),
        cmocka_unit_test(nothing_new_is_not_acknowledged),
        cmocka_unit_test(a_mark_beyond_what_this_session_sent_is_told_as_far_as_it_sent),
        cmocka_unit_test(a_refused_hello_tells_why),
        cmocka_unit_test(every_attack_ends_the_session_with_its_code),
        cmocka_unit_test(an_agent_believes_no_impossible_mark),
        cmocka_unit_test(a_welcome_beyond_what_the_agent_has_is_refused),
    };
    return cmocka_run_group_tests_name("conversation", tests, NULL, NULL);
}
