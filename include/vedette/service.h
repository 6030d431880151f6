/* What a service tells the system: its state to systemd (nothing where there is none), and its exit code. Any
 * thread. */
#ifndef VEDETTE_SERVICE_H
#define VEDETTE_SERVICE_H

void vd_service_ready(void);
/* Before a reload; vd_service_ready ends it. */
void vd_service_reloading(void);
void vd_service_stopping(void);
/* One line for `systemctl status`. */
void vd_service_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For the unit's WatchdogSec: at least twice in that time. */
void vd_service_alive(void);

/* The code of sysexits.h for a negative VD_E…; 0 for 0. */
int vd_exit_code(int error);

#endif
