/* Who a peer is: read from its certificate's one URI name and from nowhere else (PROTOCOL.md section 1).
 *   spiffe://<trust domain>/tenant/<T>[/unit/<U>]/agent/<A>      spiffe://<trust domain>/collector/<N>
 * Names are 1 to 64 of [A-Za-z0-9._-] except "." and ".."; no percent-encoding, no empty or extra segment. A
 * trust domain is 1 to 255 of [a-z0-9._-]. Pure; any thread. */
#ifndef VEDETTE_IDENTITY_H
#define VEDETTE_IDENTITY_H

#include <vedette/bytes.h>

enum { VD_NAME_BYTES = 65, VD_TRUST_DOMAIN_BYTES = 256 }; /* of a name and of a trust domain, terminated */

enum vd_identity_kind { VD_IDENTITY_NONE, VD_IDENTITY_AGENT, VD_IDENTITY_COLLECTOR };

struct vd_identity {
    enum vd_identity_kind kind;
    char tenant[VD_NAME_BYTES], unit[VD_NAME_BYTES]; /* agents; unit is "" where there is none */
    char name[VD_NAME_BYTES];
};

/* VD_EIDENTITY for anything else than the two forms under trust_domain. */
int vd_identity_parse(struct vd_identity *out, struct vd_bytes uri, const char *trust_domain);
bool vd_name_valid(const char *name);
bool vd_trust_domain_valid(const char *trust_domain);
enum { VD_IDENTITY_URI_BYTES = 512 };
/* The URI of an identity, terminated, into out (VD_IDENTITY_URI_BYTES). VD_EIDENTITY if parsing it would not
 * give it back. */
int vd_identity_uri(const struct vd_identity *identity, const char *trust_domain, char *out);

#endif
