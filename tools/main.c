/* vedette: the operator's command, one file a subcommand. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "commands.h"

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary;
};

static const struct command COMMANDS[] = {
    {"tail", tail_main, "show scored events as they come out of Kafka"},
    {"parse", parse_main, "show what an agent makes of log lines, as OCSF JSON"},
    {"identity", identity_main, "make a certificate authority, and certificates for agents and collectors"},
    {"topics", topics_main, "create the Kafka topics"},
    {"spool", spool_main, "look into an agent's spool, and repair it"},
    {"ledger", ledger_main, "account for every event: published, refused, dropped, lost, missing"},
    {"score", score_main, "score events or a series from standard input, as a collector would"},
    {"top", top_main, "show who stands out now, on a page that lives"},
    {"why", why_main, "tell the story of one event's score"},
    {"replay", replay_main, "score a part of the events topic again, and tell what changes"},
    {"load", load_main, "simulate many agents, and measure what the collector acknowledges"},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static void print_help(FILE *out)
{
    fputs("usage: vedette COMMAND [OPTION...]\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fputs("\nvedette COMMAND --help tells more; so does vedette(1).\n", out);
}

static int run(const struct command *command, int argc, char **argv)
{
    static char title[64]; /* what argp calls the program, for as long as it runs */
    snprintf(title, sizeof title, "vedette %s", command->name);
    argv[0] = title;
    argp_err_exit_status = EX_USAGE;
    return command->main(argc, argv);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EX_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("vedette " VEDETTE_VERSION);
        return EX_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return run(&COMMANDS[i], argc - 1, argv + 1);
    fprintf(stderr, "vedette: there is no command '%s'; vedette --help lists them\n", argv[1]);
    return EX_USAGE;
}
