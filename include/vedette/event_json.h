/* Events as OCSF 1.8 JSON, one object a line, and back.
 *
 * Field names and nesting are OCSF's. event.proto flattens a few objects, which JSON nests again:
 *   Attack.tactic_uid → tactic.uid (technique, sub_technique likewise), FindingInfo.related_event_uids → related_events[].uid,
 *   Process.container_uid → container.uid, Device.org_uid → org.uid, NetworkEndpoint.country → location.country,
 *   NetworkEndpoint.asn → autonomous_system.number. Observation.value is a string of digits, as in OCSF, or "NaN",
 *   "Infinity", "-Infinity".
 * Absent fields (0, "") are left out. Pure; any thread. */
#ifndef VEDETTE_EVENT_JSON_H
#define VEDETTE_EVENT_JSON_H

#include <vedette/arena.h>
#include <vedette/buffer.h>

/* Entries of unmapped that are written or read. */
enum { VD_EVENT_JSON_UNMAPPED_MAX = 1024 };

/* Appends the event as one JSON object, without a newline. event: protobuf bytes of vedette.v1.Event; occurrences of a
 * field are merged as protobuf says. scratch is used for unpacking and reset before return. Invalid UTF-8 becomes
 * U+FFFD, a string ends at its first NUL, unknown fields are left out: what is written is JSON whoever made the event.
 * VD_EMALFORMED, VD_ELIMIT (out's or scratch's limit, or VD_EVENT_JSON_UNMAPPED_MAX), VD_ENOMEM; out is then as it was. */
int vd_event_json_write(struct vd_bytes event, struct vd_arena *scratch, struct vd_buffer *out);

#define VD_JSON_ERROR_BYTES 160
/* Appends the protobuf bytes of one JSON object. Unknown names, names twice, wrong types, numbers out of range, invalid
 * UTF-8, a NUL in a string are refused: VD_EMALFORMED, with a sentence that names the path
 * ("src_endpoint.port: expected an integer") in error (VD_JSON_ERROR_BYTES; empty unless malformed; may be NULL).
 * VD_ELIMIT, VD_ENOMEM as above. */
int vd_event_json_read(struct vd_bytes json, struct vd_arena *scratch, struct vd_buffer *out, char *error);

#endif
