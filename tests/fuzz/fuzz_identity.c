/* Any bytes as a URI name: what is taken for an identity must be what its own URI says. */
#include <assert.h>

#include <vedette/identity.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_identity identity;
    char uri[VD_IDENTITY_URI_BYTES];
    if (vd_identity_parse(&identity, vd_bytes_of(data, size), "td") != 0)
        return 0;
    int rc = vd_identity_uri(&identity, "td", uri);
    assert(rc == 0);
    assert(vd_bytes_equal(vd_bytes_str(uri), vd_bytes_of(data, size)));
    (void)rc;
    return 0;
}
