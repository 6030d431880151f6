/* vedette parse: log lines in, events as JSON lines out, as an agent would make them of that log. */
#include "commands.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/memory.h>
#include <vedette/parse.h>

#include "number.h"

enum { LINE_MAX_BYTES = 256 * 1024, EVENT_MAX_BYTES = 64 * 1024, JSON_MAX_BYTES = 1024 * 1024 };
enum { SCRATCH_BLOCK_BYTES = 64 * 1024, SCRATCH_MAX_BYTES = 4 * 1024 * 1024 };
enum { OPTION_HOSTNAME = 'H', OPTION_UTC = 'u', OPTION_NOW = 256, OPTION_YEAR };

struct arguments {
    const char *hostname, *now;
    int year;
    bool utc;
    char **files;
    int file_count;
};

struct parsing {
    struct vd_parse parse;
    struct vd_arena scratch;
    struct vd_buffer event, json;
    char *line;
    int64_t now_ms; /* 0: the clock's */
};

static const struct argp_option OPTIONS[] = {
    {"hostname", OPTION_HOSTNAME, "NAME", 0, "The host that the log is of (default: this host)", 0},
    {"utc", OPTION_UTC, NULL, 0, "Stamps without a zone are in UTC (default: this host's zone)", 0},
    {"now", OPTION_NOW, "STAMP", 0,
     "Read the log as at this time, like 2024-12-10T07:00:00Z: stamps without a year are not later than a "
     "day after it",
     0},
    {"year", OPTION_YEAR, "YEAR", 0, "Stamps without a year are of this one", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case OPTION_HOSTNAME:
        a->hostname = text;
        return 0;
    case OPTION_UTC:
        a->utc = true;
        return 0;
    case OPTION_NOW:
        a->now = text;
        return 0;
    case OPTION_YEAR:
        a->year = (int)number_of(state, "year", text, 2000, 9998);
        return 0;
    case ARGP_KEY_ARGS:
        a->files = state->argv + state->next;
        a->file_count = state->argc - state->next;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse_option,
    .args_doc = "[FILE...]",
    .doc = "Reads log lines from FILEs, or from standard input, and writes the event of each as a line of "
           "OCSF JSON.",
};

/* At most LINE_MAX_BYTES of a line; the rest is read over. False: the end. */
static bool read_line(FILE *in, char *line, size_t *len)
{
    int c;
    *len = 0;
    while ((c = getc_unlocked(in)) != EOF && c != '\n')
        if (*len < LINE_MAX_BYTES)
            line[(*len)++] = (char)c;
    return c != EOF || *len > 0;
}

/* 0, or a VD_E… with which nothing more can be expected to work. */
static int write_event(struct parsing *p, struct vd_bytes line)
{
    int64_t now_ms = p->now_ms != 0 ? p->now_ms : vd_clock_real_ms();
    vd_buffer_clear(&p->event);
    vd_buffer_clear(&p->json);
    int rc = vd_parse_line(&p->parse, line, now_ms, &p->event);
    if (rc == VD_PARSE_EMPTY)
        return 0;
    if (rc == 0)
        rc = vd_event_json_write(vd_buffer_bytes(&p->event), &p->scratch, &p->json);
    if (rc == 0)
        rc = vd_buffer_append_str(&p->json, "\n");
    if (rc != 0)
        return rc;
    struct vd_bytes json = vd_buffer_bytes(&p->json);
    return fwrite(json.data, 1, json.len, stdout) == json.len ? 0 : VD_EIO;
}

static int parse_stream(struct parsing *p, FILE *in, const char *name)
{
    size_t len;
    while (read_line(in, p->line, &len)) {
        int rc = write_event(p, vd_bytes_of(p->line, len));
        if (rc == 0)
            continue;
        fprintf(stderr, "vedette parse: %s: %s\n", rc == VD_EIO ? "standard output" : name,
                vd_error_text(rc));
        return rc == VD_EIO ? EX_IOERR : rc == VD_ENOMEM ? EX_OSERR : EX_SOFTWARE;
    }
    if (!ferror(in))
        return EX_OK;
    fprintf(stderr, "vedette parse: %s: cannot be read to its end\n", name);
    return EX_IOERR;
}

static int parse_file(struct parsing *p, const char *name)
{
    if (strcmp(name, "-") == 0)
        return parse_stream(p, stdin, "standard input");
    FILE *in = fopen(name, "re");
    if (in == NULL) {
        fprintf(stderr, "vedette parse: %s: %m\n", name);
        return EX_NOINPUT;
    }
    p->parse.log_name = name;
    int status = parse_stream(p, in, name);
    fclose(in);
    return status;
}

/* The reference time: as told, or so that all of the year told is before it. */
static int set_now(struct parsing *p, const struct arguments *a)
{
    char year_end[32];
    const char *stamp = a->now;
    if (stamp == NULL && a->year == 0)
        return EX_OK;
    if (stamp == NULL) {
        snprintf(year_end, sizeof year_end, "%04d-12-30 23:59:59", a->year);
        stamp = year_end;
    }
    if (vd_parse_time(&p->parse, stamp, &p->now_ms) == 0)
        return EX_OK;
    fprintf(stderr, "vedette parse: --now: %s is not a time like 2024-12-10T07:00:00Z\n", stamp);
    return EX_USAGE;
}

static int parse_all(struct parsing *p, const struct arguments *a)
{
    int status = set_now(p, a);
    if (status != EX_OK)
        return status;
    if (a->file_count == 0)
        status = parse_file(p, "-");
    for (int i = 0; i < a->file_count && status == EX_OK; i++)
        status = parse_file(p, a->files[i]);
    if (fflush(stdout) != 0 && status == EX_OK) {
        fprintf(stderr, "vedette parse: standard output: %m\n");
        status = EX_IOERR;
    }
    return status;
}

int parse_main(int argc, char **argv)
{
    struct arguments a = {0};
    char hostname[256] = "";
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &a) != 0)
        return EX_USAGE;
    gethostname(hostname, sizeof hostname - 1);
    struct parsing p = {.line = vd_malloc(LINE_MAX_BYTES)};
    if (p.line == NULL)
        return EX_OSERR;
    vd_arena_init(&p.scratch, SCRATCH_BLOCK_BYTES, SCRATCH_MAX_BYTES);
    vd_buffer_init(&p.event, EVENT_MAX_BYTES);
    vd_buffer_init(&p.json, JSON_MAX_BYTES);
    vd_parse_init(&p.parse, &(struct vd_parse_options){.hostname = a.hostname != NULL ? a.hostname : hostname,
                                                       .product_name = "vedette",
                                                       .product_version = VEDETTE_VERSION,
                                                       .utc_offset_s = a.utc ? NULL : vd_parse_zone_local});
    int status = parse_all(&p, &a);
    vd_parse_deinit(&p.parse);
    vd_buffer_deinit(&p.json);
    vd_buffer_deinit(&p.event);
    vd_arena_deinit(&p.scratch);
    vd_free(p.line);
    return status;
}
