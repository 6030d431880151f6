/* A real loop with a listener and two streams over loopback, each with a record of what it was told. */
#ifndef VEDETTE_TEST_NET_SCENE_H
#define VEDETTE_TEST_NET_SCENE_H

#include <vedette/listener.h>
#include <vedette/stream.h>

#include "fixture.h"

struct scene;

struct party {
    struct vd_stream stream;
    struct scene *scene;
    unsigned opened, told, drained, ended, closed;
    int error; /* of `ended` */
    size_t received_bytes;
    uint64_t received_sum; /* depends on the order */
    bool started, inside;  /* inside: a call of ours into the stream is under way */
    bool close_in_open, close_in_data, close_in_drained, close_in_ended, pause_in_open, echo;
    bool flood_in_data;       /* writes until it is refused */
    bool close_other_in_data; /* the other party's stream, if it is open yet */
    struct vd_bytes to_send;  /* fed whenever nothing is queued */
};

struct scene {
    struct fixture *files;
    uv_loop_t loop;
    uv_timer_t guard;
    struct vd_net net;
    struct vd_listener listener;
    struct party server, client;
    uint64_t handshake_timeout_ms;
    size_t queued_limit_bytes;
    bool refuse_at_once; /* the server closes in the very callback that accepts */
    unsigned ticks;      /* of the guard */
    bool listening;
};

/* Listens on a free port. */
void scene_init(struct scene *s, struct fixture *files);
/* Closes whatever is open, runs to the end and demands that the loop closes clean. */
void scene_deinit(struct scene *s);
void scene_connect(struct scene *s);
void scene_connect_with(struct scene *s, struct vd_tls_context *context);
/* Runs until done says so; fails the test after ten seconds. */
void scene_run(struct scene *s, bool (*done)(const struct scene *s));
bool scene_both_open(const struct scene *s);
bool scene_server_ended(const struct scene *s);
bool scene_client_ended(const struct scene *s);
bool scene_both_ended(const struct scene *s);
/* A blocking socket connected to the listener. */
int scene_raw_connect(const struct scene *s);
uint16_t scene_port(const struct scene *s);

int party_write(struct party *p, struct vd_bytes bytes);
void party_close(struct party *p);
/* The sum that receiving these bytes would give. */
uint64_t party_sum(uint64_t sum, struct vd_bytes bytes);

#endif
