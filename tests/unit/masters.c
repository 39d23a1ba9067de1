#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "masters.h"
#include "tap.h"

static char dir[] = "/tmp/ote-masters.XXXXXX";

static const char *
in_dir(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
bad_list(const char *list, const char *name)
{
	struct masters ms = { .n = 0 };
	char why[256] = "";

	errno = 0;
	ok(masters_parse(&ms, list, why, sizeof(why)) == -1 &&
		errno == EINVAL && why[0] != '\0' && strchr(why, '\n') == NULL,
	    "refused: %s", name);
}

static void
test_parse(void)
{
	struct masters ms = { .n = 0 };
	char why[256], many[512] = "";
	int i;

	is_int(masters_parse(&ms, "10.0.0.1:6443,[::1]:65535,a-b.c:1", why,
		   sizeof(why)),
	    0, "a list");
	is_int((long long)ms.n, 3, "three of them");
	is_str(ms.m[1].addr, "[::1]:65535", "IPv6 in brackets");
	is_int(ms.m[0].up, 0, "not up");
	is_int(masters_parse(&ms, "10.0.0.1:6443,b:2", why, sizeof(why)), 0,
	    "one more, one again");
	is_int((long long)ms.n, 4, "the known one is left out");
	ok(masters_find(&ms, "b:2") == &ms.m[3], "found");
	ok(masters_find(&ms, "b:3") == NULL, "not found");
	bad_list("", "nothing");
	bad_list("a", "no port");
	bad_list("a:", "empty port");
	bad_list(":1", "no host");
	bad_list("a:0", "port 0");
	bad_list("a:65536", "port 65536");
	bad_list("a:1x", "a port that is no number");
	bad_list("a:1,,b:2", "an empty one");
	bad_list("::1:6443", "IPv6 without brackets");
	bad_list("a/../b:1", "a slash (it names a file)");
	bad_list("..:1", "dots");
	bad_list("a b:1", "a blank");
	bad_list("https://a:1", "a URL");
	for (i = 0; i < MASTERS_MAX; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
		    "%sm%d:1", i == 0 ? "" : ",", i);
	ms.n = 0;
	is_int(masters_parse(&ms, many, why, sizeof(why)), 0, "MASTERS_MAX");
	errno = 0;
	ok(masters_parse(&ms, "more:1", why, sizeof(why)) == -1 &&
		errno == E2BIG,
	    "and one more is E2BIG");
}

static void
test_file(void)
{
	struct masters ms = { .n = 2 }, back;
	struct buf b = { 0 };

	ms.m[0] = (struct master) { "a:1", 1, 1700000000, "ok" };
	ms.m[1] = (struct master) { "b:2", 0, 1700000001, "tls: no luck" };
	is_int(masters_write(&ms, in_dir("m")), 0, "write");
	buf_read_file(&b, AT_FDCWD, in_dir("m"), 4096);
	is_str(b.data,
	    "a:1 up 1700000000 ok\nb:2 down 1700000001 tls: no luck\n",
	    "one line a master");
	is_int(masters_read(&back, in_dir("m")), 0, "read");
	ok(back.n == 2 && back.m[0].up && !back.m[1].up, "states");
	is_int(back.m[1].since, 1700000001, "since");
	is_str(back.m[1].reason, "tls: no luck", "the whole reason");
	ms.n = 0;
	ok(masters_write(&ms, in_dir("m")) == 0 &&
		masters_read(&back, in_dir("m")) == 0 && back.n == 0,
	    "an empty set");
	errno = 0;
	ok(masters_read(&back, in_dir("none")) == -1 && errno == ENOENT,
	    "no file is ENOENT");
	buf_free(&b);
}

static void
bad_file(const char *text, const char *name)
{
	struct masters ms;

	atomic_write(AT_FDCWD, in_dir("bad"), text, strlen(text), 0);
	errno = 0;
	ok(masters_read(&ms, in_dir("bad")) == -1 && errno == EBADMSG &&
		ms.n == 0,
	    "EBADMSG: %s", name);
}

static void
test_bad_files(void)
{
	char text[1024] = "";
	int i;

	bad_file("a:1 up 1 ok", "no newline");
	bad_file("a:1 up 1\n", "no reason");
	bad_file("a:1 up\n", "no time");
	bad_file("a:1\n", "no state");
	bad_file("\n", "an empty line");
	bad_file("a:1 UP 1 ok\n", "a state that is none");
	bad_file("a:1 up x ok\n", "a time that is none");
	bad_file("a:1 up -1 ok\n", "a time before 1970");
	bad_file("a up 1 ok\n", "no port");
	bad_file("a:1 up 1 ok\ngarbage\n", "a good and a bad line");
	for (i = 0; i <= MASTERS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "m%d:1 up 1 ok\n", i);
	bad_file(text, "too many");
	memset(text, 'r', sizeof(text) - 1);
	memcpy(text, "a:1 up 1 ", 9);
	memcpy(text + sizeof(text) - 2, "\n", 2);
	bad_file(text, "a line of 1 KB");
}

static void
test_states(void)
{
	struct masters ms = { .n = 0 };

	is_int(masters_any_up(&ms), 1, "none known counts as up");
	is_int(masters_down_since(&ms), 0, "and never down");
	ms.n = 2;
	ms.m[0].since = 50;
	ms.m[1].since = 70;
	is_int(masters_any_up(&ms), 0, "all down");
	is_int(masters_down_since(&ms), 70, "since the last went down");
	ms.m[0].up = 1;
	is_int(masters_any_up(&ms), 1, "one up");
	is_int(masters_down_since(&ms), 0, "not down");
}

static void
test_suspect(void)
{
	struct buf b = { 0 };

	is_int(masters_suspect(dir, "[::1]:6443", "refused"), 0, "suspect");
	buf_read_file(&b, AT_FDCWD, in_dir("[::1]:6443"), 64);
	is_str(b.data, "refused\n", "one word");
	buf_free(&b);
	errno = 0;
	ok(masters_suspect(in_dir("none"), "a:1", "slow") == -1 &&
		errno == ENOENT,
	    "no directory is ENOENT");
}

int
main(void)
{
	char cmd[64];

	if (mkdtemp(dir) == NULL)
		return 1;
	test_parse();
	test_file();
	test_bad_files();
	test_states();
	test_suspect();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) == 0 ? done_testing() : 1;
}
