/* Readiness as s6 and systemd's wrappers know it: a newline, then closed. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ready.h"

void
ready_notify(void)
{
	const char *text = getenv("NOTIFY_FD");
	char *end;
	long fd;

	if (text == NULL || *text == '\0')
		return;
	errno = 0;
	fd = strtol(text, &end, 10);
	unsetenv("NOTIFY_FD");
	if (errno != 0 || *end != '\0' || fd < 0 || fd > 1 << 20)
		return;
	while (write((int)fd, "\n", 1) == -1 && errno == EINTR)
		continue;
	close((int)fd);
}
