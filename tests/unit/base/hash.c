/* Hashes that the outside world relies on: Kafka's murmur2, and where it puts a key. */
#include <vedette/hash.h>

#include "unit.h"

/* The keys and values of Kafka's own test of Utils.murmur2. */
static const struct {
    const char *key;
    int32_t murmur2;
} VECTORS[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
};

static void murmur2_is_kafkas(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++)
        assert_int_equal((int32_t)vd_hash_murmur2(vd_bytes_str(VECTORS[i].key)), VECTORS[i].murmur2);
}

static void a_partition_is_the_positive_hash_modulo(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++)
        for (int32_t n = 1; n < 100; n++)
            assert_int_equal(vd_hash_partition(vd_bytes_str(VECTORS[i].key), n),
                             (VECTORS[i].murmur2 & INT32_MAX) % n);
}

static void hash64_depends_on_key_and_seed(void **state)
{
    (void)state;
    struct vd_bytes key = vd_bytes_str("key");
    assert_true(vd_hash64(key, 1) == vd_hash64(key, 1));
    assert_true(vd_hash64(key, 1) != vd_hash64(key, 2));
    assert_true(vd_hash64(key, 1) != vd_hash64(vd_bytes_str("kez"), 1));
    /* The value xxHash documents for XXH3 of nothing with seed 0. */
    assert_true(vd_hash64(vd_bytes_str(""), 0) == UINT64_C(0x2d06800538d394c2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2_is_kafkas),
        cmocka_unit_test(a_partition_is_the_positive_hash_modulo),
        cmocka_unit_test(hash64_depends_on_key_and_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
