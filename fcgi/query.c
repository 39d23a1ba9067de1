/*
 * The query string of a read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "edge.h"

/* apimachinery's Convert_Slice_string_To_bool */
static int
is_true(const char *v)
{
	return strcmp(v, "0") != 0 && strcasecmp(v, "false") != 0;
}

static int
take_number(const char *v, long *out, char *why, size_t len)
{
	const char *problem = "invalid syntax";
	char *end;

	errno = 0;
	*out = strtol(v, &end, 10);
	if (errno == ERANGE)
		problem = "value out of range";
	else if (*v != '\0' && *end == '\0' && *v != ' ' && *v != '\t')
		return 0;
	snprintf(why, len, "strconv.ParseInt: parsing \"%.64s\": %s", v,
	    problem);
	errno = EINVAL;
	return -1;
}

/* Where the value of a parameter that is a text goes; NULL: none of these. */
static const char **
text_of(struct query *q, const char *name)
{
	const struct {
		const char *name;
		const char **at;
	} texts[] = {
		{ "labelSelector", &q->labels },
		{ "fieldSelector", &q->fields },
		{ "resourceVersion", &q->rv },
		{ "resourceVersionMatch", &q->match },
		{ "continue", &q->cont },
		{ "includeObject", &q->include },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(name, texts[i].name) == 0)
			return texts[i].at;
	return NULL;
}

/* Of parameters that are given twice the first one counts. */
static int
take(struct query *q, const char *name, const char *value, char *why,
    size_t len)
{
	static const char *const others[] = { "watch", "allowWatchBookmarks",
		"sendInitialEvents", "limit", "timeoutSeconds", NULL };
	const char **text = text_of(q, name);
	unsigned i;

	if (text != NULL) {
		if (*text == NULL)
			*text = value;
		return 0;
	}
	for (i = 0; others[i] != NULL; i++)
		if (strcmp(name, others[i]) == 0)
			break;
	if (others[i] == NULL || q->taken & 1U << i)
		return 0;
	q->taken |= 1U << i;
	switch (i) {
	case 0:
		q->watch = is_true(value);
		return 0;
	case 1:
		q->bookmarks = is_true(value);
		return 0;
	case 2:
		q->initial_events = is_true(value);
		return 0;
	case 3:
		return take_number(value, &q->limit, why, len);
	default:
		return take_number(value, &q->timeout_s, why, len);
	}
}

/* Absent and empty are the same for these. */
static void
drop_empty(const char **text)
{
	if (*text != NULL && **text == '\0')
		*text = NULL;
}

/* Pairs with a bad escape or a semicolon are none (Go's URL.Query). */
static int
take_pairs(struct query *q, int one, char *why, size_t len)
{
	char *pair, *value, *save = NULL;

	for (pair = strtok_r(q->text, "&", &save); pair != NULL;
	     pair = strtok_r(NULL, "&", &save)) {
		if (strchr(pair, ';') != NULL)
			continue;
		/* a NUL is sent on by Go; nothing that we know has one */
		if (strstr(pair, "%00") != NULL) {
			snprintf(why, len, "invalid NUL in a parameter");
			errno = EINVAL;
			return -1;
		}
		if ((value = strchr(pair, '=')) != NULL)
			*value++ = '\0';
		else
			value = pair + strlen(pair);
		if (apipath_decode(pair, 1) == -1 ||
		    apipath_decode(value, 1) == -1)
			continue;
		if (one && strcmp(pair, "resourceVersion") != 0 &&
		    strcmp(pair, "includeObject") != 0)
			continue;
		if (take(q, pair, value, why, len) == -1)
			return -1;
	}
	return 0;
}

int
query_parse(struct query *q, const char *text, int one, char *why, size_t len)
{
	memset(q, 0, sizeof(*q));
	q->initial_events = -1;
	why[0] = '\0';
	if ((q->text = strdup(text)) == NULL ||
	    take_pairs(q, one, why, len) == -1)
		return -1;
	drop_empty(&q->rv);
	drop_empty(&q->match);
	drop_empty(&q->cont);
	/* SetListOptionsDefaults: a watch from now begins with what there is */
	if (q->watch && q->initial_events == -1 && q->match == NULL &&
	    (q->rv == NULL || strcmp(q->rv, "0") == 0)) {
		q->initial_events = 1;
		q->match = "NotOlderThan";
	}
	if (q->labels == NULL)
		q->labels = "";
	if (q->fields == NULL)
		q->fields = "";
	if (selector_parse_labels(&q->label_sel, q->labels, why, len) == -1)
		return -1;
	return selector_parse_fields(&q->field_sel, q->fields, why, len);
}

/* Go's strconv.ParseBool */
static int
parse_bool(const char *v)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE",
		"True", NULL };
	int i;

	for (i = 0; yes[i] != NULL; i++)
		if (strcmp(v, yes[i]) == 0)
			return 1;
	return 0;
}

int
query_is_pretty(const char *text, const char *agent)
{
	const char *p;
	char value[8];
	size_t n;

	for (p = text; *p != '\0'; p += n + (p[n] == '&')) {
		n = strcspn(p, "&");
		if (n <= 7 || strncmp(p, "pretty=", 7) != 0)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)(n - 7), p + 7);
		return parse_bool(value);
	}
	return agent != NULL &&
	    (strncmp(agent, "curl", 4) == 0 || strncmp(agent, "Wget", 4) == 0 ||
		strncmp(agent, "Mozilla/5.0", 11) == 0);
}

void
query_free(struct query *q)
{
	selector_free(&q->label_sel);
	selector_free(&q->field_sel);
	free(q->text);
	memset(q, 0, sizeof(*q));
}
