/* The sending half of a librdkafka handle, shared by the plain producer and the shard log: records in by
 * reference, delivery events out in a libuv loop. Private to core/kafka. */
#ifndef VEDETTE_KAFKA_SENDER_H
#define VEDETTE_KAFKA_SENDER_H

#include "conf.h"

struct vd_sender;

struct vd_sender_callbacks {
    void (*delivered)(struct vd_sender *s, const rd_kafka_message_t *message);
    void (*error)(struct vd_sender *s, rd_kafka_event_t *event);
    /* After each turn of serving in the loop; only here may the sender be detached. */
    void (*served)(struct vd_sender *s);
};

struct vd_sender {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event; /* deliveries of which only a part was handed on */
    rd_kafka_topic_t *topics[VD_TOPIC_COUNT];
    const char *prefix; /* borrowed */
    struct vd_sender_callbacks callbacks;
    void *arg;
    size_t queued;
    int wake_fd; /* librdkafka writes to it when its queue is no longer empty */
    uv_poll_t wake;
};

/* Room for its event fd: before anything else, and undone by deinit, whatever came between. */
int vd_sender_init(struct vd_sender *s, const char *prefix);
void vd_sender_deinit(struct vd_sender *s);

/* Takes conf. On failure conf is freed, with a sentence in error. Any thread. */
int vd_sender_open(struct vd_sender *s, rd_kafka_conf_t *conf, char *error);
/* Frees the handle; it may take a while. No poll is attached any more. Any thread; no-op where none is open.
 */
void vd_sender_destroy(struct vd_sender *s);

/* From now on the loop serves the events; uv_close(&s->wake) is the caller's. */
int vd_sender_attach(struct vd_sender *s, uv_loop_t *loop);
void vd_sender_detach(struct vd_sender *s);
/* The loop comes by once more even if nothing happens. */
void vd_sender_wake(const struct vd_sender *s);
/* Serves up to `most` by hand, waiting for the first; returns whether the limit was reached. */
bool vd_sender_serve(struct vd_sender *s, size_t most, int timeout_ms);

/* The handle of a topic, made at first use; NULL without memory. */
rd_kafka_topic_t *vd_sender_topic(struct vd_sender *s, enum vd_topic topic);
/* As vd_producer_send, with an opaque of its own; flags: 0 borrows the value, RD_KAFKA_MSG_F_COPY copies it.
 */
int vd_sender_send(struct vd_sender *s, const struct vd_record *record, void *opaque, int flags,
                   const char **why);
/* Asks librdkafka to give everything back with an error; what passes between its threads slips through. */
void vd_sender_purge(struct vd_sender *s);

#endif
