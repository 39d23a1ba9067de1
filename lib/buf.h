#ifndef BUF_H
#define BUF_H

#include <stddef.h>

/*
 * A growable byte buffer. data may be NULL while len is 0; there is always
 * a NUL behind len once anything was added. Zeroed memory is a valid empty
 * buffer. The caller owns the struct.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
};

/* All return 0, or -1 with errno (ENOMEM, EOVERFLOW) and b unchanged. */
int buf_reserve(struct buf *b, size_t more);
int buf_add(struct buf *b, const void *p, size_t n);
int buf_puts(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds s as a JSON string, quotes included. */
int buf_json(struct buf *b, const char *s);

/* Reads a whole file of at most max bytes: 0, or -1 with errno (EFBIG). */
int buf_read_fd(struct buf *b, int fd, size_t max);
int buf_read_file(struct buf *b, int dirfd, const char *path, size_t max);

/* Drops the first n bytes. */
void buf_drain(struct buf *b, size_t n);
/* Releases the memory and leaves b empty and reusable. */
void buf_free(struct buf *b);

#endif
