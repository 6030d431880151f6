/* Numbers and durations on a command line, all of the text and within their bounds. */
#include "number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long long number_of(struct argp_state *state, const char *option, const char *text, long long low,
                    long long high)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < low || number > high)
        argp_error(state, "--%s %s: must be a number from %lld to %lld", option, text, low, high);
    return number;
}

long long duration_of(struct argp_state *state, const char *option, const char *text, long long high_s)
{
    static const struct {
        char unit;
        long long seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char number[16];
    size_t len = strlen(text);
    for (size_t i = 0; len > 1 && len < sizeof number && i < sizeof units / sizeof *units; i++) {
        if (text[len - 1] != units[i].unit)
            continue;
        snprintf(number, sizeof number, "%.*s", (int)(len - 1), text);
        return units[i].seconds * number_of(state, option, number, 0, high_s / units[i].seconds);
    }
    argp_error(state, "--%s %s: must be like 90s, 10m, 2h or 1d", option, text);
    return 0;
}
