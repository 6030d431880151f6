/* Any bytes into each reader of the session's messages; what was read is written and read again, the same. */
#include <stdlib.h>
#include <vedette/session.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AGAIN(name)                                                                                          \
    static void name##_again(struct vd_bytes in)                                                             \
    {                                                                                                        \
        static struct vd_##name first, second;                                                               \
        struct vd_buffer out;                                                                                \
        if (vd_##name##_read(&first, in) != 0)                                                               \
            return;                                                                                          \
        vd_buffer_init(&out, VD_FRAME_HEADER_BYTES + VD_FRAME_CONTROL_MAX_BYTES);                            \
        if (vd_##name##_write(&out, &first) != 0)                                                            \
            abort();                                                                                         \
        vd_buffer_consume(&out, VD_FRAME_HEADER_BYTES);                                                      \
        if (vd_##name##_read(&second, vd_buffer_bytes(&out)) != 0 ||                                         \
            memcmp(&first, &second, sizeof first) != 0)                                                      \
            abort();                                                                                         \
        vd_buffer_deinit(&out);                                                                              \
    }
AGAIN(hello)
AGAIN(welcome)
AGAIN(ack)
AGAIN(go_to)
AGAIN(goodbye)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t value;
    struct vd_bytes in = vd_bytes_of(data, size);
    hello_again(in);
    welcome_again(in);
    ack_again(in);
    go_to_again(in);
    goodbye_again(in);
    vd_ping_read(&value, in);
    return 0;
}
