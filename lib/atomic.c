/*
 * Files that are replaced whole. Temps are called .tmp.PID.NANOSECONDS and
 * stand in the directory of the file: what begins with .tmp. and is old
 * was left by a crash and may go.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"

#define TRIES 16

static int
open_parent(int dirfd, const char *name, const char **base)
{
	char dir[PATH_MAX] = ".";
	const char *slash = strrchr(name, '/');
	size_t n;

	*base = slash == NULL ? name : slash + 1;
	if (slash != NULL) {
		n = slash == name ? 1 : (size_t)(slash - name);
		if (n >= sizeof(dir)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(dir, name, n);
		dir[n] = '\0';
	}
	return openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
open_temp(int dirfd, char *name, size_t size)
{
	struct timespec now;
	int fd, i;

	for (i = 0; i < TRIES; i++) {
		clock_gettime(CLOCK_REALTIME, &now);
		snprintf(name, size, ".tmp.%ld.%ld", (long)getpid(),
		    now.tv_nsec);
		fd = openat(dirfd, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd != -1 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t r;

	while (n > 0) {
		r = write(fd, p, n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static int
write_temp(int fd, const void *p, size_t n, int sync)
{
	int r = write_all(fd, p, n), e;

	if (r == 0 && sync)
		r = fsync(fd);
	e = errno;
	if (close(fd) == -1 && r == 0)
		return -1;
	errno = e;
	return r;
}

int
atomic_write(int dirfd, const char *name, const void *p, size_t n, int sync)
{
	char temp[64];
	const char *base;
	int parent, fd, e, r = -1;

	if ((parent = open_parent(dirfd, name, &base)) == -1)
		return -1;
	if ((fd = open_temp(parent, temp, sizeof(temp))) == -1)
		goto out;
	if (write_temp(fd, p, n, sync) == -1 ||
	    renameat(parent, temp, parent, base) == -1) {
		e = errno;
		unlinkat(parent, temp, 0);
		errno = e;
		goto out;
	}
	r = sync ? fsync(parent) : 0;
out:
	e = errno;
	close(parent);
	errno = e;
	return r;
}

int
atomic_mkdirs(int dirfd, const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	size_t i, n = strlen(path);

	if (n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(dirfd, part, 0700) == -1 && errno != EEXIST)
			return -1;
	}
	if (fstatat(dirfd, path, &st, 0) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	return 0;
}

int
atomic_watch(const char *file)
{
	char *copy = strdup(file);
	int fd = -1, saved;

	if (copy != NULL &&
	    (fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) != -1 &&
	    inotify_add_watch(fd, dirname(copy), IN_MOVED_TO | IN_ONLYDIR) ==
		-1) {
		saved = errno;
		close(fd);
		fd = -1;
		errno = saved;
	}
	free(copy);
	return fd;
}
