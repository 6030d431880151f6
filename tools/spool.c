/* vedette spool: what an agent's spool holds, whether it is whole, and its repair. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/random.h>
#include <vedette/spool_inspect.h>

#include "spool_cursor.h"

enum { SCRATCH_BLOCK_BYTES = 64 * 1024, SCRATCH_MAX_BYTES = 4 * 1024 * 1024, DAMAGED = 1, HEX_BYTES = 33 };

struct look {
    bool found;
    uint64_t segments, events, bytes, damaged, first, next, cut_bytes;
    int64_t oldest_ms;
    char agent[VD_SPOOL_AGENT_BYTES];
    uint8_t stream[VD_STREAM_BYTES];
    /* dump */
    struct vd_arena scratch;
    struct vd_buffer json;
    uint64_t unwritten;
};

static void stream_text(const uint8_t *stream, char *out)
{
    for (int i = 0; i < VD_STREAM_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", stream[i]);
}

static void print_age(int64_t then_ms)
{
    int64_t seconds = (vd_clock_real_ms() - then_ms) / 1000;
    if (then_ms == 0)
        printf("%10s", "-");
    else
        printf("%9" PRId64 "s", seconds < 0 ? 0 : seconds);
}

/* ---- Looks */

static int count_segment(void *arg, const struct vd_spool_segment_info *info)
{
    struct look *l = arg;
    if (l->segments++ == 0)
        l->first = info->base;
    l->bytes += info->size_bytes;
    l->events += info->events;
    l->next = info->end;
    l->cut_bytes = info->cut_bytes;
    if (l->oldest_ms == 0)
        l->oldest_ms = info->oldest_ms;
    if (!info->unreadable) {
        memcpy(l->agent, info->agent, sizeof l->agent);
        memcpy(l->stream, info->stream, sizeof l->stream);
        l->found = true;
    }
    return 0;
}

static int list_segment(void *arg, const struct vd_spool_segment_info *info)
{
    const struct look *l = arg;
    if (l->segments == 0)
        printf("%20s %10s %10s %12s %12s %10s  %s\n", "base", "records", "events", "used", "bytes", "age",
               "file");
    count_segment(arg, info);
    printf("%20" PRIu64 " %10" PRIu64 " %10" PRIu64 " %12" PRIu64 " %12" PRIu64 " ", info->base,
           info->records, info->events, info->used_bytes, info->size_bytes);
    print_age(info->oldest_ms);
    printf("  %s%s\n", info->file, info->unreadable ? "  unreadable" : "");
    return 0;
}

static int list_cursor(void *arg, const char *source, struct vd_bytes cursor)
{
    (void)arg;
    spool_cursor_print(source, cursor, stdout);
    return 0;
}

static int tell_damage(void *arg, const struct vd_spool_damage *damage)
{
    struct look *l = arg;
    l->damaged++;
    printf("damaged  %s at %" PRIu64 ": %s", damage->file, damage->offset, damage->hole.why);
    if (damage->hole.from != 0)
        printf(": numbers %" PRIu64 " to %" PRIu64, damage->hole.from, damage->hole.to);
    printf("\n");
    return 0;
}

static int dump_event(void *arg, uint64_t seq, int64_t time_ms, struct vd_bytes event)
{
    struct look *l = arg;
    (void)seq, (void)time_ms;
    vd_buffer_clear(&l->json);
    if (vd_event_json_write(event, &l->scratch, &l->json) != 0 || vd_buffer_append_str(&l->json, "\n") != 0) {
        l->unwritten++;
        return 0;
    }
    struct vd_bytes json = vd_buffer_bytes(&l->json);
    return fwrite(json.data, 1, json.len, stdout) == json.len ? 0 : VD_EIO;
}

/* ---- Subcommands */

static int fail(const char *folder, int rc)
{
    fprintf(stderr, "vedette spool: %s: %s\n", folder,
            rc == VD_ENOTFOUND ? "there is no spool here" : vd_error_text(rc));
    return rc == VD_ENOTFOUND ? EX_NOINPUT
           : rc == VD_EPERM   ? EX_NOPERM
           : rc == VD_ENOMEM  ? EX_OSERR
                              : EX_IOERR;
}

static void print_summary(const struct look *l)
{
    char stream[HEX_BYTES] = "unknown";
    if (l->found)
        stream_text(l->stream, stream);
    printf("agent   ");
    spool_text_print(vd_bytes_str(l->agent), stdout);
    printf("\nstream  %s\nfirst   %" PRIu64 "\nnext    %" PRIu64 "\nevents  %" PRIu64 "\nbytes   %" PRIu64
           " in %" PRIu64 " segments\noldest ",
           stream, l->first, l->next, l->events, l->bytes, l->segments);
    print_age(l->oldest_ms);
    printf("\n");
}

static int list(const char *folder)
{
    struct look l = {.found = false};
    int rc = vd_spool_inspect(
        folder, &(struct vd_spool_look){.arg = &l, .segment = list_segment, .cursor = list_cursor});
    if (rc != 0)
        return fail(folder, rc);
    print_summary(&l);
    return EX_OK;
}

static int ignore_event(void *arg, uint64_t seq, int64_t time_ms, struct vd_bytes event)
{
    (void)arg, (void)seq, (void)time_ms, (void)event;
    return 0;
}

/* With event, payloads are unpacked too. */
static int verify(const char *folder)
{
    struct look l = {.found = false};
    int rc = vd_spool_inspect(
        folder, &(struct vd_spool_look){
                    .arg = &l, .segment = count_segment, .event = ignore_event, .damage = tell_damage});
    if (rc != 0)
        return fail(folder, rc);
    if (l.cut_bytes > 0)
        printf("an unfinished commit of %" PRIu64 " bytes at the end: no damage\n", l.cut_bytes);
    printf("%s: %" PRIu64 " events in %" PRIu64 " segments\n", l.damaged > 0 ? "damaged" : "whole", l.events,
           l.segments);
    return l.damaged > 0 ? DAMAGED : EX_OK;
}

static int dump(const char *folder)
{
    struct look l = {.found = false};
    vd_arena_init(&l.scratch, SCRATCH_BLOCK_BYTES, SCRATCH_MAX_BYTES);
    vd_buffer_init(&l.json, VD_EVENT_JSON_MAX_BYTES);
    int rc = vd_spool_inspect(folder, &(struct vd_spool_look){.arg = &l, .event = dump_event});
    vd_buffer_deinit(&l.json);
    vd_arena_deinit(&l.scratch);
    if (rc == 0 && fflush(stdout) != 0)
        rc = VD_EIO;
    if (rc != 0)
        return fail(folder, rc);
    if (l.unwritten > 0)
        fprintf(stderr, "vedette spool: %" PRIu64 " records hold no event that can be shown\n", l.unwritten);
    return EX_OK;
}

/* What an agent does when it starts; refused while one runs. */
static int repair(const char *folder)
{
    struct look l = {.found = false};
    struct vd_spool_recovery found;
    struct vd_spool *s;
    char error[VD_SPOOL_ERROR_BYTES];
    int rc = vd_spool_inspect(folder, &(struct vd_spool_look){.arg = &l, .segment = count_segment});
    if (rc != 0)
        return fail(folder, rc);
    if (!l.found) {
        fprintf(stderr, "vedette spool: %s: no segment says whose it is; an agent will begin anew\n", folder);
        return EX_DATAERR;
    }
    struct vd_spool_options options = {.folder = folder, .agent = l.agent, .max_bytes = UINT64_C(1) << 40};
    rc = vd_random_bytes(options.new_stream, sizeof options.new_stream);
    if (rc == 0)
        rc = vd_spool_open(&s, &options, &found, error);
    else
        snprintf(error, sizeof error, "%s", vd_error_text(rc));
    if (rc != 0) {
        fprintf(stderr, "vedette spool: %s\n", error);
        return rc == VD_EEXISTS ? EX_TEMPFAIL : EX_IOERR;
    }
    printf("%" PRIu64 " events kept, %" PRIu32 " holes, %" PRIu64 " bytes cut off, %" PRIu64
           " files set aside; next is %" PRIu64 "\n",
           found.events, found.holes, found.cut_bytes, found.set_aside_files, vd_spool_next(s));
    vd_spool_close(s);
    return EX_OK;
}

static const struct subcommand {
    const char *name, *doc;
    int (*run)(const char *folder);
} SUBCOMMANDS[] = {
    {"list", "Shows its segments, its position and where each source stands.", list},
    {"verify", "Reads all of it; exits with 1 where something is damaged, and says what.", verify},
    {"dump", "Writes its events as lines of OCSF JSON.", dump},
    {"repair", "Does what an agent does when it starts; not while one runs.", repair},
};

static int usage(FILE *out, int code)
{
    fprintf(out,
            "Usage: vedette spool COMMAND DIR\n\nLooks into an agent's spool, while it runs or not.\n\n");
    for (size_t i = 0; i < sizeof SUBCOMMANDS / sizeof *SUBCOMMANDS; i++)
        fprintf(out, "  %-10s %s\n", SUBCOMMANDS[i].name, SUBCOMMANDS[i].doc);
    return code;
}

int spool_main(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[argc - 1], "--help") == 0 || strcmp(argv[argc - 1], "-?") == 0))
        return usage(stdout, EX_OK);
    if (argc != 3)
        return usage(stderr, EX_USAGE);
    for (size_t i = 0; i < sizeof SUBCOMMANDS / sizeof *SUBCOMMANDS; i++)
        if (strcmp(argv[1], SUBCOMMANDS[i].name) == 0)
            return SUBCOMMANDS[i].run(argv[2]);
    return usage(stderr, EX_USAGE);
}
