/* Two lists through the links that every session has. */
#include "sessions.h"

static void append(struct sessions *list, struct session *s)
{
    struct session_links *links = session_links(s);
    links->previous = list->last;
    links->next = NULL;
    *(list->last != NULL ? &session_links(list->last)->next : &list->first) = s;
    list->last = s;
}

static void unlink_session(struct sessions *list, struct session *s)
{
    const struct session_links *links = session_links(s);
    *(links->previous != NULL ? &session_links(links->previous)->next : &list->first) = links->next;
    *(links->next != NULL ? &session_links(links->next)->previous : &list->last) = links->previous;
}

void sessions_add(struct sessions *list, struct session *s)
{
    append(list, s);
}

/* "192.0.2.1:4711" without the port. */
static struct vd_bytes host_of(const struct session *s)
{
    const char *address = session_address(s), *colon = strrchr(address, ':');
    return vd_bytes_of(address, colon != NULL ? (size_t)(colon - address) : strlen(address));
}

bool sessions_crowded(const struct sessions *list, const struct session *s, size_t most)
{
    size_t count = 0;
    for (struct session *at = list->first; at != NULL && count <= most; at = session_links(at)->next)
        count += !session_authenticated(at) && vd_bytes_equal(host_of(at), host_of(s));
    return count > most;
}

void sessions_remove(struct sessions *list, struct session *s)
{
    struct session_links *links = session_links(s);
    unlink_session(list, s);
    if (!links->dirty)
        return;
    struct session **at = &list->dirty;
    while (*at != s)
        at = &session_links(*at)->dirty_next;
    *at = links->dirty_next;
}

void sessions_served(struct sessions *list, struct session *s)
{
    if (list->last == s)
        return;
    unlink_session(list, s);
    append(list, s);
}

void sessions_dirty(struct sessions *list, struct session *s)
{
    struct session_links *links = session_links(s);
    if (links->dirty)
        return;
    links->dirty = true;
    links->dirty_next = list->dirty;
    list->dirty = s;
}

void sessions_flush(struct sessions *list)
{
    while (list->dirty != NULL) {
        struct session *s = list->dirty;
        struct session_links *links = session_links(s);
        list->dirty = links->dirty_next;
        links->dirty = false;
        session_flush(s);
    }
}

void sessions_pause(const struct sessions *list)
{
    for (struct session *s = list->first; s != NULL; s = session_links(s)->next)
        session_pause(s);
}

bool sessions_resume(const struct sessions *list, const struct flow *flow)
{
    bool any = false;
    for (struct session *s = list->first, *next; s != NULL && !flow->stopped; s = next) {
        next = session_links(s)->next;
        if (!session_on_hold(s))
            any |= session_resume(s);
        else if (any)
            return true;
        else
            session_go_on(s);
    }
    return false;
}

struct sessions_sum sessions_tick(const struct sessions *list, uint64_t now_ms)
{
    struct sessions_sum sum = {0};
    for (struct session *s = list->first, *next; s != NULL; s = next) {
        next = session_links(s)->next;
        session_tick(s, now_ms);
        sum.unknown += !session_authenticated(s);
        sum.unfinished_bytes += session_unfinished_bytes(s);
    }
    return sum;
}

void sessions_measure(const struct sessions *list, struct metrics *metrics)
{
    metrics->behind_events = metrics->backlog_sessions = 0;
    for (struct session *s = list->first; s != NULL; s = session_links(s)->next) {
        uint64_t behind = session_behind(s);
        metrics->behind_events += behind;
        metrics->backlog_sessions += behind > CONVERSATION_BACKLOG_EVENTS;
    }
}

void sessions_end(const struct sessions *list, enum vd_goodbye_code code, const char *reason)
{
    for (struct session *s = list->first, *next; s != NULL; s = next) {
        next = session_links(s)->next;
        session_end(s, code, reason, 0);
    }
}

void sessions_move(const struct sessions *list)
{
    for (struct session *s = list->first, *next; s != NULL; s = next) {
        next = session_links(s)->next;
        session_move(s);
    }
}
