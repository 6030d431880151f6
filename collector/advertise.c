/* An address that can be told to others. */
#include "advertise.h"

#include <stdio.h>
#include <vedette/connector.h>

/* "0.0.0.0", "::": only zeros and what stands between them. */
static bool every_address(const char *host)
{
    return strspn(host, "0.:[]") == strlen(host);
}

void advertised_address(char *out, const char *configured, const char *listening)
{
    struct vd_address bound;
    char name[128];
    size_t size = sizeof name;
    bool told = configured[0] != '\0';
    snprintf(out, VD_SESSION_TEXT_BYTES, "%s", told ? configured : listening);
    if (!told && vd_address_parse(&bound, listening) == 0 && every_address(bound.host) &&
        uv_os_gethostname(name, &size) == 0)
        snprintf(out, VD_SESSION_TEXT_BYTES, "%s:%s", name, bound.port);
}
