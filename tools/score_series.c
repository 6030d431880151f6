/* vedette score series: CSV of timestamp and value in, with a score out. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <vedette/parse.h>

#include "score_run.h"
#include "series.h"

/* As in "2014-04-01 00:00:00", which is UTC here, or in seconds since 1970. False: it is neither. */
static bool seconds_of(struct vd_parse *parse, const char *stamp, int64_t *seconds)
{
    char *end;
    int64_t time_ms;
    long long number = strtoll(stamp, &end, 10);
    if (end != stamp && *end == '\0') {
        *seconds = number;
        return true;
    }
    if (vd_parse_time(parse, stamp, &time_ms) != 0)
        return false;
    *seconds = time_ms / 1000;
    return true;
}

static void score_line(struct score_run *run, struct vd_parse *parse, struct series *series)
{
    char *comma = strchr(run->line, ','), *end;
    int64_t seconds;
    if (comma == NULL) {
        score_run_complain(run, "no comma: must be timestamp,value");
        return;
    }
    *comma = '\0';
    const char *text = comma + 1;
    double value = strtod(text, &end);
    if (end == text || (*end != '\0' && *end != ','))
        score_run_complain(run, "%.40s: not a number", text);
    else if (!seconds_of(parse, run->line, &seconds))
        score_run_complain(run, "%.40s: not a time like 2024-12-10 07:00:00", run->line);
    else
        printf("%s,%.*s,%.17g\n", run->line, (int)(end - text), text, series_score(series, seconds, value));
}

int score_series_run(struct score_run *run)
{
    struct vd_parse parse;
    struct series series = {0};
    vd_parse_init(&parse, &(struct vd_parse_options){
                              .hostname = "", .product_name = "vedette", .product_version = VEDETTE_VERSION});
    if (score_run_line(run)) /* the header */
        puts("timestamp,value,score");
    while (score_run_line(run))
        if (run->line_len > 0)
            score_line(run, &parse, &series);
    vd_parse_deinit(&parse);
    return score_run_end(run, EX_OK);
}
