#ifndef ATOMIC_H
#define ATOMIC_H

#include <stddef.h>

/*
 * Replaces dirfd/name by n bytes: temp file in the same directory, rename.
 * With sync also fsync of the file and of the directory. mode 0600. A reader
 * sees the old or the new, never a part. 0, or -1 with errno and no temp left.
 */
int atomic_write(int dirfd, const char *name, const void *p, size_t n,
    int sync);

/*
 * An inotify descriptor that tells when file, which need not be there yet, is
 * replaced by rename, or another one in its directory is. -1 with errno.
 */
int atomic_watch(const char *file);

/* mkdir -p below dirfd, mode 0700. 0, or -1 with errno. */
int atomic_mkdirs(int dirfd, const char *path);

#endif
