/* Keys, and the sequences that terminals send for those without a character. */
#include <string.h>

#include "top_view.h"

enum {
    ESCAPE = 0x1b,
    BACKSPACE = 0x7f,
    CONTROL_H = 0x08,
    CONTROL_U = 0x15,
    CONTROL_C = 0x03,
    PAGE_LINES = 10
};
enum { FAR = 1 << 20 };

static void close_panels(struct top_view *view)
{
    if (!view->help && !view->details)
        view->filter[0] = '\0';
    view->help = view->details = false;
}

/* ---- While a filter is typed */

/* A character may be several bytes long. */
static void rub_out(struct top_view *view)
{
    size_t len = strlen(view->filter);
    while (len > 0 && ((uint8_t)view->filter[len - 1] & 0xc0) == 0x80)
        len--;
    view->filter[len > 0 ? len - 1 : 0] = '\0';
}

static void type(struct top_view *view, uint8_t key)
{
    size_t len = strlen(view->filter);
    switch (key) {
    case '\r':
    case '\n':
        view->typing = false;
        return;
    case BACKSPACE:
    case CONTROL_H:
        rub_out(view);
        return;
    case CONTROL_U:
        view->filter[0] = '\0';
        return;
    default:
        break;
    }
    if (key < 0x20 || len + 1 >= sizeof view->filter)
        return;
    view->filter[len] = (char)key;
    view->filter[len + 1] = '\0';
}

/* ---- Commands */

static void command(struct top_view *view, uint8_t key)
{
    switch (key) {
    case 'q':
    case CONTROL_C:
        view->quit = true;
        break;
    case 's':
        view->sort = (view->sort + 1) % TOP_SORT_COUNT;
        break;
    case 'f':
    case '/':
        view->typing = true;
        view->help = false;
        break;
    case 'p':
    case ' ':
        view->paused = !view->paused;
        break;
    case 'j':
        view->move++;
        break;
    case 'k':
        view->move--;
        break;
    case 'g':
        view->move = -FAR;
        break;
    case 'G':
        view->move = FAR;
        break;
    case '\r':
    case '\n':
        view->details = !view->details;
        break;
    case '?':
    case 'h':
        view->help = !view->help;
        break;
    default:
        break;
    }
}

static void key(struct top_view *view, uint8_t byte)
{
    if (view->typing)
        type(view, byte);
    else
        command(view, byte);
}

/* ---- Escape sequences */

static void sequence(struct top_view *view, struct vd_bytes bytes)
{
    static const struct {
        const char *bytes;
        int move;
    } moves[] = {{"[A", -1},           {"OA", -1},          {"[B", 1},    {"OB", 1},
                 {"[5~", -PAGE_LINES}, {"[6~", PAGE_LINES}, {"[H", -FAR}, {"OH", -FAR},
                 {"[1~", -FAR},        {"[F", FAR},         {"OF", FAR},  {"[4~", FAR}};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (vd_bytes_equal(bytes, vd_bytes_str(moves[i].bytes)))
            view->move += moves[i].move;
}

/* "ESC [ 5 ~" ends with a byte from @ on, "ESC O A" with its third. */
static bool is_whole(const uint8_t *bytes, size_t len)
{
    if (len < 3)
        return len == 2 && bytes[1] != '[' && bytes[1] != 'O';
    return bytes[1] == 'O' || bytes[len - 1] >= 0x40;
}

static void escape_alone(struct top_view *view)
{
    if (view->typing)
        view->filter[0] = '\0';
    else
        close_panels(view);
    view->typing = false;
}

void top_view_keys(struct top_view *view, struct vd_bytes keys)
{
    for (size_t i = 0; i < keys.len; i++) {
        uint8_t byte = keys.data[i];
        if (view->pending_len == 0 && byte != ESCAPE) {
            key(view, byte);
            continue;
        }
        if (view->pending_len == TOP_PENDING_BYTES) {
            view->pending_len = 0; /* no key that we know is so long */
            continue;
        }
        view->pending[view->pending_len++] = byte;
        if (!is_whole(view->pending, view->pending_len))
            continue;
        sequence(view, vd_bytes_of(view->pending + 1, view->pending_len - 1));
        view->pending_len = 0;
    }
}

void top_view_idle(struct top_view *view)
{
    if (view->pending_len == 1)
        escape_alone(view);
    view->pending_len = 0;
}
