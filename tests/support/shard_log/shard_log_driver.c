/* A shard log at the end of a pipe, for tests on a real Kafka: commands in, one a line; what happens out.
 *
 *   shard-log-driver BROKERS PREFIX GROUP SHARD
 *   open | send N | commit | snapshot TEXT | close | pulse SECONDS PER_SECOND
 *
 * Values are numbers, each one more than the last that came back or was sent. pulse commits one record at a
 * time at that pace, and tells the process's CPU a commit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/shard_log.h>

enum { VALUE_BYTES = 24, VALUES = 200000, LINE_BYTES = 256 };

struct driver {
    uv_loop_t loop;
    uv_poll_t input;
    uv_timer_t pulse;
    struct vd_shard_log_options options;
    struct vd_shard_log *log;
    char (*values)[VALUE_BYTES]; /* a ring: a value is borrowed until its commit */
    char line[LINE_BYTES];
    size_t line_len;
    int64_t next, first, replayed, disorder;
    int64_t end;      /* the events partition's, behind the last commit */
    int64_t asked_ms; /* when the command under way began */
    char restored[LINE_BYTES], decision[VALUE_BYTES];
    int64_t pulses_left, pulses;
    double cpu_begin_ms;
};

static double cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static int64_t took_ms(const struct driver *d)
{
    return vd_clock_monotonic_ms() - d->asked_ms;
}

/* ---- What the log says */

static int on_restore(void *arg, struct vd_bytes chunk)
{
    struct driver *d = arg;
    size_t len = strlen(d->restored);
    snprintf(d->restored + len, sizeof d->restored - len, "%.*s", (int)chunk.len, (const char *)chunk.data);
    return 0;
}

static int on_replay(void *arg, const struct vd_consumed *event)
{
    struct driver *d = arg;
    char text[VALUE_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)event->value.len, (const char *)event->value.data);
    int64_t number = strtoll(text, NULL, 10);
    if (d->replayed++ == 0)
        d->first = number;
    else
        d->disorder += number != d->next;
    d->next = number + 1;
    return 0;
}

/* The next number, behind those that are undecided. */
static int on_undecided(void *arg, const struct vd_undecided *undecided, struct vd_record *record)
{
    struct driver *d = arg;
    snprintf(d->decision, sizeof d->decision, "%" PRId64, d->next + (undecided->to - undecided->from));
    *record = (struct vd_record){
        .topic = VD_TOPIC_EVENTS, .partition = d->options.shard, .value = vd_bytes_str(d->decision)};
    printf("undecided from=%" PRId64 " to=%" PRId64 "\n", undecided->from, undecided->to);
    return 0;
}

static void on_opened(void *arg)
{
    struct driver *d = arg;
    printf("opened ms=%" PRId64 " replayed=%" PRId64 " first=%" PRId64 " next=%" PRId64 " disorder=%" PRId64
           " restored=%s\n",
           took_ms(d), d->replayed, d->first, d->next, d->disorder, d->restored);
}

static void on_committed(void *arg, int64_t end_offset)
{
    struct driver *d = arg;
    d->end = end_offset;
    if (d->pulses_left == 0)
        printf("committed ms=%" PRId64 " end=%" PRId64 "\n", took_ms(d), end_offset);
}

static void on_snapshotted(void *arg, int64_t state_offset)
{
    (void)arg;
    printf("snapshotted offset=%" PRId64 "\n", state_offset);
}

static void on_failed(void *arg, enum vd_shard_log_failure failure, const char *why)
{
    struct driver *d = arg;
    uv_timer_stop(&d->pulse);
    printf("failed ms=%" PRId64 " kind=%s why=%s\n", took_ms(d),
           failure == VD_SHARD_LOG_FENCED ? "fenced" : "trouble", why);
}

static void on_waiting(void *arg, const char *why)
{
    (void)arg;
    printf("waiting why=%s\n", why == NULL ? "" : why);
}

static void on_closed(void *arg)
{
    struct driver *d = arg;
    d->log = NULL;
    printf("closed ms=%" PRId64 "\n", took_ms(d));
}

/* ---- Commands */

static void open_log(struct driver *d)
{
    char error[VD_KAFKA_ERROR_BYTES];
    d->next = d->first = d->replayed = d->disorder = 0;
    d->restored[0] = '\0';
    if (vd_shard_log_open(&d->log, &d->options, error) < 0)
        printf("refused why=%s\n", error);
}

static int send_one(struct driver *d)
{
    const char *why = "";
    char *value = d->values[d->next % VALUES];
    snprintf(value, VALUE_BYTES, "%" PRId64, d->next);
    struct vd_record record = {.topic = VD_TOPIC_EVENTS,
                               .partition = d->options.shard,
                               .key = vd_bytes_str("acme/web-1"),
                               .value = vd_bytes_str(value),
                               .header_count = 2,
                               .headers = {{"content-type", vd_bytes_str("application/x-protobuf")},
                                           {"tenant_uid", vd_bytes_str("acme")}}};
    int result = vd_shard_log_send(d->log, &record, &why);
    if (result == 0)
        d->next++;
    else
        printf("refused why=%s\n", why);
    return result;
}

static void send_many(struct driver *d, int64_t count)
{
    int64_t begun_ns = vd_clock_monotonic_ns(), left = count;
    while (left > 0 && send_one(d) == 0)
        left--;
    if (left == 0)
        printf("sent each_ns=%" PRId64 "\n", (vd_clock_monotonic_ns() - begun_ns) / (count > 0 ? count : 1));
}

static void snapshot(struct driver *d, const char *text)
{
    const char *why = "";
    size_t half = strlen(text) / 2;
    if (vd_shard_log_snapshot_begin(d->log, d->end, 2) < 0 ||
        vd_shard_log_snapshot_chunk(d->log, vd_bytes_of(text, half), &why) < 0 ||
        vd_shard_log_snapshot_chunk(d->log, vd_bytes_str(text + half), &why) < 0)
        printf("refused why=%s\n", why);
}

static void on_pulse(uv_timer_t *timer)
{
    struct driver *d = timer->data;
    if (vd_shard_log_committing(d->log))
        return;
    if (d->pulses_left-- == 0) {
        d->pulses_left = 0;
        uv_timer_stop(timer);
        printf("pulsed cpu_ms_each=%.3f\n", (cpu_ms() - d->cpu_begin_ms) / (double)d->pulses);
        return;
    }
    if (send_one(d) == 0)
        vd_shard_log_commit(d->log);
}

static void pulse(struct driver *d, int64_t seconds, int64_t per_second)
{
    d->pulses = d->pulses_left = seconds * per_second;
    d->cpu_begin_ms = cpu_ms();
    uv_timer_start(&d->pulse, on_pulse, 0, 1000 / (uint64_t)per_second);
}

static void obey(struct driver *d, const char *line)
{
    int64_t a = 0, b = 0;
    d->asked_ms = vd_clock_monotonic_ms();
    if (strcmp(line, "open") == 0)
        open_log(d);
    else if (sscanf(line, "send %" SCNd64, &a) == 1)
        send_many(d, a);
    else if (strcmp(line, "commit") == 0)
        vd_shard_log_commit(d->log);
    else if (strncmp(line, "snapshot ", 9) == 0)
        snapshot(d, line + 9);
    else if (strcmp(line, "close") == 0)
        vd_shard_log_close(d->log, on_closed);
    else if (sscanf(line, "pulse %" SCNd64 " %" SCNd64, &a, &b) == 2 && b > 0)
        pulse(d, a, b);
    else
        printf("refused why=no such command: %s\n", line);
}

static void on_input(uv_poll_t *poll, int status, int events)
{
    struct driver *d = poll->data;
    char byte;
    (void)status;
    (void)events;
    if (read(STDIN_FILENO, &byte, 1) != 1) {
        uv_poll_stop(poll);
        uv_close((uv_handle_t *)poll, NULL);
        uv_close((uv_handle_t *)&d->pulse, NULL);
        return;
    }
    if (byte != '\n' && d->line_len < sizeof d->line - 1) {
        d->line[d->line_len++] = byte;
        return;
    }
    d->line[d->line_len] = '\0';
    d->line_len = 0;
    obey(d, d->line);
}

int main(int argc, char **argv)
{
    struct driver d = {0};
    if (argc != 5)
        return 64;
    setvbuf(stdout, NULL, _IOLBF, 0);
    d.options = (struct vd_shard_log_options){
        .kafka = {.brokers = argv[1], .client_id = "shard-log-driver"},
        .prefix = argv[2],
        .group = argv[3],
        .shard = (int32_t)strtol(argv[4], NULL, 10),
        .loop = &d.loop,
        .callbacks = {on_restore, on_replay, on_undecided, on_opened, on_committed, on_snapshotted, on_failed,
                      on_waiting},
        .arg = &d,
    };
    d.values = calloc(VALUES, sizeof *d.values);
    if (d.values == NULL || uv_loop_init(&d.loop) < 0)
        return 71;
    uv_poll_init(&d.loop, &d.input, STDIN_FILENO);
    uv_timer_init(&d.loop, &d.pulse);
    d.input.data = d.pulse.data = &d;
    uv_poll_start(&d.input, UV_READABLE, on_input);
    uv_run(&d.loop, UV_RUN_DEFAULT); /* until the input ends, and the log is closed */
    free(d.values);
    return uv_loop_close(&d.loop) < 0 ? 70 : 0;
}
