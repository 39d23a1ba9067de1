/*
 * Growable byte buffers. Invariant: once data is not NULL, data[len] is a
 * NUL that does not count, and len < cap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

int
buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	char *p;

	if (more > SIZE_MAX / 2 - b->len - 1) {
		errno = EOVERFLOW;
		return -1;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap += cap / 2;
	p = realloc(b->data, cap);
	if (p == NULL)
		return -1;
	p[b->len] = '\0';
	b->data = p;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	if (buf_reserve(b, n) == -1)
		return -1;
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, again;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		errno = EOVERFLOW;
		return -1;
	}
	if (buf_reserve(b, (size_t)n) == -1)
		return -1;
	va_start(ap, fmt);
	again = vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	if (again != n) {
		b->data[b->len] = '\0';
		errno = EOVERFLOW;
		return -1;
	}
	b->len += (size_t)n;
	return 0;
}

/* Bytes of the UTF-8 sequence at s, 0 if there is no valid one. */
static size_t
utf8_length(const unsigned char *s)
{
	size_t i, n;
	unsigned char low = 0x80, high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if (s[i] < low || s[i] > high)
			return 0;
	return n;
}

/* What stands for the character at s, of n bytes, in a JSON string. */
static int
json_char(struct buf *b, const char *s, size_t n)
{
	switch (*s) {
	case '"':
		return buf_add(b, "\\\"", 2);
	case '\\':
		return buf_add(b, "\\\\", 2);
	case '\n':
		return buf_add(b, "\\n", 2);
	case '\r':
		return buf_add(b, "\\r", 2);
	case '\t':
		return buf_add(b, "\\t", 2);
	}
	if (n == 0)
		return buf_add(b, "\\ufffd", 6);
	if ((unsigned char)*s < 0x20)
		return buf_printf(b, "\\u%04x", (unsigned int)*s);
	return buf_add(b, s, n);
}

int
buf_json(struct buf *b, const char *s)
{
	size_t n, len = b->len;

	if (buf_add(b, "\"", 1) == -1)
		return -1;
	for (; *s != '\0'; s += n > 0 ? n : 1) {
		n = utf8_length((const unsigned char *)s);
		if (json_char(b, s, n) == -1)
			goto bad;
	}
	if (buf_add(b, "\"", 1) == 0)
		return 0;
bad:
	b->len = len;
	b->data[len] = '\0';
	return -1;
}

int
buf_read_fd(struct buf *b, int fd, size_t max)
{
	size_t len = b->len, want;
	ssize_t n;

	for (;;) {
		want = b->cap - b->len;
		if (want < 4096)
			want = 4096;
		if (buf_reserve(b, want) == -1)
			goto bad;
		n = read(fd, b->data + b->len, want);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			goto bad;
		if (n == 0)
			break;
		b->len += (size_t)n;
		if (b->len - len > max) {
			errno = EFBIG;
			goto bad;
		}
	}
	b->data[b->len] = '\0';
	return 0;
bad:
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
	return -1;
}

int
buf_read_file(struct buf *b, int dirfd, const char *path, size_t max)
{
	int fd, rc, saved;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return -1;
	rc = buf_read_fd(b, fd, max);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

void
buf_drain(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	if (n > b->len)
		n = b->len;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}
