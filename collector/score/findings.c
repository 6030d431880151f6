/* Which finding an event belongs to, and when each is told; findings.h has the rules. */
#include "findings.h"

#include <string.h>

#include "keys.h"
#include "mix.h"
#include "technique.h"

enum { HOUR_MS = 60 * 60 * 1000 };
enum { SLOT_NONE = -1 };
/* A slot that is to be closed, and that no event finds any more. Other keys have the second bit. */
static const uint64_t LEAVING = 1;
enum { KEY_BIT = 2, ENTITY_SALT = 0x656e };

void findings_init(struct findings *f)
{
    memset(f, 0, sizeof *f);
    f->due_ms = INT64_MAX;
}

/* ---- Whose an event may be */

struct candidate {
    uint64_t key;
    enum who who;
    struct vd_bytes name;
};

/* In order of preference. */
struct candidates {
    struct candidate all[VD_SCORE_REASONS_MAX + 2];
    int count;
};

static void add(struct candidates *c, uint64_t tenant, enum who who, struct vd_bytes name)
{
    uint64_t key = mix_pair(mix_pair(tenant, ENTITY_SALT + who), keys_text_hash(name)) | KEY_BIT;
    c->all[c->count++] = (struct candidate){key, who, name};
}

static struct candidates candidates_of(const struct finding_event *event, uint64_t tenant)
{
    struct candidates c = {.count = 0};
    for (uint32_t i = 0; i < event->score->reason_count; i++) {
        const struct vd_reason *reason = &event->score->reasons[i];
        enum who who = finding_reason_who(reason);
        if (who != WHO_COUNT)
            add(&c, tenant, who, reason->entity);
    }
    if (event->source.len > 0)
        add(&c, tenant, WHO_SOURCE, event->source);
    if (c.count == 0 && event->host.len > 0)
        add(&c, tenant, WHO_HOST, event->host);
    if (c.count == 0)
        add(&c, tenant, WHO_TENANT, event->tenant);
    return c;
}

/* ---- Slots */

static int64_t close_ms(const struct score_finding *f)
{
    int64_t quiet_ms = f->heard_ms + FINDING_QUIET_MS;
    return quiet_ms > f->stays_ms ? quiet_ms : f->stays_ms;
}

static void set_due(struct findings *f, int slot, int64_t due_ms)
{
    f->dues_ms[slot] = due_ms;
    if (due_ms < f->due_ms)
        f->due_ms = due_ms;
}

static void schedule(struct findings *f, int slot)
{
    const struct score_finding *open = &f->open[slot];
    int64_t due_ms = close_ms(open), update_ms = open->told_ms + FINDING_UPDATE_MS;
    if (f->keys[slot] == LEAVING || open->revision == 0)
        due_ms = 0;
    else if (open->changed && update_ms < due_ms)
        due_ms = update_ms;
    set_due(f, slot, due_ms);
}

static void leave(struct findings *f, int slot)
{
    f->keys[slot] = LEAVING;
    schedule(f, slot);
}

/* One that is quiet by now is closed, told or not. Keys are hashes that names can be made for, so the tenant
 * is compared: what is one tenant's is never told as another's. */
static int slot_of(struct findings *f, uint64_t key, struct vd_bytes tenant, int64_t watermark_ms)
{
    for (int slot = 0; slot < FINDINGS_MAX; slot++) {
        if (f->keys[slot] != key || !finding_is_of(&f->open[slot], tenant))
            continue;
        if (watermark_ms < close_ms(&f->open[slot]))
            return slot;
        leave(f, slot);
    }
    return SLOT_NONE;
}

/* How many findings its tenant has open. */
static int share_of(const struct findings *f, int slot)
{
    int share = 0;
    for (int i = 0; i < FINDINGS_MAX; i++)
        share += f->keys[i] > LEAVING && finding_same_tenant(&f->open[i], &f->open[slot]);
    return share;
}

/* Of the tenant with the most, so that none can fill the slots and close what is another's. */
static int quietest(const struct findings *f, int but)
{
    int found = SLOT_NONE, most = 0;
    for (int slot = 0; slot < FINDINGS_MAX; slot++) {
        if (f->keys[slot] <= LEAVING || slot == but)
            continue;
        int share = share_of(f, slot);
        if (share > most || (share == most && f->open[slot].heard_ms < f->open[found].heard_ms))
            found = slot;
        most = share > most ? share : most;
    }
    return found;
}

static int free_slot(const struct findings *f)
{
    for (int slot = 0; slot < FINDINGS_MAX; slot++)
        if (f->keys[slot] == 0)
            return slot;
    return SLOT_NONE;
}

/* One is always left free for the next, by letting go of a quietest one; only if nobody asked what is due is
 * there none, and that one is lost unsaid. */
static int new_slot(struct findings *f, uint64_t key)
{
    int slot = free_slot(f);
    if (slot == SLOT_NONE)
        for (slot = 0; slot < FINDINGS_MAX - 1 && f->keys[slot] != LEAVING;)
            slot++;
    f->keys[slot] = key;
    int last = free_slot(f) == SLOT_NONE ? quietest(f, slot) : SLOT_NONE;
    if (last != SLOT_NONE)
        leave(f, last);
    return slot;
}

/* ---- The hour's measure */

/* Who gives way first: free, of an hour ago, having opened the fewest. */
static bool gives_way(const struct finding_tenant *a, const struct finding_tenant *b)
{
    if (a->key == 0 || b->key == 0)
        return b->key != 0;
    return a->hour != b->hour ? a->hour < b->hour : a->opened < b->opened;
}

static struct finding_tenant *tenant_find(struct findings *f, uint64_t key)
{
    struct finding_tenant *least = &f->tenants[0];
    for (int i = 0; i < FINDING_TENANTS_MAX; i++) {
        if (f->tenants[i].key == key)
            return &f->tenants[i];
        if (gives_way(&f->tenants[i], least))
            least = &f->tenants[i];
    }
    memset(least, 0, sizeof *least);
    least->key = key;
    return least;
}

static struct finding_tenant *tenant_at(struct findings *f, uint64_t key, int64_t hour)
{
    struct finding_tenant *tenant = tenant_find(f, key);
    if (tenant->hour != hour)
        tenant->opened = 0;
    tenant->hour = hour;
    return tenant;
}

static void note_entity(struct finding_tenant *t, struct score_finding *merged, uint64_t entity)
{
    for (uint32_t i = 0; i < t->merged_count; i++)
        if (t->merged[i] == entity)
            return;
    if (t->merged_count == FINDING_MERGED_MAX)
        return;
    t->merged[t->merged_count++] = entity;
    merged->entities++;
}

static int merge(struct findings *f, struct finding_tenant *t, const struct finding_event *event,
                 const struct candidate *first, int64_t watermark_ms)
{
    uint64_t key = mix_pair(t->key, ENTITY_SALT + WHO_COUNT) | KEY_BIT;
    int slot = slot_of(f, key, event->tenant, watermark_ms);
    if (slot == SLOT_NONE) {
        slot = new_slot(f, key);
        finding_begin(&f->open[slot], key, WHO_TENANT, event->tenant, event, watermark_ms);
        f->open[slot].merged = 1;
        f->open[slot].stays_ms = (t->hour + 1) * HOUR_MS;
        t->merged_count = 0;
    }
    note_entity(t, &f->open[slot], first->key);
    return slot;
}

static int open_for(struct findings *f, const struct finding_event *event, const struct candidate *first,
                    int64_t watermark_ms)
{
    int slot = new_slot(f, first->key);
    finding_begin(&f->open[slot], first->key, first->who, first->name, event, watermark_ms);
    return slot;
}

/* ---- In and out */

bool findings_take(struct findings *f, const struct finding_event *event, int64_t watermark_ms,
                   uint32_t an_hour)
{
    uint64_t tenant = mix(keys_text_hash(event->tenant)) | KEY_BIT;
    const struct candidates c = candidates_of(event, tenant);
    int slot = SLOT_NONE;
    for (int i = 0; i < c.count && slot == SLOT_NONE; i++)
        slot = slot_of(f, c.all[i].key, event->tenant, watermark_ms);
    if (slot == SLOT_NONE) {
        struct finding_tenant *t = tenant_at(f, tenant, watermark_ms / HOUR_MS);
        bool within = t->opened < an_hour;
        t->opened += within;
        slot = within ? open_for(f, event, &c.all[0], watermark_ms)
                      : merge(f, t, event, &c.all[0], watermark_ms);
    }
    finding_add(&f->open[slot], event, watermark_ms);
    f->open[slot].techniques |= techniques_of(event);
    schedule(f, slot);
    return f->open[slot].merged != 0;
}

static bool is_guessing(const struct score_finding *f)
{
    return (f->techniques >> TECHNIQUE_BRUTE_FORCE & 1) != 0 ||
           (f->techniques >> TECHNIQUE_PASSWORD_SPRAYING & 1) != 0;
}

void findings_take_login(struct findings *f, const struct finding_event *login, int64_t watermark_ms)
{
    if (f->due_ms == INT64_MAX) /* none is open */
        return;
    for (int slot = 0; slot < FINDINGS_MAX; slot++) {
        struct score_finding *open = &f->open[slot];
        if (f->keys[slot] <= LEAVING || watermark_ms >= close_ms(open) || !is_guessing(open) ||
            !finding_is_from(open, login))
            continue;
        finding_add_login(open, login);
        open->techniques |= UINT32_C(1) << TECHNIQUE_VALID_ACCOUNTS;
        schedule(f, slot);
        if (open->logins.count == 1)
            set_due(f, slot, 0);
    }
}

static void tell(struct findings *f, int slot, int64_t watermark_ms, struct score_finding *out)
{
    struct score_finding *open = &f->open[slot];
    bool over = f->keys[slot] == LEAVING || watermark_ms >= close_ms(open);
    open->activity = FINDING_UPDATE;
    if (open->revision == 0)
        open->activity = FINDING_CREATE;
    else if (over)
        open->activity = FINDING_CLOSE;
    open->revision++;
    open->changed = 0;
    open->told_ms = watermark_ms;
    open->modified_ms = open->last_ms > watermark_ms ? open->last_ms : watermark_ms;
    *out = *open;
    if (open->activity == FINDING_CLOSE) {
        f->keys[slot] = 0;
        memset(open, 0, sizeof *open);
        return;
    }
    schedule(f, slot);
}

bool findings_tell(struct findings *f, int64_t watermark_ms, struct score_finding *out)
{
    f->due_ms = INT64_MAX;
    for (int slot = 0; slot < FINDINGS_MAX; slot++) {
        if (f->keys[slot] == 0)
            continue;
        if (watermark_ms >= f->dues_ms[slot]) {
            tell(f, slot, watermark_ms, out);
            f->due_ms = 0; /* there may be more */
            return true;
        }
        if (f->dues_ms[slot] < f->due_ms)
            f->due_ms = f->dues_ms[slot];
    }
    return false;
}

static int slot_of_uid(const struct findings *f, const struct score_finding *told)
{
    for (int slot = 0; slot < FINDINGS_MAX; slot++)
        if (f->keys[slot] != 0 && memcmp(f->open[slot].uid, told->uid, sizeof told->uid) == 0)
            return slot;
    return SLOT_NONE;
}

void findings_again(struct findings *f, const struct score_finding *told)
{
    int slot = slot_of_uid(f, told);
    if (slot == SLOT_NONE) { /* it was closed */
        slot = free_slot(f);
        if (slot == SLOT_NONE)
            return;
        f->keys[slot] = LEAVING;
        f->open[slot] = *told;
    }
    f->open[slot].revision = told->revision - 1;
    f->open[slot].changed = 1;
    set_due(f, slot, 0);
}
