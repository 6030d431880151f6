/* What `vedette tail` was asked for. */
#ifndef VEDETTE_TOOLS_TAIL_H
#define VEDETTE_TOOLS_TAIL_H

#include <vedette/event_view.h>

#include "kafka_arguments.h"

enum tail_color { TAIL_COLOR_AUTO, TAIL_COLOR_ALWAYS, TAIL_COLOR_NEVER };

struct tail_filter {
    const char *tenant, *host;    /* NULL: any */
    int32_t class_uid, min_score; /* -1: any class */
};

struct tail_arguments {
    struct kafka_arguments kafka;
    const char *topic;
    enum vd_consumer_from from;
    enum tail_color color;
    bool json;
    struct tail_filter filter;
    uint64_t count;    /* 0: no end */
    int64_t timeout_s; /* 0: no end */
};

/* Fills in the defaults too; ends the process with a message on mistakes, as argp does. */
void tail_arguments_parse(struct tail_arguments *arguments, int argc, char **argv);

bool tail_filter_matches(const struct tail_filter *filter, const struct vd_event_view *event);

#endif
