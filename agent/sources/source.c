/* The half of a source that is the same for all. */
#include "source.h"

#include <assert.h>

void source_init(struct source *s, const struct source_class *class, const char *name,
                 const struct source_host *host)
{
    *s = (struct source){.class = class, .name = name, .host = *host};
}

int source_pull(struct source *s, const struct source_sink *sink, uint32_t most)
{
    assert(!s->closing);
    return s->class->pull(s, sink, most);
}

void source_close(struct source *s, void (*cb)(struct source *s))
{
    assert(!s->closing);
    s->closing = true;
    s->on_close = cb;
    s->class->close(s);
}

void source_say_ready(struct source *s)
{
    if (!s->closing && s->ready != NULL)
        s->ready(s);
}

void source_closed(struct source *s)
{
    if (s->on_close != NULL)
        s->on_close(s);
}
