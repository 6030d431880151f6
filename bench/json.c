/* What an event costs as JSON: a failed login as the agent sends it, written by vd_event_json_write, read
 * back by vd_event_json_read; medians of ROUNDS, in one run. */
#include <stdio.h>
#include <stdlib.h>

#include <vedette/clock.h>
#include <vedette/event_json.h>

enum {
    ROUNDS = 7,
    EVENTS = 50000,
    OUT_MAX_BYTES = 64 * 1024,
    SCRATCH_BLOCK_BYTES = 16 * 1024,
    SCRATCH_BYTES = 1 << 20
};

static const char LOGIN[] =
    "{\"class_uid\":3002,\"activity_id\":1,\"severity_id\":3,\"status_id\":2,\"time\":1700000000000,"
    "\"metadata\":{\"version\":\"1.8.0\",\"product\":{\"name\":\"OpenSSH\"},\"log_provider\":\"journald\","
    "\"logged_time\":1700000000020},\"device\":{\"hostname\":\"bastion-01.example.org\"},"
    "\"process\":{\"pid\":4242,\"name\":\"sshd\"},\"user\":{\"name\":\"admin\",\"uid\":\"1000\"},"
    "\"src_endpoint\":{\"ip\":\"203.0.113.17\",\"port\":40119},\"auth_protocol_id\":99,"
    "\"status_detail\":\"invalid user\","
    "\"message\":\"Failed password for invalid user admin17 from 203.0.113.17 port 40119 ssh2\"}";

struct bench {
    struct vd_arena scratch;
    struct vd_buffer event, out;
};

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench-json: %s: %d\n", what, rc);
    exit(1);
}

static void write_one(struct bench *b)
{
    vd_buffer_clear(&b->out);
    must(vd_event_json_write(vd_buffer_bytes(&b->event), &b->scratch, &b->out), "write");
}

static void read_one(struct bench *b)
{
    vd_buffer_clear(&b->out);
    must(vd_event_json_read(vd_bytes_str(LOGIN), &b->scratch, &b->out, NULL), "read");
}

static void measure(struct bench *b, const char *name, void (*work)(struct bench *b))
{
    double ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        int64_t begin_ns = vd_clock_monotonic_ns();
        for (int i = 0; i < EVENTS; i++)
            work(b);
        ns[round] = (double)(vd_clock_monotonic_ns() - begin_ns) / EVENTS;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_number);
    printf("%-28s %8.0f ns an event\n", name, ns[ROUNDS / 2]);
}

int main(void)
{
    struct bench b;
    vd_arena_init(&b.scratch, SCRATCH_BLOCK_BYTES, SCRATCH_BYTES);
    vd_buffer_init(&b.event, OUT_MAX_BYTES);
    vd_buffer_init(&b.out, OUT_MAX_BYTES);
    must(vd_event_json_read(vd_bytes_str(LOGIN), &b.scratch, &b.event, NULL), "read");
    printf("%zu bytes of JSON, %zu of protobuf\n", sizeof LOGIN - 1, vd_buffer_len(&b.event));
    measure(&b, "vd_event_json_write", write_one);
    measure(&b, "vd_event_json_read", read_one);
    vd_buffer_deinit(&b.event);
    vd_buffer_deinit(&b.out);
    vd_arena_deinit(&b.scratch);
}
