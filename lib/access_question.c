/* Questions to an authorizer, as texts in a row and as JSON. */
#include <errno.h>
#include <string.h>

#include "access_question.h"

const char *const access_question_names[ACCESS_TEXTS] = { "verb", "group",
	"version", "resource", "subresource", "namespace", "name",
	"fieldSelector", "labelSelector", "path" };

static const char *
text(const char *s)
{
	return s == NULL ? "" : s;
}

void
access_question_texts(const struct access_question *q,
    const char *texts[ACCESS_TEXTS])
{
	texts[0] = text(q->verb);
	texts[1] = text(q->group);
	texts[2] = text(q->version);
	texts[3] = text(q->resource);
	texts[4] = text(q->subresource);
	texts[5] = text(q->ns);
	texts[6] = text(q->name);
	texts[7] = text(q->fields);
	texts[8] = text(q->labels);
	texts[9] = text(q->path);
}

void
access_question_set(struct access_question *q,
    const char *const texts[ACCESS_TEXTS])
{
	q->verb = texts[0];
	q->group = texts[1];
	q->version = texts[2];
	q->resource = texts[3];
	q->subresource = texts[4];
	q->ns = texts[5];
	q->name = texts[6];
	q->fields = texts[7];
	q->labels = texts[8];
	q->path = texts[9];
}

int
access_question_put(json_t *o, const struct access_question *q)
{
	const char *t[ACCESS_TEXTS];
	json_t *v;
	int i;

	access_question_texts(q, t);
	for (i = 0; i < ACCESS_TEXTS; i++) {
		if (*t[i] == '\0')
			continue;
		errno = EILSEQ;
		if ((v = json_string(t[i])) == NULL)
			return -1;
		errno = ENOMEM;
		if (json_object_set_new(o, access_question_names[i], v) == -1)
			return -1;
	}
	return 0;
}

int
access_question_load(struct access_question *q, const json_t *o)
{
	const char *t[ACCESS_TEXTS];
	const json_t *v;
	int i, n = 0;

	errno = EBADMSG;
	if (!json_is_object(o))
		return -1;
	for (i = 0; i < ACCESS_TEXTS; i++) {
		t[i] = "";
		v = json_object_get(o, access_question_names[i]);
		if (v == NULL)
			continue;
		if ((t[i] = json_string_value(v)) == NULL)
			return -1;
		n++;
	}
	access_question_set(q, t);
	return n;
}
