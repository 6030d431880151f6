/* Any bytes into the frame reader: in one piece and in pieces of the size that the first byte says, to the
 * same end. */
#include <stdlib.h>
#include <vedette/frame.h>
#include <vedette/hash.h>

enum { BATCH_MAX_BYTES = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int note(void *arg, enum vd_frame_type type, struct vd_bytes payload)
{
    uint64_t *sum = arg;
    *sum = vd_hash64(payload, *sum + (uint64_t)type);
    return 0;
}

static int feed(struct vd_bytes in, size_t piece, uint64_t *sum)
{
    struct vd_frame_reader r;
    int rc = 0;
    vd_frame_reader_init(&r, BATCH_MAX_BYTES);
    r.batch_allowed = true;
    for (size_t at = 0; at < in.len && rc == 0; at += piece)
        rc = vd_frame_reader_feed(&r, vd_bytes_of(in.data + at, in.len - at < piece ? in.len - at : piece),
                                  note, sum);
    vd_frame_reader_deinit(&r);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint64_t whole = 0, pieces = 0;
    struct vd_bytes in = vd_bytes_of(data + 1, size - 1);
    if (feed(in, in.len, &whole) != feed(in, 1u + data[0], &pieces) || whole != pieces)
        abort();
    return 0;
}
