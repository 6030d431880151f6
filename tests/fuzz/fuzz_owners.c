/* Any record of the directory of owners: what is learnt is an owner that could have been written. The first
 * byte says how long the key is. */
#include <assert.h>

#include "ownership/owners.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct owners owners;
    size_t key_len = size > 0 && data[0] < size ? data[0] : 0;
    if (size == 0 || owners_init(&owners, 8) != 0)
        return 0;
    int32_t shard = owners_learn(&owners, vd_bytes_of(data + 1, key_len),
                                 vd_bytes_of(data + 1 + key_len, size - 1 - key_len));
    assert(shard < 8);
    if (shard >= 0) {
        uint8_t text[OWNER_VALUE_BYTES];
        char key[OWNER_KEY_BYTES];
        struct owner before = owners.shards[shard];
        int32_t again = owners_learn(&owners, owner_shard_key(key, shard), owner_write(text, &before));
        assert(again == shard && memcmp(&before, &owners.shards[shard], sizeof before) == 0);
        (void)again;
    }
    owners_deinit(&owners);
    return 0;
}
