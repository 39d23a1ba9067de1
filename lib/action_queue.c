/*
 * The queue of ote-apply. A node is known as long as an action of its waits or
 * is out; it stands in a line while the first of its actions may go.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "action_queue.h"

#define LOOK_BACK 32

TAILQ_HEAD(actions, action);

struct action_node {
	const char *name; /* first: what the tree compares */
	struct actions actions;
	struct action *renew; /* of these, or NULL */
	struct action *out;
	int line; /* 1: urgent; -1: in none */
	TAILQ_ENTRY(action_node) next;
	char text[];
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
action_queue_init(struct action_queue *q, size_t max, size_t max_bytes)
{
	memset(q, 0, sizeof(*q));
	q->max = max;
	q->max_bytes = max_bytes;
	TAILQ_INIT(&q->lines[0]);
	TAILQ_INIT(&q->lines[1]);
}

int
action_queue_is_full(const struct action_queue *q)
{
	return q->n >= q->max || q->bytes >= q->max_bytes;
}

/* --- nodes --- */

static struct action_node *
node_new(const char *name)
{
	size_t n = strlen(name) + 1;
	struct action_node *node = malloc(sizeof(*node) + n);

	if (node == NULL)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->name = memcpy(node->text, name, n);
	node->line = -1;
	TAILQ_INIT(&node->actions);
	return node;
}

/* The node of that name; "" is each time another one. NULL with errno. */
static struct action_node *
node_get(struct action_queue *q, const char *name)
{
	struct action_node *node;
	void *found;

	if (*name != '\0' && (found = tfind(&name, &q->tree, compare)) != NULL)
		return *(struct action_node **)found;
	if ((node = node_new(name)) == NULL)
		return NULL;
	if (*name != '\0' && tsearch(node, &q->tree, compare) == NULL) {
		free(node);
		errno = ENOMEM;
		return NULL;
	}
	q->nodes++;
	return node;
}

static void
leave_line(struct action_queue *q, struct action_node *node)
{
	if (node->line != -1)
		TAILQ_REMOVE(&q->lines[node->line], node, next);
	node->line = -1;
}

/* Put it where it belongs now; forget it if there is nothing of it. */
static void
node_settle(struct action_queue *q, struct action_node *node)
{
	int line = node->renew != NULL;

	if (node->out != NULL || TAILQ_EMPTY(&node->actions)) {
		leave_line(q, node);
		if (node->out != NULL)
			return;
		if (*node->name != '\0')
			tdelete(node, &q->tree, compare);
		q->nodes--;
		free(node);
		return;
	}
	if (node->line == line)
		return;
	leave_line(q, node);
	node->line = line;
	TAILQ_INSERT_TAIL(&q->lines[line], node, next);
}

static void
node_take(struct action_queue *q, struct action_node *node, struct action *a)
{
	TAILQ_REMOVE(&node->actions, a, next);
	if (node->renew == a)
		node->renew = NULL;
	q->n--;
	q->bytes -= a->size;
}

/* --- actions --- */

/* What a makes void among those of the node that wait, or NULL. */
static struct action *
find_older(const struct action_node *node, const struct action *a)
{
	struct action *old = TAILQ_LAST(&node->actions, actions);
	int n;

	if (a->is_renew || *a->node == '\0' || *a->why == '\0' ||
	    strcmp(a->method, "POST") == 0)
		return a->is_renew ? node->renew : NULL;
	for (n = 0; old != NULL && n < LOOK_BACK; n++) {
		if (strcmp(old->why, a->why) == 0 &&
		    strcmp(old->path, a->path) == 0 &&
		    strcmp(old->method, a->method) == 0)
			return old;
		old = TAILQ_PREV(old, actions, next);
	}
	return NULL;
}

int
action_queue_add(struct action_queue *q, struct action *a,
    struct action **replaced)
{
	struct action_node *node = node_get(q, a->node);

	*replaced = NULL;
	if (node == NULL)
		return -1;
	if ((*replaced = find_older(node, a)) != NULL)
		node_take(q, node, *replaced);
	a->owner = node;
	if (a->is_renew) {
		node->renew = a;
		TAILQ_INSERT_HEAD(&node->actions, a, next);
	} else
		TAILQ_INSERT_TAIL(&node->actions, a, next);
	q->n++;
	q->bytes += a->size;
	node_settle(q, node);
	return 0;
}

int
action_queue_may_go(const struct action_queue *q)
{
	return !TAILQ_EMPTY(&q->lines[0]) || !TAILQ_EMPTY(&q->lines[1]);
}

struct action *
action_queue_next(struct action_queue *q)
{
	struct action_node *node = TAILQ_FIRST(&q->lines[1]);
	struct action *a;

	if (node == NULL && (node = TAILQ_FIRST(&q->lines[0])) == NULL)
		return NULL;
	a = TAILQ_FIRST(&node->actions);
	node_take(q, node, a);
	node->out = a;
	leave_line(q, node);
	return a;
}

struct action *
action_queue_newer(struct action_queue *q, struct action *a)
{
	struct action_node *node = a->owner;
	struct action *newer = node->renew;

	if (!a->is_renew || newer == NULL)
		return NULL;
	node_take(q, node, newer);
	node->out = newer;
	return newer;
}

void
action_queue_done(struct action_queue *q, struct action *a)
{
	struct action_node *node = a->owner;

	if (node->out == a)
		node->out = NULL;
	if (node->out == NULL)
		node_settle(q, node);
	action_free(a);
}

static void
line_free(struct action_queue *q, int line)
{
	struct action_node *node;
	struct action *a;

	while ((node = TAILQ_FIRST(&q->lines[line])) != NULL) {
		while ((a = TAILQ_FIRST(&node->actions)) != NULL) {
			node_take(q, node, a);
			action_free(a);
		}
		node_settle(q, node);
	}
}

void
action_queue_free(struct action_queue *q)
{
	if (q->lines[0].tqh_last == NULL)
		return;
	line_free(q, 0);
	line_free(q, 1);
}
