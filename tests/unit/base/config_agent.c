/* The agent's configuration. */
#include "config.h"

#include <vedette/error.h>

#include "config_program.h"
#include "unit.h"

static void the_commented_file_is_the_default(void **state)
{
    (void)state;
    struct agent_config config;
    config_program_check_defaults(&AGENT_CONFIG, CONFIGS "/agent.yaml", &config);
}

static void a_full_configuration_is_read(void **state)
{
    (void)state;
    char error[VD_CONFIG_ERROR_BYTES];
    struct agent_config config;
    const char *yaml =
        "collectors: ['a:1', 'b:2']\n"
        "sources:\n"
        "  - type: tail\n    from: beginning\n    paths: [/var/log/auth.log, /var/log/secure]\n"
        "  - {type: process}\n"
        "spool: {folder: /srv/spool, sync: always}\n"
        "log: {level: debug}\n";
    char *environment[] = {"VEDETTE_SPOOL_MAX_BYTES=1048576", "VEDETTE_HEARTBEAT_MS=777", NULL};
    assert_int_equal(vd_config_read(&AGENT_CONFIG, "f.yaml", vd_bytes_str(yaml), environment, &config, error),
                     0);
    assert_int_equal(config.collectors_count, 2);
    assert_string_equal(config.collectors[1], "b:2");
    assert_int_equal(config.sources_count, 2);
    assert_int_equal(config.sources[0].type, AGENT_SOURCE_TAIL);
    assert_int_equal(config.sources[0].from, AGENT_FROM_BEGINNING);
    assert_int_equal(config.sources[0].paths_count, 2);
    assert_int_equal(config.sources[1].type, AGENT_SOURCE_PROCESS);
    assert_int_equal(config.sources[1].from, AGENT_FROM_END);
    assert_int_equal(config.log.level, VD_LOG_DEBUG);
    assert_int_equal(config.spool.max_bytes, 1048576);
    assert_string_equal(config.spool.folder, "/srv/spool");
    assert_int_equal(config.spool.sync, AGENT_SYNC_ALWAYS);
    assert_int_equal(config.heartbeat_ms, 777);
    vd_config_deinit(&AGENT_CONFIG, &config);
}

static const struct config_mistake MISTAKES[] = {
    {"tls: {trust_domain: A/b}\n", ":1:21: tls.trust_domain: must be 1 to 255 of [a-z0-9._-], not 'A/b'"},
    {"collectors: []\n", ": collectors: at least one is needed"},
    {"collectors: [nowhere]\n", ":1:14: collectors[0]: must be host:port, not 'nowhere'"},
    {"sources: []\n", ": sources: at least one is needed"},
    {"sources: [{type: tail}]\n", ": sources[0]: a tail needs paths"},
    {"sources: [{type: journal, paths: [/x]}]\n", ": sources[0]: only a tail has paths"},
    {"sources: [{type: tail, paths: [x]}]\n",
     ":1:32: sources[0].paths[0]: must be an absolute path, not 'x'"},
    {"sources: [{type: syslog}]\n",
     ":1:18: sources[0].type: expected one of tail, journal, process, not 'syslog'"},
    {"sources: [{from: end}]\n", ":1:11: sources[0]: lacks the key 'type'"},
    {"tls: {certificate: ''}\n", ":1:20: tls.certificate: must not be empty"},
    {"tls: {pass: x}\n", ":1:7: unknown key 'pass' in tls; allowed: certificate, key, ca, trust_domain"},
    {"reconnect: {min_ms: 600, max_ms: 500}\n", ": reconnect.min_ms must not be over reconnect.max_ms"},
    {"spool: {max_bytes: 1048575}\n",
     ":1:20: spool.max_bytes: expected a number from 1048576 to 68719476736, not '1048575'"},
    {"spool: {folder: here}\n", ":1:17: spool.folder: must be an absolute path, not 'here'"},
    {"spool: {sync: never}\n", ":1:15: spool.sync: expected one of group, always, not 'never'"},
    {"batch: {max_events: 8193}\n", ":1:21: batch.max_events: expected a number from 1 to 8192, not '8193'"},
};

static void mistakes_are_refused(void **state)
{
    (void)state;
    struct agent_config config;
    config_program_check_mistakes(&AGENT_CONFIG, MISTAKES, sizeof MISTAKES / sizeof *MISTAKES, &config);
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
