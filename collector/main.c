/* vedette-collector: takes events from agents, scores them, and publishes them to Kafka. */
#include <vedette/program.h>

#include "collector.h"

static enum vd_log_level log_level(const void *config)
{
    return ((const struct collector_config *)config)->log.level;
}

static int start(void **self, uv_loop_t *loop, const void *config, bool once, char *error)
{
    struct collector *started = NULL;
    (void)once;
    int rc = collector_start(&started, loop, config, error);
    *self = started;
    return rc;
}

static int reload(void *self, const void *fresh, char *error)
{
    return collector_reload(self, fresh, error);
}

static void stop(void *self)
{
    collector_stop(self);
}

static void force(void *self)
{
    collector_force(self);
}

static int outcome(const void *self)
{
    return collector_outcome(self);
}

static void release(void *self)
{
    collector_free(self);
}

int main(int argc, char **argv)
{
    static const struct vd_program program = {
        .name = "vedette-collector",
        .doc = "Takes security events from agents over mutual TLS, scores them, and publishes them to Kafka.",
        .default_config = "/etc/vedette/collector.yaml",
        .schema = &COLLECTOR_CONFIG,
        .has_once = false,
        .log_level = log_level,
        .start = start,
        .reload = reload,
        .stop = stop,
        .force = force,
        .outcome = outcome,
        .free = release};
    return vd_program_main(&program, argc, argv);
}
