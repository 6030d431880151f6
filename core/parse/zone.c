/* The host's time zone, from the C library. */
#include <vedette/parse.h>

#include <time.h>

int32_t vd_parse_zone_local(int64_t local_s)
{
    time_t as_utc = (time_t)local_s;
    struct tm civil;
    if (gmtime_r(&as_utc, &civil) == NULL)
        return 0;
    /* In the hour that a change of clocks repeats, the C library chooses. */
    civil.tm_isdst = -1;
    time_t utc = mktime(&civil);
    return utc == (time_t)-1 ? 0 : (int32_t)(local_s - (int64_t)utc);
}
