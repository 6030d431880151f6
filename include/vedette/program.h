/* A service as a program: command line, configuration, loop, signals, exit code. What it does is behind
 * `struct vd_program`.
 *
 * Happy path: vd_program_main → configuration → start → the loop runs → SIGTERM or SIGINT: stop → the loop
 * ends → free. SIGHUP reloads: the new configuration is checked first, and on any error the old one stays. A
 * second SIGTERM forces. How it fails: a start that fails is told on stderr and in the exit code
 * (sysexits.h). */
#ifndef VEDETTE_PROGRAM_H
#define VEDETTE_PROGRAM_H

#include <uv.h>
#include <vedette/config.h>
#include <vedette/log.h>

enum { VD_PROGRAM_ERROR_BYTES = 512 };

struct vd_program {
    const char *name, *doc;
    const char *default_config; /* path used when it exists and --config is not given */
    const struct vd_config_schema *schema;
    bool has_once; /* takes --once */
    enum vd_log_level (*log_level)(const void *config);
    /* config is borrowed until free. On error *self, if not NULL, is closing already; error:
     * VD_PROGRAM_ERROR_BYTES. */
    int (*start)(void **self, uv_loop_t *loop, const void *config, bool once, char *error);
    int (*reload)(void *self, const void *fresh, char *error); /* fresh is read during the call only */
    void (*stop)(void *self); /* in good order; the loop then ends by itself */
    void (*force)(void *self);
    int (*outcome)(const void *self); /* after the loop has ended: 0 or VD_E… */
    void (*free)(void *self);
};

/* The whole of main. */
int vd_program_main(const struct vd_program *program, int argc, char **argv);

#endif
