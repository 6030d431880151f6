/* The tenures of a collector, the group and the directory; ownership.h tells the happy path. */
#include "ownership/ownership.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/membership.h>
#include <vedette/memory.h>

enum {
    LOOK_MS = 100,
    TURN_MS = 500,            /* what each in the order of succession has before it is the next one's turn */
    AT_START_MS = 3000,       /* shards found free: the group has its say first */
    EXPELLED_AGAIN_MS = 60000 /* longer than two processes of one name take to expel each other */
};

struct ownership {
    struct ownership_options options;
    struct owners owners;
    struct tenure *tenures;
    uint64_t *act_at_ms; /* by shard; 0: nothing to do */
    struct vd_membership *membership;
    struct vd_follower *follower;
    uv_timer_t look;
    bool joined, caught_up, releasing;
    bool rejoining;                       /* a membership is being closed, and another one follows */
    uint64_t expelled_at_ms;              /* loop time; 0: never */
    char group_why[VD_KAFKA_ERROR_BYTES]; /* what the membership waits for; "": nothing */
    int32_t open;                         /* what is left to close */
    void (*on_close)(void *arg);
};

/* ---- The directory */

static void consider_succession(struct ownership *o, int32_t shard, uint64_t grace_ms)
{
    const struct tenure_terms *terms = &o->options.terms;
    const struct owner *owner = &o->owners.shards[shard];
    o->act_at_ms[shard] = 0;
    if (o->releasing || !owner_let_go(owner) || tenure_wanted(&o->tenures[shard]))
        return;
    size_t rank = owners_rank(&o->owners, shard, terms->collector);
    o->act_at_ms[shard] = uv_now(terms->loop) + grace_ms + rank * TURN_MS;
    if (rank == 0 && grace_ms == 0)
        o->act_at_ms[shard] = 1; /* at once */
}

static void act_if_due(struct ownership *o, int32_t shard)
{
    if (o->act_at_ms[shard] == 0 || o->act_at_ms[shard] > uv_now(o->options.terms.loop))
        return;
    o->act_at_ms[shard] = 0;
    if (o->releasing || !owner_let_go(&o->owners.shards[shard]) || tenure_wanted(&o->tenures[shard]))
        return;
    vd_log_info("shard was let go, and is taken until the group has an owner", VD_F_INT("shard", shard),
                VD_F_STR("by", o->owners.shards[shard].collector));
    tenure_act(&o->tenures[shard]);
}

static void on_record(void *arg, struct vd_bytes key, struct vd_bytes value)
{
    struct ownership *o = arg;
    int32_t shard = owners_learn(&o->owners, key, value);
    if (shard < 0)
        return;
    const struct owner *owner = &o->owners.shards[shard];
    if (owner->address[0] != '\0')
        tenure_listed(&o->tenures[shard], strcmp(owner->collector, o->options.terms.collector) == 0);
    if (!o->caught_up)
        return;
    consider_succession(o, shard, 0);
    act_if_due(o, shard);
}

static void on_caught_up(void *arg)
{
    struct ownership *o = arg;
    o->caught_up = true;
    for (int32_t i = 0; i < o->options.shard_count; i++)
        consider_succession(o, i, AT_START_MS);
}

static void on_look(uv_timer_t *timer)
{
    struct ownership *o = timer->data;
    for (int32_t i = 0; i < o->options.shard_count; i++)
        act_if_due(o, i);
    o->options.looked(o->options.arg);
}

/* ---- The group */

static bool is_ours(const struct ownership *o, int32_t partition)
{
    return partition >= 0 && partition < o->options.shard_count;
}

static void on_assigned(void *arg, int32_t partition)
{
    struct ownership *o = arg;
    o->joined = true;
    if (is_ours(o, partition) && !o->releasing)
        tenure_assign(&o->tenures[partition]);
}

static void on_revoked(void *arg, int32_t partition, bool lost)
{
    struct ownership *o = arg;
    if (is_ours(o, partition))
        tenure_revoke(&o->tenures[partition], lost);
    else if (!lost)
        vd_membership_released(o->membership, partition);
}

static int join(struct ownership *o, char *error);
static void on_one_closed(void *arg);

static void on_membership_closed(void *arg)
{
    struct ownership *o = arg;
    char error[VD_KAFKA_ERROR_BYTES];
    o->rejoining = false;
    o->group_why[0] = '\0'; /* the next one tells what it waits for */
    if (o->on_close != NULL)
        on_one_closed(o);
    else if (!o->releasing && join(o, error) != 0)
        o->options.expelled(o->options.arg, error);
}

/* Whatever was assigned may be another's by now. */
static void rejoin(struct ownership *o, const char *why)
{
    vd_log_warn("expelled from the group of collectors: joining again",
                VD_F_STR("name", o->options.terms.collector), VD_F_STR("why", why));
    snprintf(o->group_why, sizeof o->group_why, "expelled from the group of collectors, joining it again");
    o->joined = false;
    o->rejoining = true;
    for (int32_t i = 0; i < o->options.shard_count; i++)
        tenure_revoke(&o->tenures[i], true);
    vd_membership_close(o->membership, on_membership_closed);
    o->membership = NULL;
}

/* Once, it may have been this very process: of a request to join that went missing and was sent again the
 * broker may read the older one last, and then takes the newer member for somebody else. A second time, it
 * was another one. */
static void on_expelled(void *arg, const char *why)
{
    struct ownership *o = arg;
    uint64_t now_ms = uv_now(o->options.terms.loop);
    bool again = o->expelled_at_ms != 0 && now_ms - o->expelled_at_ms < EXPELLED_AGAIN_MS;
    o->expelled_at_ms = now_ms;
    if (again || o->releasing)
        o->options.expelled(o->options.arg, why);
    else
        rejoin(o, why);
}

static void on_group_waiting(void *arg, const char *why)
{
    struct ownership *o = arg;
    snprintf(o->group_why, sizeof o->group_why, "%s", why != NULL ? why : "");
}

/* ---- The tenures */

static void on_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why)
{
    const struct ownership *o = arg;
    o->options.delivered(o->options.arg, opaque, count, error, why);
}

static void on_released(void *arg, int32_t shard)
{
    const struct ownership *o = arg;
    if (o->membership != NULL)
        vd_membership_released(o->membership, shard);
}

static void on_snapshotted(void *arg, int32_t shard, int64_t state_offset)
{
    const struct ownership *o = arg;
    if (o->membership != NULL)
        vd_membership_keep(o->membership, shard, state_offset);
}

static uint64_t next_epoch(void *arg, int32_t shard)
{
    const struct ownership *o = arg;
    return o->owners.shards[shard].epoch + 1;
}

/* ---- What is known */

bool ownership_serves(const struct ownership *o, int32_t shard)
{
    return o->tenures[shard].state == TENURE_SERVING;
}

const char *ownership_elsewhere(const struct ownership *o, int32_t shard)
{
    const struct owner *owner = &o->owners.shards[shard];
    bool other = owner->address[0] != '\0' && strcmp(owner->collector, o->options.terms.collector) != 0;
    return other && !tenure_wanted(&o->tenures[shard]) ? owner->address : NULL;
}

void ownership_look(const struct ownership *o, struct ownership_state *out)
{
    *out = (struct ownership_state){.shard = -1};
    for (int32_t i = 0; i < o->options.shard_count; i++) {
        const struct tenure *t = &o->tenures[i];
        bool wanted = tenure_wanted(t), serving = t->state == TENURE_SERVING;
        out->serving += serving;
        out->claiming += wanted && !serving;
        if (!wanted && !serving && ownership_elsewhere(o, i) != NULL)
            out->elsewhere++;
        else if (!wanted && !serving)
            out->nowhere++;
        if (out->why == NULL && wanted && (!serving || t->why[0] != '\0')) {
            out->shard = i;
            out->why = t->why[0] != '\0' ? t->why : "it is being taken over";
        }
    }
    if (out->why == NULL && o->group_why[0] != '\0')
        out->why = o->group_why;
    if (out->why == NULL && out->serving == 0 && out->elsewhere < o->options.shard_count)
        out->why = o->joined ? "no shard is assigned to this collector, and some have no owner"
                             : "the group of collectors has assigned no shard yet";
}

/* ---- Its life */

struct outlet *ownership_outlet(struct ownership *o, int32_t shard)
{
    return tenure_outlet(&o->tenures[shard]);
}

void ownership_bind(struct ownership *o, const struct shards *shards)
{
    for (int32_t i = 0; i < o->options.shard_count; i++)
        tenure_bind(&o->tenures[i], shards->all[i]);
}

int ownership_new(struct ownership **out, const struct ownership_options *options)
{
    struct ownership *o = vd_calloc(1, sizeof *o);
    if (o == NULL)
        return VD_ENOMEM;
    o->options = *options;
    struct tenure_terms *terms = &o->options.terms;
    o->tenures = vd_calloc((size_t)options->shard_count, sizeof *o->tenures);
    o->act_at_ms = vd_calloc((size_t)options->shard_count, sizeof *o->act_at_ms);
    if (o->tenures == NULL || o->act_at_ms == NULL || owners_init(&o->owners, options->shard_count) != 0) {
        vd_free(o->tenures);
        vd_free(o->act_at_ms);
        vd_free(o);
        return VD_ENOMEM;
    }
    terms->delivered = on_delivered;
    terms->released = on_released;
    terms->snapshotted = on_snapshotted;
    terms->epoch = next_epoch;
    terms->arg = o;
    for (int32_t i = 0; i < options->shard_count; i++)
        tenure_init(&o->tenures[i], terms, i);
    uv_timer_init(terms->loop, &o->look);
    o->look.data = o;
    *out = o;
    return 0;
}

static int join(struct ownership *o, char *error)
{
    const struct tenure_terms *terms = &o->options.terms;
    struct vd_membership_options member = {.kafka = terms->kafka,
                                           .prefix = terms->prefix,
                                           .group = terms->group,
                                           .name = terms->collector,
                                           .session_timeout_ms = o->options.session_timeout_ms,
                                           .heartbeat_ms = terms->heartbeat_ms,
                                           .loop = terms->loop,
                                           .callbacks = {.assigned = on_assigned,
                                                         .revoked = on_revoked,
                                                         .expelled = on_expelled,
                                                         .waiting = on_group_waiting},
                                           .arg = o};
    return vd_membership_new(&o->membership, &member, error);
}

int ownership_start(struct ownership *o, char *error)
{
    const struct tenure_terms *terms = &o->options.terms;
    struct vd_follower_options directory = {.kafka = terms->kafka,
                                            .prefix = terms->prefix,
                                            .topic = VD_TOPIC_SHARDS,
                                            .loop = terms->loop,
                                            .record = on_record,
                                            .caught_up = on_caught_up,
                                            .arg = o};
    uv_timer_start(&o->look, on_look, LOOK_MS, LOOK_MS);
    int rc = vd_follower_new(&o->follower, &directory, error);
    return rc == 0 ? join(o, error) : rc;
}

void ownership_hurry(struct ownership *o)
{
    for (int32_t i = 0; i < o->options.shard_count; i++)
        tenure_hurry(&o->tenures[i]);
}

void ownership_release(struct ownership *o)
{
    o->releasing = true;
    for (int32_t i = 0; i < o->options.shard_count; i++)
        tenure_release(&o->tenures[i]);
}

bool ownership_released(const struct ownership *o)
{
    for (int32_t i = 0; i < o->options.shard_count; i++)
        if (o->tenures[i].state != TENURE_IDLE)
            return false;
    return true;
}

bool ownership_has_heirs(const struct ownership *o)
{
    return owners_has_others(&o->owners, o->options.terms.collector);
}

/* ---- The end */

static void on_one_closed(void *arg)
{
    struct ownership *o = arg;
    if (--o->open > 0)
        return;
    void (*cb)(void *) = o->on_close;
    void *cb_arg = o->options.arg;
    owners_deinit(&o->owners);
    vd_free(o->tenures);
    vd_free(o->act_at_ms);
    vd_free(o);
    cb(cb_arg);
}

static void on_look_closed(uv_handle_t *handle)
{
    on_one_closed(handle->data);
}

void ownership_close(struct ownership *o, void (*cb)(void *arg))
{
    o->releasing = true;
    o->on_close = cb;
    o->open = o->options.shard_count + 1 + (o->follower != NULL) + (o->membership != NULL || o->rejoining);
    uv_close((uv_handle_t *)&o->look, on_look_closed);
    if (o->follower != NULL)
        vd_follower_close(o->follower, on_one_closed);
    if (o->membership != NULL)
        vd_membership_close(o->membership, on_one_closed);
    o->follower = NULL;
    o->membership = NULL;
    for (int32_t i = 0; i < o->options.shard_count; i++)
        tenure_close(&o->tenures[i], on_one_closed);
}
