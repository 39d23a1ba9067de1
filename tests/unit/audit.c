/* The audit log: its lines, its rotation, and what stands in the way. */
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>

#include "audit.h"
#include "tree.h"

static const struct audit_limits limits = { 3, 1200 };
static struct audit a;

static int
put(const char *name)
{
	struct audit_event e = { .user = "system:node:n",
		.source_ip = "127.0.0.1",
		.verb = "update",
		.path = "/api/v1/nodes/n",
		.resource = "nodes",
		.name = name,
		.code = 200,
		.online = 1,
		.latency_ms = 7 };

	return audit_write(&a, &e);
}

/* The line at *p, which goes on behind it; NULL where it is no JSON. */
static json_t *
next(char **p)
{
	char *end = strchrnul(*p, '\n');
	json_t *o = json_loadb(*p, (size_t)(end - *p), 0, NULL);

	*p = *end == '\0' ? end : end + 1;
	return o;
}

/* The names in a file, with " + N" where lines were lost. Static. */
static const char *
names(const char *file)
{
	static char text[4096];
	char *bytes = tree_read(file), *p = bytes;
	json_t *o, *lost;
	size_t n = 0;

	text[0] = '\0';
	while (p != NULL && *p != '\0' && n < sizeof(text)) {
		o = next(&p);
		lost = json_object_get(o, "lost");
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n > 0 ? " " : "",
		    o == NULL ? "torn"
			      : json_string_value(json_object_get(o, "name")));
		if (lost != NULL)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "+%d",
			    (int)json_integer_value(lost));
		json_decref(o);
	}
	free(bytes);
	return text;
}

static void
begin(void)
{
	audit_close(&a);
	tree_remove();
	if (mkdir(tree, 0700) == -1)
		abort();
	close(tree_fd);
	tree_fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	audit_init(&a, tree_fd, &limits);
}

static int
mode_of(const char *file)
{
	struct stat st;

	return fstatat(tree_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? (int)(st.st_mode & 07777)
	    : -1;
}

static void
test_line(void)
{
	char g[] = "system:nodes", *text, *p;
	char *groups[AUDIT_GROUPS_MAX + 3];
	struct audit_event e = { .user = "u\"\\\n\x01\xff",
		.groups = groups,
		.ngroups = AUDIT_GROUPS_MAX + 3,
		.verb = "get",
		.path = "/x",
		.ns = "",
		.code = 403,
		.decision = AUDIT_FORBID,
		.reason = "no" };
	json_t *o;
	size_t i;

	for (i = 0; i < e.ngroups; i++)
		groups[i] = g;
	begin();
	is_int(audit_write(&a, &e), 0, "a line");
	is_int(mode_of("audit"), 0700, "the directory is its owner's");
	is_int(mode_of("audit/log"), 0600, "and the file");
	text = p = tree_read("audit/log");
	ok(strchr(text, '\n') == text + strlen(text) - 1, "one line");
	o = next(&p);
	is_str(json_string_value(json_object_get(o, "user")),
	    "u\"\\\n\x01\xef\xbf\xbd", "odd bytes");
	is_int((long long)json_array_size(json_object_get(o, "groups")),
	    AUDIT_GROUPS_MAX, "many groups");
	ok(json_object_get(o, "namespace") == NULL, "what is not is left out");
	is_str(json_string_value(json_object_get(o, "decision")), "forbid",
	    "the decision");
	ok(json_is_false(json_object_get(o, "online")), "cut off");
	is_int((long long)strlen(json_string_value(json_object_get(o, "time"))),
	    27, "a time of microseconds");
	json_decref(o);
	free(text);
}

static void
test_long(void)
{
	char name[4096], *text, *p;
	struct audit_event e = { .verb = "get", .path = name, .user = name };
	const char *s;
	json_t *o;
	size_t i;

	begin();
	/* two bytes a character, and the cut falls within one */
	for (i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 3);
	name[0] = 'a';
	name[1] = 'a';
	memmove(name, name + 1, sizeof(name) - 1);
	is_int(audit_write(&a, &e), 0, "long strings");
	text = p = tree_read("audit/log");
	o = next(&p);
	s = json_string_value(json_object_get(o, "path"));
	ok(s != NULL && strlen(s) < 1030 && strstr(s, "...") != NULL &&
		strstr(s, "\xef\xbf\xbd") == NULL,
	    "are cut between characters");
	json_decref(o);
	free(text);
	/* bytes that belong to no character at all */
	memset(name, 0x80, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	is_int(audit_write(&a, &e), 0, "nothing but continuation bytes");
	memset(name, 1, sizeof(name) - 1);
	is_int(audit_write(&a, &e), 0, "nothing but control bytes");
}

static void
test_rotation(void)
{
	char name[16];
	struct stat st;
	int i;

	begin();
	tree_write("x", "", 0);
	(void)mkdirat(tree_fd, "audit", 0755);
	tree_write("audit/log.4", "old\n", 0);
	tree_write("audit/log.17", "old\n", 0);
	tree_write("audit/log.x", "not ours\n", 0);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%02d", i);
		is_int(put(name), 0, name);
	}
	is_str(names("audit/log"), "n15 n16 n17 n18 n19", "the newest");
	is_str(names("audit/log.1"), "n10 n11 n12 n13 n14", "before them");
	is_str(names("audit/log.3"), "n00 n01 n02 n03 n04", "the oldest");
	put("n20");
	is_str(names("audit/log.3"), "n05 n06 n07 n08 n09", "they go");
	ok(fstatat(tree_fd, "audit/log.2", &st, 0) == 0 && st.st_size <= 1200,
	    "none is larger than it may be");
	is_int(mode_of("audit/log.4"), -1, "nor are there more");
	is_int(mode_of("audit/log.17"), -1, "of an earlier life either");
	ok(mode_of("audit/log.x") != -1, "what is not ours stays");
	is_int(mode_of("audit"), 0700, "the mode is set right");
}

/* What people and other processes do to it. */
static void
test_moved(void)
{
	static struct audit other;
	struct audit_event e = { .verb = "get", .name = "other" };

	begin();
	put("a");
	renameat(tree_fd, "audit/log", tree_fd, "audit/kept");
	is_int(put("b"), 0, "moved away");
	is_str(names("audit/log"), "b", "a new one is begun");
	is_str(names("audit/kept"), "a", "and the old one left");
	audit_init(&other, tree_fd, &limits);
	is_int(audit_write(&other, &e), 0, "another process writes");
	put("c");
	is_str(names("audit/log"), "b other c", "to the same file");
	for (int i = 0; i < 12; i++)
		is_int(audit_write(i % 2 ? &a : &other, &e), 0, "by turns");
	is_str(names("audit/log.4"), "", "and they rotate once");
	audit_close(&other);
	tree_remove();
	(void)mkdir(tree, 0700);
	is_int(put("d"), -1, "not even a data directory");
	ok(a.lost == 1 && a.fd == -1 && a.dirfd == -1, "lost, nothing open");
	begin();
	put("e");
	renameat(tree_fd, "audit", tree_fd, "elsewhere");
	put("g");
	is_str(names("audit/log"), "g", "the directory is moved away");
	is_str(names("elsewhere/log"), "e", "and left alone");
	unlinkat(tree_fd, "audit/log", 0);
	unlinkat(tree_fd, "audit", AT_REMOVEDIR);
	is_int(put("f"), 0, "the directory is made again");
	is_str(names("audit/log"), "f", "and the line is there");
}

static void
test_foreign(void)
{
	begin();
	(void)mkdirat(tree_fd, "audit", 0700);
	tree_write("audit/log", "{\"time\":\"torn", 0);
	is_int(put("a"), 0, "behind a torn line");
	is_str(names("audit/log"), "torn a", "is a line of its own");
	begin();
	(void)mkdirat(tree_fd, "audit", 0700);
	tree_write("elsewhere", "", 0);
	if (symlinkat("../elsewhere", tree_fd, "audit/log") == -1)
		abort();
	is_int(put("a"), -1, "a link is not followed");
	is_int(errno, ELOOP, "ELOOP");
	unlinkat(tree_fd, "audit/log", 0);
	if (mkfifoat(tree_fd, "audit/log", 0600) == -1)
		abort();
	is_int(put("b"), -1, "a pipe is none");
	unlinkat(tree_fd, "audit/log", 0);
	(void)mkdirat(tree_fd, "audit/log", 0700);
	is_int(put("c"), -1, "nor is a directory");
	is_int((long long)a.lost, 3, "three are lost");
	unlinkat(tree_fd, "audit/log", AT_REMOVEDIR);
	is_int(put("d"), 0, "once it is gone");
	is_str(names("audit/log"), "d+3", "that is told");
	put("e");
	is_str(names("audit/log"), "d+3 e", "once");
	begin();
	tree_write("audit", "", 0);
	is_int(put("a"), -1, "a file in the place of the directory");
}

/* A directory where the last of them would go: they are lost, not endless. */
static void
test_stuck(void)
{
	int i, bad = 0;

	begin();
	(void)mkdirat(tree_fd, "audit", 0700);
	(void)mkdirat(tree_fd, "audit/log.3", 0700);
	for (i = 0; i < 30; i++)
		bad += put("n") == -1;
	ok(bad > 0 && bad < 30, "no place for the oldest");
	unlinkat(tree_fd, "audit/log.3", AT_REMOVEDIR);
	is_int(put("again"), 0, "once there is");
}

static void
test_full(void)
{
	struct rlimit was, l;

	begin();
	a.limits.bytes = 1 << 20;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	put("a");
	l = was;
	l.rlim_cur = 250;
	setrlimit(RLIMIT_FSIZE, &l);
	is_int(put("b"), -1, "half a line");
	is_int(put("c"), -1, "and none");
	setrlimit(RLIMIT_FSIZE, &was);
	is_int((long long)a.lost, 2, "both are counted");
	is_int(put("d"), 0, "there is room again");
	is_str(names("audit/log"), "a torn d+2", "lines are whole again");
}

/* Many processes: no line is torn, none is missing. */
static void
test_many(void)
{
	char file[16], *text, *p;
	int i, k, n = 0, bad = 0;
	json_t *o;

	begin();
	audit_close(&a);
	for (i = 0; i < 4; i++) {
		if (fork() != 0)
			continue;
		a.limits.files = 50;
		a.limits.bytes = 20000;
		for (k = 0; k < 500; k++)
			if (put("x") == -1)
				_exit(1);
		_exit(0);
	}
	while (wait(&k) != -1)
		bad += k != 0;
	is_int(bad, 0, "four processes write");
	for (i = 0; i <= 50; i++) {
		snprintf(file, sizeof(file),
		    i > 0 ? "audit/log.%d" : "audit/log", i);
		text = p = tree_read(file);
		while (p != NULL && *p != '\0') {
			/* it may look torn while another one writes it */
			if (*p == '\n') {
				p++;
				continue;
			}
			o = next(&p);
			bad += o == NULL;
			n++;
			json_decref(o);
		}
		free(text);
	}
	ok(bad == 0 && n == 2000, "2000 whole lines: %d, %d bad", n, bad);
}

int
main(void)
{
	tree_make();
	audit_init(&a, tree_fd, &limits);
	test_line();
	test_long();
	test_rotation();
	test_moved();
	test_foreign();
	test_stuck();
	test_full();
	test_many();
	audit_close(&a);
	return done_testing();
}
