/* Where a source of an agent stands, for people: a file and a place in it, the time of an entry of the
 * journal. */
#ifndef VEDETTE_TOOLS_SPOOL_CURSOR_H
#define VEDETTE_TOOLS_SPOOL_CURSOR_H

#include <stdio.h>
#include <vedette/bytes.h>

/* A line for each place. Files are looked for where the source's name says, and only their first bytes are
 * read; a cursor of another form is printed as it is. */
void spool_cursor_print(const char *source, struct vd_bytes cursor, FILE *out);
/* Texts of whoever wrote the spool: printed, what is no printable ASCII as \xNN. */
void spool_text_print(struct vd_bytes text, FILE *out);

#endif
