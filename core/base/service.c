/* systemd's notify protocol, through libsystemd: every call does nothing where NOTIFY_SOCKET is not set. */
#include <vedette/service.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <vedette/clock.h>
#include <vedette/error.h>

enum { STATUS_BYTES = 256 };

void vd_service_ready(void)
{
    sd_notify(0, "READY=1");
}

void vd_service_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, vd_clock_monotonic_ns() / 1000);
}

void vd_service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void vd_service_status(const char *format, ...)
{
    char text[STATUS_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* A newline would begin another assignment of the protocol. */
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    sd_notifyf(0, "STATUS=%s", text);
}

void vd_service_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}

int vd_exit_code(int error)
{
    switch (error) {
    case 0:
        return EX_OK;
    case VD_EINVAL:
        return EX_USAGE;
    case VD_EMALFORMED:
    case VD_ELIMIT:
        return EX_DATAERR;
    case VD_ENOTFOUND:
        return EX_NOINPUT;
    case VD_EUNAVAILABLE:
    case VD_EKAFKA:
    case VD_EEXISTS:
        return EX_UNAVAILABLE;
    case VD_ENOMEM:
        return EX_OSERR;
    case VD_EFULL:
        return EX_CANTCREAT;
    case VD_EIO:
        return EX_IOERR;
    case VD_ETIMEOUT:
    case VD_ECLOSED:
        return EX_TEMPFAIL;
    case VD_EPROTOCOL:
    case VD_EREFUSED:
        return EX_PROTOCOL;
    case VD_EPERM:
    case VD_EIDENTITY:
    case VD_ETLS:
        return EX_NOPERM;
    case VD_ECONFIG:
        return EX_CONFIG;
    default:
        return EX_SOFTWARE;
    }
}
