/* A member of the group of collectors that does nothing but tell, one line each: test_membership.py drives
 * it.
 *
 *   membership-driver NAME BROKERS PREFIX SESSION_MS [OFFSET]
 *
 * With OFFSET it keeps that as the place of each partition that it gets. SIGTERM closes it; SIGUSR1 makes it
 * hold on to what is revoked from then on. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <vedette/membership.h>

struct member {
    uv_loop_t loop;
    uv_signal_t term, hold;
    struct vd_membership *membership;
    struct vd_follower *follower;
    int64_t keep; /* -1: nothing */
    bool holds;
};

static void on_assigned(void *arg, int32_t partition)
{
    struct member *member = arg;
    printf("assigned %d\n", partition);
    if (member->keep >= 0)
        vd_membership_keep(member->membership, partition, member->keep);
}

static void on_revoked(void *arg, int32_t partition, bool lost)
{
    struct member *member = arg;
    printf("%s %d\n", lost ? "lost" : "revoked", partition);
    if (!member->holds)
        vd_membership_released(member->membership, partition);
}

static void on_expelled(void *arg, const char *why)
{
    (void)arg;
    printf("expelled: %s\n", why);
}

static void on_waiting(void *arg, const char *why)
{
    (void)arg;
    printf(why == NULL ? "joined\n" : "waiting: %s\n", why);
}

static void on_record(void *arg, struct vd_bytes key, struct vd_bytes value)
{
    (void)arg;
    if (value.data == NULL)
        printf("deleted %.*s\n", (int)key.len, (const char *)key.data);
    else
        printf("record %.*s=%.*s\n", (int)key.len, (const char *)key.data, (int)value.len,
               (const char *)value.data);
}

static void on_caught_up(void *arg)
{
    (void)arg;
    printf("caught up\n");
}

static void on_closed(void *arg)
{
    (void)arg;
    printf("closed\n");
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct member *member = handle->data;
    if (number == SIGUSR1) {
        member->holds = true;
        printf("holding\n");
        return;
    }
    vd_membership_close(member->membership, on_closed);
    vd_follower_close(member->follower, on_closed);
    uv_close((uv_handle_t *)&member->term, NULL);
    uv_close((uv_handle_t *)&member->hold, NULL);
}

static void watch(struct member *member, uv_signal_t *handle, int number)
{
    uv_signal_init(&member->loop, handle);
    handle->data = member;
    uv_signal_start(handle, on_signal, number);
}

static int join(struct member *member, char **argv)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_kafka_options kafka = {.brokers = argv[2], .client_id = argv[1]};
    struct vd_membership_options membership = {
        .kafka = kafka,
        .prefix = argv[3],
        .group = argv[3],
        .name = argv[1],
        .session_timeout_ms = (uint32_t)atoi(argv[4]),
        .heartbeat_ms = 400,
        .loop = &member->loop,
        .callbacks = {on_assigned, on_revoked, on_expelled, on_waiting},
        .arg = member,
    };
    struct vd_follower_options follower = {
        .kafka = kafka,
        .prefix = argv[3],
        .topic = VD_TOPIC_SHARDS,
        .loop = &member->loop,
        .record = on_record,
        .caught_up = on_caught_up,
        .arg = member,
    };
    int result = vd_membership_new(&member->membership, &membership, error);
    if (result == 0)
        result = vd_follower_new(&member->follower, &follower, error);
    if (result < 0)
        fprintf(stderr, "membership-driver: %s\n", error);
    return result;
}

int main(int argc, char **argv)
{
    struct member member = {.keep = argc > 5 ? atoll(argv[5]) : -1};
    if (argc < 5)
        return EX_USAGE;
    setvbuf(stdout, NULL, _IOLBF, 0);
    uv_loop_init(&member.loop);
    if (join(&member, argv) < 0)
        return EX_UNAVAILABLE;
    watch(&member, &member.term, SIGTERM);
    watch(&member, &member.hold, SIGUSR1);
    uv_run(&member.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&member.loop) == 0 ? EX_OK : EX_SOFTWARE;
}
