/* Identities as SPIFFE URIs, read strictly: what is not exactly one of the two forms is nobody. */
#include <vedette/identity.h>

#include <stdio.h>
#include <vedette/error.h>

static bool name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool name_bytes_valid(struct vd_bytes name)
{
    if (name.len == 0 || name.len >= VD_NAME_BYTES)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!name_byte(name.data[i]))
            return false;
    }
    /* Names become parts of paths and of URIs, where these two mean something else. */
    return !vd_bytes_equal(name, vd_bytes_str(".")) && !vd_bytes_equal(name, vd_bytes_str(".."));
}

bool vd_name_valid(const char *name)
{
    return name_bytes_valid(vd_bytes_str(name));
}

bool vd_trust_domain_valid(const char *trust_domain)
{
    size_t len = trust_domain == NULL ? 0 : strlen(trust_domain);
    if (len == 0 || len >= VD_TRUST_DOMAIN_BYTES)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)trust_domain[i];
        if (!name_byte(c) || (c >= 'A' && c <= 'Z'))
            return false;
    }
    return true;
}

/* Moves past text if the rest begins with it. */
static bool take_text(struct vd_bytes *rest, const char *text)
{
    size_t len = strlen(text);
    if (rest->len < len || memcmp(rest->data, text, len) != 0)
        return false;
    *rest = vd_bytes_of(rest->data + len, rest->len - len);
    return true;
}

/* Moves past one segment and copies it; the slash after it stays. */
static bool take_name(struct vd_bytes *rest, char out[VD_NAME_BYTES])
{
    const uint8_t *slash = rest->len == 0 ? NULL : memchr(rest->data, '/', rest->len);
    struct vd_bytes name = vd_bytes_of(rest->data, slash == NULL ? rest->len : (size_t)(slash - rest->data));
    if (!name_bytes_valid(name))
        return false;
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
    *rest = vd_bytes_of(rest->data + name.len, rest->len - name.len);
    return true;
}

static bool parse_agent(struct vd_identity *id, struct vd_bytes rest)
{
    id->kind = VD_IDENTITY_AGENT;
    if (!take_name(&rest, id->tenant))
        return false;
    if (take_text(&rest, "/unit/") && !take_name(&rest, id->unit))
        return false;
    return take_text(&rest, "/agent/") && take_name(&rest, id->name) && rest.len == 0;
}

static bool parse_collector(struct vd_identity *id, struct vd_bytes rest)
{
    id->kind = VD_IDENTITY_COLLECTOR;
    return take_name(&rest, id->name) && rest.len == 0;
}

int vd_identity_parse(struct vd_identity *out, struct vd_bytes uri, const char *trust_domain)
{
    *out = (struct vd_identity){.kind = VD_IDENTITY_NONE};
    struct vd_identity id = {0};
    struct vd_bytes rest = uri;
    if (!vd_trust_domain_valid(trust_domain) || uri.len >= VD_IDENTITY_URI_BYTES)
        return VD_EIDENTITY;
    if (!take_text(&rest, "spiffe://") || !take_text(&rest, trust_domain))
        return VD_EIDENTITY;
    bool good = take_text(&rest, "/tenant/")      ? parse_agent(&id, rest)
                : take_text(&rest, "/collector/") ? parse_collector(&id, rest)
                                                  : false;
    if (!good)
        return VD_EIDENTITY;
    *out = id;
    return 0;
}

int vd_identity_uri(const struct vd_identity *identity, const char *trust_domain, char *out)
{
    const struct vd_identity *id = identity;
    bool has_unit = id->unit[0] != '\0';
    out[0] = '\0';
    if (!vd_trust_domain_valid(trust_domain) || !vd_name_valid(id->name))
        return VD_EIDENTITY;
    if (id->kind == VD_IDENTITY_COLLECTOR) {
        snprintf(out, VD_IDENTITY_URI_BYTES, "spiffe://%s/collector/%s", trust_domain, id->name);
        return 0;
    }
    if (id->kind != VD_IDENTITY_AGENT || !vd_name_valid(id->tenant) || (has_unit && !vd_name_valid(id->unit)))
        return VD_EIDENTITY;
    snprintf(out, VD_IDENTITY_URI_BYTES, "spiffe://%s/tenant/%s%s%s/agent/%s", trust_domain, id->tenant,
             has_unit ? "/unit/" : "", id->unit, id->name);
    return 0;
}
