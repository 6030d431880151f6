/* The kernel's clocks. */
#include <vedette/clock.h>

#include <stdio.h>
#include <time.h>

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t vd_clock_real_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t vd_clock_monotonic_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t vd_clock_monotonic_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

size_t vd_time_text(int64_t real_ms, char *out)
{
    int64_t seconds = real_ms / 1000, rest_ms = real_ms % 1000;
    if (rest_ms < 0) {
        rest_ms += 1000;
        seconds--;
    }
    time_t when = (time_t)seconds;
    struct tm utc;
    /* Beyond the year 9999 the text would not fit; such a stamp is nobody's real time. */
    if (gmtime_r(&when, &utc) == NULL || utc.tm_year > 9999 - 1900 || utc.tm_year < -1900) {
        out[0] = '-';
        out[1] = '\0';
        return 1;
    }
    size_t len = strftime(out, VD_TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    return len + (size_t)snprintf(out + len, VD_TIME_TEXT_BYTES - len, ".%03dZ", (int)rest_ms);
}
