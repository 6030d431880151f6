/* The ledger on paper. What came from a peer is escaped. */
#include "ledger_print.h"

#include <inttypes.h>
#include <time.h>

#include "json_string.h"

enum { LABEL_COLUMNS = 18, AGENT_COLUMNS = 60, STREAM_COLUMNS = 16, TIME_BYTES = 32, HOLES_SHOWN = 5 };

struct ledger_account ledger_sum(const struct ledger *ledger)
{
    struct ledger_account sum = {0};
    for (size_t i = 0; i < ledger->stream_count; i++)
        for (size_t j = 0; j < ledger->streams[i]->count; j++)
            ledger_add(&sum, &ledger->streams[i]->accounts[j]);
    return sum;
}

static void time_text(int64_t time_ms, const char *format, char *out)
{
    time_t seconds = time_ms / 1000;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(out, TIME_BYTES, format, &utc) == 0)
        snprintf(out, TIME_BYTES, "%" PRId64, time_ms);
}

/* ---- The table */

/* Names are printable as the collector takes them; nobody has to believe it. */
static void put_name(FILE *out, const char *name, int columns)
{
    for (int i = 0; name[i] != '\0' && i < columns; i++)
        fputc(name[i] > 0x20 && name[i] < 0x7f ? name[i] : '?', out);
}

static void put_head(FILE *out)
{
    fprintf(out, "%-*s%11s%11s%11s%8s%8s%8s%8s%6s%6s%5s\n", LABEL_COLUMNS, "", "FIRST", "LAST", "PUBLISHED",
            "REFUSED", "DROPPED", "LOST", "COVERED", "HOLES", "TWICE", "LATE");
}

static void put_numbers(FILE *out, const struct ledger_account *a)
{
    fprintf(out,
            "%11" PRIu64 "%8" PRIu64 "%8" PRIu64 "%8" PRIu64 "%8" PRIu64 "%6" PRIu64 "%6" PRIu64 "%5" PRIu64
            "\n",
            a->published, ledger_told(a, LEDGER_REFUSED), ledger_told(a, LEDGER_DROPPED),
            ledger_told(a, LEDGER_LOST), a->covered, a->unexplained, a->twice, a->late);
}

static void put_account(FILE *out, const char *label, const struct ledger_account *a)
{
    fprintf(out, "%-*s%11" PRIu64 "%11" PRIu64, LABEL_COLUMNS, label, a->first, a->last);
    put_numbers(out, a);
}

static void put_holes(FILE *out, const struct ledger_stream *s)
{
    struct interval hole;
    int shown = 0;
    for (uint64_t from = 0; ledger_hole(s, from, &hole); from = hole.to + 1) {
        if (shown++ == HOLES_SHOWN) {
            fprintf(out, " ...");
            break;
        }
        fprintf(out, "%s%" PRIu64, shown == 1 ? "    without a GAP: " : ", ", hole.from);
        if (hole.to > hole.from)
            fprintf(out, "-%" PRIu64, hole.to);
    }
    if (shown > 0)
        fputc('\n', out);
}

static void put_stream(FILE *out, const struct ledger_stream *s, bool by_time, bool day)
{
    char label[TIME_BYTES + 2] = "  ";
    uint64_t forks = 0;
    if (by_time) {
        fprintf(out, "  ");
        put_name(out, s->stream, 2 * STREAM_COLUMNS);
        fputc('\n', out);
    }
    for (size_t i = 0; i < s->count; i++) {
        if (by_time)
            time_text(s->accounts[i].since_ms, day ? "%Y-%m-%d" : "%Y-%m-%d %H:%M", label + 2);
        else
            snprintf(label + 2, STREAM_COLUMNS, "%s", s->stream);
        put_account(out, label, &s->accounts[i]);
        forks += s->accounts[i].forks;
    }
    put_holes(out, s);
    if (forks > 0)
        fprintf(out, "    forked: two hosts continued this stream, or one went back in time\n");
}

static void put_reasons(FILE *out, const struct ledger_account *sum)
{
    static const char *const texts[] = {
#define LEDGER_TEXT(name, code, text) [VD_GAP_##name] = (text),
        VD_GAPS(LEDGER_TEXT)
#undef LEDGER_TEXT
    };
    static const char *const fates[] = {
        [LEDGER_REFUSED] = "refused", [LEDGER_DROPPED] = "dropped", [LEDGER_LOST] = "lost"};
    for (int i = 0; i < VD_GAP_REASON_COUNT; i++)
        if (sum->told[i] > 0)
            fprintf(out, "%s %" PRIu64 ": %s\n", fates[ledger_fate_of((enum vd_gap_reason)i)], sum->told[i],
                    texts[i]);
    if (sum->untold > 0)
        fprintf(out, "and %" PRIu64 " times nobody knows how many\n", sum->untold);
}

static void put_verdict(FILE *out, const struct ledger *ledger, const struct ledger_account *sum)
{
    fprintf(out,
            "\n%" PRIu64 " numbers of %zu stream%s: %" PRIu64 " published, %" PRIu64 " covered by GAPs\n",
            ledger_taken(sum), ledger->stream_count, ledger->stream_count == 1 ? "" : "s", sum->published,
            sum->covered);
    put_reasons(out, sum);
    if (ledger->words > 0)
        fprintf(out, "beside them %" PRIu64 " of the collectors' own words, which are of no stream\n",
                ledger->words);
    if (ledger->unnumbered > 0)
        fprintf(out, "%" PRIu64 " records have no place in any stream\n", ledger->unnumbered);
    if (ledger_whole(sum))
        fprintf(out, "whole: every number is accounted for, once and in order\n");
    else
        fprintf(out,
                "NOT whole: %" PRIu64 " missing without a GAP, %" PRIu64 " published twice, %" PRIu64
                " late\n",
                sum->unexplained, sum->twice, sum->late);
}

void ledger_print_table(const struct ledger *ledger, FILE *out)
{
    static const int64_t day_ms = 86400000;
    const char *agent = "";
    struct ledger_account sum = ledger_sum(ledger);
    put_head(out);
    for (size_t i = 0; i < ledger->stream_count; i++) {
        const struct ledger_stream *s = ledger->streams[i];
        if (strcmp(agent, s->agent) != 0) {
            agent = s->agent;
            put_name(out, agent, AGENT_COLUMNS);
            fputc('\n', out);
        }
        put_stream(out, s, ledger->stretch_ms > 0, ledger->stretch_ms == day_ms);
    }
    fprintf(out, "%-*s", LABEL_COLUMNS + 22, "sum");
    put_numbers(out, &sum);
    put_verdict(out, ledger, &sum);
}

/* ---- JSON */

static void put_counts(FILE *out, const struct ledger_account *a)
{
    fprintf(out, "\"taken\":%" PRIu64 ",\"published\":%" PRIu64 ",\"covered\":%" PRIu64, ledger_taken(a),
            a->published, a->covered);
    fprintf(out, ",\"unexplained\":%" PRIu64 ",\"twice\":%" PRIu64 ",\"late\":%" PRIu64, a->unexplained,
            a->twice, a->late);
    fprintf(out, ",\"notices\":%" PRIu64 ",\"forks\":%" PRIu64 ",\"gaps\":{", a->notices, a->forks);
    for (int i = 0; i < VD_GAP_REASON_COUNT; i++)
        fprintf(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", vd_gap_reason_code((enum vd_gap_reason)i),
                a->told[i]);
    fprintf(out, "},\"gaps_uncounted\":%" PRIu64, a->untold);
}

static void put_json_holes(FILE *out, const struct ledger_stream *s)
{
    struct interval hole;
    const char *comma = "";
    fprintf(out, ",\"holes\":[");
    for (uint64_t from = 0; ledger_hole(s, from, &hole); from = hole.to + 1) {
        fprintf(out, "%s[%" PRIu64 ",%" PRIu64 "]", comma, hole.from, hole.to);
        comma = ",";
    }
    fputc(']', out);
}

static void put_json_stream(FILE *out, const struct ledger_stream *s, bool by_time)
{
    const char *slash = strchr(s->agent, '/');
    char tenant[1025] = "", since[TIME_BYTES];
    if (slash != NULL)
        snprintf(tenant, sizeof tenant, "%.*s", (int)(slash - s->agent), s->agent);
    for (size_t i = 0; i < s->count; i++) {
        const struct ledger_account *a = &s->accounts[i];
        fprintf(out, "{\"tenant\":");
        json_string(out, vd_bytes_str(tenant));
        fprintf(out, ",\"agent\":");
        json_string(out, vd_bytes_str(slash != NULL ? slash + 1 : s->agent));
        fprintf(out, ",\"stream\":");
        json_string(out, vd_bytes_str(s->stream));
        if (by_time) {
            time_text(a->since_ms, "%Y-%m-%dT%H:%M:%SZ", since);
            fprintf(out, ",\"since\":\"%s\"", since);
        }
        fprintf(out, ",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",", a->first, a->last);
        put_counts(out, a);
        /* Those of the whole stream, once. */
        if (i + 1 == s->count)
            put_json_holes(out, s);
        fprintf(out, "}\n");
    }
}

void ledger_print_json(const struct ledger *ledger, FILE *out)
{
    struct ledger_account sum = ledger_sum(ledger);
    for (size_t i = 0; i < ledger->stream_count; i++)
        put_json_stream(out, ledger->streams[i], ledger->stretch_ms > 0);
    fprintf(out, "{\"sum\":{\"streams\":%zu,", ledger->stream_count);
    put_counts(out, &sum);
    fprintf(out, ",\"words\":%" PRIu64 ",\"unnumbered\":%" PRIu64 ",\"whole\":%s}}\n", ledger->words,
            ledger->unnumbered, ledger_whole(&sum) ? "true" : "false");
}
