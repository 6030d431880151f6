/* A source of events on this host: what tail, journal and process have in common. One thread: the loop's.
 *
 * The owner pulls: `ready` says that there may be more, source_pull hands over what there is, event by event,
 * each with the cursor behind it. A sink that answers SOURCE_FULL gets the same event again at the next pull,
 * from tail and journal, which can be read again; what process cannot hand over is lost, and the sink counts
 * it. What a source finds missing, it tells the sink. */
#ifndef AGENT_SOURCE_H
#define AGENT_SOURCE_H

#include <uv.h>
#include <vedette/gap.h>

enum { SOURCE_CURSOR_MAX_BYTES = 256, SOURCE_ERROR_BYTES = 256 };

/* What a pull ended with; an error of the source itself is negative, told once, and the end of it. */
enum source_pulled {
    SOURCE_IDLE = 0, /* nothing more now: `ready` will say when */
    SOURCE_MORE = 1, /* `most` events were handed over: pull again, after others had their turn */
    SOURCE_FULL = 2, /* the sink was full: pull again when it is not */
    SOURCE_END = 3,  /* only with `once`: everything there was has been handed over */
};

/* Events that were there and never came. */
struct source_loss {
    enum vd_gap_reason reason;
    uint64_t count;         /* 0: nobody knows */
    struct vd_bytes detail; /* for people */
};

/* take: 0: taken; SOURCE_FULL: not now; negative: give up, source_pull returns it. lost: cursor is where the
 * source goes on after the loss; empty: as before. stand: where a source that began at the end stands, told
 * once and before its first event, so that what comes next is known as missed should nobody be there to read
 * it. What is passed lives during the call. */
struct source_sink {
    int (*take)(void *arg, struct vd_bytes event, struct vd_bytes cursor);
    void (*lost)(void *arg, const struct source_loss *loss, struct vd_bytes cursor);
    void (*stand)(void *arg, struct vd_bytes cursor);
    void *arg;
};

struct source_counters {
    uint64_t events, bytes; /* handed over, and what was read for them */
    uint64_t lost;          /* never seen or never taken */
};

/* What every source needs of its program. Strings are borrowed and outlive the source. */
struct source_host {
    uv_loop_t *loop;
    const char *hostname, *product_name, *product_version;
    int64_t (*now_ms)(void); /* the real-time clock */
};

struct source;
struct source_class {
    int (*pull)(struct source *s, const struct source_sink *sink, uint32_t most);
    void (*close)(struct source *s);
};

/* The head of each source; what its file adds is private to it. */
struct source {
    const struct source_class *class;
    const char *name; /* "tail", "journal", "process" */
    bool closing;
    bool gathers; /* is ready a while after the first of several events, for fewer turns and commits */
    struct source_counters counters;
    struct source_host host;
    /* Set by the owner before its first pull; ready may pull at once. */
    void *owner;
    void (*ready)(struct source *s);
    void (*on_close)(struct source *s);
};

/* At most `most` events. enum source_pulled, or negative. Not after source_close. */
int source_pull(struct source *s, const struct source_sink *sink, uint32_t most);
/* cb fires once, never inside this call, and the source is gone when cb returns. cb may be NULL. */
void source_close(struct source *s, void (*cb)(struct source *s));

/* For sources. */
void source_init(struct source *s, const struct source_class *class, const char *name,
                 const struct source_host *host);
void source_say_ready(struct source *s);
/* At the end of a close, when all handles are closed: tells the owner. The source then frees itself. */
void source_closed(struct source *s);

/* Each source opens at its cursor, where the sink's events were last known to be safe, or where its
 * configuration says when cursor is empty. On an error *out is NULL, and why (SOURCE_ERROR_BYTES) has a
 * sentence for people: it names the missing capability, file or service. A source is ready from the
 * beginning: pull once after opening. */

struct tail_config {
    const char *const *paths; /* files or glob(7) patterns */
    size_t path_count;
    bool from_end; /* without a cursor: only what comes; else from the beginning */
    bool once; /* read to the end of every file, the last line even without its newline, then SOURCE_END */
    uint32_t poll_ms, line_max_bytes; /* 0: 1000, 256 KiB */
};
int tail_open(struct source **out, const struct source_host *host, const struct tail_config *config,
              struct vd_bytes cursor, char *why);

struct journal_config {
    const char *directory; /* NULL: this host's journal */
    bool from_end, once;
};
int journal_open(struct source **out, const struct source_host *host, const struct journal_config *config,
                 struct vd_bytes cursor, char *why);

struct process_config {
    uint32_t cache_max;            /* processes remembered for their end; 0: 8192 */
    uint32_t receive_buffer_bytes; /* of the netlink socket; 0: 1 MiB */
};
/* No cursor: what nobody read is gone. Needs CAP_NET_ADMIN in the first user and pid namespace. */
int process_open(struct source **out, const struct source_host *host, const struct process_config *config,
                 char *why);

#endif
