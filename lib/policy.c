/*
 * The policy of writes while cut off. What is not told to be taken is
 * refused, and what cannot be understood is no policy at all: a typing error
 * must not turn into a lost write.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "resource.h"

static const struct {
	unsigned verb;
	const char *name, *method;
} verbs[] = {
	{ POLICY_CREATE, "create", "POST" },
	{ POLICY_UPDATE, "update", "PUT" },
	{ POLICY_PATCH, "patch", "PATCH" },
	{ POLICY_DELETE, "delete", "DELETE" },
};
#define NVERBS (sizeof(verbs) / sizeof(*verbs))

static const char *const names[] = { "refuse", "queue", "local" };

static int __attribute__((format(printf, 3, 4)))
wrong(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
	errno = EINVAL;
	return -1;
}

/* --- one line --- */

/* A part of a word, which must fit. */
static int
copy(char *out, size_t size, const char *from, size_t n)
{
	if (n >= size)
		return -1;
	memcpy(out, from, n);
	out[n] = '\0';
	return 0;
}

static int
parse_resource(struct policy_rule *r, const char *word, char *why, size_t len)
{
	const char *slash = strchrnul(word, '/'), *dot;

	dot = memchr(word, '.', (size_t)(slash - word));
	if (dot == NULL)
		dot = slash;
	if (copy(r->resource, sizeof(r->resource), word,
		(size_t)(dot - word)) == -1 ||
	    copy(r->group, sizeof(r->group), dot + (dot < slash),
		(size_t)(slash - dot - (dot < slash))) == -1)
		return wrong(why, len, "%.64s...: too long", word);
	if (*slash == '/' && strcmp(slash, "/status") != 0)
		return wrong(why, len, "%.64s: unknown subresource", slash + 1);
	if (*slash == '/')
		memcpy(r->subresource, "status", sizeof("status"));
	/* of a custom resource nothing is known but that it has a group */
	if (*r->resource != '\0' &&
	    (resource_find(r->group, r->resource) != NULL ||
		(strchr(r->group, '.') != NULL &&
		    !resource_group_known(r->group))))
		return 0;
	return wrong(why, len, "%.200s: unknown resource", word);
}

static int
parse_verbs(struct policy_rule *r, char *word, char *why, size_t len)
{
	char *name, *rest = word;
	size_t i;

	while ((name = strsep(&rest, ",")) != NULL) {
		for (i = 0; i < NVERBS; i++)
			if (strcmp(verbs[i].name, name) == 0)
				break;
		if (i == NVERBS)
			return wrong(why, len, "%.64s: unknown verb", name);
		r->verbs |= verbs[i].verb;
	}
	if (*r->subresource != '\0' &&
	    (r->verbs & (POLICY_CREATE | POLICY_DELETE)))
		return wrong(why, len, "a status is updated or patched");
	return 0;
}

static int
parse_policy(struct policy_rule *r, const char *word, char *why, size_t len)
{
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], word) == 0) {
			r->policy = (enum policy)i;
			return 0;
		}
	return wrong(why, len, "%.64s: unknown policy", word);
}

static int
parse_namespace(struct policy_rule *r, const char *word, char *why, size_t len)
{
	static const char key[] = "namespace=";
	size_t n = sizeof(key) - 1;

	if (strncmp(word, key, n) != 0 || word[n] == '\0' ||
	    strlen(word + n) >= sizeof(r->ns))
		return wrong(why, len, "%.64s: not namespace=NAME", word);
	return copy(r->ns, sizeof(r->ns), word + n, strlen(word + n));
}

int
policy_line(struct policies *ps, char *line, char *why, size_t len)
{
	struct policy_rule r = { 0 }, *more;
	char *word[5], *rest = line;
	size_t n = 0;

	line[strcspn(line, "#\n")] = '\0';
	while (n < 5 && (word[n] = strsep(&rest, " \t")) != NULL)
		n += *word[n] != '\0';
	if (n == 0)
		return 0;
	if (n < 3 || n > 4)
		return wrong(why, len,
		    "not `resource verbs policy [namespace=name]'");
	if (parse_resource(&r, word[0], why, len) == -1 ||
	    parse_verbs(&r, word[1], why, len) == -1 ||
	    parse_policy(&r, word[2], why, len) == -1 ||
	    (n == 4 && parse_namespace(&r, word[3], why, len) == -1))
		return -1;
	if (ps->n == POLICY_RULES_MAX)
		return wrong(why, len, "more than %d lines", POLICY_RULES_MAX);
	if ((more = reallocarray(ps->rules, ps->n + 1, sizeof(r))) == NULL) {
		snprintf(why, len, "no memory");
		return -1;
	}
	ps->rules = more;
	ps->rules[ps->n++] = r;
	return 0;
}

/* --- the file --- */

int
policy_read(struct policies *ps, const char *path, char *why, size_t len)
{
	char *line = NULL, what[320];
	size_t cap = 0;
	int number = 0, rc = 0;
	FILE *in;

	if ((in = fopen(path, "re")) == NULL) {
		snprintf(why, len, "%s: %s", path, strerror(errno));
		return -1;
	}
	while (rc == 0 && getline(&line, &cap, in) != -1) {
		number++;
		rc = policy_line(ps, line, what, sizeof(what));
		if (rc == -1)
			snprintf(why, len, "%s:%d: %s", path, number, what);
	}
	if (rc == 0 && ferror(in)) {
		snprintf(why, len, "%s: cannot be read", path);
		rc = -1;
	}
	free(line);
	fclose(in);
	return rc;
}

void
policy_free(struct policies *ps)
{
	free(ps->rules);
	memset(ps, 0, sizeof(*ps));
}

/* --- questions --- */

unsigned
policy_verb(const char *method, const struct apipath *p)
{
	size_t i;

	for (i = 0; i < NVERBS; i++)
		if (strcmp(verbs[i].method, method) == 0)
			break;
	/* a POST makes a new one in a collection, the others change one */
	if (i == NVERBS || *p->resource == '\0' ||
	    (verbs[i].verb == POLICY_CREATE) != (*p->name == '\0'))
		return 0;
	return verbs[i].verb;
}

const char *
policy_verb_name(unsigned verb)
{
	size_t i;

	for (i = 0; i < NVERBS; i++)
		if (verbs[i].verb == verb)
			return verbs[i].name;
	return "";
}

enum policy
policy_find(const struct policies *ps, const struct apipath *p, unsigned verb)
{
	const struct policy_rule *r;
	size_t i;

	for (i = ps->n; i > 0; i--) {
		r = &ps->rules[i - 1];
		if ((r->verbs & verb) &&
		    strcmp(r->resource, p->resource) == 0 &&
		    strcmp(r->group, p->group) == 0 &&
		    strcmp(r->subresource, p->subresource) == 0 &&
		    (*r->ns == '\0' || strcmp(r->ns, p->ns) == 0))
			return r->policy;
	}
	return POLICY_REFUSE;
}

void
policy_print(const struct policies *ps, FILE *out)
{
	const struct policy_rule *r;
	const char *comma;
	size_t i, k;

	for (i = 0; i < ps->n; i++) {
		r = &ps->rules[i];
		fprintf(out, "%s%s%s%s%s ", r->resource,
		    *r->group == '\0' ? "" : ".", r->group,
		    *r->subresource == '\0' ? "" : "/", r->subresource);
		comma = "";
		for (k = 0; k < NVERBS; k++)
			if (r->verbs & verbs[k].verb) {
				fprintf(out, "%s%s", comma, verbs[k].name);
				comma = ",";
			}
		fprintf(out, " %s%s%s\n", names[r->policy],
		    *r->ns == '\0' ? "" : " namespace=", r->ns);
	}
}
