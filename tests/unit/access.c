/* Remembered decisions: whose, on what, how many, and what is on disk. */
#include <dirent.h>
#include <time.h>

#include "access.h"
#include "tree.h"

#define NOW 1800000000LL
#define FIND_NS 5000 /* a find takes at most, generously */

static const struct access_question get_a = { .verb = "get",
	.version = "v1",
	.resource = "pods",
	.ns = "x",
	.name = "a" };
static const struct user nobody;

/* who GROUP...: ended by NULL. Static. */
static struct user *
who(const char *name, ...)
{
	static struct user u;
	const char *g;
	va_list ap;

	user_free(&u);
	if (user_set(&u, name, NULL) == -1)
		abort();
	va_start(ap, name);
	while ((g = va_arg(ap, const char *)) != NULL)
		if (user_add_group(&u, g) == -1)
			abort();
	va_end(ap);
	return &u;
}

/* -1 if it was never asked. */
static int
found(struct access *a, const struct user *u, const struct access_question *q)
{
	const struct access_decision *d = access_find(access_user(a, u), q);

	return d == NULL ? -1 : d->allowed;
}

static struct access *
reopen(struct access *a)
{
	access_free(a);
	if ((a = access_open(tree_fd)) == NULL)
		abort();
	return a;
}

/* The name of the one file below dir. Static. */
static const char *
only_file(const char *dir)
{
	static char name[300];
	struct dirent *e;
	DIR *d = opendir(tree_path(dir));
	int n = 0;

	name[0] = '\0';
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
			n++;
		}
	if (d != NULL)
		closedir(d);
	return n == 1 ? name : "";
}

static int
count_files(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(tree_path(dir));
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

static int
count_lines(const char *file)
{
	char *text = tree_read(file), *p;
	int n = 0;

	for (p = text; p != NULL && (p = strchr(p, '\n')) != NULL; p++)
		n++;
	free(text);
	return n;
}

static void
clean(void)
{
	tree_remove();
	if (mkdir(tree, 0700) == -1)
		abort();
	close(tree_fd);
	tree_fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
test_questions(struct access *a, struct access_user *u)
{
	static const struct access_question others[] = {
		{ .verb = "list",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "x",
		    .name = "a" },
		{ .verb = "get",
		    .group = "g",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "x",
		    .name = "a" },
		{ .verb = "get",
		    .version = "v2",
		    .resource = "pods",
		    .ns = "x",
		    .name = "a" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pod",
		    .ns = "x",
		    .name = "a" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pods",
		    .subresource = "log",
		    .ns = "x",
		    .name = "a" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "xa",
		    .name = "" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "x",
		    .name = "b" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "x" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "x",
		    .name = "a",
		    .fields = "a" },
		{ .verb = "get",
		    .version = "v1",
		    .resource = "pods",
		    .ns = "x",
		    .name = "a",
		    .labels = "a" },
		{ .verb = "get", .path = "/x" },
		{ 0 },
	};
	const struct access_decision *d;
	size_t i;
	int n = 0;

	ok(access_find(u, &get_a) == NULL, "never asked");
	is_int(access_keep(a, u, &get_a, 1, "RBAC", NOW), 0, "kept");
	d = access_find(u, &get_a);
	ok(d != NULL && d->allowed == 1 && d->at == NOW, "found");
	is_str(d == NULL ? "" : d->reason, "RBAC", "its reason");
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		n += access_find(u, &others[i]) != NULL;
	is_int(n, 0, "every text counts");
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		n += access_keep(a, u, &others[i], i % 2 == 0, NULL, NOW) == 0;
	is_int(n, (int)i, "others are kept");
	for (n = 0, i = 0; i < sizeof(others) / sizeof(*others); i++) {
		d = access_find(u, &others[i]);
		n += d != NULL && d->allowed == (i % 2 == 0);
	}
	is_int(n, (int)i, "and found");
}

static void
test_users(void)
{
	struct access *a = reopen(NULL);
	struct user u = nobody;

	if (access_keep(a, access_user(a, who("me", "g", "h", NULL)), &get_a, 1,
		NULL, NOW) == -1)
		abort();
	is_int(found(a, who("me", "h", "g", NULL), &get_a), 1,
	    "groups in any order");
	is_int(found(a, who("me", "h", "g", "h", NULL), &get_a), 1,
	    "and twice");
	is_int(found(a, who("me", "g", NULL), &get_a), -1, "a group less");
	is_int(found(a, who("me", "g", "h", "i", NULL), &get_a), -1,
	    "a group more");
	is_int(found(a, who("me", "gh", NULL), &get_a), -1, "another group");
	is_int(found(a, who("you", "g", "h", NULL), &get_a), -1,
	    "another name");
	user_copy(&u, who("me", "g", "h", NULL));
	user_add_extra(&u, "k", "v");
	is_int(found(a, &u, &get_a), 1, "extra does not count");
	user_set(&u, "me", "1");
	is_int(found(a, &u, &get_a), -1, "another uid");
	user_set(&u, "a\xff", NULL);
	ok(access_user(a, &u) == NULL && errno == EILSEQ, "no UTF-8");
	user_free(&u);
	a = reopen(a);
	is_int(found(a, who("me", "h", "g", NULL), &get_a), 1,
	    "there after a restart");
	is_int(found(a, who("me", "g", NULL), &get_a), -1, "for no other");
	access_free(a);
}

static void
test_long(struct access *a, struct access_user *u)
{
	char text[ACCESS_TEXT_MAX + 1], reason[2000];
	struct access_question q = { .verb = "get", .path = text };
	const struct access_decision *d;
	size_t i;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ok(access_keep(a, u, &q, 1, NULL, NOW) == -1 && errno == EMSGSIZE,
	    "too long");
	ok(access_find(u, &q) == NULL, "is not there");
	text[ACCESS_TEXT_MAX - 20] = '\0';
	for (i = 0; i + 1 < sizeof(reason); i += 2)
		memcpy(reason + i, "\xc3\xa4", 2);
	reason[i - 2] = '\0';
	is_int(access_keep(a, u, &q, 1, reason, NOW), 0, "long");
	d = access_find(u, &q);
	ok(d != NULL && strlen(d->reason) == 510, "a long reason is cut");
	text[3] = '\xff';
	ok(access_keep(a, u, &q, 1, NULL, NOW) == -1 && errno == EILSEQ,
	    "no UTF-8");
}

static void
test_file(void)
{
	struct access *a = reopen(NULL);
	struct access_user *u = access_user(a, who("me", "h", "g", NULL));
	struct stat st;
	char *text, name[300];

	access_keep(a, u, &get_a, 1, "because", NOW);
	snprintf(name, sizeof(name), "%s", only_file("access"));
	text = tree_read(name);
	is_str(text,
	    "{\"version\":1,\"user\":{\"username\":\"me\",\"uid\":\"\","
	    "\"groups\":[\"g\",\"h\"]}}\n"
	    "{\"time\":1800000000,\"allowed\":true,\"verb\":\"get\",\"version\""
	    ":\"v1\",\"resource\":\"pods\",\"namespace\":\"x\",\"name\":\"a\","
	    "\"reason\":\"because\"}\n",
	    "the file");
	free(text);
	ok(stat(tree_path(name), &st) == 0 && (st.st_mode & 07777) == 0600,
	    "0600");
	ok(stat(tree_path("access"), &st) == 0 && (st.st_mode & 07777) == 0700,
	    "in a directory of 0700");
	access_keep(a, u, &get_a, 1, "because", NOW + 59);
	is_int(count_lines(name), 2, "young: in memory alone");
	is_int(access_find(u, &get_a)->at, NOW + 59, "where it is renewed");
	access_keep(a, u, &get_a, 1, "because", NOW + 60);
	is_int(count_lines(name), 3, "a minute later on disk");
	access_keep(a, u, &get_a, 0, "", NOW + 61);
	is_int(count_lines(name), 4, "another decision at once");
	a = reopen(a);
	is_int(found(a, who("me", "h", "g", NULL), &get_a), 0,
	    "the last line counts");
	access_free(a);
	a = access_open_read(tree_fd);
	is_int(found(a, who("me", "h", "g", NULL), &get_a), 0, "to be read");
	access_free(a);
}

/* text behind what is in the file: what is there of get_a then? */
static int
damaged(const char *text, int flags)
{
	struct access *a = reopen(NULL);
	char name[300];
	int rc;

	access_keep(a, access_user(a, who("me", NULL)), &get_a, 1, "", NOW);
	access_free(a);
	snprintf(name, sizeof(name), "%s", only_file("access"));
	tree_write(name, text, flags);
	a = reopen(NULL);
	rc = found(a, who("me", NULL), &get_a);
	/* whatever was there: it goes on */
	if (access_keep(a, access_user(a, who("me", NULL)), &get_a, 0, "",
		NOW + 5) == -1)
		rc = -2;
	a = reopen(a);
	if (found(a, who("me", NULL), &get_a) != 0)
		rc = -3;
	access_free(a);
	return rc;
}

#define HEAD "{\"version\":1,\"user\":{\"username\":\"me\"}}\n"
#define TAIL "\"verb\":\"get\"}\n"

static void
test_damage(void)
{
	static const char *const bad[] = { "x\n", "\n", "{}\n", "[]\n",
		"{\"time\":1,\"allowed\":1," TAIL,
		"{\"time\":\"1\",\"allowed\":true," TAIL,
		"{\"time\":-1,\"allowed\":true," TAIL, "{\"time\":1," TAIL,
		"{\"time\":1,\"allowed\":true,\"where\":\"x\"," TAIL,
		"{\"time\":1,\"allowed\":true,\"name\":1," TAIL,
		"{\"time\":1,\"allowed\":true,\"reason\":1," TAIL,
		"{\"time\":1,\"allowed\":false,\"allowed\":true," TAIL, HEAD };
	static const char *const heads[] = { "", "{\"version\":1}\n", "x",
		"{\"version\":2,\"user\":{\"username\":\"me\"}}\n",
		"{\"version\":1,\"user\":{\"username\":\"\"}}\n",
		"{\"version\":1,\"user\":\"me\"}\n" };
	size_t i;
	int n = 0;

	clean();
	is_int(damaged("{\"time\":1,\"all", O_APPEND), 1, "a torn line is cut");
	is_int(count_files("quarantine"), 0, "and no more");
	clean();
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		clean();
		ok(damaged(bad[i], O_APPEND) == -1, "damaged: %.*s",
		    (int)strcspn(bad[i], "\n"), bad[i]);
		n += count_files("quarantine");
	}
	is_int(n, (int)i, "quarantined");
	for (n = 0, i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		clean();
		ok(damaged(heads[i], O_TRUNC) == -1, "damaged head: %.*s",
		    (int)strcspn(heads[i], "\n"), heads[i]);
		n += count_files("quarantine");
	}
	is_int(n, (int)i, "quarantined");
}

static struct access_question
numbered(int i)
{
	static char name[16];
	struct access_question q = { .verb = "get", .name = name };

	snprintf(name, sizeof(name), "%d", i);
	return q;
}

static void
test_many(void)
{
	struct access *a;
	struct access_user *u;
	struct access_question q;
	int i, n, most = 0;

	clean();
	a = reopen(NULL);
	u = access_user(a, who("me", NULL));
	for (i = 0; i < 1000; i++) {
		q = numbered(i % 10);
		access_keep(a, u, &q, i % 3 == 0, NULL, NOW + i);
		if (i % 50 == 0 &&
		    (n = count_lines(only_file("access"))) > most)
			most = n;
	}
	ok(most < 80, "rewritten: at most %d lines", most);
	for (i = 0; i < ACCESS_LINES_MAX + 1000; i++) {
		q = numbered(i);
		access_keep(a, u, &q, 1, NULL, NOW + i);
	}
	n = count_lines(only_file("access"));
	ok(n <= ACCESS_LINES_MAX + 1, "bounded: %d lines", n);
	q = numbered(1);
	ok(access_find(u, &q) == NULL, "the oldest is gone");
	q = numbered(i - 1);
	ok(access_find(u, &q) != NULL, "the newest is there");
	a = reopen(a);
	u = access_user(a, who("me", NULL));
	ok(access_find(u, &q) != NULL, "after a restart too");
	access_free(a);
}

static void
test_many_users(void)
{
	struct access *a;
	struct access_user *first;
	char name[16];
	int i, n = 0;

	clean();
	a = reopen(NULL);
	first = access_user(a, who("0", NULL));
	access_hold(first);
	access_keep(a, first, &get_a, 1, NULL, NOW);
	for (i = 1; i < ACCESS_USERS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "%d", i);
		access_keep(a, access_user(a, who(name, NULL)), &get_a, 1, NULL,
		    NOW);
	}
	is_int(count_files("access"), ACCESS_USERS_MAX, "so many users");
	is_int(found(a, who("0", NULL), &get_a), 1, "who is held stays");
	for (i = 1; i < ACCESS_USERS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i + 10);
		n += found(a, who(name, NULL), &get_a) == 1;
	}
	ok(n >= ACCESS_USERS_MAX - 11, "the others too: %d", n);
	is_int(found(a, who("1", NULL), &get_a), -1, "the oldest went");
	access_release(first);
	a = reopen(a);
	is_int(count_files("access"), ACCESS_USERS_MAX - 1,
	    "the others are there later");
	access_free(a);
}

/* What cannot be written is not remembered wider than it is. */
static void
test_lost(void)
{
	struct access *a;
	struct access_user *u;

	clean();
	a = reopen(NULL);
	u = access_user(a, who("me", NULL));
	access_keep(a, u, &get_a, 1, NULL, NOW);
	unlink(tree_path(only_file("access")));
	is_int(access_keep(a, u, &get_a, 0, NULL, NOW + 1), 0, "a file gone");
	is_int(count_lines(only_file("access")), 2, "is made again");
	access_keep(a, u, &get_a, 1, NULL, NOW + 2);
	if (rename(tree_path("access"), tree) == 0)
		abort();
	renameat(tree_fd, "access", tree_fd, "moved");
	ok(access_keep(a, u, &get_a, 0, NULL, NOW + 3) == -1 && errno == ENOENT,
	    "no directory");
	is_int(found(a, who("me", NULL), &get_a), 0, "in memory it counts");
	access_free(a);
}

static void
test_speed(void)
{
	struct access *a;
	struct access_user *u;
	struct access_question q;
	struct timespec from, to;
	long long ns;
	int i, n = 0;

	clean();
	a = reopen(NULL);
	u = access_user(a, who("me", "g", NULL));
	for (i = 0; i < 2000; i++) {
		q = numbered(i);
		access_keep(a, u, &q, 1, NULL, NOW);
	}
	access_keep(a, u, &get_a, 1, NULL, NOW);
	/* not what others take of the processor meanwhile */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (i = 0; i < 100000; i++)
		n += access_find(u, &get_a) != NULL;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ns = ((to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec -
		 from.tv_nsec) /
	    100000;
	ok(n == 100000 && ns < FIND_NS, "found in %lld ns", ns);
	access_free(a);
}

int
main(void)
{
	struct access *a;
	struct access_user *u;

	tree_make();
	a = reopen(NULL);
	u = access_user(a, who("me", "g", NULL));
	test_questions(a, u);
	test_long(a, u);
	access_free(a);
	clean();
	test_users();
	clean();
	test_file();
	test_damage();
	test_many();
	test_many_users();
	test_lost();
	test_speed();
	user_free(who("", NULL));
	return done_testing();
}
