/* Reads the systemd journal from its cursor on, with the parsers of log lines.
 *
 * Happy path: journal_open seeks → pull walks the entries → the journal's fd becomes readable → ready → pull
 * …
 *
 * How it fails: no journal on the host is an error of opening. An entry that cannot be read is told as lost
 * and stepped over; when journald has deleted what the cursor points to, that is told too, and reading goes
 * on at the nearest entry that is left. */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/parse.h>

enum { FIELD_MAX_BYTES = 16 * 1024, EVENT_MAX_BYTES = 64 * 1024, NAME_BYTES = 256 };

struct journal {
    struct source source; /* first: a journal is a source */
    sd_journal *journal;
    bool once;
    struct vd_parse parse;
    struct vd_buffer event; /* handed over next, if pending */
    char cursor[SOURCE_CURSOR_MAX_BYTES];
    size_t cursor_len;
    bool pending;
    bool stands;      /* at the end, behind the cursor: not told yet */
    bool cursor_gone; /* what the cursor pointed to is not there: not told yet */
    uv_poll_t poll;
};

static int from_journal(int rc)
{
    return rc < 0 ? vd_error_from_errno(rc) : rc;
}

/* A view that ends with the next read of a field; empty where the entry has no such field. */
static struct vd_bytes field(struct journal *j, const char *name)
{
    const void *data;
    size_t len, skip = strlen(name) + 1;
    if (sd_journal_get_data(j->journal, name, &data, &len) < 0 || len < skip)
        return (struct vd_bytes){0};
    return vd_bytes_of((const uint8_t *)data + skip, len - skip);
}

static struct vd_bytes copied(char *out, struct vd_bytes text)
{
    size_t len = text.len < NAME_BYTES ? text.len : NAME_BYTES;
    if (len > 0)
        memcpy(out, text.data, len);
    return vd_bytes_of(out, len);
}

static uint32_t number(struct vd_bytes digits, uint32_t otherwise)
{
    char text[16];
    if (digits.len == 0 || digits.len >= sizeof text)
        return otherwise;
    memcpy(text, digits.data, digits.len);
    text[digits.len] = '\0';
    return (uint32_t)strtoul(text, NULL, 10);
}

static int save_cursor(struct journal *j)
{
    char *cursor;
    int rc = sd_journal_get_cursor(j->journal, &cursor);
    if (rc < 0)
        return from_journal(rc);
    j->cursor_len = strlen(cursor);
    bool fits = j->cursor_len < sizeof j->cursor;
    if (fits)
        memcpy(j->cursor, cursor, j->cursor_len + 1);
    free(cursor);
    return fits ? 0 : VD_ELIMIT;
}

/* The entry that the journal stands on → j->event. VD_PARSE_EMPTY: it has no message. */
static int read_entry(struct journal *j)
{
    char host[NAME_BYTES], program[NAME_BYTES];
    uint64_t real_us;
    int rc = from_journal(sd_journal_get_realtime_usec(j->journal, &real_us));
    if (rc == 0)
        rc = save_cursor(j);
    if (rc != 0)
        return rc;
    struct vd_bytes name = field(j, "SYSLOG_IDENTIFIER");
    if (name.len == 0)
        name = field(j, "_COMM");
    struct vd_parse_entry entry = {.time_ms = (int64_t)(real_us / 1000), .program = copied(program, name)};
    entry.hostname = copied(host, field(j, "_HOSTNAME"));
    entry.pid = number(field(j, "_PID"), 0);
    entry.priority = (int32_t)number(field(j, "PRIORITY"), 6);
    entry.message = field(j, "MESSAGE");
    j->source.counters.bytes += entry.message.len;
    vd_buffer_clear(&j->event);
    return vd_parse_entry(&j->parse, &entry, j->source.host.now_ms(), &j->event);
}

static int hand_over(struct journal *j, const struct source_sink *sink)
{
    if (!j->pending)
        return 0;
    int rc = sink->take(sink->arg, vd_buffer_bytes(&j->event), vd_bytes_of(j->cursor, j->cursor_len));
    if (rc != 0)
        return rc;
    j->pending = false;
    j->source.counters.events++;
    return 0;
}

static void tell_cursor_gone(struct journal *j, const struct source_sink *sink)
{
    if (!j->cursor_gone)
        return;
    const struct source_loss loss = {
        .reason = VD_GAP_SOURCE_ROTATED,
        .detail = vd_bytes_str("the journal no longer has the entry that was read last")};
    sink->lost(sink->arg, &loss, (struct vd_bytes){0});
    j->cursor_gone = false;
}

static void tell_unreadable(struct journal *j, int error, const struct source_sink *sink)
{
    bool too_large = error == VD_ELIMIT;
    const struct source_loss loss = {.reason = too_large ? VD_GAP_TOO_LARGE : VD_GAP_SOURCE_ROTATED,
                                     .count = 1,
                                     .detail = vd_bytes_str(vd_error_text(error))};
    j->source.counters.lost++;
    sink->lost(sink->arg, &loss, (struct vd_bytes){0});
}

static int journal_pull(struct source *s, const struct source_sink *sink, uint32_t most)
{
    struct journal *j = (struct journal *)s;
    tell_cursor_gone(j, sink);
    if (j->stands)
        sink->stand(sink->arg, vd_bytes_of(j->cursor, j->cursor_len));
    j->stands = false;
    int rc = hand_over(j, sink);
    for (; rc == 0 && most > 0; most--) {
        rc = sd_journal_next(j->journal);
        if (rc < 0)
            return from_journal(rc);
        if (rc == 0)
            return j->once ? SOURCE_END : SOURCE_IDLE;
        rc = read_entry(j);
        j->pending = rc == 0;
        if (rc == VD_ENOMEM)
            return rc;
        if (rc < 0)
            tell_unreadable(j, rc, sink);
        rc = hand_over(j, sink);
    }
    return rc != 0 ? rc : SOURCE_MORE;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct journal *j = poll->data;
    (void)status;
    (void)events;
    if (sd_journal_process(j->journal) != SD_JOURNAL_NOP)
        source_say_ready(&j->source);
}

static void journal_free(struct journal *j)
{
    sd_journal_close(j->journal);
    vd_buffer_deinit(&j->event);
    vd_parse_deinit(&j->parse);
    vd_free(j);
}

static void on_closed(uv_handle_t *handle)
{
    struct journal *j = handle->data;
    source_closed(&j->source);
    journal_free(j);
}

static void journal_close(struct source *s)
{
    struct journal *j = (struct journal *)s;
    uv_close((uv_handle_t *)&j->poll, on_closed);
}

static const struct source_class JOURNAL = {.pull = journal_pull, .close = journal_close};

/* The tail is behind the last entry only once a step back was taken. Of a journal that is still empty the end
 * is its head: at its tail, all but the last of the entries to come would be stepped over. */
static int seek_end(struct journal *j)
{
    int rc = sd_journal_seek_tail(j->journal);
    if (rc >= 0)
        rc = sd_journal_previous(j->journal);
    j->stands = rc > 0 && save_cursor(j) == 0;
    if (rc == 0)
        rc = sd_journal_seek_head(j->journal);
    return rc < 0 ? from_journal(rc) : 0;
}

/* So that the next sd_journal_next is on the first entry to tell. */
static int seek(struct journal *j, bool from_end, struct vd_bytes cursor)
{
    if (cursor.len == 0)
        return from_end ? seek_end(j) : from_journal(sd_journal_seek_head(j->journal));
    if (cursor.len >= sizeof j->cursor)
        return VD_EMALFORMED;
    memcpy(j->cursor, cursor.data, cursor.len);
    j->cursor[cursor.len] = '\0';
    if (sd_journal_seek_cursor(j->journal, j->cursor) < 0)
        return VD_EMALFORMED;
    int rc = sd_journal_next(j->journal);
    j->cursor_gone = rc >= 0 && (rc == 0 || sd_journal_test_cursor(j->journal, j->cursor) <= 0);
    /* Where that entry is gone, this is the one after it, and not to be stepped over. */
    if (rc > 0 && j->cursor_gone && (rc = sd_journal_previous(j->journal)) == 0)
        rc = sd_journal_seek_head(j->journal); /* there is none before it, so no step was taken */
    return rc < 0 ? from_journal(rc) : 0;
}

static int find_journal(struct journal *j, const struct journal_config *config, char *why)
{
    int rc = config->directory != NULL ? sd_journal_open_directory(&j->journal, config->directory, 0)
                                       : sd_journal_open(&j->journal, SD_JOURNAL_LOCAL_ONLY);
    bool any = rc >= 0 && (config->directory != NULL || sd_journal_has_runtime_files(j->journal) > 0 ||
                           sd_journal_has_persistent_files(j->journal) > 0);
    if (any) {
        sd_journal_set_data_threshold(j->journal, FIELD_MAX_BYTES);
        return 0;
    }
    /* Files that may not be read are passed over by libsystemd without an error: both causes look the same.
     */
    if (config->directory != NULL)
        snprintf(why, SOURCE_ERROR_BYTES, "journal: no systemd journal in %s", config->directory);
    else
        snprintf(why, SOURCE_ERROR_BYTES,
                 "journal: no systemd journal on this host, or none that this user may read (the agent needs "
                 "the group systemd-journal or CAP_DAC_READ_SEARCH)");
    return rc < 0 ? from_journal(rc) : VD_ENOTFOUND;
}

static int prepare(struct journal *j, const struct journal_config *config, struct vd_bytes cursor, char *why)
{
    int rc = find_journal(j, config, why);
    if (rc != 0)
        return rc;
    /* The descriptor first: what is written from here on is then announced. */
    int fd = sd_journal_get_fd(j->journal);
    rc = fd < 0 ? from_journal(fd) : seek(j, config->from_end, cursor);
    if (rc != 0) {
        snprintf(why, SOURCE_ERROR_BYTES, "journal: %s",
                 rc == VD_EMALFORMED ? "the saved cursor is damaged" : vd_error_text(rc));
        return rc;
    }
    uv_poll_init(j->source.host.loop, &j->poll, fd);
    j->poll.data = j;
    if (!j->once)
        uv_poll_start(&j->poll, UV_READABLE, on_readable);
    return 0;
}

int journal_open(struct source **out, const struct source_host *host, const struct journal_config *config,
                 struct vd_bytes cursor, char *why)
{
    *out = NULL;
    struct journal *j = vd_calloc(1, sizeof *j);
    if (j == NULL) {
        snprintf(why, SOURCE_ERROR_BYTES, "journal: %s", vd_error_text(VD_ENOMEM));
        return VD_ENOMEM;
    }
    source_init(&j->source, &JOURNAL, "journal", host);
    j->once = config->once;
    vd_buffer_init(&j->event, EVENT_MAX_BYTES);
    /* Entries carry their time in UTC. */
    vd_parse_init(&j->parse, &(struct vd_parse_options){.hostname = host->hostname,
                                                        .product_name = host->product_name,
                                                        .product_version = host->product_version});
    j->parse.log_name = "journal";
    int rc = prepare(j, config, cursor, why);
    if (rc != 0) {
        journal_free(j);
        return rc;
    }
    *out = &j->source;
    return 0;
}
