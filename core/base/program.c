/* A service as a program; program.h tells its happy path and how it fails. */
#include <vedette/program.h>

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/service.h>

enum { KEY_CHECK = 256, KEY_PRINT, KEY_ONCE, PRINT_LIMIT_BYTES = 1024 * 1024 };

static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP};
enum { SIGNAL_COUNT = sizeof SIGNALS / sizeof *SIGNALS };

struct arguments {
    const struct vd_program *program;
    const char *config_path; /* NULL: built-in defaults */
    bool once, check, print;
};

struct service {
    const struct arguments *arguments;
    void *self;
    uv_signal_t signals[SIGNAL_COUNT];
    bool stopping;
};

/* ---- The command line, and the questions that are answered without running */

/* --once stands first, so that a program without it begins behind it. */
static const struct argp_option OPTIONS[] = {
    {"once", KEY_ONCE, NULL, 0,
     "Read files and journal to their end, wait for the last acknowledgement, and exit", 0},
    {"config", 'c', "FILE", 0,
     "Configuration (YAML); default: the one in /etc/vedette if it is there, else the built-in defaults", 0},
    {"check-config", KEY_CHECK, NULL, 0, "Say whether the configuration is good, and exit", 0},
    {"print-config", KEY_PRINT, NULL, 0, "Print the configuration in force, environment included, and exit",
     0},
    {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'c':
        a->config_path = text;
        return 0;
    case KEY_CHECK:
        a->check = true;
        return 0;
    case KEY_PRINT:
        a->print = true;
        return 0;
    case KEY_ONCE:
        a->once = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", text);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void read_command_line(struct arguments *a, int argc, char **argv)
{
    const struct argp argp = {
        .options = OPTIONS + (a->program->has_once ? 0 : 1), .parser = parse_option, .doc = a->program->doc};
    static char version[128];
    snprintf(version, sizeof version, "%s %s", a->program->name, VEDETTE_VERSION);
    argp_program_version = version;
    argp_parse(&argp, argc, argv, 0, NULL, a);
}

static int print(const struct vd_config_schema *schema, const void *config)
{
    struct vd_buffer out;
    vd_buffer_init(&out, PRINT_LIMIT_BYTES);
    int rc = vd_config_print(schema, config, &out);
    if (rc == 0 && fwrite(vd_buffer_bytes(&out).data, 1, vd_buffer_len(&out), stdout) != vd_buffer_len(&out))
        rc = VD_EIO;
    vd_buffer_deinit(&out);
    return rc;
}

/* True: run; false: end with *code. */
static bool prepare(struct arguments *a, void *config, int *code)
{
    const struct vd_program *program = a->program;
    char error[VD_CONFIG_ERROR_BYTES];
    if (a->config_path == NULL && access(program->default_config, R_OK) == 0)
        a->config_path = program->default_config;
    int rc = vd_config_load(program->schema, a->config_path, environ, config, error);
    if (rc != 0)
        fprintf(stderr, "%s: %s\n", program->name, error);
    else if (a->print)
        rc = print(program->schema, config);
    else if (a->check)
        printf("%s: the configuration is good\n",
               a->config_path != NULL ? a->config_path : "built-in defaults");
    *code = vd_exit_code(rc);
    return rc == 0 && !a->print && !a->check;
}

/* ---- Running */

static void reload(struct service *s)
{
    const struct vd_program *program = s->arguments->program;
    char error[VD_CONFIG_ERROR_BYTES];
    void *fresh = vd_calloc(1, program->schema->size);
    if (fresh == NULL)
        return;
    vd_service_reloading();
    int rc = vd_config_load(program->schema, s->arguments->config_path, environ, fresh, error);
    if (rc == 0)
        rc = program->reload(s->self, fresh, error);
    if (rc != 0) {
        vd_log_error("configuration not reloaded, the old one stays", VD_F_STR("why", error));
    } else {
        vd_log_set_level(program->log_level(fresh));
        vd_log_info("reloaded: certificates and log level; other changes need a restart");
    }
    vd_config_deinit(program->schema, fresh);
    vd_free(fresh);
    vd_service_ready();
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct service *s = handle->data;
    if (number == SIGHUP) {
        reload(s);
    } else if (!s->stopping) {
        s->stopping = true;
        s->arguments->program->stop(s->self);
    } else {
        vd_log_warn("second signal: not waiting any longer");
        s->arguments->program->force(s->self);
    }
}

static void watch_signals(struct service *s, uv_loop_t *loop)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is a write that fails, and is dealt with */
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        uv_signal_init(loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, SIGNALS[i]);
        uv_unref((uv_handle_t *)&s->signals[i]); /* signals alone keep no loop running */
    }
}

static int run(const struct arguments *a, uv_loop_t *loop, const void *config)
{
    struct service s = {.arguments = a};
    char error[VD_PROGRAM_ERROR_BYTES] = "";
    int rc = a->program->start(&s.self, loop, config, a->once, error);
    if (rc != 0) {
        vd_log_error("cannot start", VD_F_STR("why", error));
    } else {
        watch_signals(&s, loop);
        vd_service_ready();
    }
    uv_run(loop, UV_RUN_DEFAULT);
    for (size_t i = 0; rc == 0 && i < SIGNAL_COUNT; i++)
        uv_close((uv_handle_t *)&s.signals[i], NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    if (rc == 0)
        rc = a->program->outcome(s.self);
    if (s.self != NULL)
        a->program->free(s.self);
    return rc;
}

int vd_program_main(const struct vd_program *program, int argc, char **argv)
{
    struct arguments arguments = {.program = program};
    uv_loop_t loop;
    int code;
    read_command_line(&arguments, argc, argv);
    vd_log_set_journal(getenv("JOURNAL_STREAM") != NULL);
    void *config = vd_calloc(1, program->schema->size);
    if (config == NULL || uv_loop_init(&loop) != 0)
        return EX_OSERR;
    if (prepare(&arguments, config, &code)) {
        vd_log_set_level(program->log_level(config));
        code = vd_exit_code(run(&arguments, &loop, config));
    }
    if (uv_loop_close(&loop) != 0) {
        vd_log_error("the loop did not close clean");
        code = EX_SOFTWARE;
    }
    vd_config_deinit(program->schema, config);
    vd_free(config);
    return code;
}
