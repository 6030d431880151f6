/* For tests: a parser with a fixed host and clock, and the event of a line, unpacked. */
#ifndef TESTS_PARSED_H
#define TESTS_PARSED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/parse.h>

#include "event.pb-c.h"

/* 2024-12-11T00:00:00Z: a day after the lines that begin "Dec 10". */
#define PARSED_NOW_MS 1733875200000

struct parsed {
    struct vd_parse parse;
    struct vd_buffer out;
    Vedette__V1__Event *event;
};

static inline void parsed_init(struct parsed *p, int32_t (*utc_offset_s)(int64_t))
{
    *p = (struct parsed){0};
    vd_parse_init(&p->parse, &(struct vd_parse_options){.hostname = "web1",
                                                        .product_name = "vedette-agent",
                                                        .product_version = "0",
                                                        .utc_offset_s = utc_offset_s});
    vd_buffer_init(&p->out, 1 << 20);
}

static inline void parsed_deinit(struct parsed *p)
{
    if (p->event != NULL)
        vedette__v1__event__free_unpacked(p->event, NULL);
    vd_buffer_deinit(&p->out);
    vd_parse_deinit(&p->parse);
}

/* The event of what is in out; freed by the next one. */
static inline const Vedette__V1__Event *parsed_take(struct parsed *p, int rc)
{
    if (p->event != NULL)
        vedette__v1__event__free_unpacked(p->event, NULL);
    p->event = NULL;
    if (rc != 0)
        return NULL;
    struct vd_bytes bytes = vd_buffer_bytes(&p->out);
    p->event = vedette__v1__event__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(p->event);
    return p->event;
}

static inline const Vedette__V1__Event *parsed_line(struct parsed *p, struct vd_bytes line)
{
    vd_buffer_clear(&p->out);
    return parsed_take(p, vd_parse_line(&p->parse, line, PARSED_NOW_MS, &p->out));
}

/* Of an unmapped entry; "" if there is none. */
static inline const char *parsed_unmapped(const Vedette__V1__Event *event, const char *key)
{
    for (size_t i = 0; i < event->n_unmapped; i++)
        if (strcmp(event->unmapped[i]->key, key) == 0)
            return event->unmapped[i]->value;
    return "";
}

#endif
