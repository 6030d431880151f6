/* vedette score: what a collector would make of events or of a series, from standard input to standard
 * output, driven by event time alone. */
#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <vedette/event_json.h>
#include <vedette/memory.h>

#include "commands.h"
#include "number.h"
#include "score_run.h"

enum { KEY_JSON = 0x100, KEY_ENTITIES, KEY_ASSET, KEY_SILENCES, KEY_FINDINGS, KEY_FINDINGS_AN_HOUR };
enum { ENTITIES_DEFAULT = 1000000, ENTITIES_MIN = 1000, ENTITIES_MAX = 100000000 };
enum { PROGRESS_LINES = 1 << 16, COMPLAINTS_MAX = 20 };

static const struct argp_option OPTIONS[] = {
    {"json", KEY_JSON, NULL, 0, "events: the whole scored event as OCSF JSON instead of a TSV line", 0},
    {"silences", KEY_SILENCES, NULL, 0,
     "events: who has gone quiet or has an unusual volume, too, as a line after the event that shows it", 0},
    {"findings", KEY_FINDINGS, NULL, 0,
     "events: instead of a line an event, the findings, as OCSF JSON, each time one is opened, updated or "
     "closed",
     0},
    {"findings-an-hour", KEY_FINDINGS_AN_HOUR, "N", 0,
     "events: of a tenant, before further ones are merged; default: 20", 0},
    {"max-entities", KEY_ENTITIES, "N", 0, "events: hosts, users, addresses kept at a time; default: 1000000",
     0},
    {"asset", KEY_ASSET, "TENANT/HOST=CRITICALITY", 0,
     "events: low, normal, high or critical, of hosts that match; * stands for any text, the first match "
     "counts",
     0},
    {0},
};

/* ---- Lines */

/* At most VD_EVENT_JSON_MAX_BYTES of a line; the rest is read over. */
bool score_run_line(struct score_run *run)
{
    int c;
    run->line_len = 0;
    run->line_cut = false;
    while ((c = getc_unlocked(stdin)) != EOF && c != '\n') {
        if (run->line_len < VD_EVENT_JSON_MAX_BYTES)
            run->line[run->line_len++] = (char)c;
        else
            run->line_cut = true;
    }
    if (run->line_len > 0 && run->line[run->line_len - 1] == '\r')
        run->line_len--;
    run->line[run->line_len] = '\0';
    if (c == EOF && run->line_len == 0)
        return false;
    run->line_number++;
    if (run->line_number % PROGRESS_LINES == 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%lu lines", (unsigned long)run->line_number);
    return true;
}

void score_run_complain(struct score_run *run, const char *format, ...)
{
    if (++run->wrong_lines > COMPLAINTS_MAX)
        return;
    va_list values;
    va_start(values, format);
    fprintf(stderr, "vedette score %s: line %lu: ", run->name, (unsigned long)run->line_number);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
}

int score_run_end(struct score_run *run, int status)
{
    if (run->line_number >= PROGRESS_LINES && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%lu lines\n", (unsigned long)run->line_number);
    if (run->wrong_lines > COMPLAINTS_MAX)
        fprintf(stderr, "vedette score %s: %lu lines in all were wrong\n", run->name,
                (unsigned long)run->wrong_lines);
    if (status == EX_OK && (ferror(stdin) != 0 || fflush(stdout) != 0 || ferror(stdout) != 0)) {
        fprintf(stderr, "vedette score %s: %s: %m\n", run->name,
                ferror(stdin) != 0 ? "standard input" : "standard output");
        return EX_IOERR;
    }
    return status == EX_OK && run->wrong_lines > 0 ? EX_DATAERR : status;
}

/* ---- The command line */

/* Takes text apart in place: it is the patterns. */
static error_t add_asset(struct score_run *run, char *text, struct argp_state *state)
{
    char *slash = strchr(text, '/'), *equals = strrchr(text, '=');
    if (slash == NULL || equals == NULL || equals < slash || run->asset_count == SCORE_ASSETS_MAX) {
        argp_error(state, "--asset %s: must be TENANT/HOST=CRITICALITY, at most %d", text, SCORE_ASSETS_MAX);
        return EINVAL;
    }
    *slash = *equals = '\0';
    struct score_asset asset = {.tenant = text, .host = slash + 1};
    const char *complaint = asset_pattern_complaint(text);
    if (complaint == NULL)
        complaint = asset_pattern_complaint(slash + 1);
    while (ASSET_CRITICALITIES[asset.criticality] != NULL &&
           strcmp(ASSET_CRITICALITIES[asset.criticality], equals + 1) != 0)
        asset.criticality++;
    if (ASSET_CRITICALITIES[asset.criticality] == NULL)
        complaint = "must be =low, =normal, =high or =critical";
    if (complaint != NULL)
        argp_error(state, "--asset: %s", complaint);
    run->assets[run->asset_count++] = asset;
    return 0;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct score_run *run = state->input;
    switch (key) {
    case KEY_JSON:
        run->json = true;
        return 0;
    case KEY_SILENCES:
        run->silences = true;
        return 0;
    case KEY_FINDINGS:
        run->findings = run->silences = true;
        return 0;
    case KEY_FINDINGS_AN_HOUR:
        run->findings_an_hour =
            (uint32_t)number_of(state, "findings-an-hour", text, 1, SCORE_FINDINGS_AN_HOUR_MAX);
        return 0;
    case KEY_ENTITIES:
        run->max_entities = (uint32_t)number_of(state, "max-entities", text, ENTITIES_MIN, ENTITIES_MAX);
        return 0;
    case KEY_ASSET:
        return add_asset(run, text, state);
    case ARGP_KEY_ARG:
        if (run->name != NULL)
            argp_error(state, "only one of events and series, and no file: it reads standard input");
        run->name = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse_option,
    .args_doc = "events|series",
    .doc =
        "Scores what comes in on standard input, by event time alone: the same input gives the same output."
        "\vevents: OCSF JSON lines in, in order of arrival; out, in the same order, a line an event with "
        "metadata.uid, risk_score and surprise (-log10 p), separated by tabs.\n"
        "series: CSV with a header, timestamp,value; out: timestamp,value,score, where a score, from 0 to "
        "1, depends on no later line.",
};

int score_main(int argc, char **argv)
{
    static struct score_run run;
    run = (struct score_run){.max_entities = ENTITIES_DEFAULT};
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &run) != 0)
        return EX_USAGE;
    bool events = run.name != NULL && strcmp(run.name, "events") == 0;
    if (!events && (run.name == NULL || strcmp(run.name, "series") != 0)) {
        fprintf(stderr, "vedette score: must be followed by events or series; --help tells more\n");
        return EX_USAGE;
    }
    run.line = vd_malloc(VD_EVENT_JSON_MAX_BYTES + 1);
    if (run.line == NULL)
        return EX_OSERR;
    int status = events ? score_events_run(&run) : score_series_run(&run);
    vd_free(run.line);
    return status;
}
