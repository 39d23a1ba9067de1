/*
 * Any bytes as a Node, a Lease, an EdgeNode, a duration and a state file: what
 * is decided has a name, and what an EdgeNode says fits its definition.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "edgenode_memory.h"
#include "edgenode_peers.h"
#include "edgenode_pods.h"
#include "edgenode_say.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_time(const char *p, size_t n)
{
	char text[CLOCK_TEXT_LEN];
	long long us;

	if (edgenode_duration(p, n, &us) == 0 && us < 0)
		abort();
	us = 0;
	memcpy(&us, p, n < sizeof(us) ? n : sizeof(us));
	if (clock_micro(us, text) == 0 && strlen(text) != 27)
		abort();
	if (clock_second(us, text) == 0 && strlen(text) != 20)
		abort();
}

static void
check_decision(struct edgenode *n)
{
	struct edgenode_clock now = { 1000 * EDGENODE_SECOND,
		1764230400 * EDGENODE_SECOND, NULL };
	const struct edgenode_options o = { .name = "c",
		.takeover_us = 20 * EDGENODE_SECOND,
		.renew_us = 15 * EDGENODE_SECOND,
		.retry_us = 5 * EDGENODE_SECOND,
		.show = 1,
		.proved = now.at + 25 * EDGENODE_SECOND };
	struct edgenode_says s;
	int i;

	edgenode_see_lease(n, &now);
	edgenode_see_report(n, &o, &now);
	for (i = 0; i < 3; i++, now.at += 20 * EDGENODE_SECOND) {
		edgenode_decide(n, &o, &now);
		edgenode_say(&s, n);
		if (n->state == EDGENODE_NEW || n->due <= now.at ||
		    edgenode_said(&s) == 0 ||
		    edgenode_state_name(n->state) == NULL)
			abort();
	}
}

/* Each word is of somebody. */
static void
check_words(struct edgenode *n)
{
	const char *w;
	int count = 0;

	for (w = n->words; w != NULL && *w != '\0'; w += strlen(w) + 1, count++)
		if ((*w != '+' && *w != '-') || w[1] == '\0')
			abort();
	if (count > EDGENODE_PEERS_MAX)
		abort();
}

static void
check_memory(char *text)
{
	const struct edgenode_clock now = { 1000, 5000, "b" };
	struct edgenode_memory_age age = { 0, 0 };
	struct edgenode n = { 0 }, *rows[] = { &n };
	struct edgenode_table t = { .rows = rows, .n = 1 };
	char name[] = "a";

	char *rest = strchr(text, '\n');

	n.name = name;
	if (rest != NULL)
		*rest++ = '\0';
	if (edgenode_memory_head(&age, &now, text) == 0)
		edgenode_memory_line(&t, &age, &now,
		    rest != NULL ? rest : text);
	if (n.seen.at > now.at || n.seen.us > now.us)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct span object = { text, text == NULL ? 0 : strlen(text) };
	struct edgenode n = { 0 };
	char name[] = "a";

	if (text == NULL)
		return 0;
	n.name = name;
	n.node.selected = 1;
	edgenode_read_node(&n.node, object);
	edgenode_read_lease(&n.lease, object, "a", "c");
	edgenode_read_shown(&n.shown, object, "c");
	(void)edgenode_peers_read(&n, object);
	check_words(&n);
	(void)edgenode_pods_marked(object);
	check_decision(&n);
	check_time(text, object.n);
	check_memory(text);
	free(n.words);
	free(text);
	return 0;
}
