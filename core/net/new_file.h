/* Files that appear whole or not at all, and never in the place of another. */
#ifndef VEDETTE_NET_NEW_FILE_H
#define VEDETTE_NET_NEW_FILE_H

#include <sys/types.h>
#include <vedette/bytes.h>

/* On disk when it returns 0. VD_EEXISTS if path is there, else what fits errno. */
int vd_new_file_write(const char *path, struct vd_bytes content, mode_t mode);

#endif
