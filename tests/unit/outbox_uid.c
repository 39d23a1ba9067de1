/* The uids of what was created here. */
#include "outbox_uid.h"
#include "tree.h"

#define UID(c, n) c c c c c c c c "-0000-4000-8000-00000000" n

static void
test_file(void)
{
	struct outbox_uids u = { 0 }, other = { 0 };
	char *text;

	is_int(outbox_uids_read(&u, tree_fd), 0, "there is none yet");
	is_int(outbox_uids_add(&u, tree_fd, UID("a", "0001"), UID("b", "0001")),
	    0, "added");
	is_int(outbox_uids_add(&u, tree_fd, UID("a", "0002"), NULL), 0,
	    "one that failed");
	is_int(outbox_uids_add(&u, tree_fd, "local", UID("b", "0003")), 0,
	    "what is no uid");
	text = tree_read("uids");
	is_str(text,
	    UID("a", "0001") " " UID("b", "0001") "\n" UID("a", "0002") " -\n",
	    "is left out");
	free(text);
	is_int(outbox_uids_read(&other, tree_fd), 0, "who reads it");
	is_str(outbox_uids_find(&other, UID("a", "0001")), UID("b", "0001"),
	    "finds it");
	is_str(outbox_uids_find(&other, UID("a", "0002")), "-", "failed");
	ok(outbox_uids_find(&other, UID("a", "0009")) == NULL, "not known");
	ok(outbox_uids_find(&other, "a") == NULL, "no uid");

	tree_write("uids", UID("a", "0004"), O_APPEND);
	is_int(outbox_uids_add(&u, tree_fd, UID("a", "0002"), UID("b", "0002")),
	    0, "behind a torn line, one that failed before");
	is_int(outbox_uids_read(&other, tree_fd), 0, "read on");
	is_int((long long)other.n, 3, "the torn one is none");
	is_str(outbox_uids_find(&other, UID("a", "0002")), UID("b", "0002"),
	    "the last one counts");
	outbox_uids_free(&u);
	outbox_uids_free(&other);
}

static void
test_map(void)
{
	struct outbox_uids u = { 0 };
	char text[] = "--" UID("a", "0001") UID("c", "0001") UID("a", "0002");
	json_t *v = json_pack("{s:[s,s],s:{s:s}}", "l", UID("a", "0001"), "x",
	    "o", "uid", "see " UID("a", "0001"));

	outbox_uids_put(&u, UID("a", "0001"), UID("b", "0001"));
	outbox_uids_put(&u, UID("a", "0002"), "-");
	outbox_uids_map(&u, text, strlen(text));
	is_str(text, "--" UID("b", "0001") UID("c", "0001") UID("a", "0002"),
	    "bytes");
	is_int(outbox_uids_map_json(&u, v), 0, "JSON");
	is_str(json_string_value(json_array_get(json_object_get(v, "l"), 0)),
	    UID("b", "0001"), "a string");
	is_str(json_string_value(
		   json_object_get(json_object_get(v, "o"), "uid")),
	    "see " UID("a", "0001"), "but no part of one");
	json_decref(v);
	outbox_uids_free(&u);
}

static void
test_many(void)
{
	struct outbox_uids u = { 0 }, other = { 0 };
	struct buf b = { 0 };
	char ours[64];
	int i;

	for (i = 0; i < 2 * OUTBOX_UIDS_MAX - 1; i++)
		buf_printf(&b, "dddddddd-0000-4000-8000-%012d %s\n", i,
		    UID("b", "0001"));
	tree_write("uids", b.data, O_TRUNC);
	buf_free(&b);
	is_int(outbox_uids_read(&other, tree_fd), 0, "many");
	is_int((long long)other.n, 2 * OUTBOX_UIDS_MAX - 1, "all");
	is_int(outbox_uids_add(&u, tree_fd, UID("a", "0001"), UID("b", "0001")),
	    0, "one more");
	is_int((long long)u.n, OUTBOX_UIDS_MAX, "the old ones go");
	is_int(outbox_uids_read(&other, tree_fd), 0, "who reads it");
	is_int((long long)other.n, OUTBOX_UIDS_MAX, "sees the new file");
	snprintf(ours, sizeof(ours), "dddddddd-0000-4000-8000-%012d",
	    OUTBOX_UIDS_MAX);
	ok(outbox_uids_find(&other, ours) != NULL &&
		outbox_uids_find(&other, UID("a", "0001")) != NULL,
	    "the newest are there");
	outbox_uids_free(&u);
	outbox_uids_free(&other);
}

int
main(void)
{
	tree_make();
	test_file();
	test_map();
	test_many();
	return done_testing();
}
