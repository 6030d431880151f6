/* Log files for the tests of tail, and a tail on them. */
#ifndef TESTS_TAIL_RIG_H
#define TESTS_TAIL_RIG_H

#include "pulled.h"

/* A path in the folder; valid until the next-but-three call. */
char *tail_in_folder(struct pulled *p, const char *name);
/* Names are in the folder. mode: as of fopen(3). */
void tail_put(struct pulled *p, const char *name, const char *mode, const char *text, size_t len);
void tail_append(struct pulled *p, const char *name, const char *text);
void tail_rewrite(struct pulled *p, const char *name, const char *text);
void tail_move(struct pulled *p, const char *from, const char *to);
/* On the pattern in the folder; open_at: where the last event taken left its cursor. */
int tail_try_open(struct pulled *p, const char *pattern, struct tail_config config, struct vd_bytes cursor);
void tail_open_at(struct pulled *p, const char *pattern, struct tail_config config);
/* Runs the loop until the source has had something to say. */
void tail_wait(struct pulled *p);
void tail_set_time(struct pulled *p, const char *name, int64_t modified_s);
void tail_set_age(struct pulled *p, const char *name, int seconds_ago);

#endif
