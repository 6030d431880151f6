/* Any bytes as an agent's event: what the validator takes, protobuf-c unpacks and the view reads; what it
 * refuses, it says why. */
#include <event.pb-c.h>
#include <stdlib.h>
#include <vedette/event_validate.h>
#include <vedette/event_view.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vd_validate_limits limits = {.event_max_bytes = 64 * 1024};
    struct vd_refusal why = {0};
    struct vd_event_view view, again;
    struct vd_bytes in = vd_bytes_of(data, size);
    if (vd_event_validate(&view, in, &limits, INT64_C(1800000000000), &why) != 0) {
        if (why.reason == NULL || memchr(why.path, 0, sizeof why.path) == NULL)
            abort();
        return 0;
    }
    Vedette__V1__Event *event = vedette__v1__event__unpack(NULL, size, data);
    if (event == NULL || vd_event_view_read(&again, in) != 0 || memcmp(&view, &again, sizeof view) != 0 ||
        view.class_uid != event->class_uid)
        abort();
    vedette__v1__event__free_unpacked(event, NULL);
    return 0;
}
