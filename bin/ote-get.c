/*
 * ote-get: objects and events out of the cache tree, without a server. It is
 * only a reader: it looks for a feed that covers what is asked, and says so
 * when there is none, as what is not cached may well exist.
 */
#include <sys/inotify.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"
#include "walk.h"

#define LOOK_AGAIN_MS 1000

enum output { JSONL, JSON, NAME };

struct get {
	const char *data;
	enum output output;
	/* what is asked for */
	const char *group, *version, *resource; /* as directories, or NULL */
	const char *ns, *name;
	struct selector labels, fields;
	uint64_t rv;
	int has_rv, watch, verbose;
	/* what was found */
	char dir[512];
	uint64_t found_rv;
	int part; /* it keeps not all fields */
	char refused[1024];
	unsigned long printed;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-get [-hvw] [-d data] [-f fieldSelector] "
	      "[-l labelSelector]\n"
	      "               [-n namespace] [-o name|json|jsonl] "
	      "[-r resourceVersion]\n"
	      "               resource[.version][.group]|path [name]\n",
	    out);
}

/* --- what is asked for --- */

/* v1, v1beta1, v2alpha3 */
static int
is_version(const char *s, size_t n)
{
	size_t i = 1, digits;

	if (n < 2 || s[0] != 'v')
		return 0;
	digits = strspn(s + i, "0123456789");
	i += digits;
	if (digits == 0 || i >= n)
		return digits > 0 && i == n;
	if (strncmp(s + i, "alpha", 5) == 0)
		i += 5;
	else if (strncmp(s + i, "beta", 4) == 0)
		i += 4;
	return i < n && i + strspn(s + i, "0123456789") == n;
}

/* resource[.version][.group]; text is taken apart. */
static void
parse_resource(struct get *g, char *text)
{
	char *dot = strchr(text, '.');

	g->resource = text;
	if (dot == NULL) {
		/* built in or not, as events are both core's and not */
		if (resource_find("", text) != NULL)
			g->group = "core";
		return;
	}
	*dot++ = '\0';
	if (is_version(dot, strcspn(dot, "."))) {
		g->version = strsep(&dot, ".");
		g->group = dot != NULL ? dot : "core";
		return;
	}
	g->group = dot;
}

static void
parse_path(struct get *g, struct apipath *p, const char *path)
{
	if (apipath_parse(p, path) == -1)
		err(100, "%s", path);
	if (p->resource[0] == '\0' || p->subresource[0] != '\0')
		errx(100, "%s: not the path of a resource", path);
	g->group = p->group[0] == '\0' ? "core" : p->group;
	g->version = p->version;
	g->resource = p->resource;
	if (p->name[0] != '\0')
		g->name = p->name;
	/* a namespace does not lie in itself */
	if (p->ns[0] != '\0' && strcmp(p->resource, "namespaces") != 0)
		g->ns = p->ns;
}

static const struct resource *
built_in(const struct get *g)
{
	if (g->group == NULL)
		return NULL;
	return resource_find(strcmp(g->group, "core") == 0 ? "" : g->group,
	    g->resource);
}

/* ",key=value", escaped, if there is a value */
static void
add_term(struct buf *b, const char *key, const char *value)
{
	int rc = 0;

	if (value == NULL)
		return;
	rc |= buf_printf(b, ",%s=", key);
	for (; *value != '\0'; value++) {
		if (strchr("\\,=", *value) != NULL)
			rc |= buf_puts(b, "\\");
		rc |= buf_add(b, value, 1);
	}
	if (rc != 0)
		err(111, NULL);
}

/* Name and namespace become terms of the field selector. */
static void
parse_selectors(struct get *g, const char *labels, const char *fields)
{
	struct buf b = { 0 };
	char why[512];
	size_t i;

	if (selector_parse_labels(&g->labels, labels, why, sizeof(why)) == -1 ||
	    selector_parse_fields(&g->fields, fields, why, sizeof(why)) == -1)
		errx(errno == ENOMEM ? 111 : 100, "%s", why);
	for (i = 0; i < g->fields.nreqs; i++)
		if (!resource_field_known(built_in(g), g->fields.reqs[i].key))
			errx(100, "field label not supported: %s",
			    g->fields.reqs[i].key);
	selector_free(&g->fields);
	if (buf_puts(&b, fields) == -1)
		err(111, NULL);
	add_term(&b, "metadata.name", g->name);
	add_term(&b, "metadata.namespace", g->ns);
	if (selector_parse_fields(&g->fields, b.data, why, sizeof(why)) == -1)
		errx(111, "%s", why);
	buf_free(&b);
}

/* --- the feed that covers it --- */

static int
covers(const struct get *g, const struct feed_query *q)
{
	if (q->p.ns[0] != '\0' &&
	    (g->ns == NULL || strcmp(q->p.ns, g->ns) != 0))
		return 0;
	return selector_covers(&q->label_sel, &g->labels) &&
	    selector_covers(&q->field_sel, &g->fields);
}

/* 1 if the feed keeps what is selected by. */
static int
can_tell(const struct get *g, const struct project *keep)
{
	size_t i;

	if (g->labels.nreqs > 0 && !project_has(keep, "metadata.labels"))
		return 0;
	for (i = 0; i < g->fields.nreqs; i++)
		if (!project_has(keep, g->fields.reqs[i].key))
			return 0;
	return 1;
}

/* 1 if f is better than what was found: whole, then the one that knows most. */
static int
is_better(const struct get *g, const struct feed *f)
{
	if (g->dir[0] == '\0' || g->part != (f->keep.n > 0))
		return g->dir[0] == '\0' || g->part;
	return f->rv > g->found_rv;
}

static int
consider(void *arg, const char *dir)
{
	struct get *g = arg;
	struct feed f;
	int rc;

	rc = feed_open(&f, dir);
	if (rc == -1 && errno == EBADMSG)
		warnx("%s: does not parse, see ote-fsck(8)", dir);
	if (rc == -1 && errno == EAGAIN && covers(g, &f.q))
		snprintf(g->refused, sizeof(g->refused), "%s: %d %s", dir,
		    f.q.code, f.q.code == 0 ? "not synced yet" : f.q.error);
	if (rc == 0 && covers(g, &f.q) && !can_tell(g, &f.keep))
		snprintf(g->refused, sizeof(g->refused),
		    "%s: has not what is selected by, only %s", dir,
		    project_text(&f.keep));
	else if (rc == 0 && covers(g, &f.q) && is_better(g, &f)) {
		g->part = f.keep.n > 0;
		snprintf(g->dir, sizeof(g->dir), "%s", dir);
		g->found_rv = f.rv;
	}
	feed_free(&f);
	return 0;
}

static void
find_feed(struct get *g)
{
	if (walk_feeds(g->data, g->group, g->version, g->resource, consider,
		g) == -1)
		err(111, "%s", g->data);
	if (g->dir[0] == '\0' && g->refused[0] != '\0')
		errx(111, "%s", g->refused);
	if (g->dir[0] == '\0')
		errx(111, "no feed covers this: it may or may not exist");
	if (g->verbose)
		warnx("%s at %" PRIu64, g->dir, g->found_rv);
	if (g->has_rv && g->found_rv < g->rv && !g->watch)
		errx(111, "%s: at %" PRIu64 " only", g->dir, g->found_rv);
}

/* --- output --- */

static int
matches(const struct get *g, const struct meta *m)
{
	return selector_match(&g->labels, meta_label, m) &&
	    selector_match_fields(&g->fields, meta_field, m);
}

static void
print(struct get *g, const char *type, const char *key, const char *object,
    size_t len)
{
	if (g->output == NAME)
		printf("%s%s%s\n", type != NULL ? type : "",
		    type != NULL ? " " : "", key);
	else if (type != NULL)
		printf("{\"type\":\"%s\",\"object\":%.*s}\n", type, (int)len,
		    object);
	else
		printf("%.*s\n", (int)len, object);
	g->printed++;
	if (ferror(stdout))
		err(111, "write");
}

static void
list_head(const struct feed *f)
{
	struct buf b = { 0 };
	char kind[sizeof(f->kind) + 4];

	snprintf(kind, sizeof(kind), "%sList", f->kind);
	if (buf_puts(&b, "{\"kind\":") == -1 || buf_json(&b, kind) == -1 ||
	    buf_puts(&b, ",\"apiVersion\":") == -1 ||
	    buf_json(&b, f->api_version) == -1 ||
	    buf_printf(&b,
		",\"metadata\":{\"resourceVersion\":\"%" PRIu64
		"\"},\"items\":[",
		f->rv) == -1)
		err(111, NULL);
	fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
}

/* Everything that is there now. type: "ADDED" in a watch, else NULL. */
static void
print_state(struct get *g, const struct feed *f, const char *type)
{
	int list = g->output == JSON && g->name == NULL && type == NULL;
	struct buf b = { 0 };
	size_t i;

	if (list)
		list_head(f);
	for (i = 0; i < f->nobjects; i++) {
		if (!matches(g, &f->objects[i]->meta))
			continue;
		b.len = 0;
		if (feed_read(f, f->objects[i], &b) == -1)
			err(111, "%s", f->dir);
		if (list && g->printed > 0)
			putchar(',');
		print(g, type, f->objects[i]->meta.key, b.data, b.len);
	}
	if (list)
		puts("]}");
	buf_free(&b);
}

/* --- watching --- */

/*
 * An object that stopped matching: as it was, at the resourceVersion of the
 * change (kube-apiserver's rule).
 */
static void
print_left(struct get *g, const struct feed_line *was, uint64_t rv)
{
	char text[24], *out;
	json_t *o;

	snprintf(text, sizeof(text), "%" PRIu64, rv);
	o = json_loadb(was->object, was->object_len, 0, NULL);
	if (o == NULL ||
	    json_object_set_new(json_object_get(o, "metadata"),
		"resourceVersion", json_string(text)) == -1 ||
	    (out = json_dumps(o, JSON_COMPACT)) == NULL)
		err(111, NULL);
	print(g, "DELETED", was->meta.key, out, strlen(out));
	free(out);
	json_decref(o);
}

static void
print_event(struct get *g, const struct feed_line *was,
    const struct feed_line *l)
{
	int did, does;

	if (l->type == FEED_BOOKMARK)
		return;
	does = matches(g, &l->meta);
	did = was != NULL ? matches(g, &was->meta) : does;
	if (does)
		print(g,
		    l->type == FEED_MODIFIED && !did ? "ADDED"
						     : feed_type_name(l->type),
		    l->meta.key, l->object, l->object_len);
	else if (did)
		print_left(g, was, l->rv);
}

/* The events from off to the end. */
static void
print_events(struct get *g, const struct feed *f, off_t off)
{
	struct feed_line l = { 0 }, was = { 0 };

	while (off < f->end) {
		if (feed_line_read(&l, f->file, off, f->end, f->r) == -1)
			err(111, "%s", f->dir);
		off = l.next;
		if (l.type != FEED_PREVIOUS) {
			print_event(g, NULL, &l);
			continue;
		}
		if (feed_line_read(&was, f->file, l.off, f->end, f->r) == -1 ||
		    feed_line_read(&l, f->file, off, f->end, f->r) == -1)
			err(111, "%s", f->dir);
		off = l.next;
		print_event(g, &was, &l);
	}
	feed_line_free(&l);
	feed_line_free(&was);
	if (fflush(stdout) == EOF)
		err(111, "write");
}

/*
 * Sleep until something happens in the directory. What came between the last
 * look and inotify_add_watch is seen at the next look.
 */
static void
wait_change(int ifd)
{
	struct pollfd p[2] = { { ifd, POLLIN, 0 }, { STDOUT_FILENO, 0, 0 } };
	char events[4096];

	if (poll(p, 2, LOOK_AGAIN_MS) == -1 && errno != EINTR)
		err(111, "poll");
	if (p[1].revents & POLLERR)
		exit(0); /* nobody reads on */
	if (p[0].revents & POLLIN && read(ifd, events, sizeof(events)) == -1)
		err(111, "inotify");
}

static void
follow(struct get *g, struct feed *f)
{
	off_t at = f->end;
	int change, ifd;

	ifd = inotify_init1(IN_CLOEXEC);
	if (ifd == -1 ||
	    inotify_add_watch(ifd, f->dir,
		IN_MODIFY | IN_MOVED_TO | IN_DELETE) == -1)
		err(111, "inotify: %s", f->dir);
	for (;; wait_change(ifd)) {
		change = feed_follow(f);
		if (change == FEED_SWAPPED && at >= f->shift_from)
			at += f->shift;
		else if (change == FEED_SWAPPED || change == FEED_RESET)
			errx(111, "%s: started anew, list again", f->dir);
		else if (change == FEED_GONE)
			errx(111, "%s: removed", f->dir);
		else if (change == -1)
			err(111, "%s", f->dir);
		print_events(g, f, at);
		at = f->end;
	}
}

static void
watch(struct get *g, struct feed *f)
{
	off_t from;

	if (!g->has_rv || g->rv == 0)
		print_state(g, f, "ADDED");
	else {
		from = feed_position(f, g->rv);
		if (from == -1)
			errx(111,
			    "%s: too old resource version: %" PRIu64
			    " (%" PRIu64 ")",
			    f->dir, g->rv, f->base_rv);
		print_events(g, f, from);
	}
	if (fflush(stdout) == EOF)
		err(111, "write");
	follow(g, f);
}

static enum output
parse_output(const char *text)
{
	if (strcmp(text, "json") == 0)
		return JSON;
	if (strcmp(text, "jsonl") == 0)
		return JSONL;
	if (strcmp(text, "name") == 0)
		return NAME;
	errx(100, "-o %s: name, json or jsonl", text);
}

int
main(int argc, char **argv)
{
	struct get g = { .data = "data" };
	const char *labels = "", *fields = "";
	struct apipath p;
	struct feed f;
	int c;

	while ((c = getopt(argc, argv, "d:f:hl:n:o:r:vw")) != -1) {
		switch (c) {
		case 'd':
			g.data = optarg;
			break;
		case 'f':
			fields = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'l':
			labels = optarg;
			break;
		case 'n':
			g.ns = optarg;
			break;
		case 'o':
			g.output = parse_output(optarg);
			break;
		case 'r':
			if (meta_parse_rv(optarg, &g.rv) == -1)
				errx(100, "-r %s: no resourceVersion", optarg);
			g.has_rv = 1;
			break;
		case 'v':
			g.verbose = 1;
			break;
		case 'w':
			g.watch = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 1 || argc > 2) {
		usage(stderr);
		return 100;
	}
	if (argv[0][0] == '/')
		parse_path(&g, &p, argv[0]);
	else
		parse_resource(&g, argv[0]);
	if (argc == 2)
		g.name = argv[1];
	if (built_in(&g) != NULL && !built_in(&g)->namespaced)
		g.ns = NULL;
	parse_selectors(&g, labels, fields);
	find_feed(&g);
	if (feed_open(&f, g.dir) == -1)
		err(111, "%s", g.dir);
	if (f.keep.n > 0)
		warnx("%s: has only %s", g.dir, project_text(&f.keep));
	if (g.watch)
		watch(&g, &f);
	print_state(&g, &f, NULL);
	if (fflush(stdout) == EOF)
		err(111, "write");
	feed_free(&f);
	selector_free(&g.labels);
	selector_free(&g.fields);
	return g.printed > 0 ? 0 : 1;
}
