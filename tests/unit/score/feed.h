/* Events for a scorer under test. */
#ifndef TESTS_SCORE_FEED_H
#define TESTS_SCORE_FEED_H

#include "score.h"

enum {
    CLASS_PROCESS = 1007,
    CLASS_LOGIN = 3002,
    SUCCESS = 1,
    FAILURE = 2,
    MINUTE_MS = 60000,
    HOUR_MS = 3600000
};
static const int64_t DAY_MS = 24 * (int64_t)HOUR_MS;
/* A Monday, 00:00 UTC. */
static const int64_t FEED_BEGIN_MS = 1700438400000;

/* Aborts without memory. */
struct score *feed_new(size_t max_entities);
/* Of the next 64 calls' inputs. */
const struct score_origin *feed_origin(const char *tenant, const char *host);
/* A login or, with another class, whatever has a user and a source; "": none. Borrows the texts. */
struct score_input feed_input(int32_t class_uid, int32_t status_id, const char *host, const char *user,
                              const char *src_ip, int64_t time_ms);
/* Scores it, asserting success and what must hold of every score. */
struct vd_score feed_score(struct score *s, const struct score_input *in);
/* The same of a failed login. */
struct vd_score feed_failure(struct score *s, const char *host, const char *user, const char *src_ip,
                             int64_t time_ms);

#endif
