/* vedette-agent: collects security events on this host and brings them to a collector. */
#include <vedette/program.h>

#include "agent.h"

static enum vd_log_level log_level(const void *config)
{
    return ((const struct agent_config *)config)->log.level;
}

static int start(void **self, uv_loop_t *loop, const void *config, bool once, char *error)
{
    struct agent *started = NULL;

    int rc = agent_start(&started, loop, config, once, error);
    *self = started;
    return rc;
}

static int reload(void *self, const void *fresh, char *error)
{
    return agent_reload(self, fresh, error);
}

static void stop(void *self)
{
    agent_stop(self);
}

static void force(void *self)
{
    agent_force(self);
}

static int outcome(const void *self)
{
    return agent_outcome(self);
}

static void release(void *self)
{
    agent_free(self);
}

int main(int argc, char **argv)
{
    static const struct vd_program program = {
        .name = "vedette-agent",
        .doc = "Collects security events on this host and brings them to a collector over mutual TLS.",
        .default_config = "/etc/vedette/agent.yaml",
        .schema = &AGENT_CONFIG,
        .has_once = true,
        .log_level = log_level,
        .start = start,
        .reload = reload,
        .stop = stop,
        .force = force,
        .outcome = outcome,
        .free = release};
    return vd_program_main(&program, argc, argv);
}
