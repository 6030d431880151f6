/* Any bytes as an event: every view lies within them. */
#include <stdlib.h>
#include <vedette/event_view.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_event_view v;
    if (vd_event_view_read(&v, vd_bytes_of(data, size)) != 0)
        return 0;
    const struct vd_bytes views[] = {
        v.uid,         v.tenant_uid,   v.stream_uid, v.event_code, v.device_uid,   v.device_hostname,
        v.user_name,   v.src_ip,       v.dst_ip,     v.message,    v.process_name, v.process_path,
        v.finding_uid, v.risk_details,
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (views[i].len > 0 && (views[i].data < data || views[i].data + views[i].len > data + size))
            abort();
    return 0;
}
