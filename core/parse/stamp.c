/* Stamps of RFC 3164, which have neither year nor zone, and of ISO 8601 as RFC 3339 narrows it. */
#include "stamp.h"

enum { SECONDS_A_DAY = 86400, ZONE_SLOT_S = 900, ZONE_MAX_S = 86400 };

struct civil {
    uint32_t year, month, day, hour, minute, second, ms;
};

static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since the epoch, by eras of 400 years that begin in March, so that the odd day is a year's last. */
static int64_t days_from_civil(int64_t year, uint32_t month, uint32_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t epoch_s)
{
    int64_t year = 1970 + epoch_s / 31556952;
    while (days_from_civil(year + 1, 1, 1) * SECONDS_A_DAY <= epoch_s)
        year++;
    while (days_from_civil(year, 1, 1) * SECONDS_A_DAY > epoch_s)
        year--;
    return year;
}

static bool real(const struct civil *c)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->month < 1 || c->month > 12 || c->hour > 23 || c->minute > 59 || c->second > 60)
        return false;
    uint32_t days = DAYS[c->month - 1] + (c->month == 2 && leap(c->year) ? 1u : 0u);
    return c->day >= 1 && c->day <= days;
}

static int64_t local_seconds(const struct civil *c)
{
    return days_from_civil(c->year, c->month, c->day) * SECONDS_A_DAY + c->hour * 3600 + c->minute * 60 +
           c->second;
}

/* Zones change at quarters of an hour, so that the answer for one lasts for it: asking the host is slow. */
static int64_t utc_from_local(struct vd_parse *p, int64_t local_s)
{
    if (p->options.utc_offset_s == NULL)
        return local_s;
    int64_t slot = local_s / ZONE_SLOT_S;
    if (slot != p->zone_slot) {
        p->zone_offset_s = p->options.utc_offset_s(local_s);
        p->zone_slot = slot;
    }
    return local_s - p->zone_offset_s;
}

static bool number_at(struct vd_bytes text, size_t at, size_t len, uint32_t *out)
{
    uint32_t value = 0;
    if (text.len < at + len)
        return false;
    for (size_t i = at; i < at + len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = value;
    return true;
}

static bool char_at(struct vd_bytes text, size_t at, char c)
{
    return at < text.len && text.data[at] == (uint8_t)c;
}

static bool clock_at(struct vd_bytes text, size_t at, struct civil *out)
{
    return number_at(text, at, 2, &out->hour) && char_at(text, at + 2, ':') &&
           number_at(text, at + 3, 2, &out->minute) && char_at(text, at + 5, ':') &&
           number_at(text, at + 6, 2, &out->second);
}

static uint32_t month_at(struct vd_bytes text)
{
    static const char NAMES[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (uint32_t month = 0; text.len >= 3 && month < 12; month++)
        if (memcmp(text.data, NAMES + (size_t)month * 3, 3) == 0)
            return month + 1;
    return 0;
}

static void take(struct vd_bytes *line, size_t len, struct vd_bytes *text)
{
    *text = vd_bytes_of(line->data, len);
    *line = vd_bytes_of(line->data + len, line->len - len);
}

bool stamp_take_rfc3164(struct vd_parse *p, struct vd_bytes *line, int64_t now_ms, struct vd_bytes *text,
                        int64_t *time_ms)
{
    struct civil c = {.month = month_at(*line)};
    if (c.month == 0 || !char_at(*line, 3, ' '))
        return false;
    size_t day_at = char_at(*line, 4, ' ') ? 5 : 4;
    size_t day_len = day_at == 5 || char_at(*line, 5, ' ') ? 1 : 2, clock = day_at + day_len + 1;
    if (!number_at(*line, day_at, day_len, &c.day) || !char_at(*line, clock - 1, ' ') ||
        !clock_at(*line, clock, &c))
        return false;
    int64_t latest_s = now_ms / 1000 + SECONDS_A_DAY;
    /* A day into the next year may be a day ahead; the 29th of February needs up to eight years back (1896 to
     * 1904). */
    int64_t year = year_of(latest_s) + 1, oldest = year - 10;
    for (; year > oldest && year > 0; year--) {
        c.year = (uint32_t)year;
        if (!real(&c) || local_seconds(&c) - ZONE_MAX_S > latest_s)
            continue;
        int64_t utc_s = utc_from_local(p, local_seconds(&c));
        if (utc_s > latest_s)
            continue;
        *time_ms = utc_s * 1000;
        take(line, clock + 8, text);
        return true;
    }
    return false;
}

/* The zone at `at`: its offset, and *end past it. False: there is none. */
static bool zone_at(struct vd_bytes text, size_t at, int64_t *offset_s, size_t *end)
{
    uint32_t hours, minutes;
    if (char_at(text, at, 'Z') || char_at(text, at, 'z')) {
        *offset_s = 0;
        *end = at + 1;
        return true;
    }
    if (!char_at(text, at, '+') && !char_at(text, at, '-'))
        return false;
    size_t colon = char_at(text, at + 3, ':') ? 1 : 0;
    if (!number_at(text, at + 1, 2, &hours) || !number_at(text, at + 3 + colon, 2, &minutes))
        return false;
    *offset_s = (char_at(text, at, '-') ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
    *end = at + 5 + colon;
    return true;
}

static size_t fraction_at(struct vd_bytes text, size_t at, uint32_t *ms)
{
    uint32_t scale = 100;
    *ms = 0;
    if (!char_at(text, at, '.') && !char_at(text, at, ','))
        return at;
    for (at++; at < text.len && text.data[at] >= '0' && text.data[at] <= '9'; at++, scale /= 10)
        *ms += scale * (uint32_t)(text.data[at] - '0');
    return at;
}

bool stamp_take_iso8601(struct vd_parse *p, struct vd_bytes *line, struct vd_bytes *text, int64_t *time_ms)
{
    struct civil c = {0};
    if (!number_at(*line, 0, 4, &c.year) || !char_at(*line, 4, '-') || !number_at(*line, 5, 2, &c.month) ||
        !char_at(*line, 7, '-') || !number_at(*line, 8, 2, &c.day) ||
        !(char_at(*line, 10, 'T') || char_at(*line, 10, ' ')) || !clock_at(*line, 11, &c) || !real(&c))
        return false;
    int64_t local_s = local_seconds(&c), offset_s, utc_s;
    size_t at = fraction_at(*line, 19, &c.ms), end = at;
    utc_s = zone_at(*line, at, &offset_s, &end) ? local_s - offset_s : utc_from_local(p, local_s);
    if (end < line->len && !char_at(*line, end, ' '))
        return false;
    *time_ms = utc_s * 1000 + c.ms;
    take(line, end, text);
    return true;
}
