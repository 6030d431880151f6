/* Frames: the unit of the session protocol (proto/PROTOCOL.md section 2). A fixed header of 12 bytes,
 * big-endian:
 *
 *   0 version (1)   1 type   2 flags (16 bits; bit 0: payload is one LZ4 block)   4 stored bytes   8 raw
 * bytes
 *
 * then the stored payload. Uncompressed: stored == raw. Lengths are checked against caps before anything is
 * allocated. Pure: bytes in, bytes out. One thread at a time an object. */
#ifndef VEDETTE_FRAME_H
#define VEDETTE_FRAME_H

#include <vedette/buffer.h>

enum {
    VD_FRAME_VERSION = 1,
    VD_FRAME_HEADER_BYTES = 12,
    VD_FRAME_FLAG_LZ4 = 1,
    VD_FRAME_CONTROL_MAX_BYTES = 4096,      /* raw, every type but BATCH; these are never compressed */
    VD_FRAME_BATCH_MAX_BYTES = 1024 * 1024, /* raw, BATCH; a collector may announce less */
};

enum vd_frame_type {
    VD_FRAME_HELLO = 1,
    VD_FRAME_WELCOME = 2,
    VD_FRAME_BATCH = 3,
    VD_FRAME_ACK = 4,
    VD_FRAME_PING = 5,
    VD_FRAME_PONG = 6,
    VD_FRAME_GO_TO = 7,
    VD_FRAME_GOODBYE = 8,
};

struct vd_frame_header {
    uint8_t version, type;
    uint16_t flags;
    uint32_t stored_bytes, raw_bytes;
};

/* Checks everything a header can be wrong in: version (VD_EUNSUPPORTED), type and flags (VD_EMALFORMED),
 * lengths against the caps, batch_max_bytes being that of BATCH (VD_ELIMIT). */
int vd_frame_header_read(struct vd_frame_header *out, const uint8_t in[VD_FRAME_HEADER_BYTES],
                         size_t batch_max_bytes);

/* Appends a whole frame. BATCH payloads are compressed if that makes them smaller; others never.
 * VD_ELIMIT if raw is over the type's cap or out is full; out is then as it was. */
int vd_frame_write(struct vd_buffer *out, enum vd_frame_type type, struct vd_bytes raw);

/* Unpacks the stored payload into raw, which has room for header->raw_bytes; exactly so many are written.
 * VD_EMALFORMED: not a valid LZ4 block of that size. */
int vd_frame_payload_read(const struct vd_frame_header *header, struct vd_bytes stored, uint8_t *raw);

/* Cuts a byte stream into frames. The caller feeds what a socket gave, in pieces of any size. */
struct vd_frame_reader {
    size_t batch_max_bytes;
    bool batch_allowed; /* false before WELCOME: a BATCH header is then VD_EMALFORMED */
    struct vd_frame_header header;
    uint8_t header_bytes[VD_FRAME_HEADER_BYTES];
    size_t header_have;
    struct vd_buffer stored; /* a frame that is split over reads; whole ones are passed through uncopied */
    struct vd_buffer raw;    /* decompressed payload, reused */
    struct vd_buffer held;   /* what came behind the frame at which the sink said hold */
    bool on_hold;
    int failed; /* sticky */
};

/* A sink's "enough for now": what follows is kept as it came, 256 KiB at most, until vd_frame_reader_go_on. A
 * few packed bytes are many events, so to stop reading a socket is not enough. */
enum { VD_FRAME_HOLD = 1 };

/* payload is valid during the call. Less than 0 stops the reader: it is returned by vd_frame_reader_feed and
 * sticks. */
typedef int vd_frame_sink(void *arg, enum vd_frame_type type, struct vd_bytes payload);

void vd_frame_reader_init(struct vd_frame_reader *r, size_t batch_max_bytes);
void vd_frame_reader_deinit(struct vd_frame_reader *r);
int vd_frame_reader_feed(struct vd_frame_reader *r, struct vd_bytes bytes, vd_frame_sink *sink, void *arg);
/* Ends a hold, and cuts what was kept. */
int vd_frame_reader_go_on(struct vd_frame_reader *r, vd_frame_sink *sink, void *arg);
/* A frame has begun and is not whole yet: what a frame deadline watches. */
bool vd_frame_reader_midway(const struct vd_frame_reader *r);
/* Between calls of feed: gives back the memory that no frame is in, for a peer that has gone quiet. */
void vd_frame_reader_rest(struct vd_frame_reader *r);
/* Heap held now, to be charged to the peer. Buffers that are not in use are given back between frames once
 * larger than 64 KiB. */
size_t vd_frame_reader_held_bytes(const struct vd_frame_reader *r);

#endif
