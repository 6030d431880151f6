/* The longer cases of protobuf's wire format, and its writers. */
#include <vedette/wire.h>

const uint8_t *vd_wire_varint_long(const uint8_t *at, const uint8_t *end, size_t max_bytes, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < max_bytes && at < end; i++, at++) {
        uint64_t bits = *at & 0x7f;
        /* The tenth byte has room for one bit. */
        if (i == VD_WIRE_VARINT_MAX_BYTES - 1 && bits > 1)
            return NULL;
        sum |= bits << (7 * i);
        if ((*at & 0x80) == 0) {
            *value = sum;
            return at + 1;
        }
    }
    return NULL;
}

const uint8_t *vd_wire_fixed(const uint8_t *at, const uint8_t *end, size_t len, uint64_t *value)
{
    if ((size_t)(end - at) < len)
        return NULL;
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum |= (uint64_t)at[i] << (8 * i);
    *value = sum;
    return at + len;
}

uint8_t *vd_wire_put_varint_long(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

uint8_t *vd_wire_put_uint(uint8_t *at, uint32_t number, uint64_t value)
{
    if (value == 0)
        return at;
    return vd_wire_put_varint(vd_wire_put_tag(at, number, VD_WIRE_VARINT), value);
}

uint8_t *vd_wire_put_bytes(uint8_t *at, uint32_t number, struct vd_bytes bytes)
{
    at = vd_wire_put_varint(vd_wire_put_tag(at, number, VD_WIRE_BYTES), bytes.len);
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

uint8_t *vd_wire_put_fixed64(uint8_t *at, uint32_t number, uint64_t value)
{
    if (value == 0)
        return at;
    at = vd_wire_put_tag(at, number, VD_WIRE_FIXED64);
    for (int i = 0; i < 8; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

uint8_t *vd_wire_put_double(uint8_t *at, uint32_t number, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return vd_wire_put_fixed64(at, number, bits);
}
