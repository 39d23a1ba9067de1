/*
 * A pass over the outbox: which entries are sent when, and how many at once.
 */
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "outbox_job.h"

#define WINDOW 256 /* so far ahead for another object */

void
outbox_pass_say(const struct outbox_pass *t, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->told(t->arg, text);
}

static void
wait_us(struct outbox_pass *t, long long us)
{
	struct timeval tv = { us / 1000000, us % 1000000 };

	evtimer_add(t->pace, &tv);
}

static void
end_pass(struct outbox_pass *t)
{
	t->running = 0;
	outbox_list_free(&t->list);
	outbox_owner_forget(t);
	malloc_trim(0);
	/* what is done does not come back, to undo what others do by now */
	if (t->done > 0 && fsync(t->dirs->newfd) == -1)
		outbox_pass_say(t, "outbox/new: %s", strerror(errno));
	t->ended(t->arg);
}

/* Whether it has to wait: of one object all are in order, and so are events. */
static int
must_wait(const struct outbox_pass *t, const struct outbox_slot *s)
{
	const struct outbox_slot *other;
	size_t i;

	for (i = 0; i < OUTBOX_PARALLEL; i++) {
		if (t->jobs[i] == NULL)
			continue;
		other = &t->jobs[i]->taken.slot;
		if (other->object == s->object ||
		    (other->kind == OUTBOX_EVENT && s->kind == OUTBOX_EVENT))
			return 1;
	}
	return 0;
}

/* The next event, or the next other entry, that may be sent; or t->list.n. */
static size_t
choose_of(struct outbox_pass *t, int events)
{
	const struct outbox_slot *s = t->list.slots;
	size_t i, *first = &t->first[events], n = t->list.n;

	while (*first < n &&
	    (s[*first].mark == OUTBOX_OVER ||
		(s[*first].kind == OUTBOX_EVENT) != events))
		(*first)++;
	for (i = *first; i < n && i < *first + WINDOW; i++)
		if (s[i].mark == OUTBOX_WAITS &&
		    (s[i].kind == OUTBOX_EVENT) == events &&
		    !must_wait(t, &s[i]))
			return i;
	return n;
}

/* Events last: feeds are held back for what the others tell. */
static size_t
choose(struct outbox_pass *t)
{
	size_t i = choose_of(t, 0);

	return i < t->list.n || t->urgent ? i : choose_of(t, 1);
}

/* Send what may be sent now; at the end of all, end the pass. */
void
outbox_pass_pump(struct outbox_pass *t)
{
	size_t i;
	long long now;

	while (t->running && !t->trouble && t->njobs < OUTBOX_PARALLEL) {
		if ((i = choose(t)) == t->list.n)
			break;
		now = monotonic_us();
		if (now < t->next_us) {
			wait_us(t, t->next_us - now);
			return;
		}
		if (t->next_us < now - 1000000)
			t->next_us = now;
		t->next_us += 1000000 / t->rate;
		outbox_job_start(t, i);
	}
	if (!t->running || t->njobs > 0)
		return;
	for (i = 0; i < t->list.n && (t->trouble || !t->urgent); i++)
		t->left += t->list.slots[i].mark == OUTBOX_WAITS ||
		    t->list.slots[i].mark == OUTBOX_HELD;
	end_pass(t);
}

static void
on_pace(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	outbox_pass_pump(arg);
}

static void
on_other(void *arg, const char *name, int replaced)
{
	struct outbox_pass *t = arg;

	if (replaced) {
		/* it must not outlive the one that replaces it */
		if (outbox_remove_replaced(t->dirs->newfd, name) != 0)
			t->again = t->busy = 1;
		return;
	}
	outbox_pass_say(t, "outbox/new/%s: failed: no entry of the outbox",
	    name);
	if (outbox_set_aside(t->dirs, name, "no entry of the outbox") == -1)
		outbox_pass_say(t, "outbox/new/%s: %s", name, strerror(errno));
	t->failed++;
}

int
outbox_pass_begin(struct outbox_pass *t)
{
	t->next_us = monotonic_us();
	t->first[0] = t->first[1] = 0;
	t->done = t->failed = t->left = 0;
	t->trouble = t->errors = t->again = t->urgent = t->busy = 0;
	t->retry_after_ms = 0;
	t->why[0] = '\0';
	if (outbox_list(&t->list, t->dirs->newfd, on_other, t) == -1)
		return -1;
	if (t->busy)
		t->list.n = 0; /* soon again */
	t->running = 1;
	outbox_pass_pump(t);
	return 0;
}

void
outbox_pass_heard(struct outbox_pass *t, const char *name)
{
	struct outbox_slot s;
	char known[OUTBOX_NAME_LEN];
	size_t i;

	t->again = 1;
	if (!t->running || outbox_name_parse(&s, name) == -1 ||
	    s.kind == OUTBOX_EVENT)
		return;
	for (i = 0; i < t->list.n; i++) {
		if (t->list.slots[i].object != s.object)
			continue;
		outbox_name(&t->list.slots[i], known);
		if (strcmp(known, name) == 0)
			return; /* written anew by this pass */
	}
	t->urgent = 1;
}

int
outbox_pass_init(struct outbox_pass *t)
{
	if (curlev_init(&t->curl, t->base, outbox_job_answer) == -1)
		return -1;
	if ((t->pace = evtimer_new(t->base, on_pace, t)) != NULL)
		return 0;
	curlev_free(&t->curl);
	errno = ENOMEM;
	return -1;
}

void
outbox_pass_free(struct outbox_pass *t)
{
	size_t i;

	t->running = 0;
	for (i = 0; i < OUTBOX_PARALLEL; i++)
		if (t->jobs[i] != NULL) {
			if (t->jobs[i]->easy != NULL)
				curlev_remove(&t->curl, t->jobs[i]->easy);
			outbox_job_end(t->jobs[i]);
		}
	outbox_list_free(&t->list);
	outbox_owner_forget(t);
	outbox_uids_free(&t->uids);
	if (t->pace != NULL)
		event_free(t->pace);
	t->pace = NULL;
	curlev_free(&t->curl);
}
