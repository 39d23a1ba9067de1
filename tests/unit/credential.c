#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credential.h"
#include "tap.h"

static char dir[] = "/tmp/ote-credential.XXXXXX";
static char file[64];

/* Another file, of that time, in its place: as kubelet renews a token. */
static void
put(const char *text, time_t at)
{
	const struct timespec times[2] = { { at, 0 }, { at, 0 } };
	char new[80];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", file);
	f = fopen(new, "w");
	ok(f != NULL && fputs(text, f) != EOF && fclose(f) == 0 &&
		utimensat(AT_FDCWD, new, times, 0) == 0 &&
		rename(new, file) == 0,
	    "a file");
}

static void
has(struct credential *c, const char *want, const char *name)
{
	const char *token = NULL;

	is_int(credential_token(c, &token), 0, "a token");
	is_str(token, want, name);
}

int
main(void)
{
	struct kubeconfig k = { .token_file = file };
	struct credential c;

	ok(mkdtemp(dir) != NULL, "a directory");
	snprintf(file, sizeof(file), "%s/token", dir);
	is_int(credential_init(&c, &k), -1, "there is none");
	credential_free(&c);
	put("one\n", 1000);
	is_int(credential_init(&c, &k), 0, "there is one");
	has(&c, "one", "without its newline");
	put("two", 2000);
	has(&c, "two", "a later one");
	put("six", 2000);
	has(&c, "six", "another one of the same time and size");
	put(" \n", 3000);
	has(&c, "six", "an empty one is not taken");
	put("ten", 4000);
	has(&c, "ten", "the next one is");
	ok(unlink(file) == 0, "gone");
	has(&c, "ten", "the last one goes on");
	credential_free(&c);
	ok(rmdir(dir) == 0, "nothing is left");
	return done_testing();
}
