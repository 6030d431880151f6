/* What a record of a shard looks like in Kafka: topic, key and headers. */
#include "publish/outlet.h"

/* By hand: this is done for every event. */
static struct vd_bytes decimal(char out[OUTLET_TEXT_BYTES], int32_t value)
{
    size_t at = OUTLET_TEXT_BYTES;
    uint32_t left = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    do
        out[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        out[--at] = '-';
    return vd_bytes_of(out + at, OUTLET_TEXT_BYTES - at);
}

/* A finding too: one key's records are all in one partition, or compaction would keep several. */
static void write_event(struct vd_record *out, const struct outlet_record *r, char text[OUTLET_TEXT_BYTES])
{
    *out = (struct vd_record){
        .topic = r->is_finding ? VD_TOPIC_FINDINGS : VD_TOPIC_EVENTS,
        .partition = r->is_finding ? -1 : r->partition,
        .key = r->key,
        .value = r->value,
        .header_count = r->tenant.len > 0 ? 3 : 2,
        .headers = {{"content-type", vd_bytes_str("application/protobuf")},
                    {"class_uid", decimal(text, r->class_uid)},
                    {"tenant_uid", r->tenant}},
        .time_ms = r->time_ms,
        .opaque = r->opaque,
    };
}

static void write_refusal(struct vd_record *out, const struct outlet_record *r)
{
    *out = (struct vd_record){
        .topic = VD_TOPIC_DLQ,
        .partition = -1,
        .key = r->key,
        .value = r->value,
        .header_count = 4,
        .headers = {{"content-type", vd_bytes_str("application/protobuf")},
                    {"tenant_uid", r->tenant},
                    {"reason", vd_bytes_str(r->reason)},
                    {"path", vd_bytes_str(r->path)}},
        .time_ms = r->time_ms,
        .opaque = r->opaque,
    };
}

void outlet_record_write(struct vd_record *out, const struct outlet_record *r, char text[OUTLET_TEXT_BYTES])
{
    if (r->reason == NULL)
        write_event(out, r, text);
    else
        write_refusal(out, r);
}
