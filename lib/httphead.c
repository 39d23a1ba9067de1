/*
 * Request heads of tunnels. lighttpd has looked at them before; what is odd
 * all the same is refused, not mended.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "httphead.h"

#define LINES_MAX 256

long
httphead_length(const char *p, size_t n)
{
	const char *end;

	end = n < 4 ? NULL : memmem(p, n, "\r\n\r\n", 4);
	if (end != NULL && end - p + 4 <= HTTPHEAD_MAX)
		return end - p + 4;
	if (end == NULL && n <= HTTPHEAD_MAX)
		return 0;
	errno = EMSGSIZE;
	return -1;
}

/* 1 for METHOD /path HTTP/1.1, without control bytes. */
static int
is_request_line(const char *p, size_t n)
{
	const char *uri, *version;
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return 0;
	if ((uri = memchr(p, ' ', n)) == NULL || uri == p)
		return 0;
	uri++;
	n -= (size_t)(uri - p);
	if ((version = memchr(uri, ' ', n)) == NULL || *uri != '/')
		return 0;
	n -= (size_t)(version - uri);
	return n == 9 && memcmp(version, " HTTP/1.1", 9) == 0;
}

static int
begins(const char *line, size_t name, const char *with)
{
	return strlen(with) <= name &&
	    strncasecmp(line, with, strlen(with)) == 0;
}

static int
is_dropped(const char *line, size_t name, int as_others)
{
	static const char *const whole[] = { "host", "connection",
		"authorization", "proxy", "proxy-authorization",
		"proxy-connection", "keep-alive", "te", "trailer",
		"transfer-encoding", "content-length", "forwarded", "expect",
		"via", NULL };
	static const char *const starts[] = { "x-remote-", "x-ote-",
		"x-forwarded", "x-host", NULL };
	int i;

	for (i = 0; whole[i] != NULL; i++)
		if (strlen(whole[i]) == name &&
		    strncasecmp(line, whole[i], name) == 0)
			return 1;
	for (i = 0; starts[i] != NULL; i++)
		if (begins(line, name, starts[i]))
			return 1;
	return !as_others && begins(line, name, "impersonate-");
}

/* Bytes of a header's name; 0 if the line is none. */
static size_t
name_length(const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	size_t i, len = colon == NULL ? 0 : (size_t)(colon - line);

	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] <= 0x20 || line[i] == 0x7f)
			return 0;
	return memchr(line, '\n', n) != NULL || memchr(line, '\r', n) != NULL ||
		memchr(line, '\0', n) != NULL
	    ? 0
	    : len;
}

static int
add_headers(struct buf *b, const char *p, const char *end, int as_others)
{
	const char *eol;
	size_t name;
	int lines = 0;

	for (; p < end; p = eol + 2) {
		eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		if (eol == NULL || eol == p)
			break;
		name = name_length(p, (size_t)(eol - p));
		if (name == 0 || lines++ == LINES_MAX) {
			errno = EBADMSG;
			return -1;
		}
		if (!is_dropped(p, name, as_others) &&
		    buf_add(b, p, (size_t)(eol + 2 - p)) == -1)
			return -1;
	}
	return 0;
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t';
}

int
httphead_find(const char *head, size_t n, const char *name, const char **value,
    size_t *len)
{
	const char *p = memmem(head, n, "\r\n", 2), *end = head + n, *eol, *v;
	size_t want = strlen(name);
	int found = 0;

	for (p = p == NULL ? end : p + 2; p < end; p = eol + 2) {
		eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		if (eol == NULL || eol == p)
			break;
		if (name_length(p, (size_t)(eol - p)) != want ||
		    strncasecmp(p, name, want) != 0 || found++ > 0)
			continue;
		for (v = p + want + 1; v < eol && is_space(*v);)
			v++;
		*value = v;
		*len = (size_t)(eol - v);
		while (*len > 0 && is_space(v[*len - 1]))
			--*len;
	}
	return found;
}

int
httphead_upgrade(struct buf *b, const char *head, size_t n, const char *host,
    const char *lines, int as_others)
{
	const char *eol = n < 4 ? NULL : memmem(head, n, "\r\n", 2);

	if (eol == NULL || !is_request_line(head, (size_t)(eol - head))) {
		errno = EBADMSG;
		return -1;
	}
	if (buf_add(b, head, (size_t)(eol + 2 - head)) == -1 ||
	    buf_printf(b, "Host: %s\r\nConnection: Upgrade\r\n", host) == -1 ||
	    (lines != NULL && buf_puts(b, lines) == -1) ||
	    add_headers(b, eol + 2, head + n, as_others) == -1)
		return -1;
	return buf_puts(b, "\r\n");
}
