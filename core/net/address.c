/* "host:port" to its parts, and socket addresses to text. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <uv.h>
#include <vedette/connector.h>
#include <vedette/error.h>

/* Whether the first len bytes are all of the allowed ones. */
static bool only(const char *text, size_t len, const char *allowed)
{
    return len > 0 && strspn(text, allowed) >= len;
}

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool port_valid(const char *text)
{
    size_t len = strlen(text);
    if (len > 5 || !only(text, len, DIGITS))
        return false;
    unsigned port = 0;
    for (; *text != '\0'; text++)
        port = port * 10 + (unsigned)(*text - '0');
    return port <= 65535;
}

/* The last colon divides: an IPv6 address has others, which is why it needs its brackets. */
int vd_address_parse(struct vd_address *out, const char *text)
{
    const char *colon = strrchr(text, ':'), *host = text;
    if (colon == NULL || !port_valid(colon + 1))
        return VD_EINVAL;
    size_t len = (size_t)(colon - text);
    bool bracketed = text[0] == '[';
    if (bracketed) {
        if (len < 2 || text[len - 1] != ']')
            return VD_EINVAL;
        host++;
        len -= 2;
    }
    /* A zone ("fe80::1%eth0") may hold any letter. */
    if (len >= sizeof out->host ||
        !only(host, len, bracketed ? LETTERS DIGITS ":.%_-" : LETTERS DIGITS "._-"))
        return VD_EINVAL;
    memcpy(out->host, host, len);
    out->host[len] = '\0';
    snprintf(out->port, sizeof out->port, "%s", colon + 1);
    return 0;
}

void vd_address_text(const struct sockaddr *address, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        uv_ip4_name(in, host, sizeof host);
        snprintf(out, size, "%s:%u", host, ntohs(in->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;
        uv_ip6_name(in, host, sizeof host);
        snprintf(out, size, "[%s]:%u", host, ntohs(in->sin6_port));
    } else {
        snprintf(out, size, "?");
    }
}
