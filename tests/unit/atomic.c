#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "tap.h"

static int
holds(int dirfd, const char *name, const char *want)
{
	struct buf b = { 0 };
	int same;

	same = buf_read_file(&b, dirfd, name, 1 << 20) == 0 &&
	    strcmp(b.data == NULL ? "" : b.data, want) == 0;
	buf_free(&b);
	return same;
}

static int
count(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n +=
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (d != NULL)
		closedir(d);
	return n;
}

static void
test_write(int dirfd)
{
	struct stat st;
	int old;

	is_int(atomic_write(dirfd, "a", "one", 3, 0), 0, "a new file");
	ok(fstatat(dirfd, "a", &st, 0) == 0 && (st.st_mode & 07777) == 0600,
	    "mode 0600");
	old = openat(dirfd, "a", O_RDONLY);
	is_int(atomic_write(dirfd, "a", "two", 3, 1), 0, "replaced, synced");
	ok(holds(dirfd, "a", "two"), "holds the new");
	ok(old != -1 && fstat(old, &st) == 0 && st.st_nlink == 0,
	    "whoever has it open keeps the old one");
	close(old);
	is_int(atomic_write(dirfd, "a", "", 0, 0), 0, "empty");
	ok(holds(dirfd, "a", ""), "holds nothing");
}

static void
test_paths(int dirfd, const char *dir)
{
	char name[256], path[512];

	is_int(atomic_mkdirs(dirfd, "x/y/z"), 0, "mkdirs");
	is_int(atomic_mkdirs(dirfd, "x/y/z"), 0, "mkdirs again");
	is_int(atomic_write(dirfd, "x/y/z/f", "deep", 4, 1), 0, "below it");
	ok(holds(dirfd, "x/y/z/f", "deep"), "is there");
	snprintf(path, sizeof(path), "%s/x/abs", dir);
	is_int(atomic_write(AT_FDCWD, path, "abs", 3, 1), 0, "absolute");
	ok(holds(dirfd, "x/abs", "abs"), "is there too");
	memset(name, 'n', 255);
	name[255] = '\0';
	is_int(atomic_write(dirfd, name, "long", 4, 0), 0,
	    "a name of 255 bytes");
	errno = 0;
	ok(atomic_mkdirs(dirfd, "x/abs") == -1 && errno == ENOTDIR,
	    "mkdirs over a file is ENOTDIR");
	errno = 0;
	ok(atomic_mkdirs(dirfd, "x/abs/z") == -1 && errno == ENOTDIR,
	    "mkdirs below a file is ENOTDIR");
}

static void
test_failures(int dirfd, const char *dir)
{
	char path[512];

	errno = 0;
	ok(atomic_write(dirfd, "none/f", "x", 1, 0) == -1 && errno == ENOENT,
	    "no directory is ENOENT");
	snprintf(path, sizeof(path), "%s/x/y/z", dir);
	unlinkat(dirfd, "x/y/z/f", 0);
	mkdirat(dirfd, "x/y/z/taken", 0700);
	errno = 0;
	ok(atomic_write(dirfd, "x/y/z/taken", "x", 1, 0) == -1 &&
		errno == EISDIR,
	    "over a directory is EISDIR");
	is_int(count(path), 1, "no temp is left");
}

/* One read: 4096 bytes, all the same. */
static int
whole(int dirfd)
{
	struct buf b = { 0 };
	int good;

	good = buf_read_file(&b, dirfd, "f", 1 << 20) == 0 && b.len == 4096 &&
	    strspn(b.data, b.data[0] == 'a' ? "a" : "b") == 4096;
	buf_free(&b);
	return good;
}

static void
replace_forever(int dirfd)
{
	char text[4096];
	int i;

	for (i = 0;; i ^= 1) {
		memset(text, i == 0 ? 'a' : 'b', sizeof(text));
		if (atomic_write(dirfd, "f", text, sizeof(text), 0) == -1)
			_exit(1);
	}
}

static void
test_never_a_part(int dirfd)
{
	char text[4096];
	int i, bad = 0, status = 0;
	pid_t pid;

	memset(text, 'a', sizeof(text));
	atomic_write(dirfd, "f", text, sizeof(text), 0);
	fflush(stdout);
	if ((pid = fork()) == 0)
		replace_forever(dirfd);
	for (i = 0; i < 5000; i++)
		bad += !whole(dirfd);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	is_int(bad, 0, "a reader beside a writer never sees a part");
	ok(WIFSIGNALED(status), "the writer never failed");
}

int
main(void)
{
	char dir[] = "/tmp/ote-atomic.XXXXXX", cmd[64];
	int dirfd;

	umask(077);
	if (mkdtemp(dir) == NULL ||
	    (dirfd = open(dir, O_RDONLY | O_DIRECTORY)) == -1)
		return 1;
	test_write(dirfd);
	test_paths(dirfd, dir);
	test_failures(dirfd, dir);
	test_never_a_part(dirfd);
	close(dirfd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) == 0 ? done_testing() : 1;
}
