/*
 * Request paths, taken apart as kube-apiserver's RequestInfoFactory does it,
 * and the directories of feeds. Invariant: what a client puts into a path
 * names one component below data/cache, and never another query's.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "apipath.h"

enum { COMPONENT_MAX_BYTES = 255 };

static char none[] = "";

static int
is_dots(const char *s, size_t n)
{
	return (n == 1 && s[0] == '.') ||
	    (n == 2 && s[0] == '.' && s[1] == '.');
}

/* No control bytes, no "." and "..". */
static int
is_sane(const char *path)
{
	const char *p;
	size_t n;

	if (path[0] != '/')
		return 0;
	for (p = path; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return 0;
	for (p = path; *p == '/'; p += n) {
		p++;
		n = strcspn(p, "/");
		if (is_dots(p, n))
			return 0;
	}
	return 1;
}

/* Cut the next segment off *rest; NULL where there is none. */
static char *
segment(char **rest)
{
	char *s = *rest;

	if (*s == '\0')
		return NULL;
	*rest = s + strcspn(s, "/");
	if (**rest == '/')
		*(*rest)++ = '\0';
	return s;
}

/* 1 if there is an empty segment in path, but for a slash at the end. */
static int
has_empty_segment(const char *path)
{
	const char *p;

	for (p = path; *p != '\0'; p++)
		if (p[0] == '/' && p[1] == '/')
			return 1;
	return 0;
}

/* How many segments stand before the resource: 2 or 3, or 0 for no resource. */
static int
prefix_length(const char *path)
{
	if (strncmp(path, "/api/", 5) == 0)
		return 2;
	return strncmp(path, "/apis/", 6) == 0 ? 3 : 0;
}

static void
clear(struct apipath *p)
{
	p->group = p->version = p->ns = none;
	p->resource = p->name = p->subresource = none;
}

static int
is_namespace_subresource(const char *s, size_t n)
{
	return (n == 6 && memcmp(s, "status", 6) == 0) ||
	    (n == 8 && memcmp(s, "finalize", 8) == 0);
}

/*
 * What stands behind the version: resource, name, subresource. -1 if a
 * segment is empty that must not be.
 */
static int
parse_resource(struct apipath *p, char *rest)
{
	char *s, *ns, *after;

	p->resource = segment(&rest);
	if (strcmp(p->resource, "namespaces") == 0 &&
	    (ns = segment(&rest)) != NULL) {
		p->ns = ns;
		if (ns[0] == '\0')
			return -1;
		after = rest;
		if (*after == '\0' ||
		    is_namespace_subresource(after, strcspn(after, "/"))) {
			p->name = ns;
			p->subresource = after;
			return 0;
		}
		p->resource = segment(&rest);
	}
	if ((s = segment(&rest)) != NULL)
		p->name = s;
	p->subresource = rest;
	return p->resource[0] == '\0' || (s != NULL && s[0] == '\0') ? -1 : 0;
}

/* 1 if something stands behind the prefix that is a resource. */
static int
has_resource(const char *path, int prefix)
{
	size_t n;
	int i;

	for (i = 0; i < prefix; i++) {
		path += 1 + strcspn(path + 1, "/");
		if (*path == '\0')
			return 0;
	}
	n = strcspn(path + 1, "/");
	return n > 0 &&
	    !(n == 5 &&
		(strncmp(path + 1, "watch", n) == 0 ||
		    strncmp(path + 1, "proxy", n) == 0));
}

int
apipath_parse(struct apipath *p, const char *path)
{
	size_t n = strlen(path);
	char *rest;
	int prefix;

	clear(p);
	p->text[0] = '\0';
	if (n >= sizeof(p->text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	prefix = prefix_length(path);
	if (prefix > 0 && !has_resource(path, prefix))
		prefix = 0;
	if (!is_sane(path) || (prefix == 0 && has_empty_segment(path))) {
		errno = EINVAL;
		return -1;
	}
	memcpy(p->text, path, n + 1);
	if (prefix == 0)
		return 0;
	rest = p->text + 1;
	(void)segment(&rest);
	if (prefix == 3)
		p->group = segment(&rest);
	p->version = segment(&rest);
	if ((prefix == 3 && p->group[0] == '\0') || p->version[0] == '\0' ||
	    parse_resource(p, rest) == -1) {
		clear(p);
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
apipath_decode(char *s, int plus)
{
	char *to = s;
	int high, low;

	for (; *s != '\0'; s++, to++) {
		*to = *s == '+' && plus ? ' ' : *s;
		if (*s != '%')
			continue;
		if ((high = hex(s[1])) == -1 || (low = hex(s[2])) == -1 ||
		    high + low == 0) {
			errno = EINVAL;
			return -1;
		}
		*to = (char)(high << 4 | low);
		s += 2;
	}
	*to = '\0';
	return 0;
}

/* A string that is being put together; len > size once it did not fit. */
struct out {
	char *p;
	size_t len, size;
};

static void
put(struct out *o, const char *s, size_t n)
{
	if (o->len >= o->size || n >= o->size - o->len) {
		o->len = o->size + 1;
		return;
	}
	memcpy(o->p + o->len, s, n);
	o->len += n;
	o->p[o->len] = '\0';
}

/* Every byte of s that is no letter, digit or one of keep as %XX. */
static void
put_escaped(struct out *o, const char *s, const char *keep)
{
	static const char digits[] = "0123456789ABCDEF";
	char e[3] = { '%', 0, 0 };
	unsigned char c;

	for (; *s != '\0'; s++) {
		c = (unsigned char)*s;
		if ((c < 0x80 && isalnum(c)) || strchr(keep, c) != NULL) {
			put(o, s, 1);
			continue;
		}
		e[1] = digits[c >> 4];
		e[2] = digits[c & 15];
		put(o, e, 3);
	}
}

/* A component of its own: no leading dot, nothing empty. */
static void
put_component(struct out *o, const char *s, const char *keep)
{
	if (s[0] == '.') {
		put(o, "%2E", 3);
		s++;
	}
	put_escaped(o, s, keep);
}

static int
finish(const struct out *o)
{
	if (o->len <= o->size)
		return 0;
	if (o->size > 0)
		o->p[0] = '\0';
	errno = ENAMETOOLONG;
	return -1;
}

int
apipath_escape(const char *s, char *out, size_t outlen)
{
	struct out o = { out, 0, outlen };

	put(&o, "", 0);
	put_component(&o, s, "._-");
	return finish(&o);
}

/* The namespace that a collection lies in: none of a namespace itself. */
static const char *
collection_ns(const struct apipath *p)
{
	if (strcmp(p->resource, "namespaces") == 0 &&
	    strcmp(p->name, p->ns) == 0)
		return "";
	return p->ns;
}

int
apipath_collection(const struct apipath *p, char *out, size_t outlen)
{
	struct out o = { out, 0, outlen };
	const char *ns = collection_ns(p);

	put(&o, p->group[0] == '\0' ? "/api" : "/apis",
	    p->group[0] == '\0' ? 4 : 5);
	if (p->group[0] != '\0') {
		put(&o, "/", 1);
		put(&o, p->group, strlen(p->group));
	}
	put(&o, "/", 1);
	put(&o, p->version, strlen(p->version));
	if (ns[0] != '\0') {
		put(&o, "/namespaces/", 12);
		put(&o, ns, strlen(ns));
	}
	put(&o, "/", 1);
	put(&o, p->resource, strlen(p->resource));
	return finish(&o);
}

/*
 * A namespace keeps fewer bytes than a selector (a real one has but letters,
 * digits and dashes), so that it cannot look like one; nor like "all".
 */
static void
put_scope(struct out *o, const char *ns, const char *labels, const char *fields)
{
	static const char keep[] = "._=!:-";
	const char *sep = "";

	if (ns[0] == '\0' && labels[0] == '\0' && fields[0] == '\0') {
		put(o, "all", 3);
		return;
	}
	if (strcmp(ns, "all") == 0)
		put(o, "%61ll", 5);
	else
		put_component(o, ns, "._-");
	if (ns[0] != '\0')
		sep = ",";
	if (labels[0] != '\0') {
		put(o, sep, strlen(sep));
		put(o, "labelSelector=", 14);
		put_escaped(o, labels, keep);
		sep = ",";
	}
	if (fields[0] != '\0') {
		put(o, sep, strlen(sep));
		put(o, "fieldSelector=", 14);
		put_escaped(o, fields, keep);
	}
}

int
apipath_feed_dir(const struct apipath *p, const char *labels,
    const char *fields, char *out, size_t outlen)
{
	struct out o = { out, 0, outlen };
	const char *part;

	if (p->resource[0] == '\0') {
		errno = EINVAL;
		return -1;
	}
	if (strcmp(p->group, "core") == 0)
		put(&o, "%63ore", 6);
	else
		put_component(&o, p->group[0] == '\0' ? "core" : p->group,
		    "._-");
	put(&o, "/", 1);
	put_component(&o, p->version, "._-");
	put(&o, "/", 1);
	put_component(&o, p->resource, "._-");
	put(&o, "/", 1);
	put_scope(&o, collection_ns(p), labels, fields);
	if (finish(&o) == -1)
		return -1;
	for (part = out; *part != '\0'; part += strspn(part, "/")) {
		if (strcspn(part, "/") > COMPONENT_MAX_BYTES) {
			errno = ENAMETOOLONG;
			return -1;
		}
		part += strcspn(part, "/");
	}
	return 0;
}
