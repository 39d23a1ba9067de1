/* The outbox: what waits, what becomes of two writes, what a crash leaves. */
#include <sys/file.h>
#include <sys/wait.h>

#include <dirent.h>
#include <signal.h>
#include <time.h>

#include "outbox.h"
#include "tree.h"

#define MAPS "/api/v1/namespaces/x/configmaps/"
#define PODS_X "/api/v1/namespaces/x/pods/"
#define EVENTS "/api/v1/namespaces/x/events/"

static const struct outbox_limits limits = { 100, 1 << 20, 5, 1 << 20 };
static struct outbox box;
static const char *whose; /* who writes */
static int all;		  /* who may have all */

static void
nothing(void *arg, const char *name, int replaced)
{
	(void)name;
	(void)replaced;
	if (arg != NULL)
		(*(int *)arg)++;
}

static json_t *
object(const char *uid, int value)
{
	return json_pack("{s:{s:s} s:{s:i} s:{s:i}}", "metadata", "uid", uid,
	    "data", "k", value, "status", "k", value);
}

/* Add; body value, before value (0: none). */
static int
add(enum outbox_kind kind, const char *verb, const char *path, const char *uid,
    int body, int before)
{
	json_t *a = body != 0 ? object(uid, body) : NULL;
	json_t *b = before != 0 ? object(uid, before) : NULL;
	struct outbox_write w = { .kind = kind,
		.verb = verb,
		.path = path,
		.uid = uid,
		.user = whose,
		.all = all,
		.body = a,
		.before = b };
	int rc;

	if (kind == OUTBOX_STATUS)
		w.subresource = "status";
	rc = outbox_add(&box, &w);
	json_decref(a);
	json_decref(b);
	return rc;
}

static int
value(const json_t *entry, const char *member)
{
	return (int)json_integer_value(
	    json_object_get(json_object_get(json_object_get(entry, member),
				"data"),
		"k"));
}

/* "KIND VERB BODY BEFORE uid, ..." of all that waits; it is sent if sent. */
static const char *
waiting(int sent)
{
	static char text[4096];
	struct outbox_list l;
	char why[128];
	json_t *e;
	size_t i, n = 0;
	int fd;

	text[0] = '\0';
	if (outbox_list(&l, box.d.newfd, nothing, NULL) == -1)
		return strerror(errno);
	for (i = 0; i < l.n && n < sizeof(text); i++) {
		if (outbox_claim(&box.d, &l.slots[i], &fd, &e, why,
			sizeof(why)) != 0) {
			if (fd != -1)
				close(fd);
			return "no entry";
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s %s %d %d %s%s", i > 0 ? ", " : "",
		    outbox_kind_name(l.slots[i].kind),
		    json_string_value(json_object_get(e, "verb")),
		    value(e, "body"), value(e, "before"),
		    json_string_value(json_object_get(e, "uid")),
		    json_is_true(json_object_get(e, "created")) ? "made" : "");
		if (sent)
			fchmod(fd, OUTBOX_SENT);
		json_decref(e);
		close(fd);
	}
	outbox_list_free(&l);
	return text;
}

/* Begin with nothing waiting. */
static void
clear(void)
{
	char name[OUTBOX_NAME_LEN];
	struct outbox_list l;
	size_t i;

	outbox_list(&l, box.d.newfd, nothing, NULL);
	for (i = 0; i < l.n; i++) {
		outbox_name(&l.slots[i], name);
		unlinkat(box.d.newfd, name, 0);
	}
	outbox_list_free(&l);
	outbox_close(&box);
	ok(outbox_open(&box, tree_fd, &limits) == 0, "open");
}

static int
files(const char *below)
{
	DIR *d = opendir(tree_path(below));
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
test_statuses(void)
{
	clear();
	is_int(add(OUTBOX_STATUS, "patch", PODS_X "a", "u", 2, 1), 0, "add");
	is_int(files("outbox/new"), 0, "not there before the sync");
	is_int(outbox_waits(&box, PODS_X "a"), 1, "but known");
	is_int(outbox_sync(&box), 0, "sync");
	is_int(files("outbox/tmp"), 0, "no temp is left");
	is_int(add(OUTBOX_STATUS, "patch", PODS_X "b", "v", 7, 6), 0, "other");
	is_int(add(OUTBOX_STATUS, "patch", PODS_X "a", "u", 3, 2), 0, "newer");
	is_int(add(OUTBOX_STATUS, "patch", PODS_X "a", "u", 4, 3), 0, "newest");
	is_int(outbox_sync(&box), 0, "sync");
	is_str(waiting(1), "status patch 4 1 u, status patch 7 6 v",
	    "one of each object, with the first state, in its place");
	is_int(add(OUTBOX_STATUS, "patch", PODS_X "a", "u", 5, 4), 0, "sent");
	is_int(add(OUTBOX_STATUS, "patch", PODS_X "a", "w", 6, 5), 0, "uid");
	is_int(outbox_sync(&box), 0, "sync");
	is_str(waiting(0),
	    "status patch 5 1 u, status patch 7 6 v, status patch 6 5 w",
	    "what was sent may be replaced; another uid is another object");
	is_int(outbox_waits(&box, PODS_X "c"), 0, "nothing of others");
}

static void
test_objects(void)
{
	clear();
	add(OUTBOX_OBJECT, "update", MAPS "a", "u", 2, 1);
	outbox_sync(&box);
	add(OUTBOX_OBJECT, "patch", MAPS "a", "u", 3, 2);
	outbox_sync(&box);
	is_str(waiting(1), "object patch 3 1 u", "two changes are one");
	add(OUTBOX_OBJECT, "update", MAPS "a", "u", 4, 1);
	outbox_sync(&box);
	is_str(waiting(0), "object patch 3 1 u, object update 4 3 u",
	    "but not with what was sent: it stands behind that");
	add(OUTBOX_DELETE, "delete", MAPS "a", "u", 0, 4);
	outbox_sync(&box);
	is_str(waiting(0), "delete delete 0 4 u", "deleted");
	add(OUTBOX_OBJECT, "create", MAPS "a", "local", 5, 0);
	add(OUTBOX_OBJECT, "update", MAPS "a", "local", 6, 5);
	outbox_sync(&box);
	is_str(waiting(0), "delete delete 0 4 u, object create 6 5 ",
	    "and created again: the uid is no master's");
	add(OUTBOX_STATUS, "update", MAPS "a", "local", 7, 6);
	outbox_sync(&box);
	is_str(waiting(0),
	    "delete delete 0 4 u, object create 6 5 , status update 7 6 made",
	    "a status of what was created");
	add(OUTBOX_DELETE, "delete", MAPS "a", "local", 0, 7);
	outbox_sync(&box);
	is_str(waiting(0), "delete delete 0 4 u",
	    "what the master never saw leaves nothing");
}

static void
test_sent_create(void)
{
	clear();
	add(OUTBOX_OBJECT, "create", MAPS "a", "local", 1, 0);
	outbox_sync(&box);
	waiting(1);
	add(OUTBOX_OBJECT, "update", MAPS "a", "local", 2, 1);
	outbox_sync(&box);
	is_str(waiting(0), "object create 1 0 , object update 2 1 made",
	    "a creation that was sent stands");
	add(OUTBOX_DELETE, "delete", MAPS "a", "local", 0, 2);
	outbox_sync(&box);
	is_str(waiting(0), "object create 1 0 , delete delete 0 1 made",
	    "and is deleted by what it was");
	is_int(add(OUTBOX_DELETE, "delete", MAPS "b", "", 0, 0), -1,
	    "no deletion without a uid");
	is_int(errno, EINVAL, "EINVAL");
	is_int(add(OUTBOX_OBJECT, "update", "/api/v1/pods", "u", 1, 1), -1,
	    "no write of a collection");
	is_int(add(OUTBOX_OBJECT, "update", MAPS "b", "u", 0, 0), -1,
	    "nor without a body");
}

/* Somebody is sending it: nothing of it is touched. */
/* The answer to the first was lost, or it was not applied. */
static void
test_create_again(void)
{
	clear();
	add(OUTBOX_OBJECT, "create", MAPS "a", "one", 1, 0);
	add(OUTBOX_OBJECT, "create", MAPS "a", "two", 2, 0);
	ok(outbox_sync(&box) == 0, "sync");
	is_str(waiting(0), "object create 2 0 ", "one creation");
	add(OUTBOX_DELETE, "delete", MAPS "a", "two", 0, 2);
	ok(outbox_sync(&box) == 0, "sync");
	is_str(waiting(0), "", "and its deletion leaves nothing");

	clear();
	add(OUTBOX_OBJECT, "create", MAPS "a", "one", 1, 0);
	ok(outbox_sync(&box) == 0, "sync");
	(void)waiting(1);
	add(OUTBOX_OBJECT, "create", MAPS "a", "two", 2, 0);
	ok(outbox_sync(&box) == 0, "sync");
	is_str(waiting(0), "object create 1 0 , object create 2 1 ",
	    "behind one that was sent, as a change of that");
	add(OUTBOX_DELETE, "delete", MAPS "a", "two", 0, 2);
	ok(outbox_sync(&box) == 0, "sync");
	is_str(waiting(0), "object create 1 0 , delete delete 0 1 made",
	    "and the deletion is of what was sent");
}

static void
test_locked(void)
{
	char why[128];
	struct outbox_list l;
	json_t *e;
	int fd;

	clear();
	add(OUTBOX_OBJECT, "create", MAPS "a", "local", 1, 0);
	add(OUTBOX_STATUS, "update", MAPS "a", "local", 2, 1);
	outbox_sync(&box);
	outbox_list(&l, box.d.newfd, nothing, NULL);
	outbox_claim(&box.d, &l.slots[0], &fd, &e, why, sizeof(why));
	add(OUTBOX_OBJECT, "update", MAPS "a", "local", 3, 1);
	add(OUTBOX_DELETE, "delete", MAPS "a", "local", 0, 3);
	is_int(outbox_sync(&box), 0, "sync");
	json_decref(e);
	close(fd);
	outbox_list_free(&l);
	is_str(waiting(0), "object create 1 0 , delete delete 0 1 made",
	    "what is being sent stays");
}

static void
test_events(void)
{
	char path[128], *dropped;
	int i;

	clear();
	for (i = 1; i <= 8; i++) {
		snprintf(path, sizeof(path), EVENTS "e%d", i);
		is_int(add(OUTBOX_EVENT, "create", path, "l", i, 0), 0, "add");
		outbox_sync(&box);
	}
	is_str(waiting(0),
	    "event create 4 0 , event create 5 0 , event create 6 0 , "
	    "event create 7 0 , event create 8 0 ",
	    "the oldest events are dropped");
	add(OUTBOX_EVENT, "patch", EVENTS "e6", "l", 60, 6);
	outbox_sync(&box);
	is_str(waiting(0),
	    "event create 4 0 , event create 5 0 , event create 60 6 , "
	    "event create 7 0 , event create 8 0 ",
	    "a repeat is one with the event, in its place");
	dropped = tree_read("outbox/dropped");
	is_str(dropped, "3\n", "drops counted");
	free(dropped);
	outbox_close(&box);
	outbox_open(&box, tree_fd, &limits);
	is_int((long long)box.dropped, 3, "and remembered");
}

/* A patch by itself is not one with an object. */
static void
test_patches(void)
{
	json_t *body = object("u", 9);
	struct outbox_write w = { .kind = OUTBOX_EVENT, .verb = "patch" };

	clear();
	w.content_type = "application/strategic-merge-patch+json";
	w.body = body;
	add(OUTBOX_EVENT, "create", EVENTS "e", "l", 1, 0);
	w.path = EVENTS "e";
	is_int(outbox_add(&box, &w), 0, "of an event");
	add(OUTBOX_OBJECT, "update", MAPS "a", "u", 2, 1);
	w.kind = OUTBOX_OBJECT;
	w.path = MAPS "a";
	is_int(outbox_add(&box, &w), 0, "of an object");
	add(OUTBOX_OBJECT, "update", MAPS "a", "u", 3, 2);
	outbox_sync(&box);
	is_str(waiting(0),
	    "event create 1 0 , event patch 9 0 u, object update 2 1 u, "
	    "object patch 9 2 u, object update 3 2 u",
	    "patches stand alone");
	json_decref(body);
}

static void
test_full(void)
{
	char path[128];
	int i, n = 0;

	clear();
	for (i = 0; i < 120; i++) {
		snprintf(path, sizeof(path), MAPS "m%d", i);
		if (add(OUTBOX_OBJECT, "update", path, "u", 2, 1) == 0)
			n++;
	}
	is_int(errno, ENOSPC, "full is ENOSPC");
	is_int(n, 100, "a hundred fit");
	is_int(add(OUTBOX_OBJECT, "update", MAPS "m3", "u", 3, 1), 0,
	    "what replaces another has room");
	is_int(add(OUTBOX_EVENT, "create", EVENTS "e", "l", 1, 0), 0,
	    "events have their own");
	is_int(outbox_sync(&box), 0, "sync");
	is_int(files("outbox/new"), 101, "all there");
	is_int(files("outbox/tmp"), 0, "nothing half done");
	unlinkat(box.d.newfd, "x", 0);
	outbox_close(&box);
	ok(outbox_open(&box, tree_fd, &limits) == 0, "open again");
	is_int(add(OUTBOX_OBJECT, "update", MAPS "new", "u", 3, 1), -1, "full");
	add(OUTBOX_DELETE, "delete", MAPS "m3", "u", 0, 1);
	is_int(add(OUTBOX_OBJECT, "update", MAPS "new", "u", 3, 1), -1,
	    "a deletion takes the place");
}

/* So many of n updates, of objects of that name, are taken. */
static int
updates(const char *user, const char *name, int n)
{
	char path[128];
	int i, taken = 0;

	whose = user;
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), MAPS "%s-%d", name, i);
		taken += add(OUTBOX_OBJECT, "update", path, "u", 2, 1) == 0;
	}
	return taken;
}

/* One caller has half of it, the kubelet all. */
static void
test_share(void)
{
	clear();
	is_int(updates("a", "a", 60), 50, "one caller has half");
	is_int(errno, EDQUOT, "EDQUOT");
	is_int(updates("a", "a", 1), 1, "what replaces another has room");
	is_int(add(OUTBOX_EVENT, "create", EVENTS "e", "l", 1, 0), 0,
	    "so has an event");
	is_int(updates("b", "b", 10), 10, "and another caller");
	is_int(outbox_sync(&box), 0, "sync");
	outbox_close(&box);
	outbox_open(&box, tree_fd, &limits);
	is_int(updates("a", "c", 5), 0, "that holds when it is opened anew");
	whose = "a";
	add(OUTBOX_DELETE, "delete", MAPS "a-3", "u", 0, 1);
	is_int(updates("a", "c", 5), 0, "a deletion stands for a change");
	all = 1;
	is_int(updates("k", "k", 60), 40, "the kubelet has all that is left");
	is_int(errno, ENOSPC, "then it is full");
	all = 0;
	whose = NULL;
	outbox_sync(&box);
}

/* Bytes count as well. */
static void
test_share_bytes(void)
{
	static const struct outbox_limits few = { 100, 20000, 5, 20000 };
	int n;

	clear();
	outbox_close(&box);
	outbox_open(&box, tree_fd, &few);
	n = updates("a", "a", 60);
	ok(n > 5 && n < 50 && box.bytes[0] <= 10000 && errno == EDQUOT,
	    "half of the bytes: %d entries", n);
	whose = NULL;
	n = updates(NULL, "n", 60);
	ok(n > 5 && errno == ENOSPC && box.bytes[0] <= 20000,
	    "who is not told apart may fill it");
	outbox_close(&box);
	outbox_open(&box, tree_fd, &limits);
}

static void
test_two(void)
{
	static struct outbox other;

	is_int(outbox_open(&other, tree_fd, &limits), -1, "one writer");
	is_int(errno, EWOULDBLOCK, "EWOULDBLOCK");
}

/* What a crash may leave: the replaced beside its replacement, temps. */
static void
test_left(void)
{
	struct outbox_slot s = { 0 };
	char a[OUTBOX_NAME_LEN], b[OUTBOX_NAME_LEN], path[256];
	struct outbox_list l;
	int others = 0;

	clear();
	add(OUTBOX_STATUS, "patch", PODS_X "a", "u", 2, 1);
	outbox_sync(&box);
	s = box.list.slots[0];
	outbox_name(&s, a);
	s.gen++;
	outbox_name(&s, b);
	ok(linkat(box.d.newfd, a, box.d.newfd, b, 0) == 0, "as a crash may");
	snprintf(path, sizeof(path), "outbox/tmp/add-%s", b);
	tree_write(path, "{", O_TRUNC);
	tree_write("outbox/new/foreign", "{", O_TRUNC);
	outbox_list(&l, box.d.newfd, nothing, &others);
	is_int((long long)l.n, 1, "the replacement alone counts");
	is_int(others, 2, "the others are told");
	outbox_list_free(&l);
	outbox_close(&box);
	ok(outbox_open(&box, tree_fd, &limits) == 0, "open");
	is_int(files("outbox/tmp"), 0, "temps go");
	is_int(files("outbox/new"), 2, "what was replaced goes");
	is_int(outbox_name_parse(&s, "1-1-1-1-status.json"), -1, "a name");
	is_int(outbox_name_parse(&s, b), 0, "is parsed as it is written");
	unlinkat(box.d.newfd, "foreign", 0);
}

/* The child: writes, and tells which are accepted. */
static void
storm(int out)
{
	static struct outbox_limits big = { 100000, 1 << 30, 10, 1 << 20 };
	char path[128];
	int i, k;

	if (outbox_open(&box, tree_fd, &big) == -1)
		_exit(1);
	for (i = 1;; i++) {
		for (k = 0; k < 4; k++) {
			snprintf(path, sizeof(path), MAPS "s%d", (i + k) % 7);
			add(OUTBOX_STATUS, "patch", path, "u", i, 1);
		}
		snprintf(path, sizeof(path), MAPS "d%d", i);
		add(OUTBOX_OBJECT, "update", path, "u", i, 1);
		if (outbox_sync(&box) == -1 ||
		    write(out, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

/* Whether all that was accepted up to n is there: how many are not. */
static int
missing(int n)
{
	char why[128], want[64];
	int i, bad = 0, newest = 0, fd, v;
	struct outbox_list l;
	json_t *e;
	size_t k;
	char *seen = calloc((size_t)n + 2, 1);

	outbox_list(&l, box.d.newfd, nothing, NULL);
	for (k = 0; k < l.n; k++) {
		if (outbox_claim(&box.d, &l.slots[k], &fd, &e, why,
			sizeof(why)) != 0) {
			bad++;
			continue;
		}
		v = value(e, "body");
		if (l.slots[k].kind == OUTBOX_STATUS)
			newest = v > newest ? v : newest;
		else if (v <= n)
			seen[v]++;
		snprintf(want, sizeof(want), "d%d", v);
		json_decref(e);
		close(fd);
	}
	for (i = 1; i <= n; i++)
		bad += seen[i] != 1;
	free(seen);
	outbox_list_free(&l);
	return bad + (newest < n);
}

static void
test_crash(void)
{
	int round, bad = 0, n, i, fds[2];
	struct timespec t = { 0, 0 };
	pid_t pid;

	for (round = 0; round < 60; round++) {
		clear();
		outbox_close(&box);
		if (pipe(fds) == -1 || (pid = fork()) == -1)
			abort();
		if (pid == 0)
			storm(fds[1]);
		close(fds[1]);
		if (read(fds[0], &n, sizeof(n)) != sizeof(n))
			abort();
		t.tv_nsec = (long)arc4random_uniform(20000000);
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		while (read(fds[0], &i, sizeof(i)) == sizeof(i))
			n = i;
		close(fds[0]);
		waitpid(pid, NULL, 0);
		outbox_open(&box, tree_fd, &limits);
		bad += missing(n);
	}
	is_int(bad, 0, "60 SIGKILLs: all that was accepted is there, once");
}

int
main(void)
{
	tree_make();
	outbox_open(&box, tree_fd, &limits);
	test_statuses();
	test_objects();
	test_sent_create();
	test_create_again();
	test_locked();
	test_events();
	test_patches();
	test_full();
	test_share();
	test_share_bytes();
	test_two();
	test_left();
	test_crash();
	outbox_close(&box);
	return done_testing();
}
