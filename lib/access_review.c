/*
 * Access reviews, and the words of a refusal: authorization.k8s.io/v1 and
 * apiserver's responsewriters.
 */
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_question.h"
#include "access_review.h"

/* --- the question --- */

/* A selector's text as it is in a query: {"rawSelector":text}. */
static int
wrap_selector(json_t *o, const char *name)
{
	json_t *text = json_object_get(o, name), *s;
	int rc;

	if (text == NULL)
		return 0;
	s = json_object();
	rc = json_object_set(s, "rawSelector", text);
	if (rc == 0)
		rc = json_object_set(o, name, s);
	json_decref(s);
	return rc;
}

static json_t *
attributes(const struct access_question *q)
{
	json_t *o = json_object();

	if (access_question_put(o, q) == -1) {
		json_decref(o);
		return NULL;
	}
	if (wrap_selector(o, "fieldSelector") == 0 &&
	    wrap_selector(o, "labelSelector") == 0)
		return o;
	json_decref(o);
	errno = ENOMEM;
	return NULL;
}

/* user_json() calls the name username, a review calls it user. */
static int
put_user(json_t *spec, const struct user *u)
{
	json_t *o = user_json(u), *v;
	const char *key;
	int rc = o == NULL ? -1 : 0;

	json_object_foreach(o, key, v) {
		if (rc == -1)
			break;
		rc = json_object_set(spec,
		    strcmp(key, "username") == 0 ? "user" : key, v);
	}
	json_decref(o);
	return rc;
}

static json_t *
make_review(const struct access_question *q, const struct user *u)
{
	json_t *o = json_object(), *spec = json_object(), *a;
	const char *what = q->path != NULL && *q->path != '\0'
	    ? "nonResourceAttributes"
	    : "resourceAttributes";
	int bad = 0, e = ENOMEM;

	if ((a = attributes(q)) == NULL)
		e = errno;
	bad |= json_object_set_new(o, "kind",
	    json_string(
		u == NULL ? "SelfSubjectAccessReview" : "SubjectAccessReview"));
	bad |= json_object_set_new(o, "apiVersion",
	    json_string("authorization.k8s.io/v1"));
	bad |= json_object_set_new(o, "metadata", json_object());
	bad |= json_object_set_new(spec, what, a);
	if (bad == 0 && u != NULL && put_user(spec, u) == -1) {
		e = errno;
		bad = -1;
	}
	bad |= json_object_set_new(o, "spec", spec);
	if (bad == 0)
		return o;
	json_decref(o);
	errno = e;
	return NULL;
}

int
access_review_write(struct buf *b, const struct access_question *q,
    const struct user *u)
{
	json_t *o = make_review(q, u);
	char *text;
	int rc;

	if (o == NULL)
		return -1;
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	errno = ENOMEM;
	rc = text == NULL ? -1 : buf_puts(b, text);
	free(text);
	return rc;
}

/* --- the answer --- */

/* No character is cut in its middle. */
static void
copy_text(const char *s, char *out, size_t len)
{
	size_t n = s == NULL ? 0 : strlen(s);

	if (len == 0)
		return;
	if (n >= len) {
		n = len - 1;
		while (n > 0 && (s[n] & 0xc0) == 0x80)
			n--;
	}
	if (n > 0)
		memcpy(out, s, n);
	out[n] = '\0';
}

static int
is_review(const json_t *o)
{
	const char *kind = json_string_value(json_object_get(o, "kind"));

	return kind != NULL &&
	    (strcmp(kind, "SubjectAccessReview") == 0 ||
		strcmp(kind, "SelfSubjectAccessReview") == 0 ||
		strcmp(kind, "LocalSubjectAccessReview") == 0);
}

static int
read_status(const json_t *status, char *reason, size_t len)
{
	const json_t *allowed = json_object_get(status, "allowed");
	const json_t *denied = json_object_get(status, "denied");
	const char *why = json_string_value(json_object_get(status, "reason"));
	const char *error =
	    json_string_value(json_object_get(status, "evaluationError"));

	errno = EBADMSG;
	if (!json_is_boolean(allowed) ||
	    (json_is_true(allowed) && json_is_true(denied)))
		return -1;
	if (!json_is_true(allowed) && !json_is_true(denied) && error != NULL &&
	    *error != '\0') {
		errno = EAGAIN;
		return -1;
	}
	copy_text(why, reason, len);
	return json_is_true(allowed);
}

int
access_review_read(const char *p, size_t n, char *reason, size_t len)
{
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	int rc = -1, e;

	copy_text("", reason, len);
	errno = EBADMSG;
	if (is_review(o))
		rc = read_status(json_object_get(o, "status"), reason, len);
	e = errno;
	json_decref(o);
	errno = e;
	return rc;
}

/* --- the refusal --- */

/* Bytes of the character at s and its value in r; 0 if it is none. */
static size_t
decode(const unsigned char *s, uint32_t *r)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n;

	*r = s[0];
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	*r = s[0] & (0xffU >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*r = *r << 6 | (s[i] & 0x3f);
	}
	if (*r < least[n] || *r > 0x10ffff || (*r >= 0xd800 && *r < 0xe000))
		return 0;
	return n;
}

/* Most of what strconv.IsPrint does not print. */
static int
is_unprinted(uint32_t r)
{
	static const struct {
		uint32_t from, to;
	} all[] = { { 0, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad },
		{ 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd },
		{ 0x70f, 0x70f }, { 0x1680, 0x1680 }, { 0x180e, 0x180e },
		{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f },
		{ 0x3000, 0x3000 }, { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0xe0000, 0xe00ff },
		{ 0xe01f0, 0x10ffff } };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (r >= all[i].from && r <= all[i].to)
			return 1;
	return 0;
}

/* A character of n bytes (0: a byte that is none) in Go's %q. */
static int
quote_one(struct buf *b, const char *s, size_t n, uint32_t r)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\",
			  after[] = "abfnrtv\"\\";
	const char *p;

	if (n == 1 && (p = strchr(plain, *s)) != NULL)
		return buf_printf(b, "\\%c", after[p - plain]);
	if (n == 0 || (n == 1 && is_unprinted(r)))
		return buf_printf(b, "\\x%02x", (unsigned char)*s);
	if (is_unprinted(r))
		return buf_printf(b, r > 0xffff ? "\\U%08x" : "\\u%04x", r);
	return buf_add(b, s, n);
}

static int
quote(struct buf *b, const char *s)
{
	uint32_t r;
	size_t n;

	if (buf_puts(b, "\"") == -1)
		return -1;
	for (; *s != '\0'; s += n > 0 ? n : 1) {
		n = decode((const unsigned char *)s, &r);
		if (quote_one(b, s, n, r) == -1)
			return -1;
	}
	return buf_puts(b, "\"");
}

/* What looks like HTML is made safe, quotes are not. */
static int
add_safe(struct buf *b, const struct buf *from)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < from->len; i++)
		switch (from->data[i]) {
		case '&':
			rc = buf_puts(b, "&amp;");
			break;
		case '<':
			rc = buf_puts(b, "&lt;");
			break;
		case '>':
			rc = buf_puts(b, "&gt;");
			break;
		default:
			rc = buf_add(b, from->data + i, 1);
		}
	return rc;
}

/* `User "x" cannot get path "/y"`, `User "x" cannot get resource ...` */
static int
add_cannot(struct buf *b, const char *const t[ACCESS_TEXTS],
    const struct user *u)
{
	struct buf resource = { 0 };
	int rc = -1;

	if (buf_puts(b, "User ") == -1 ||
	    quote(b, u->name == NULL ? "" : u->name) == -1 ||
	    buf_printf(b, " cannot %s ", t[0]) == -1)
		return -1;
	if (*t[9] != '\0')
		return buf_puts(b, "path ") == -1 ? -1 : quote(b, t[9]);
	if (buf_printf(&resource, "%s%s%s", t[3], *t[4] == '\0' ? "" : "/",
		t[4]) == 0 &&
	    buf_puts(b, "resource ") == 0 && quote(b, resource.data) == 0 &&
	    buf_puts(b, " in API group ") == 0 && quote(b, t[1]) == 0)
		rc = 0;
	buf_free(&resource);
	if (rc == -1)
		return -1;
	if (*t[5] == '\0')
		return buf_puts(b, " at the cluster scope");
	return buf_puts(b, " in the namespace ") == -1 ? -1 : quote(b, t[5]);
}

/* `pods "a" is `, `deployments.apps is `, or nothing. */
static int
add_subject(struct buf *b, const char *const t[ACCESS_TEXTS])
{
	if (*t[9] != '\0' || *t[3] == '\0')
		return 0;
	if (buf_printf(b, "%s%s%s ", t[3], *t[1] == '\0' ? "" : ".", t[1]) ==
	    -1)
		return -1;
	if (*t[6] != '\0' && (quote(b, t[6]) == -1 || buf_puts(b, " ") == -1))
		return -1;
	return buf_puts(b, "is ");
}

int
access_forbidden(struct buf *b, const struct access_question *q,
    const struct user *u, const char *reason)
{
	const char *t[ACCESS_TEXTS];
	struct buf cannot = { 0 };
	size_t len = b->len;
	int rc = -1;

	access_question_texts(q, t);
	if (add_subject(b, t) == 0 && buf_puts(b, "forbidden: ") == 0 &&
	    add_cannot(&cannot, t, u) == 0 && add_safe(b, &cannot) == 0)
		rc = reason == NULL || *reason == '\0'
		    ? 0
		    : buf_printf(b, ": %s", reason);
	buf_free(&cannot);
	if (rc == -1 && b->data != NULL) {
		b->len = len;
		b->data[len] = '\0';
	}
	return rc;
}
