/* Events packed in one walk: the same bytes as protobuf-c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <math.h>
#include <vedette/error.h>
#include <vedette/event_flatten.h>
#include <vedette/event_write.h>
#include <vedette/memory.h>

#include "event_random.h"

enum { LIMIT_BYTES = 64 * 1024, ROUNDS = 3000 };

static void packs_as_protobuf_does(const Vedette__V1__Event *event)
{
    static uint8_t want[LIMIT_BYTES];
    struct vd_buffer out;
    assert_true(vedette__v1__event__get_packed_size(event) <= sizeof want);
    size_t len = vedette__v1__event__pack(event, want);
    vd_buffer_init(&out, len + 1);
    assert_int_equal(vd_buffer_append(&out, "x", 1), 0);
    assert_int_equal(vd_event_write(&out, &event->base), 0);
    assert_int_equal(vd_buffer_len(&out), len + 1);
    assert_memory_equal(vd_buffer_bytes(&out).data + 1, want, len);
    vd_buffer_deinit(&out);
}

static void random_events(void **state)
{
    (void)state;
    struct vd_random random = {.state = 11};
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[EVENT_RANDOM_MAX_BYTES];
        struct vd_bytes raw = vd_bytes_of(bytes, event_random(&random, NULL, bytes)), flat;
        struct vd_arena arena;
        vd_arena_init(&arena, 4096, 1 << 20);
        assert_int_equal(vd_event_flatten(raw, &arena, &flat), 0);
        Vedette__V1__Event *event = vedette__v1__event__unpack(NULL, flat.len, flat.data);
        assert_non_null(event);
        packs_as_protobuf_does(event);
        vedette__v1__event__free_unpacked(event, NULL);
        vd_arena_deinit(&arena);
    }
}

/* Around the lengths at which a length takes one byte more, of a string and of what it stands in. */
static void lengths_at_their_edges(void **state)
{
    (void)state;
    static const size_t EDGES[] = {1,   100, 122, 123,   124,   125,   126,
                                   127, 128, 129, 16380, 16381, 16383, 16384};
    static char text[LIMIT_BYTES];
    for (size_t i = 0; i < sizeof EDGES / sizeof *EDGES; i++) {
        Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
        Vedette__V1__Actor actor = VEDETTE__V1__ACTOR__INIT;
        Vedette__V1__User user = VEDETTE__V1__USER__INIT;
        memset(text, 'a', EDGES[i]);
        text[EDGES[i]] = '\0';
        user.name = text;
        actor.user = &user;
        event.actor = &actor;
        packs_as_protobuf_does(&event);
    }
}

/* What 0, "" and nothing are, where they mean something and where they do not. */
static void what_is_absent(void **state)
{
    (void)state;
    Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
    Vedette__V1__Metadata metadata = VEDETTE__V1__METADATA__INIT;
    Vedette__V1__Device device = VEDETTE__V1__DEVICE__INIT;
    Vedette__V1__Observation none = VEDETTE__V1__OBSERVATION__INIT, some = VEDETTE__V1__OBSERVATION__INIT;
    Vedette__V1__Observation negative_zero = none, not_a_number = none;
    Vedette__V1__Observation *observations[] = {&none, &some, &negative_zero, &not_a_number};
    Vedette__V1__Anomaly anomaly = VEDETTE__V1__ANOMALY__INIT, *anomalies[] = {&anomaly};
    Vedette__V1__AnomalyAnalysis analysis = VEDETTE__V1__ANOMALY_ANALYSIS__INIT, *analyses[] = {&analysis};
    char empty[] = "", *texts[] = {empty, empty};
    packs_as_protobuf_does(&event);
    event.metadata = &metadata;
    event.device = &device;
    device.hostname = NULL;
    event.message = empty;
    event.exit_case = VEDETTE__V1__EVENT__EXIT_EXIT_CODE; /* 0, and said */
    event.n_privileges = 2;
    event.privileges = texts;
    some.value = -0.25;
    some.count = INT32_MIN;
    negative_zero.value = -0.0;
    not_a_number.value = NAN;
    anomaly.n_observations = 4;
    anomaly.observations = observations;
    analysis.n_anomalies = 1;
    analysis.anomalies = anomalies;
    event.n_anomaly_analyses = 1;
    event.anomaly_analyses = analyses;
    packs_as_protobuf_does(&event);
}

static void without_room_nothing_is_written(void **state)
{
    (void)state;
    Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
    Vedette__V1__Metadata metadata = VEDETTE__V1__METADATA__INIT;
    Vedette__V1__Product product = VEDETTE__V1__PRODUCT__INIT;
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    product.name = product.version = text;
    metadata.product = &product;
    metadata.logged_time = -1;
    event.metadata = &metadata;
    event.is_alert = 1;
    size_t len = vedette__v1__event__get_packed_size(&event);
    for (size_t limit = 3; limit < len + 3; limit++) {
        struct vd_buffer out;
        vd_buffer_init(&out, limit);
        assert_int_equal(vd_buffer_append(&out, "abc", 3), 0);
        vd_buffer_consume(&out, 1);
        assert_int_equal(vd_event_write(&out, &event.base), limit < len + 2 ? VD_ELIMIT : 0);
        assert_int_equal(vd_buffer_len(&out), limit < len + 2 ? 2 : len + 2);
        assert_memory_equal(vd_buffer_bytes(&out).data, "bc", 2);
        vd_buffer_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_events),
        cmocka_unit_test(lengths_at_their_edges),
        cmocka_unit_test(what_is_absent),
        cmocka_unit_test(without_room_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
