/* Reading and writing, of sockets above all. What is sent shows itself: a TLS record of application data, or
 * the head of a request to Kafka. */
#include "plan.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    TLS_APPLICATION_DATA = 0x17,
    TLS_VERSION_MAJOR = 3,
    KAFKA_HEAD_BYTES = 8,
    KAFKA_REQUEST_MAX_BYTES = 1 << 26
};

static enum call tls_or_none(const uint8_t *data, size_t bytes, enum call call)
{
    return bytes > 2 && data[0] == TLS_APPLICATION_DATA && data[1] == TLS_VERSION_MAJOR ? call : CALL_NONE;
}

static enum call request_to_kafka(const uint8_t *data, size_t bytes, size_t total)
{
    if (bytes < KAFKA_HEAD_BYTES)
        return CALL_NONE;
    uint32_t len = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (len > KAFKA_REQUEST_MAX_BYTES || total > (size_t)len + 4 || data[4] != 0 || data[6] != 0 ||
        data[7] > 15)
        return CALL_NONE;
    switch (data[5]) {
    case 0:
        return CALL_produce;
    case 22:
        return CALL_initpid;
    case 24:
        return CALL_addpartitions;
    case 26:
        return CALL_endtxn;
    default:
        return CALL_NONE;
    }
}

static enum call sent(const void *data, size_t bytes, size_t total)
{
    enum call call = tls_or_none(data, bytes, CALL_tlsout);
    return call == CALL_NONE ? request_to_kafka(data, bytes, total) : call;
}

ssize_t write(int fd, const void *data, size_t bytes)
{
    enum deed deed;
    enum call call = plan_on_file(fd, CALL_write);
    if (call == CALL_NONE)
        call = sent(data, bytes, bytes);
    return plan_may_run(call, &bytes, &deed) ? plan_ran(deed, syscall(SYS_write, fd, data, bytes)) : -1;
}

static enum call sent_parts(const struct iovec *parts, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += parts[i].iov_len;
    return count == 0 ? CALL_NONE : sent(parts[0].iov_base, parts[0].iov_len, total);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    enum deed deed;
    enum call call = plan_on_file(fd, CALL_write);
    if (call == CALL_NONE)
        call = sent_parts(parts, (size_t)count);
    return plan_may_run(call, NULL, &deed) ? plan_ran(deed, syscall(SYS_writev, fd, parts, (long)count)) : -1;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum deed deed;
    return plan_may_run(sent_parts(message->msg_iov, message->msg_iovlen), NULL, &deed)
               ? plan_ran(deed, syscall(SYS_sendmsg, fd, message, (long)flags))
               : -1;
}

ssize_t read(int fd, void *data, size_t bytes)
{
    enum deed deed;
    long rc = syscall(SYS_read, fd, data, bytes);
    return rc > 2 && plan_may_run(tls_or_none(data, (size_t)rc, CALL_tlsin), NULL, &deed) ? plan_ran(deed, rc)
                                                                                          : rc;
}
