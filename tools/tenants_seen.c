/* The first few tenants, by name. */
#include "tenants_seen.h"

#include <string.h>
#include <vedette/utf8.h>

#include "tail_text.h"

static void keep(struct tenants_seen *seen, struct vd_bytes tenant)
{
    for (size_t i = 0; i < seen->count; i++)
        if (vd_bytes_equal(vd_bytes_str(seen->names[i]), tenant))
            return;
    if (seen->count == TENANTS_SEEN_MAX || tenant.len >= TENANTS_SEEN_NAME_BYTES) {
        seen->more = true;
        return;
    }
    char *name = seen->names[seen->count++];
    name[vd_utf8_repair(tenant, (uint8_t *)name, TENANTS_SEEN_NAME_BYTES - 1)] = '\0';
}

void tenants_seen_take(struct tenants_seen *seen, const char *wanted, struct vd_bytes tenant)
{
    seen->events++;
    if (seen->wanted)
        return;
    if (vd_bytes_equal(tenant, vd_bytes_str(wanted)))
        seen->wanted = true;
    else if (tenant.len > 0)
        keep(seen, tenant);
}

void tenants_seen_tell(const struct tenants_seen *seen, const char *wanted, char out[TENANTS_SEEN_TEXT_BYTES])
{
    struct vd_buffer text;
    vd_buffer_init(&text, TENANTS_SEEN_TEXT_BYTES - 1);
    struct tail_text line = {.out = &text, .limit = TENANTS_SEEN_TEXT_BYTES};
    tail_text_plain(&line, "no event of tenant ");
    tail_text_foreign(&line, vd_bytes_str(wanted));
    tail_text_plain(&line, " so far");
    if (seen->events == 0)
        tail_text_plain(&line, ", nor of any other");
    else
        tail_text_print(&line, ", among %llu read", (unsigned long long)seen->events);
    for (size_t i = 0; i < seen->count; i++) {
        tail_text_plain(&line, i == 0 ? ": " : ", ");
        tail_text_foreign(&line, vd_bytes_str(seen->names[i]));
    }
    if (seen->more)
        tail_text_plain(&line, ", ...");
    struct vd_bytes bytes = vd_buffer_bytes(&text);
    if (bytes.data != NULL)
        memcpy(out, bytes.data, bytes.len);
    out[bytes.len] = '\0';
    vd_buffer_deinit(&text);
}
