#ifndef QUARANTINE_H
#define QUARANTINE_H

#include <stddef.h>

/*
 * Moves dirfd/path, a file of the feed in dir, to quarantine/ of the data
 * directory, under a name that tells when and from where; the name into told.
 * Where quarantine/ is full (QUARANTINE_MAX files) the file is removed. 0, or
 * -1 with errno.
 */
#define QUARANTINE_MAX 256
int quarantine_move(int datafd, int dirfd, const char *dir, const char *path,
    char *told, size_t len);

#endif
