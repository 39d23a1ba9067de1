/*
 * Selectors are put together requirement by requirement, and made canonical:
 * requirements and values sorted and unique.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selector_parts.h"

void
selector_req_free(struct selector_req *r)
{
	size_t i;

	for (i = 0; i < r->nvalues; i++)
		free(r->values[i]);
	free(r->values);
	free(r->key);
	memset(r, 0, sizeof(*r));
}

void
selector_free(struct selector *s)
{
	size_t i;

	for (i = 0; i < s->nreqs; i++)
		selector_req_free(&s->reqs[i]);
	free(s->reqs);
	s->reqs = NULL;
	s->nreqs = 0;
}

int
selector_add_value(struct selector_req *r, const char *value)
{
	size_t i;
	char **p;
	int c = 1;

	for (i = 0; i < r->nvalues; i++)
		if ((c = strcmp(value, r->values[i])) <= 0)
			break;
	if (c == 0)
		return 0;
	p = reallocarray(r->values, r->nvalues + 1, sizeof(*p));
	if (p == NULL)
		return -1;
	r->values = p;
	memmove(p + i + 1, p + i, (r->nvalues - i) * sizeof(*p));
	if ((p[i] = strdup(value)) == NULL) {
		memmove(p + i, p + i + 1, (r->nvalues - i) * sizeof(*p));
		return -1;
	}
	r->nvalues++;
	return 0;
}

static int
req_compare(const void *va, const void *vb)
{
	const struct selector_req *a = va, *b = vb;
	size_t i;
	int c;

	if ((c = strcmp(a->key, b->key)) != 0)
		return c;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	for (i = 0; i < a->nvalues && i < b->nvalues; i++)
		if ((c = strcmp(a->values[i], b->values[i])) != 0)
			return c;
	return (a->nvalues > b->nvalues) - (a->nvalues < b->nvalues);
}

static void
sort(struct selector *s)
{
	size_t i, n = 0;

	if (s->nreqs == 0)
		return;
	qsort(s->reqs, s->nreqs, sizeof(*s->reqs), req_compare);
	for (i = 1; i < s->nreqs; i++) {
		if (req_compare(&s->reqs[n], &s->reqs[i]) == 0)
			selector_req_free(&s->reqs[i]);
		else
			s->reqs[++n] = s->reqs[i];
	}
	s->nreqs = n + 1;
}

int
selector_add_req(struct selector *s, struct selector_req *r)
{
	struct selector_req *p;

	p = reallocarray(s->reqs, s->nreqs + 1, sizeof(*p));
	if (p == NULL) {
		selector_req_free(r);
		return -1;
	}
	s->reqs = p;
	s->reqs[s->nreqs++] = *r;
	return 0;
}

int
selector_fail(char *why, size_t whylen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (whylen > 0)
		(void)vsnprintf(why, whylen, fmt, ap);
	va_end(ap);
	errno = EINVAL;
	return -1;
}

int
selector_finish(struct selector *s, int rc, char *why, size_t whylen)
{
	int saved = errno;

	if (rc == 0) {
		sort(s);
		return 0;
	}
	selector_free(s);
	if (saved != EINVAL && whylen > 0)
		(void)snprintf(why, whylen, "%s", strerror(saved));
	errno = saved;
	return -1;
}
