/* The collector's configuration. */
#include "config.h"

#include <vedette/error.h>

#include "config_program.h"
#include "unit.h"

static void the_commented_file_is_the_default(void **state)
{
    (void)state;
    struct collector_config config;
    config_program_check_defaults(&COLLECTOR_CONFIG, CONFIGS "/collector.yaml", &config);
}

static void a_full_configuration_is_read(void **state)
{
    (void)state;
    char error[VD_CONFIG_ERROR_BYTES];
    struct collector_config config;
    const char *yaml = "name: centre-1\n"
                       "kafka:\n  brokers: embedded\n  properties: [linger.ms=5, client.rack=]\n"
                       "http: {address: ''}\n"
                       "score: {assets: [{tenant: '*', host: db-*, criticality: critical}]}\n"
                       "listen: {address: '[::]:0', advertise: 'c1.example:7170', accept_rate_per_s: 0}\n";
    char *environment[] = {"VEDETTE_KAFKA_PARTITIONS=8", "VEDETTE_KAFKA_DELIVERY=at-least-once", NULL};
    assert_int_equal(
        vd_config_read(&COLLECTOR_CONFIG, "f.yaml", vd_bytes_str(yaml), environment, &config, error), 0);
    assert_string_equal(config.name, "centre-1");
    assert_true(collector_config_embedded(&config));
    assert_int_equal(config.kafka.properties_count, 2);
    assert_string_equal(config.kafka.properties[1], "client.rack=");
    assert_int_equal(config.kafka.partitions, 8);
    assert_int_equal(config.kafka.delivery, COLLECTOR_AT_LEAST_ONCE);
    assert_string_equal(config.http.address, "");
    assert_string_equal(config.listen.advertise, "c1.example:7170");
    assert_int_equal(config.listen.accept_rate_per_s, 0);
    assert_int_equal(config.score.assets_count, 1);
    assert_string_equal(config.score.assets[0].host, "db-*");
    assert_int_equal(config.score.assets[0].criticality, ASSET_CRITICAL);
    vd_config_deinit(&COLLECTOR_CONFIG, &config);
}

static const struct config_mistake MISTAKES[] = {
    {"tls: {trust_domain: A/b}\n", ":1:21: tls.trust_domain: must be 1 to 255 of [a-z0-9._-], not 'A/b'"},
    {"name: 'a b'\n", ":1:7: name: must be 1 to 64 of [A-Za-z0-9._-], not 'a b'"},
    {"listen:\n  adress: '0.0.0.0:7170'\n",
     ":2:3: unknown key 'adress' in listen; allowed: address, advertise, backlog, max_sessions, "
     "max_unauthenticated, handshake_timeout_ms, hello_timeout_ms, frame_timeout_ms, idle_timeout_ms, "
     "accept_rate_per_s"},
    {"listen: {address: '7170'}\n", ":1:19: listen.address: must be host:port, not '7170'"},
    {"listen: {max_sessions: 10}\n", ": listen.max_unauthenticated must not be over listen.max_sessions"},
    {"http: {address: x}\n", ":1:17: http.address: must be host:port, not 'x'"},
    {"kafka: {brokers: 'a:1,b'}\n",
     ":1:18: kafka.brokers: must be host:port, several separated by commas, or embedded, not 'a:1,b'"},
    {"kafka: {brokers: 'a:1,'}\n",
     ":1:18: kafka.brokers: must be host:port, several separated by commas, or embedded, not 'a:1,'"},
    {"kafka: {brokers: ''}\n", ":1:18: kafka.brokers: must not be empty"},
    {"kafka: {delivery: exactly-twice}\n",
     ":1:19: kafka.delivery: expected one of exactly-once, at-least-once, not 'exactly-twice'"},
    {"kafka: {heartbeat_ms: 2001}\n",
     ": kafka.heartbeat_ms must not be over a third of kafka.session_timeout_ms"},
    {"kafka: {commit_busy_ms: 301}\n", ": kafka.commit_busy_ms must not be over kafka.commit_idle_ms"},
    {"listen: {advertise: c1}\n", ":1:21: listen.advertise: must be host:port, not 'c1'"},
    {"kafka: {topics_prefix: a/b}\n",
     ":1:24: kafka.topics_prefix: must be 1 to 64 of [A-Za-z0-9._-], not 'a/b'"},
    {"kafka: {properties: [linger]}\n", ":1:22: kafka.properties[0]: must be name=value, not 'linger'"},
    {"kafka: {properties: {linger.ms: 5}}\n", ":1:21: kafka.properties: expected a list"},
    {"limits: {batch_max_bytes: 8192}\n", ": limits.event_max_bytes must not be over limits.batch_max_bytes"},
    {"limits: {session_backlog_credit_bytes: 65536}\n",
     ": limits.batch_max_bytes must not be over limits.session_backlog_credit_bytes"},
    {"limits: {session_credit_bytes: 65536}\n",
     ": limits.session_backlog_credit_bytes must not be over limits.session_credit_bytes"},
    {"limits: {in_flight_bytes: 1048576}\n",
     ": limits.session_credit_bytes must not be over limits.in_flight_bytes"},
    {"limits: {in_flight_events: 1000}\n",
     ": limits.batch_max_events must not be over limits.in_flight_events"},
    {"score: {assets: [{tenant: a, host: b}]}\n", ":1:18: score.assets[0]: lacks the key 'criticality'"},
    {"score: {assets: [{tenant: a b, host: b, criticality: low}]}\n",
     ":1:27: score.assets[0].tenant: must be of [A-Za-z0-9._-], and * for any text, not 'a b'"},
    {"score: {assets: [{tenant: a, host: b, criticality: dire}]}\n",
     ":1:52: score.assets[0].criticality: expected one of low, normal, high, critical, not 'dire'"},
    {"log: {level: trace}\n", ":1:14: log.level: expected one of debug, info, warn, error, not 'trace'"},
};

static void mistakes_are_refused(void **state)
{
    (void)state;
    struct collector_config config;
    config_program_check_mistakes(&COLLECTOR_CONFIG, MISTAKES, sizeof MISTAKES / sizeof *MISTAKES, &config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commented_file_is_the_default),
        cmocka_unit_test(a_full_configuration_is_read),
        cmocka_unit_test(mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
