/* The table of errors as text. */
#include <vedette/error.h>

#include <errno.h>

const char *vd_error_text(int error)
{
    switch (error) {
#define VD_ERROR_CASE(name, code, text)                                                                      \
    case code:                                                                                               \
        return text;
        VD_ERRORS(VD_ERROR_CASE)
#undef VD_ERROR_CASE
    default:
        return error == 0 ? "ok" : "unknown error";
    }
}

int vd_error_from_errno(int number)
{
    switch (number < 0 ? -number : number) {
    case ENOMEM:
        return VD_ENOMEM;
    case EINVAL:
        return VD_EINVAL;
    case ENOENT:
        return VD_ENOTFOUND;
    case EEXIST:
    case EADDRINUSE:
        return VD_EEXISTS;
    case EPERM:
    case EACCES:
        return VD_EPERM;
    case ENOSPC:
    case EDQUOT:
    case ENOBUFS:
        return VD_EFULL;
    case EADDRNOTAVAIL:
        return VD_EUNAVAILABLE;
    case ETIMEDOUT:
        return VD_ETIMEOUT;
    case EPIPE:
    case ECONNRESET:
    case ECANCELED:
        return VD_ECLOSED;
    default:
        return VD_EIO;
    }
}
