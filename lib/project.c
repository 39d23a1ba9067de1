/*
 * Objects with named members alone, cut out of their bytes: one pass over an
 * object, and another one over those of its members that are kept in part.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "project.h"
#include "span.h"

static const char always[] =
    "apiVersion,kind,metadata.name,metadata.namespace,metadata."
    "resourceVersion,metadata.uid";

/* --- the list --- */

static int
compare(const struct project_node *a, const char *name, size_t n)
{
	int c = memcmp(a->name, name, a->n < n ? a->n : n);

	return c != 0 ? c : (a->n > n) - (a->n < n);
}

/* A new node; name is taken. Its index, or 0 with errno. */
static size_t
new_node(struct project *p, char *name, size_t n)
{
	struct project_node *q;
	size_t want;

	if (p->n == p->cap) {
		want = p->cap == 0 ? 16 : p->cap * 2;
		q = reallocarray(p->nodes, want, sizeof(*q));
		if (q == NULL) {
			free(name);
			return 0;
		}
		p->nodes = q;
		p->cap = want;
	}
	memset(&p->nodes[p->n], 0, sizeof(*p->nodes));
	p->nodes[p->n].name = name;
	p->nodes[p->n].n = n;
	return p->n++;
}

/* The child of that name, made if need be; 0 with errno. */
static size_t
child(struct project *p, size_t of, const char *name, size_t n)
{
	size_t at, before = 0, made;
	char *copy;

	for (at = p->nodes[of].child; at != 0; at = p->nodes[at].next) {
		int c = compare(&p->nodes[at], name, n);

		if (c == 0)
			return at;
		if (c > 0)
			break;
		before = at;
	}
	if ((copy = strndup(name, n)) == NULL ||
	    (made = new_node(p, copy, n)) == 0)
		return 0;
	p->nodes[made].next = at;
	if (before == 0)
		p->nodes[of].child = made;
	else
		p->nodes[before].next = made;
	return made;
}

/* The name that *text begins with, unescaped; its end in *text. 0 or -1. */
static int
take_name(const char **text, char *name, size_t *n)
{
	const char *s = *text;

	for (*n = 0; *s != '\0' && *s != '.' && *s != ','; s++) {
		if (*s == '\\')
			s++;
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\\')
			return -1;
		name[(*n)++] = *s;
	}
	*text = s;
	return *n == 0 ? -1 : 0;
}

/* text is below PROJECT_TEXT_MAX bytes. */
static int
add_paths(struct project *p, const char *text)
{
	char name[PROJECT_TEXT_MAX];
	size_t at = 0, n;
	int depth = 0;

	for (;; text++) {
		if (take_name(&text, name, &n) == -1 ||
		    ++depth > PROJECT_DEPTH_MAX) {
			errno = EINVAL;
			return -1;
		}
		if ((at = child(p, at, name, n)) == 0)
			return -1;
		if (*text == '.')
			continue;
		p->nodes[at].whole = 1;
		if (*text == '\0')
			return 0;
		at = 0;
		depth = 0;
	}
}

/* --- its text --- */

static int
add_name(struct buf *b, const struct project_node *node)
{
	size_t i;

	for (i = 0; i < node->n; i++)
		if ((strchr(".,", node->name[i]) != NULL &&
			buf_puts(b, "\\") == -1) ||
		    buf_add(b, node->name + i, 1) == -1)
			return -1;
	return 0;
}

/* The paths below nodes[of], whose own is in front. */
static int
add_text(const struct project *p, size_t of, struct buf *front, struct buf *b)
{
	size_t at, len = front->len;

	for (at = p->nodes[of].child; at != 0; at = p->nodes[at].next) {
		front->len = len;
		if ((len > 0 && buf_puts(front, ".") == -1) ||
		    add_name(front, &p->nodes[at]) == -1)
			return -1;
		if (!p->nodes[at].whole) {
			if (add_text(p, at, front, b) == -1)
				return -1;
		} else if ((b->len > 0 && buf_puts(b, ",") == -1) ||
		    buf_add(b, front->data, front->len) == -1)
			return -1;
	}
	return 0;
}

int
project_parse(struct project *p, const char *text)
{
	struct buf front = { 0 }, b = { 0 };
	int rc = -1, saved;

	memset(p, 0, sizeof(*p));
	if (*text == '\0')
		return 0;
	if (strlen(text) >= PROJECT_TEXT_MAX) {
		errno = EINVAL;
		return -1;
	}
	(void)new_node(p, NULL, 0);
	if (p->n == 1 && add_paths(p, always) == 0 && add_paths(p, text) == 0)
		rc = add_text(p, 0, &front, &b);
	saved = errno;
	buf_free(&front);
	if (rc == 0)
		p->text = b.data;
	else {
		buf_free(&b);
		project_free(p);
	}
	errno = saved;
	return rc;
}

void
project_free(struct project *p)
{
	while (p->n > 0)
		free(p->nodes[--p->n].name);
	free(p->nodes);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

const char *
project_text(const struct project *p)
{
	return p->text == NULL ? "" : p->text;
}

int
project_has(const struct project *p, const char *path)
{
	size_t at = 0, n;

	if (p->n == 0)
		return 1;
	for (;; path += n + 1) {
		n = strcspn(path, ".");
		at = p->nodes[at].child;
		while (at != 0 && compare(&p->nodes[at], path, n) != 0)
			at = p->nodes[at].next;
		if (at == 0 || p->nodes[at].whole || path[n] == '\0')
			return at != 0 && p->nodes[at].whole;
	}
}

/* --- objects --- */

/* What is kept of the member with this key, quotes included, or NULL. */
static const struct project_node *
find(const struct project *p, const struct project_node *of, struct span key)
{
	const struct project_node *node;
	size_t at;

	for (at = of->child; at != 0; at = node->next) {
		node = &p->nodes[at];
		if (node->n == key.n - 2 &&
		    memcmp(node->name, key.p + 1, node->n) == 0)
			return node;
	}
	return NULL;
}

static size_t
blank(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return (size_t)(p - from);
}

/* 1 if what span_next() has left is the end of an object and nothing else. */
static int
is_end(struct span at, int empty)
{
	const char *p = at.p, *end = at.p + at.n;

	if (at.n == 0)
		return 0;
	if (empty)
		p += 1 + blank(p + 1, end);
	if (p == end || *p++ != '}')
		return 0;
	return p + blank(p, end) == end;
}

/* The object at, what of keeps of it. */
static int
cut(const struct project *p, const struct project_node *of, struct span at,
    struct buf *b)
{
	const struct project_node *node;
	struct span key, value;
	size_t begin = b->len, before, inner;
	int empty = 1;

	if (buf_puts(b, "{") == -1)
		return -1;
	for (; span_next(&at, &key, &value) == 0; empty = 0) {
		if (key.n < 2)
			goto bad;
		if ((node = find(p, of, key)) == NULL ||
		    (!node->whole && (value.n == 0 || *value.p != '{')))
			continue;
		before = b->len;
		if ((before > begin + 1 && buf_puts(b, ",") == -1) ||
		    buf_add(b, key.p, key.n) == -1 || buf_puts(b, ":") == -1)
			return -1;
		inner = b->len;
		if ((node->whole ? buf_add(b, value.p, value.n)
				 : cut(p, node, value, b)) == -1)
			return -1;
		/* nothing of it is kept */
		if (!node->whole && b->len == inner + 2)
			b->len = before;
	}
	if (is_end(at, empty))
		return buf_puts(b, "}");
bad:
	errno = EBADMSG;
	return -1;
}

int
project_object(const struct project *p, const char *object, size_t len,
    struct buf *b)
{
	struct span at = { object, len };

	if (len < 2 || *object != '{') {
		errno = EBADMSG;
		return -1;
	}
	if (p->n == 0)
		return buf_add(b, object, len);
	return cut(p, &p->nodes[0], at, b);
}
