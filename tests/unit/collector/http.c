/* The HTTP page inside a real loop, asked by a plain socket on loopback. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vedette/error.h>

#include "http.h"

struct page {
    uv_loop_t loop;
    struct http *http;
    bool ready, closed;
};

static bool write_metrics(void *arg, struct vd_buffer *out)
{
    (void)arg;
    return vd_buffer_append_str(out, "x_total 1\n") == 0;
}

static bool write_ready(void *arg, struct vd_buffer *out)
{
    struct page *p = arg;
    vd_buffer_append_str(out, p->ready ? "ready\n" : "not ready: no Kafka\n");
    return p->ready;
}

static void on_closed(void *arg)
{
    struct page *p = arg;
    p->closed = true;
}

static const struct http_callbacks CALLBACKS = {
    .metrics = write_metrics, .live = write_metrics, .ready = write_ready};

static int connect_to(const char *address)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    where.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    return fd;
}

/* The answer to a request, the loop turning meanwhile. */
static void ask(struct page *p, const char *request, char *answer, size_t cap)
{
    int fd = connect_to(http_address(p->http));
    size_t have = 0;
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    for (int turn = 0; turn < 2000; turn++) {
        uv_run(&p->loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, answer + have, cap - 1 - have, MSG_DONTWAIT);
        if (got == 0)
            break;
        have += got > 0 ? (size_t)got : 0;
        usleep(1000);
    }
    answer[have] = '\0';
    close(fd);
}

static void pages_answer_with_their_status(void **state)
{
    (void)state;
    struct page p = {.ready = false};
    char answer[4096];
    assert_int_equal(uv_loop_init(&p.loop), 0);
    assert_int_equal(http_start(&p.http, &p.loop, "127.0.0.1:0", &CALLBACKS, &p), 0);
    ask(&p, "GET /metrics HTTP/1.0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    assert_non_null(strstr(answer, "x_total 1"));
    ask(&p, "GET /readyz HTTP/1.0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "no Kafka"));
    p.ready = true;
    ask(&p, "GET /readyz HTTP/1.0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    ask(&p, "GET /secret HTTP/1.0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 404 "));
    ask(&p, "POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 405 "));
    http_close(p.http, on_closed);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    assert_true(p.closed);
    assert_int_equal(uv_loop_close(&p.loop), 0);
}

static void a_taken_port_and_a_bad_address_are_told(void **state)
{
    (void)state;
    struct page p = {0};
    struct http *second = NULL;
    assert_int_equal(uv_loop_init(&p.loop), 0);
    assert_int_equal(http_start(&p.http, &p.loop, "127.0.0.1:0", &CALLBACKS, &p), 0);
    assert_int_equal(http_start(&second, &p.loop, http_address(p.http), &CALLBACKS, &p), VD_EEXISTS);
    assert_int_equal(http_start(&second, &p.loop, "nonsense", &CALLBACKS, &p), VD_EINVAL);
    assert_int_equal(http_start(&second, &p.loop, "example.org:80", &CALLBACKS, &p), VD_EINVAL);
    http_close(p.http, on_closed);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&p.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_answer_with_their_status),
        cmocka_unit_test(a_taken_port_and_a_bad_address_are_told),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
