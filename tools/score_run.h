/* What `vedette score events` and `vedette score series` share: lines in, complaints with their number, and
 * progress on a terminal. */
#ifndef TOOLS_SCORE_RUN_H
#define TOOLS_SCORE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "asset.h"

enum { SCORE_ASSETS_MAX = 256, SCORE_FINDINGS_AN_HOUR_MAX = 10000 };

struct score_run {
    const char *name; /* of the subcommand */
    bool json, silences, findings;
    uint32_t max_entities, findings_an_hour;
    struct score_asset assets[SCORE_ASSETS_MAX];
    size_t asset_count;
    uint64_t line_number, wrong_lines;
    char *line; /* terminated, without its newline */
    size_t line_len;
    bool line_cut; /* it was longer than the room */
};

/* Each a code of sysexits.h. */
int score_events_run(struct score_run *run);
int score_series_run(struct score_run *run);

/* The next line of standard input; false: the end. */
bool score_run_line(struct score_run *run);
/* "vedette score events: line 12: …" */
void score_run_complain(struct score_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The end: what was read and written, 65 if a line was wrong. */
int score_run_end(struct score_run *run, int status);

#endif
