/* The clocks, read in main loops only: everything below takes the time as an argument. Any thread. */
#ifndef VEDETTE_CLOCK_H
#define VEDETTE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds since the epoch, UTC. */
int64_t vd_clock_real_ms(void);
/* Milliseconds since boot; never goes back. */
int64_t vd_clock_monotonic_ms(void);
int64_t vd_clock_monotonic_ns(void);

#define VD_TIME_TEXT_BYTES 32
/* "2026-11-22T20:00:00.123Z" into out (VD_TIME_TEXT_BYTES); returns its length. */
size_t vd_time_text(int64_t real_ms, char *out);

#endif
