/* Remembered answers: names, headers, packing, what is torn, what goes. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "replies.h"
#include "tap.h"
#include "tree.h"

#define AGGREGATED \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

static void
test_kinds(void)
{
	static const struct {
		const char *path, *key;
		enum replies_kind kind;
	} all[] = {
		{ "/", "/", REPLIES_ROOT },
		{ "/api", "/api", REPLIES_ROUTE },
		{ "/api/v1/", "/api/v1", REPLIES_ROUTE },
		{ "/apis/", "/apis", REPLIES_GROUPS },
		{ "/apis/apps", "/apis/apps", REPLIES_GROUPS },
		{ "/apis/apps/v1", "/apis/apps/v1", REPLIES_ROUTE },
		{ "/version/", "/version", REPLIES_ROUTE },
		{ "/openapi/v2", "/openapi/v2", REPLIES_OPENAPI },
		{ "/openapi/v3", "/openapi/v3", REPLIES_INDEX },
		{ "/openapi/v3/apis/apps/v1", "/openapi/v3/apis/apps/v1",
		    REPLIES_OPENAPI },
		{ "/openid/v1/jwks", "/openid/v1/jwks", REPLIES_ROUTE },
		{ "/openapi/v3/", NULL, REPLIES_NONE },
		{ "/openapi/v2/", NULL, REPLIES_NONE },
		{ "/api/v1/pods", NULL, REPLIES_NONE },
		{ "/api/v1/watch/pods", NULL, REPLIES_NONE },
		{ "/apis/apps/v1/watch/x", NULL, REPLIES_NONE },
		{ "/apis//v1", NULL, REPLIES_NONE },
		{ "/metrics", NULL, REPLIES_NONE },
		{ "", NULL, REPLIES_NONE },
	};
	char key[REPLIES_PATH_MAX], long_path[600];
	size_t i;
	int good;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		good = replies_kind(all[i].path, key) == all[i].kind &&
		    (all[i].key == NULL || strcmp(key, all[i].key) == 0);
		ok(good, "kind of \"%s\"", all[i].path);
	}
	memset(long_path, 'a', sizeof(long_path));
	memcpy(long_path, "/apis/", 6);
	long_path[sizeof(long_path) - 1] = '\0';
	ok(replies_kind(long_path, key) == REPLIES_NONE, "too long a path");
}

/* size bytes as an answer: what the commit says. */
static int
keep(int datafd, const char *path, const char *type, size_t size,
    const char *source)
{
	struct replies_writer w;
	size_t i;

	if (replies_begin(&w, datafd, path) == -1)
		return -2;
	replies_header(&w, "content-type", type);
	replies_header(&w, "Etag", "\"E\"");
	replies_header(&w, "cache-control", "public");
	replies_header(&w, "vary", "Accept-Encoding");
	replies_header(&w, "vary", "Accept");
	replies_header(&w, "date", "today");
	replies_header(&w, "x-kubernetes-pf-x", "u");
	for (i = 0; i < size; i++)
		if (replies_write(&w, i % 100 == 0 ? "\n" : "z", 1) == -1)
			return -2;
	return replies_commit(&w, source);
}

static size_t
take(int datafd, const char *path, const char *type, int raw)
{
	struct replies_file f;
	char text[1000];
	size_t n = 0;
	ssize_t got;

	if (replies_open(&f, datafd, path, type) == -1)
		return 0;
	while ((got = replies_read(&f, text, sizeof(text), raw)) > 0)
		n += (size_t)got;
	replies_close(&f);
	return got == 0 ? n : 0;
}

static void
test_keep(int datafd)
{
	char types[4][REPLIES_TYPE_MAX];
	struct replies_file f;
	struct stat st;

	is_int(keep(datafd, "/apis", AGGREGATED, 100, NULL), 1, "kept");
	is_int(keep(datafd, "/apis", AGGREGATED, 100, NULL), 0, "the same");
	is_int(keep(datafd, "/apis", AGGREGATED, 90, "s"), 1, "another");
	is_int(keep(datafd, "/apis", AGGREGATED, 90, NULL), 0,
	    "a client's does not take what ote-discovery keeps");
	is_int(keep(datafd, "/apis", "application/json", 5, NULL), 1, "a type");
	is_int((long long)replies_types(datafd, "/apis", types, 4), 2, "types");
	is_int((long long)take(datafd, "/apis", AGGREGATED, 0), 90, "read");
	ok(replies_open(&f, datafd, "/apis", AGGREGATED) == 0, "its head");
	is_str(f.head.etag, "\"E\"", "etag");
	is_str(f.head.source, "s", "source");
	is_str(f.head.lines,
	    "content-type: " AGGREGATED "\r\nEtag: \"E\"\r\n"
	    "cache-control: public\r\nvary: Accept-Encoding\r\n"
	    "vary: Accept\r\nx-kubernetes-pf-x: u\r\n",
	    "the headers that are kept");
	replies_close(&f);
	ok(fstatat(datafd, "replies/apis/application,json", &st, 0) == 0 &&
		(st.st_mode & 07777) == 0600,
	    "a name to read, mode 0600");
	ok(replies_open(&f, datafd, "/api", AGGREGATED) == -1, "none");
}

static void
test_one(int datafd)
{
	char types[4][REPLIES_TYPE_MAX];

	is_int(keep(datafd, "/openapi/v3", "text/plain", 5, "s"), 1, "index");
	is_int(keep(datafd, "/openapi/v3", "application/json", 6, "s"), 1,
	    "index of another type");
	is_int((long long)replies_types(datafd, "/openapi/v3", types, 4), 1,
	    "there is but one");
	is_int((long long)take(datafd, "/openapi/v3", types[0], 0), 6,
	    "the last one");
	is_int(keep(datafd, "/version", "a/b", 5, "s"), 1, "kept");
	is_int(keep(datafd, "/version", "c/d", 5, NULL), 1, "a client's");
	is_int(replies_forget(datafd, "/version"), 0, "forget");
	is_int((long long)replies_types(datafd, "/version", types, 4), 1,
	    "what is kept stays");
	is_str(types[0], "a/b", "and is that");
	is_int(replies_forget(datafd, "/apis/none"), 0, "nothing there");
}

static void
test_packed(int datafd)
{
	struct stat st;
	int fd;

	is_int(keep(datafd, "/openapi/v2", "a/b", 3000000, "s"), 1, "3 MB");
	is_int((long long)take(datafd, "/openapi/v2", "a/b", 0), 3000000,
	    "unpacked");
	ok(take(datafd, "/openapi/v2", "a/b", 1) < 100000, "packed");
	fd = openat(datafd, "replies/openapi,v2/a,b", O_RDWR | O_CLOEXEC);
	ok(fd != -1 && fstat(fd, &st) == 0 &&
		ftruncate(fd, st.st_size - 1) == 0,
	    "torn");
	close(fd);
	is_int((long long)take(datafd, "/openapi/v2", "a/b", 0), 0,
	    "what was torn is none");
	is_int(keep(datafd, "/openapi/v2", "a/b", 3000000, "s"), 1, "mended");
	fd = openat(datafd, "replies/openapi,v2/a,b", O_RDWR | O_CLOEXEC);
	ok(pwrite(fd, "garbage", 7, 3072 + 500) == 7, "garbled");
	close(fd);
	is_int((long long)take(datafd, "/openapi/v2", "a/b", 0), 0,
	    "what was garbled ends in an error");
}

static void
test_bounds(int datafd)
{
	static char big[REPLIES_TYPE_MAX + 1];
	struct replies_writer w;
	char block[65536] = { 0 };
	long long n = 0;
	int rc = 0;

	memset(big, 'a', sizeof(big) - 1);
	ok(replies_begin(&w, datafd, "/apis/x") == 0, "begin");
	is_int(replies_header(&w, "etag", big), -1, "too long an ETag");
	is_int(replies_commit(&w, NULL), -1, "no type, no answer");
	ok(replies_begin(&w, datafd, "/apis/x") == 0, "begin");
	for (; rc == 0 && n <= REPLIES_BODY_MAX; n += (long long)sizeof(block))
		rc = replies_write(&w, block, sizeof(block));
	is_int(rc, -1, "a body without end");
	replies_abort(&w);
	is_int((long long)replies_types(datafd, "/apis/x", NULL, 0), 0, "gone");
}

static int
is_old(void *arg, const char *path)
{
	return strcmp(path, arg) == 0;
}

static void
test_trim(int datafd)
{
	struct timespec at[2] = { { .tv_nsec = UTIME_NOW },
		{ .tv_nsec = UTIME_OMIT } };
	char path[64], name[96], old[] = "/apis/g3";
	int i;

	is_int(keep(datafd, "/", "a/b", 9, "kept"), 1, "the oldest, kept");
	for (i = 0; i < 9; i++) {
		snprintf(path, sizeof(path), "/apis/g%d", i);
		keep(datafd, path, "a/b", 10, NULL);
		snprintf(name, sizeof(name), "replies/apis,g%d/a,b", i);
		at[0].tv_sec = 1000 + i;
		at[0].tv_nsec = 0;
		utimensat(datafd, name, at, 0);
	}
	is_int((long long)take(datafd, "/apis/g0", "a/b", 0), 10, "asked for");
	/* "/", /apis twice, /openapi/v2 and v3, /version, these nine */
	is_int(replies_trim(datafd, 13, 1 << 30), 0, "trim by number");
	ok(take(datafd, "/apis/g0", "a/b", 0) == 10, "asked for late: stays");
	ok(take(datafd, "/apis/g1", "a/b", 0) == 0, "the oldest goes");
	ok(take(datafd, "/apis/g2", "a/b", 0) == 0, "and the next");
	ok(take(datafd, "/apis/g3", "a/b", 0) == 10, "no more than that");
	is_int(replies_sweep(datafd, is_old, old), 0, "sweep");
	ok(take(datafd, "/apis/g3", "a/b", 0) == 0, "swept");
	is_int(replies_trim(datafd, 1000, 1), 0, "trim by bytes");
	ok(take(datafd, "/apis/g8", "a/b", 0) == 0, "all clients' gone");
	ok(take(datafd, "/", "a/b", 0) == 9, "what is kept stays");
}

int
main(void)
{
	tree_make();
	test_kinds();
	test_keep(tree_fd);
	test_packed(tree_fd);
	test_one(tree_fd);
	test_bounds(tree_fd);
	test_trim(tree_fd);
	return done_testing();
}
