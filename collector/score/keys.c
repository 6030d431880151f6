/* Keys: (tenant, kind, who) for most events; (tenant, host, rule), (tenant, host), (tenant, rule) for
 * detections. */
#include "keys.h"

#include <vedette/hash.h>

#include "mix.h"

/* Part of every key: never changed while a snapshot is to be read again. */
enum {
    TEXT_SEED = 0x6b65,
    TENANT_SALT = 0x7465,
    NOBODY = 0x5eed,
    PAIR_SALT = 0x51,
    RULE_SALT = 0x77,
    HEARD_SALT = 0x68
};
static const uint64_t WHO_SALT[WHO_COUNT] = {0x11, 0x22, 0x33, 0x44};

uint64_t keys_text_hash(struct vd_bytes text)
{
    return text.len == 0 ? 0 : vd_hash64(text, TEXT_SEED) | 1;
}

void keys_of_origin(struct score_origin *origin)
{
    origin->tenant_hash = mix(keys_text_hash(origin->tenant) ^ TENANT_SALT) | 1;
    origin->host_hash = keys_text_hash(origin->host) | 1;
    origin->heard = mix_pair(HEARD_SALT, origin->tenant_hash);
    origin->host_heard = mix_pair(origin->heard, origin->host_hash) | 1;
}

static struct vd_bytes image(const struct score_input *in)
{
    return in->process_path.len > 0 ? in->process_path : in->process_name;
}

/* Up to the last slash, or to the slash after so many names. */
static struct vd_bytes directory(struct vd_bytes path, int names_max)
{
    size_t end = 0;
    int names = 0;
    for (size_t i = 1; i < path.len && names < names_max; i++)
        if (path.data[i] == '/') {
            end = i;
            names++;
        }
    return vd_bytes_of(path.data, end);
}

enum { WRITER_NAMES = 2 };

static uint64_t both(uint64_t a, uint64_t b)
{
    return a != 0 && b != 0 ? mix_pair(a, b) : 0;
}

/* 0: the event has none. */
static uint64_t value_hash(const struct score_prepared *p, enum what what)
{
    const struct score_input *in = &p->in;
    switch (what) {
    case WHAT_USER:
        return in->user.len == 0 && p->kind->nobody ? NOBODY : keys_text_hash(in->user);
    case WHAT_SOURCE:
        return keys_text_hash(in->src_ip);
    case WHAT_HOST:
        return in->origin->host_hash;
    case WHAT_IMAGE:
        return keys_text_hash(image(in));
    case WHAT_LINEAGE:
        return both(keys_text_hash(in->parent_name), keys_text_hash(image(in)));
    case WHAT_DIRECTORY:
        return keys_text_hash(directory(in->file_path, (int)in->file_path.len));
    case WHAT_WRITER:
        return both(keys_text_hash(image(in)), keys_text_hash(directory(in->file_path, WRITER_NAMES)));
    case WHAT_SERVICE:
        return in->dst_ip.len == 0 ? 0 : mix_pair(keys_text_hash(in->dst_ip), in->dst_port + 1);
    case WHAT_RULE:
        return keys_text_hash(in->rule);
    case WHAT_NOTHING:
    case WHAT_COUNT:
        break;
    }
    return 0;
}

struct vd_bytes keys_value_text(const struct score_input *in, enum what what)
{
    switch (what) {
    case WHAT_USER:
        return in->user;
    case WHAT_SOURCE:
        return in->src_ip;
    case WHAT_HOST:
        return in->origin->host;
    case WHAT_IMAGE:
    case WHAT_LINEAGE:
    case WHAT_WRITER:
        return image(in);
    case WHAT_DIRECTORY:
        return directory(in->file_path, (int)in->file_path.len);
    case WHAT_SERVICE:
        return in->dst_ip;
    case WHAT_RULE:
        return in->rule;
    case WHAT_NOTHING:
    case WHAT_COUNT:
        break;
    }
    return (struct vd_bytes){0};
}

static void add(struct score_prepared *p, uint64_t hash, enum who who, struct vd_bytes text)
{
    static const struct outlook NONE = {0};
    struct score_key *key = &p->keys[p->key_count++];
    key->hash = hash;
    key->text = text;
    key->outlook = p->kind->outlooks != NULL ? &p->kind->outlooks[who] : &NONE;
    key->who = who;
}

/* The values are hashed once each: several keys look at the same ones. */
static uint64_t value_of(const struct score_prepared *p, uint64_t hashes[WHAT_COUNT], enum what what)
{
    if (hashes[what] == 0 && what != WHAT_NOTHING)
        hashes[what] = value_hash(p, what);
    return hashes[what];
}

/* What each of the keys looks at. */
static void look(struct score_prepared *p, uint64_t hashes[WHAT_COUNT])
{
    for (int k = 0; k < p->key_count; k++) {
        struct score_key *key = &p->keys[k];
        const struct outlook *outlook = key->outlook;
        key->values[0] = value_of(p, hashes, (enum what)outlook->distinct);
        for (int i = 0; i < OUTLOOK_FIRSTS; i++) {
            uint64_t value = value_of(p, hashes, (enum what)outlook->firsts[i]);
            key->values[1 + i] = value != 0 ? mix_pair(key->hash ^ outlook->firsts[i], value) : 0;
        }
    }
}

static bool has_values(const struct outlook *outlook)
{
    return outlook->distinct != WHAT_NOTHING || outlook->firsts[0] != WHAT_NOTHING;
}

static void detection_keys(struct score_prepared *p, uint64_t family, uint64_t hashes[WHAT_COUNT])
{
    const struct score_origin *origin = p->in.origin;
    uint64_t rule = hashes[WHAT_RULE] = value_hash(p, WHAT_RULE);
    uint64_t host = mix_pair(family, origin->host_hash);
    add(p, mix_pair(host ^ PAIR_SALT, rule), WHO_SOURCE, origin->host);
    add(p, host, WHO_HOST, origin->host);
    add(p, mix_pair(family ^ RULE_SALT, rule), WHO_TENANT, p->in.rule);
    p->rule_hash = rule;
    p->primary = SCORE_DETECTION_HOST;
}

/* Source and user count where the kind has an outlook on them. */
static void ordinary_keys(struct score_prepared *p, uint64_t family, uint64_t hashes[WHAT_COUNT])
{
    const struct score_input *in = &p->in;
    const struct score_origin *origin = in->origin;
    const struct outlook *outlooks = p->kind->outlooks;
    if (outlooks != NULL) {
        uint64_t source = hashes[WHAT_SOURCE] = value_hash(p, WHAT_SOURCE);
        uint64_t user = hashes[WHAT_USER] = value_hash(p, WHAT_USER);
        if (source != 0)
            add(p, mix_pair(family ^ WHO_SALT[WHO_SOURCE], source), WHO_SOURCE, in->src_ip);
        if (user != 0)
            add(p, mix_pair(family ^ WHO_SALT[WHO_USER], user), WHO_USER, in->user);
        p->primary = source != 0 ? 0 : p->key_count;
        p->source_hash = p->kind->rare ? 0 : source;
    }
    add(p, mix_pair(family ^ WHO_SALT[WHO_HOST], origin->host_hash), WHO_HOST, origin->host);
    if (outlooks != NULL && has_values(&outlooks[WHO_TENANT]))
        add(p, mix_pair(family ^ WHO_SALT[WHO_TENANT], origin->tenant_hash), WHO_TENANT, origin->tenant);
}

void keys_of(struct score_prepared *p)
{
    uint64_t hashes[WHAT_COUNT] = {0};
    uint64_t family =
        mix_pair(p->in.origin->tenant_hash, (uint64_t)(uint32_t)p->in.class_uid << 8 | p->kind_number);
    p->key_count = p->primary = 0;
    p->source_hash = p->rule_hash = 0;
    p->is_detection = kind_is_detection(p->in.class_uid);
    if (p->is_detection)
        detection_keys(p, family, hashes);
    else
        ordinary_keys(p, family, hashes);
    look(p, hashes);
}

int keys_of_heard(const struct score_prepared *p, struct silence_who out[WHO_COUNT])
{
    const struct score_origin *origin = p->in.origin;
    int count = 0;
    out[count++] = (struct silence_who){origin->heard | 1, WHO_TENANT, origin->tenant, origin->tenant};
    out[count++] = (struct silence_who){origin->host_heard, WHO_HOST, origin->tenant, origin->host};
    if (p->source_hash != 0)
        out[count++] = (struct silence_who){mix_pair(~origin->heard, p->source_hash) | 1, WHO_SOURCE,
                                            origin->tenant, p->in.src_ip};
    return count;
}
