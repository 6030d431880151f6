/* The directory of owners: an array by shard, and a short list of collectors. */
#include "ownership/owners.h"

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>
#include <vedette/wire.h>

enum { OWNER_COLLECTOR = 1, OWNER_ADDRESS = 2, OWNER_EPOCH = 3 };

int owners_init(struct owners *o, int32_t shard_count)
{
    *o = (struct owners){.shard_count = shard_count};
    o->shards = vd_calloc((size_t)shard_count, sizeof *o->shards);
    o->collectors = vd_calloc(OWNERS_COLLECTORS_MAX, sizeof *o->collectors);
    if (o->shards != NULL && o->collectors != NULL)
        return 0;
    owners_deinit(o);
    return VD_ENOMEM;
}

void owners_deinit(struct owners *o)
{
    vd_free(o->shards);
    vd_free(o->collectors);
    *o = (struct owners){0};
}

/* ---- Keys and values */

struct vd_bytes owner_shard_key(char text[OWNER_KEY_BYTES], int32_t shard)
{
    return vd_bytes_of(text, (size_t)snprintf(text, OWNER_KEY_BYTES, "shard/%d", (int)shard));
}

struct vd_bytes owner_collector_key(char text[OWNER_KEY_BYTES], const char *collector)
{
    return vd_bytes_of(text, (size_t)snprintf(text, OWNER_KEY_BYTES, "collector/%.64s", collector));
}

struct vd_bytes owner_write(uint8_t text[OWNER_VALUE_BYTES], const struct owner *owner)
{
    uint8_t *at = vd_wire_put_bytes(text, OWNER_COLLECTOR, vd_bytes_str(owner->collector));
    at = vd_wire_put_bytes(at, OWNER_ADDRESS, vd_bytes_str(owner->address));
    at = vd_wire_put_uint(at, OWNER_EPOCH, owner->epoch);
    return vd_bytes_of(text, (size_t)(at - text));
}

static bool text_read(char *out, size_t cap, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_BYTES || field->bytes.len >= cap ||
        (field->bytes.len > 0 && memchr(field->bytes.data, '\0', field->bytes.len) != NULL))
        return false;
    if (field->bytes.len > 0)
        memcpy(out, field->bytes.data, field->bytes.len);
    out[field->bytes.len] = '\0';
    return true;
}

static bool owner_read(struct owner *out, struct vd_bytes value)
{
    struct vd_wire w = vd_wire_of(value);
    struct vd_wire_field field = {0};
    bool good = true;
    *out = (struct owner){0};
    while (good && vd_wire_next(&w, &field)) {
        if (field.number == OWNER_COLLECTOR)
            good = text_read(out->collector, sizeof out->collector, &field);
        else if (field.number == OWNER_ADDRESS)
            good = text_read(out->address, sizeof out->address, &field);
        else if (field.number == OWNER_EPOCH && (good = field.type == VD_WIRE_VARINT))
            out->epoch = field.value;
    }
    return good && !w.bad && vd_name_valid(out->collector);
}

/* What follows prefix; of no length where the key has another. */
static struct vd_bytes key_rest(struct vd_bytes key, const char *prefix)
{
    size_t len = strlen(prefix);
    if (key.len <= len || memcmp(key.data, prefix, len) != 0)
        return vd_bytes_of(NULL, 0);
    return vd_bytes_of(key.data + len, key.len - len);
}

static int32_t shard_read(struct vd_bytes digits, int32_t shard_count)
{
    int32_t shard = 0;
    if (digits.len == 0 || digits.len > 6)
        return -1;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return -1;
        shard = shard * 10 + (digits.data[i] - '0');
    }
    return shard < shard_count ? shard : -1;
}

/* ---- What is known */

static size_t collector_find(const struct owners *o, struct vd_bytes name)
{
    size_t i = 0;
    while (i < o->collector_count && !vd_bytes_equal(vd_bytes_str(o->collectors[i]), name))
        i++;
    return i;
}

static void learn_collector(struct owners *o, struct vd_bytes name, bool there)
{
    size_t i = collector_find(o, name);
    assert(o->collectors != NULL); /* owners_init made them */
    if (!there && i < o->collector_count) {
        memmove(o->collectors[i], o->collectors[--o->collector_count], sizeof *o->collectors);
    } else if (there && i == o->collector_count && i < OWNERS_COLLECTORS_MAX && name.len > 0 &&
               name.len < VD_NAME_BYTES) {
        char text[VD_NAME_BYTES] = "";
        memcpy(text, name.data, name.len);
        if (vd_name_valid(text))
            memcpy(o->collectors[o->collector_count++], text, sizeof text);
    }
}

int32_t owners_learn(struct owners *o, struct vd_bytes key, struct vd_bytes value)
{
    struct vd_bytes name = key_rest(key, "collector/");
    if (name.len > 0) {
        learn_collector(o, name, value.data != NULL);
        return -1;
    }
    int32_t shard = shard_read(key_rest(key, "shard/"), o->shard_count);
    struct owner owner = {0};
    if (shard < 0 || (value.data != NULL && !owner_read(&owner, value)))
        return -1;
    o->shards[shard] = owner;
    return shard;
}

/* ---- Who is next: the highest hash of shard and name (rendezvous), so that a leaver's shards spread. */

static uint64_t weight(int32_t shard, const char *collector)
{
    return vd_hash64(vd_bytes_str(collector), (uint64_t)shard);
}

size_t owners_rank(const struct owners *o, int32_t shard, const char *collector)
{
    uint64_t ours = weight(shard, collector);
    size_t before = 0;
    for (size_t i = 0; i < o->collector_count; i++) {
        const char *other = o->collectors[i];
        if (strcmp(other, collector) != 0 && strcmp(other, o->shards[shard].collector) != 0)
            before += weight(shard, other) > ours;
    }
    return before;
}

bool owners_has_others(const struct owners *o, const char *collector)
{
    return o->collector_count > 1 || (o->collector_count == 1 && strcmp(o->collectors[0], collector) != 0);
}
