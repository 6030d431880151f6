/* Numbers of the fields of event.proto that are read or written in wire form. A unit test holds each against
 * the generated descriptor, by name. */
#ifndef EVENT_FIELDS_H
#define EVENT_FIELDS_H

/* X(constant, message, field, number) */
/* clang-format off */
#define EVENT_FIELDS(X)                                                          \
    X(EVENT_SEVERITY_ID,       event,                 severity_id,            3) \
    X(EVENT_TIME,              event,                 time,                   5) \
    X(EVENT_METADATA,          event,                 metadata,               6) \
    X(EVENT_DEVICE,            event,                 device,                 7) \
    X(EVENT_MESSAGE,           event,                 message,               15) \
    X(EVENT_CATEGORY_UID,      event,                 category_uid,          16) \
    X(EVENT_TYPE_UID,          event,                 type_uid,              17) \
    X(EVENT_COUNT,             event,                 count,                 20) \
    X(EVENT_START_TIME,        event,                 start_time,            21) \
    X(EVENT_END_TIME,          event,                 end_time,              22) \
    X(EVENT_UNMAPPED,          event,                 unmapped,              24) \
    X(EVENT_RISK_SCORE,        event,                 risk_score,            50) \
    X(EVENT_RISK_LEVEL_ID,     event,                 risk_level_id,         51) \
    X(EVENT_IS_ALERT,          event,                 is_alert,              52) \
    X(EVENT_CONFIDENCE_ID,     event,                 confidence_id,         53) \
    X(EVENT_RISK_DETAILS,      event,                 risk_details,          54) \
    X(EVENT_ATTACKS,           event,                 attacks,               55) \
    X(EVENT_OSINT,             event,                 osint,                 56) \
    X(EVENT_OBSERVABLES,       event,                 observables,           57) \
    X(EVENT_FINDING_INFO,      event,                 finding_info,          60) \
    X(EVENT_ANOMALY_ANALYSES,  event,                 anomaly_analyses,      61) \
    X(FINDING_RELATED_UIDS,    finding_info,          related_event_uids,     8) \
    X(FINDING_MODIFIED_TIME,   finding_info,          modified_time,         10) \
    X(FINDING_RELATED_COUNT,   finding_info,          related_events_count,  11) \
    X(FINDING_ATTACKS,         finding_info,          attacks,               12) \
    X(UNMAPPED_KEY,            event__unmapped_entry, key,                    1) \
    X(UNMAPPED_VALUE,          event__unmapped_entry, value,                  2) \
    X(METADATA_UID,            metadata,              uid,                    1) \
    X(METADATA_VERSION,        metadata,              version,                2) \
    X(METADATA_TENANT_UID,     metadata,              tenant_uid,             4) \
    X(METADATA_PROCESSED_TIME, metadata,              processed_time,         9) \
    X(METADATA_SEQUENCE,       metadata,              sequence,              10) \
    X(METADATA_STREAM_UID,     metadata,              stream_uid,            14) \
    X(METADATA_EVENT_CODE,     metadata,              event_code,            15) \
    X(DEVICE_UID,              device,                uid,                    1) \
    X(DEVICE_HOSTNAME,         device,                hostname,               2) \
    X(ANALYSIS_TARGETS,        anomaly_analysis,      analysis_targets,       1) \
    X(ANALYSIS_ANOMALIES,      anomaly_analysis,      anomalies,              2) \
    X(ANALYSIS_BASELINES,      anomaly_analysis,      baselines,              3) \
    X(TARGET_NAME,             analysis_target,       name,                   1) \
    X(TARGET_TYPE,             analysis_target,       type,                   2) \
    X(ANOMALY_PARAMETER,       anomaly,               observation_parameter,  1) \
    X(ANOMALY_TYPE,            anomaly,               observation_type,       2) \
    X(ANOMALY_PATTERN,         anomaly,               observed_pattern,       3) \
    X(ANOMALY_OBSERVATIONS,    anomaly,               observations,           4) \
    X(OBSERVATION_VALUE,       observation,           value,                  1) \
    X(OBSERVATION_COUNT,       observation,           count,                  2)
/* clang-format on */

enum event_field {
#define EVENT_FIELD_ENUM(constant, message, field, number) constant = number,
    EVENT_FIELDS(EVENT_FIELD_ENUM)
#undef EVENT_FIELD_ENUM
};

#endif
