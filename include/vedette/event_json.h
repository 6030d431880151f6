/* Events as OCSF 1.8 JSON, one object a line, and back.
 *
 * Field names and nesting are OCSF's. event.proto flattens a few objects, which JSON nests again:
 *   Attack.tactic_uid → tactic.uid (technique, sub_technique likewise),
 *   FindingInfo.related_event_uids → related_events[].uid, Process.container_uid → container.uid,
 *   Device.org_uid → org.uid, NetworkEndpoint.country → location.country,
 *   NetworkEndpoint.asn → autonomous_system.number.
 * Observation.value is a string of digits, as in OCSF, or "NaN", "Infinity", "-Infinity".
 * Absent fields (0, "") are left out. Pure; any thread. */
#ifndef VEDETTE_EVENT_JSON_H
#define VEDETTE_EVENT_JSON_H

#include <vedette/arena.h>
#include <vedette/buffer.h>
#include <vedette/session.h>

enum {
    VD_EVENT_JSON_UNMAPPED_MAX = 1024, /* entries of unmapped that are written or read */
    /* The longest text that is read: escapes make six bytes of one, names of fields a few more; beyond that a
     * text is no event that anybody takes. */
    VD_EVENT_JSON_MAX_BYTES = 8 * VD_EVENT_MAX_BYTES
};

/* Appends the event as one JSON object, without a newline. event: protobuf bytes of vedette.v1.Event;
 * occurrences of a field are merged as protobuf says. scratch is used for unpacking and reset before return.
 * Invalid UTF-8 becomes U+FFFD, a string ends at its first NUL, unknown fields are left out: what is written
 * is JSON whoever made the event.
 * VD_EMALFORMED, VD_ELIMIT (out's or scratch's limit, or VD_EVENT_JSON_UNMAPPED_MAX), VD_ENOMEM; out is then
 * as it was. */
int vd_event_json_write(struct vd_bytes event, struct vd_arena *scratch, struct vd_buffer *out);

#define VD_JSON_ERROR_BYTES 160
/* Appends the protobuf bytes of one JSON object. VD_EMALFORMED comes with a sentence in error
 * (VD_JSON_ERROR_BYTES; empty unless malformed; may be NULL):
 *   what is no event (unknown names, wrong types, numbers out of range) with its path,
 *     "src_endpoint.port: expected an integer";
 *   what is no JSON (also invalid UTF-8, a NUL, a name twice, an integer beyond 64 bits) with its place, in
 *     jansson's words, "line 1, column 10, position 10: ':' expected near '1'".
 * VD_ELIMIT, VD_ENOMEM as above; VD_ELIMIT also for a text over VD_EVENT_JSON_MAX_BYTES.
 *
 * jansson's tree of the text is on jansson's own heap, not in scratch: up to eighty times the text ("{},"
 * again and again), so 160 MiB at most, and gone before return. Where that heap is exhausted within a string,
 * jansson calls the text malformed. */
int vd_event_json_read(struct vd_bytes json, struct vd_arena *scratch, struct vd_buffer *out, char *error);

#endif
