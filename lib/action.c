/*
 * Actions: what ote-apply may be asked to do, a line each. Everything that is
 * wrong with one is found here, before it is sent.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "action.h"
#include "apipath.h"

#define ID_MAX 128
#define NODE_MAX 253
#define WORD_MAX 32
#define PATH_MAX_LEN 2048
#define MESSAGE_MAX 1024

#define JSON "application/json"

static const struct {
	const char *method;
	const char *types[3];
	int needs_name, needs_body;
} methods[] = {
	{ "PUT", { JSON }, 1, 1 },
	{ "POST", { JSON }, 0, 1 },
	{ "PATCH",
	    { "application/merge-patch+json",
		"application/strategic-merge-patch+json" },
	    1, 1 },
	{ "DELETE", { JSON }, 1, 0 },
};

/* A line under examination. */
struct parse {
	json_t *o;
	const char *id, *node, *word;
	const char *method, *path, *type;
	char *body;
	int needs_name;
	char *why;
	size_t whylen;
};

static int wrong(struct parse *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
wrong(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, p->whylen, fmt, ap);
	va_end(ap);
	errno = EBADMSG;
	return -1;
}

/* A string of at most max bytes, "" if it is absent. 0, or -1. */
static int
text(struct parse *p, const char *member, size_t max, const char **out)
{
	const json_t *v = json_object_get(p->o, member);

	if (v == NULL)
		return 0;
	if (!json_is_string(v))
		return wrong(p, "%s: no string", member);
	if (json_string_length(v) > max)
		return wrong(p, "%s: longer than %zu bytes", member, max);
	*out = json_string_value(v);
	return 0;
}

static int
check_word(struct parse *p)
{
	const char *s = p->word;

	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && *s != '-') {
			p->word = "";
			return wrong(p, "why: no word");
		}
	return 0;
}

/* What the path says, as the master will read it. */
static int
check_path(struct parse *p)
{
	char plain[APIPATH_MAX];
	struct apipath a;
	const char *s;
	size_t n = strcspn(p->path, "?");

	for (s = p->path; *s != '\0'; s++)
		if (!isgraph((unsigned char)*s) || *s == '#')
			return wrong(p, "path: to be percent-encoded");
	if (n >= sizeof(plain))
		return wrong(p, "path: too long");
	memcpy(plain, p->path, n);
	plain[n] = '\0';
	if (apipath_decode(plain, 0) == -1 || apipath_parse(&a, plain) == -1 ||
	    a.resource[0] == '\0')
		return wrong(p, "path: no resource of the API");
	if (p->needs_name && a.name[0] == '\0')
		return wrong(p, "path: %s needs an object", p->method);
	return 0;
}

static int
check_type(struct parse *p, size_t m)
{
	size_t i;

	if (*p->type == '\0' && methods[m].types[1] == NULL)
		p->type = methods[m].types[0];
	for (i = 0; i < 3 && methods[m].types[i] != NULL; i++)
		if (strcmp(p->type, methods[m].types[i]) == 0)
			return 0;
	return wrong(p, "contentType: none of %s", p->method);
}

static int
check_body(struct parse *p, int needed)
{
	const json_t *body = json_object_get(p->o, "body");

	if (body == NULL && !needed)
		return 0;
	if (!json_is_object(body))
		return wrong(p, "body: no object");
	if ((p->body = json_dumps(body, JSON_COMPACT)) != NULL)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
check_request(struct parse *p)
{
	size_t m, n = sizeof(methods) / sizeof(*methods);

	if (text(p, "method", WORD_MAX, &p->method) == -1 ||
	    text(p, "path", PATH_MAX_LEN, &p->path) == -1 ||
	    text(p, "contentType", 128, &p->type) == -1)
		return -1;
	for (m = 0; m < n && strcmp(p->method, methods[m].method) != 0; m++)
		;
	if (m == n)
		return wrong(p, "method: none of PUT, POST, PATCH, DELETE");
	p->needs_name = methods[m].needs_name;
	if (check_path(p) == -1 || check_type(p, m) == -1)
		return -1;
	return check_body(p, methods[m].needs_body);
}

/* 0; -1 with errno EBADMSG and why, or ENOMEM. */
static int
check(struct parse *p, const char *line, size_t len)
{
	json_error_t e;

	p->o = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
	if (p->o == NULL)
		return wrong(p, "no JSON: %s", e.text);
	if (!json_is_object(p->o))
		return wrong(p, "no object");
	if (text(p, "id", ID_MAX, &p->id) == -1 ||
	    text(p, "node", NODE_MAX, &p->node) == -1 ||
	    text(p, "why", WORD_MAX, &p->word) == -1 || check_word(p) == -1)
		return -1;
	return check_request(p);
}

static int
is_versioned(const struct parse *p)
{
	const json_t *meta =
	    json_object_get(json_object_get(p->o, "body"), "metadata");
	const char *rv =
	    json_string_value(json_object_get(meta, "resourceVersion"));

	return rv != NULL && *rv != '\0';
}

/* All strings behind the struct. NULL with errno. */
static struct action *
pack(const struct parse *p)
{
	const char *from[] = { p->id, p->node, p->word, p->method, p->path,
		p->type, p->body != NULL ? p->body : "" };
	const char **to[7];
	struct action *a;
	size_t i, n, size = sizeof(*a);
	char *at;

	for (i = 0; i < 7; i++)
		size += strlen(from[i]) + 1;
	if ((a = malloc(size)) == NULL)
		return NULL;
	memset(a, 0, sizeof(*a));
	to[0] = &a->id;
	to[1] = &a->node;
	to[2] = &a->why;
	to[3] = &a->method;
	to[4] = &a->path;
	to[5] = &a->type;
	to[6] = &a->body;
	at = (char *)(a + 1);
	for (i = 0; i < 7; i++, at += n) {
		n = strlen(from[i]) + 1;
		*to[i] = memcpy(at, from[i], n);
	}
	a->body_len = strlen(a->body);
	a->size = size;
	return a;
}

struct action *
action_parse(const char *line, size_t len, char *why, size_t whylen)
{
	struct parse p = { .id = "",
		.node = "",
		.word = "",
		.method = "",
		.path = "",
		.type = "",
		.why = why,
		.whylen = whylen };
	struct action *a = NULL;
	int rc;

	rc = check(&p, line, len);
	if ((rc == 0 || errno == EBADMSG) && (a = pack(&p)) != NULL) {
		a->bad = rc == -1;
		a->is_renew = strcmp(a->why, "renew") == 0 && *a->node != '\0';
		a->may_repeat = strcmp(a->method, "PATCH") == 0 ||
		    (strcmp(a->method, "PUT") == 0 && is_versioned(&p));
	}
	free(p.body);
	json_decref(p.o);
	if (a == NULL)
		errno = ENOMEM;
	return a;
}

void
action_free(struct action *a)
{
	free(a);
}

int
action_result_write(struct buf *b, const struct action *a,
    const struct action_result *r)
{
	char message[MESSAGE_MAX];
	size_t len = b->len;

	snprintf(message, sizeof(message), "%s",
	    r->message != NULL ? r->message : "");
	if (buf_puts(b, "{\"id\":") == 0 && buf_json(b, a->id) == 0 &&
	    buf_puts(b, ",\"node\":") == 0 && buf_json(b, a->node) == 0 &&
	    buf_puts(b, ",\"why\":") == 0 && buf_json(b, a->why) == 0 &&
	    buf_printf(b, ",\"code\":%d,\"reason\":", r->code) == 0 &&
	    buf_json(b, r->reason != NULL ? r->reason : "") == 0 &&
	    buf_puts(b, ",\"message\":") == 0 && buf_json(b, message) == 0 &&
	    buf_printf(b, ",\"ms\":%lld,\"tries\":%d}\n", r->ms, r->tries) == 0)
		return 0;
	if (b->data != NULL)
		b->data[len] = '\0';
	b->len = len;
	return -1;
}
