/* UTF-8 as of RFC 3629, table 3-7 of the Unicode standard. */
#include <vedette/utf8.h>

static const uint8_t REPLACEMENT[3] = {0xef, 0xbf, 0xbd};

/* Length of the valid character at p (left bytes remain), or 0. */
static size_t character(const uint8_t *p, size_t left)
{
    uint8_t c = p[0], low = 0x80, high = 0xbf;
    size_t len;
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    if (c < 0xe0) {
        len = 2;
    } else if (c < 0xf0) {
        len = 3;
        low = c == 0xe0 ? 0xa0 : low;
        high = c == 0xed ? 0x9f : high;
    } else {
        len = 4;
        low = c == 0xf0 ? 0x90 : low;
        high = c == 0xf4 ? 0x8f : high;
    }
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool vd_utf8_valid(struct vd_bytes text)
{
    const uint8_t *p = text.data;
    size_t i = 0;
    while (i < text.len) {
        uint64_t word;
        if (text.len - i >= sizeof word) {
            memcpy(&word, p + i, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                i += sizeof word;
                continue;
            }
        }
        size_t len = character(p + i, text.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

size_t vd_utf8_repair(struct vd_bytes text, uint8_t *out, size_t cap)
{
    size_t written = 0;
    for (size_t i = 0; i < text.len;) {
        size_t len = text.data[i] == 0 ? 0 : character(text.data + i, text.len - i);
        const uint8_t *from = len > 0 ? text.data + i : REPLACEMENT;
        size_t bytes = len > 0 ? len : sizeof REPLACEMENT;
        if (bytes > cap - written)
            break;
        memcpy(out + written, from, bytes);
        written += bytes;
        i += len > 0 ? len : 1;
    }
    return written;
}
