/*
 * Any bytes as the file of masters and as a list of addresses: what is read
 * can be written and is read again as it was.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "masters.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char dir[64], path[128];

static void
clean(void)
{
	unlink(path);
	rmdir(dir);
}

static void
put(const uint8_t *data, size_t n)
{
	int fd;

	if (dir[0] == '\0') {
		snprintf(dir, sizeof(dir), "/tmp/ote-fuzz.XXXXXX");
		if (mkdtemp(dir) == NULL)
			abort();
		snprintf(path, sizeof(path), "%s/masters", dir);
		atexit(clean);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void
round_trip(const struct masters *ms)
{
	struct masters again;
	size_t i;

	(void)masters_any_up(ms);
	(void)masters_down_since(ms);
	if (masters_write(ms, path) == -1 || masters_read(&again, path) == -1 ||
	    again.n != ms->n)
		abort();
	for (i = 0; i < ms->n; i++)
		if (strcmp(ms->m[i].addr, again.m[i].addr) != 0 ||
		    strcmp(ms->m[i].reason, again.m[i].reason) != 0 ||
		    ms->m[i].up != again.m[i].up ||
		    ms->m[i].since != again.m[i].since)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct masters ms;
	char why[128] = "", *text;

	put(data, n);
	if (masters_read(&ms, path) == 0)
		round_trip(&ms);
	else if (ms.n != 0)
		abort();
	text = strndup((const char *)data, n);
	if (text == NULL)
		return 0;
	memset(&ms, 0, sizeof(ms));
	if (masters_parse(&ms, text, why, sizeof(why)) == -1 && why[0] == '\0')
		abort();
	free(text);
	return 0;
}
