/* A remembered answer whose file holds any bytes behind its first line. */
#include <sys/mman.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replies_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The line is filled up with blanks, as it must be that long. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replies_file f = { .fd = memfd_create("reply", MFD_CLOEXEC) };
	char line[REPLIES_LINE], bytes[4096], key[REPLIES_PATH_MAX];
	const uint8_t *body = memchr(data, '\n', size);
	size_t head = body == NULL ? size : (size_t)(body - data);
	char *path = strndup((const char *)data, size);

	if (f.fd == -1 || path == NULL)
		abort();
	(void)replies_kind(path, key);
	free(path);
	memset(line, ' ', sizeof(line));
	memcpy(line, data, head < sizeof(line) - 1 ? head : sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	if (write(f.fd, line, sizeof(line)) != (ssize_t)sizeof(line) ||
	    (body != NULL &&
		write(f.fd, body + 1, size - head - 1) !=
		    (ssize_t)(size - head - 1)))
		abort();
	if (replies_head_read(&f.head, f.fd) == 0 &&
	    lseek(f.fd, REPLIES_LINE, SEEK_SET) != -1) {
		f.left = f.head.stored;
		while (replies_read(&f, bytes, sizeof(bytes), 0) > 0)
			;
	}
	replies_close(&f);
	return 0;
}
