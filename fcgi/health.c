/*
 * /healthz, /livez and /readyz, in the form of apiserver's pkg/server/healthz.
 * They are the master's while it answers. Cut off they are the hub's own: it
 * lives and it serves, and who believed otherwise would restart for nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "may.h"
#include "parts.h"

static const char *const checks[] = { "ping", "cache" };

enum { CHECKS = sizeof(checks) / sizeof(*checks), EXCLUDED_MAX = 32 };

/* What stands behind the name of the endpoint, or NULL if it is none. */
static const char *
behind(const char *path)
{
	static const char *const names[] = { "/healthz", "/livez", "/readyz" };
	size_t i, n;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		n = strlen(names[i]);
		if (strncmp(path, names[i], n) == 0 &&
		    (path[n] == '\0' || path[n] == '/'))
			return path + n;
	}
	return NULL;
}

int
health_is(const char *path)
{
	return behind(path) != NULL;
}

static int
check_index(const char *name)
{
	int i;

	for (i = 0; i < CHECKS; i++)
		if (strcmp(checks[i], name) == 0)
			return i;
	return -1;
}

/* Without X-Content-Type-Options where Go found the type out by itself. */
static void
answer_text(struct request *r, int code, const char *text, int guessed)
{
	char head[256];
	int n;

	n = snprintf(head, sizeof(head),
	    "Status: %d %s\r\nCache-Control: no-cache, private\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n%s"
	    "Content-Length: %zu\r\n\r\n",
	    code, status_phrase(code),
	    guessed ? "" : "X-Content-Type-Options: nosniff\r\n", strlen(text));
	fcgi_write(r->c, head, (size_t)n);
	if (!r->head)
		fcgi_write(r->c, text, strlen(text));
	fcgi_end(r->c);
}

/* What the query says; names point into text, sorted, each once. */
struct options {
	char *text;
	int verbose;
	char *excluded[EXCLUDED_MAX];
	size_t n;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
take_options(struct options *o, const char *uri)
{
	char *pair, *value, *save = NULL;
	const char *query = strchr(uri, '?');
	size_t i, kept = 0;

	memset(o, 0, sizeof(*o));
	if (query == NULL || (o->text = strdup(query + 1)) == NULL)
		return;
	for (pair = strtok_r(o->text, "&", &save); pair != NULL;
	     pair = strtok_r(NULL, "&", &save)) {
		if ((value = strchr(pair, '=')) != NULL)
			*value++ = '\0';
		else
			value = pair + strlen(pair);
		if (apipath_decode(pair, 1) == -1 ||
		    apipath_decode(value, 1) == -1)
			continue;
		if (strcmp(pair, "verbose") == 0)
			o->verbose = 1;
		else if (strcmp(pair, "exclude") == 0 && o->n < EXCLUDED_MAX)
			o->excluded[o->n++] = value;
	}
	qsort(o->excluded, o->n, sizeof(*o->excluded), by_name);
	for (i = 0; i < o->n; i++)
		if (i == 0 || strcmp(o->excluded[i], o->excluded[i - 1]) != 0)
			o->excluded[kept++] = o->excluded[i];
	o->n = kept;
}

static int
is_excluded(const struct options *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (strcmp(o->excluded[i], name) == 0)
			return 1;
	return 0;
}

static int
write_checks(struct buf *b, const struct options *o, const char *name)
{
	const char *sep = "";
	size_t i;
	int rc = 0;

	for (i = 0; i < CHECKS; i++)
		rc |= buf_printf(b, "[+]%s %s\n", checks[i],
		    is_excluded(o, checks[i]) ? "excluded: ok" : "ok");
	for (i = 0; i < o->n; i++) {
		if (check_index(o->excluded[i]) != -1)
			continue;
		if (*sep == '\0')
			rc |= buf_puts(b,
			    "warn: some health checks cannot be excluded: "
			    "no matches for ");
		rc |= buf_puts(b, sep) | buf_json(b, o->excluded[i]);
		sep = ",";
	}
	if (*sep != '\0')
		rc |= buf_puts(b, "\n");
	return rc | buf_printf(b, "%s check passed\n", name);
}

static void
answer_all(struct request *r)
{
	struct buf b = { 0 };
	struct options o;

	take_options(&o, r->uri);
	if (!o.verbose)
		answer_text(r, 200, "ok", 0);
	else if (write_checks(&b, &o, r->path + 1) == 0)
		answer_text(r, 200, b.data, 0);
	else
		answer_text(r, 500, "internal server error: no memory\n", 0);
	buf_free(&b);
	free(o.text);
}

/* The hub's own word. */
static void
own(struct request *r)
{
	const char *rest = behind(r->path);

	if (may_now(r) != MAY_YES)
		return;
	if (*rest == '\0')
		answer_all(r);
	else if (check_index(rest + 1) != -1)
		answer_text(r, 200, "ok", 1);
	else if (rest[1] == '\0' || r->edge->standalone)
		answer_text(r, 404, "404 page not found\n", 0);
	else
		/* it may be one of the master's, and may not be well */
		answer_text(r, 500,
		    "internal server error: the master is out of reach\n", 0);
}

void
health_serve(struct request *r)
{
	if (r->edge->standalone || !master_ok(r->edge))
		own(r);
	else
		pass_start(r, own);
}
