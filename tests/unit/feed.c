/* The reader: open, look up, follow through compaction, reset and removal. */
#include "tree.h"

static struct journal j;

static void
test_open(void)
{
	const struct feed_object *o;
	struct buf b = { 0 };
	struct feed f;

	errno = 0;
	ok(feed_open(&f, tree_path("cache/none")) == -1 && errno == ENOENT,
	    "no such feed");
	feed_free(&f);
	tree_journal(&j, "/api/v1/pods");
	errno = 0;
	ok(feed_open(&f, tree_path(PODS)) == -1 && errno == EAGAIN,
	    "not synced yet");
	is_str(f.q.path, "/api/v1/pods", "but its query is there");
	feed_free(&f);
	tree_list(&j);
	is_int(feed_open(&f, tree_path(PODS)), 0, "synced");
	is_str(tree_objects(&f), "x/a 3, x/b 4, x/c 5", "its objects");
	is_str(f.kind, "Pod", "kind");
	is_str(f.api_version, "v1", "apiVersion");
	is_int((long long)f.rv, 10, "rv");
	o = feed_get(&f, "x", "b");
	ok(o != NULL && o->meta.rv == 4, "get");
	ok(feed_get(&f, "x", "d") == NULL && feed_get(&f, "", "a") == NULL &&
		feed_get(&f, "y", "a") == NULL,
	    "get of what is not there");
	is_int((long long)feed_lower_bound(&f, "x/b"), 1, "lower bound");
	is_int((long long)feed_lower_bound(&f, "y"), 3, "behind all");
	ok(o != NULL && feed_read(&f, o, &b) == 0 && b.data[0] == '{' &&
		b.data[b.len - 1] == '}',
	    "its bytes");
	is_int(feed_follow(&f), FEED_SAME, "nothing new");
	buf_free(&b);
	feed_free(&f);
}

static void
test_follow(void)
{
	struct feed f;
	off_t from;

	feed_open(&f, tree_path(PODS));
	from = f.end;
	tree_event(&j, FEED_MODIFIED, "a", 11, "web");
	tree_event(&j, FEED_MODIFIED, "b", 13, "web");
	is_int(feed_follow(&f), FEED_GREW, "it grew");
	is_str(tree_events(&f, from),
	    "MODIFIED a 11, PREVIOUS b 4, MODIFIED b 13", "by these");
	is_int((long long)feed_position(&f, 10), (long long)from,
	    "position of the base");
	is_str(tree_events(&f, feed_position(&f, 11)),
	    "PREVIOUS b 4, MODIFIED b 13", "between the two");
	is_str(tree_events(&f, feed_position(&f, 12)),
	    "PREVIOUS b 4, MODIFIED b 13", "an rv that nothing has");
	is_int((long long)feed_position(&f, 13), (long long)f.end, "the end");
	is_int((long long)feed_position(&f, 99), (long long)f.end, "beyond");
	errno = 0;
	ok(feed_position(&f, 9) == -1 && errno == ESTALE, "before the base");
	feed_free(&f);
}

/* Half a line, half a pair: not taken in before the rest has come. */
static void
test_partial(void)
{
	char *whole = tree_read(PODS "/journal"), *copy;
	const char *pair, *modified;
	struct feed f;
	off_t was;

	pair = strstr(whole, "{\"type\":\"PREVIOUS\"");
	modified = strstr(pair, "\n") + 1;
	mkdir(tree_path("half"), 0700);
	tree_write("half/feed", "{\"path\":\"/api/v1/pods\"}", O_TRUNC);
	copy = strndup(whole, (size_t)(modified - whole));
	tree_write("half/journal", copy, O_TRUNC);
	free(copy);
	is_int(feed_open(&f, tree_path("half")), 0, "half a pair at the end");
	is_int((long long)f.end, pair - whole, "is not taken in");
	was = f.end;
	copy = strndup(modified, 20);
	tree_write("half/journal", copy, O_APPEND);
	free(copy);
	is_int(feed_follow(&f), FEED_SAME, "nor with half a line more");
	tree_write("half/journal", modified + 20, O_APPEND);
	is_int(feed_follow(&f), FEED_GREW, "but when all is there");
	is_str(tree_events(&f, was), "PREVIOUS b 4, MODIFIED b 13", "whole");
	feed_free(&f);
	free(whole);
}

/* Enough events that compaction leaves some of them out. */
static unsigned long long
fill(unsigned long long rv)
{
	char name[16];
	int i;

	for (i = 0; i < 3000; i++, rv++) {
		snprintf(name, sizeof(name), "p%d", i % 7);
		if (tree_event(&j, FEED_MODIFIED, name, rv,
			i % 5 == 0 ? "web" : "db") != 1)
			ok(0, "event %llu", rv);
	}
	return rv;
}

static void
test_compaction(void)
{
	char before[4096], state[4096], id[17];
	struct feed f, late;
	unsigned long long rv;
	off_t at;

	feed_open(&f, tree_path(PODS));
	rv = fill(100);
	is_int(feed_follow(&f), FEED_GREW, "3000 events");
	at = feed_position(&f, rv - 10);
	snprintf(before, sizeof(before), "%s", tree_events(&f, at));
	snprintf(state, sizeof(state), "%s", tree_objects(&f));
	memcpy(id, f.id, sizeof(id));
	is_int(journal_compact(&j, 1), 0, "compacted");
	ok(j.feed.base_rv > 10 && j.feed.base_rv < rv - 10 &&
		j.feed.end < f.end,
	    "some are gone, the newer ones not");
	/* one that comes between swap and follow */
	tree_event(&j, FEED_ADDED, "z", rv + 5, "web");
	is_int(feed_follow(&f), FEED_SWAPPED, "a follower is told");
	ok(at >= f.shift_from, "its position is still in the journal");
	ok(strcmp(f.id, id) != 0, "another id");
	is_int((long long)feed_position(&f, rv - 10), (long long)(at + f.shift),
	    "its position has moved by shift");
	ok(strncmp(tree_events(&f, at + f.shift), before, strlen(before)) == 0,
	    "and the same events stand there");
	tree_event(&j, FEED_DELETED, "z", rv + 6, "web");
	is_int(feed_follow(&f), FEED_GREW, "following on");
	is_str(tree_objects(&f), state, "the same state");
	is_int(feed_open(&late, tree_path(PODS)), 0, "a new reader");
	is_str(tree_objects(&late), state, "sees it too");
	is_int((long long)late.base_rv, (long long)f.base_rv, "and its base");
	feed_free(&late);
	feed_free(&f);
}

/* A follower that slept through two compactions has lost its place. */
static void
test_two_compactions(void)
{
	char state[4096];
	struct feed f;
	unsigned long long rv;

	feed_open(&f, tree_path(PODS));
	rv = fill(4000);
	journal_compact(&j, 1);
	fill(rv);
	journal_compact(&j, 1);
	is_int(feed_follow(&f), FEED_RESET, "two compactions: reset");
	snprintf(state, sizeof(state), "%s", tree_objects(&j.feed));
	is_str(tree_objects(&f), state, "the state is right");
	feed_free(&f);
}

static void
test_end(void)
{
	struct feed f;
	struct feed_file *old;
	struct feed_line l = { 0 };

	feed_open(&f, tree_path(PODS));
	old = feed_file_ref(f.file);
	journal_list_begin(&j);
	tree_item(&j, "n", 1, "web");
	is_int(journal_list_commit(&j, 2, "Pod", "v1", 1), 0, "started anew");
	is_int(feed_follow(&f), FEED_RESET, "a follower is told");
	is_str(tree_objects(&f), "x/n 1", "the new state");
	is_int(feed_line_read(&l, old, 0, 4096, f.r), 0,
	    "the old journal is still to be read by who holds it");
	feed_line_free(&l);
	feed_file_unref(old);
	is_int(journal_remove(&j), 0, "removed");
	is_int(feed_follow(&f), FEED_GONE, "a follower is told");
	feed_free(&f);
	journal_free(&j);
}

static void
broken(const char *journal, const char *name)
{
	struct feed f;

	mkdir(tree_path("bad"), 0700);
	tree_write("bad/feed", "{\"path\":\"/api/v1/pods\"}", O_TRUNC);
	tree_write("bad/journal", journal, O_TRUNC);
	errno = 0;
	ok(feed_open(&f, tree_path("bad")) == -1 && errno == EBADMSG,
	    "broken: %s", name);
	feed_free(&f);
}

#define BASE(count)                                                     \
	"{\"type\":\"BASE\",\"object\":{\"id\":\"00000000000000aa\","   \
	"\"continues\":\"\",\"resourceVersion\":\"5\",\"count\":" count \
	",\"tail\":0,\"kind\":\"Pod\",\"apiVersion\":\"v1\"}}\n"
#define LINE(type, name, rv)                                                \
	"{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name \
	"\",\"resourceVersion\":\"" rv "\"}}}\n"

static void
test_broken(void)
{
	struct feed f;

	broken("", "empty");
	broken("x\n", "no BASE");
	broken("{\"type\":\"BASE\",\"object\":{}}\n", "an empty BASE");
	broken(BASE("1"), "fewer objects than BASE says");
	broken(BASE("1") LINE("ADDED", "a", "6"), "an object from after BASE");
	broken(BASE("1") LINE("MODIFIED", "a", "4"), "no ADDED in the list");
	broken(BASE("0") LINE("ADDED", "a", "7") LINE("ADDED", "b", "6"),
	    "going backwards");
	broken(BASE("0") "garbage\n", "a line that is none");
	broken(BASE("0") "{\"type\":\"ADDED\",\"object\":[]}\n", "no object");
	broken(BASE("0") BASE("0"), "two bases");
	tree_write("bad/journal",
	    BASE("1")
		LINE("ADDED", "a", "4") "garbage\n" LINE("ADDED", "b", "7"),
	    O_TRUNC);
	is_int(feed_salvage(&f, tree_path("bad"), 0), 0, "salvage");
	is_str(tree_objects(&f), "a 4, b 7", "takes what parses");
	is_int(f.bad_lines, 1, "and counts the rest");
	feed_free(&f);
	tree_write("bad/feed", "{", O_TRUNC);
	errno = 0;
	ok(feed_open(&f, tree_path("bad")) == -1 && errno == EBADMSG,
	    "broken: the file feed");
	feed_free(&f);
}

int
main(void)
{
	tree_make();
	test_open();
	test_follow();
	test_partial();
	test_compaction();
	test_two_compactions();
	test_end();
	test_broken();
	return done_testing();
}
