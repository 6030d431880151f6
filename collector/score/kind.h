/* Kinds of events: what is counted together, and what people call it. Pure; any thread. */
#ifndef SCORE_KIND_H
#define SCORE_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum { KIND_COUNT = 27 };

struct kind {
    int32_t class_uid, activity_id, status_id; /* OCSF; KIND_ANY matches all */
    const char *feature;                       /* plural: "failed logins" */
    bool rare;      /* few where all is well: a newcomer is judged from its first event by what its peers do.
                       Of the other kinds one host has a thousand times more than the next, so an entity has to
                       show      its own rate for an hour before it is judged. */
    bool host_only; /* says nothing reliable about users and sources */
};

enum { KIND_ANY = -1 };

/* The first of the table that matches; the last one matches everything. Returns its number, under KIND_COUNT.
 */
uint32_t kind_of(int32_t class_uid, int32_t activity_id, int32_t status_id);
const struct kind *kind_at(uint32_t number);

#endif
