/*
 * The client certificate that goes to the master: cut off, nobody renews it,
 * and once it has expired the node does not come back by itself. So it is
 * told in time.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "expiry.h"
#include "human.h"
#include "parts.h"

#define LOOK_S 600

struct certificate {
	struct event *timer;
	struct expiry_told told;
	struct buf line; /* what stands in run/certificate */
};

static void
say(const char *name, const struct expiry *x, long long now)
{
	enum expiry_stage stage = expiry_stage(x, now);
	char left[HUMAN_LEN], when[CLOCK_TEXT_LEN];

	clock_text(stage == EXPIRY_EARLY ? x->from : x->until, when);
	human_duration((x->until - now) * 1000000, left);
	if (stage == EXPIRY_EARLY)
		warnx("%s: the client certificate is not good before %s: see "
		      "to the clock",
		    name, when);
	else if (stage == EXPIRY_OVER)
		warnx("%s: the client certificate has expired at %s", name,
		    when);
	else
		warnx("%s: the client certificate expires at %s, in %s", name,
		    when, left);
}

static void
write_down(struct edge *e, const struct expiry *x, long long now)
{
	const char *file = e->kubeconfig.cert_file;
	struct certificate *c = e->certificate;
	struct buf line = { 0 };

	if (buf_printf(&line, "%s %lld %lld %s\n",
		expiry_name(expiry_stage(x, now)), x->from, x->until,
		file == NULL ? "-" : file) == -1)
		return;
	if (c->line.len == line.len &&
	    memcmp(c->line.data, line.data, line.len) == 0) {
		buf_free(&line);
		return;
	}
	if (atomic_write(e->datafd, "run/certificate", line.data, line.len,
		0) == -1) {
		warn("run/certificate");
		buf_free(&line);
		return;
	}
	buf_free(&c->line);
	c->line = line;
}

static void
look(struct edge *e)
{
	const struct kubeconfig *k = &e->kubeconfig;
	const char *name = k->cert_data != NULL ? "kubeconfig" : k->cert_file;
	long long now = time(NULL);
	struct expiry x;

	if (expiry_read(&x, k->cert_file, k->cert_data) == -1) {
		warn("%s: no certificate", name);
		return;
	}
	write_down(e, &x, now);
	if (expiry_tell(&e->certificate->told, &x, now))
		say(name, &x, now);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

int
certificate_init(struct edge *e)
{
	struct timeval tv = { LOOK_S, 0 };

	if (e->kubeconfig.cert_file == NULL &&
	    e->kubeconfig.cert_data == NULL) {
		if (unlinkat(e->datafd, "run/certificate", 0) == -1 &&
		    errno != ENOENT)
			warn("run/certificate");
		return 0;
	}
	if ((e->certificate = calloc(1, sizeof(*e->certificate))) == NULL)
		return -1;
	e->certificate->timer = event_new(e->base, -1, EV_PERSIST, on_look, e);
	if (e->certificate->timer == NULL ||
	    event_add(e->certificate->timer, &tv) == -1)
		return -1;
	look(e);
	return 0;
}
