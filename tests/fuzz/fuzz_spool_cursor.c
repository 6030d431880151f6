/* Any bytes as a source's cursor, as `vedette spool list` prints it: nothing of it may reach the terminal
 * raw.
 */
#include "spool_cursor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const char *source, struct vd_bytes cursor)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return;
    spool_cursor_print(source, cursor, out);
    fclose(out);
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
            abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* No path, so that no file of this host is looked at. */
    print("tail:", vd_bytes_of(data, size));
    print("journal", vd_bytes_of(data, size));
    return 0;
}
