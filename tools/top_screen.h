/* The terminal, taken over for a page and given back however the program ends: at its return, at a signal, at
 * a crash, and while it is stopped with Ctrl-Z. One at a time. */
#ifndef VEDETTE_TOOLS_TOP_SCREEN_H
#define VEDETTE_TOOLS_TOP_SCREEN_H

#include <stdbool.h>
#include <vedette/bytes.h>

/* 0, or VD_EIO: standard output is no terminal that can be taken over. */
int top_screen_enter(void);
void top_screen_leave(void); /* idempotent */
/* All of it, or false: the terminal is gone. */
bool top_screen_write(struct vd_bytes bytes);
enum { TOP_KEYS_BYTES = 256 };
/* Waits up to timeout_ms for keys. How many bytes; 0: none; -1: the terminal is gone. */
int top_screen_keys(unsigned char out[TOP_KEYS_BYTES], int timeout_ms);
/* A signal asked for the end. */
bool top_screen_ended(void);
/* Once: the size changed, or the program goes on after a stop. */
bool top_screen_changed(void);

#endif
