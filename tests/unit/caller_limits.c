/* Counts by caller: who is refused, who never is, and what is left of it. */
#include <errno.h>
#include <stdlib.h>

#include "caller_limits.h"
#include "tap.h"

#define NODE "system:node:n"
#define CONNECTIONS 4096

static struct limits l;

/* As many as name can have, n at most. */
static unsigned
take(enum limits_kind kind, const char *name, struct limits_caller **c,
    unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if ((c[i] = limits_begin(&l, kind, name)) == NULL)
			break;
	return i;
}

static void
give(enum limits_kind kind, struct limits_caller **c, unsigned n)
{
	while (n-- > 0)
		limits_end(&l, kind, c[n]);
}

static void
test_one(void)
{
	static struct limits_caller *a[CONNECTIONS], *b[CONNECTIONS];
	struct limits_caller *w;
	unsigned n;

	limits_init(&l, CONNECTIONS, 1024);
	n = take(LIMITS_REQUESTS, "a", a, CONNECTIONS);
	is_int(n, 768, "one has three quarters of a quarter");
	is_int(errno, EAGAIN, "EAGAIN");
	is_int(take(LIMITS_REQUESTS, "b", b, 3), 3, "another one has room");
	w = limits_begin(&l, LIMITS_WATCHES, "a");
	ok(w != NULL, "a watch is not a request");
	limits_end(&l, LIMITS_WATCHES, w);
	limits_end(&l, LIMITS_REQUESTS, a[--n]);
	is_int(take(LIMITS_REQUESTS, "a", a + n, 9), 1, "one back, one more");
	give(LIMITS_REQUESTS, a, n + 1);
	give(LIMITS_REQUESTS, b, 3);
	is_int((long long)l.ncallers, 0, "nothing is left of them");
	is_int((long long)l.refused, 2, "two were refused");
	limits_free(&l);
}

/* The kubelet finds room, whoever came before. */
static void
test_first(void)
{
	static struct limits_caller *c[8][CONNECTIONS], *k[CONNECTIONS];
	unsigned n[8], i, sum = 0, reserved = CONNECTIONS;
	char name[16];

	limits_init(&l, CONNECTIONS, 1024);
	is_int(limits_first(&l, NODE), 0, "the kubelet comes first");
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "user-%u", i);
		n[i] = take(i < 6 ? LIMITS_WATCHES : LIMITS_REQUESTS, name,
		    c[i], CONNECTIONS);
		sum += n[i];
	}
	is_int(sum, 2048 + 1024, "what all others have");
	is_int(take(LIMITS_WATCHES, "late", k, 1), 0, "a late one has none");
	is_int(take(LIMITS_WATCHES, NODE, k, CONNECTIONS), CONNECTIONS,
	    "the kubelet has whatever it wants");
	give(LIMITS_WATCHES, k, CONNECTIONS);
	reserved -= l.all[LIMITS_WATCHES] + l.all[LIMITS_REQUESTS];
	is_int(reserved, CONNECTIONS / 4, "a quarter is the kubelet's alone");
	for (i = 0; i < 8; i++)
		give(i < 6 ? LIMITS_WATCHES : LIMITS_REQUESTS, c[i], n[i]);
	is_int((long long)l.ncallers, 0, "nothing is left");
	ok(l.n[0] == 0 && l.n[1] == 0 && l.n[2] == 0, "nor counted");
	limits_free(&l);
}

static void
test_names(void)
{
	static struct limits_caller *c[2 * LIMITS_CALLERS_MAX], *d[CONNECTIONS];
	char name[LIMITS_NAME_MAX + 8];
	unsigned i, n;

	limits_init(&l, 16 * CONNECTIONS, 1024);
	n = take(LIMITS_REQUESTS, NULL, d, 10);
	n += take(LIMITS_REQUESTS, "", d + n, 10);
	n += take(LIMITS_REQUESTS, "system:anonymous", d + n, 10);
	is_int((long long)l.ncallers, 1, "nobody is one caller");
	give(LIMITS_REQUESTS, d, n);
	limits_first(&l, NODE);
	for (i = 0; i < 2 * LIMITS_CALLERS_MAX; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		c[i] = limits_begin(&l, LIMITS_REQUESTS, name);
	}
	is_int((long long)l.ncallers, LIMITS_CALLERS_MAX + 1,
	    "the table is bounded");
	ok(c[LIMITS_CALLERS_MAX] != NULL &&
		c[LIMITS_CALLERS_MAX] == c[LIMITS_CALLERS_MAX + 1],
	    "late ones share an entry");
	d[0] = limits_begin(&l, LIMITS_REQUESTS, NODE);
	ok(d[0] != NULL && d[0] != c[LIMITS_CALLERS_MAX],
	    "the kubelet has its own");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	d[1] = limits_begin(&l, LIMITS_REQUESTS, name);
	ok(d[1] == c[LIMITS_CALLERS_MAX], "so does who has a long name");
	give(LIMITS_REQUESTS, d, 2);
	give(LIMITS_REQUESTS, c, 2 * LIMITS_CALLERS_MAX);
	is_int((long long)l.ncallers, 0, "nothing is left");
	is_int(limits_first(&l, name), -1, "too long to come first");
	for (i = 0; limits_first(&l, "more") == 0; i++)
		;
	is_int(i, LIMITS_FIRST_MAX - 1, "few can be first");
	limits_free(&l);
}

/* Random comings and goings end where they began. */
static void
test_random(void)
{
	static struct limits_caller *held[600];
	static enum limits_kind kind[600];
	char name[8];
	unsigned i, k, bad = 0;

	srand(7);
	limits_init(&l, 200, 100);
	limits_first(&l, "u0");
	for (i = 0; i < 200000; i++) {
		k = (unsigned)rand() % 600;
		if (held[k] != NULL) {
			limits_end(&l, kind[k], held[k]);
			held[k] = NULL;
			continue;
		}
		snprintf(name, sizeof(name), "u%u", (unsigned)rand() % 9);
		kind[k] = (unsigned)rand() % LIMITS_KINDS;
		held[k] = limits_begin(&l, kind[k], name);
		bad += held[k] == NULL && strcmp(name, "u0") == 0;
		bad += l.n[kind[k]] > l.all[kind[k]];
	}
	ok(bad == 0 && l.refused > 0, "some are refused, the first never");
	for (k = 0; k < 600; k++)
		if (held[k] != NULL)
			limits_end(&l, kind[k], held[k]);
	ok(l.ncallers == 0 && l.n[0] + l.n[1] + l.n[2] == 0, "none is left");
	limits_free(&l);
}

int
main(void)
{
	test_one();
	test_first();
	test_names();
	test_random();
	limits_init(&l, 0, 0);
	ok(l.all[0] == 1 && l.each[2] == 1, "there is always one");
	limits_free(&l);
	limits_free(&l);
	return done_testing();
}
