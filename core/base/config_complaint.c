/* What texts in a configuration must look like, and how errors about them read. */
#include "config_value.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void config_error(char *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, VD_CONFIG_ERROR_BYTES, format, args);
    va_end(args);
    for (char *c = error; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

void config_key_names(const struct vd_config_key *keys, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (const struct vd_config_key *key = keys; key->type != VD_CONFIG_END && len < cap; key++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s", len > 0 ? ", " : "", key->name);
    if (len >= cap)
        memcpy(out + cap - 4, "...", 4);
}

/* Where the port of "host:port" begins; NULL: there is no host before it. An IPv6 address stands in brackets.
 */
static const char *port_of(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text)
        return NULL;
    if (text[0] == '[')
        return colon > text + 2 && colon[-1] == ']' ? colon + 1 : NULL;
    return memchr(text, ':', (size_t)(colon - text)) == NULL ? colon + 1 : NULL;
}

const char *vd_config_host_port_complaint(const char *text)
{
    static const char wanted[] = "must be host:port";
    const char *port = port_of(text);
    if (port == NULL || strpbrk(text, " \t\n,/") != NULL)
        return wanted;
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || digits > 5 || port[digits] != '\0' || strtoul(port, NULL, 10) > UINT16_MAX)
        return "must be host:port with a port from 0 to 65535";
    return NULL;
}

const char *vd_config_listen_complaint(const char *text)
{
    uint8_t address[sizeof(struct in6_addr)];
    char host[INET6_ADDRSTRLEN];
    const char *why = vd_config_host_port_complaint(text);
    if (why != NULL)
        return why;
    bool six = text[0] == '[';
    size_t len = six ? strcspn(text + 1, "]") : strcspn(text, ":");
    if (len >= sizeof host)
        len = 0;
    memcpy(host, text + six, len);
    host[len] = '\0';
    return inet_pton(six ? AF_INET6 : AF_INET, host, address) == 1
               ? NULL
               : "must be an IP address of this host, not a name, and a port";
}

const char *vd_config_path_complaint(const char *text)
{
    return text[0] == '/' ? NULL : "must be an absolute path";
}

const char *vd_config_property_complaint(const char *text)
{
    const char *equals = strchr(text, '=');
    return equals != NULL && equals != text ? NULL : "must be name=value";
}
