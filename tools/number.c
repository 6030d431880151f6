/* Numbers on a command line, all of the text and within their bounds. */
#include "number.h"

#include <errno.h>
#include <stdlib.h>

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
