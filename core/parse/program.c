/* The table of programs, and the way of a message to its reader. */
#include "program.h"

static const struct program PROGRAMS[] = {
    {"sshd", "sshd", LOGON_TYPE_REMOTE, true, sshd_read},
    {"sshd-session", "sshd", LOGON_TYPE_REMOTE, true, sshd_read},
    {"sshd-auth", "sshd", LOGON_TYPE_REMOTE, true, sshd_read},
    {"sudo", "sudo", LOGON_TYPE_INTERACTIVE, true, sudo_read},
    {"sudo-i", "sudo", LOGON_TYPE_INTERACTIVE, true, sudo_read},
    {"su", "su", LOGON_TYPE_INTERACTIVE, true, login_read},
    {"su-l", "su", LOGON_TYPE_INTERACTIVE, true, login_read},
    {"login", "login", LOGON_TYPE_INTERACTIVE, true, login_read},
    {"remote", "login", LOGON_TYPE_REMOTE, true, login_read},
    {"cron", "cron", LOGON_TYPE_BATCH, false, NULL},
    {"CRON", "cron", LOGON_TYPE_BATCH, false, NULL},
    {"crond", "cron", LOGON_TYPE_BATCH, false, NULL},
    {"atd", "atd", LOGON_TYPE_BATCH, false, NULL},
    {"gdm-password", "gdm", LOGON_TYPE_INTERACTIVE, false, NULL},
    {"lightdm", "lightdm", LOGON_TYPE_INTERACTIVE, false, NULL},
    {"sddm", "sddm", LOGON_TYPE_INTERACTIVE, false, NULL},
    {"systemd-logind", "systemd-logind", 0, true, logind_read},
    {"useradd", NULL, 0, false, account_read},
    {"userdel", NULL, 0, false, account_read},
    {"usermod", NULL, 0, false, account_read},
    {"groupadd", NULL, 0, false, account_read},
    {"groupdel", NULL, 0, false, account_read},
    {"groupmod", NULL, 0, false, account_read},
    {"gpasswd", NULL, 0, false, account_read},
    {"passwd", NULL, 0, false, account_read},
    {"chpasswd", NULL, 0, false, account_read},
    {"newusers", NULL, 0, false, account_read},
    {"chage", NULL, 0, false, account_read},
    {"chsh", NULL, 0, false, account_read},
    {"chfn", NULL, 0, false, account_read},
};

const struct program *program_find(struct vd_bytes name)
{
    const uint8_t *slash = name.len > 0 ? memrchr(name.data, '/', name.len) : NULL;
    if (slash != NULL)
        name = vd_bytes_of(slash + 1, (size_t)(name.data + name.len - slash) - 1);
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof *PROGRAMS; i++)
        if (parse_is(name, PROGRAMS[i].name))
            return &PROGRAMS[i];
    return NULL;
}

bool program_read(struct draft *d, const struct message *m)
{
    if (parse_starts(m->text, "pam_") && pam_read(d, m))
        return true;
    const struct program *program = program_find(m->program);
    return program != NULL && program->read != NULL && program->read(d, program, m);
}

void program_describe_login(struct draft *d, const struct program *program)
{
    draft_service(d, program->service);
    d->event.logon_type_id = program->logon_type_id;
    d->event.is_remote = d->event.src_endpoint != NULL || program->logon_type_id == LOGON_TYPE_REMOTE;
}
