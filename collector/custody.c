/* Shards and their way into Kafka; custody.h tells the happy path. */
#include "custody.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "ownership/ownership.h"
#include "publish/publisher.h"
#include "shards.h"

enum { STREAMS_MAX = 200000, RETRY_MS = 1000, RETRY_SOON_MS = 250, GROUP_BYTES = 256, WHY_BYTES = 384 };

struct custody {
    struct custody_options options;
    struct vd_kafka_embedded *embedded;
    struct vd_kafka_options kafka;
    struct publisher *publisher;
    struct ownership *ownership; /* NULL: at least once, or not known yet how many shards there are */
    struct shards shards;
    bool exactly_once, begun, releasing, ready;
    int open; /* what is left to close */
    void (*on_close)(void *arg);
    char group[GROUP_BYTES];
    uint8_t announcement[OWNER_VALUE_BYTES];
};

/* ---- Whether it is ready */

/* why: WHY_BYTES. */
static bool look(const struct custody *c, struct ownership_state *state, char *why)
{
    const char *kafka_why;
    *state = (struct ownership_state){.shard = -1};
    if (c->ownership != NULL)
        ownership_look(c->ownership, state);
    if (!publisher_ready(c->publisher, &kafka_why))
        snprintf(why, WHY_BYTES, "%s", kafka_why);
    else if (state->why != NULL && state->shard >= 0)
        snprintf(why, WHY_BYTES, "shard %d: %s", (int)state->shard, state->why);
    else if (state->why != NULL)
        snprintf(why, WHY_BYTES, "%s", state->why);
    else if (c->shards.count == 0)
        snprintf(why, WHY_BYTES, "the shards could not be made");
    else
        return true;
    return false;
}

static void tell_readiness(struct custody *c)
{
    struct ownership_state state;
    char why[WHY_BYTES] = "Kafka takes events";
    bool ready = !c->releasing && look(c, &state, why);
    if (ready == c->ready || c->releasing)
        return;
    c->ready = ready;
    c->options.readiness(c->options.arg, ready, why);
}

bool custody_ready(const struct custody *c, struct vd_buffer *out)
{
    struct ownership_state state;
    char why[WHY_BYTES] = "Kafka takes events";
    bool ready = look(c, &state, why);
    vd_buffer_printf(out, "%s: %s\n", ready ? "ready" : "not ready", why);
    if (c->ownership != NULL)
        vd_buffer_printf(out, "shards: %d serving, %d claiming, %d elsewhere, %d without an owner\n",
                         (int)state.serving, (int)state.claiming, (int)state.elsewhere, (int)state.nowhere);
    return ready;
}

void custody_measure(const struct custody *c)
{
    struct metrics *metrics = c->options.metrics;
    struct ownership_state state = {.serving = c->ready ? c->shards.count : 0};
    if (c->ownership != NULL)
        ownership_look(c->ownership, &state);
    metrics->shards_serving = (uint64_t)state.serving;
    metrics->shards_claiming = (uint64_t)state.claiming;
    shards_measure(&c->shards, metrics);
}

/* ---- The shards, once Kafka has told how many there are */

static struct outlet *outlet_of(void *arg, int32_t shard)
{
    struct custody *c = arg;
    return c->ownership != NULL ? ownership_outlet(c->ownership, shard) : publisher_outlet(c->publisher);
}

static int make_shards(struct custody *c)
{
    const struct custody_options *o = &c->options;
    struct shard_options each = {.flow = o->flow,
                                 .blocks = o->blocks,
                                 .metrics = o->metrics,
                                 .entities_max = o->config->score.max_entities,
                                 .assets = o->config->score.assets,
                                 .asset_count = o->config->score.assets_count,
                                 .findings_an_hour = o->config->score.findings_an_hour,
                                 .streams_max = STREAMS_MAX,
                                 .event_max_bytes = o->event_max_bytes};
    return shards_init(&c->shards, publisher_partitions(c->publisher), &each, outlet_of, c);
}

static void on_looked(void *arg)
{
    tell_readiness(arg);
}

static void on_expelled(void *arg, const char *why)
{
    const struct custody *c = arg;
    c->options.expelled(c->options.arg, why);
}

static void on_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why)
{
    const struct custody *c = arg;
    c->options.delivered(c->options.arg, opaque, count, error, why);
}

/* Half of what may be under way is committed while the other half comes in. */
static struct commit_when commit_when_of(const struct collector_config *config)
{
    return (struct commit_when){.busy_ms = config->kafka.commit_busy_ms,
                                .busy_events = config->kafka.commit_busy_events,
                                .idle_ms = config->kafka.commit_idle_ms,
                                .full_events = config->limits.in_flight_events / 2,
                                .full_bytes = (size_t)(config->limits.in_flight_bytes / 2)};
}

static int make_ownership(struct custody *c)
{
    const struct collector_kafka_config *kafka = &c->options.config->kafka;
    struct ownership_options options = {.terms = {.loop = c->options.loop,
                                                  .kafka = c->kafka,
                                                  .prefix = kafka->topics_prefix,
                                                  .group = c->group,
                                                  .collector = c->options.name,
                                                  .address = c->options.address,
                                                  .heartbeat_ms = kafka->heartbeat_ms,
                                                  .snapshot_when = {.events_max = kafka->snapshot_events,
                                                                    .age_ms = kafka->snapshot_interval_ms},
                                                  .streams_max = STREAMS_MAX,
                                                  .when = commit_when_of(c->options.config),
                                                  .flow = c->options.flow,
                                                  .metrics = c->options.metrics},
                                        .session_timeout_ms = kafka->session_timeout_ms,
                                        .shard_count = publisher_partitions(c->publisher),
                                        .delivered = on_delivered,
                                        .expelled = on_expelled,
                                        .looked = on_looked,
                                        .arg = c};
    return ownership_new(&c->ownership, &options);
}

/* there: false takes the announcement back. */
static void announce(struct custody *c, bool there)
{
    char key[OWNER_KEY_BYTES];
    struct owner owner = {0};
    snprintf(owner.collector, sizeof owner.collector, "%s", c->options.name);
    snprintf(owner.address, sizeof owner.address, "%s", c->options.address);
    struct vd_record record = {
        .topic = VD_TOPIC_SHARDS, .partition = -1, .key = owner_collector_key(key, c->options.name)};
    if (there)
        record.value = owner_write(c->announcement, &owner);
    publisher_send(c->publisher, &record);
}

static void begin(struct custody *c)
{
    char error[VD_KAFKA_ERROR_BYTES] = "out of memory";
    int rc = c->exactly_once ? make_ownership(c) : 0;
    if (rc == 0)
        rc = make_shards(c);
    if (rc == 0 && c->ownership != NULL) {
        ownership_bind(c->ownership, &c->shards);
        announce(c, true);
        rc = ownership_start(c->ownership, error);
    }
    if (rc != 0)
        vd_log_error("the shards could not be made", VD_F_ERROR(rc), VD_F_STR("why", error));
}

static void on_readiness(void *arg, bool ready, const char *why)
{
    struct custody *c = arg;
    (void)why;
    if (ready && !c->begun) {
        c->begun = true;
        begin(c); /* what fails is told: the shards are not there */
    }
    tell_readiness(c);
}

void custody_find(const struct custody *c, const struct vd_identity *agent, struct whereabouts *out)
{
    *out = (struct whereabouts){.why = "", .retry_after_ms = RETRY_MS};
    if (c->shards.count == 0) {
        publisher_ready(c->publisher, &out->why);
        return;
    }
    int32_t number = shards_number(&c->shards, agent);
    if (c->ownership == NULL || ownership_serves(c->ownership, number)) {
        out->shard = c->shards.all[number];
        return;
    }
    out->retry_after_ms = RETRY_SOON_MS;
    out->address = ownership_elsewhere(c->ownership, number);
    out->why = "the shard is being taken over";
}

/* ---- Its life */

static void fill_kafka(struct custody *c)
{
    const struct collector_kafka_config *kafka = &c->options.config->kafka;
    c->kafka = (struct vd_kafka_options){.brokers = kafka->brokers,
                                         .client_id = c->options.name,
                                         .properties = (const char *const *)kafka->properties,
                                         .property_count = kafka->properties_count};
    if (kafka->group[0] != '\0')
        snprintf(c->group, sizeof c->group, "%s", kafka->group);
    else
        snprintf(c->group, sizeof c->group, "%s-collectors", kafka->topics_prefix);
}

static int start_embedded(struct custody *c, char *error)
{
    const struct collector_kafka_config *kafka = &c->options.config->kafka;
    int rc = vd_kafka_embedded_new(&c->embedded, kafka->topics_prefix, (int)kafka->partitions, error);
    if (rc != 0)
        return rc;
    c->kafka.brokers = vd_kafka_embedded_brokers(c->embedded);
    vd_log_info(
        "embedded kafka is up, for trials only: its contents die with this process, and it delivers at "
        "least once",
        VD_F_STR("brokers", c->kafka.brokers));
    return 0;
}

int custody_new(struct custody **out, const struct custody_options *options, char *error)
{
    struct custody *c = vd_calloc(1, sizeof *c);
    if (c == NULL)
        return VD_ENOMEM;
    c->options = *options;
    fill_kafka(c);
    bool embedded = collector_config_embedded(options->config);
    /* The mock cluster shows what is not committed to every consumer. */
    c->exactly_once = options->config->kafka.delivery == COLLECTOR_EXACTLY_ONCE && !embedded;
    int rc = embedded ? start_embedded(c, error) : 0;
    struct publisher_options publisher = {.loop = options->loop,
                                          .kafka = c->kafka,
                                          .prefix = options->config->kafka.topics_prefix,
                                          .callbacks = {.delivered = on_delivered, .readiness = on_readiness},
                                          .arg = c};
    if (rc == 0)
        rc = publisher_new(&c->publisher, &publisher, error);
    if (rc != 0) {
        custody_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void custody_hurry(struct custody *c)
{
    if (c->ownership != NULL)
        ownership_hurry(c->ownership);
}

void custody_release(struct custody *c)
{
    c->releasing = true;
    if (c->ownership == NULL)
        return;
    announce(c, false);
    ownership_release(c->ownership);
}

bool custody_released(const struct custody *c)
{
    return c->ownership == NULL || ownership_released(c->ownership);
}

bool custody_has_heirs(const struct custody *c)
{
    return c->ownership != NULL && ownership_has_heirs(c->ownership);
}

static void on_one_closed(void *arg)
{
    struct custody *c = arg;
    if (--c->open == 0)
        c->on_close(c->options.arg);
}

void custody_close(struct custody *c, void (*cb)(void *arg))
{
    c->releasing = true;
    c->on_close = cb;
    c->open = 1 + (c->ownership != NULL);
    if (c->ownership != NULL)
        ownership_close(c->ownership, on_one_closed);
    publisher_close(c->publisher, on_one_closed);
    c->ownership = NULL;
}

void custody_free(struct custody *c)
{
    shards_deinit(&c->shards);
    if (c->embedded != NULL)
        vd_kafka_embedded_free(c->embedded);
    vd_free(c);
}
