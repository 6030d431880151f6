/* What one event costs in proto/: view, validate, splice and LZ4, beside protobuf-c doing the same work, in
 * one run. */
#include <event.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <vedette/clock.h>
#include <vedette/event_splice.h>
#include <vedette/event_validate.h>
#include <vedette/event_view.h>
#include <vedette/session.h>

enum { ROUNDS = 7, BATCH_EVENTS = 50, EVENT_CAP = 1024, NOW_S = 1700000000 };

static uint8_t event_bytes[BATCH_EVENTS][EVENT_CAP];
static struct vd_bytes events[BATCH_EVENTS];
static struct vd_buffer batch, frame;
static volatile uint64_t sink; /* keeps the work from being optimised away */

static size_t event_make(uint8_t *out, int i)
{
    char message[128], ip[32];
    snprintf(ip, sizeof ip, "203.0.113.%d", i % 250);
    snprintf(message, sizeof message, "Failed password for invalid user admin%d from %s port %d ssh2", i, ip,
             40000 + i * 7);
    Vedette__V1__Product product = VEDETTE__V1__PRODUCT__INIT;
    product.name = "OpenSSH";
    Vedette__V1__Metadata metadata = VEDETTE__V1__METADATA__INIT;
    metadata.version = "1.8.0";
    metadata.product = &product;
    metadata.log_provider = "journald";
    metadata.logged_time = NOW_S * INT64_C(1000) + 20;
    Vedette__V1__Device device = VEDETTE__V1__DEVICE__INIT;
    device.hostname = "bastion-01.example.org";
    Vedette__V1__User user = VEDETTE__V1__USER__INIT;
    user.name = "admin";
    user.uid = "1000";
    Vedette__V1__NetworkEndpoint src = VEDETTE__V1__NETWORK_ENDPOINT__INIT;
    src.ip = ip;
    src.port = 40000 + i * 7;
    Vedette__V1__Process process = VEDETTE__V1__PROCESS__INIT;
    process.pid = 4242 + i;
    process.name = "sshd";
    Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
    event.class_uid = 3002;
    event.activity_id = 1;
    event.severity_id = 3;
    event.status_id = 2;
    event.time = NOW_S * INT64_C(1000) + i;
    event.metadata = &metadata;
    event.device = &device;
    event.process = &process;
    event.user = &user;
    event.src_endpoint = &src;
    event.message = message;
    event.auth_protocol_id = 99;
    event.status_detail = "invalid user";
    return vedette__v1__event__pack(&event, out);
}

static void inputs_make(void)
{
    vd_buffer_init(&batch, VD_FRAME_BATCH_MAX_BYTES);
    vd_buffer_init(&frame, 2 * VD_FRAME_BATCH_MAX_BYTES);
    vd_batch_write_head(&batch, &(struct vd_batch_head){.first_seq = 1});
    for (int i = 0; i < BATCH_EVENTS; i++) {
        events[i] = vd_bytes_of(event_bytes[i], event_make(event_bytes[i], i));
        vd_batch_write_event(&batch, events[i]);
    }
    if (vd_frame_write(&frame, VD_FRAME_BATCH, vd_buffer_bytes(&batch)) != 0)
        abort();
}

/* Each does the work for all BATCH_EVENTS events once. */

static void view(void)
{
    struct vd_event_view out;
    for (int i = 0; i < BATCH_EVENTS; i++)
        sink += (uint64_t)vd_event_view_read(&out, events[i]) + out.src_ip.len;
}

static void validate(void)
{
    const struct vd_validate_limits limits = {.event_max_bytes = VD_EVENT_MAX_BYTES};
    struct vd_event_view view;
    struct vd_refusal why;
    for (int i = 0; i < BATCH_EVENTS; i++)
        if (vd_event_validate(&view, events[i], &limits, (NOW_S + 1) * INT64_C(1000), &why) != 0)
            abort();
}

static void splice_scored(const struct vd_score *score)
{
    static const uint8_t stream[VD_STREAM_BYTES] = "0123456789abcdef";
    uint8_t out[VD_SPLICE_MAX_BYTES];
    struct vd_splice splice = {.tenant = vd_bytes_str("acme"),
                               .agent = vd_bytes_str("bastion-01"),
                               .stream = stream,
                               .processed_time_ms = NOW_S * INT64_C(1000),
                               .class_uid = 3002,
                               .activity_id = 1,
                               .score = score};
    for (unsigned i = 0; i < BATCH_EVENTS; i++) {
        splice.seq = 1000000 + i;
        sink += vd_event_splice_write(&splice, out);
    }
}

static void splice_quiet(void)
{
    splice_scored(&(struct vd_score){.risk_score = 7});
}

static void splice_reasons(void)
{
    struct vd_score score = {.risk_score = 93, .risk_level_id = 4, .is_alert = true, .reason_count = 3};
    for (int i = 0; i < 3; i++)
        score.reasons[i] = (struct vd_reason){.feature = "failed logins",
                                              .entity_kind = "source address",
                                              .entity = vd_bytes_str("203.0.113.9"),
                                              .window_seconds = 300,
                                              .observed = 47,
                                              .expected = 0.6,
                                              .surprise = 21.5,
                                              .maturity = 0.9};
    splice_scored(&score);
}

static void lz4_pack(void)
{
    vd_buffer_clear(&frame);
    sink += (uint64_t)vd_frame_write(&frame, VD_FRAME_BATCH, vd_buffer_bytes(&batch));
}

static int sink_frame(void *arg, enum vd_frame_type type, struct vd_bytes payload)
{
    (void)arg;
    sink += (uint64_t)type + payload.len;
    return 0;
}

static void lz4_unpack(void)
{
    static struct vd_frame_reader reader;
    if (reader.batch_max_bytes == 0)
        vd_frame_reader_init(&reader, VD_FRAME_BATCH_MAX_BYTES);
    reader.batch_allowed = true;
    if (vd_frame_reader_feed(&reader, vd_buffer_bytes(&frame), sink_frame, NULL) != 0)
        abort();
}

static void peer_unpack(void)
{
    for (int i = 0; i < BATCH_EVENTS; i++) {
        Vedette__V1__Event *event = vedette__v1__event__unpack(NULL, events[i].len, events[i].data);
        sink += (uint64_t)event->class_uid;
        vedette__v1__event__free_unpacked(event, NULL);
    }
}

static void peer_repack(void)
{
    uint8_t out[2 * EVENT_CAP];
    for (int i = 0; i < BATCH_EVENTS; i++) {
        Vedette__V1__Event *event = vedette__v1__event__unpack(NULL, events[i].len, events[i].data);
        event->risk_score = 7;
        event->category_uid = 3;
        event->type_uid = 300201;
        sink += vedette__v1__event__pack(event, out);
        vedette__v1__event__free_unpacked(event, NULL);
    }
}

/* ns an event: the best round of several, which is the one that was disturbed least. */
static double measure(void (*work)(void))
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        int repeats = 0;
        int64_t begin = vd_clock_monotonic_ns(), spent;
        do {
            work();
            repeats++;
            spent = vd_clock_monotonic_ns() - begin;
        } while (spent < 30000000);
        double ns = (double)spent / repeats / BATCH_EVENTS;
        best = ns < best ? ns : best;
    }
    return best;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*work)(void);
    } rows[] = {
        {"protobuf-c unpack", peer_unpack},
        {"protobuf-c unpack + repack", peer_repack},
        {"view", view},
        {"validate", validate},
        {"splice, quiet", splice_quiet},
        {"splice, three reasons", splice_reasons},
        {"LZ4 a batch, pack", lz4_pack},
        {"LZ4 a batch, unpack", lz4_unpack},
    };
    inputs_make();
    printf("event %zu bytes, in a batch of %d after LZ4 %zu\n", events[0].len, BATCH_EVENTS,
           vd_buffer_len(&frame) / BATCH_EVENTS);
    printf("%-28s %10s %12s\n", "", "ns/event", "of repack");
    double repack = measure(peer_repack);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double ns = measure(rows[i].work);
        printf("%-28s %10.1f %12.3f\n", rows[i].name, ns, ns / repack);
    }
    vd_buffer_deinit(&batch);
    vd_buffer_deinit(&frame);
    return 0;
}
