/*
 * Paths are parsed here; lib/jsonpath_eval.c follows them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jsonpath_node.h"

#define DEPTH_MAX 16
#define NODES_MAX 1024

struct parser {
	const char *p, *end; /* a closing brace is at the end */
	int depth;
	int *left; /* nodes that may still be made */
};

static int parse_action(struct parser *s, struct jsonpath_list *list);

static int
bad(void)
{
	errno = EINVAL;
	return -1;
}

static struct jsonpath_node *
add_node(struct parser *s, struct jsonpath_list *list, enum jsonpath_kind kind)
{
	struct jsonpath_node *more;

	if (--*s->left < 0) {
		errno = EINVAL;
		return NULL;
	}
	more = realloc(list->nodes, (list->n + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	list->nodes = more;
	more += list->n++;
	memset(more, 0, sizeof(*more));
	more->kind = kind;
	return more;
}

void
jsonpath_list_free(struct jsonpath_list *list)
{
	size_t i, k;

	for (i = 0; i < list->n; i++) {
		json_decref(list->nodes[i].value);
		for (k = 0; k < list->nodes[i].nlists; k++)
			jsonpath_list_free(&list->nodes[i].lists[k]);
		free(list->nodes[i].lists);
	}
	free(list->nodes);
	memset(list, 0, sizeof(*list));
}

static int
is_terminator(char c)
{
	return c != '\0' && strchr(" \t\r\n.,[]$@{}", c) != NULL;
}

static int
is_word(char c)
{
	return c == '_' || isalnum((unsigned char)c) || (unsigned char)c > 127;
}

/* A text as a path of its own, into a new list of node. */
static int
parse_part(struct parser *s, struct jsonpath_node *node, const char *p,
    const char *end)
{
	struct parser part = { p, end, s->depth + 1, s->left };
	struct jsonpath_list *more;

	if (part.depth > DEPTH_MAX)
		return bad();
	more = realloc(node->lists, (node->nlists + 1) * sizeof(*more));
	if (more == NULL)
		return -1;
	node->lists = more;
	memset(&more[node->nlists], 0, sizeof(*more));
	return parse_action(&part, &more[node->nlists++]);
}

/* Up to a terminator; * is a wildcard. Backslashes go. */
static int
parse_field(struct parser *s, struct jsonpath_list *list)
{
	char name[JSONPATH_MAX + 1];
	struct jsonpath_node *node;
	const char *from = s->p;
	size_t n = 0;

	for (; s->p < s->end && !is_terminator(*s->p); s->p++) {
		if (*s->p == '\\' && ++s->p == s->end)
			return bad();
		if (*s->p != '\\')
			name[n++] = *s->p;
	}
	if (s->p - from == 1 && *from == '*')
		return add_node(s, list, JSONPATH_WILDCARD) == NULL ? -1 : 0;
	if ((node = add_node(s, list, JSONPATH_FIELD)) == NULL)
		return -1;
	node->value = json_stringn(name, n);
	return node->value == NULL ? bad() : 0;
}

static int
parse_recursive(struct parser *s, struct jsonpath_list *list)
{
	if (list->n > 0 && list->nodes[list->n - 1].kind == JSONPATH_RECURSIVE)
		return bad();
	s->p += 2;
	if (add_node(s, list, JSONPATH_RECURSIVE) == NULL)
		return -1;
	return s->p < s->end && is_word(*s->p) ? parse_field(s, list) : 0;
}

static int
parse_number(struct parser *s, struct jsonpath_list *list)
{
	char text[64], *stop;
	struct jsonpath_node *node;
	size_t n = 0;
	long long i;

	for (; s->p < s->end && n + 1 < sizeof(text) &&
	     (isdigit((unsigned char)*s->p) || *s->p == '.' ||
		 (n == 0 && (*s->p == '+' || *s->p == '-')));
	     s->p++)
		text[n++] = *s->p;
	text[n] = '\0';
	if ((node = add_node(s, list, JSONPATH_VALUE)) == NULL)
		return -1;
	errno = 0;
	i = strtoll(text, &stop, 10);
	if (errno == 0 && stop != text && *stop == '\0')
		node->value = json_integer(i);
	else {
		node->value = json_real(strtod(text, &stop));
		if (stop == text || *stop != '\0')
			return bad();
	}
	return node->value == NULL ? -1 : 0;
}

/* true, false, and words that mean nothing in a column. */
static int
parse_word(struct parser *s, struct jsonpath_list *list)
{
	const char *from = s->p;
	struct jsonpath_node *node;
	size_t n;

	while (s->p < s->end && !is_terminator(*s->p))
		s->p++;
	n = (size_t)(s->p - from);
	if ((node = add_node(s, list, JSONPATH_WORD)) == NULL)
		return -1;
	if (n == 4 && memcmp(from, "true", 4) == 0)
		node->value = json_true();
	else if (n == 5 && memcmp(from, "false", 5) == 0)
		node->value = json_false();
	if (node->value != NULL)
		node->kind = JSONPATH_VALUE;
	return 0;
}

/* What stands for a backslash and c in these quotes; 0 is an error. */
static char
unescape(char c, char quote)
{
	static const char from[] = "abfnrtv\\", to[] = "\a\b\f\n\r\t\v\\";
	const char *at = strchr(from, c);

	if (c == quote)
		return c;
	return at == NULL || c == '\0' ? '\0' : to[at - from];
}

static int
parse_quote(struct parser *s, struct jsonpath_list *list)
{
	char text[JSONPATH_MAX + 1], quote = *s->p++, c;
	const char *from = s->p;
	struct jsonpath_node *node;
	size_t n = 0;

	for (; s->p < s->end && *s->p != '\n'; s->p++)
		if (*s->p == quote && s->p[-1] != '\\')
			break;
	if (s->p == s->end || *s->p == '\n')
		return bad();
	for (; from < s->p; from++) {
		c = *from;
		if (c == '\\' &&
		    (c = unescape(++from < s->p ? *from : '\0', quote)) == '\0')
			return bad();
		text[n++] = c;
	}
	s->p++;
	if ((node = add_node(s, list, JSONPATH_VALUE)) == NULL)
		return -1;
	node->value = json_stringn(text, n);
	return node->value == NULL ? bad() : 0;
}

/* --- brackets --- */

static int
slice_number(const char **p, const char *end, struct jsonpath_bound *b)
{
	char *stop;

	if (*p == end || **p == ':')
		return 0;
	errno = 0;
	b->at = strtoll(*p, &stop, 10);
	if (errno != 0 || stop == *p || stop > end ||
	    isspace((unsigned char)**p) || **p == '+')
		return bad();
	*p = stop;
	b->known = 1;
	return 0;
}

/* a, a:b, a:b:c, each of them but the first may be missing. */
static int
parse_slice(struct parser *s, struct jsonpath_list *list, const char *p,
    const char *end)
{
	struct jsonpath_node *node = add_node(s, list, JSONPATH_SLICE);
	int i;

	if (node == NULL || slice_number(&p, end, &node->bounds[0]) == -1)
		return -1;
	if (p == end) {
		node->bounds[1].at = node->bounds[0].at + 1;
		node->bounds[1].known = node->derived = 1;
	}
	for (i = 1; p < end && i < 3; i++) {
		if (*p++ != ':' ||
		    slice_number(&p, end, &node->bounds[i]) == -1)
			return bad();
	}
	return p == end ? 0 : bad();
}

static int
parse_union(struct parser *s, struct jsonpath_list *list, const char *p,
    const char *end)
{
	struct jsonpath_node *node = add_node(s, list, JSONPATH_UNION);
	char text[JSONPATH_MAX + 1];
	const char *comma, *from, *to;
	size_t n;

	if (node == NULL)
		return -1;
	for (;; p = comma + 1) {
		comma = memchr(p, ',', (size_t)(end - p));
		from = p;
		to = comma == NULL ? end : comma;
		while (from < to && *from == ' ')
			from++;
		while (from < to && to[-1] == ' ')
			to--;
		n = (size_t)(to - from);
		if (n + 2 > JSONPATH_MAX)
			return bad();
		text[0] = '[';
		memcpy(text + 1, from, n);
		text[n + 1] = ']';
		if (parse_part(s, node, text, text + n + 2) == -1)
			return -1;
		if (comma == NULL)
			return 0;
	}
}

/* ['key'] is .key, dots in it and all. */
static int
parse_key(struct parser *s, struct jsonpath_list *list, const char *p,
    const char *end)
{
	char text[JSONPATH_MAX + 1];
	struct parser part = { text, text, s->depth + 1, s->left };
	size_t n = (size_t)(end - p);

	text[0] = '.';
	memcpy(text + 1, p, n);
	part.end = text + n + 1;
	return part.depth > DEPTH_MAX ? bad() : parse_action(&part, list);
}

static int
parse_array(struct parser *s, struct jsonpath_list *list)
{
	const char *from = ++s->p, *to;

	while (s->p < s->end && *s->p != ']' && *s->p != '\n')
		s->p++;
	if (s->p == s->end || *s->p == '\n')
		return bad();
	to = s->p++;
	if (to - from == 1 && *from == '*')
		return parse_slice(s, list, ":", strchr(":", '\0'));
	if (memchr(from, ',', (size_t)(to - from)) != NULL)
		return parse_union(s, list, from, to);
	if (to - from >= 2 && *from == '\'' && to[-1] == '\'' &&
	    memchr(from + 1, '\'', (size_t)(to - from - 2)) == NULL)
		return parse_key(s, list, from + 1, to - 1);
	return parse_slice(s, list, from, to);
}

static enum jsonpath_op
operator_of(const char *p, size_t n)
{
	static const char *const ops[] = { "<", ">", "==", "!=", "<=", ">=" };
	int i;

	for (i = 0; i < 6; i++)
		if (strlen(ops[i]) == n && memcmp(p, ops[i], n) == 0)
			return JSONPATH_LESS + (enum jsonpath_op)i;
	return JSONPATH_UNKNOWN;
}

/* Left, operator, right; or left alone. */
static int
parse_condition(struct parser *s, struct jsonpath_list *list, const char *p,
    const char *end)
{
	struct jsonpath_node *node = add_node(s, list, JSONPATH_FILTER);
	const char *op = p, *right;

	if (node == NULL)
		return -1;
	while (op < end && strchr("!<>=", *op) == NULL)
		op++;
	for (right = op; right < end && strchr("!<>=", *right) != NULL;)
		right++;
	/* The operator leaves a byte to the right side. */
	if (right == end && right - op > 1)
		right--;
	if (op == p || op == end || right == end) {
		node->op = JSONPATH_EXISTS;
		return parse_part(s, node, p, end);
	}
	node->op = operator_of(op, (size_t)(right - op));
	if (parse_part(s, node, p, op) == -1)
		return -1;
	return parse_part(s, node, right, end);
}

static int
parse_filter(struct parser *s, struct jsonpath_list *list)
{
	const char *from = s->p += 3;
	int begin = 0, end = 0;
	char pair = '\0';

	for (; s->p < s->end && *s->p != '\n'; s->p++) {
		if ((*s->p == '"' || *s->p == '\'') && !begin) {
			begin = 1;
			pair = *s->p;
		} else if (begin && *s->p == pair && s->p[-1] != '\\')
			end = 1;
		else if (*s->p == ')' && begin == end)
			break;
	}
	if (s->p >= s->end || *s->p != ')' || s->p + 1 >= s->end ||
	    s->p[1] != ']')
		return bad();
	s->p += 2;
	return parse_condition(s, list, from, s->p - 2);
}

/* --- actions --- */

static int
parse_next(struct parser *s, struct jsonpath_list *list)
{
	size_t n = (size_t)(s->end - s->p);
	char c = *s->p;

	if (n >= 3 && memcmp(s->p, "[?(", 3) == 0)
		return parse_filter(s, list);
	if (n >= 2 && memcmp(s->p, "..", 2) == 0)
		return parse_recursive(s, list);
	if (c == ' ' || c == '@' || c == '$') {
		s->p++;
		return 0;
	}
	if (c == '[')
		return parse_array(s, list);
	if (c == '"' || c == '\'')
		return parse_quote(s, list);
	if (c == '.') {
		s->p++;
		return parse_field(s, list);
	}
	if (c == '+' || c == '-' || isdigit((unsigned char)c))
		return parse_number(s, list);
	return is_word(c) ? parse_word(s, list) : bad();
}

/* Up to a closing brace, or the one at the end. */
static int
parse_action(struct parser *s, struct jsonpath_list *list)
{
	while (s->p < s->end && *s->p != '}')
		if (parse_next(s, list) == -1)
			return -1;
	return 0;
}

struct jsonpath *
jsonpath_parse(const char *path)
{
	size_t n = strnlen(path, JSONPATH_MAX + 1);
	int left = NODES_MAX, saved;
	struct parser s = { path, path + n, 0, &left };
	struct jsonpath *p;

	if (n > JSONPATH_MAX) {
		errno = EINVAL;
		return NULL;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	for (;;) {
		if (p->n == JSONPATH_ACTIONS)
			errno = EINVAL;
		if (p->n == JSONPATH_ACTIONS ||
		    parse_action(&s, &p->actions[p->n++]) == -1)
			break;
		/* Text between actions finds nothing; the first one counts. */
		while (s.p < s.end && *s.p != '{')
			s.p++;
		if (s.p++ >= s.end)
			return p;
	}
	saved = errno;
	jsonpath_free(p);
	errno = saved;
	return NULL;
}

void
jsonpath_free(struct jsonpath *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++)
		jsonpath_list_free(&p->actions[i]);
	free(p);
}
