/* JSON's escapes, and those of what a terminal would obey. */
#include "json_string.h"

#include <vedette/utf8.h>

/* The two bytes of U+0080 to U+009F, which some terminals take for an ESC and a letter. */
static bool is_c1(const uint8_t *text, size_t left)
{
    return left > 1 && text[0] == 0xc2 && text[1] < 0xa0;
}

void json_string(FILE *out, struct vd_bytes text)
{
    uint8_t repaired[4096];
    size_t len = vd_utf8_repair(text, repaired, sizeof repaired);
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        bool c1 = is_c1(repaired + i, len - i);
        i += c1;
        if (repaired[i] < 0x20 || repaired[i] == 0x7f || c1)
            fprintf(out, "\\u%04x", repaired[i]);
        else
            fprintf(out, repaired[i] == '"' || repaired[i] == '\\' ? "\\%c" : "%c", repaired[i]);
    }
    fputc('"', out);
}
