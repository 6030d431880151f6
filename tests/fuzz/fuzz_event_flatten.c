/* Any bytes as an event in pieces: joined, it is no longer, and joining it again changes nothing. */
#include <stdlib.h>
#include <vedette/event_flatten.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_arena arena;
    struct vd_bytes in = vd_bytes_of(data, size), once, twice;
    vd_arena_init(&arena, 4096, 1 << 20);
    if (vd_event_flatten(in, &arena, &once) == 0) {
        if (once.len > in.len || vd_event_flatten(once, &arena, &twice) != 0 || !vd_bytes_equal(once, twice))
            abort();
    }
    vd_arena_deinit(&arena);
    return 0;
}
