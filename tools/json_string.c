/* JSON's escapes. */
#include "json_string.h"

#include <vedette/utf8.h>

void json_string(FILE *out, struct vd_bytes text)
{
    uint8_t repaired[4096];
    size_t len = vd_utf8_repair(text, repaired, sizeof repaired);
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (repaired[i] < 0x20)
            fprintf(out, "\\u%04x", repaired[i]);
        else
            fprintf(out, repaired[i] == '"' || repaired[i] == '\\' ? "\\%c" : "%c", repaired[i]);
    }
    fputc('"', out);
}
