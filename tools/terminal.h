/* What the terminal on standard output can show. */
#ifndef VEDETTE_TOOLS_TERMINAL_H
#define VEDETTE_TOOLS_TERMINAL_H

#include <stdbool.h>

struct terminal_size {
    unsigned columns, rows; /* 0: it is no terminal */
};

struct terminal_size terminal_size(void);
/* It is one, and NO_COLOR is not set. */
bool terminal_wants_color(void);
/* The locale's characters are UTF-8. Sets the locale of characters, to what the environment says. */
bool terminal_utf8(void);

#endif
