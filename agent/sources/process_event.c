/* The generated structs of one process event, on the stack. */
#include "process_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <vedette/event_write.h>

#include "event.pb-c.h"

enum { PROCESS_ACTIVITY = 1007, LAUNCH = 1, TERMINATE = 2, SUCCESS = 1, INFORMATIONAL = 1 };

struct envelope {
    Vedette__V1__Event event;
    Vedette__V1__Metadata metadata;
    Vedette__V1__Product product;
    Vedette__V1__Device device;
};

struct subject {
    Vedette__V1__Process process, actor_process;
    Vedette__V1__File file, parent_file;
    Vedette__V1__User user;
    Vedette__V1__ParentProcess parent;
    Vedette__V1__Session session;
    Vedette__V1__Actor actor;
    char uid[24];
};

static char *or_empty(const char *text)
{
    return text == NULL ? (char *)protobuf_c_empty_string : (char *)text;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void fill_envelope(struct envelope *v, const struct process_event *e)
{
    vedette__v1__event__init(&v->event);
    vedette__v1__metadata__init(&v->metadata);
    vedette__v1__product__init(&v->product);
    vedette__v1__device__init(&v->device);
    v->event.time = e->time_ms;
    v->event.severity_id = INFORMATIONAL;
    v->event.metadata = &v->metadata;
    v->event.device = &v->device;
    v->device.hostname = or_empty(e->hostname);
    v->product.name = or_empty(e->product_name);
    v->product.version = or_empty(e->product_version);
    v->metadata.product = &v->product;
    v->metadata.version = (char *)"1.8.0";
    v->metadata.log_provider = (char *)"proc";
    v->metadata.logged_time = e->now_ms;
}

static void fill_parent(struct subject *s, const struct process_event *e)
{
    vedette__v1__parent_process__init(&s->parent);
    vedette__v1__process__init(&s->actor_process);
    vedette__v1__file__init(&s->parent_file);
    s->parent.pid = s->actor_process.pid = e->parent_pid;
    s->parent.name = s->actor_process.name = or_empty(e->parent_name);
    if (e->parent_path != NULL && e->parent_path[0] != '\0') {
        s->parent_file.path = (char *)e->parent_path;
        s->parent_file.name = (char *)base_name(e->parent_path);
        s->parent.file = s->actor_process.file = &s->parent_file;
    }
}

static void fill_user(struct subject *s, const struct process_event *e)
{
    vedette__v1__user__init(&s->user);
    if (e->process->uid < 0)
        return;
    snprintf(s->uid, sizeof s->uid, "%" PRId64, e->process->uid);
    s->user.uid = s->uid;
    s->user.name = or_empty(e->user_name);
    s->process.user = s->actor.user = &s->user;
}

static void fill_process(struct subject *s, const struct process_event *e)
{
    const struct proc_process *p = e->process;
    vedette__v1__process__init(&s->process);
    vedette__v1__file__init(&s->file);
    vedette__v1__session__init(&s->session);
    vedette__v1__actor__init(&s->actor);
    s->process.pid = p->pid;
    s->process.name = (char *)p->name;
    s->process.cmd_line = (char *)p->command;
    s->process.created_time = e->created_ms;
    s->process.working_directory = (char *)p->working_directory;
    s->process.container_uid = (char *)p->container;
    if (p->path[0] != '\0') {
        s->file.path = (char *)p->path;
        s->file.name = (char *)base_name(p->path);
        s->process.file = &s->file;
    }
    if (p->session[0] != '\0') {
        s->session.uid = (char *)p->session;
        s->process.session = &s->session;
    }
    fill_user(s, e);
    if (e->parent_pid == 0)
        return;
    fill_parent(s, e);
    s->process.parent_process = &s->parent;
    s->actor.process = &s->actor_process;
}

static void fill_end(Vedette__V1__Event *event, uint32_t wait_status, char *detail, size_t cap)
{
    int status = (int)wait_status;
    event->exit_case = VEDETTE__V1__EVENT__EXIT_EXIT_CODE;
    event->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (!WIFSIGNALED(status))
        return;
    snprintf(detail, cap, "killed by signal %d", WTERMSIG(status));
    event->status_detail = detail;
}

int process_event_write(const struct process_event *e, struct vd_buffer *out)
{
    struct envelope v;
    struct subject s;
    char detail[32];
    fill_envelope(&v, e);
    fill_process(&s, e);
    v.event.class_uid = PROCESS_ACTIVITY;
    v.event.activity_id = e->terminated ? TERMINATE : LAUNCH;
    v.event.status_id = SUCCESS;
    v.event.process = &s.process;
    v.event.actor = &s.actor;
    if (e->terminated)
        fill_end(&v.event, e->wait_status, detail, sizeof detail);
    return vd_event_write(out, &v.event.base);
}
