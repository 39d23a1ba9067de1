/*
 * Refusals. A client that still sends might miss an answer that comes first:
 * it is given when the body has come.
 */
#include <stdlib.h>
#include <string.h>

#include "parts.h"

struct refusal {
	struct status s; /* code 0: cut off, message says what is not here */
	char *message, *name, *group, *kind;
};

static void
refusal_free(struct refusal *f)
{
	if (f == NULL)
		return;
	free(f->message);
	free(f->name);
	free(f->group);
	free(f->kind);
	free(f);
}

static int
copy(char **out, const char *s)
{
	return s != NULL && (*out = strdup(s)) == NULL ? -1 : 0;
}

static struct refusal *
refusal_make(const struct status *s)
{
	struct refusal *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	if (copy(&f->message, s->message) == -1 ||
	    copy(&f->name, s->name) == -1 || copy(&f->group, s->group) == -1 ||
	    copy(&f->kind, s->kind) == -1) {
		refusal_free(f);
		return NULL;
	}
	f->s.code = s->code;
	f->s.details = s->details;
	f->s.retry_after_seconds = s->retry_after_seconds;
	f->s.message = f->message;
	f->s.name = f->name;
	f->s.group = f->group;
	f->s.kind = f->kind;
	return f;
}

static void
say(struct request *r, const struct status *s)
{
	if (s->code == 0)
		answer_cut_off(r, s->message);
	else
		answer_status(r, s);
}

void
request_refuse_as(struct request *r, const struct status *s)
{
	if (r->has_body && !r->c->body_ended) {
		if ((r->refusal = refusal_make(s)) == NULL) {
			fcgi_abort(r->c);
			return;
		}
		r->owner = OWNER_DRAIN;
		fcgi_pause(r->c, 0);
		return;
	}
	say(r, s);
}

void
request_refuse(struct request *r, const char *what)
{
	struct status s = { .message = what };

	request_refuse_as(r, &s);
}

void
refuse_now(struct request *r)
{
	struct refusal *f = r->refusal;

	r->owner = OWNER_NONE;
	r->refusal = NULL;
	say(r, &f->s);
	refusal_free(f);
}

void
refuse_free(struct request *r)
{
	refusal_free(r->refusal);
	r->refusal = NULL;
}
