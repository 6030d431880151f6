/* The table of kinds, by OCSF class, activity and outcome. */
#include "kind.h"

#include <stddef.h>

/* clang-format off */
static const struct kind KINDS[] = {
    {   0, KIND_ANY, KIND_ANY, "log lines",              false, true},
    {3002,        2, KIND_ANY, "logouts",                false, false},
    {3002, KIND_ANY,        2, "failed logins",          true,  false},
    {3002, KIND_ANY,        1, "logins",                 false, false},
    {3002, KIND_ANY, KIND_ANY, "login events",           false, false},
    {1007,        1, KIND_ANY, "processes started",      false, false},
    {1007,        2, KIND_ANY, "processes ended",        false, false},
    {1007, KIND_ANY, KIND_ANY, "process events",         false, false},
    {4001, KIND_ANY, KIND_ANY, "network flows",          false, false},
    {1001, KIND_ANY, KIND_ANY, "file events",            false, false},
    {3003, KIND_ANY, KIND_ANY, "session authorizations", false, false},
    {2004, KIND_ANY, KIND_ANY, "detections",             true,  false},
    {3001, KIND_ANY, KIND_ANY, "account changes",        true,  false},
    {3005, KIND_ANY, KIND_ANY, "access changes",         true,  false},
    {3006, KIND_ANY, KIND_ANY, "group changes",          true,  false},
    {1002, KIND_ANY, KIND_ANY, "kernel extensions",      true,  false},
    {1003, KIND_ANY, KIND_ANY, "kernel events",          false, false},
    {1005, KIND_ANY, KIND_ANY, "modules loaded",         false, false},
    {1006, KIND_ANY, KIND_ANY, "scheduled job events",   false, false},
    {1008, KIND_ANY, KIND_ANY, "event log changes",      true,  false},
    {1010, KIND_ANY, KIND_ANY, "device events",          true,  false},
    {4002, KIND_ANY, KIND_ANY, "HTTP requests",          false, false},
    {4003, KIND_ANY, KIND_ANY, "DNS queries",            false, false},
    {4007, KIND_ANY, KIND_ANY, "SSH connections",        false, false},
    {6002, KIND_ANY, KIND_ANY, "application events",     false, false},
    {6003, KIND_ANY, KIND_ANY, "API calls",              false, false},
    {KIND_ANY, KIND_ANY, KIND_ANY, "events of its class", false, false},
};
/* clang-format on */
_Static_assert(sizeof KINDS / sizeof *KINDS == KIND_COUNT, "the table has KIND_COUNT rows");

static bool fits(int32_t wanted, int32_t value)
{
    return wanted == KIND_ANY || wanted == value;
}

uint32_t kind_of(int32_t class_uid, int32_t activity_id, int32_t status_id)
{
    uint32_t i = 0;
    while (i < KIND_COUNT - 1 &&
           !(fits(KINDS[i].class_uid, class_uid) && fits(KINDS[i].activity_id, activity_id) &&
             fits(KINDS[i].status_id, status_id)))
        i++;
    return i;
}

const struct kind *kind_at(uint32_t number)
{
    return &KINDS[number];
}
