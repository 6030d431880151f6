/* The page of `vedette top`: a head, the tenants, the silent, the table, the chosen one's reason, the keys.
 * What a peer named is escaped, so that it cannot drive the terminal. */
#include <stdlib.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "top_paint.h"

enum { TITLE_ROWS = 1, KEYS_ROWS = 1, DETAIL_ROWS = 7, COLUMNS_MIN = 30, ROWS_MIN = 8 };
enum { LEVEL_COLUMN = 5, KIND_COLUMN = 14, NAME_COLUMN = 21, NAME_COLUMNS = 34, LAST_COLUMNS = 10 };
enum { EVENTS_COLUMNS = 10, RISK_LOW = 20, RISK_MEDIUM = 40, RISK_HIGH = 70, RISK_CRITICAL = 90 };

/* ---- Whom to show, in which order */

/* ASCII letters without regard to their case. */
static bool contains(const char *text, const char *wanted)
{
    return strcasestr(text, wanted) != NULL;
}

static bool passes(const struct top_view *view, const struct top_entity *entity)
{
    return view->filter[0] == '\0' || contains(entity->tenant, view->filter) ||
           contains(entity->name, view->filter) || contains(entity->details, view->filter) ||
           contains(top_kind_text(entity->kind), view->filter);
}

struct ranking {
    enum top_sort sort;
    int64_t now_ms;
};

static int more(double a, double b)
{
    return a > b ? -1 : a < b;
}

static int compare(const void *a, const void *b, void *arg)
{
    const struct top_entity *x = *(const struct top_entity *const *)a,
                            *y = *(const struct top_entity *const *)b;
    const struct ranking *ranking = arg;
    int order = 0;
    if (ranking->sort == TOP_BY_EVENTS)
        order = more((double)x->events, (double)y->events);
    else if (ranking->sort == TOP_BY_TIME)
        order = more((double)x->last_ms, (double)y->last_ms);
    else if (ranking->sort == TOP_BY_NAME)
        order = strcmp(x->name, y->name);
    if (order == 0)
        order = more(top_risk_now(x, ranking->now_ms), top_risk_now(y, ranking->now_ms));
    if (order == 0)
        order = strcmp(x->tenant, y->tenant);
    if (order == 0)
        order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->key > y->key) - (x->key < y->key);
}

static int choose_shown(struct painter *p)
{
    struct ranking ranking = {.sort = p->view->sort, .now_ms = p->page->now_ms};
    p->shown = vd_calloc((size_t)TOP_SETS * TOP_WAYS, sizeof *p->shown);
    if (p->shown == NULL)
        return VD_ENOMEM;
    for (size_t set = 0; set < TOP_SETS; set++)
        for (size_t way = 0; way < TOP_WAYS; way++) {
            const struct top_entity *entity = &p->model->entities[set][way];
            if (entity->key != 0 && passes(p->view, entity))
                p->shown[p->shown_count++] = entity;
        }
    qsort_r(p->shown, p->shown_count, sizeof *p->shown, compare, &ranking);
    return 0;
}

/* Moves the choice as the keys said; who is gone is replaced by who is on his line. Returns the line. */
static size_t settle_choice(struct painter *p)
{
    struct top_view *view = p->view;
    size_t at = 0;
    while (at < p->shown_count && p->shown[at]->key != view->chosen)
        at++;
    bool none = at == p->shown_count;
    if (none && view->move == 0 && !view->details)
        return SIZE_MAX;
    if (p->shown_count == 0)
        return SIZE_MAX;
    if (none)
        at = view->scroll < p->shown_count ? view->scroll : p->shown_count - 1;
    int64_t moved = (int64_t)at + (none && view->move > 0 ? view->move - 1 : view->move);
    int64_t last = (int64_t)p->shown_count - 1;
    at = moved < 0 ? 0 : (size_t)(moved > last ? last : moved);
    view->chosen = p->shown[at]->key;
    return at;
}

static void settle_scroll(struct painter *p, size_t chosen, size_t room)
{
    struct top_view *view = p->view;
    if (chosen != SIZE_MAX && chosen < view->scroll)
        view->scroll = chosen;
    if (chosen != SIZE_MAX && chosen >= view->scroll + room)
        view->scroll = chosen - room + 1;
    if (view->scroll + room > p->shown_count)
        view->scroll = p->shown_count > room ? p->shown_count - room : 0;
}

/* ---- The table */

static int level_of(double risk)
{
    return (risk >= RISK_LOW) + (risk >= RISK_MEDIUM) + (risk >= RISK_HIGH) + (risk >= RISK_CRITICAL);
}

/* A narrow terminal gives the name less, so that something of the reason is seen. */
static unsigned name_columns(const struct painter *p)
{
    unsigned third = p->page->columns / 3;
    return third < NAME_COLUMNS ? third : NAME_COLUMNS;
}

static void put_titles(struct painter *p)
{
    struct tail_text *line = top_paint_begin(p);
    unsigned at = NAME_COLUMN + name_columns(p);
    top_paint_color(p, TOP_INVERSE);
    tail_text_plain(line, "RISK LEVEL");
    tail_text_pad(line, KIND_COLUMN);
    tail_text_plain(line, "KIND");
    tail_text_pad(line, NAME_COLUMN);
    tail_text_plain(line, "TENANT/NAME");
    tail_text_pad(line, at);
    tail_text_plain(line, "   EVENTS");
    tail_text_pad(line, at + EVENTS_COLUMNS);
    tail_text_plain(line, "LAST");
    tail_text_pad(line, at + EVENTS_COLUMNS + LAST_COLUMNS);
    tail_text_plain(line, "REASON OF THE RISK");
    if (!p->page->plain)
        tail_text_pad(line, p->page->columns);
    top_paint_end(p);
}

static void put_name(struct tail_text *line, const struct top_entity *entity)
{
    tail_text_foreign(line, vd_bytes_str(entity->tenant));
    if (entity->kind == TOP_TENANT)
        return;
    tail_text_plain(line, "/");
    tail_text_foreign(line, vd_bytes_str(entity->name[0] != '\0' ? entity->name : "(none)"));
}

/* It gives way to the next column. */
static void put_name_within(struct tail_text *line, const struct top_entity *entity, unsigned limit)
{
    unsigned whole = line->limit;
    line->limit = limit < whole ? limit : whole;
    put_name(line, entity);
    line->full = false;
    line->limit = whole;
}

static void put_entity(struct painter *p, const struct top_entity *entity, bool chosen)
{
    struct tail_text *line = top_paint_begin(p);
    unsigned at = NAME_COLUMN + name_columns(p);
    double risk = top_risk_now(entity, p->page->now_ms);
    const struct tail_level *level = tail_level_of(level_of(risk));
    if (chosen)
        top_paint_color(p, TOP_INVERSE);
    else
        top_paint_color(p, level->color);
    /* Without color the choice is marked all the same. */
    tail_text_print(line, "%s%3.0f", chosen && !p->page->color ? ">" : " ", risk);
    tail_text_pad(line, LEVEL_COLUMN);
    tail_text_plain(line, level->word);
    if (!chosen)
        top_paint_color(p, TOP_RESET);
    tail_text_pad(line, KIND_COLUMN);
    tail_text_plain(line, top_kind_text(entity->kind));
    tail_text_pad(line, NAME_COLUMN);
    put_name_within(line, entity, at - 1);
    tail_text_pad(line, at);
    tail_text_print(line, "%9llu ", (unsigned long long)entity->events);
    top_paint_age(line, p->page->now_ms - entity->last_ms);
    tail_text_pad(line, at + EVENTS_COLUMNS + LAST_COLUMNS);
    tail_text_foreign(line, vd_bytes_str(entity->details));
    top_paint_end(p);
}

static void put_nobody(struct painter *p)
{
    struct tail_text *line = top_paint_begin(p);
    if (p->view->filter[0] != '\0') {
        tail_text_plain(line, "nobody that the filter lets through");
    } else if (p->page->tenant != NULL) {
        tail_text_plain(line, "no event of tenant ");
        tail_text_foreign(line, vd_bytes_str(p->page->tenant));
        tail_text_plain(line, " so far");
    } else {
        tail_text_plain(line, "nothing yet: waiting for events");
    }
    top_paint_end(p);
}

static void put_table(struct painter *p, size_t chosen, size_t room)
{
    put_titles(p);
    for (size_t i = 0; i < room && p->result == 0; i++) {
        size_t at = p->view->scroll + i;
        if (at < p->shown_count) {
            put_entity(p, p->shown[at], at == chosen);
        } else if (i == 0) {
            put_nobody(p);
        } else if (!p->page->plain) {
            top_paint_begin(p);
            top_paint_end(p);
        }
    }
}

/* ---- Below */

/* Over as many lines as there are; terminals show few combining characters, so cut by columns. */
static void put_wrapped(struct painter *p, struct vd_bytes text, unsigned rows)
{
    for (unsigned i = 0; i < rows; i++) {
        struct tail_text *line = top_paint_begin(p);
        size_t fits = text.len;
        tail_text_plain(line, "  ");
        if (text.len > p->page->columns - 3) {
            fits = p->page->columns - 3;
            size_t space = fits;
            while (space > 0 && text.data[space] != ' ')
                space--;
            fits = space > fits / 2 ? space + 1 : fits;
            while (fits > 1 && (text.data[fits] & 0xc0) == 0x80)
                fits--;
        }
        tail_text_foreign(line, vd_bytes_of(text.data, fits));
        text = vd_bytes_of(text.data + fits, text.len - fits);
        top_paint_end(p);
    }
}

static void put_details(struct painter *p, size_t chosen)
{
    struct tail_text *line = top_paint_begin(p);
    const struct top_entity *entity = chosen == SIZE_MAX ? NULL : p->shown[chosen];
    const char *text = entity == NULL               ? ""
                       : entity->details[0] != '\0' ? entity->details
                                                    : "nothing unusual so far";
    top_paint_color(p, TOP_BOLD);
    if (entity != NULL) {
        tail_text_print(line, "%s ", top_kind_text(entity->kind));
        put_name(line, entity);
        tail_text_print(line, ", risk %.0f at ", entity->risk);
        tail_text_time(line, "%Y-%m-%d %H:%M:%S", entity->risk_ms);
    } else {
        tail_text_plain(line, "nobody is chosen");
    }
    top_paint_end(p);
    put_wrapped(p, vd_bytes_str(text), DETAIL_ROWS - 2);
    line = top_paint_begin(p);
    if (entity != NULL && entity->uid[0] != '\0') {
        tail_text_plain(line, "  vedette why ");
        tail_text_foreign(line, vd_bytes_str(entity->uid));
    }
    top_paint_end(p);
}

static void put_help(struct painter *p, size_t rows)
{
    static const char *const lines[] = {
        "",
        "  j k, arrows     choose a line; g and G, Home and End: the first, the last",
        "  Enter           the reason of the chosen one, and its event's uid for vedette why",
        "  s               sort by risk, events, last seen, name",
        "  f or /          filter by tenant, name, kind or reason; Enter keeps it, Esc drops it",
        "  p or space      pause: the page stands still, counting goes on",
        "  q               quit",
        "",
        "  RISK: the highest of an entity, which halves every ten minutes. A host is shown as soon",
        "  as it is heard, others once they stand out; EVENTS counts since then.",
        "  notices: of agents and collectors, like GAP or SILENCE, that are no events of a host.",
        "  lag: records between here and the end of the topic. silent: until heard again.",
    };
    for (size_t i = 0; i < rows; i++) {
        top_paint_begin(p);
        if (i < sizeof lines / sizeof *lines)
            tail_text_plain(&p->line, lines[i]);
        top_paint_end(p);
    }
}

/* The last line does not end, or the terminal would scroll. */
static void put_keys(struct painter *p)
{
    top_paint_begin(p);
    top_paint_color(p, TOP_DIM);
    tail_text_plain(&p->line,
                    p->view->typing
                        ? "type to filter   Enter keep   Esc drop   Ctrl-U clear"
                        : "q quit   s sort   f filter   p pause   j k choose   Enter details   ? help");
    top_paint_color(p, TOP_RESET);
    tail_text_sequence(&p->line, "\033[K\033[J");
    p->result = p->line.result;
}

static void paint(struct painter *p)
{
    unsigned rows = p->page->rows;
    bool details = p->view->details && rows >= ROWS_MIN + DETAIL_ROWS;
    size_t taken = TOP_HEAD_ROWS + TITLE_ROWS + KEYS_ROWS + (details ? (size_t)DETAIL_ROWS : 0);
    size_t room = rows == 0 ? (p->shown_count > 0 ? p->shown_count : 1) : rows > taken ? rows - taken : 1;
    size_t chosen = settle_choice(p);
    settle_scroll(p, chosen, room);
    p->view->move = 0;
    if (!p->page->plain)
        p->result = vd_buffer_append_str(p->out, "\033[H");
    top_paint_head(p);
    if (p->view->help)
        put_help(p, room + 1);
    else
        put_table(p, chosen, room);
    if (details)
        put_details(p, chosen);
    if (!p->page->plain)
        put_keys(p);
}

int top_page_write(const struct top_model *model, struct top_view *view, const struct top_page *page,
                   struct vd_buffer *out)
{
    struct painter p = {.model = model, .view = view, .page = page, .out = out};
    if (page->columns < COLUMNS_MIN || (page->rows > 0 && page->rows < ROWS_MIN))
        return vd_buffer_append_str(out, "\033[H\033[Jtoo small");
    p.result = choose_shown(&p);
    if (p.result == 0)
        paint(&p);
    vd_free(p.shown);
    return p.result;
}
