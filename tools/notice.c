/* Notices, told apart by their code. */
#include "notice.h"

#include <vedette/gap.h>

static const struct {
    const char *code, *name;
} NOTICES[] = {
    [NOTICE_GAP] = {VD_GAP_CODE, "Gap"},
    [NOTICE_FORK] = {VD_FORK_CODE, "Fork"},
    [NOTICE_SILENCE] = {VD_SILENCE_CODE, "Silence"},
    [NOTICE_VOLUME] = {VD_VOLUME_CODE, "Volume"},
    [NOTICE_TAKEOVER] = {VD_TAKEOVER_CODE, "Takeover"},
};

enum notice notice_of(const struct vd_event_view *event)
{
    if (event->class_uid != 0 || event->event_code.len == 0)
        return NOTICE_NONE;
    for (int i = NOTICE_GAP; i <= NOTICE_TAKEOVER; i++)
        if (vd_bytes_equal(event->event_code, vd_bytes_str(NOTICES[i].code)))
            return i == NOTICE_GAP || event->sequence == 0 ? (enum notice)i : NOTICE_NONE;
    return NOTICE_NONE;
}

const char *notice_name(enum notice notice)
{
    return NOTICES[notice].name;
}
