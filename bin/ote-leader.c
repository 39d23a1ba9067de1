/*
 * ote-leader: run a command only while a Lease is held.
 *
 * lib/election.h says what to ask and who leads, lib/guard.h ends the command
 * in time; this file asks, one request at a time, and has the command run
 * exactly while election_leads() says so. A command that is being ended is
 * waited for before anything else is done.
 */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "election_link.h"
#include "guard.h"
#include "ready.h"

#define STOP_MS 10000 /* for the command, when we are to end */

enum phase {
	STANDING,
	ENDING,	   /* the command: somebody may lead instead */
	STOPPING,  /* the command: we are to end */
	RELEASING, /* the Lease */
};

struct tool {
	struct event_base *base;
	struct kubeconfig kubeconfig;
	struct upstream up;
	struct election_link link;
	struct event *timer;
	struct election e;
	struct guard guard;
	char **command;
	enum phase phase;
	long long until_ms; /* what its guard was told */
	long long kill_ms;  /* of a command that is being ended */
	int code, over, verbose;
	char said[512], leader[256];
};

static void turn(struct tool *);

static void
usage(FILE *out)
{
	fputs("usage: ote-leader [-hnv] -k kubeconfig -L lease -N namespace "
	      "[-d duration]\n"
	      "                  [-i identity] [-l lb] [-p retry_period] "
	      "[-r renew_deadline]\n"
	      "                  command [argument ...]\n",
	    out);
}

/* Not twice the same. */
static void
say(struct tool *t, const char *text)
{
	if (strcmp(t->said, text) == 0)
		return;
	snprintf(t->said, sizeof(t->said), "%s", text);
	warnx("%s", text);
}

/* --- the master --- */

static void
tell_leader(struct tool *t)
{
	const char *holder = lease_holder(t->e.lease);

	t->said[0] = '\0';
	if (strcmp(holder, t->leader) == 0 || *holder == '\0')
		return;
	snprintf(t->leader, sizeof(t->leader), "%s", holder);
	if (t->verbose)
		warnx("%s leads", holder);
}

static void
on_answer(void *arg, int code, json_t *answer, const char *why)
{
	struct tool *t = arg;

	if (election_answer(&t->e, guard_now(), code, answer))
		tell_leader(t);
	else
		say(t, *why != '\0' ? why : "the answer is no Lease");
	turn(t);
}

/* --- the command --- */

/* SIGTERM now, SIGKILL later, but in time. */
static void
end_command(struct tool *t, enum phase phase, long long kill_ms)
{
	long long now = guard_now();

	if (phase == ENDING && strcmp(t->leader, t->e.claim.identity) == 0)
		warnx("not renewed for %d s: %s is ended", t->e.deadline_s,
		    t->command[0]);
	else if (phase == ENDING)
		warnx("%s leads: %s is killed", t->leader, t->command[0]);
	if (kill_ms > t->e.dead_ms)
		kill_ms = t->e.dead_ms;
	if (t->phase == STANDING || kill_ms < t->kill_ms)
		t->kill_ms = kill_ms;
	if (t->phase != STOPPING)
		t->phase = phase;
	if (t->kill_ms <= now || guard_until(&t->guard, now, t->kill_ms) == -1)
		guard_kill(&t->guard);
}

static void
let_run(struct tool *t)
{
	t->until_ms = t->e.stop_ms;
	/* where it has just ended we shall hear of that */
	if (guard_until(&t->guard, t->e.stop_ms, t->e.dead_ms) == -1 &&
	    errno != EPIPE && errno != ECONNRESET)
		guard_kill(&t->guard);
}

static void
run_command(struct tool *t)
{
	t->until_ms = t->e.stop_ms;
	if (t->verbose)
		warnx("%s: started", t->command[0]);
	if (guard_start(&t->guard, t->command, t->e.stop_ms, t->e.dead_ms) ==
	    -1)
		err(111, "%s", t->command[0]);
}

static void
ended(struct tool *t, enum guard_end how, int status)
{
	if (t->verbose)
		warnx("%s: ended", t->command[0]);
	if (t->phase == STOPPING)
		return;
	if (t->phase == ENDING || how == GUARD_IN_TIME) {
		t->phase = STANDING;
		return;
	}
	t->code = WIFEXITED(status) ? WEXITSTATUS(status) : 111;
	if (!WIFEXITED(status))
		warnx("%s: killed by SIG%s", t->command[0],
		    sigabbrev_np(WTERMSIG(status)));
	t->phase = STOPPING;
}

/* The command runs while we lead. */
static void
keep(struct tool *t)
{
	long long now = guard_now();
	int status, leads = election_leads(&t->e, now);
	enum guard_end how;

	if (t->phase == STANDING && t->guard.pid != 0 && !leads)
		end_command(t, ENDING, t->e.dead_ms);
	if ((how = guard_reap(&t->guard, &status)) != GUARD_RUNS)
		ended(t, how, status);
	if (t->phase == STOPPING && t->guard.pid == 0 &&
	    !election_link_is_busy(&t->link)) {
		t->phase = RELEASING;
		election_release(&t->e, now);
	}
	if (t->phase != STANDING) {
		if (t->kill_ms > t->e.dead_ms && !leads)
			t->kill_ms = t->e.dead_ms;
		if (t->guard.pid != 0 && now >= t->kill_ms)
			guard_kill(&t->guard);
	} else if (t->guard.pid == 0 && leads)
		run_command(t);
	else if (t->guard.pid != 0 && t->e.stop_ms != t->until_ms)
		let_run(t);
}

/* --- both --- */

static void
arm(struct tool *t)
{
	long long now = guard_now(), at = now + 60000;
	struct timeval tv;

	if (!election_link_is_busy(&t->link) && t->e.next_ms < at &&
	    t->phase != ENDING)
		at = t->e.next_ms;
	if (t->e.leads && t->e.stop_ms < at)
		at = t->e.stop_ms;
	if (t->phase != STANDING && t->guard.pid != 0 && t->kill_ms < at)
		at = t->kill_ms;
	at = at > now ? at - now : 1;
	tv.tv_sec = at / 1000;
	tv.tv_usec = at % 1000 * 1000;
	evtimer_add(t->timer, &tv);
}

static void
turn(struct tool *t)
{
	enum election_ask what;
	json_t *body;

	keep(t);
	if (!election_link_is_busy(&t->link) && t->phase != ENDING) {
		what = election_next(&t->e, guard_now(), wall_us(), &body);
		if (what == ELECTION_WAIT && errno != 0)
			err(111, "Lease");
		if (what == ELECTION_OVER) {
			t->over = 1;
			event_base_loopbreak(t->base);
			return;
		}
		if (what != ELECTION_WAIT &&
		    election_link_ask(&t->link, what, body) == -1)
			err(111, "cannot ask");
		json_decref(body);
	}
	arm(t);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn(arg);
}

/* A signal: the first one asks the command, another one does not. */
static void
stop(struct tool *t)
{
	long long now = guard_now();

	if (t->guard.pid == 0) {
		if (t->phase == STOPPING || t->phase == RELEASING)
			t->over = 1;
		t->phase = t->over ? t->phase : STOPPING;
	} else if (t->phase == STOPPING)
		guard_kill(&t->guard);
	else {
		end_command(t, STOPPING,
		    t->phase == ENDING ? t->kill_ms : now + STOP_MS);
	}
}

static void
on_hangup(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(base);
}

/* --- start --- */

static void
add_signal(struct tool *t, int sig, event_callback_fn each, void *arg)
{
	struct event *ev = evsignal_new(t->base, sig, each, arg);

	if (ev == NULL || event_add(ev, NULL) == -1)
		errx(111, "no memory");
}

static void
start(struct tool *t, const char *lb)
{
	int fd;

	/* what a guard opens is above these */
	while ((fd = open("/dev/null", O_RDWR)) != -1 && fd <= STDERR_FILENO)
		;
	close(fd);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (upstream_init(&t->up, &t->kubeconfig, lb, "ote-leader") == -1)
		err(111, "upstream");
	if ((t->base = event_base_new()) == NULL ||
	    (t->timer = evtimer_new(t->base, on_timer, t)) == NULL ||
	    daemon_signals(t->base) == -1)
		errx(111, "no memory");
	t->link.base = t->base;
	t->link.up = &t->up;
	t->link.timeout_ms = t->e.deadline_s * 500L;
	t->link.answered = on_answer;
	t->link.arg = t;
	if (election_link_init(&t->link) == -1)
		err(111, "no memory");
	add_signal(t, SIGHUP, on_hangup, t->base);
	add_signal(t, SIGCHLD, on_timer, t);
	t->guard.fd = -1;
	ready_notify();
	unsetenv("NOTIFY_FD");
}

/* A process of this machine; each is another one. */
static const char *
own_identity(void)
{
	static char text[128];
	char host[80];

	if (gethostname(host, sizeof(host)) == -1)
		err(111, "hostname");
	host[sizeof(host) - 1] = '\0';
	snprintf(text, sizeof(text), "%s_%08x%08x", host, arc4random(),
	    arc4random());
	return text;
}

static void
check_claim(struct tool *t)
{
	struct election *e = &t->e;

	if (e->claim.duration_s == -1 || e->deadline_s == -1 ||
	    e->retry_s == -1 || e->claim.duration_s <= e->deadline_s ||
	    e->deadline_s * 10 <= e->retry_s * 12)
		errx(100,
		    "give seconds: -d above -r, and -r above 1.2 times -p");
	if (e->claim.identity == NULL)
		e->claim.identity = own_identity();
	if (*e->claim.identity == '\0' || strlen(e->claim.identity) > 253)
		errx(100, "-i: no identity");
	if (election_link_name(&t->link, e->claim.ns, e->claim.name) == -1)
		errx(100, "-N, -L: no names");
}

static int
run(struct tool *t)
{
	turn(t);
	while (!t->over) {
		event_base_dispatch(t->base);
		if (t->over)
			break;
		stop(t);
		if (!t->over)
			turn(t);
	}
	guard_kill(&t->guard);
	election_link_free(&t->link);
	election_free(&t->e);
	event_free(t->timer);
	upstream_free(&t->up);
	kubeconfig_free(&t->kubeconfig);
	return t->code;
}

int
main(int argc, char **argv)
{
	static struct tool tool;
	struct tool *t = &tool;
	struct lease_claim *claim = &t->e.claim;
	const char *kubeconfig = NULL, *lb = NULL;
	char why[512];
	int c, check = 0;

	claim->duration_s = 15;
	t->e.deadline_s = 10;
	t->e.retry_s = 2;
	while ((c = getopt(argc, argv, "+d:hi:k:L:l:N:np:r:v")) != -1) {
		switch (c) {
		case 'd':
			claim->duration_s = (int)daemon_number(optarg, 1, 3600);
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'i':
			claim->identity = optarg;
			break;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'L':
			claim->name = optarg;
			break;
		case 'l':
			lb = optarg;
			break;
		case 'N':
			claim->ns = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'p':
			t->e.retry_s = (int)daemon_number(optarg, 1, 3600);
			break;
		case 'r':
			t->e.deadline_s = (int)daemon_number(optarg, 1, 3600);
			break;
		case 'v':
			t->verbose = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc == optind || kubeconfig == NULL || claim->name == NULL ||
	    claim->ns == NULL) {
		usage(stderr);
		return 100;
	}
	t->command = argv + optind;
	check_claim(t);
	if (kubeconfig_load(&t->kubeconfig, kubeconfig, why, sizeof(why)) == -1)
		errx(100, "%s", why);
	if (check)
		return 0;
	start(t, lb);
	return run(t);
}
