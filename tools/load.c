/* vedette load: many simulated agents over mutual TLS at a given rate, and what came of it.
 *
 * Happy path: certificates for the agents from the authority's folder → all connect → events at the rate →
 * the time is up, or the number is reached → wait for the last acknowledgement → the summary. How it fails:
 * agents reconnect by themselves; what is not acknowledged in the end is told, and the exit code says so. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>
#include <vedette/pki.h>

#include "commands.h"
#include "load_agent.h"
#include "number.h"

enum {
    PACE_MS = 5,
    REPORT_MS = 1000,
    CONNECT_MAX_S = 5,
    DRAIN_MAX_MS = 30000,
    AGENTS_MAX = 20000,
    TENANTS_MAX = 1000
};

struct arguments {
    const char *address, *authority;
    unsigned agents, tenants, batch_events;
    double rate, seconds;
    uint64_t events;
    bool quiet;
};

struct load {
    struct arguments arguments;
    struct load_run run;
    struct load_agent *agents;
    struct vd_tls_context **contexts;
    unsigned agents_open;
    uv_timer_t pace, report;
    uv_signal_t interrupt;
    int64_t begun_ns, sending_ended_ns;
    uint64_t reported;
    bool sending_over, closing;
};

static const struct argp_option OPTIONS[] = {
    {"collector", 'c', "HOST:PORT", 0, "Where the collector listens", 0},
    {"identity", 'i', "DIR", 0, "Folder of the certificate authority (vedette identity init)", 0},
    {"agents", 'n', "N", 0, "Simulated agents, each with its own certificate and connection (default 10)", 0},
    {"tenants", 't', "N", 0, "Enterprises they belong to (default 4)", 0},
    {"rate", 'r', "N", 0,
     "Events per second of all agents together; 0: as fast as they are taken (default 1000)", 0},
    {"for", 'f', "SECONDS", 0, "How long (default 10)", 0},
    {"events", 'e', "N", 0, "Stop after so many events instead", 0},
    {"batch", 'b', "N", 0, "Events a frame (default 200)", 0},
    {"quiet", 'q', NULL, 0, "No line a second, only the summary", 0},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->address = text;
        return 0;
    case 'i':
        a->authority = text;
        return 0;
    case 'n':
        a->agents = (unsigned)number_of(state, "agents", text, 1, AGENTS_MAX);
        return 0;
    case 't':
        a->tenants = (unsigned)number_of(state, "tenants", text, 1, TENANTS_MAX);
        return 0;
    case 'r':
        a->rate = (double)number_of(state, "rate", text, 0, 100000000);
        return 0;
    case 'f':
        a->seconds = (double)number_of(state, "for", text, 1, 1000000);
        return 0;
    case 'e':
        a->events = (uint64_t)number_of(state, "events", text, 1, UINT32_MAX);
        return 0;
    case 'b':
        a->batch_events = (unsigned)number_of(state, "batch", text, 1, VD_BATCH_EVENTS_MAX);
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case ARGP_KEY_END:
        if (a->address == NULL || a->authority == NULL)
            argp_error(state, "--collector and --identity are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- Identities: made for this run, in a folder of their own */

static int make_identity(struct load *load, const char *folder, unsigned i, char *error)
{
    const char *authority = load->arguments.authority;
    char stem[64], certificate[PATH_MAX], key[PATH_MAX], ca[PATH_MAX], trust_domain[VD_TRUST_DOMAIN_BYTES];
    struct vd_pki_request request = {
        .identity = {.kind = VD_IDENTITY_AGENT}, .into = folder, .file_stem = stem, .days = 1};
    snprintf(request.identity.tenant, VD_NAME_BYTES, "load-%u", i % load->arguments.tenants);
    snprintf(request.identity.name, VD_NAME_BYTES, "host-%u", i);
    snprintf(stem, sizeof stem, "agent-%u", i);
    int rc = vd_pki_issue(authority, &request, error);
    if (rc == 0)
        rc = vd_pki_authority_trust_domain(authority, trust_domain, error);
    if (rc != 0)
        return rc;
    snprintf(certificate, sizeof certificate, "%s/%s.pem", folder, stem);
    snprintf(key, sizeof key, "%s/%s.key", folder, stem);
    snprintf(ca, sizeof ca, "%s/ca.pem", authority);
    struct vd_tls_options options = {
        .certificate = certificate, .key = key, .ca = ca, .trust_domain = trust_domain};
    rc = vd_tls_context_new(&load->contexts[i], &options, error);
    unlink(certificate);
    unlink(key);
    return rc;
}

static int make_identities(struct load *load)
{
    char folder[] = "/tmp/vedette-load-XXXXXX", error[VD_TLS_ERROR_BYTES] = "";
    if (mkdtemp(folder) == NULL) {
        fprintf(stderr, "vedette load: no temporary folder: %s\n", strerror(errno));
        return EX_CANTCREAT;
    }
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < load->arguments.agents; i++)
        rc = make_identity(load, folder, i, error);
    rmdir(folder);
    if (rc != 0)
        fprintf(stderr, "vedette load: no certificate for an agent: %s\n", error);
    return rc == 0 ? 0 : EX_NOINPUT;
}

/* ---- Pace, progress, end */

static double seconds_since(int64_t begun_ns)
{
    return (double)(vd_clock_monotonic_ns() - begun_ns) * 1e-9;
}

static void on_agent_closed(struct load_agent *a)
{
    struct load *load = a->run->owner;
    if (--load->agents_open == 0) {
        uv_close((uv_handle_t *)&load->pace, NULL);
        uv_close((uv_handle_t *)&load->report, NULL);
        uv_close((uv_handle_t *)&load->interrupt, NULL);
    }
}

static void close_all(struct load *load)
{
    if (load->closing)
        return;
    load->closing = true;
    unsigned count = load->agents_open;
    for (unsigned i = 0; i < count; i++)
        load_agent_close(&load->agents[i], on_agent_closed);
}

static uint64_t total_allowed(const struct load *load)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < load->arguments.agents; i++)
        sum += load->agents[i].allowed;
    return sum;
}

static void end_sending(struct load *load)
{
    if (load->sending_over)
        return;
    load->sending_over = true;
    load->sending_ended_ns = vd_clock_monotonic_ns();
    for (unsigned i = 0; i < load->arguments.agents; i++) {
        struct load_agent *a = &load->agents[i];
        /* Without a rate everything is allowed: what has been sent is what counts. */
        uint64_t sent = a->link.client.next[0] > 0 ? a->link.client.next[0] - 1 : 0;
        if (a->allowed > sent && (load->arguments.rate <= 0 && load->arguments.events == 0))
            a->allowed = sent > a->mark ? sent : a->mark;
    }
}

static void on_pace(uv_timer_t *timer)
{
    struct load *load = timer->data;
    const struct arguments *a = &load->arguments;
    double elapsed = seconds_since(load->begun_ns);
    if (!load->sending_over && a->events == 0 && elapsed >= a->seconds)
        end_sending(load);
    if (!load->sending_over) {
        double wanted = a->rate > 0 ? a->rate * elapsed : (double)UINT32_MAX;
        if (a->events > 0 && wanted >= (double)a->events)
            wanted = (double)a->events;
        uint64_t whole = (uint64_t)wanted;
        for (unsigned i = 0; i < a->agents; i++) {
            load->agents[i].allowed = whole / a->agents + (i < whole % a->agents);
            load_agent_send(&load->agents[i]);
        }
        if (a->events > 0 && whole == a->events)
            end_sending(load);
    } else {
        for (unsigned i = 0; i < a->agents; i++)
            load_agent_send(&load->agents[i]);
        bool hopeless = load->run.sent == 0 && load->run.connected == 0 && elapsed >= CONNECT_MAX_S;
        bool late =
            hopeless || (double)(vd_clock_monotonic_ns() - load->sending_ended_ns) * 1e-6 > DRAIN_MAX_MS;
        if (load->run.acknowledged >= total_allowed(load) || late)
            close_all(load);
    }
}

static void on_report(uv_timer_t *timer)
{
    struct load *load = timer->data;
    if (load->arguments.quiet)
        return;
    uint64_t now = load->run.acknowledged;
    fprintf(
        stderr,
        "%5.0f s  %9" PRIu64 " acknowledged  %8" PRIu64 "/s  %" PRIu64 " of %u agents connected%s%s\n",
        seconds_since(load->begun_ns), now, now - load->reported, load->run.connected, load->arguments.agents,
        load->run.connected < load->arguments.agents && load->run.last_failure[0] != '\0' ? "; last: " : "",
        load->run.connected < load->arguments.agents ? load->run.last_failure : "");
    load->reported = now;
}

static void on_interrupt(uv_signal_t *handle, int number_)
{
    struct load *load = handle->data;
    (void)number_;
    if (load->sending_over)
        close_all(load);
    end_sending(load);
}

static int summarise(const struct load *load)
{
    const struct load_run *run = &load->run;
    uint64_t wanted = total_allowed(load);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double elapsed = seconds_since(load->begun_ns);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    printf("events %" PRIu64 " acknowledged %" PRIu64 " seconds %.3f rate %.0f/s\n", wanted,
           run->acknowledged, elapsed, (double)run->acknowledged / elapsed);
    printf("latency_ms p50 %.2f p90 %.2f p99 %.2f p999 %.2f max %.2f (batch sent to acknowledged)\n",
           latency_quantile_ms(&run->latency, .5), latency_quantile_ms(&run->latency, .9),
           latency_quantile_ms(&run->latency, .99), latency_quantile_ms(&run->latency, .999),
           (double)run->latency.max_ns * 1e-6);
    printf("agents %u tenants %u disconnects %" PRIu64 " cpu_seconds %.2f bytes_per_event %.0f\n",
           load->arguments.agents, load->arguments.tenants, run->disconnects, cpu,
           run->sent > 0 ? (double)run->bytes_sent / (double)run->sent : 0.0);
    if (run->acknowledged >= wanted)
        return 0;
    fprintf(stderr, "vedette load: %" PRIu64 " events were not acknowledged; last failure: %s\n",
            wanted - run->acknowledged, run->last_failure);
    return EX_UNAVAILABLE;
}

/* ---- Start */

static int start_agents(struct load *load, uv_loop_t *loop)
{
    uv_timer_init(loop, &load->pace);
    uv_timer_init(loop, &load->report);
    uv_signal_init(loop, &load->interrupt);
    load->pace.data = load->report.data = load->interrupt.data = load;
    uv_signal_start(&load->interrupt, on_interrupt, SIGINT);
    load->begun_ns = vd_clock_monotonic_ns();
    for (unsigned i = 0; i < load->arguments.agents; i++) {
        if (load_agent_start(&load->agents[i], &load->run, load->contexts[i], i + 1) != 0)
            return EX_OSERR;
        load->agents_open++;
    }
    uv_timer_start(&load->pace, on_pace, PACE_MS, PACE_MS);
    uv_timer_start(&load->report, on_report, REPORT_MS, REPORT_MS);
    return 0;
}

static int run_load(struct load *load, const struct load_events *events)
{
    uv_loop_t loop;
    struct vd_net net;
    if (uv_loop_init(&loop) != 0 || vd_net_init(&net, &loop) != 0)
        return EX_OSERR;
    load->run.net = &net;
    load->run.events = events;
    load->run.batch_events = load->arguments.batch_events;
    load->run.heartbeat_ms = 10000;
    load->run.owner = load;
    int rc = start_agents(load, &loop);
    if (rc == 0)
        uv_run(&loop, UV_RUN_DEFAULT);
    vd_net_deinit(&net);
    uv_loop_close(&loop);
    return rc == 0 ? summarise(load) : rc;
}

int load_main(int argc, char **argv)
{
    static const char doc[] =
        "Simulates agents: sends events over mutual TLS and measures what the collector acknowledges.";
    static const struct argp argp = {.options = OPTIONS, .parser = parse_option, .doc = doc};
    static struct load load;
    load.arguments =
        (struct arguments){.agents = 10, .tenants = 4, .rate = 1000, .seconds = 10, .batch_events = 200};
    argp_parse(&argp, argc, argv, 0, NULL, &load.arguments);
    if (vd_address_parse(&load.run.address, load.arguments.address) != 0) {
        fprintf(stderr, "vedette load: '%s' is no HOST:PORT\n", load.arguments.address);
        return EX_USAGE;
    }
    struct load_events *events = vd_calloc(1, sizeof *events);
    load.agents = vd_calloc(load.arguments.agents, sizeof *load.agents);
    load.contexts = vd_calloc(load.arguments.agents, sizeof *load.contexts);
    int rc = EX_OSERR;
    if (events != NULL && load.agents != NULL && load.contexts != NULL && load_events_make(events, 1) == 0)
        rc = make_identities(&load);
    if (rc == 0)
        rc = run_load(&load, events);
    for (unsigned i = 0; load.contexts != NULL && i < load.arguments.agents; i++)
        if (load.contexts[i] != NULL)
            vd_tls_context_unref(load.contexts[i]);
    vd_free(load.contexts);
    vd_free(load.agents);
    vd_free(events);
    return rc;
}
