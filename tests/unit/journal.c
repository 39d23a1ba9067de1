/* The writer: what is appended, refused, swapped in, mended and taken back. */
#include <sys/resource.h>

#include <signal.h>

#include "tree.h"

/* A journal of the three pods, open. */
static void
begin(struct journal *j)
{
	if (tree_journal(j, "/api/v1/pods") == -1 || tree_list(j) == -1)
		ok(0, "a journal: %s", strerror(errno));
}

static void
end(struct journal *j)
{
	if (journal_remove(j) == -1)
		ok(0, "removed: %s", strerror(errno));
	journal_free(j);
}

static mode_t
mode(const char *below)
{
	struct stat st;

	return fstatat(tree_fd, below, &st, 0) == 0 ? st.st_mode & 07777 : 0;
}

static void
test_new(void)
{
	struct journal j, other;
	char *text;

	is_int(tree_journal(&j, "/api/v1/pods"), 0, "a new feed");
	ok(!j.synced, "is not synced");
	ok(mode(PODS) == 0700 && mode(PODS "/feed") == 0600, "modes");
	errno = 0;
	ok(tree_journal(&other, "/api/v1/pods") == -1 && errno == EWOULDBLOCK,
	    "one writer at a time");
	is_int(tree_list(&j), 0, "a list");
	ok(j.synced, "makes it synced");
	is_str(tree_objects(&j.feed), "x/a 3, x/b 4, x/c 5", "sorted");
	is_int((long long)j.feed.rv, 10, "its rv is the list's");
	text = tree_read(PODS "/journal");
	ok(text != NULL && strncmp(text, "{\"type\":\"BASE\",", 15) == 0 &&
		strstr(text,
		    "\n{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\","
		    "\"apiVersion\":\"v1\",\"metadata\"") != NULL,
	    "BASE first, kind and apiVersion put in");
	free(text);
	is_int(journal_sync(&j), 0, "flushed");
	text = tree_read(PODS "/objects/x/a");
	ok(text != NULL && text[0] == '{', "a file an object");
	free(text);
	ok(mode(PODS "/journal") == 0600 && mode(PODS "/objects/x") == 0700 &&
		mode(PODS "/objects/x/a") == 0600,
	    "modes of all");
	is_str(j.feed.q.p.resource, "pods", "the parsed path is alive");
	end(&j);
	ok(access(tree_path(PODS), F_OK) == -1, "removed without a rest");
}

static void
test_events(void)
{
	struct journal j;
	off_t from;

	begin(&j);
	from = j.feed.end;
	is_int(tree_event(&j, FEED_MODIFIED, "a", 11, "web"), 1, "a change");
	is_int(tree_event(&j, FEED_MODIFIED, "a", 12, "db"), 1,
	    "a change of labels");
	is_int(tree_event(&j, FEED_MODIFIED, "a", 12, "db"), 0, "once more");
	is_int(tree_event(&j, FEED_ADDED, "b", 7, "db"), 0, "an old one");
	is_int(tree_event(&j, FEED_MODIFIED, "d", 13, "db"), 1, "an unknown");
	is_int(tree_event(&j, FEED_ADDED, "c", 14, "web"), 1, "a known");
	is_int(tree_event(&j, FEED_DELETED, "nix", 15, "web"), 0,
	    "deletion of an unknown");
	is_int(tree_event(&j, FEED_DELETED, "b", 16, "db"), 1, "deletion");
	is_str(tree_events(&j.feed, from),
	    "MODIFIED a 11, PREVIOUS a 11, MODIFIED a 12, ADDED d 13, "
	    "MODIFIED c 14, DELETED b 16",
	    "the lines");
	is_str(tree_objects(&j.feed), "x/a 12, x/c 14, x/d 13", "the state");
	errno = 0;
	ok(journal_event(&j, FEED_ADDED, "{\"metadata\":{}}", 15) == -1 &&
		errno == EBADMSG,
	    "no name: EBADMSG");
	ok(journal_event(&j, FEED_ADDED, "{\"me", 4) == -1 && errno == EBADMSG,
	    "no JSON: EBADMSG");
	is_int((long long)j.feed.rv, 16, "and nothing happened");
	is_int(journal_sync(&j), 0, "flushed");
	ok(access(tree_path(PODS "/objects/x/b"), F_OK) == -1 &&
		access(tree_path(PODS "/objects/x/d"), F_OK) == 0,
	    "objects/ follows");
	end(&j);
}

static void
test_full(void)
{
	struct rlimit was, limit;
	struct journal j;
	char *before, *after;
	int rc;

	begin(&j);
	before = tree_read(PODS "/journal");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	limit = was;
	limit.rlim_cur = (rlim_t)j.feed.end + 20;
	setrlimit(RLIMIT_FSIZE, &limit);
	errno = 0;
	rc = tree_event(&j, FEED_ADDED, "d", 20, "web");
	ok(rc == -1 && (errno == ENOSPC || errno == EFBIG),
	    "a write that only half fits fails");
	setrlimit(RLIMIT_FSIZE, &was);
	after = tree_read(PODS "/journal");
	is_str(after, before, "and is taken back");
	is_int((long long)j.feed.rv, 10, "the index too");
	is_int(tree_event(&j, FEED_ADDED, "d", 20, "web"), 1, "then it fits");
	is_int((long long)j.feed.rv, 20, "and counts");
	free(before);
	free(after);
	end(&j);
}

static void
test_relist(void)
{
	struct journal j;
	off_t from;

	begin(&j);
	from = j.feed.end;
	is_int(journal_list_begin(&j), 0, "a second list");
	tree_item(&j, "a", 3, "web");
	tree_item(&j, "b", 14, "web");
	tree_item(&j, "d", 12, "web");
	is_int((long long)j.feed.end, (long long)from, "nothing is seen yet");
	is_int(journal_list_commit(&j, 20, "Pod", "v1", 0), 0, "committed");
	is_str(tree_events(&j.feed, from),
	    "ADDED d 12, PREVIOUS b 4, MODIFIED b 14, DELETED c 20",
	    "is seen as the difference");
	is_str(tree_objects(&j.feed), "x/a 3, x/b 14, x/d 12", "the state");
	from = j.feed.end;
	journal_list_begin(&j);
	tree_item(&j, "a", 3, "web");
	journal_list_abort(&j);
	is_int((long long)j.feed.end, (long long)from, "one that broke off");
	is_str(tree_objects(&j.feed), "x/a 3, x/b 14, x/d 12", "is nothing");
	journal_list_begin(&j);
	tree_item(&j, "a", 3, "web");
	tree_item(&j, "b", 14, "web");
	tree_item(&j, "d", 12, "web");
	is_int(journal_list_commit(&j, 25, "Pod", "v1", 0), 0, "the same");
	is_str(tree_events(&j.feed, from), "BOOKMARK 25", "moves the rv on");
	end(&j);
}

/* The master speaks every minute, and that is how old the feed is. */
static void
test_bookmark(void)
{
	static const char mark[] =
	    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
	    "{\"resourceVersion\":\"10\"}}";
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct journal j;
	struct stat st;
	off_t from;

	begin(&j);
	from = j.feed.end;
	is_int((long long)j.feed.rv, 10, "a feed at 10");
	is_int(futimens(j.feed.file->fd, old), 0, "heard of long ago");
	is_int(journal_event(&j, FEED_BOOKMARK, mark, strlen(mark)), 0,
	    "a bookmark that says nothing new");
	is_int((long long)j.feed.end, (long long)from, "adds no line");
	is_int(fstat(j.feed.file->fd, &st) == 0 && st.st_mtime > 1000, 1,
	    "but is heard");
	end(&j);
}

/* The same name with another uid: the master would tell both. */
static void
test_recreated(void)
{
	static const char again[] =
	    "{\"metadata\":{\"name\":\"a\",\"namespace\":\"x\",\"uid\":"
	    "\"other\",\"resourceVersion\":\"15\",\"labels\":"
	    "{\"app\":\"web\"}}}";
	struct journal j;
	off_t from;

	begin(&j);
	from = j.feed.end;
	journal_list_begin(&j);
	journal_list_item(&j, again, strlen(again), "Pod", "v1");
	tree_item(&j, "b", 4, "db");
	tree_item(&j, "c", 5, "web");
	is_int(journal_list_commit(&j, 20, "Pod", "v1", 0), 0, "another uid");
	is_str(tree_events(&j.feed, from),
	    "DELETED a 14, ADDED a 15, BOOKMARK 20", "is deleted and added");
	end(&j);
}

static void
test_reset(void)
{
	struct journal j;
	char id[17];

	begin(&j);
	memcpy(id, j.feed.id, sizeof(id));
	journal_list_begin(&j);
	tree_item(&j, "z", 2, "web");
	is_int(journal_list_commit(&j, 4, "Pod", "v1", 0), 0,
	    "a list from before: the clock went back");
	ok(strcmp(id, j.feed.id) != 0, "is a new journal");
	is_str(tree_objects(&j.feed), "x/z 2", "with its own state");
	is_int((long long)j.feed.rv, 4, "and rv");
	is_int(journal_sync(&j), 0, "flushed");
	ok(access(tree_path(PODS "/objects/x/a"), F_OK) == -1 &&
		access(tree_path(PODS "/objects/x/z"), F_OK) == 0,
	    "objects/ follows");
	end(&j);
}

/* What was changed here: noted, over restarts, until a list has come. */
static void
test_local(void)
{
	struct journal j;
	char id[17];
	off_t from;

	begin(&j);
	is_int(journal_local(&j, "/api/v1/namespaces/x/pods/a"), 0, "noted");
	is_int(journal_local(&j, "/api/v1/namespaces/x/pods/a"), 0, "twice");
	tree_event(&j, FEED_MODIFIED, "a", 11, "web");
	is_int((long long)j.nlocal, 1, "is once");
	is_int(journal_local_sync(&j), 0, "and synced");
	journal_free(&j);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "opened again");
	is_int((long long)j.nlocal, 1, "it is still known");
	from = j.feed.end;
	journal_list_begin(&j);
	tree_item(&j, "a", 12, "web");
	tree_item(&j, "b", 4, "db");
	tree_item(&j, "c", 5, "web");
	is_int(journal_list_commit(&j, 14, "Pod", "v1", 0), 0, "a list");
	is_str(tree_events(&j.feed, from), "MODIFIED a 12, BOOKMARK 14",
	    "that is newer is the difference");
	is_int((long long)j.nlocal, 0, "and the truth");
	ok(access(tree_path(PODS "/local"), F_OK) == -1, "the file is gone");

	is_int(journal_local(&j, "/api/v1/namespaces/x/pods/c"), 0, "noted");
	journal_free(&j);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "opened again");
	is_int((long long)j.nlocal, 0, "it was not synced");
	is_int(journal_local(&j, "/api/v1/namespaces/x/pods/c"), 0, "noted");
	is_int(journal_local(&j, "/api/v1/namespaces/x/pods/d"), 0, "two");
	is_int(journal_local_sync(&j), 0, "synced");
	tree_event(&j, FEED_MODIFIED, "c", 15, "web");
	memcpy(id, j.feed.id, sizeof(id));
	journal_list_begin(&j);
	tree_item(&j, "a", 12, "web");
	tree_item(&j, "b", 4, "db");
	tree_item(&j, "c", 5, "web");
	is_int(journal_list_commit(&j, 20, "Pod", "v1", 0), 0, "a list");
	ok(strcmp(id, j.feed.id) != 0,
	    "with an older version of it is a new journal");
	is_str(tree_objects(&j.feed), "x/a 12, x/b 4, x/c 5", "the master's");

	is_int(journal_local(&j, "/api/v1/namespaces/x/pods/c"), 0, "noted");
	tree_event(&j, FEED_MODIFIED, "c", 21, "ours");
	memcpy(id, j.feed.id, sizeof(id));
	journal_list_begin(&j);
	tree_item(&j, "a", 12, "web");
	tree_item(&j, "b", 4, "db");
	tree_item(&j, "c", 21, "theirs");
	is_int(journal_list_commit(&j, 22, "Pod", "v1", 0), 0, "a list");
	ok(strcmp(id, j.feed.id) != 0,
	    "with another state at the same resourceVersion is one, too");
	end(&j);
}

static void
test_torn(void)
{
	struct journal j;
	char *before, *after;

	begin(&j);
	tree_event(&j, FEED_ADDED, "d", 11, "web");
	journal_sync(&j);
	journal_free(&j);
	before = tree_read(PODS "/journal");
	tree_write(PODS "/journal", "{\"type\":\"MODIFIED\",\"obj", O_APPEND);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "a torn tail");
	after = tree_read(PODS "/journal");
	is_str(after, before, "is cut");
	ok(tree_ntold == 1 && !j.doubtful, "told, and nothing is in doubt");
	is_str(tree_objects(&j.feed), "x/a 3, x/b 4, x/c 5, x/d 11",
	    "the state");
	free(before);
	free(after);
	end(&j);
}

/* A PREVIOUS whose event did not make it. */
static void
test_torn_pair(void)
{
	struct journal j;
	off_t end_was;

	begin(&j);
	end_was = j.feed.end;
	tree_event(&j, FEED_MODIFIED, "a", 11, "db");
	journal_sync(&j);
	if (truncate(tree_path(PODS "/journal"), j.feed.end - 5) == -1)
		ok(0, "truncate");
	journal_free(&j);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "half of a pair");
	is_int((long long)j.feed.end, (long long)end_was, "is cut whole");
	is_str(tree_objects(&j.feed), "x/a 3, x/b 4, x/c 5", "the state");
	is_int(tree_event(&j, FEED_MODIFIED, "a", 11, "db"), 1, "goes on");
	is_str(tree_events(&j.feed, end_was), "PREVIOUS a 3, MODIFIED a 11",
	    "with a pair");
	end(&j);
}

static void
test_garbled(void)
{
	struct journal j;
	off_t at;
	int fd;

	begin(&j);
	at = j.feed.end;
	tree_event(&j, FEED_MODIFIED, "a", 11, "web");
	tree_event(&j, FEED_ADDED, "d", 12, "web");
	journal_sync(&j);
	journal_free(&j);
	fd = open(tree_path(PODS "/journal"), O_WRONLY);
	if (pwrite(fd, "XXXXXXXX", 8, at + 4) != 8)
		ok(0, "pwrite");
	close(fd);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "a garbled line");
	ok(j.synced && j.doubtful, "is mended, in doubt");
	ok(strstr(tree_told, "quarantine/") != NULL, "and told");
	is_str(tree_objects(&j.feed), "x/a 11, x/b 4, x/c 5, x/d 12",
	    "out of objects/ and what parses");
	journal_free(&j);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "started again");
	ok(j.synced && j.doubtful, "still in doubt");
	journal_list_begin(&j);
	tree_item(&j, "a", 11, "web");
	is_int(journal_list_commit(&j, 30, "Pod", "v1", 0), 0, "the next list");
	ok(!j.doubtful, "takes the doubt away");
	journal_free(&j);
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "started again");
	ok(j.synced && !j.doubtful, "and it stays away");
	end(&j);
}

static void
test_view(void)
{
	struct journal j;
	char *text;

	begin(&j);
	journal_sync(&j);
	journal_free(&j);
	tree_write(PODS "/objects/x/a", "", O_TRUNC);
	tree_write(PODS "/objects/x/stray", "{}", O_TRUNC);
	unlink(tree_path(PODS "/objects/x/b"));
	is_int(tree_journal(&j, "/api/v1/pods"), 0, "objects/ differs");
	text = tree_read(PODS "/objects/x/a");
	ok(text != NULL && strstr(text, "\"name\":\"a\"") != NULL,
	    "an empty file is written anew");
	free(text);
	ok(access(tree_path(PODS "/objects/x/b"), F_OK) == 0, "a lost one too");
	ok(access(tree_path(PODS "/objects/x/stray"), F_OK) == -1,
	    "what is no object is gone");
	end(&j);
}

static void
test_refused(void)
{
	struct feed f = { 0 };
	struct journal j;

	tree_journal(&j, "/api/v1/pods");
	is_int(journal_refuse(&j, 403, "pods is forbidden"), 0, "refused");
	errno = 0;
	ok(feed_open(&f, tree_path(PODS)) == -1 && errno == EAGAIN,
	    "a reader is told");
	is_int(f.q.code, 403, "the code");
	is_str(f.q.error, "pods is forbidden", "and why");
	feed_free(&f);
	is_int(journal_refuse(&j, 0, ""), 0, "taken back");
	end(&j);
}

int
main(void)
{
	tree_make();
	test_new();
	test_events();
	test_full();
	test_relist();
	test_bookmark();
	test_recreated();
	test_reset();
	test_local();
	test_torn();
	test_torn_pair();
	test_garbled();
	test_view();
	test_refused();
	return done_testing();
}
