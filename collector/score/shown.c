/* Hostile texts: names come from whoever fails to log in. */
#include "shown.h"

#include <vedette/utf8.h>

size_t shown_text(struct vd_bytes text, uint8_t *out, size_t cap)
{
    size_t len = vd_utf8_repair(text, out, cap);
    for (size_t i = 0; i < len; i++) {
        bool c1 = out[i] == 0xc2 && out[i + 1] < 0xa0; /* U+0080 to U+009F */
        if (out[i] >= 0x20 && out[i] != 0x7f && !c1)
            continue;
        out[i] = '?';
        if (c1)
            out[i + 1] = '?';
    }
    return len;
}
