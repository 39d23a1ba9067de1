/*
 * Heals a tree. Nothing is remembered but the places in the journals of pods:
 * a round that failed, or was cut short, is done again from the start, as
 * what is healed already needs no healing.
 */
#include <sys/inotify.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "heal.h"
#include "heal_tree.h"
#include "walk.h"

#define SEND_MS 5000
#define SERVICE "kubernetes.io/service-name"

static const struct {
	const char *group, *resource, *api; /* api: what is healed */
} kinds[HEAL_KINDS] = {
	{ "core", "pods", NULL },
	{ "core", "services", NULL },
	{ "discovery.k8s.io", "endpointslices", "/apis/discovery.k8s.io/v1" },
	{ "core", "endpoints", "/api/v1" },
};

struct opening {
	struct heal_tree *t;
	enum heal_kind kind;
};

static void
close_feed(struct heal_tree *t, size_t i)
{
	struct heal_feed *f = t->feeds[i];

	if (f->wd != -1)
		inotify_rm_watch(t->inotify, f->wd);
	feed_free(&f->feed);
	free(f);
	t->feeds[i] = t->feeds[--t->n];
}

/* For walk_feeds(). One that cannot be opened yet is tried again later. */
static int
open_feed(void *arg, const char *dir)
{
	const struct opening *o = arg;
	struct heal_tree *t = o->t;
	struct heal_feed *f;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->feeds[i]->feed.dir, dir) == 0)
			return 0;
	if (t->n == HEAL_FEEDS_MAX)
		return 0;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	f->kind = o->kind;
	f->fresh = 1;
	f->wd = -1;
	if (f->kind == HEAL_PODS)
		f->wd = inotify_add_watch(t->inotify, dir,
		    IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
	t->feeds[t->n++] = f;
	/* what is kept in part says nothing of the rest */
	if (feed_open(&f->feed, dir) == -1 || f->feed.keep.n > 0 ||
	    (f->kind == HEAL_PODS && f->wd == -1))
		close_feed(t, t->n - 1);
	return 0;
}

int
heal_tree_open(struct heal_tree *t)
{
	struct opening o = { t, HEAL_PODS };
	size_t i = 0;

	while (i < t->n) {
		if (t->feeds[i]->gone)
			close_feed(t, i);
		else
			i++;
	}
	for (; o.kind < HEAL_KINDS; o.kind++)
		if (walk_feeds(t->data, kinds[o.kind].group, "v1",
			kinds[o.kind].resource, open_feed, &o) == -1 &&
		    errno != ENOENT)
			return -1;
	return 0;
}

void
heal_tree_close(struct heal_tree *t)
{
	while (t->n > 0)
		close_feed(t, t->n - 1);
}

/* What was written; they are closed later, as others go through them now. */
static int
follow(struct heal_feed *f)
{
	int rc = f->gone ? FEED_GONE : feed_follow(&f->feed);

	if (rc == -1 || rc == FEED_GONE)
		f->gone = 1;
	return rc;
}

static void
follow_all(struct heal_tree *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->feeds[i]->kind != HEAL_PODS)
			follow(t->feeds[i]);
}

/* A new reference; NULL with errno. */
static json_t *
load(const struct feed *f, const struct feed_object *o, const char *needle)
{
	struct buf b = { 0 };
	json_t *json = NULL;

	errno = ENOENT;
	if (feed_read(f, o, &b) == 0 &&
	    (needle == NULL ||
		memmem(b.data, b.len, needle, strlen(needle)) != NULL)) {
		json = json_loadb(b.data, b.len, JSON_ALLOW_NUL, NULL);
		errno = EBADMSG;
	}
	buf_free(&b);
	return json;
}

/* The service of an object: a new reference, or NULL. */
static json_t *
service_of(const struct heal_tree *t, const struct feed_object *o,
    enum heal_kind kind)
{
	const char *name = o->meta.name;
	const struct feed_object *s;
	size_t i;

	if (kind == HEAL_SLICES)
		name = meta_label(&o->meta, SERVICE);
	for (i = 0; name != NULL && i < t->n; i++) {
		if (t->feeds[i]->gone || t->feeds[i]->kind != HEAL_SERVICES)
			continue;
		s = feed_get(&t->feeds[i]->feed, o->meta.ns, name);
		if (s != NULL)
			return load(&t->feeds[i]->feed, s, NULL);
	}
	return NULL;
}

/* As kube-apiserver does when more than the metadata changes. */
static int
raise_generation(json_t *object)
{
	json_t *m = json_object_get(object, "metadata");
	json_t *g = json_object_get(m, "generation");

	return g == NULL ? 0 : json_integer_set(g, json_integer_value(g) + 1);
}

static int
hand_on(struct heal_tree *t, enum heal_kind kind, const struct feed_object *o,
    json_t *healed)
{
	char path[APIPATH_MAX], socket[512], *text;
	uint64_t rv;
	int feeds, n, rc = -1;

	n = snprintf(socket, sizeof(socket), "%s/run/sync.sock", t->data);
	errno = ENAMETOOLONG;
	if (n >= (int)sizeof(socket))
		return -1;
	n = snprintf(path, sizeof(path), "%s/namespaces/%s/%s/%s",
	    kinds[kind].api, o->meta.ns, kinds[kind].resource, o->meta.name);
	if (n >= (int)sizeof(path) || raise_generation(healed) == -1)
		return -1;
	errno = ENOMEM;
	if ((text = json_dumps(healed, JSON_COMPACT)) == NULL)
		return -1;
	rc = apply_send(socket, FEED_MODIFIED, path, text, strlen(text),
	    SEND_MS, &rv, &feeds);
	free(text);
	if (rc == 0)
		t->healed++;
	if (rc == 0 && t->told != NULL)
		t->told(path);
	return rc;
}

static int
heal_one(struct heal_tree *t, const struct heal_feed *f, struct heal *h,
    const struct feed_object *o, const char *needle)
{
	json_t *object = load(&f->feed, o, needle), *out = NULL, *service;
	int rc;

	if (object == NULL)
		return errno == ENOENT ? 0 : -1;
	service = service_of(t, o, f->kind);
	h->service = service;
	rc = heal_object(h, object, &out);
	if (rc == 1)
		rc = hand_on(t, f->kind, o, out);
	json_decref(out);
	json_decref(service);
	json_decref(object);
	return rc;
}

/* A pod of this node. All objects are tried, also behind one that fails. */
static int
heal_pod(struct heal_tree *t, const json_t *pod, const struct meta *m, int gone)
{
	struct heal h = { pod, NULL, t->node, gone };
	const struct feed *f;
	char needle[300], from[300];
	size_t i, at;
	int rc = 0;

	snprintf(needle, sizeof(needle), "\"%s\"", m->name);
	snprintf(from, sizeof(from), "%s/", m->ns);
	follow_all(t);
	for (i = 0; i < t->n; i++) {
		if (t->feeds[i]->gone || kinds[t->feeds[i]->kind].api == NULL)
			continue;
		f = &t->feeds[i]->feed;
		for (at = feed_lower_bound(f, from); at < f->nobjects &&
		     strcmp(f->objects[at]->meta.ns, m->ns) == 0;
		     at++)
			if (heal_one(t, t->feeds[i], &h, f->objects[at],
				needle) == -1)
				rc = -1;
		follow_all(t);
	}
	return rc;
}

static int
is_here(const struct heal_tree *t, const json_t *pod)
{
	const char *node = json_string_value(
	    json_object_get(json_object_get(pod, "spec"), "nodeName"));

	return node != NULL && strcmp(node, t->node) == 0;
}

static int
all_pods(struct heal_tree *t, const struct feed *f)
{
	json_t *pod;
	size_t i;
	int rc = 0;

	for (i = 0; i < f->nobjects; i++) {
		pod = load(f, f->objects[i], NULL);
		if (pod == NULL ||
		    (is_here(t, pod) &&
			heal_pod(t, pod, &f->objects[i]->meta, 0) == -1))
			rc = -1;
		json_decref(pod);
	}
	return rc;
}

/* The events of pods from one place in the journal to its end. */
static int
some_pods(struct heal_tree *t, const struct feed *f, off_t off)
{
	struct feed_line l = { 0 };
	json_t *pod;
	int rc = 0;

	for (; off < f->end; off = l.next) {
		if (feed_line_read(&l, f->file, off, f->end, f->r) == -1) {
			rc = -1;
			break;
		}
		if (l.type != FEED_ADDED && l.type != FEED_MODIFIED &&
		    l.type != FEED_DELETED)
			continue;
		pod = json_loadb(l.object, l.object_len, JSON_ALLOW_NUL, NULL);
		if (pod == NULL ||
		    (is_here(t, pod) &&
			heal_pod(t, pod, &l.meta, l.type == FEED_DELETED) ==
			    -1))
			rc = -1;
		json_decref(pod);
	}
	feed_line_free(&l);
	return rc;
}

/* The pods of one feed. 0, or -1: all of them again. */
static int
round_of(struct heal_tree *t, struct heal_feed *f, int change, off_t was)
{
	int rc;

	if (f->fresh || change == FEED_SWAPPED || change == FEED_RESET)
		rc = all_pods(t, &f->feed);
	else
		rc = some_pods(t, &f->feed, was);
	f->fresh = rc == -1;
	return rc;
}

int
heal_tree_round(struct heal_tree *t)
{
	struct heal_feed *f;
	int change, rc = 0, saved = 0;
	size_t i;
	off_t was;

	for (i = 0; i < t->n; i++) {
		f = t->feeds[i];
		was = f->feed.end;
		if (f->kind != HEAL_PODS)
			continue;
		change = follow(f);
		if (!f->gone && round_of(t, f, change, was) == -1) {
			saved = errno;
			rc = -1;
		}
	}
	errno = saved;
	return rc;
}
