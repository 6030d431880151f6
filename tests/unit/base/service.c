/* What a service tells systemd, read from the other end of its socket. */
#include <vedette/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static int notify = -1;

static int listen_for_it(void **state)
{
    (void)state;
    /* An abstract name leaves nothing behind in the file system. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[64];
    int len = snprintf(name, sizeof name, "@vedette-test-notify-%d", (int)getpid());
    memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
    notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len);
    if (notify < 0 || bind(notify, (const struct sockaddr *)&address, address_len) != 0)
        return -1;
    return setenv("NOTIFY_SOCKET", name, 1);
}

static int stop_listening(void **state)
{
    (void)state;
    close(notify);
    return unsetenv("NOTIFY_SOCKET");
}

static const char *told(void)
{
    static char text[512];
    ssize_t len = recv(notify, text, sizeof text - 1, MSG_DONTWAIT);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void systemd_hears_each_state(void **state)
{
    (void)state;
    vd_service_ready();
    assert_string_equal(told(), "READY=1");
    vd_service_reloading();
    assert_memory_equal(told(), "RELOADING=1\nMONOTONIC_USEC=", 27);
    vd_service_stopping();
    assert_string_equal(told(), "STOPPING=1");
    vd_service_alive();
    assert_string_equal(told(), "WATCHDOG=1");
    vd_service_status("%d sessions\nREADY=1", 3);
    assert_string_equal(told(), "STATUS=3 sessions READY=1");
}

static void without_systemd_nothing_happens(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    vd_service_ready();
    vd_service_status("quiet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(systemd_hears_each_state, listen_for_it, stop_listening),
        cmocka_unit_test(without_systemd_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
