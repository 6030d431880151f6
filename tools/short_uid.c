/* Uids word by word. */
#include "short_uid.h"

#include <string.h>
#include <vedette/finding.h>

enum { LONG_DIGITS = 16, SHORT_DIGITS = 8, LEAST_DIGITS = 4 };

/* Takes the first word off text, with the dash behind it. */
static struct vd_bytes take_word(struct vd_bytes *text)
{
    const uint8_t *dash = text->len > 0 ? memchr(text->data, '-', text->len) : NULL;
    size_t len = dash != NULL ? (size_t)(dash - text->data) : text->len, taken = len + (dash != NULL);
    struct vd_bytes word = vd_bytes_of(text->data, len);
    *text = vd_bytes_of(text->data + taken, text->len - taken);
    return word;
}

/* A finding is called one where the product's name says nothing. */
static struct vd_bytes without_product(struct vd_bytes uid)
{
    static const char whole[] = VD_FINDING_UID_BEGIN, product[] = "vedette-";
    size_t whole_len = sizeof whole - 1, product_len = sizeof product - 1;
    if (uid.len < whole_len || memcmp(uid.data, whole, whole_len) != 0)
        return uid;
    return vd_bytes_of(uid.data + product_len, uid.len - product_len);
}

static bool is_hex(struct vd_bytes word, size_t least)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return word.len >= least;
}

size_t short_uid_write(struct vd_bytes uid, char out[SHORT_UID_BYTES])
{
    size_t len = 0;
    uid = without_product(uid);
    while (uid.len > 0 && len < SHORT_UID_BYTES) {
        struct vd_bytes word = take_word(&uid);
        size_t room = SHORT_UID_BYTES - len, wanted = is_hex(word, LONG_DIGITS) ? SHORT_DIGITS : word.len;
        size_t fits = wanted < room ? wanted : room;
        memcpy(out + len, word.data, fits);
        len += fits;
        if (uid.len > 0 && len < SHORT_UID_BYTES)
            out[len++] = '-';
    }
    return len;
}

static bool word_matches(struct vd_bytes given, struct vd_bytes word)
{
    if (vd_bytes_equal(given, word))
        return true;
    return is_hex(given, LEAST_DIGITS) && is_hex(word, LONG_DIGITS) && given.len < word.len &&
           memcmp(given.data, word.data, given.len) == 0;
}

bool short_uid_matches(struct vd_bytes given, struct vd_bytes uid)
{
    given = without_product(given);
    uid = without_product(uid);
    if (given.len == 0 || given.data[given.len - 1] == '-')
        return vd_bytes_equal(given, uid);
    do {
        if (!word_matches(take_word(&given), take_word(&uid)))
            return false;
    } while (given.len > 0 && uid.len > 0);
    return given.len == 0 && uid.len == 0;
}

struct vd_bytes short_uid_begin(struct vd_bytes given)
{
    struct vd_bytes rest = given;
    while (rest.len > 0) {
        struct vd_bytes word = take_word(&rest);
        if (is_hex(word, LEAST_DIGITS))
            return vd_bytes_of(given.data, (size_t)(word.data + word.len - given.data));
    }
    return given;
}
