/* The head of the page: rates, tenants, the silent, what is shown; and the lines that all of it is made of.
 */
#include <stdlib.h>
#include <string.h>

#include "top_paint.h"

enum { RATE_SECONDS = 5 };

/* ---- Lines */

struct tail_text *top_paint_begin(struct painter *p)
{
    p->line = (struct tail_text){.out = p->out, .limit = p->page->columns, .result = p->result};
    return &p->line;
}

void top_paint_color(struct painter *p, const char *sequence)
{
    if (p->page->color)
        tail_text_sequence(&p->line, sequence);
}

void top_paint_end(struct painter *p)
{
    top_paint_color(p, TOP_RESET);
    tail_text_sequence(&p->line, p->page->plain ? "\n" : "\033[K\r\n");
    p->result = p->line.result;
    p->rows++;
}

void top_paint_age(struct tail_text *line, int64_t age_ms)
{
    int64_t seconds = age_ms > 0 ? age_ms / 1000 : 0;
    if (seconds < 120)
        tail_text_print(line, "%llds", (long long)seconds);
    else if (seconds < 7200)
        tail_text_print(line, "%lldmin", (long long)seconds / 60);
    else
        tail_text_print(line, "%lldh", (long long)seconds / 3600);
}

/* ---- The head */

static void put_count(struct tail_text *line, double count)
{
    if (count >= 1e7)
        tail_text_print(line, "%.1fM", count / 1e6);
    else if (count >= 1e5)
        tail_text_print(line, "%.0fk", count / 1e3);
    else
        tail_text_print(line, "%.0f", count);
}

static int64_t rate_time_ms(const struct painter *p)
{
    return p->page->now_ms + p->model->ahead_ms;
}

/* A column each two seconds of the last minute, against its own highest; where it leaves room for figures. */
static void put_curve(struct painter *p)
{
    static const char *const utf8[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ".", ":", ":", "|", "|", "#", "#"};
    enum { STEP = 2, COLUMNS = TOP_SECONDS / STEP, GLYPHS = 8, FIGURES = 42 };
    double columns[COLUMNS], most = 0;
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = 0;
        for (int ago = 0; ago < STEP; ago++)
            columns[i] += top_rate_at(&p->model->rate, rate_time_ms(p), 1 + STEP * (COLUMNS - 1 - i) + ago);
        most = columns[i] > most ? columns[i] : most;
    }
    if (p->line.columns + COLUMNS + FIGURES > p->line.limit)
        return;
    for (int i = 0; i < COLUMNS; i++) {
        int level = most > 0 ? (int)(columns[i] / most * GLYPHS) : 0;
        level = level == 0 && columns[i] > 0 ? 1 : level;
        tail_text_sequence(&p->line, (p->page->utf8 ? utf8 : ascii)[level]);
    }
    p->line.columns += COLUMNS;
}

static void put_head(struct painter *p)
{
    const struct top_model *m = p->model;
    struct tail_text *line = top_paint_begin(p);
    top_paint_color(p, TOP_BOLD);
    tail_text_plain(line, "vedette top ");
    if (p->view->paused) {
        top_paint_color(p, TOP_INVERSE);
        tail_text_plain(line, "PAUSED");
        top_paint_color(p, TOP_RESET);
        tail_text_plain(line, " ");
    }
    tail_text_time(line, "%H:%M:%S", p->page->now_ms);
    top_paint_color(p, TOP_RESET);
    tail_text_plain(line, "  ");
    put_count(line, top_rate_over(&m->rate, rate_time_ms(p), RATE_SECONDS));
    tail_text_plain(line, " events/s ");
    put_curve(p);
    tail_text_plain(line, "  ");
    put_count(line, (double)m->events);
    tail_text_print(line, " events, %llu alert%s, lag ", (unsigned long long)m->alerts,
                    m->alerts == 1 ? "" : "s");
    put_count(line, (double)p->page->lag);
    if (m->notices > 0)
        tail_text_print(line, ", %llu notice%s", (unsigned long long)m->notices, m->notices == 1 ? "" : "s");
    top_paint_end(p);
}

static int by_tenant(const void *a, const void *b)
{
    const struct top_tenant *const *x = a, *const *y = b;
    if ((*x)->alerts != (*y)->alerts)
        return (*x)->alerts > (*y)->alerts ? -1 : 1;
    if ((*x)->events != (*y)->events)
        return (*x)->events > (*y)->events ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

static void put_tenants(struct painter *p)
{
    const struct top_tenant *tenants[TOP_TENANTS_MAX];
    const struct top_model *m = p->model;
    struct tail_text *line = top_paint_begin(p);
    for (size_t i = 0; i < m->tenant_count; i++)
        tenants[i] = &m->tenants[i];
    qsort(tenants, m->tenant_count, sizeof *tenants, by_tenant);
    tail_text_print(line, "%zu%s tenant%s: ", m->tenant_count, m->tenants_untold > 0 ? "+" : "",
                    m->tenant_count == 1 ? "" : "s");
    for (size_t i = 0; i < m->tenant_count && !line->full; i++) {
        tail_text_plain(line, i > 0 ? ", " : "");
        tail_text_foreign(line, vd_bytes_str(tenants[i]->name));
        tail_text_plain(line, " ");
        put_count(line, (double)tenants[i]->events);
        tail_text_plain(line, " (");
        put_count(line, top_rate_over(&tenants[i]->rate, rate_time_ms(p), RATE_SECONDS));
        tail_text_print(line, "/s, %llu alert%s)", (unsigned long long)tenants[i]->alerts,
                        tenants[i]->alerts == 1 ? "" : "s");
    }
    top_paint_end(p);
}

static void put_silent(struct painter *p)
{
    const struct top_model *m = p->model;
    struct tail_text *line = top_paint_begin(p);
    if (m->silent_count == 0)
        tail_text_plain(line, "silent: nobody");
    else
        top_paint_color(p, tail_level_of(2)->color);
    if (m->silent_count > 0)
        tail_text_print(line, "%zu silent: ", m->silent_count);
    for (size_t i = m->silent_count; i > 0 && !line->full; i--) {
        const struct top_silent *silent = &m->silent[i - 1];
        tail_text_plain(line, i < m->silent_count ? ", " : "");
        if (silent->kind != TOP_HOST)
            tail_text_print(line, "%s ", top_kind_text(silent->kind));
        tail_text_foreign(line, vd_bytes_str(silent->tenant));
        if (silent->kind != TOP_TENANT) {
            tail_text_plain(line, "/");
            tail_text_foreign(line, vd_bytes_str(silent->name));
        }
        tail_text_plain(line, " for ");
        top_paint_age(line, p->page->now_ms - silent->since_ms);
    }
    top_paint_end(p);
}

static void put_state(struct painter *p)
{
    static const char *const sorts[] = {"risk", "events", "last seen", "name"};
    struct tail_text *line = top_paint_begin(p);
    tail_text_print(line, "%zu entit%s by %s", p->shown_count, p->shown_count == 1 ? "y" : "ies",
                    sorts[p->view->sort]);
    if (p->view->typing || p->view->filter[0] != '\0') {
        tail_text_plain(line, ", filter: ");
        tail_text_foreign(line, vd_bytes_str(p->view->filter));
        if (p->view->typing) {
            top_paint_color(p, TOP_INVERSE);
            tail_text_plain(line, " ");
            top_paint_color(p, TOP_RESET);
        }
    }
    if (p->model->unreadable > 0)
        tail_text_print(line, ", %llu records were no events", (unsigned long long)p->model->unreadable);
    if (p->page->trouble[0] != '\0') {
        tail_text_plain(line, "  ");
        top_paint_color(p, tail_level_of(3)->color);
        tail_text_foreign(line, vd_bytes_str(p->page->trouble));
    }
    top_paint_end(p);
}

void top_paint_head(struct painter *p)
{
    put_head(p);
    put_tenants(p);
    put_silent(p);
    put_state(p);
}
