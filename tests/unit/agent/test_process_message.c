/* Datagrams of the process connector, whole, cut and false. */
#include "process_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <vedette/error.h>

struct datagram {
    uint8_t bytes[512];
    size_t len;
};

static void add(struct datagram *d, uint16_t type, uint32_t sequence, const struct proc_event *event)
{
    struct cn_msg connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .seq = sequence, .len = sizeof *event};
    struct nlmsghdr header = {.nlmsg_len = NLMSG_LENGTH(sizeof connector + sizeof *event),
                              .nlmsg_type = type};
    memcpy(d->bytes + d->len, &header, sizeof header);
    memcpy(d->bytes + d->len + sizeof header, &connector, sizeof connector);
    memcpy(d->bytes + d->len + sizeof header + sizeof connector, event, sizeof *event);
    d->len += header.nlmsg_len;
}

static struct datagram three_messages(void)
{
    struct datagram d = {.len = 0};
    struct proc_event fork = {.what = PROC_EVENT_FORK, .cpu = 3, .timestamp_ns = 77};
    fork.event_data.fork.parent_tgid = 10;
    fork.event_data.fork.child_pid = fork.event_data.fork.child_tgid = 11;
    struct proc_event exec = {.what = PROC_EVENT_EXEC, .cpu = 3};
    exec.event_data.exec.process_pid = exec.event_data.exec.process_tgid = 11;
    struct proc_event end = {.what = PROC_EVENT_EXIT, .cpu = 3};
    end.event_data.exit.process_pid = end.event_data.exit.process_tgid = 11;
    end.event_data.exit.exit_code = 256;
    add(&d, NLMSG_DONE, 5, &fork);
    add(&d, NLMSG_DONE, 6, &exec);
    add(&d, NLMSG_DONE, 7, &end);
    return d;
}

static void test_messages(void **state)
{
    (void)state;
    struct datagram d = three_messages();
    struct vd_bytes rest = vd_bytes_of(d.bytes, d.len);
    struct process_message m;
    assert_int_equal(process_message_next(&rest, &m), 1);
    assert_int_equal(m.kind, PROCESS_FORK);
    assert_true(m.parent_pid == 10 && m.pid == 11 && m.cpu == 3 && m.sequence == 5 && m.monotonic_ns == 77);
    assert_int_equal(process_message_next(&rest, &m), 1);
    assert_true(m.kind == PROCESS_EXEC && m.pid == 11 && m.sequence == 6);
    assert_int_equal(process_message_next(&rest, &m), 1);
    assert_true(m.kind == PROCESS_EXIT && m.pid == 11 && m.wait_status == 256);
    assert_int_equal(process_message_next(&rest, &m), 0);
}

static void test_threads_are_no_processes(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    struct proc_event fork = {.what = PROC_EVENT_FORK};
    fork.event_data.fork.child_pid = 12;
    fork.event_data.fork.child_tgid = 11;
    struct proc_event end = {.what = PROC_EVENT_EXIT};
    end.event_data.exit.process_pid = 12;
    end.event_data.exit.process_tgid = 11;
    add(&d, NLMSG_DONE, 1, &fork);
    add(&d, NLMSG_DONE, 2, &end);
    struct vd_bytes rest = vd_bytes_of(d.bytes, d.len);
    struct process_message m;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(process_message_next(&rest, &m), 1);
        assert_int_equal(m.kind, PROCESS_OTHER);
    }
}

static void test_acknowledgement_and_overrun(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    struct proc_event ack = {.what = PROC_EVENT_NONE};
    ack.event_data.ack.err = 1;
    add(&d, NLMSG_DONE, 0, &ack);
    add(&d, NLMSG_OVERRUN, 0, &ack);
    struct vd_bytes rest = vd_bytes_of(d.bytes, d.len);
    struct process_message m;
    assert_int_equal(process_message_next(&rest, &m), 1);
    assert_true(m.kind == PROCESS_ACK && m.error == 1);
    assert_int_equal(process_message_next(&rest, &m), 1);
    assert_int_equal(m.kind, PROCESS_LOST);
}

/* An exact copy of each beginning: a sanitizer sees the first byte read beyond it. */
static void test_every_truncation(void **state)
{
    (void)state;
    struct datagram d = three_messages();
    size_t one = d.len / 3;
    for (size_t len = 0; len < d.len; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        memcpy(copy, d.bytes, len);
        struct vd_bytes rest = vd_bytes_of(copy, len);
        struct process_message m;
        size_t whole = 0;
        int rc;
        while ((rc = process_message_next(&rest, &m)) == 1)
            whole++;
        assert_int_equal(whole, len / one);
        assert_int_equal(rc, len % one == 0 ? 0 : VD_EMALFORMED);
        free(copy);
    }
}

static void test_false_lengths(void **state)
{
    (void)state;
    struct process_message m;
    for (uint32_t wrong = 0; wrong < 16; wrong++) {
        struct datagram d = three_messages();
        memcpy(d.bytes, &wrong, sizeof wrong);
        struct vd_bytes rest = vd_bytes_of(d.bytes, d.len);
        assert_int_equal(process_message_next(&rest, &m), VD_EMALFORMED);
    }
    struct datagram d = three_messages();
    uint16_t beyond = UINT16_MAX;
    memcpy(d.bytes + sizeof(struct nlmsghdr) + offsetof(struct cn_msg, len), &beyond, sizeof beyond);
    struct vd_bytes rest = vd_bytes_of(d.bytes, d.len);
    assert_int_equal(process_message_next(&rest, &m), VD_EMALFORMED);
}

static void test_request(void **state)
{
    (void)state;
    uint8_t bytes[PROCESS_REQUEST_BYTES];
    struct nlmsghdr header;
    assert_int_equal(process_request_write(true, bytes), 40);
    memcpy(&header, bytes, sizeof header);
    assert_int_equal(header.nlmsg_len, 40);
    assert_int_equal(bytes[36], PROC_CN_MCAST_LISTEN);
    process_request_write(false, bytes);
    assert_int_equal(bytes[36], PROC_CN_MCAST_IGNORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_threads_are_no_processes),
        cmocka_unit_test(test_acknowledgement_and_overrun),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_false_lengths),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
