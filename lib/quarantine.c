/*
 * Where files go that do not parse: kept for a person to look at, out of the
 * way of the tools.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "quarantine.h"

static int
count(int datafd)
{
	DIR *d;
	int fd, n = 0;

	fd = openat(datafd, "quarantine", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

int
quarantine_move(int datafd, int dirfd, const char *dir, const char *path,
    char *told, size_t len)
{
	const char *from;
	char name[256], stamp[32];
	struct tm tm;
	time_t now = time(NULL);
	size_t i;
	int n, full;

	if (atomic_mkdirs(datafd, "quarantine") == -1)
		return -1;
	full = count(datafd) >= QUARANTINE_MAX;
	from = strstr(dir, "cache/");
	from = from == NULL ? dir : from + strlen("cache/");
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	n = snprintf(name, sizeof(name), "%s.%04x-%s-%s", stamp,
	    arc4random_uniform(0x10000), from, path);
	if (n >= (int)sizeof(name))
		n = (int)sizeof(name) - 1;
	for (i = 0; i < (size_t)n; i++)
		if (name[i] == '/')
			name[i] = '+';
	if (full) {
		snprintf(told, len, "(removed, quarantine is full)");
		if (unlinkat(dirfd, path, 0) == -1 && errno != EISDIR)
			return -1;
		return 0;
	}
	snprintf(told, len, "quarantine/%s", name);
	return renameat(dirfd, path, datafd, told);
}
