/* The fields of an Event that routing and scoring need, as views into its own wire bytes: one bounds-checked
 * walk, no unpacking, no allocation. Occurrences merge as protobuf says: the last scalar wins, also across
 * repeated sub-messages. Pure; any thread. */
#ifndef VEDETTE_EVENT_VIEW_H
#define VEDETTE_EVENT_VIEW_H

#include <vedette/bytes.h>

struct vd_event_view {
    int32_t class_uid, activity_id, severity_id, status_id, count, risk_score, risk_level_id;
    uint32_t dst_port;
    int64_t time_ms, processed_ms; /* when it happened; when the collector took it */
    uint64_t sequence;
    struct vd_bytes uid, tenant_uid, stream_uid, event_code; /* metadata */
    struct vd_bytes device_uid, device_hostname;
    struct vd_bytes user_name; /* user.name, else actor.user.name */
    struct vd_bytes actor_user_name;
    struct vd_bytes src_ip, dst_ip;
    struct vd_bytes process_name, process_path; /* process.name, process.file.path */
    struct vd_bytes parent_name;                /* process.parent_process.name */
    struct vd_bytes file_path;
    struct vd_bytes finding_uid, message, risk_details;
    struct vd_bytes rule_uid; /* finding_info.analytic.uid */
};

/* VD_EMALFORMED where the bytes are no protobuf message or a viewed field has the wrong wire type. Unknown
 * fields are stepped over; times that no clock shows are read as 0. */
int vd_event_view_read(struct vd_event_view *out, struct vd_bytes event);

#endif
