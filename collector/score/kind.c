/* The table of kinds, by OCSF class, activity and outcome. */
#include "kind.h"

#include <stddef.h>

static const struct outlook LOGIN[WHO_COUNT] = {
    [WHO_SOURCE] = {WHAT_USER, {WHAT_NOTHING}},
    [WHO_USER] = {WHAT_SOURCE, {WHAT_SOURCE, WHAT_HOST}},
    [WHO_HOST] = {WHAT_SOURCE, {WHAT_NOTHING}},
    [WHO_TENANT] = {WHAT_USER, {WHAT_NOTHING}},
};
static const struct outlook PROCESS[WHO_COUNT] = {
    [WHO_USER] = {WHAT_IMAGE, {WHAT_NOTHING}},
    [WHO_HOST] = {WHAT_IMAGE, {WHAT_IMAGE}},
    [WHO_TENANT] = {WHAT_NOTHING, {WHAT_LINEAGE}},
};
static const struct outlook FILES[WHO_COUNT] = {
    [WHO_USER] = {WHAT_DIRECTORY, {WHAT_NOTHING}},
    [WHO_HOST] = {WHAT_DIRECTORY, {WHAT_WRITER}},
    [WHO_TENANT] = {WHAT_HOST, {WHAT_WRITER}},
};
static const struct outlook NETWORK[WHO_COUNT] = {
    [WHO_SOURCE] = {WHAT_SERVICE, {WHAT_SERVICE}},
    [WHO_USER] = {WHAT_SERVICE, {WHAT_NOTHING}},
    [WHO_HOST] = {WHAT_SERVICE, {WHAT_SERVICE}},
};
static const struct outlook CHANGE[WHO_COUNT] = {
    [WHO_USER] = {WHAT_HOST, {WHAT_HOST}},
    [WHO_HOST] = {WHAT_USER, {WHAT_USER}},
    [WHO_TENANT] = {WHAT_HOST, {WHAT_USER}},
};
static const struct outlook DETECTION[WHO_COUNT] = {
    [WHO_HOST] = {WHAT_RULE, {WHAT_RULE}},
    [WHO_TENANT] = {WHAT_HOST, {WHAT_HOST}},
};
static const struct outlook OTHER[WHO_COUNT] = {{0}};

enum { ANY = KIND_ANY, DETECTIONS_FROM = 2000, DETECTIONS_TO = 2999, DETECTION_FINDING = 2004 };

/* clang-format off */
static const struct kind KINDS[] = {
    {   0, ANY, ANY, "log lines",              NULL,      false, false},
    {3002,   2, ANY, "logouts",                OTHER,     false, false},
    {3002, ANY,   2, "failed logins",          LOGIN,     true,  true},
    {3002, ANY,   1, "logins",                 LOGIN,     false, true},
    {3002, ANY, ANY, "login events",           OTHER,     false, false},
    {1007,   1, ANY, "processes started",      PROCESS,   false, false},
    {1007,   2, ANY, "processes ended",        OTHER,     false, false},
    {1007, ANY, ANY, "process events",         OTHER,     false, false},
    {4001,   5, ANY, "network flows denied",   NETWORK,   true,  false},
    {4001, ANY, ANY, "network flows",          NETWORK,   false, false},
    {1001,   4, ANY, "files deleted",          FILES,     false, false},
    {1001,   5, ANY, "files renamed",          FILES,     false, false},
    {1001, ANY, ANY, "file events",            FILES,     false, false},
    {3003, ANY, ANY, "session authorizations", CHANGE,    false, false},
    {2004, ANY, ANY, "detections",             DETECTION, true,  false},
    {3001, ANY, ANY, "account changes",        CHANGE,    true,  false},
    {3005, ANY, ANY, "access changes",         CHANGE,    true,  false},
    {3006, ANY, ANY, "group changes",          CHANGE,    true,  false},
    {1002, ANY, ANY, "kernel extensions",      CHANGE,    true,  false},
    {1003, ANY, ANY, "kernel events",          OTHER,     false, false},
    {1005, ANY, ANY, "modules loaded",         PROCESS,   false, false},
    {1006, ANY, ANY, "scheduled job events",   CHANGE,    false, false},
    {1008, ANY, ANY, "event log changes",      CHANGE,    true,  false},
    {1010, ANY, ANY, "device events",          CHANGE,    true,  false},
    {4002, ANY, ANY, "HTTP requests",          NETWORK,   false, false},
    {4003, ANY, ANY, "DNS queries",            OTHER,     false, false},
    {4007, ANY, ANY, "SSH connections",        NETWORK,   false, false},
    {6002, ANY, ANY, "application events",     OTHER,     false, false},
    {6003, ANY, ANY, "API calls",              CHANGE,    false, false},
    { ANY, ANY, ANY, "events of its class",    OTHER,     false, false},
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
    if (kind_is_detection(class_uid))
        class_uid = DETECTION_FINDING;
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

bool kind_is_detection(int32_t class_uid)
{
    return class_uid >= DETECTIONS_FROM && class_uid <= DETECTIONS_TO;
}

const char *who_text(enum who who)
{
    static const char *const TEXTS[WHO_COUNT] = {"source address", "user", "host", "tenant"};
    return TEXTS[who];
}

const char *what_text(enum what what, bool several)
{
    static const char *const TEXTS[WHAT_COUNT][2] = {
        [WHAT_NOTHING] = {"", ""},
        [WHAT_USER] = {"user", "users"},
        [WHAT_SOURCE] = {"source address", "source addresses"},
        [WHAT_HOST] = {"host", "hosts"},
        [WHAT_IMAGE] = {"program", "programs"},
        [WHAT_LINEAGE] = {"program and parent", "programs and parents"},
        [WHAT_DIRECTORY] = {"directory", "directories"},
        [WHAT_WRITER] = {"program in a directory", "programs in directories"},
        [WHAT_SERVICE] = {"destination and port", "destinations and ports"},
        [WHAT_RULE] = {"rule", "rules"},
    };
    return TEXTS[what][several];
}
