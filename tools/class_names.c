/* OCSF 1.8 class names. */
#include "class_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static const struct class
{
    int32_t uid;
    const char *name;
} CLASSES[] = {
    {0, "Base Event"},
    {1001, "File System Activity"},
    {1002, "Kernel Extension Activity"},
    {1003, "Kernel Activity"},
    {1004, "Memory Activity"},
    {1005, "Module Activity"},
    {1006, "Scheduled Job Activity"},
    {1007, "Process Activity"},
    {1008, "Event Log Activity"},
    {1009, "Script Activity"},
    {1010, "Peripheral Activity"},
    {2003, "Compliance Finding"},
    {2004, "Detection Finding"},
    {3001, "Account Change"},
    {3002, "Authentication"},
    {3003, "Authorize Session"},
    {3006, "Group Management"},
    {4001, "Network Activity"},
    {4003, "DNS Activity"},
    {4007, "SSH Activity"},
    {5001, "Device Inventory Info"},
    {6002, "Application Lifecycle"},
    {6003, "API Activity"},
};
enum { CLASS_COUNT = sizeof CLASSES / sizeof *CLASSES };

const char *class_name(int32_t class_uid)
{
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (CLASSES[i].uid == class_uid)
            return CLASSES[i].name;
    return NULL;
}

const char *class_name_at(unsigned n)
{
    return n < CLASS_COUNT ? CLASSES[n].name : NULL;
}

static const char *skip_separators(const char *text)
{
    while (*text == ' ' || *text == '-' || *text == '_')
        text++;
    return text;
}

static bool same(const char *a, const char *b)
{
    for (;; a++, b++) {
        a = skip_separators(a);
        b = skip_separators(b);
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
    }
}

int32_t class_uid_of(const char *text)
{
    char *end;
    errno = 0;
    long uid = strtol(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && uid >= 0 && uid <= INT32_MAX)
        return (int32_t)uid;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (same(text, CLASSES[i].name))
            return CLASSES[i].uid;
    return -1;
}
