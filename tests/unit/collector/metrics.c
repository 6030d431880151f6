/* The Prometheus text: names, types, and a histogram that adds up. */
#include "unit.h"

#include <string.h>

#include "metrics.h"

static char *text_of(const struct metrics *m, struct vd_buffer *out)
{
    vd_buffer_init(out, 256 * 1024);
    assert_int_equal(metrics_write(m, out), 0);
    assert_int_equal(vd_buffer_append(out, "", 1), 0);
    return (char *)out->base;
}

static void counters_and_gauges_are_named_as_prometheus_wants(void **state)
{
    (void)state;
    struct metrics m = {.events_received = 42, .sessions = 3};
    struct vd_buffer out;
    const char *text = text_of(&m, &out);
    assert_non_null(strstr(text, "# TYPE vedette_collector_events_received_total counter\n"
                                 "vedette_collector_events_received_total 42\n"));
    assert_non_null(strstr(text, "# TYPE vedette_collector_sessions gauge\nvedette_collector_sessions 3\n"));
    vd_buffer_deinit(&out);
}

static void the_histogram_is_cumulative(void **state)
{
    (void)state;
    struct metrics m = {0};
    struct vd_buffer out;
    metrics_latency(&m, 500000);      /* 0.5 ms */
    metrics_latency(&m, 4000000);     /* 4 ms */
    metrics_latency(&m, 20000000000); /* 20 s */
    const char *text = text_of(&m, &out);
    assert_non_null(strstr(text, "_bucket{le=\"0.001\"} 1\n"));
    assert_non_null(strstr(text, "_bucket{le=\"0.005\"} 2\n"));
    assert_non_null(strstr(text, "_bucket{le=\"10\"} 2\n"));
    assert_non_null(strstr(text, "_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "_count 3\n"));
    vd_buffer_deinit(&out);
}

static void a_buffer_too_small_is_told(void **state)
{
    (void)state;
    struct metrics m = {0};
    struct vd_buffer out;
    vd_buffer_init(&out, 100);
    assert_true(metrics_write(&m, &out) < 0);
    vd_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges_are_named_as_prometheus_wants),
        cmocka_unit_test(the_histogram_is_cumulative),
        cmocka_unit_test(a_buffer_too_small_is_told),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
