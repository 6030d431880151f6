/* Any bytes as a datagram of the process connector. */
#include "process_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_bytes datagram = vd_bytes_of(data, size);
    struct process_message message;
    size_t before = datagram.len;
    /* Each message takes something off, so that reading ends. */
    while (process_message_next(&datagram, &message) == 1) {
        if (datagram.len >= before)
            abort();
        before = datagram.len;
    }
    return 0;
}
