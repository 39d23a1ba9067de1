/*
 * What kube-apiserver refuses of a read's options, with its words:
 * ValidateListOptions of apimachinery's meta/internalversion, the field labels
 * of each resource, and what the storage layer says of versions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definition.h"
#include "resource.h"

#define CAUSES_MAX 6
#define FIELD_MATCH "resourceVersionMatch"

struct causes {
	struct status_cause all[CAUSES_MAX];
	size_t n;
	char unsupported[160];
};

static void
forbid(struct causes *c, const char *field, const char *message)
{
	if (c->n == CAUSES_MAX)
		return;
	c->all[c->n].reason = "FieldValueForbidden";
	c->all[c->n].message = message;
	c->all[c->n++].field = field;
}

static void
unsupported(struct causes *c, const char *match, const char *supported)
{
	if (c->n == CAUSES_MAX)
		return;
	snprintf(c->unsupported, sizeof(c->unsupported),
	    "Unsupported value: \"%.64s\": supported values: %s", match,
	    supported);
	c->all[c->n].reason = "FieldValueNotSupported";
	c->all[c->n].message = c->unsupported;
	c->all[c->n++].field = FIELD_MATCH;
}

static void
check_list(const struct query *q, struct causes *c)
{
	if (q->match != NULL) {
		if (q->rv == NULL)
			forbid(c, FIELD_MATCH,
			    "Forbidden: resourceVersionMatch is forbidden "
			    "unless resourceVersion is provided");
		if (q->cont != NULL)
			forbid(c, FIELD_MATCH,
			    "Forbidden: resourceVersionMatch is forbidden "
			    "when continue is provided");
		if (strcmp(q->match, "Exact") != 0 &&
		    strcmp(q->match, "NotOlderThan") != 0)
			unsupported(c, q->match,
			    "\"Exact\", \"NotOlderThan\", \"\"");
		if (strcmp(q->match, "Exact") == 0 && q->rv != NULL &&
		    strcmp(q->rv, "0") == 0)
			forbid(c, FIELD_MATCH,
			    "Forbidden: resourceVersionMatch \"exact\" is "
			    "forbidden for resourceVersion \"0\"");
	}
	if (q->initial_events != -1)
		forbid(c, "sendInitialEvents",
		    "Forbidden: sendInitialEvents is forbidden for list");
}

static void
check_watch(const struct query *q, struct causes *c)
{
	int newer = q->match != NULL && strcmp(q->match, "NotOlderThan") == 0;

	if (q->initial_events != -1 && !newer)
		forbid(c, FIELD_MATCH,
		    "Forbidden: sendInitialEvents requires setting "
		    "resourceVersionMatch to NotOlderThan");
	if (q->match == NULL)
		return;
	if (q->initial_events == -1)
		forbid(c, FIELD_MATCH,
		    "Forbidden: resourceVersionMatch is forbidden for watch "
		    "unless sendInitialEvents is provided");
	if (!newer)
		unsupported(c, q->match, "\"NotOlderThan\"");
	if (q->cont != NULL)
		forbid(c, FIELD_MATCH,
		    "Forbidden: resourceVersionMatch is forbidden when "
		    "continue is provided");
}

/* field.ErrorList.ToAggregate, in an apierrors.NewInvalid */
static void
answer_invalid(struct request *r, const struct causes *c)
{
	struct status s = { .code = 422,
		.group = "meta.k8s.io",
		.kind = "ListOptions",
		.causes = c->all,
		.ncauses = c->n };
	struct buf b = { 0 };
	size_t i;

	buf_puts(&b, "ListOptions.meta.k8s.io \"\" is invalid: ");
	for (i = 0; i < c->n; i++)
		buf_printf(&b, "%s%s: %s",
		    i > 0	   ? ", "
			: c->n > 1 ? "["
				   : "",
		    c->all[i].field, c->all[i].message);
	if (c->n > 1)
		buf_puts(&b, "]");
	s.message = b.data;
	answer_status(r, &s);
	buf_free(&b);
}

/* A custom resource's labels; -1 answered. */
static int
check_custom(struct request *r)
{
	char message[256];
	const char *label;
	size_t i;
	int known;

	for (i = 0; i < r->q.field_sel.nreqs; i++) {
		label = r->q.field_sel.reqs[i].key;
		if ((known = definition_selects(r->edge, &r->p, label)) == 0) {
			snprintf(message, sizeof(message),
			    "field label not supported: %.128s", label);
			answer_bad(r, message);
			return -1;
		}
		r->foreign |= !resource_field_known(NULL, label);
	}
	return 0;
}

/* The labels that a resource selects by; -1 answered. */
static int
check_fields(struct request *r, const struct resource *res)
{
	char message[256];
	const char *label;
	size_t i;

	if (res == NULL)
		return check_custom(r);
	for (i = 0; i < r->q.field_sel.nreqs; i++) {
		label = r->q.field_sel.reqs[i].key;
		if (resource_field_known(res, label))
			continue;
		if (res->fields != NULL && res->fields[0] != NULL)
			snprintf(message, sizeof(message),
			    "field label not supported: %.128s", label);
		else
			snprintf(message, sizeof(message),
			    "\"%.128s\" is not a known field selector: only "
			    "\"metadata.name\", \"metadata.namespace\"",
			    label);
		answer_bad(r, message);
		return -1;
	}
	return 0;
}

/* Go's strconv.ParseUint: leading zeros are nothing special. */
static const char *
parse_uint(const char *text, uint64_t *n)
{
	char *end;

	if (text[strspn(text, "0123456789")] != '\0')
		return "invalid syntax";
	errno = 0;
	*n = strtoull(text, &end, 10);
	return errno == ERANGE ? "value out of range" : NULL;
}

/* A LIST says 400; where it comes from deeper down it is a bare 500. */
static int
check_rv(struct request *r)
{
	struct query *q = &r->q;
	int list = !q->watch && *r->p.name == '\0';
	struct status s = { .code = list ? 400 : 500,
		.reason = list ? NULL : "" };
	const char *why;
	char message[320];

	q->rv_number = 0;
	if (q->rv == NULL || (why = parse_uint(q->rv, &q->rv_number)) == NULL)
		return 0;
	snprintf(message, sizeof(message),
	    "%sresourceVersion: Invalid value: \"%.64s\": strconv.ParseUint: "
	    "parsing \"%.64s\": %s",
	    list ? "invalid resource version: " : "", q->rv, q->rv, why);
	s.message = message;
	answer_status(r, &s);
	return -1;
}

void
options_version(struct request *r)
{
	r->q.rv_number = 0;
	if (r->q.rv != NULL)
		(void)parse_uint(r->q.rv, &r->q.rv_number);
}

int
options_check(struct request *r, const struct resource *res)
{
	struct causes c = { .n = 0 };

	if (*r->p.name != '\0')
		return check_rv(r);
	if (r->q.watch)
		check_watch(&r->q, &c);
	else
		check_list(&r->q, &c);
	if (c.n > 0) {
		answer_invalid(r, &c);
		return -1;
	}
	if (check_fields(r, res) == -1)
		return -1;
	return check_rv(r);
}
