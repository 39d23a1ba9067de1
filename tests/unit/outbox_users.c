/* The outbox of several users: each entry has what one of them did. */
#include <errno.h>
#include <stdlib.h>

#include "outbox.h"
#include "tree.h"

#define MAPS "/api/v1/namespaces/x/configmaps/"
#define EVENTS "/api/v1/namespaces/x/events/"

static const struct outbox_limits limits = { 100, 1 << 20, 5, 1 << 20 };
static struct outbox box;

/* Begin with nothing waiting. */
static void
clear(void)
{
	char name[OUTBOX_NAME_LEN];
	struct outbox_list l;
	size_t i;

	outbox_list(&l, box.d.newfd, NULL, NULL);
	for (i = 0; i < l.n; i++) {
		outbox_name(&l.slots[i], name);
		unlinkat(box.d.newfd, name, 0);
	}
	outbox_list_free(&l);
	outbox_close(&box);
	ok(outbox_open(&box, tree_fd, &limits) == 0, "open");
}

/* A write to the status or to an object of u: {"a":a,"b":b}, from there. */
static int
add_as(const char *name, enum outbox_kind kind, const char *verb,
    const char *path, const char *was, const char *now)
{
	json_t *user = name == NULL
	    ? NULL
	    : json_pack("{s:s s:[s]}", "username", name, "groups", "g");
	json_t *a = was == NULL ? NULL : json_loads(was, 0, NULL);
	json_t *b = now == NULL ? NULL : json_loads(now, 0, NULL);
	struct outbox_write w = { .kind = kind,
		.verb = verb,
		.path = path,
		.subresource = kind == OUTBOX_STATUS ? "status" : NULL,
		.uid = strcmp(verb, "create") == 0 ? NULL : "u",
		.caller = user,
		.before = a,
		.body = b };
	int rc = outbox_add(&box, &w);

	json_decref(user);
	json_decref(a);
	json_decref(b);
	return rc;
}

/* "USER VERB BEFORE BODY", ... of all that waits, apart ones with a plus. */
static const char *
whose(void)
{
	static char text[4096];
	struct outbox_list l;
	char why[128], *a, *b;
	const char *user;
	json_t *e;
	size_t i, n = 0;
	int fd;

	ok(outbox_sync(&box) == 0, "sync");
	text[0] = '\0';
	outbox_list(&l, box.d.newfd, NULL, NULL);
	for (i = 0; i < l.n && n < sizeof(text); i++) {
		if (outbox_claim(&box.d, &l.slots[i], &fd, &e, why,
			sizeof(why)) != 0)
			return "no entry";
		user = json_string_value(
		    json_object_get(json_object_get(e, "user"), "username"));
		a = json_dumps(json_object_get(e, "before"), JSON_COMPACT);
		b = json_dumps(json_object_get(e, "body"), JSON_COMPACT);
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s%s %s %s %s", i > 0 ? ", " : "",
		    user == NULL ? "-" : user,
		    json_is_true(json_object_get(e, "apart")) ? "+" : "",
		    json_string_value(json_object_get(e, "verb")),
		    a == NULL ? "-" : a, b == NULL ? "-" : b);
		free(a);
		free(b);
		json_decref(e);
		close(fd);
	}
	outbox_list_free(&l);
	return text;
}

#define A0 "{\"a\":0,\"b\":0}"
#define A1 "{\"a\":1,\"b\":0}"
#define AB "{\"a\":1,\"b\":1}"
#define A2B "{\"a\":2,\"b\":1}"
#define A2B2 "{\"a\":2,\"b\":2}"

static void
test_statuses(void)
{
	const char *path = MAPS "s";
	int i, bad = 0;

	clear();
	add_as("a", OUTBOX_STATUS, "patch", path, A0, A1);
	is_str(whose(), "a patch " A0 " " A1, "one user");
	add_as("b", OUTBOX_STATUS, "patch", path, A1, AB);
	is_str(whose(), "a patch " A0 " " A1 ", b+ patch " A1 " " AB,
	    "another one's stands behind it, with what he did alone");
	add_as("a", OUTBOX_STATUS, "patch", path, AB, A2B);
	is_str(whose(),
	    "b+ patch " A1 " " AB ", a+ patch {\"a\":0,\"b\":1} " A2B,
	    "the first one's is one with his, without what the other did");
	add_as("b", OUTBOX_STATUS, "patch", path, A2B, A2B2);
	is_str(whose(),
	    "a+ patch {\"a\":0,\"b\":1} " A2B
	    ", b+ patch {\"a\":2,\"b\":0} " A2B2,
	    "and so on");
	for (i = 0; i < 3000; i++)
		bad |= add_as(i % 2 ? "a" : "b", OUTBOX_STATUS, "patch", path,
			   A2B, A2B2) == -1 ||
		    (i % 100 == 0 && outbox_sync(&box) == -1);
	ok(!bad && outbox_sync(&box) == 0, "3000 in turns");
	is_int((long long)box.list.n - (long long)box.nremoved, 2,
	    "are one of each");
	add_as(NULL, OUTBOX_STATUS, "patch", path, A1, AB);
	ok(strstr(whose(), ", -+ patch " A1 " " AB) != NULL, "the hub's own");
}

static void
test_objects(void)
{
	const char *path = MAPS "o";

	clear();
	add_as("a", OUTBOX_OBJECT, "update", path, A0, A1);
	add_as("b", OUTBOX_OBJECT, "update", path, A1, AB);
	add_as("a", OUTBOX_OBJECT, "update", path, AB, A2B);
	add_as("a", OUTBOX_OBJECT, "update", path, A2B, A2B2);
	is_str(whose(),
	    "a update " A0 " " A1 ", b update " A1 " " AB ", a update " AB
	    " " A2B2,
	    "changes: each his own, in their order");
	add_as("a", OUTBOX_DELETE, "delete", path, A2B2, NULL);
	is_str(whose(),
	    "a update " A0 " " A1 ", b update " A1 " " AB ", a delete " A2B2
	    " -",
	    "a deletion replaces what its user did since");
	clear();
	add_as("a", OUTBOX_OBJECT, "create", path, NULL, A1);
	add_as("b", OUTBOX_OBJECT, "update", path, A1, AB);
	is_str(whose(), "a create - " A1 ", b update " A1 " " AB,
	    "a change is not one with another's creation");
	add_as("b", OUTBOX_DELETE, "delete", path, AB, NULL);
	is_str(whose(), "a create - " A1 ", b delete " AB " -",
	    "a deletion does not undo it: the master decides");
	clear();
	add_as("a", OUTBOX_OBJECT, "create", path, NULL, A1);
	add_as("b", OUTBOX_OBJECT, "create", path, NULL, AB);
	is_str(whose(), "a create - " A1 ", b create " A1 " " AB,
	    "nor is a creation that is tried again");
	clear();
	add_as("a", OUTBOX_STATUS, "patch", path, A0, A1);
	add_as("b", OUTBOX_OBJECT, "update", path, A1, AB);
	add_as("a", OUTBOX_STATUS, "patch", path, AB, A2B);
	is_str(whose(),
	    "b update " A1 " " AB ", a patch {\"a\":0,\"b\":1} " A2B,
	    "a status has no labels of another one");
}

static void
test_events(void)
{
	const char *path = EVENTS "e";

	clear();
	add_as("a", OUTBOX_EVENT, "create", path, NULL, A0);
	add_as("a", OUTBOX_EVENT, "patch", path, A0, A1);
	add_as("b", OUTBOX_EVENT, "patch", path, A1, AB);
	add_as("b", OUTBOX_EVENT, "patch", path, AB, A2B);
	is_str(whose(), "a create " A0 " " A1 ", b+ patch " A1 " " A2B,
	    "repeats of an event: each his own");
}

static void
test_odd(void)
{
	json_t *none = json_pack("{s:s}", "username", "");
	json_t *body = json_object();
	struct outbox_write w = { .kind = OUTBOX_STATUS,
		.verb = "patch",
		.path = MAPS "n",
		.uid = "u",
		.caller = none,
		.body = body };

	errno = 0;
	ok(outbox_add(&box, &w) == -1 && errno == EINVAL, "no username");
	json_decref(none);
	json_decref(body);
}

int
main(void)
{
	tree_make();
	outbox_open(&box, tree_fd, &limits);
	test_statuses();
	test_objects();
	test_events();
	test_odd();
	outbox_close(&box);
	return done_testing();
}
