/* Events of simulated agents, made from JSON once; a time appended later counts, since the last scalar wins.
 */
#include "load_events.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/random.h>
#include <vedette/wire.h>

enum { EVENT_TIME_FIELD = 5, SCRATCH_BYTES = 256 * 1024 };

static int write_login(char *json, size_t cap, struct vd_random *r)
{
    bool failed = vd_random_below(r, 10) == 0;
    return snprintf(
        json, cap,
        "{\"class_uid\":3002,\"activity_id\":1,\"severity_id\":%d,\"status_id\":%d,"
        "\"metadata\":{\"version\":\"1.8.0\",\"product\":{\"name\":\"sshd\",\"vendor_name\":\"OpenBSD\"},"
        "\"log_name\":\"/var/log/auth.log\"},\"user\":{\"name\":\"user%" PRIu64 "\"},"
        "\"src_endpoint\":{\"ip\":\"10.%" PRIu64 ".%" PRIu64 ".7\",\"port\":%" PRIu64 "},"
        "\"is_remote\":true,\"message\":\"%s password for user from a workstation of the office\"}",
        failed ? 2 : 1, failed ? 2 : 1, vd_random_below(r, 300), vd_random_below(r, 4),
        vd_random_below(r, 50), 1024 + vd_random_below(r, 60000), failed ? "Failed" : "Accepted");
}

static int write_process(char *json, size_t cap, struct vd_random *r)
{
    static const char *const NAMES[] = {"cron", "bash", "python3", "sed", "git", "rsync", "psql", "curl"};
    const char *name = NAMES[vd_random_below(r, sizeof NAMES / sizeof *NAMES)];
    uint64_t pid = 300 + vd_random_below(r, 30000);
    return snprintf(
        json, cap,
        "{\"class_uid\":1007,\"activity_id\":1,\"severity_id\":1,"
        "\"metadata\":{\"version\":\"1.8.0\",\"log_provider\":\"proc\"},"
        "\"actor\":{\"user\":{\"name\":\"user%" PRIu64 "\",\"uid\":\"1000\"}},"
        "\"process\":{\"pid\":%" PRIu64 ",\"name\":\"%s\",\"cmd_line\":\"/usr/bin/%s --job %" PRIu64
        " --quiet\",\"file\":{\"path\":\"/usr/bin/%s\",\"name\":\"%s\"},"
        "\"working_directory\":\"/srv/jobs\",\"parent_process\":{\"pid\":1,\"name\":\"systemd\"}}}",
        vd_random_below(r, 300), pid, name, name, vd_random_below(r, 1000), name, name);
}

static int write_connection(char *json, size_t cap, struct vd_random *r)
{
    return snprintf(json, cap,
                    "{\"class_uid\":4001,\"activity_id\":1,\"severity_id\":1,"
                    "\"metadata\":{\"version\":\"1.8.0\",\"log_provider\":\"ebpf\"},"
                    "\"src_endpoint\":{\"ip\":\"10.1.%" PRIu64 ".7\",\"port\":%" PRIu64 "},"
                    "\"dst_endpoint\":{\"ip\":\"10.2.%" PRIu64 ".%" PRIu64 "\",\"port\":443},"
                    "\"connection_info\":{\"direction_id\":2,\"protocol_num\":6,\"protocol_name\":\"tcp\"},"
                    "\"process\":{\"pid\":%" PRIu64
                    ",\"name\":\"nginx\",\"file\":{\"path\":\"/usr/sbin/nginx\"}}}",
                    vd_random_below(r, 50), 1024 + vd_random_below(r, 60000), vd_random_below(r, 20),
                    vd_random_below(r, 250), 300 + vd_random_below(r, 30000));
}

int load_events_make(struct load_events *events, uint64_t seed)
{
    static int (*const WRITERS[])(char *, size_t, struct vd_random *) = {write_login, write_process,
                                                                         write_connection};
    struct vd_random random = {.state = seed};
    struct vd_arena scratch;
    struct vd_buffer out;
    char json[1024], error[VD_JSON_ERROR_BYTES];
    int rc = 0;
    vd_arena_init(&scratch, 16 * 1024, SCRATCH_BYTES);
    vd_buffer_init(&out, LOAD_EVENT_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < LOAD_TEMPLATES; i++) {
        int len = WRITERS[i % 3](json, sizeof json, &random);
        vd_buffer_clear(&out);
        rc = vd_event_json_read(vd_bytes_of(json, (size_t)len), &scratch, &out, error);
        if (rc != 0)
            break;
        struct vd_bytes event = vd_buffer_bytes(&out);
        assert(event.data != NULL);
        events->len[i] = (uint16_t)event.len;
        memcpy(events->bytes[i], event.data, event.len);
    }
    vd_buffer_deinit(&out);
    vd_arena_deinit(&scratch);
    return rc;
}

size_t load_event(const struct load_events *events, uint64_t number, int64_t time_ms, uint8_t *out)
{
    size_t which = number % LOAD_TEMPLATES, len = events->len[which];
    memcpy(out, events->bytes[which], len);
    return (size_t)(vd_wire_put_uint(out + len, EVENT_TIME_FIELD, (uint64_t)time_ms) - out);
}
