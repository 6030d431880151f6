/* The kernel's randomness, and SplitMix64. */
#include <vedette/random.h>

#include <errno.h>
#include <sys/random.h>
#include <vedette/error.h>

int vd_random_bytes(void *out, size_t len)
{
    uint8_t *where = out;
    while (len > 0) {
        ssize_t got = getrandom(where, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return VD_EIO;
        where += got;
        len -= (size_t)got;
    }
    return 0;
}

uint64_t vd_random_next(struct vd_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t vd_random_below(struct vd_random *r, uint64_t bound)
{
    if (bound == 0)
        return 0;
    return (uint64_t)(((unsigned __int128)vd_random_next(r) * bound) >> 64);
}

double vd_random_unit(struct vd_random *r)
{
    return (double)(vd_random_next(r) >> 11) * 0x1p-53;
}
