/* The subcommands of vedette. argv[0] is "vedette NAME"; each returns a code of sysexits.h. */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

int identity_main(int argc, char **argv);
int ledger_main(int argc, char **argv);
int load_main(int argc, char **argv);
int parse_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int score_main(int argc, char **argv);
int spool_main(int argc, char **argv);
int tail_main(int argc, char **argv);
int top_main(int argc, char **argv);
int topics_main(int argc, char **argv);
int why_main(int argc, char **argv);

#endif
