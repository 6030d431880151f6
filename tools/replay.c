/* vedette replay: scores a part of the events topic again, and tells what changes.
 *
 * Happy path: the configuration → the topic, from the warm-up before --from on → each event is scored as its
 * shard scored it, a partition's after one another → what differs, and a sum. How it fails: a configuration
 * that is wrong, no broker or no topic ends it at once; a record that is no event is counted; SIGINT ends it
 * between two events, and nothing is summed up. */
#include "replay.h"

#include <sysexits.h>
#include <vedette/error.h>
#include <vedette/event_reasons.h>
#include <vedette/event_splice.h>
#include <vedette/memory.h>
#include <vedette/utf8.h>

#include "commands.h"
#include "number.h"
#include "published.h"
#include "sentence.h"
#include "settings.h"
#include "terminal.h"
#include "topic_arguments.h"
#include "topic_reading.h"

enum { KEY_CONFIG = 'c', KEY_RISK = 'r', KEY_SUMMARY = 's', KEY_WARM_UP = 0x100, KEY_JSON };
enum { WARM_UP_S = 86400, WARM_UP_S_MAX = 366 * 86400, RISK_DEFAULT = 10, RISK_MAX = 100 };
enum { EVENT_BYTES_MAX = 1 << 21 };

struct arguments {
    struct topic_arguments topic;
    const char *config;
    long long warm_up_s;
    int32_t least_risk;
    bool json, summary;
};

/* What of collector.yaml counts here. */
struct replay_config {
    struct score_settings score;
};

struct replay {
    const struct arguments *arguments;
    struct replay_config config;
    struct topic_reading reading;
    struct score **scores; /* one a partition, made when it has events */
    int32_t partitions;
    struct replay_sum sum;
    uint64_t told;          /* records that were asked for, whether they could be scored or not */
    struct vd_buffer event; /* as it would be published now */
    bool color;
};

/* ---- Arguments */

static const struct argp_option OPTIONS[] = {
    {"config", KEY_CONFIG, "FILE", 0,
     "The collector.yaml whose section score is tried; default: the built-in one", 0},
    {"warm-up", KEY_WARM_UP, "DURATION", 0, "Scores what came so long before --from first; default: 24h", 0},
    {"risk", KEY_RISK, "N", 0, "Tells of a risk that changes by N or more within its level; default: 10", 0},
    {"summary", KEY_SUMMARY, NULL, 0, "Only the sum", 0},
    {"json", KEY_JSON, NULL, 0, "JSON lines instead of text", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->topic;
        return 0;
    case KEY_CONFIG:
        a->config = text;
        return 0;
    case KEY_WARM_UP:
        a->warm_up_s = duration_of(state, "warm-up", text, WARM_UP_S_MAX);
        return 0;
    case KEY_RISK:
        a->least_risk = (int32_t)number_of(state, "risk", text, 1, RISK_MAX);
        return 0;
    case KEY_SUMMARY:
        a->summary = true;
        return 0;
    case KEY_JSON:
        a->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child CHILDREN[] = {{&topic_argp, 0, NULL, 0}, {0}};
static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse_option,
    .children = CHILDREN,
    .doc =
        "Scores the events that were published from --from to --to again, with another configuration or "
        "this program's own way of scoring, and tells which would get another level, and a sum.\v"
        "Windows and habits have to be filled first: so the events of --warm-up before --from are scored "
        "too, and not told. With the configuration that they were published with and a warm-up that begins "
        "where the collector did, every event is identical to the byte. --tenant scores its partition "
        "(TENANT/UNIT where certificates have a unit), and tells of its events.",
};

/* ---- Configuration */

extern const char collector_config_defaults[]; /* made from configs/collector.yaml */

static const struct vd_config_key KEYS[] = {
    VD_CONFIG_KEY_SECTION(replay_config, score, SCORE_SETTINGS),
    VD_CONFIG_KEY_ELSEWHERE(name),
    VD_CONFIG_KEY_ELSEWHERE(listen),
    VD_CONFIG_KEY_ELSEWHERE(tls),
    VD_CONFIG_KEY_ELSEWHERE(limits),
    VD_CONFIG_KEY_ELSEWHERE(kafka),
    VD_CONFIG_KEY_ELSEWHERE(http),
    VD_CONFIG_KEY_ELSEWHERE(log),
    VD_CONFIG_KEY_ELSEWHERE(shutdown),
    VD_CONFIG_KEY_END,
};
static const struct vd_config_schema SCHEMA = {
    .keys = KEYS, .size = sizeof(struct replay_config), .defaults = collector_config_defaults};

static int load(struct replay *r)
{
    char error[VD_CONFIG_ERROR_BYTES] = "";
    int result = vd_config_load(&SCHEMA, r->arguments->config, NULL, &r->config, error);
    if (result == 0)
        return EX_OK;
    fprintf(stderr, "vedette replay: %s\n", error);
    if (result == VD_ECONFIG)
        return EX_CONFIG;
    return result == VD_ENOMEM ? EX_OSERR : result == VD_EPERM ? EX_NOPERM : EX_NOINPUT;
}

/* ---- Scoring */

static int score_of(struct replay *r, int32_t partition, struct score **out)
{
    struct score_options options = score_settings_options(&r->config.score, r->partitions);
    int result = r->scores[partition] != NULL ? 0 : score_new(&r->scores[partition], &options);
    *out = r->scores[partition];
    return result;
}

/* What is published of a score stands behind everything else, so the same score makes the same bytes. */
static int is_identical(struct replay *r, struct vd_bytes published, const struct replay_change *change,
                        bool *identical)
{
    vd_buffer_clear(&r->event);
    int result = vd_event_rescore(published, change->score, change->sentence, &r->event);
    struct vd_bytes replayed = vd_buffer_bytes(&r->event);
    *identical = result == 0 && replayed.data != NULL && vd_bytes_equal(replayed, published);
    return result == VD_ENOMEM ? result : 0;
}

/* It stands in every reason. */
static void note_configuration(struct replay *r, struct vd_bytes published)
{
    struct vd_told_reason reasons[VD_SCORE_REASONS_MAX];
    if (vd_event_reasons_read(reasons, published) == 0)
        return;
    size_t len = vd_utf8_repair(reasons[0].configuration, (uint8_t *)r->sum.published_configuration,
                                sizeof r->sum.published_configuration - 1);
    r->sum.published_configuration[len] = '\0';
}

static int compare(struct replay *r, struct vd_bytes published, const struct replay_change *change)
{
    bool identical;
    const struct arguments *a = r->arguments;
    int result = is_identical(r, published, change, &identical);
    if (result < 0)
        return result;
    note_configuration(r, published);
    r->sum.configuration = change->score->configuration;
    enum replay_verdict verdict =
        replay_count(&r->sum, change->published, change->score, identical, a->least_risk);
    if (a->summary || verdict < REPLAY_OTHER_RISK)
        return 0;
    topic_reading_clear(&r->reading);
    if (a->json)
        replay_print_change_json(change, stdout);
    else
        replay_print_change(change, r->color, stdout);
    return ferror(stdout) != 0 ? VD_EIO : 0;
}

static bool is_told(const struct arguments *a, const struct vd_event_view *view)
{
    size_t len = a->topic.tenant == NULL ? 0 : strcspn(a->topic.tenant, "/");
    return len == 0 || vd_bytes_equal(view->tenant_uid, vd_bytes_of(a->topic.tenant, len));
}

static int take(struct replay *r, const struct vd_consumed *record)
{
    struct vd_event_view view;
    struct score *score;
    struct score_origin origin;
    struct score_input input;
    struct vd_score scored;
    bool warm_up = record->timestamp_ms < r->arguments->topic.from_ms;
    if (record->timestamp_ms >= r->arguments->topic.to_ms)
        return 0;
    if (vd_event_view_read(&view, record->value) != 0) {
        r->sum.unreadable += !warm_up;
        r->told += !warm_up && r->arguments->topic.tenant == NULL;
        return 0;
    }
    bool told = !warm_up && is_told(r->arguments, &view);
    r->told += told;
    int result = score_of(r, record->partition, &score);
    if (result < 0)
        return result;
    if (!score_input_of_published(score, &view, &origin, &input)) {
        r->sum.unscored += told;
        return 0;
    }
    result = score_event(score, &input, &scored);
    if (result == VD_EINVAL)
        return 0; /* a time that no collector lets pass */
    r->sum.warm_up += warm_up;
    if (result < 0 || !told)
        return result;
    char sentence[SCORE_SENTENCE_BYTES];
    size_t len = score_sentence(&scored, sentence, sizeof sentence);
    const struct replay_change change = {
        .published = &view, .score = &scored, .sentence = vd_bytes_of(sentence, len)};
    return compare(r, record->value, &change);
}

/* ---- Reading */

static int open_topic(struct replay *r)
{
    const struct topic_arguments *a = &r->arguments->topic;
    const struct vd_kafka_options kafka = kafka_options_of(&a->kafka, "vedette-replay");
    const struct vd_consumer_span span = {
        .key = vd_bytes_str(a->tenant != NULL ? a->tenant : ""),
        .since_ms = a->from == NULL ? INT64_MIN : a->from_ms - r->arguments->warm_up_s * 1000,
        .until_ms = a->to_ms};
    int result = topic_reading_open(&r->reading, &kafka, a->topic, &span);
    if (result < 0)
        return result;
    r->partitions = vd_consumer_partitions(r->reading.consumer);
    r->scores = vd_calloc((size_t)r->partitions, sizeof(struct score *));
    return r->scores == NULL ? VD_ENOMEM : 0;
}

static int read_all(struct replay *r)
{
    struct vd_consumed record;
    int result = open_topic(r);
    while (result == 0 && (result = topic_reading_next(&r->reading, &record)) == 0)
        result = take(r, &record);
    topic_reading_clear(&r->reading);
    return result;
}

static int run(struct replay *r)
{
    int status = load(r);
    if (status != EX_OK)
        return status;
    int result = read_all(r);
    if (result == VD_EIO || (result == VD_KAFKA_END && fflush(stdout) != 0)) {
        fprintf(stderr, "vedette replay: standard output: %m\n");
        return EX_IOERR;
    }
    if (result == VD_ENOMEM)
        fprintf(stderr, "vedette replay: %s\n", vd_error_text(result));
    if (result != VD_KAFKA_END)
        return topic_reading_exit_code(&r->reading, result);
    /* Of a tenant that nobody knows, nothing would change. */
    if (r->told == 0) {
        topic_say_nothing(&r->arguments->topic, "vedette replay");
        return EX_NOINPUT;
    }
    if (r->arguments->json)
        replay_print_sum_json(&r->sum, stdout);
    else
        replay_print_sum(&r->sum, r->arguments->least_risk, stdout);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? EX_OK : EX_IOERR;
}

int replay_main(int argc, char **argv)
{
    struct arguments arguments = {.warm_up_s = WARM_UP_S, .least_risk = RISK_DEFAULT};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return EX_USAGE;
    struct replay r = {.arguments = &arguments, .color = terminal_wants_color()};
    topic_reading_init(&r.reading, "vedette replay");
    vd_buffer_init(&r.event, EVENT_BYTES_MAX);
    int status = run(&r);
    for (int32_t i = 0; i < r.partitions && r.scores != NULL; i++)
        score_free(r.scores[i]);
    vd_free(r.scores);
    vd_buffer_deinit(&r.event);
    vd_config_deinit(&SCHEMA, &r.config);
    topic_reading_close(&r.reading);
    return status;
}
