/* Kinds of events: what is counted together, what people call it, and whose values are worth counting. Pure;
 * any thread. */
#ifndef SCORE_KIND_H
#define SCORE_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum { KIND_COUNT = 30 };

/* Whom an event counts for. */
enum who { WHO_SOURCE, WHO_USER, WHO_HOST, WHO_TENANT, WHO_COUNT };

/* What of an event may be new to somebody, or be counted by its different values. */
enum what {
    WHAT_NOTHING,
    WHAT_USER,
    WHAT_SOURCE,
    WHAT_HOST,
    WHAT_IMAGE,     /* the program */
    WHAT_LINEAGE,   /* a program, and what started it */
    WHAT_DIRECTORY, /* of the file */
    WHAT_WRITER,    /* a program, and the upper directory of the file it touches */
    WHAT_SERVICE,   /* destination and port */
    WHAT_RULE,
    WHAT_COUNT
};

enum { OUTLOOK_FIRSTS = 2 };
/* One entity's view of a kind of event. */
struct outlook {
    uint8_t distinct;               /* enum what: its different values are counted */
    uint8_t firsts[OUTLOOK_FIRSTS]; /* enum what: a first one is told */
};

struct kind {
    int32_t class_uid, activity_id, status_id; /* OCSF; KIND_ANY matches all */
    const char *feature;                       /* plural: "failed logins" */
    const struct outlook *outlooks;            /* by who; NULL: it counts for its host alone */
    bool rare;   /* few where all is well: a newcomer is judged from its first event by what its peers do. Of
                    the other kinds one host has a thousand times more than the next, so an entity has to show
                    its own rate for an hour before its counts are judged. */
    bool nobody; /* without a user's name it counts for a user called nothing */
};

enum { KIND_ANY = -1 };

/* The first of the table that matches; the last one matches everything. Returns its number, under KIND_COUNT.
 */
uint32_t kind_of(int32_t class_uid, int32_t activity_id, int32_t status_id);
const struct kind *kind_at(uint32_t number);
/* Whether it has keys by rule instead of by who. */
bool kind_is_detection(int32_t class_uid);

/* "user", "source address", …; singular for what is one, plural for several. */
const char *who_text(enum who who);
const char *what_text(enum what what, bool several);

#endif
