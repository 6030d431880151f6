/* Reading /proc/PID: every file may be gone, or be forbidden, at any time. */
#include "process_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <vedette/utf8.h>

enum { STATUS_BYTES = 4096, CONTAINER_DIGITS = 64 };

static int open_process(const char *root, int32_t pid)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%d", root, pid);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Terminated; the length without that. 0: nothing. */
static size_t read_file(int folder, const char *name, char *out, size_t cap)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n;
    out[0] = '\0';
    if (fd < 0)
        return 0;
    while (len < cap - 1 && ((n = read(fd, out + len, cap - 1 - len)) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    close(fd);
    out[len] = '\0';
    return len;
}

static void put_text(char *out, size_t cap, struct vd_bytes text)
{
    size_t len = vd_utf8_repair(text, (uint8_t *)out, cap - 1);
    out[len] = '\0';
}

static void read_link(int folder, const char *name, char *out, size_t cap)
{
    char target[PROC_PATH_BYTES];
    ssize_t len = readlinkat(folder, name, target, sizeof target);
    put_text(out, cap, vd_bytes_of(target, len < 0 ? 0 : (size_t)len));
}

static const char *field_of(const char *status, const char *key)
{
    const char *at = strstr(status, key);
    return at == NULL ? NULL : at + strlen(key);
}

static void read_status(int folder, struct proc_process *out)
{
    char status[STATUS_BYTES];
    if (read_file(folder, "status", status, sizeof status) == 0)
        return;
    /* The name stands first and may hold anything but a newline. */
    if (strncmp(status, "Name:\t", 6) == 0) {
        size_t len = strcspn(status + 6, "\n");
        put_text(out->name, sizeof out->name, vd_bytes_of(status + 6, len));
    }
    const char *parent = field_of(status, "\nPPid:\t"), *uid = field_of(status, "\nUid:\t");
    if (parent != NULL)
        out->parent_pid = (int32_t)strtol(parent, NULL, 10);
    if (uid != NULL)
        out->uid = strtol(uid, NULL, 10);
}

static void read_command(int folder, struct proc_process *out)
{
    char command[PROC_COMMAND_BYTES];
    size_t len = read_file(folder, "cmdline", command, sizeof command);
    while (len > 0 && command[len - 1] == '\0')
        len--;
    for (size_t i = 0; i < len; i++)
        if (command[i] == '\0')
            command[i] = ' ';
    put_text(out->command, sizeof out->command, vd_bytes_of(command, len));
}

bool proc_find_container(struct vd_bytes cgroups, char *out)
{
    size_t run = 0;
    for (size_t i = 0; i < cgroups.len; i++) {
        uint8_t c = cgroups.data[i];
        run = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? run + 1 : 0;
        bool ends = i + 1 == cgroups.len || strchr("/.\n:", cgroups.data[i + 1]) != NULL;
        if (run != CONTAINER_DIGITS || !ends)
            continue;
        memcpy(out, cgroups.data + i + 1 - run, run);
        out[run] = '\0';
        return true;
    }
    return false;
}

static void read_session(int folder, struct proc_process *out)
{
    char text[16];
    size_t len = read_file(folder, "sessionid", text, sizeof text);
    /* 4294967295: no login led to it. */
    if (len > 0 && strcmp(text, "4294967295") != 0)
        put_text(out->session, sizeof out->session, vd_bytes_of(text, strcspn(text, "\n")));
}

/* Only the heads of the strings: the buffers are large, and this runs at every exec. */
void proc_clear(int32_t pid, struct proc_process *out)
{
    out->pid = pid;
    out->parent_pid = 0;
    out->uid = -1;
    out->name[0] = out->path[0] = out->working_directory[0] = out->command[0] = '\0';
    out->container[0] = out->session[0] = '\0';
}

bool proc_read(const char *root, int32_t pid, struct proc_process *out)
{
    char cgroups[STATUS_BYTES];
    proc_clear(pid, out);
    int folder = open_process(root, pid);
    if (folder < 0)
        return false;
    read_status(folder, out);
    read_link(folder, "exe", out->path, sizeof out->path);
    read_link(folder, "cwd", out->working_directory, sizeof out->working_directory);
    read_command(folder, out);
    read_session(folder, out);
    size_t len = read_file(folder, "cgroup", cgroups, sizeof cgroups);
    proc_find_container(vd_bytes_of(cgroups, len), out->container);
    close(folder);
    return out->name[0] != '\0';
}

void proc_users_init(struct proc_users *users)
{
    for (size_t i = 0; i < sizeof users->slots / sizeof *users->slots; i++)
        users->slots[i].uid = -1;
}

const char *proc_user_name(struct proc_users *users, int64_t uid)
{
    struct passwd entry, *found = NULL;
    char text[2048];
    if (uid < 0)
        return "";
    size_t i = (size_t)uid % (sizeof users->slots / sizeof *users->slots);
    if (users->slots[i].uid == uid)
        return users->slots[i].name;
    users->slots[i].uid = uid;
    users->slots[i].name[0] = '\0';
    if (getpwuid_r((uid_t)uid, &entry, text, sizeof text, &found) == 0 && found != NULL)
        put_text(users->slots[i].name, sizeof users->slots[i].name, vd_bytes_str(found->pw_name));
    return users->slots[i].name;
}
