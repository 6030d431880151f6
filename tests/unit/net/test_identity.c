/* Identities: what is one, and the many things that nearly are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/identity.h>

#define TD      "vedette.test"
#define NAME_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(struct vd_identity *out, const char *uri)
{
    return vd_identity_parse(out, vd_bytes_str(uri), TD);
}

static void test_good(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        struct vd_identity is;
    } GOOD[] = {
        {"spiffe://" TD "/tenant/acme/agent/web-1", {VD_IDENTITY_AGENT, "acme", "", "web-1"}},
        {"spiffe://" TD "/tenant/acme/unit/north/agent/web-1", {VD_IDENTITY_AGENT, "acme", "north", "web-1"}},
        {"spiffe://" TD "/collector/c_1.example", {VD_IDENTITY_COLLECTOR, "", "", "c_1.example"}},
        {"spiffe://" TD "/tenant/" NAME_64 "/unit/" NAME_64 "/agent/" NAME_64,
         {VD_IDENTITY_AGENT, NAME_64, NAME_64, NAME_64}},
        /* Names may be words of the path. */
        {"spiffe://" TD "/tenant/unit/agent/unit", {VD_IDENTITY_AGENT, "unit", "", "unit"}},
        {"spiffe://" TD "/tenant/tenant/unit/agent/agent/agent",
         {VD_IDENTITY_AGENT, "tenant", "agent", "agent"}},
        {"spiffe://" TD "/collector/...", {VD_IDENTITY_COLLECTOR, "", "", "..."}},
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        struct vd_identity id;
        char uri[VD_IDENTITY_URI_BYTES];
        assert_int_equal(parse(&id, GOOD[i].uri), 0);
        assert_int_equal(id.kind, GOOD[i].is.kind);
        assert_string_equal(id.tenant, GOOD[i].is.tenant);
        assert_string_equal(id.unit, GOOD[i].is.unit);
        assert_string_equal(id.name, GOOD[i].is.name);
        assert_int_equal(vd_identity_uri(&id, TD, uri), 0);
        assert_string_equal(uri, GOOD[i].uri);
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "spiffe://",
        "spiffe://" TD,
        "spiffe://" TD "/",
        "spiffe://" TD "/tenant",
        "spiffe://" TD "/tenant/",
        "spiffe://" TD "/tenant/acme",
        "spiffe://" TD "/tenant/acme/",
        "spiffe://" TD "/tenant/acme/agent",
        "spiffe://" TD "/tenant/acme/agent/",
        "spiffe://" TD "/tenant//agent/a",
        "spiffe://" TD "/tenant/acme//agent/a",
        "spiffe://" TD "/tenant/acme/agent/a/",
        "spiffe://" TD "/tenant/acme/agent/a/b",
        "spiffe://" TD "/tenant/acme/agent/a?x",
        "spiffe://" TD "/tenant/acme/agent/a#x",
        "spiffe://" TD "/tenant/acme/unit/agent/a",
        "spiffe://" TD "/tenant/acme/unit//agent/a",
        "spiffe://" TD "/tenant/acme/unit/u",
        "spiffe://" TD "/tenant/acme/unit/u/unit/v/agent/a",
        "spiffe://" TD "/agent/a",
        "spiffe://" TD "/agent/a/tenant/acme",
        "spiffe://" TD "/collector",
        "spiffe://" TD "/collector/",
        "spiffe://" TD "/collector/c/",
        "spiffe://" TD "/collector/c/agent/a",
        "spiffe://" TD "/Collector/c",
        "spiffe://" TD "//collector/c",
        "spiffe://" TD "/collector/.",
        "spiffe://" TD "/collector/..",
        "spiffe://" TD "/tenant/../agent/a",
        "spiffe://" TD "/tenant/acme/unit/./agent/a",
        "spiffe://" TD "/collector/a%2fb",
        "spiffe://" TD "/collector/a b",
        "spiffe://" TD "/collector/a\nb",
        "spiffe://" TD "/collector/\xc3\xa4",
        "spiffe://" TD "/collector/" NAME_64 "0",
        "spiffe://" TD ":443/collector/c",
        "spiffe://user@" TD "/collector/c",
        "spiffe://" TD ".evil/collector/c",
        "spiffe://evil." TD "/collector/c",
        "spiffe://VEDETTE.TEST/collector/c",
        "spiffe://other.test/collector/c",
        "spiffe:///collector/c",
        "SPIFFE://" TD "/collector/c",
        "https://" TD "/collector/c",
        " spiffe://" TD "/collector/c",
        "spiffe://" TD "/collector/c ",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct vd_identity id;
        if (parse(&id, BAD[i]) != VD_EIDENTITY)
            fail_msg("taken for an identity: %s", BAD[i]);
        assert_int_equal(id.kind, VD_IDENTITY_NONE);
        assert_string_equal(id.name, "");
    }
}

/* What a C string would hide: a name that ends where another begins. */
static void test_nul_bytes(void **state)
{
    (void)state;
    static const char URI[] = "spiffe://" TD "/collector/c\0.evil";
    struct vd_identity id;
    assert_int_equal(vd_identity_parse(&id, vd_bytes_of(URI, sizeof URI - 1), TD), VD_EIDENTITY);
    assert_int_equal(vd_identity_parse(&id, vd_bytes_of(URI, sizeof URI - 6), TD), VD_EIDENTITY);
    assert_int_equal(vd_identity_parse(&id, vd_bytes_of(NULL, 0), TD), VD_EIDENTITY);
}

/* Every cut of a good one is bad, up to the first that is a shorter name. */
static void test_every_cut(void **state)
{
    (void)state;
    static const char URI[] = "spiffe://" TD "/tenant/acme/unit/u/agent/a";
    struct vd_identity id;
    for (size_t len = 0; len < sizeof URI - 1; len++)
        assert_int_equal(vd_identity_parse(&id, vd_bytes_of(URI, len), TD), VD_EIDENTITY);
}

static void test_trust_domains(void **state)
{
    (void)state;
    char longest[VD_TRUST_DOMAIN_BYTES + 1];
    memset(longest, 'a', sizeof longest - 1);
    longest[VD_TRUST_DOMAIN_BYTES] = '\0';
    assert_false(vd_trust_domain_valid(longest));
    longest[VD_TRUST_DOMAIN_BYTES - 1] = '\0';
    assert_true(vd_trust_domain_valid(longest));
    static const char *const BAD[] = {"", "A.test", "a/b", "a:1", "a,b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(vd_trust_domain_valid(BAD[i]));
    assert_false(vd_trust_domain_valid(NULL));
    struct vd_identity id;
    assert_int_equal(vd_identity_parse(&id, vd_bytes_str("spiffe:///collector/c"), ""), VD_EIDENTITY);
    assert_int_equal(vd_identity_parse(&id, vd_bytes_str("spiffe:///collector/c"), NULL), VD_EIDENTITY);
}

static void test_uri_of_nobody(void **state)
{
    (void)state;
    static const struct vd_identity BAD[] = {
        {0},
        {VD_IDENTITY_NONE, "t", "", "a"},
        {VD_IDENTITY_AGENT, "", "", "a"},
        {VD_IDENTITY_AGENT, "t", "u/v", "a"},
        {VD_IDENTITY_AGENT, "t", "", ""},
        {VD_IDENTITY_COLLECTOR, "", "", "a,b"},
    };
    char uri[VD_IDENTITY_URI_BYTES];
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(vd_identity_uri(&BAD[i], TD, uri), VD_EIDENTITY);
        assert_string_equal(uri, "");
    }
    assert_int_equal(vd_identity_uri(&(struct vd_identity){VD_IDENTITY_COLLECTOR, "", "", "c"}, "A", uri),
                     VD_EIDENTITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),          cmocka_unit_test(test_bad),
        cmocka_unit_test(test_nul_bytes),     cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_trust_domains), cmocka_unit_test(test_uri_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
