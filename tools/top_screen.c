/* Raw mode and the alternate screen. What undoes them is safe in a signal handler, and done once. */
#include "top_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include <vedette/error.h>

/* Alternate screen, no cursor, no wrapping; and back. */
static const char ENTER[] = "\033[?1049h\033[?25l\033[?7l\033[H\033[2J",
                  LEAVE[] = "\033[?7h\033[?25h\033[?1049l";

static const int ENDS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASH_COUNT = sizeof CRASHES / sizeof *CRASHES, LEAVE_MS = 1000 };

static struct {
    struct termios before;
    struct sigaction crashes[CRASH_COUNT]; /* what was there before */
    int keys;                              /* the terminal, to read from; -1: there is none */
    atomic_bool taken;
    volatile sig_atomic_t ended, changed;
} screen = {.keys = -1};

/* Up to LEAVE_MS a time where the end is asked for, so that a terminal that takes nothing does not keep us.
 */
static bool is_writable(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    int ready;
    do
        ready = poll(&out, 1, LEAVE_MS);
    while (ready <= 0 && screen.ended == 0);
    return ready > 0;
}

static bool write_all(const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        if (!is_writable())
            return false;
        ssize_t written = write(STDOUT_FILENO, at, len);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (written > 0) {
            at += written;
            len -= (size_t)written;
        }
    }
    return true;
}

void top_screen_leave(void)
{
    int before = errno;
    if (atomic_exchange(&screen.taken, false)) {
        write_all(LEAVE, sizeof LEAVE - 1);
        tcsetattr(STDOUT_FILENO, TCSANOW, &screen.before);
    }
    errno = before;
}

static void take_over(void)
{
    struct termios raw = screen.before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_iflag &= (tcflag_t) ~(ICRNL | IXON);
    raw.c_oflag &= (tcflag_t)~OPOST;
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDOUT_FILENO, TCSADRAIN, &raw);
    atomic_store(&screen.taken, true);
    write_all(ENTER, sizeof ENTER - 1);
}

/* ---- Signals */

static void on_end(int number)
{
    (void)number;
    screen.ended = 1;
}

static void on_change(int number)
{
    (void)number;
    screen.changed = 1;
}

/* Whatever was there before has the last word. */
static void on_crash(int number)
{
    screen.ended = 1;
    top_screen_leave();
    for (int i = 0; i < CRASH_COUNT; i++)
        if (CRASHES[i] == number)
            sigaction(number, &screen.crashes[i], NULL);
    raise(number);
}

/* The shell gets its terminal back while we are stopped. */
static void on_stop(int number)
{
    (void)number;
    int before = errno;
    top_screen_leave();
    raise(SIGSTOP);
    take_over();
    screen.changed = 1;
    errno = before;
}

static void watch(void)
{
    struct sigaction end = {.sa_handler = on_end}, change = {.sa_handler = on_change},
                     crash = {.sa_handler = on_crash}, stop = {.sa_handler = on_stop};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        sigaction(ENDS[i], &end, NULL);
    for (int i = 0; i < CRASH_COUNT; i++)
        sigaction(CRASHES[i], &crash, &screen.crashes[i]);
    sigaction(SIGWINCH, &change, NULL);
    sigaction(SIGTSTP, &stop, NULL);
}

/* ---- In and out */

int top_screen_enter(void)
{
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDOUT_FILENO, &screen.before) != 0)
        return VD_EIO;
    screen.keys = isatty(STDIN_FILENO) ? STDIN_FILENO : open("/dev/tty", O_RDONLY | O_CLOEXEC);
    atexit(top_screen_leave);
    watch();
    take_over();
    return 0;
}

bool top_screen_write(struct vd_bytes bytes)
{
    return write_all(bytes.data, bytes.len);
}

int top_screen_keys(unsigned char out[TOP_KEYS_BYTES], int timeout_ms)
{
    struct pollfd keys = {.fd = screen.keys, .events = POLLIN};
    int ready = poll(&keys, 1, timeout_ms);
    if (ready <= 0)
        return 0;
    ssize_t len = read(screen.keys, out, TOP_KEYS_BYTES);
    if (len > 0)
        return (int)len;
    return (len < 0 && (errno == EINTR || errno == EAGAIN)) || (keys.revents & (POLLHUP | POLLERR)) == 0 ? 0
                                                                                                         : -1;
}

bool top_screen_ended(void)
{
    return screen.ended != 0;
}

bool top_screen_changed(void)
{
    bool changed = screen.changed != 0;
    screen.changed = 0;
    return changed;
}
