/*
 * Remembered answers: their names and how they are read. A file is a line
 * of JSON, filled up with blanks to REPLIES_LINE bytes, then the body, packed
 * by gzip where that line says so. A file that is not as long as its line
 * says was torn, and is none.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "replies_file.h"

#define CHUNK (16 * 1024)

/* --- which paths, and their names --- */

/* How many segments; 0 if one is empty. */
static int
segments(const char *path)
{
	int n = 0;

	for (; *path == '/'; path += strcspn(path, "/"), n++)
		if (*++path == '/' || *path == '\0')
			return 0;
	return n;
}

static enum replies_kind
kind_of(const char *key)
{
	int n = segments(key);

	if (strcmp(key, "/version") == 0 ||
	    strcmp(key, "/.well-known/openid-configuration") == 0 ||
	    strcmp(key, "/openid/v1/jwks") == 0)
		return REPLIES_ROUTE;
	if (strcmp(key, "/api") == 0 ||
	    (strncmp(key, "/api/", 5) == 0 && n == 2))
		return REPLIES_ROUTE;
	if (strcmp(key, "/apis") == 0 ||
	    (strncmp(key, "/apis/", 6) == 0 && n == 2))
		return REPLIES_GROUPS;
	if (strncmp(key, "/apis/", 6) == 0 && n == 3)
		return REPLIES_ROUTE;
	if (strcmp(key, "/openapi/v2") == 0)
		return REPLIES_OPENAPI;
	if (strcmp(key, "/openapi/v3") == 0)
		return REPLIES_INDEX;
	/* the schema of /version, /apis/G/V, /.well-known/X and so on */
	if (strncmp(key, "/openapi/v3/", 12) == 0 && n >= 3 && n <= 5)
		return REPLIES_OPENAPI;
	return REPLIES_NONE;
}

enum replies_kind
replies_kind(const char *path, char *key)
{
	size_t n = strlen(path);

	if (strcmp(path, "/") == 0) {
		memcpy(key, path, 2);
		return REPLIES_ROOT;
	}
	if (n >= REPLIES_PATH_MAX || n < 2)
		return REPLIES_NONE;
	memcpy(key, path, n + 1);
	if (key[n - 1] == '/' && strncmp(key, "/openapi/", 9) != 0)
		key[n - 1] = '\0';
	return kind_of(key);
}

/* Slashes are commas; letters, digits and a few others are themselves. */
static int
escape(const char *s, char *out, size_t len)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (n + 4 > len) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (*s == '/')
			out[n++] = ',';
		else if (isalnum((unsigned char)*s) ||
		    (strchr("._-=;+@:", *s) != NULL && (n > 0 || *s != '.')))
			out[n++] = *s;
		else
			n += (size_t)sprintf(out + n, "%%%02X",
			    (unsigned)(unsigned char)*s);
	}
	out[n] = '\0';
	return 0;
}

/* 0, or -1 where it is no name of ours. */
static int
unescape(const char *s, char *out, size_t len)
{
	unsigned c;
	size_t n;

	for (n = 0; *s != '\0'; s++, n++) {
		if (n + 1 >= len)
			return -1;
		out[n] = *s == ',' ? '/' : *s;
		if (*s != '%')
			continue;
		if (!isxdigit((unsigned char)s[1]) ||
		    sscanf(s + 1, "%2x", &c) != 1 || c == 0)
			return -1;
		out[n] = (char)c;
		s += 2;
	}
	out[n] = '\0';
	return 0;
}

int
replies_dir(const char *path, char *out, size_t len)
{
	int n = snprintf(out, len, "replies/");

	/* "/" by itself is the comma */
	return escape(path[1] == '\0' ? path : path + 1, out + n,
	    len - (size_t)n < 256 ? len - (size_t)n : 256);
}

int
replies_name(const char *path, const char *type, char *out, size_t len)
{
	size_t n;

	if (replies_dir(path, out, len) == -1)
		return -1;
	n = strlen(out);
	if (n + 2 > len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	out[n++] = '/';
	/* one answer for all: its type is no name */
	if (strcmp(path, "/") == 0 || strcmp(path, "/openapi/v3") == 0)
		type = "any";
	return escape(type, out + n, len - n < 256 ? len - n : 256);
}

int
replies_path(const char *name, char *path)
{
	if (name[0] == '.')
		return -1;
	if (strcmp(name, ",") == 0)
		return unescape(name, path, REPLIES_PATH_MAX);
	path[0] = '/';
	return unescape(name, path + 1, REPLIES_PATH_MAX - 1);
}

/* --- the first line --- */

static int
take_text(const json_t *o, const char *name, char *out, size_t len)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (s == NULL || strlen(s) >= len)
		return -1;
	memcpy(out, s, strlen(s) + 1);
	return 0;
}

static int
take_head(struct replies_head *h, const json_t *o)
{
	const json_t *lines = json_object_get(o, "headers"), *v;
	const char *line;
	size_t i, n = 0;

	if (take_text(o, "path", h->path, sizeof(h->path)) == -1 ||
	    take_text(o, "contentType", h->type, sizeof(h->type)) == -1 ||
	    take_text(o, "etag", h->etag, sizeof(h->etag)) == -1 ||
	    take_text(o, "source", h->source, sizeof(h->source)) == -1)
		return -1;
	json_array_foreach(lines, i, v) {
		line = json_string_value(v);
		if (line == NULL || strpbrk(line, "\r\n") != NULL ||
		    n + strlen(line) + 3 > sizeof(h->lines))
			return -1;
		n += (size_t)sprintf(h->lines + n, "%s\r\n", line);
	}
	h->size = json_integer_value(json_object_get(o, "size"));
	h->stored = json_integer_value(json_object_get(o, "stored"));
	h->gzip = json_is_true(json_object_get(o, "gzip"));
	if (h->size < 0 || h->stored < 0 || h->size > REPLIES_BODY_MAX)
		return -1;
	return h->gzip || h->size == h->stored ? 0 : -1;
}

int
replies_head_read(struct replies_head *h, int fd)
{
	char line[REPLIES_LINE];
	struct stat st;
	json_t *o;
	int rc = -1;

	memset(h, 0, sizeof(*h));
	if (pread(fd, line, sizeof(line), 0) == (ssize_t)sizeof(line) &&
	    line[sizeof(line) - 1] == '\n' && fstat(fd, &st) == 0 &&
	    (o = json_loadb(line, sizeof(line), 0, NULL)) != NULL) {
		if (take_head(h, o) == 0 &&
		    st.st_size == (off_t)sizeof(line) + h->stored)
			rc = 0;
		json_decref(o);
	}
	if (rc == -1)
		errno = ENOENT;
	return rc;
}

/* --- reading --- */

int
replies_open(struct replies_file *f, int datafd, const char *path,
    const char *type)
{
	static const struct timespec asked[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_nsec = UTIME_OMIT } };
	char name[REPLIES_NAME];

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	if (replies_name(path, type, name, sizeof(name)) == -1)
		return -1;
	f->fd = openat(datafd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd == -1)
		return -1;
	if (replies_head_read(&f->head, f->fd) == -1 ||
	    strcmp(f->head.path, path) != 0 ||
	    lseek(f->fd, REPLIES_LINE, SEEK_SET) == -1) {
		replies_close(f);
		errno = ENOENT;
		return -1;
	}
	/* which goes first when there are too many */
	(void)futimens(f->fd, asked);
	f->left = f->head.stored;
	return 0;
}

static ssize_t
read_some(struct replies_file *f, void *p, size_t n)
{
	ssize_t got;

	if ((long long)n > f->left)
		n = (size_t)f->left;
	do
		got = read(f->fd, p, n);
	while (got == -1 && errno == EINTR);
	if (got > 0)
		f->left -= got;
	return got;
}

static int
unpack_begin(struct replies_file *f)
{
	if ((f->in = malloc(CHUNK)) == NULL)
		return -1;
	if ((f->z = calloc(1, sizeof(*f->z))) == NULL)
		return -1;
	if (inflateInit2(f->z, 15 + 16) == Z_OK)
		return 0;
	free(f->z);
	f->z = NULL;
	errno = ENOMEM;
	return -1;
}

/* The next bytes out of a packed body; 0 where it ends. */
static ssize_t
unpack(struct replies_file *f, void *p, size_t n)
{
	ssize_t got;
	int rc = Z_OK;

	if (f->z == NULL && unpack_begin(f) == -1)
		return -1;
	f->z->next_out = p;
	f->z->avail_out = (unsigned)n;
	while (f->z->avail_out == n && rc == Z_OK) {
		if (f->z->avail_in == 0) {
			if ((got = read_some(f, f->in, CHUNK)) <= 0)
				break;
			f->z->next_in = f->in;
			f->z->avail_in = (unsigned)got;
		}
		rc = inflate(f->z, Z_NO_FLUSH);
	}
	if (rc != Z_OK && rc != Z_STREAM_END) {
		errno = EBADMSG;
		return -1;
	}
	return (ssize_t)(n - f->z->avail_out);
}

ssize_t
replies_read(struct replies_file *f, void *p, size_t n, int raw)
{
	ssize_t got;

	if (!f->head.gzip || raw)
		return read_some(f, p, n);
	if (f->unpacked == f->head.size)
		return 0;
	got = unpack(f, p, n);
	if (got > 0)
		f->unpacked += got;
	if (got == 0 || f->unpacked > f->head.size) {
		errno = EBADMSG;
		return -1;
	}
	return got;
}

void
replies_close(struct replies_file *f)
{
	if (f->z != NULL) {
		inflateEnd(f->z);
		free(f->z);
	}
	free(f->in);
	if (f->fd != -1)
		close(f->fd);
	memset(f, 0, sizeof(*f));
	f->fd = -1;
}

size_t
replies_types(int datafd, const char *path, char (*types)[REPLIES_TYPE_MAX],
    size_t max)
{
	char dir[REPLIES_NAME];
	struct dirent *e;
	size_t n = 0;
	int fd;
	DIR *d;

	if (replies_dir(path, dir, sizeof(dir)) == -1)
		return 0;
	fd = openat(datafd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return 0;
	}
	while (n < max && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    unescape(e->d_name, types[n], REPLIES_TYPE_MAX) == 0)
			n++;
	closedir(d);
	return n;
}
