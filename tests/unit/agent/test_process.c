/* The process source: its cache and /proc reader, and, where this host allows it, the kernel's own events. */
#include "pulled.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <vedette/error.h>

#include "process_cache.h"
#include "process_proc.h"

static void test_cache_is_bounded_and_forgets_the_oldest(void **state)
{
    (void)state;
    struct process_cache cache;
    assert_int_equal(process_cache_init(&cache, 8), 0);
    /* Two sets: even numbers share one. */
    for (int32_t pid = 2; pid <= 8; pid += 2)
        process_cache_put(&cache, pid);
    assert_non_null(process_cache_find(&cache, 2));
    process_cache_put(&cache, 10);
    assert_non_null(process_cache_find(&cache, 2));
    assert_null(process_cache_find(&cache, 4));
    assert_non_null(process_cache_find(&cache, 10));
    process_cache_remove(&cache, 2);
    assert_null(process_cache_find(&cache, 2));
    process_cache_remove(&cache, 2);
    assert_null(process_cache_find(&cache, 0));
    process_cache_deinit(&cache);
}

static void test_containers(void **state)
{
    (void)state;
    static const char HEX[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char text[256], out[PROC_ID_BYTES] = "";
    static const struct {
        const char *before, *after;
        bool found;
    } CASES[] = {
        {"0::/system.slice/docker-", ".scope\n", true},
        {"0::/kubepods/pod1/", "\n", true},
        {"0::/x/", "/y", true},
        {"0::/x/", "0\n", false},
        {"0::/x/", "-y\n", false},
        {"0::/", "", true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(text, sizeof text, "%s%s%s", CASES[i].before, HEX, CASES[i].after);
        assert_int_equal(proc_find_container(vd_bytes_str(text), out), CASES[i].found);
        if (CASES[i].found)
            assert_string_equal(out, HEX);
    }
    assert_false(proc_find_container(vd_bytes_str("0::/init.scope\n"), out));
    assert_false(proc_find_container((struct vd_bytes){0}, out));
}

static void test_reads_its_own_process(void **state)
{
    (void)state;
    static struct proc_process self;
    char exe[256];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    assert_true(len > 0);
    exe[len] = '\0';
    assert_true(proc_read("/proc", getpid(), &self));
    assert_string_equal(self.path, exe);
    assert_int_equal(self.parent_pid, getppid());
    assert_int_equal(self.uid, getuid());
    assert_non_null(strstr(self.command, "test-process"));
    assert_true(self.name[0] != '\0' && self.working_directory[0] == '/');
    assert_false(proc_read("/nonexistent", 1, &self));
    assert_string_equal(self.name, "");
}

/* A /proc made up of what an attacker may choose: a name that looks like a field, no UTF-8, no end. */
static void test_hostile_proc(void **state)
{
    (void)state;
    static struct proc_process got;
    struct pulled p;
    char path[128];
    pulled_init(&p);
    snprintf(path, sizeof path, "%s/7", p.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/7/status", p.folder);
    FILE *file = fopen(path, "w");
    fputs("Name:\tx\\nUid:\t0\xff\nPPid:\t1\nUid:\t1000\t1000\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/7/cmdline", p.folder);
    file = fopen(path, "w");
    for (int i = 0; i < 3 * PROC_COMMAND_BYTES; i++)
        fputc(i % 7 == 0 ? 0 : 0xff, file);
    fclose(file);
    assert_true(proc_read(p.folder, 7, &got));
    assert_string_equal(got.name, "x\\nUid:\t0\xef\xbf\xbd");
    assert_int_equal(got.uid, 1000);
    assert_in_range(strlen(got.command), PROC_COMMAND_BYTES - 4, PROC_COMMAND_BYTES - 1);
    pulled_deinit(&p);
}

struct seen {
    pid_t pid;
    bool launched, terminated;
    int exit_code, parent_pid;
    char path[128], command[128];
};

static int note(void *arg, struct vd_bytes bytes, struct vd_bytes cursor)
{
    struct seen *seen = arg;
    assert_int_equal(cursor.len, 0);
    Vedette__V1__Event *e = vedette__v1__event__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(e);
    if (e->class_uid == 1007 && e->process->pid == seen->pid) {
        seen->launched = seen->launched || e->activity_id == 1;
        seen->parent_pid = e->process->parent_process->pid;
        if (e->activity_id == 1 && e->process->file != NULL)
            snprintf(seen->path, sizeof seen->path, "%s", e->process->file->path);
        if (e->activity_id == 1)
            snprintf(seen->command, sizeof seen->command, "%s", e->process->cmd_line);
        if (e->activity_id == 2) {
            seen->terminated = true;
            seen->exit_code = e->exit_code;
            assert_true(e->process->name[0] != '\0');
        }
    }
    vedette__v1__event__free_unpacked(e, NULL);
    return 0;
}

static void ignore_lost(void *arg, const struct source_loss *loss, struct vd_bytes cursor)
{
    (void)arg;
    (void)loss;
    (void)cursor;
}

static struct seen *now_seeing;

static void on_ready(struct source *s)
{
    const struct source_sink sink = {.take = note, .lost = ignore_lost, .arg = now_seeing};
    while (source_pull(s, &sink, 64) == SOURCE_MORE)
        ;
    if (now_seeing->terminated)
        uv_stop(s->host.loop);
}

static void test_kernel_events(void **state)
{
    (void)state;
    struct pulled p;
    char why[SOURCE_ERROR_BYTES] = "";
    pulled_init(&p);
    const struct source_host host = pulled_host(&p);
    int rc = process_open(&p.source, &host, &(struct process_config){0}, why);
    if (rc != 0) {
        assert_true(strstr(why, "process: ") == why);
        print_message("skipped: %s\n", why);
        pulled_deinit(&p);
        skip();
    }
    struct seen seen = {0};
    now_seeing = &seen;
    p.source->ready = on_ready;
    on_ready(p.source);
    seen.pid = fork();
    if (seen.pid == 0) {
        execl("/bin/sh", "sh", "-c", "sleep 0.2; exit 7", (char *)NULL);
        _exit(1);
    }
    uv_run(&p.loop, UV_RUN_DEFAULT);
    waitpid(seen.pid, NULL, 0);
    assert_true(seen.launched);
    assert_int_equal(seen.exit_code, 7);
    assert_int_equal(seen.parent_pid, getpid());
    assert_non_null(strstr(seen.command, "sleep 0.2; exit 7"));
    assert_true(seen.path[0] == '/');
    pulled_deinit(&p);
}

/* A receive buffer far too small, and nobody who reads: the losses are counted and told. */
static int take_any(void *arg, struct vd_bytes bytes, struct vd_bytes cursor)
{
    (void)arg;
    (void)bytes;
    (void)cursor;
    return 0;
}

static void test_losses_are_told(void **state)
{
    (void)state;
    struct pulled p;
    char why[SOURCE_ERROR_BYTES] = "";
    const struct source_sink sink = {.take = take_any, .lost = pulled_lost, .arg = &p};
    pulled_init(&p);
    const struct source_host host = pulled_host(&p);
    if (process_open(&p.source, &host, &(struct process_config){.receive_buffer_bytes = 4096}, why) != 0) {
        pulled_deinit(&p);
        skip();
    }
    /* The hole shows with the first message after it on the same CPU, and the kernel may still be busy with
     * the last exit when this process goes on: so one CPU, and a few rounds. */
    enum { ROUNDS_MAX = 20, FLOOD = 60, FEW = 4 };
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    for (int round = 0; round < ROUNDS_MAX && p.lost == 0; round++) {
        for (int i = 0; i < (round % 2 == 0 ? FLOOD : FEW); i++) {
            pid_t child = fork();
            if (child == 0)
                _exit(0);
            waitpid(child, NULL, 0);
        }
        while (source_pull(p.source, &sink, 64) == SOURCE_MORE)
            ;
    }
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_true(p.lost > 0);
    assert_int_equal(p.lost, p.source->counters.lost);
    p.losses = 1;
    pulled_expect_lost(&p, VD_GAP_SOURCE_OVERRUN, "the kernel dropped process events");
    pulled_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache_is_bounded_and_forgets_the_oldest),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_reads_its_own_process),
        cmocka_unit_test(test_hostile_proc),
        cmocka_unit_test(test_kernel_events),
        cmocka_unit_test(test_losses_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
