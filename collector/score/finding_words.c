/* The words of a finding, from its own reason and whose it is. */
#include "finding_words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "shown.h"

enum { NAME_MAX_BYTES = 48, MANY = 5 };

/* A text that grows; no title comes near its end, as names are cut. */
struct words {
    char *at;
    size_t len, cap;
};

static void say(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *w, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int len = vsnprintf(w->at + w->len, w->cap - w->len, format, values);
    va_end(values);
    w->len += len < 0 ? 0 : (size_t)len;
    if (w->len >= w->cap)
        w->len = w->cap - 1;
}

static void say_name(struct words *w, const char *before, const char *name)
{
    uint8_t shown[NAME_MAX_BYTES];
    size_t len = shown_text(vd_bytes_str(name), shown, sizeof shown);
    say(w, "%s%.*s%s", before, (int)len, (const char *)shown, strlen(name) > NAME_MAX_BYTES ? "…" : "");
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- The title */

static void say_rate(struct words *w, const struct finding_reason *r)
{
    const char *amount = r->observed < MANY ? "Unusual" : "Many";
    say(w, "%s %s", r->observed < r->expected ? "Few" : amount, r->feature);
    if (r->value[0] != '\0')
        say_name(w, " by ", r->value);
}

static void say_what(struct words *w, const struct finding_reason *r)
{
    switch ((enum vd_reason_kind)r->kind) {
    case VD_REASON_RATE:
        say_rate(w, r);
        break;
    case VD_REASON_DISTINCT:
        say(w, "Many %s in %s", r->what, r->feature);
        break;
    case VD_REASON_FIRST:
        say(w, "First %s", r->what);
        if (r->value[0] != '\0')
            say_name(w, " ", r->value);
        say(w, " in %s", r->feature);
        break;
    case VD_REASON_RARE:
        say_name(w, "Rare rule ", r->value);
        break;
    case VD_REASON_BESIDE:
        say(w, "%s beside others", r->feature);
        break;
    }
}

static void say_hosts(struct words *w, const char *before, const struct score_finding *f)
{
    unsigned others = f->host_count - 1U;
    if (f->host_count == 0)
        return;
    say_name(w, before, f->host);
    if (f->host_count == FINDING_HOSTS_MAX)
        say(w, " and %u or more other hosts", others);
    else if (others > 0)
        say(w, " and %u other host%s", others, plural(others));
}

static void say_where(struct words *w, const struct score_finding *f)
{
    switch ((enum who)f->who) {
    case WHO_SOURCE:
        say_name(w, " from ", f->name);
        say_hosts(w, " to ", f);
        break;
    case WHO_USER:
        say_name(w, " for ", f->name);
        say_hosts(w, " on ", f);
        break;
    case WHO_HOST:
        say_name(w, " on ", f->name);
        break;
    case WHO_TENANT:
    case WHO_COUNT:
        say_name(w, " of ", f->name);
        break;
    }
}

/* What a duty officer has to hear first. */
static void say_login(struct words *w, const struct score_finding *f)
{
    if (f->logins.count == 0)
        return;
    say(w, ", then a login");
    if (f->logins.user[0] != '\0')
        say_name(w, " as ", f->logins.user);
    say(w, " that succeeded");
}

static void say_merged(struct words *w, const struct score_finding *f)
{
    bool full = f->entities >= FINDING_MERGED_MAX;
    say(w, "And %" PRIu32 "%s more host%s, users and sources", f->entities, full ? " or" : "",
        plural(f->entities));
    say_name(w, " of ", f->tenant);
    say(w, ", with %" PRIu64 " event%s", f->events, plural(f->events));
}

void finding_title(const struct score_finding *f, char out[FINDING_TITLE_BYTES])
{
    struct words w = {.at = out, .cap = FINDING_TITLE_BYTES};
    bool silent = f->about.kind == VD_REASON_RATE && !(f->about.observed > 0) &&
                  strcmp(f->about.feature, "events") == 0; /* and not those of one kind */
    out[0] = '\0';
    if (f->merged) {
        say_merged(&w, f);
    } else if (silent) {
        say(&w, "%s", who_text((enum who)f->who));
        say_name(&w, " ", f->name);
        say(&w, " has gone quiet");
    } else {
        say_what(&w, &f->about);
        say_where(&w, f);
        say_login(&w, f);
    }
    out[0] = (char)toupper((unsigned char)out[0]);
}

/* ---- The rest */

void finding_desc(const struct score_finding *f, char out[FINDING_DESC_BYTES])
{
    struct words w = {.at = out, .cap = FINDING_DESC_BYTES};
    say(&w, "%" PRIu64 " event%s with a risk of %d or more, the highest %" PRId32, f->events,
        plural(f->events), FINDING_LEAST_RISK, f->risk_score);
    if (f->events > finding_listed(f))
        say(&w, "; the first %u are listed, %" PRIu64 " more are not", finding_listed(f),
            f->events - finding_listed(f));
    if (f->logins.count > 0)
        say(&w, "; %" PRIu64 " login%s from there succeeded since, the first", f->logins.count,
            plural(f->logins.count));
    if (f->logins.count > 0 && f->logins.host[0] != '\0')
        say_name(&w, " on ", f->logins.host);
    if (f->logins.count > 0)
        say(&w, " is listed last");
    if (f->merged)
        say(&w,
            "; beyond the tenant's findings an hour: %" PRIu32 "%s host%s, users and sources have none of "
            "their own",
            f->entities, f->entities >= FINDING_MERGED_MAX ? " or more" : "", plural(f->entities));
}

const char *finding_state(const struct score_finding *f)
{
    if (f->activity == FINDING_CREATE)
        return "opened";
    if (f->activity == FINDING_UPDATE)
        return "goes on";
    return f->told_ms - f->heard_ms >= FINDING_QUIET_MS ? "quiet for 15 minutes" : "closed to make room";
}
