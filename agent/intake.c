/* From the sources to the spool; intake.h tells the happy path and how it fails. */
#include "intake.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "sources/source.h"

/* PENDING_MAX_BYTES: what waits for a commit is in memory. Twice that for what cannot be read again. */
enum { PULL_AT_ONCE = 512, PENDING_MAX_BYTES = 1024 * 1024, FULL_OVER_MS = 10 * 1000 };

struct inlet {
    struct intake *intake;
    struct source *source; /* NULL: not open any more */
    struct origin origin;
    enum vd_spool_claim claim;
    bool waits; /* for room in the spool */
    bool more;  /* there is more: pull at the next turn */
    bool ended; /* read to its end, or failed */
    bool full;  /* the spool had no room for it, last at full_ms, which was said */
    int64_t full_ms;
};

struct intake {
    struct intake_options options;
    uv_idle_t turn; /* runs while some source has more */
    struct inlet inlets[AGENT_SOURCES_MAX];
    uint32_t count, reading;
    bool stopped, failed, closing, turn_open;
    bool unwritable; /* the spool has refused an event, not for want of room */
    void (*on_close)(void *owner);
};

/* ---- Into the spool */

static uint64_t pending_bytes(const struct intake *in)
{
    return vd_spool_appended_bytes(in->options.spool) - vd_spool_durable_bytes(in->options.spool);
}

static bool is_rereadable(const struct inlet *inlet)
{
    return inlet->claim == VD_SPOOL_NORMAL;
}

static void lose(struct inlet *inlet, enum vd_gap_reason reason, uint64_t count, struct vd_bytes detail)
{
    const struct loss loss = {.origin = &inlet->origin, .reason = reason, .count = count, .detail = detail};
    losses_add(inlet->intake->options.losses, &loss, inlet->intake->options.now_ms());
}

static int append(struct inlet *inlet, struct vd_bytes event, struct vd_bytes cursor)
{
    struct intake *in = inlet->intake;
    uint64_t bound = is_rereadable(inlet) ? PENDING_MAX_BYTES : 2 * PENDING_MAX_BYTES;
    if (pending_bytes(in) >= bound)
        return VD_EIO;
    return origin_append(&inlet->origin, inlet->claim, event, cursor, in->options.now_ms());
}

/* Said when it begins, and when it has been over for a while: a spool that is drained and filled at the same
 * time has room for an event now and then. */
static void note_full(struct inlet *inlet, bool full)
{
    int64_t now_ms = inlet->intake->options.now_ms();
    if (full && !inlet->full)
        vd_log_warn("the spool is full", VD_F_STR("source", inlet->origin.name),
                    VD_F_STR("so", is_rereadable(inlet) ? "it waits" : "its events are dropped"),
                    VD_F_UINT("bytes", vd_spool_bytes(inlet->origin.spool)));
    if (full)
        inlet->full_ms = now_ms;
    else if (inlet->full && now_ms - inlet->full_ms < FULL_OVER_MS)
        return;
    if (!full && inlet->full)
        vd_log_info("the spool has room again", VD_F_STR("source", inlet->origin.name));
    inlet->full = full;
}

static int take(void *arg, struct vd_bytes event, struct vd_bytes cursor)
{
    struct inlet *inlet = arg;
    int rc = append(inlet, event, cursor);
    if (rc == 0) {
        note_full(inlet, false);
        return 0;
    }
    if (rc == VD_ELIMIT) {
        /* It could never be taken: one event is less than a source that stands still. */
        origin_move(&inlet->origin, cursor);
        lose(inlet, VD_GAP_TOO_LARGE, 1, vd_bytes_str("too large for the spool"));
        return 0;
    }
    if (rc == VD_SPOOL_FULL)
        note_full(inlet, true);
    else
        inlet->intake->unwritable = true;
    if (!is_rereadable(inlet))
        lose(inlet, VD_GAP_SPOOL_FULL, 1,
             vd_bytes_str(rc == VD_SPOOL_FULL ? "" : "the spool could not be written in time"));
    return SOURCE_FULL;
}

static void lost(void *arg, const struct source_loss *loss, struct vd_bytes cursor)
{
    struct inlet *inlet = arg;
    origin_move(&inlet->origin, cursor);
    lose(inlet, loss->reason, loss->count, loss->detail);
}

static void stand(void *arg, struct vd_bytes cursor)
{
    struct inlet *inlet = arg;
    origin_stand(&inlet->origin, cursor, inlet->intake->options.now_ms());
}

/* ---- Turns */

static void end_inlet(struct inlet *inlet)
{
    inlet->ended = true;
    inlet->intake->reading--;
}

static void pull(struct inlet *inlet)
{
    struct intake *in = inlet->intake;
    inlet->more = false;
    if (inlet->ended || in->stopped)
        return;
    /* What is not read now may still be there later; what is read and not taken is gone, or comes again. */
    inlet->waits = !is_rereadable(inlet) && (in->unwritable || pending_bytes(in) >= PENDING_MAX_BYTES);
    if (inlet->waits)
        return;
    const struct source_sink sink = {.take = take, .lost = lost, .stand = stand, .arg = inlet};
    int rc = source_pull(inlet->source, &sink, PULL_AT_ONCE);
    inlet->more = rc == SOURCE_MORE;
    inlet->waits = rc == SOURCE_FULL;
    if (rc < 0) {
        vd_log_error("source failed", VD_F_STR("source", inlet->origin.name), VD_F_ERROR(rc));
        in->failed = true;
    }
    if (rc < 0 || rc == SOURCE_END)
        end_inlet(inlet);
    in->options.appended(in->options.owner, rc == SOURCE_IDLE && inlet->source->gathers);
}

static void on_turn(uv_idle_t *turn)
{
    struct intake *in = turn->data;
    bool more = false;
    for (uint32_t i = 0; i < in->count; i++) {
        if (in->inlets[i].more)
            pull(&in->inlets[i]);
        more = more || in->inlets[i].more;
    }
    if (!more)
        uv_idle_stop(turn);
}

/* Not from inside the source's own callback, and no source before another: at the next turn of the loop. */
static void on_ready(struct source *s)
{
    struct inlet *inlet = s->owner;
    inlet->more = true;
    if (!inlet->intake->stopped)
        uv_idle_start(&inlet->intake->turn, on_turn);
}

void intake_resume(struct intake *in)
{
    in->unwritable = false;
    for (uint32_t i = 0; i < in->count; i++) {
        if (in->inlets[i].waits)
            on_ready(in->inlets[i].source);
        in->inlets[i].waits = false;
    }
}

void intake_stop(struct intake *in)
{
    in->stopped = true;
    uv_idle_stop(&in->turn);
}

bool intake_at_end(const struct intake *in)
{
    return in->reading == 0;
}

bool intake_failed(const struct intake *in)
{
    return in->failed;
}

struct origin *intake_origin(struct intake *in)
{
    return &in->inlets[0].origin;
}

/* ---- The start */

static const char *type_name(enum agent_source_type type)
{
    static const char *const names[] = {"tail", "journal", "process"};
    return names[type];
}

static int open_source(struct inlet *inlet, const struct agent_source_config *config, struct vd_bytes cursor,
                       char *why)
{
    const struct intake_options *o = &inlet->intake->options;
    const struct source_host host = {.loop = o->loop,
                                     .hostname = o->hostname,
                                     .product_name = "vedette-agent",
                                     .product_version = VEDETTE_VERSION,
                                     .now_ms = o->now_ms};
    bool from_end = config->from == AGENT_FROM_END && !o->once;
    switch (config->type) {
    case AGENT_SOURCE_TAIL: {
        const struct tail_config tail = {.paths = (const char *const *)config->paths,
                                         .path_count = config->paths_count,
                                         .from_end = from_end,
                                         .once = o->once};
        return tail_open(&inlet->source, &host, &tail, cursor, why);
    }
    case AGENT_SOURCE_JOURNAL: {
        const struct journal_config journal = {.from_end = from_end, .once = o->once};
        return journal_open(&inlet->source, &host, &journal, cursor, why);
    }
    case AGENT_SOURCE_PROCESS: {
        const struct process_config process = {0};
        return process_open(&inlet->source, &host, &process, why);
    }
    }
    return VD_EINVAL;
}

static bool is_taken(const struct intake *in, const char *name)
{
    for (uint32_t i = 0; i < in->count; i++)
        if (strcmp(in->inlets[i].origin.name, name) == 0)
            return true;
    return false;
}

/* Two sources that read the same would take each other's cursor. */
static void make_name(const struct intake *in, const struct agent_source_config *config, char *out)
{
    enum { TWIN_BYTES = 4 }; /* "~31", terminated */
    origin_name(out, type_name(config->type), (const char *const *)config->paths, config->paths_count);
    size_t len = strlen(out), most = VD_SPOOL_SOURCE_NAME_BYTES - TWIN_BYTES;
    for (unsigned twin = 2; is_taken(in, out); twin++)
        snprintf(out + (len < most ? len : most), TWIN_BYTES, "~%u", twin);
}

static int open_inlet(struct inlet *inlet, const struct agent_source_config *config, const char *name,
                      char *why)
{
    int rc = origin_init(&inlet->origin, inlet->intake->options.spool, name);
    if (rc != 0) {
        snprintf(why, SOURCE_ERROR_BYTES, "%s: no place in the spool: %s", name, vd_error_text(rc));
        return rc;
    }
    rc = open_source(inlet, config, origin_cursor(&inlet->origin), why);
    if (rc != VD_EMALFORMED)
        return rc;
    /* A cursor of another version of ours; less is lost by going on than by standing still. */
    rc = open_source(inlet, config, (struct vd_bytes){0}, why);
    if (rc == 0)
        lose(inlet, VD_GAP_SOURCE_ROTATED, 0, vd_bytes_str("the cursor in the spool is not understood"));
    return rc;
}

static void open_one(struct intake *in, const struct agent_source_config *config)
{
    char name[VD_SPOOL_SOURCE_NAME_BYTES], why[SOURCE_ERROR_BYTES];
    struct inlet *inlet = &in->inlets[in->count];
    if (in->options.once && config->type == AGENT_SOURCE_PROCESS)
        return; /* it has no end */
    *inlet = (struct inlet){.intake = in};
    inlet->claim = config->type == AGENT_SOURCE_PROCESS ? VD_SPOOL_LOW : VD_SPOOL_NORMAL;
    make_name(in, config, name);
    if (open_inlet(inlet, config, name, why) != 0) {
        vd_log_warn("source not available", VD_F_STR("why", why));
        in->failed = true;
        return;
    }
    inlet->source->owner = inlet;
    inlet->source->ready = on_ready;
    in->count++;
    in->reading++;
    vd_log_info("source open", VD_F_STR("source", inlet->source->name),
                VD_F_STR("resumed", inlet->origin.cursor_len > 0 ? "yes" : "no"));
    on_ready(inlet->source);
}

int intake_open(struct intake **out, const struct intake_options *options, char *error)
{
    struct intake *in = vd_calloc(1, sizeof *in);
    if (in == NULL) {
        snprintf(error, INTAKE_ERROR_BYTES, "out of memory");
        return VD_ENOMEM;
    }
    in->options = *options;
    uv_idle_init(options->loop, &in->turn);
    in->turn.data = in;
    in->turn_open = true;
    *out = in;
    for (uint32_t i = 0; i < options->config->sources_count && i < AGENT_SOURCES_MAX; i++)
        open_one(in, &options->config->sources[i]);
    if (in->count > 0)
        return 0;
    snprintf(error, INTAKE_ERROR_BYTES, "no source could be opened");
    return VD_EUNAVAILABLE;
}

/* ---- The end */

static void finish_close(struct intake *in)
{
    if (in->turn_open)
        return;
    for (uint32_t i = 0; i < in->count; i++)
        if (in->inlets[i].source != NULL)
            return;
    void (*cb)(void *) = in->on_close;
    void *owner = in->options.owner;
    vd_free(in);
    cb(owner);
}

static void on_source_closed(struct source *s)
{
    struct inlet *inlet = s->owner;
    inlet->source = NULL;
    finish_close(inlet->intake);
}

static void on_turn_closed(uv_handle_t *handle)
{
    struct intake *in = handle->data;
    in->turn_open = false;
    finish_close(in);
}

void intake_close(struct intake *in, void (*cb)(void *owner))
{
    intake_stop(in);
    in->on_close = cb;
    for (uint32_t i = 0; i < in->count; i++)
        source_close(in->inlets[i].source, on_source_closed);
    uv_close((uv_handle_t *)&in->turn, on_turn_closed);
}
