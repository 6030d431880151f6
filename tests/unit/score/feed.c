/* Makes events and checks what must hold of every score. */
#include "feed.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

struct score *feed_new(size_t max_entities)
{
    struct score *s;
    struct score_options options = {.max_entities = max_entities};
    if (score_new(&s, &options) < 0)
        abort();
    return s;
}

/* The last few are kept, as an input borrows its origin. */
const struct score_origin *feed_origin(const char *tenant, const char *host)
{
    enum { KEPT = 64 };
    static struct score_origin origins[KEPT];
    static struct score *s;
    static unsigned next;
    if (s == NULL)
        s = feed_new(8);
    struct score_origin *origin = &origins[next++ % KEPT];
    score_origin_init(s, origin, vd_bytes_str(tenant), vd_bytes_str(host));
    return origin;
}

struct score_input feed_input(int32_t class_uid, int32_t status_id, const char *host, const char *user,
                              const char *src_ip, int64_t time_ms)
{
    return (struct score_input){
        .origin = feed_origin("north", host),
        .user = vd_bytes_str(user),
        .src_ip = vd_bytes_str(src_ip),
        .class_uid = class_uid,
        .activity_id = 1,
        .status_id = status_id,
        .time_ms = time_ms,
    };
}

static int32_t level_of(int32_t risk)
{
    return (risk >= 20) + (risk >= 40) + (risk >= 70) + (risk >= 90);
}

struct vd_score feed_score(struct score *s, const struct score_input *in)
{
    struct vd_score out;
    assert_int_equal(score_event(s, in, &out), 0);
    assert_in_range(out.risk_score, 0, 100);
    assert_int_equal(out.risk_level_id, level_of(out.risk_score));
    assert_int_equal(out.is_alert, out.risk_score >= 70);
    assert_in_range(out.reason_count, 0, VD_SCORE_REASONS_MAX);
    assert_true(isfinite(out.surprise) && out.surprise >= 0);
    for (uint32_t i = 0; i < out.reason_count; i++) {
        assert_true(isfinite(out.reasons[i].surprise) && out.reasons[i].surprise >= 1);
        assert_true(i == 0 || out.reasons[i].surprise <= out.reasons[i - 1].surprise);
    }
    return out;
}

struct vd_score feed_failure(struct score *s, const char *host, const char *user, const char *src_ip,
                             int64_t time_ms)
{
    struct score_input in = feed_input(CLASS_LOGIN, FAILURE, host, user, src_ip, time_ms);
    return feed_score(s, &in);
}
