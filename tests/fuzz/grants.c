/* A question, the answer to it and the file that is kept of it: any bytes. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
gone(void *arg, const struct grant_bound *b)
{
	(void)arg;
	return strlen(b->uid) % 2 != 0;
}

static int
directory(void)
{
	static char dir[] = "/tmp/ote-fuzz.XXXXXX";
	static int fd = -1;

	if (fd == -1 &&
	    (mkdtemp(dir) == NULL ||
		(fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
		rmdir(dir) == -1))
		abort();
	return fd;
}

/* Three lines: path, question, answer. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct grants_limits l = { .max_age = 1, .gone = gone };
	char *text = strndup((const char *)data, size), *end, *body, *answer;
	struct buf out = { 0 };
	struct apipath p;
	struct grant g;

	if (text == NULL)
		abort();
	end = text;
	strsep(&end, "\n");
	body = end == NULL ? text : strsep(&end, "\n");
	answer = end == NULL ? text : end;
	if (apipath_parse(&p, text) == 0) {
		/* the directory has gone: nothing can be written there */
		if (grant_ask(&g, &p, body, strlen(body), "me") == 0 &&
		    grant_keep(&g, directory(), answer, strlen(answer), 1) !=
			-1)
			abort();
		(void)grant_recall(&g, directory(), 1, 1, &out);
		grant_free(&g);
	}
	(void)grants_sweep(directory(), &l);
	buf_free(&out);
	free(text);
	return 0;
}
