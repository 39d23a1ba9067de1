/*
 * Requests as questions to an authorizer.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "question.h"

const char *
question_verb(const struct request *r)
{
	static const char *const verbs[][2] = { { "POST", "create" },
		{ "PUT", "update" }, { "PATCH", "patch" } };
	int named = *r->p.name != '\0', sub = *r->p.subresource != '\0';
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(r->method, verbs[i][0]) == 0)
			return verbs[i][1];
	if (strcmp(r->method, "DELETE") == 0)
		return named ? "delete" : "deletecollection";
	if (strcmp(r->method, "GET") != 0 && !r->head)
		return "";
	/* a name makes it a get, whatever else is said, but for a watch */
	if (!sub && r->q.watch)
		return "watch";
	return named ? "get" : "list";
}

/* The path of what is no resource. */
static void
make_path(struct question *out, const struct request *r)
{
	size_t i;

	out->q.path = r->path;
	for (i = 0; r->method[i] != '\0' && i < sizeof(out->verb) - 1; i++)
		out->verb[i] = (char)tolower((unsigned char)r->method[i]);
	out->verb[i] = '\0';
	out->q.verb = out->verb;
}

static int
take_selectors(struct question *out, const struct request *r)
{
	const struct selector *f = &r->q.field_sel, *l = &r->q.label_sel;
	const char *name;

	if (f->nreqs > 0) {
		if ((out->fields = selector_string_fields(f)) == NULL)
			return -1;
		out->q.fields = out->fields;
		/* kubelet asks for its objects so */
		name = selector_exact(f, "metadata.name");
		if (*r->p.name == '\0' && name != NULL)
			out->q.name = name;
	}
	if (l->nreqs > 0) {
		if ((out->labels = selector_string_labels(l)) == NULL)
			return -1;
		out->q.labels = out->labels;
	}
	return 0;
}

int
question_make(struct question *out, const struct request *r)
{
	const struct apipath *p = &r->p;

	memset(out, 0, sizeof(*out));
	if (*p->resource == '\0') {
		make_path(out, r);
		return 0;
	}
	snprintf(out->subresource, sizeof(out->subresource), "%.*s",
	    (int)strcspn(p->subresource, "/"), p->subresource);
	out->q.verb = question_verb(r);
	out->q.group = p->group;
	out->q.version = p->version;
	out->q.resource = p->resource;
	out->q.subresource = out->subresource;
	out->q.ns = p->ns;
	out->q.name = p->name;
	/* a Namespace is in itself, to an authorizer */
	if (*p->group == '\0' && strcmp(p->resource, "namespaces") == 0)
		out->q.ns = p->name;
	if (strcmp(out->q.verb, "list") == 0 ||
	    strcmp(out->q.verb, "watch") == 0 ||
	    strcmp(out->q.verb, "deletecollection") == 0)
		return take_selectors(out, r);
	return 0;
}

int
question_hold(struct question *q)
{
	const char **const texts[] = { &q->q.verb, &q->q.group, &q->q.version,
		&q->q.resource, &q->q.subresource, &q->q.ns, &q->q.name,
		&q->q.fields, &q->q.labels, &q->q.path };
	const size_t n = sizeof(texts) / sizeof(*texts);
	size_t i, len = 0;
	char *p;

	for (i = 0; i < n; i++)
		len += *texts[i] == NULL ? 0 : strlen(*texts[i]) + 1;
	if ((p = q->mem = malloc(len + 1)) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		if (*texts[i] == NULL)
			continue;
		len = strlen(*texts[i]) + 1;
		memcpy(p, *texts[i], len);
		*texts[i] = p;
		p += len;
	}
	return 0;
}

void
question_free(struct question *q)
{
	free(q->mem);
	free(q->fields);
	free(q->labels);
	memset(q, 0, sizeof(*q));
}
