/* A feed that keeps only parts of its objects, as its writer has it. */
#include "tree.h"

/* As tree_journal(), of pods with these fields kept. */
static int
part_journal(struct journal *j, const char *fields)
{
	char line[256];
	struct feed_query q;
	int rc;

	tree_ntold = 0;
	snprintf(line, sizeof(line), "/api/v1/pods %s%s",
	    *fields == '\0' ? "" : "fields=", fields);
	rc = feed_query_line(&q, line);
	if (rc == 1)
		rc = journal_open(j, tree_fd, tree, &q, tree_tell, NULL);
	feed_query_free(&q);
	return rc;
}

/* The bytes of an object. Static. */
static const char *
object(struct journal *j, const char *name)
{
	static struct buf b;
	const struct feed_object *o = feed_get(&j->feed, "x", name);

	b.len = 0;
	return o == NULL || feed_read(&j->feed, o, &b) == -1 ? NULL : b.data;
}

static int
sync_all(struct journal *j)
{
	int rc;

	while ((rc = journal_sync(j)) == 1)
		;
	return rc;
}

static int
no_files(void)
{
	return faccessat(tree_fd, PODS "/objects/x/a", F_OK, 0) == -1;
}

#define A                                                                 \
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":" \
	"\"a\",\"namespace\":\"x\",\"uid\":\"u-a\",\"resourceVersion\":\""

static void
events(void)
{
	struct journal j;
	json_t *o;
	char *text;

	is_int(part_journal(&j, "status"), 0, "a feed of parts");
	is_int(tree_list(&j), 0, "a list");
	is_str(object(&j, "a"), A "3\"},\"status\":{\"phase\":\"Running\"}}",
	    "is kept in part");
	is_int(tree_event(&j, FEED_MODIFIED, "a", 12, "db"), 1, "an event");
	is_str(object(&j, "a"), A "12\"},\"status\":{\"phase\":\"Running\"}}",
	    "too");
	is_int(tree_event(&j, FEED_DELETED, "b", 13, "db"), 1, "a deletion");
	o = json_loads(A "14\",\"labels\":{}},\"spec\":{}}", 0, NULL);
	text = json_dumps(o, JSON_COMPACT);
	is_int(journal_put(&j, FEED_MODIFIED, text, strlen(text), o), 1,
	    "a local one");
	is_str(object(&j, "a"), A "14\"}}", "too");
	is_int(journal_event(&j, FEED_MODIFIED, A "15\"}", strlen(A "15\"}")),
	    -1, "a torn one");
	is_int(errno, EBADMSG, "is none");
	is_str(tree_events(&j.feed, j.feed.live),
	    "MODIFIED a 12, DELETED b 13, PREVIOUS a 12, MODIFIED a 14",
	    "what is not kept does not change, status.phase does");
	is_int(journal_compact(&j, 1), 0, "compacted");
	is_str(project_text(&j.feed.keep), project_text(&j.feed.q.keep),
	    "it still says what it keeps");
	is_int(sync_all(&j), 0, "synced");
	ok(no_files(), "without files");
	free(text);
	json_decref(o);
	journal_free(&j);
}

static void
changes(void)
{
	struct journal j;

	is_int(part_journal(&j, "status,metadata.name"), 0, "opened again");
	is_int(j.doubtful, 0, "with what comes to the same");
	journal_free(&j);
	is_int(part_journal(&j, "spec"), 0, "with other fields");
	is_int(j.doubtful, 1, "a list has to come");
	is_int(tree_event(&j, FEED_MODIFIED, "a", 20, "db"), 1,
	    "an event before it");
	is_str(object(&j, "a"), A "20\"},\"status\":{\"phase\":\"Running\"}}",
	    "has what the journal has");
	journal_free(&j);
	is_int(part_journal(&j, ""), 0, "with all");
	is_int(j.doubtful, 1, "a list has to come");
	is_int(j.feed.keep.n > 0, 1, "until then these are parts");
	journal_list_begin(&j);
	tree_item(&j, "a", 21, "web");
	is_int(journal_list_commit(&j, 30, "Pod", "v1", 0), 0, "the list");
	is_int(j.feed.keep.n == 0 && !j.doubtful, 1, "makes it whole");
	is_int(sync_all(&j), 0, "synced");
	ok(!no_files(), "with files");
	journal_free(&j);
	is_int(part_journal(&j, "status"), 0, "and in part again");
	journal_list_begin(&j);
	tree_item(&j, "a", 21, "web");
	is_int(journal_list_commit(&j, 31, "Pod", "v1", 0), 0, "a list");
	is_int(sync_all(&j), 0, "synced");
	ok(no_files(), "the files are gone");
	journal_free(&j);
}

static void
damage(void)
{
	struct journal j;

	tree_write(PODS "/journal", "rubbish\n", O_APPEND);
	is_int(part_journal(&j, "status"), 0, "a journal with rubbish in it");
	is_int(j.synced && j.doubtful, 1, "is mended, to be listed");
	is_int(j.feed.keep.n > 0, 1, "and says what it keeps");
	is_str(object(&j, "a"), A "21\"},\"status\":{\"phase\":\"Running\"}}",
	    "the object is there");
	journal_free(&j);
	tree_write(PODS "/feed", "", O_TRUNC);
	is_int(part_journal(&j, ""), 0, "nothing says what is wanted");
	is_int(j.doubtful && j.feed.keep.n > 0, 1,
	    "parts are not taken for whole ones");
	journal_free(&j);
	/* a crash between the journal and its files */
	is_int(part_journal(&j, "status"), 0, "in part");
	mkdirat(tree_fd, PODS "/objects", 0700);
	mkdirat(tree_fd, PODS "/objects/x", 0700);
	tree_write(PODS "/objects/x/a", A "21\"}}", 0);
	journal_free(&j);
	is_int(part_journal(&j, "status"), 0, "opened with a file of before");
	ok(no_files(), "which goes");
	journal_free(&j);
}

int
main(void)
{
	tree_make();
	events();
	changes();
	damage();
	return done_testing();
}
