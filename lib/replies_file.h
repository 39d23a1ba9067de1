#ifndef REPLIES_FILE_H
#define REPLIES_FILE_H

#include "replies.h"

/* Private to lib/replies*.c: names and the first line. */
#define REPLIES_LINE 3072 /* bytes, newline included */
#define REPLIES_NAME 600

/* Below the data directory. 0, or -1 with errno ENAMETOOLONG. */
int replies_dir(const char *path, char *out, size_t len);
int replies_name(const char *path, const char *type, char *out, size_t len);
/* The path of a directory in replies/; -1 if it is none of ours. */
int replies_path(const char *name, char *path);
/* The first line of an open file. 0, or -1 with errno ENOENT: not sound. */
int replies_head_read(struct replies_head *h, int fd);

#endif
