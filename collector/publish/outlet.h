/* A shard's way into Kafka, as the shard sees it: records in, in order; and back, by shard_delivered, how
 * many of a batch's are kept, or lost. Two implementations: publisher.h (at least once), exactly_once.h. One
 * thread. */
#ifndef COLLECTOR_OUTLET_H
#define COLLECTOR_OUTLET_H

#include <vedette/kafka.h>

/* An event, a finding, or a refusal. Every view is borrowed until it is delivered. */
struct outlet_record {
    struct vd_bytes key, tenant; /* "tenant/agent", or a finding's uid; "tenant", or empty: nobody's */
    struct vd_bytes value;
    const char *reason, *path; /* of a refusal; reason NULL: none */
    int32_t partition;         /* of events */
    int32_t class_uid;         /* of an event, and of a finding */
    int64_t time_ms;           /* when it was taken */
    bool is_finding;
    bool scored;  /* an event that the windows have taken in */
    void *opaque; /* comes back by `delivered` */
};

struct outlet {
    /* 0: it will be delivered, never from inside. Else it is not taken: VD_EUNAVAILABLE, VD_EFULL, VD_EKAFKA.
     */
    int (*send)(void *self, const struct outlet_record *record);
    /* All of a batch is sent: here a transaction may end. */
    void (*batch_sent)(void *self);
    void *self;
    bool closed; /* it takes nothing for now */
};

/* count records with this opaque are kept (error 0), or it is not known what became of them (VD_EKAFKA). */
typedef void outlet_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why);

/* Where the record goes, under which key and headers: the views of r and text. */
enum { OUTLET_TEXT_BYTES = 12 };
void outlet_record_write(struct vd_record *out, const struct outlet_record *r, char text[OUTLET_TEXT_BYTES]);

#endif
