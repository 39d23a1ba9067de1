/*
 * The Accept header. A clause is a media type with parameters; those that
 * name a transformation (as, v, g) which nobody knows make it worth nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "media.h"

#define CLAUSES_MAX 32
#define CLAUSE_MAX 256

struct clause {
	char text[CLAUSE_MAX]; /* what the others point into */
	const char *type, *subtype;
	double q;
	const char *as, *group, *version; /* NULL if not there */
	int pretty, refused;
};

static char *
trim(char *s)
{
	size_t n;

	while (*s == ' ')
		s++;
	for (n = strlen(s); n > 0 && s[n - 1] == ' '; n--)
		s[n - 1] = '\0';
	return s;
}

static void
take_param(struct clause *c, char *param)
{
	char *name, *value = strchr(param, '=');

	if (value == NULL || value[1] == '\0' || strchr(value + 1, '=') != NULL)
		return;
	*value++ = '\0';
	name = trim(param);
	if (strcmp(name, "q") == 0) {
		c->q = strtod(value, NULL);
		return;
	}
	value = trim(value);
	if (strcmp(name, "as") == 0)
		c->as = value;
	else if (strcmp(name, "g") == 0)
		c->group = value;
	else if (strcmp(name, "v") == 0)
		c->version = value;
	else if (strcmp(name, "pretty") == 0)
		c->pretty = strcmp(value, "1") == 0;
	else if (strcmp(name, "stream") == 0)
		c->refused |= strcmp(value, "watch") != 0;
	else if (strcmp(name, "sv") == 0)
		c->refused |= strcmp(value, "v1") != 0;
}

/* 0, or -1 where goautoneg drops the clause. */
static int
take_clause(struct clause *c, const char *p, size_t n)
{
	char *param, *slash, *save = NULL;

	memset(c, 0, sizeof(*c));
	if (n >= sizeof(c->text))
		return -1;
	memcpy(c->text, p, n);
	c->q = 1;
	if ((param = strchr(c->text, ';')) != NULL)
		*param++ = '\0';
	if ((slash = strchr(c->text, '/')) != NULL)
		*slash++ = '\0';
	c->type = trim(c->text);
	if (slash == NULL || *slash == '\0') {
		if (strcmp(c->type, "*") != 0)
			return -1;
		c->subtype = "*";
	} else {
		if ((p = strchr(slash, '/')) != NULL && p[1] != '\0')
			return -1;
		slash[strcspn(slash, "/")] = '\0';
		c->subtype = trim(slash);
	}
	if (param == NULL)
		return 0;
	for (param = strtok_r(param, ";", &save); param != NULL;
	     param = strtok_r(NULL, ";", &save))
		take_param(c, param);
	return 0;
}

/* goautoneg's order, which is none in the strict sense. */
static int
is_before(const struct clause *a, const struct clause *b)
{
	return a->q > b->q ||
	    (strcmp(a->type, "*") != 0 && strcmp(b->type, "*") == 0) ||
	    (strcmp(a->subtype, "*") != 0 && strcmp(b->subtype, "*") == 0);
}

static int
is_json(const struct clause *c)
{
	if (strcmp(c->type, "*") == 0)
		return strcmp(c->subtype, "*") == 0;
	return strcmp(c->type, "application") == 0 &&
	    (strcmp(c->subtype, "json") == 0 || strcmp(c->subtype, "*") == 0);
}

/* RequestScope.AllowsMediaTypeTransform */
static int
take_shape(struct media *m, const struct clause *c)
{
	m->pretty = c->pretty;
	m->beta = 0;
	m->shape = MEDIA_OBJECT;
	if (c->as == NULL && c->group == NULL && c->version == NULL)
		return 0;
	if (c->as == NULL || c->group == NULL || c->version == NULL ||
	    strcmp(c->group, "meta.k8s.io") != 0)
		return -1;
	m->beta = strcmp(c->version, "v1beta1") == 0;
	if (!m->beta && strcmp(c->version, "v1") != 0)
		return -1;
	if (strcmp(c->as, "Table") == 0)
		m->shape = MEDIA_TABLE;
	else if (strcmp(c->as, "PartialObjectMetadata") == 0)
		m->shape = MEDIA_PARTIAL;
	else if (strcmp(c->as, "PartialObjectMetadataList") == 0)
		m->shape = MEDIA_PARTIAL_LIST;
	else
		return -1;
	return 0;
}

/* Parse and sort: the pointers of order, at most CLAUSES_MAX. */
static size_t
take_clauses(struct clause *all, struct clause **order, const char *accept)
{
	struct clause *swap;
	const char *end;
	size_t n = 0, i;

	for (; n < CLAUSES_MAX; accept = end + 1) {
		end = strchrnul(accept, ',');
		if (take_clause(&all[n], accept, (size_t)(end - accept)) == 0) {
			order[n] = &all[n];
			for (i = n++;
			     i > 0 && is_before(order[i], order[i - 1]); i--) {
				swap = order[i];
				order[i] = order[i - 1];
				order[i - 1] = swap;
			}
		}
		if (*end == '\0')
			break;
	}
	return n;
}

/* The first clause that will do. 0, or -1. */
static int
find_clause(struct media *m, const char *accept, int plain)
{
	struct clause *all, *order[CLAUSES_MAX];
	size_t n, i;
	int rc = -1;

	memset(m, 0, sizeof(*m));
	if (accept == NULL || *accept == '\0')
		return 0;
	if ((all = calloc(CLAUSES_MAX, sizeof(*all))) == NULL)
		return -1;
	n = take_clauses(all, order, accept);
	for (i = 0; i < n && rc == -1; i++) {
		if (!is_json(order[i]) || order[i]->refused)
			continue;
		if (plain && order[i]->as != NULL)
			continue;
		rc = take_shape(m, order[i]);
	}
	free(all);
	return rc;
}

int
media_negotiate(struct media *m, const char *accept)
{
	return find_clause(m, accept, 0);
}

int
media_takes_object(const char *accept)
{
	struct media m;

	return find_clause(&m, accept, 1) == 0;
}

int
media_is_known(const char *accept)
{
	static const char *const names[] = { "json", "yaml",
		"vnd.kubernetes.protobuf", "*", NULL };
	struct clause *all, *order[CLAUSES_MAX];
	size_t n, i;
	int j, known = 0;

	if (accept == NULL || (all = calloc(CLAUSES_MAX, sizeof(*all))) == NULL)
		return 0;
	n = take_clauses(all, order, accept);
	for (i = 0; i < n; i++)
		for (j = 0; names[j] != NULL; j++)
			known |= strcmp(all[i].type, "application") == 0 &&
			    strcmp(all[i].subtype, names[j]) == 0;
	free(all);
	return known;
}

/* Both NULL, or both the same. */
static int
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* kube-openapi's old names have an @ where a dot is now. */
static int
same_subtype(const char *want, const char *have)
{
	for (; *want != '\0'; want++, have++)
		if (*want != *have && !(*want == '@' && *have == '.'))
			return 0;
	return *have == '\0';
}

static int
satisfies(const struct clause *want, const struct clause *have, int any_shape)
{
	if (strcmp(want->type, "*") != 0 && strcmp(want->type, have->type) != 0)
		return 0;
	if (strcmp(want->subtype, "*") != 0 &&
	    !same_subtype(want->subtype, have->subtype))
		return 0;
	return any_shape ||
	    (same_text(want->as, have->as) &&
		same_text(want->group, have->group) &&
		same_text(want->version, have->version));
}

/* The type that one clause takes, JSON before others. */
static int
pick_one(const struct clause *want, const char *const *types, size_t n,
    int any_shape)
{
	struct clause have;
	int best = -1;
	size_t i;

	for (i = 0; i < n; i++) {
		if (take_clause(&have, types[i], strlen(types[i])) == -1 ||
		    !satisfies(want, &have, any_shape))
			continue;
		if (strcmp(have.subtype, "json") == 0)
			return (int)i;
		if (best == -1)
			best = (int)i;
	}
	return best;
}

int
media_pick(const char *accept, const char *const *types, size_t n,
    int any_shape)
{
	struct clause *all, *order[CLAUSES_MAX];
	size_t clauses, i;
	int best = -1;

	if (accept == NULL || *accept == '\0')
		accept = "*/*";
	if ((all = calloc(CLAUSES_MAX, sizeof(*all))) == NULL)
		return -1;
	clauses = take_clauses(all, order, accept);
	for (i = 0; i < clauses && best == -1; i++)
		if (any_shape || !order[i]->refused)
			best = pick_one(order[i], types, n, any_shape);
	free(all);
	return best;
}

int
media_names(const char *accept, const char *word)
{
	return accept != NULL && strstr(accept, word) != NULL;
}

const char *
media_version(const struct media *m)
{
	return m->beta ? "v1beta1" : "v1";
}
