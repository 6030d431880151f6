/* How a failure with certificates and TLS settings reads. Private to core/net/tls_*.c. */
#ifndef VEDETTE_NET_TLS_ERROR_H
#define VEDETTE_NET_TLS_ERROR_H

/* Writes error (VD_TLS_ERROR_BYTES), forgets what OpenSSL has queued, and returns code. */
int vd_tls_fail(char *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for a PEM file, from the first error in OpenSSL's queue: "cannot read key /etc/x.key: …". A
 * missing file is told by its errno, a bad one by OpenSSL. */
int vd_tls_fail_to_read(char *error, const char *what, const char *path);

#endif
