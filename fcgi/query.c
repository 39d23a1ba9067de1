/*
 * The query string and the Accept header of a read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "edge.h"

static int
is_true(const char *v)
{
	/* as Go's strconv.ParseBool; anything odd counts as true upstream */
	return strcmp(v, "0") != 0 && strcmp(v, "f") != 0 &&
	    strcmp(v, "F") != 0 && strcasecmp(v, "false") != 0;
}

static int
number(const char *v, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(v, &end, 10);
	if (*v == '\0' || *end != '\0' || errno != 0) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static int
take(struct query *q, const char *name, const char *value, char *why,
    size_t len)
{
	long n = 0;

	if (strcmp(name, "watch") == 0)
		q->watch = is_true(value);
	else if (strcmp(name, "labelSelector") == 0)
		q->labels = value;
	else if (strcmp(name, "fieldSelector") == 0)
		q->fields = value;
	else if (strcmp(name, "resourceVersion") == 0 && *value != '\0')
		q->rv = value;
	else if (strcmp(name, "resourceVersionMatch") == 0 && *value != '\0')
		q->match = value;
	else if (strcmp(name, "continue") == 0 && *value != '\0')
		q->cont = value;
	else if (strcmp(name, "allowWatchBookmarks") == 0)
		q->bookmarks = is_true(value);
	else if (strcmp(name, "sendInitialEvents") == 0)
		q->initial_events = is_true(value);
	else if (strcmp(name, "pretty") == 0)
		q->pretty = is_true(value);
	else if (strcmp(name, "limit") == 0 ||
	    strcmp(name, "timeoutSeconds") == 0) {
		if (number(value, &n) == -1) {
			snprintf(why, len,
			    "strconv.ParseInt: parsing \"%.64s\": invalid "
			    "syntax",
			    value);
			return -1;
		}
		if (*name == 'l')
			q->limit = n;
		else
			q->timeout_s = n;
	}
	return 0;
}

static int
check_rv(struct query *q, char *why, size_t len)
{
	if (q->rv != NULL && meta_parse_rv(q->rv, &q->rv_number) == -1) {
		snprintf(why, len,
		    "Invalid value: \"%.64s\": strconv.ParseUint: "
		    "parsing \"%.64s\": invalid syntax",
		    q->rv, q->rv);
		errno = EINVAL;
		return -1;
	}
	return 0;
}

int
query_parse(struct query *q, const char *text, char *why, size_t len)
{
	char *pair, *value, *save = NULL;

	memset(q, 0, sizeof(*q));
	q->labels = q->fields = "";
	q->initial_events = -1;
	why[0] = '\0';
	if ((q->text = strdup(text)) == NULL)
		return -1;
	for (pair = strtok_r(q->text, "&", &save); pair != NULL;
	     pair = strtok_r(NULL, "&", &save)) {
		if ((value = strchr(pair, '=')) != NULL)
			*value++ = '\0';
		else
			value = pair + strlen(pair);
		if (apipath_decode(pair, 1) == -1 ||
		    apipath_decode(value, 1) == -1) {
			snprintf(why, len, "invalid URL escape");
			errno = EINVAL;
			return -1;
		}
		if (take(q, pair, value, why, len) == -1)
			return -1;
	}
	if (selector_parse_labels(&q->label_sel, q->labels, why, len) == -1 ||
	    selector_parse_fields(&q->field_sel, q->fields, why, len) == -1)
		return -1;
	return check_rv(q, why, len);
}

void
query_free(struct query *q)
{
	selector_free(&q->label_sel);
	selector_free(&q->field_sel);
	free(q->text);
	memset(q, 0, sizeof(*q));
}

/* 1 if one clause of Accept is plain JSON; 2 if it asks for another shape. */
static int
clause(const char *p, size_t n)
{
	char text[256], *params;
	size_t i;

	while (n > 0 && *p == ' ')
		p++, n--;
	if (n >= sizeof(text))
		return 0;
	memcpy(text, p, n);
	text[n] = '\0';
	if ((params = strchr(text, ';')) != NULL)
		*params++ = '\0';
	i = strlen(text);
	while (i > 0 && text[i - 1] == ' ')
		text[--i] = '\0';
	if (params != NULL && strstr(params, "as=") != NULL)
		return 2;
	return strcasecmp(text, "application/json") == 0 ||
	    strcmp(text, "*/*") == 0 || strcmp(text, "application/*") == 0;
}

int
query_accepts_json(const char *accept, int *transformed)
{
	const char *end;
	int is;

	*transformed = 0;
	if (accept == NULL || *accept == '\0')
		return 1;
	for (;; accept = end + 1) {
		end = strchrnul(accept, ',');
		is = clause(accept, (size_t)(end - accept));
		if (is == 1)
			return 1;
		if (is == 2)
			*transformed = 1;
		if (*end == '\0')
			return 0;
	}
}
