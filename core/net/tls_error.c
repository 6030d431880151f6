/* Failures as sentences, OpenSSL's own among them. */
#include "tls_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <vedette/error.h>
#include <vedette/tls.h>

int vd_tls_fail(char *error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, VD_TLS_ERROR_BYTES, format, args);
    va_end(args);
    ERR_clear_error();
    return code;
}

int vd_tls_fail_to_read(char *error, const char *what, const char *path)
{
    unsigned long first = ERR_peek_error();
    bool system = ERR_SYSTEM_ERROR(first);
    const char *why = system ? strerror(ERR_GET_REASON(first)) : ERR_reason_error_string(first);
    return vd_tls_fail(error, system ? vd_error_from_errno(ERR_GET_REASON(first)) : VD_ETLS,
                       "cannot read %s %s: %s", what, path, why != NULL ? why : "unreadable");
}
