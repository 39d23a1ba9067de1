/*
 * The view objects/: one file an object. Written by temp and rename, so that
 * a reader sees a whole object; not flushed one by one, as the journal is the
 * truth and view_mend() sets right what a crash left behind.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view.h"

#define OBJECT_MAX (32 * 1024 * 1024)
#define PATH_BYTES 1024

/* objects/ns/name for a key; dir gets objects/ns. */
static int
view_path(const char *key, char *path, char *dir)
{
	const char *slash = strchr(key, '/'), *name;
	int n;

	name = slash == NULL ? key : slash + 1;
	n = slash == NULL ? snprintf(dir, PATH_BYTES, "objects/_")
			  : snprintf(dir, PATH_BYTES, "objects/%.*s",
				(int)(slash - key), key);
	if (n >= PATH_BYTES ||
	    snprintf(path, PATH_BYTES, "%.*s/%s", n, dir, name) >= PATH_BYTES ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strchr(name, '/') != NULL) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w)
		if ((w = write(fd, p, n)) == -1)
			return -1;
	return 0;
}

int
view_put(int dirfd, const char *key, const char *object, size_t len)
{
	static const char temp[] = "object.new";
	char path[PATH_BYTES], dir[PATH_BYTES];
	int fd, rc, saved;

	if (view_path(key, path, dir) == -1)
		return -1;
	fd =
	    openat(dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	rc = write_all(fd, object, len);
	if (close(fd) == -1)
		rc = -1;
	if (rc == 0 && (rc = renameat(dirfd, temp, dirfd, path)) == -1 &&
	    errno == ENOENT) {
		if ((mkdirat(dirfd, "objects", 0700) == 0 || errno == EEXIST) &&
		    (mkdirat(dirfd, dir, 0700) == 0 || errno == EEXIST))
			rc = renameat(dirfd, temp, dirfd, path);
	}
	if (rc == -1) {
		saved = errno;
		unlinkat(dirfd, temp, 0);
		errno = saved;
	}
	return rc;
}

int
view_remove(int dirfd, const char *key)
{
	char path[PATH_BYTES], dir[PATH_BYTES];

	if (view_path(key, path, dir) == -1)
		return -1;
	if (unlinkat(dirfd, path, 0) == -1 && errno != ENOENT)
		return -1;
	/* the last one of its namespace takes the directory along */
	if (unlinkat(dirfd, dir, AT_REMOVEDIR) == -1 && errno != ENOTEMPTY &&
	    errno != EEXIST && errno != ENOENT)
		return -1;
	return 0;
}

/* Call file(arg, ns, name) for each entry two levels below objects/. */
static int
walk(int at, int (*file)(void *, const char *, const char *), void *arg)
{
	DIR *top = NULL, *sub = NULL;
	struct dirent *d, *e;
	int fd, rc = -1, saved;

	fd = openat(at, "objects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if ((top = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (errno = 0, (d = readdir(top)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		fd = openat(dirfd(top), d->d_name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd == -1) {
			if (file(arg, NULL, d->d_name) == -1)
				goto out;
			continue;
		}
		if ((sub = fdopendir(fd)) == NULL) {
			close(fd);
			goto out;
		}
		while ((e = readdir(sub)) != NULL)
			if (strcmp(e->d_name, ".") != 0 &&
			    strcmp(e->d_name, "..") != 0 &&
			    file(arg, d->d_name, e->d_name) == -1)
				goto out;
		closedir(sub);
		sub = NULL;
	}
	rc = errno == 0 ? 0 : -1;
out:
	saved = errno;
	if (sub != NULL)
		closedir(sub);
	closedir(top);
	errno = saved;
	return rc;
}

static int
make_key(char *key, size_t len, const char *ns, const char *name)
{
	int n;

	n = strcmp(ns, "_") == 0 ? snprintf(key, len, "%s", name)
				 : snprintf(key, len, "%s/%s", ns, name);
	return n < (int)len ? 0 : -1;
}

/* --- mending --- */

struct mend {
	const struct feed *f;
	void (*bad)(void *, const char *);
	void *arg;
};

/* 1 if bytes are a JSON object with the name of key, 0 if not. */
static int
is_object(const char *p, size_t n, const char *key)
{
	struct meta m = { 0 };
	json_t *o;
	int yes = 0;

	if ((o = json_loadb(p, n, 0, NULL)) != NULL &&
	    meta_load(&m, o, NULL) == 0)
		yes = strcmp(m.key, key) == 0;
	json_decref(o);
	meta_free(&m);
	return yes;
}

/* Whose file this is to be, or NULL. */
static const struct feed_object *
find(const struct feed *f, const char *key)
{
	size_t i = feed_lower_bound(f, key);

	if (f->keep.n == 0 && i < f->nobjects &&
	    strcmp(f->objects[i]->meta.key, key) == 0)
		return f->objects[i];
	return NULL;
}

static int
mend_file(void *arg, const char *ns, const char *name)
{
	struct mend *m = arg;
	const struct feed_object *o = NULL;
	struct buf is = { 0 }, want = { 0 };
	char path[PATH_BYTES], key[PATH_BYTES];
	int rc = 0;

	if (ns == NULL)
		snprintf(path, sizeof(path), "objects/%s", name);
	else
		snprintf(path, sizeof(path), "objects/%s/%s", ns, name);
	if (ns == NULL || make_key(key, sizeof(key), ns, name) == -1 ||
	    buf_read_file(&is, m->f->dirfd, path, OBJECT_MAX) == -1) {
		m->bad(m->arg, path);
		goto out;
	}
	o = find(m->f, key);
	if (o != NULL && (rc = feed_read(m->f, o, &want)) == -1)
		goto out;
	if (o != NULL && is.len == want.len &&
	    memcmp(is.data, want.data, is.len) == 0)
		goto out;
	if (is.data == NULL || !is_object(is.data, is.len, key))
		m->bad(m->arg, path);
	rc = o == NULL ? view_remove(m->f->dirfd, key)
		       : view_put(m->f->dirfd, key, want.data, want.len);
out:
	buf_free(&is);
	buf_free(&want);
	return rc;
}

int
view_mend(const struct feed *f, void (*bad)(void *, const char *), void *arg)
{
	struct mend m = { f, bad, arg };
	char path[PATH_BYTES], dir[PATH_BYTES];
	struct buf b = { 0 };
	struct stat st;
	size_t i, n;
	int rc;

	if (unlinkat(f->dirfd, "object.new", 0) == -1 && errno != ENOENT)
		return -1;
	if (walk(f->dirfd, mend_file, &m) == -1)
		return -1;
	n = f->keep.n > 0 ? 0 : f->nobjects;
	for (i = 0, rc = 0; i < n && rc == 0; i++) {
		if (view_path(f->objects[i]->meta.key, path, dir) == -1 ||
		    fstatat(f->dirfd, path, &st, 0) == 0)
			continue;
		b.len = 0;
		if ((rc = feed_read(f, f->objects[i], &b)) == 0)
			rc = view_put(f->dirfd, f->objects[i]->meta.key, b.data,
			    b.len);
	}
	buf_free(&b);
	return rc;
}

/* --- reading it back --- */

struct each {
	int dirfd;
	int (*each)(void *, const char *, const char *, size_t);
	void *arg;
};

static int
each_file(void *arg, const char *ns, const char *name)
{
	struct each *e = arg;
	char path[PATH_BYTES], key[PATH_BYTES];
	struct buf b = { 0 };
	int rc = 0;

	if (ns == NULL || make_key(key, sizeof(key), ns, name) == -1 ||
	    snprintf(path, sizeof(path), "objects/%s/%s", ns, name) >=
		(int)sizeof(path))
		return 0;
	if (buf_read_file(&b, e->dirfd, path, OBJECT_MAX) == 0 && b.len > 0 &&
	    is_object(b.data, b.len, key))
		rc = e->each(e->arg, key, b.data, b.len);
	buf_free(&b);
	return rc;
}

int
view_each(int dirfd, int (*each)(void *, const char *, const char *, size_t),
    void *arg)
{
	struct each e = { dirfd, each, arg };

	return walk(dirfd, each_file, &e);
}
