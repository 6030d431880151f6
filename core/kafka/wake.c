/* An event fd between librdkafka's queues and a loop. */
#include "wake.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const uint64_t ONE = 1;

int vd_wake_fd_new(void)
{
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void vd_wake_on(rd_kafka_queue_t *queue, int fd)
{
    rd_kafka_queue_io_event_enable(queue, fd, fd < 0 ? NULL : &ONE, fd < 0 ? 0 : sizeof ONE);
}

void vd_wake(int fd)
{
    /* It fails only when the counter is full, and then the loop wakes up as well. */
    (void)!write(fd, &ONE, sizeof ONE);
}

void vd_wake_seen(int fd)
{
    uint64_t count;
    (void)!read(fd, &count, sizeof count);
}
