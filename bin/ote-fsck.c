/*
 * ote-fsck: check every feed of a cache tree, and mend it. Looking changes
 * nothing and may be done beside a running hub; mending holds its lock.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "journal.h"
#include "quarantine.h"

#define LAG_MS 2000 /* how far objects/ of a running hub may be behind */
#define FEED_LEVEL 4

struct fsck {
	char data[PATH_MAX];
	int datafd;
	int repair, verbose;
	int patience_ms;
	unsigned long feeds, findings;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-fsck [-hrv] [-d data] [feed-dir ...]\n", out);
}

static void
told(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

/* --- mending a feed --- */

/* The last four components of dir: what stands below cache/. */
static const char *
below_cache(const char *dir)
{
	const char *p = dir + strlen(dir);
	int slashes = 0;

	while (p > dir && slashes < FEED_LEVEL)
		if (*--p == '/')
			slashes++;
	return *p == '/' ? p + 1 : p;
}

/* One part of a scope, as apipath_feed_dir() made it, into its place. */
static void
scope_part(char *part, const char **ns, char **labels, char **fields)
{
	static const char l[] = "labelSelector=", f[] = "fieldSelector=";

	if (strncmp(part, l, sizeof(l) - 1) == 0)
		*labels = part + sizeof(l) - 1;
	else if (strncmp(part, f, sizeof(f) - 1) == 0)
		*fields = part + sizeof(f) - 1;
	else if (strcmp(part, "all") != 0)
		*ns = part;
	(void)apipath_decode(part, 0);
}

/*
 * The query that a feed's directory is named after: 0, or -1 if that is no
 * such name. text is memory for it.
 */
static int
query_of_dir(const char *dir, char *text, struct feed_query *q)
{
	static char none[] = "";
	char *group, *version, *resource, *part, *rest = text;
	char made[512];
	const char *ns = "";
	int core;

	memset(q, 0, sizeof(*q));
	q->labels = q->fields = none;
	strcpy(text, below_cache(dir));
	group = strsep(&rest, "/");
	version = strsep(&rest, "/");
	resource = strsep(&rest, "/");
	if (rest == NULL)
		return -1;
	core = strcmp(group, "core") == 0;
	if (apipath_decode(group, 0) == -1 ||
	    apipath_decode(version, 0) == -1 ||
	    apipath_decode(resource, 0) == -1)
		return -1;
	while ((part = strsep(&rest, ",")) != NULL)
		scope_part(part, &ns, &q->labels, &q->fields);
	if (snprintf(q->path, sizeof(q->path), "/%s%s/%s%s%s/%s",
		core ? "api" : "apis/", core ? "" : group, version,
		ns[0] != '\0' ? "/namespaces/" : "", ns,
		resource) >= (int)sizeof(q->path) ||
	    apipath_parse(&q->p, q->path) == -1 ||
	    apipath_feed_dir(&q->p, q->labels, q->fields, made, sizeof(made)) ==
		-1)
		return -1;
	return strcmp(made, below_cache(dir)) == 0 ? 0 : -1;
}

static int
set_mode(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	mode_t want = S_ISDIR(st->st_mode) ? 0700 : 0600;

	(void)type;
	(void)ftw;
	if (S_ISLNK(st->st_mode) || (st->st_mode & 07777) == want)
		return 0;
	return chmod(path, want);
}

static void
put_away(const struct fsck *k, int dirfd, const char *dir, const char *name)
{
	char where[512];

	if (quarantine_move(k->datafd, dirfd, dir, name, where,
		sizeof(where)) == -1)
		err(111, "%s/%s", dir, name);
	printf("%s/%s: moved to %s\n", dir, name, where);
}

/* Entries that do not belong there, or are not what they should be. */
static void
sweep(const struct fsck *k, const char *dir, int dirfd)
{
	struct dirent **d;
	struct stat st;
	const char *name;
	int i, n, good;

	n = scandirat(dirfd, ".", &d, NULL, alphasort);
	if (n == -1)
		err(111, "%s", dir);
	for (i = 0; i < n; i++) {
		name = d[i]->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			good = strcmp(name, "objects") == 0
			    ? S_ISDIR(st.st_mode)
			    : S_ISREG(st.st_mode);
			if (check_entry(name) == CHECK_FOREIGN || !good)
				put_away(k, dirfd, dir, name);
			else if (check_entry(name) == CHECK_TEMP &&
			    unlinkat(dirfd, name, 0) == -1)
				err(111, "%s/%s", dir, name);
		}
		free(d[i]);
	}
	free(d);
}

/* A file `feed` that is not of this directory: journal_open() makes it anew. */
static void
check_query(const struct fsck *k, const char *dir, int dirfd)
{
	struct feed_query q;
	char made[512];

	if (feed_read_query(&q, dirfd) == -1) {
		if (errno != ENOENT)
			put_away(k, dirfd, dir, "feed");
		return;
	}
	if (apipath_feed_dir(&q.p, q.labels, q.fields, made, sizeof(made)) ==
		-1 ||
	    strcmp(made, below_cache(dir)) != 0)
		put_away(k, dirfd, dir, "feed");
	feed_query_free(&q);
}

/* 1 if the query selects the object, or it is not known, as it is a part. */
static int
selects(const struct feed *f, const struct meta *m)
{
	if (f->q.p.ns[0] != '\0' && strcmp(f->q.p.ns, m->ns) != 0)
		return 0;
	return f->keep.n > 0 ||
	    (selector_match(&f->q.label_sel, meta_label, m) &&
		selector_match_fields(&f->q.field_sel, meta_field, m));
}

/* The state as a journal of its own: sorted, and without what is foreign. */
static int
rewrite(struct journal *j)
{
	const struct feed *f = &j->feed;
	char kind[sizeof(f->kind)], api_version[sizeof(f->api_version)];
	struct buf b = { 0 };
	uint64_t rv = f->rv;
	size_t i;
	int rc;

	memcpy(kind, f->kind, sizeof(kind));
	memcpy(api_version, f->api_version, sizeof(api_version));
	rc = journal_list_begin(j);
	for (i = 0; i < f->nobjects && rc == 0; i++) {
		if (!selects(f, &f->objects[i]->meta))
			continue;
		b.len = 0;
		rc = feed_read(f, f->objects[i], &b);
		if (rc == 0)
			rc = journal_list_item(j, b.data, b.len, NULL, NULL);
	}
	buf_free(&b);
	if (rc == 0)
		rc = journal_list_commit(j, rv, kind, api_version, 1);
	else
		journal_list_abort(j);
	return rc;
}

static int
flush(struct journal *j)
{
	int rc;

	do
		rc = journal_sync(j);
	while (rc == 1);
	return rc;
}

/* Number of findings, told if quiet is not set. */
static int
look(struct fsck *k, const char *dir, int quiet)
{
	struct buf b = { 0 };
	int n;

	n = check_feed(dir, &k->patience_ms, &b);
	if (n == -1)
		err(111, "%s", dir);
	if (n > 0 && !quiet)
		fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
	return n;
}

static void
mend(struct fsck *k, const char *dir)
{
	struct journal j;
	struct feed_query q;
	char text[PATH_MAX], cache[PATH_MAX + sizeof("/cache/")];
	int dirfd, n;

	n = snprintf(cache, sizeof(cache), "%s/cache/", k->data);
	if (strncmp(dir, cache, (size_t)n) != 0 ||
	    strcmp(dir + n, below_cache(dir)) != 0 ||
	    query_of_dir(dir, text, &q) == -1) {
		warnx("%s: not a feed of %s, not mended", dir, k->data);
		return;
	}
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		err(111, "%s", dir);
	sweep(k, dir, dirfd);
	if (nftw(dir, set_mode, 16, FTW_PHYS) == -1)
		err(111, "%s: chmod", dir);
	check_query(k, dir, dirfd);
	close(dirfd);
	if (journal_open(&j, k->datafd, k->data, &q, told, NULL) == -1)
		err(111, "%s", dir);
	/* a journal says itself what it has; the list that it waits for ends */
	if (j.synced && journal_keep(&j, &j.feed.keep) == -1)
		err(111, "%s", dir);
	if (flush(&j) == -1)
		err(111, "%s", dir);
	if (j.synced && look(k, dir, 1) > 0 &&
	    (rewrite(&j) == -1 || flush(&j) == -1))
		err(111, "%s: writing the journal anew", dir);
	journal_free(&j);
}

static void
do_feed(struct fsck *k, const char *dir)
{
	int n;

	k->feeds++;
	n = look(k, dir, 0);
	if (n > 0 && k->repair) {
		mend(k, dir);
		n = look(k, dir, 0);
		if (n == 0)
			printf("%s: mended\n", dir);
	}
	k->findings += (unsigned long)n;
}

/* --- the tree above the feeds --- */

static void
foreign(struct fsck *k, const char *dir, const char *name)
{
	int dirfd;

	printf("%s/%s: does not belong here\n", dir, name);
	if (!k->repair) {
		k->findings++;
		return;
	}
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		err(111, "%s", dir);
	put_away(k, dirfd, dir, name);
	close(dirfd);
}

static void do_dir(struct fsck *, const char *, int);

static void
do_entry(struct fsck *k, const char *dir, const char *name, int level)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		errx(111, "%s/%s: too long", dir, name);
	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return;
		err(111, "%s", path);
	}
	if (name[0] == '.' || !S_ISDIR(st.st_mode))
		foreign(k, dir, name);
	else
		do_dir(k, path, level + 1);
}

static void
do_dir(struct fsck *k, const char *dir, int level)
{
	struct dirent **d;
	struct stat st;
	int i, n;

	if (level == FEED_LEVEL) {
		do_feed(k, dir);
		return;
	}
	if (stat(dir, &st) == 0 && (st.st_mode & 07777) != 0700) {
		printf("%s: has mode %04o, not 0700\n", dir,
		    st.st_mode & 07777);
		if (!k->repair)
			k->findings++;
		else if (chmod(dir, 0700) == -1)
			err(111, "%s", dir);
	}
	n = scandir(dir, &d, NULL, alphasort);
	if (n == -1) {
		if (errno == ENOENT)
			return;
		err(111, "%s", dir);
	}
	for (i = 0; i < n; i++) {
		if (strcmp(d[i]->d_name, ".") != 0 &&
		    strcmp(d[i]->d_name, "..") != 0)
			do_entry(k, dir, d[i]->d_name, level);
		free(d[i]);
	}
	free(d);
}

static void
do_tree(struct fsck *k)
{
	char cache[PATH_MAX + sizeof("/cache")];

	(void)snprintf(cache, sizeof(cache), "%s/cache", k->data);
	do_dir(k, cache, 0);
}

static void
open_data(struct fsck *k, const char *data)
{
	int fd;

	if (realpath(data, k->data) == NULL)
		err(111, "%s", data);
	k->datafd = open(k->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->datafd == -1)
		err(111, "%s", data);
	if (!k->repair) {
		k->patience_ms = LAG_MS;
		return;
	}
	fd = openat(k->datafd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		err(111, "%s/lock", data);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			errx(111, "%s: a hub is running on it", data);
		err(111, "%s/lock", data);
	}
}

int
main(int argc, char **argv)
{
	struct fsck k = { .datafd = -1 };
	const char *data = "data";
	char dir[PATH_MAX];
	int c;

	umask(077);
	while ((c = getopt(argc, argv, "d:hrv")) != -1) {
		switch (c) {
		case 'd':
			data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'r':
			k.repair = 1;
			break;
		case 'v':
			k.verbose = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_data(&k, data);
	if (optind == argc)
		do_tree(&k);
	for (; optind < argc; optind++) {
		if (realpath(argv[optind], dir) == NULL)
			err(111, "%s", argv[optind]);
		do_feed(&k, dir);
	}
	if (fflush(stdout) == EOF || ferror(stdout))
		err(111, "write");
	if (k.verbose)
		warnx("%lu feeds, %lu findings", k.feeds, k.findings);
	return k.findings > 0 ? 1 : 0;
}
