/* Any bytes as a kubeconfig: loaded or refused with a reason. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char path[64];

static void
clean(void)
{
	unlink(path);
}

static void
put(const uint8_t *data, size_t n)
{
	int fd;

	if (path[0] == '\0') {
		snprintf(path, sizeof(path), "/tmp/ote-fuzz.XXXXXX");
		fd = mkstemp(path);
		atexit(clean);
	} else
		fd = open(path, O_WRONLY | O_TRUNC);
	if (fd == -1 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct kubeconfig k = { 0 };
	char why[256] = "";

	put(data, n);
	if (kubeconfig_load(&k, path, why, sizeof(why)) == -1) {
		if (why[0] == '\0')
			abort();
		return 0;
	}
	if (k.server == NULL || k.host == NULL || k.host[0] == '\0' ||
	    k.port < 1 || k.port > 65535)
		abort();
	kubeconfig_free(&k);
	return 0;
}
