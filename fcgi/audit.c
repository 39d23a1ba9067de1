/*
 * What goes to the audit log: writes, and who was refused. ote-edge(7) says
 * what is in it; lib/audit.h keeps it.
 *
 * Of refusals so many lines a second are written, as it costs nothing to be
 * refused, and who would hide something could push it out of the log. Writes
 * are all written.
 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "clock.h"
#include "grants.h"
#include "parts.h"
#include "who.h"

#define REFUSALS_S 10
#define REFUSALS_MAX 100
#define TELL_MS 600000

struct auditor {
	struct audit log;
	int refusals; /* that may be written now */
	long long filled_ms, told_ms;
};

int
audit_start(struct edge *e)
{
	static const struct audit_limits limits = AUDIT_LIMITS;
	struct auditor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return -1;
	audit_init(&a->log, e->datafd, &limits);
	a->refusals = REFUSALS_MAX;
	a->told_ms = -TELL_MS;
	e->auditor = a;
	return 0;
}

void
audit_begin(struct request *r)
{
	r->began_ms = monotonic_ms();
}

/* --- what is told --- */

static int
is_write(const struct request *r)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE",
		NULL };
	int i;

	for (i = 0; methods[i] != NULL; i++)
		if (strcmp(r->method, methods[i]) == 0)
			break;
	if (methods[i] == NULL)
		return 0;
	/* a review asks, and changes nothing; a token is given out */
	return i > 0 || *r->p.resource == '\0' ||
	    grant_kind(&r->p) == GRANT_NONE || grant_kind(&r->p) == GRANT_TOKEN;
}

static int
is_watch(const struct request *r)
{
	const char *query = r->uri == NULL ? NULL : strchr(r->uri, '?');

	return r->q.watch ||
	    (query != NULL &&
		(strstr(query, "watch=true") != NULL ||
		    strstr(query, "watch=1") != NULL));
}

/* RequestInfo's verb. out has 16 bytes, as the method. */
static void
put_verb(const struct request *r, char *out)
{
	const char *m = r->method, *verb = NULL;
	int named, i;

	for (i = 0; m[i] != '\0'; i++)
		out[i] = (char)tolower((unsigned char)m[i]);
	out[i] = '\0';
	if (*r->p.resource == '\0')
		return;
	named = *r->p.name != '\0';
	if (strcmp(m, "POST") == 0)
		verb = "create";
	else if (strcmp(m, "PUT") == 0)
		verb = "update";
	else if (strcmp(m, "DELETE") == 0 && !named)
		verb = "deletecollection";
	else if (strcmp(m, "GET") == 0 || r->head)
		verb = *r->p.subresource == '\0' && is_watch(r) ? "watch"
		    : named					? "get"
								: "list";
	if (verb != NULL)
		strcpy(out, verb);
}

/*
 * The path, without what stands behind a proxy, which is not ours to tell. To
 * be freed; NULL if there is none.
 */
static char *
copy_path(const struct request *r)
{
	const char *path = r->path != NULL ? r->path : r->uri;
	const char *sub, *behind;
	size_t n, len;

	if (path == NULL)
		return NULL;
	n = strcspn(path, "?");
	sub = *r->p.resource == '\0' ? "" : r->p.subresource;
	if (strncmp(sub, "proxy/", 6) == 0) {
		behind = sub + 5;
		len = strlen(behind);
		if (n < len || strncmp(path + n - len, behind, len) != 0)
			return NULL;
		n -= len;
	}
	return strndup(path, n);
}

static enum audit_decision
decision(int code)
{
	switch (code) {
	case 401:
	case 403:
		return AUDIT_FORBID;
	case 413:
	case 429:
	case 431:
	case 503:
	case 507:
		return AUDIT_REFUSE;
	default:
		return AUDIT_ALLOW;
	}
}

static void
put_user(const struct request *r, struct audit_event *e)
{
	const struct user *u = who_user(r);

	e->source_ip = fcgi_param(r->c, "REMOTE_ADDR");
	if (u == NULL)
		return;
	e->user = u->name;
	e->groups = u->groups;
	e->ngroups = u->ngroups;
}

static void
put_object(const struct request *r, struct audit_event *e)
{
	if (*r->p.resource == '\0')
		return;
	e->group = r->p.group;
	e->resource = r->p.resource;
	e->ns = r->p.ns;
	e->name = r->p.name;
}

/* --- when --- */

static void
tell(struct auditor *a, const struct edge *e)
{
	long long now = monotonic_ms();

	if (now - a->told_ms < TELL_MS)
		return;
	a->told_ms = now;
	warn("%s/audit/log: cannot be written, lines are lost", e->data);
}

void
audit_request(struct request *r, int code)
{
	struct auditor *a = r->edge->auditor;
	char verb[24], sub[32];
	char *path = copy_path(r);
	struct audit_event e = { .verb = verb,
		.path = path,
		.subresource = sub,
		.code = code,
		.decision = decision(code),
		.online = r->edge->master_up,
		.latency_ms = (long)(monotonic_ms() - r->began_ms) };
	const char *whole = *r->p.resource == '\0' ? "" : r->p.subresource;

	put_verb(r, verb);
	snprintf(sub, sizeof(sub), "%.*s", (int)strcspn(whole, "/"), whole);
	put_user(r, &e);
	put_object(r, &e);
	if (e.decision != AUDIT_ALLOW)
		e.reason = r->why;
	if (audit_write(&a->log, &e) == -1)
		tell(a, r->edge);
	free(path);
}

/* 1 if one more refusal may be written; else it is counted as lost. */
static int
may_tell(struct auditor *a)
{
	long long now = monotonic_ms(), more;

	more = (now - a->filled_ms) * REFUSALS_S / 1000;
	if (more > 0) {
		a->filled_ms = now;
		a->refusals = more + a->refusals > REFUSALS_MAX
		    ? REFUSALS_MAX
		    : (int)more + a->refusals;
	}
	if (a->refusals > 0) {
		a->refusals--;
		return 1;
	}
	a->log.lost++;
	return 0;
}

void
audit_answer(struct request *r, int code)
{
	int refused = code == 401 || code == 403 || code == 429;

	if (r->answered != 0)
		return;
	r->answered = code;
	if (refused ? may_tell(r->edge->auditor) : is_write(r))
		audit_request(r, code);
}

void
audit_end(struct request *r)
{
	if (r->answered == 0 && is_write(r) &&
	    (who_user(r) != NULL || may_tell(r->edge->auditor)))
		audit_request(r, 0);
}
