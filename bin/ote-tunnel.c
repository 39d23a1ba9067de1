/*
 * ote-tunnel: what a client and the master say to each other once a request
 * was upgraded: exec, attach, port-forward, websockets.
 *
 * lighttpd hands such requests to a unix socket. The head goes on to the
 * master in the name of its caller, or, where no identity is looked at, under
 * the hub's own credential; from then on bytes are copied both ways, and no
 * side is read further than the other one takes. The tunnel of a k3s agent
 * ends here where there is no master.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "dial.h"
#include "httphead.h"
#include "net.h"
#include "ready.h"
#include "tunnel_k3s.h"
#include "tunnel_refusal.h"
#include "tunnel_stub.h"
#include "tunnel_upstream.h"

#define SESSIONS_MAX 256
#define WAY_MAX (64 * 1024) /* bytes under way in one direction */
#define HEAD_S 10
#define CONNECT_S 5
#define LINGER_S 30	  /* for one side, once the other one has ended */
#define AGENT_LINGER_S 75 /* the same; agents and servers wait for 60 */
#define AGENT_S 8 /* for the master's first word: agents give up after 10 */

struct tunnel {
	struct event_base *base;
	struct tunnel_upstream up;
	struct addrinfo *to;
	const char *data;
	struct tunnel_stubs stubs;
	size_t sessions;
	int k3s, verbose;
};

struct session {
	struct tunnel *t;
	struct bufferevent *client, *master;
	struct bufferevent *ended; /* the side that has said all, or NULL */
	/* A bufferevent's own timeouts come back once they were taken away. */
	struct event *deadline; /* for the head, then for the master */
	int connected;		/* the master's side is there */
	int over;		/* both have said all: to be flushed only */
	/* of the tunnel of a k3s agent */
	int agent;
	char accept[WEBSOCKET_ACCEPT_SIZE];
	int unanswered; /* the master has not said a word yet */
	struct tunnel_stub stub;
};

static void
usage(FILE *out)
{
	fputs("usage: ote-tunnel [-hIKnv] [-a mode] [-d data] [-i identities] "
	      "-k kubeconfig [-l lb] [-s socket]\n",
	    out);
}

static void
session_free(struct session *s)
{
	tunnel_stub_end(&s->stub);
	if (s->deadline != NULL)
		event_free(s->deadline);
	if (s->client != NULL)
		bufferevent_free(s->client);
	if (s->master != NULL)
		bufferevent_free(s->master);
	s->t->sessions--;
	free(s);
}

static struct bufferevent *
other(const struct session *s, const struct bufferevent *bev)
{
	return bev == s->client ? s->master : s->client;
}

static size_t
waiting(struct bufferevent *bev)
{
	return evbuffer_get_length(bufferevent_get_output(bev));
}

/* --- the last words --- */

static void
on_flushed(struct bufferevent *bev, void *arg)
{
	if (waiting(bev) == 0)
		session_free(arg);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	session_free(arg);
}

/* Answer a Status, then end. */
static void
refuse(struct session *s, int code, const char *message)
{
	struct timeval tv = { LINGER_S, 0 };
	struct buf b = { 0 };
	int rc;

	event_del(s->deadline);
	if (s->master != NULL)
		bufferevent_free(s->master);
	s->master = NULL;
	if ((rc = tunnel_refusal(&b, code, message)) == 0)
		rc = bufferevent_write(s->client, b.data, b.len);
	buf_free(&b);
	if (rc == -1) {
		session_free(s);
		return;
	}
	bufferevent_setcb(s->client, NULL, on_flushed, on_end, s);
	bufferevent_set_timeouts(s->client, &tv, &tv);
}

/* --- copying --- */

/* The master's word for the agent: from now on it is a tunnel. */
static void
answered(struct session *s)
{
	s->unanswered = 0;
	event_del(s->deadline);
	bufferevent_enable(s->client, EV_READ);
	bufferevent_write_buffer(s->master, bufferevent_get_input(s->client));
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct bufferevent *to = other(arg, bev);
	struct session *s = arg;

	if (s->unanswered)
		answered(s);
	bufferevent_write_buffer(to, bufferevent_get_input(bev));
	if (waiting(to) >= WAY_MAX)
		bufferevent_disable(bev, EV_READ);
}

/* Nothing waits for bev any more: read on, or pass the end on. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct session *s = arg;

	if (s->over)
		session_free(s);
	else if (s->ended != NULL && bev == other(s, s->ended))
		dial_end(bev);
	else if (s->connected && !s->unanswered)
		bufferevent_enable(other(s, bev), EV_READ);
}

/*
 * One side has said all it had to say: the other one is told, and may go on
 * for as long as it does not fall silent.
 */
static void
end_half(struct session *s, struct bufferevent *bev)
{
	struct bufferevent *to = other(s, bev);
	struct timeval tv = { s->agent ? AGENT_LINGER_S : LINGER_S, 0 };

	bufferevent_disable(bev, EV_READ);
	bufferevent_set_timeouts(to, &tv, &tv);
	if (s->ended == NULL) {
		s->ended = bev;
		if (waiting(to) == 0)
			dial_end(to);
		return;
	}
	s->over = 1;
	if (waiting(to) == 0)
		session_free(s);
}

static void
on_over(void *arg)
{
	session_free(arg);
}

/*
 * The tunnel of an agent ends here. doubtful: a master counts as up and could
 * not be reached.
 */
static void
end_here(struct session *s, int doubtful)
{
	if (s->master != NULL)
		bufferevent_free(s->master);
	s->master = NULL;
	event_del(s->deadline);
	s->unanswered = 0;
	if (s->t->verbose)
		warnx("the tunnel of an agent ends here%s",
		    doubtful ? ": the master cannot be reached" : "");
	if (tunnel_stub_begin(&s->stub, &s->t->stubs, s->client, s->accept,
		doubtful, on_over, s) == -1)
		session_free(s);
}

static void
unreachable(struct session *s)
{
	if (s->agent) {
		end_here(s, 1);
		return;
	}
	if (s->t->verbose)
		warnx("the master cannot be reached");
	refuse(s, 503, "the master is out of reach: no tunnel to it");
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct session *s = arg;

	if (what & BEV_EVENT_CONNECTED) {
		s->connected = 1;
		net_tune(bufferevent_getfd(bev));
		if (!s->agent) {
			event_del(s->deadline);
			bufferevent_enable(s->client, EV_READ);
		}
	} else if (bev == s->master && (!s->connected || s->unanswered)) {
		unreachable(s);
	} else if (s->connected && (what & BEV_EVENT_EOF))
		end_half(s, bev);
	else
		session_free(s);
}

/* No head came, or nothing from the master. */
static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (s->master == NULL)
		session_free(s);
	else
		unreachable(s);
}

/* --- beginning --- */

static int
send_head(struct session *s, const struct behalf *by, const char *head,
    size_t n)
{
	struct buf b = { 0 };
	int rc = -1;

	if (tunnel_upstream_head(&s->t->up, by, head, n, &b) == 0)
		rc = bufferevent_write(s->master, b.data, b.len);
	buf_free(&b);
	return rc;
}

/* Who asks, and may he ask for this? 0, or an HTTP status and why. */
static int
admit(struct session *s, struct tunnel_caller *c, const char *head, size_t n,
    char *why, size_t len)
{
	struct tunnel *t = s->t;
	enum tunnel_k3s what =
	    t->k3s ? tunnel_k3s_path(head, n) : TUNNEL_K3S_API;
	int code = 0;

	s->agent = what == TUNNEL_K3S_CONNECT;
	if (t->up.webhook)
		code = tunnel_caller_read(c, head, n, (long long)time(NULL),
		    why, len);
	if (code == 0 && s->agent)
		code = tunnel_k3s_admit(t->up.webhook ? c : NULL, head, n,
		    s->accept, why, len);
	if (code == 0 && what == TUNNEL_K3S_OTHER) {
		snprintf(why, len, "no tunnel goes to that path");
		code = 403;
	}
	return code == -1 ? 500 : code;
}

/* As whom it goes. 0, or an HTTP status and why. */
static int
choose(const struct session *s, const struct tunnel_caller *c,
    struct behalf *by, char *why, size_t len)
{
	struct tunnel_upstream *u = &s->t->up;

	return s->agent ? tunnel_upstream_choose_agent(u, c, by, why, len)
			: tunnel_upstream_choose(u, c, by, why, len);
}

static struct bufferevent *
dial(struct tunnel *t, const struct behalf *by)
{
	struct bufferevent *bev;
	char why[128];

	bev = tunnel_upstream_dial(&t->up, t->base, by, why, sizeof(why));
	if (bev == NULL)
		warnx("%s", why);
	return bev;
}

/* Copying begins once the master is there, for an agent at its first word. */
static void
join(struct session *s)
{
	struct timeval tv = { s->agent ? AGENT_S : CONNECT_S, 0 };
	struct evbuffer *in = bufferevent_get_input(s->client);

	bufferevent_setcb(s->client, on_read, on_written, on_event, s);
	bufferevent_setcb(s->master, on_read, on_written, on_event, s);
	bufferevent_setwatermark(s->client, EV_READ, 0, WAY_MAX);
	bufferevent_setwatermark(s->master, EV_READ, 0, WAY_MAX);
	s->unanswered = s->agent;
	if (event_add(s->deadline, &tv) == -1) {
		refuse(s, 500, "no tunnel can be made");
		return;
	}
	if (!s->agent && evbuffer_get_length(in) > 0)
		bufferevent_write_buffer(s->master, in);
	bufferevent_enable(s->master, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(s->master, s->t->to->ai_addr,
		(int)s->t->to->ai_addrlen) == -1)
		unreachable(s);
}

/* With a whole head of n bytes in hand. */
static void
begin(struct session *s, struct evbuffer *in, size_t n)
{
	const char *head = (char *)evbuffer_pullup(in, (ev_ssize_t)n);
	struct tunnel_caller c = { 0 };
	struct behalf by = { 0 };
	char why[512] = "", since[128];
	int code, cut_off = tunnel_cut_off(s->t->data, since, sizeof(since));

	if ((code = admit(s, &c, head, n, why, sizeof(why))) != 0) {
		refuse(s, code, why);
	} else if (cut_off && s->agent) {
		evbuffer_drain(in, n);
		end_here(s, 0);
	} else if ((code = choose(s, &c, &by, why, sizeof(why))) != 0) {
		refuse(s, code, why);
	} else if (cut_off) {
		refuse(s, 503, since);
	} else if ((s->master = dial(s->t, &by)) == NULL) {
		refuse(s, 500, "no tunnel can be made");
	} else if (send_head(s, &by, head, n) == -1) {
		refuse(s, 400, "this is no request for an upgrade");
	} else {
		evbuffer_drain(in, n);
		join(s);
	}
	tunnel_caller_free(&c);
}

static void
on_head(struct bufferevent *bev, void *arg)
{
	struct session *s = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t have = evbuffer_get_length(in);
	long n;

	n = httphead_length((char *)evbuffer_pullup(in, -1), have);
	if (n == 0)
		return;
	if (n == -1) {
		refuse(s, 431, "the head of the request is too large");
		return;
	}
	bufferevent_disable(bev, EV_READ);
	event_del(s->deadline);
	begin(s, in, (size_t)n);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from,
    int len, void *arg)
{
	struct timeval tv = { HEAD_S, 0 };
	struct tunnel *t = arg;
	struct session *s;

	(void)l;
	(void)from;
	(void)len;
	if (t->sessions >= SESSIONS_MAX ||
	    (s = calloc(1, sizeof(*s))) == NULL) {
		close(fd);
		return;
	}
	s->t = t;
	t->sessions++;
	s->client = bufferevent_socket_new(t->base, fd, BEV_OPT_CLOSE_ON_FREE);
	s->deadline = evtimer_new(t->base, on_deadline, s);
	if (s->client == NULL)
		close(fd);
	if (s->client == NULL || s->deadline == NULL ||
	    event_add(s->deadline, &tv) == -1) {
		session_free(s);
		return;
	}
	bufferevent_setcb(s->client, on_head, NULL, on_end, s);
	bufferevent_setwatermark(s->client, EV_READ, 0, HTTPHEAD_MAX + 1);
	bufferevent_enable(s->client, EV_READ | EV_WRITE);
}

static struct evconnlistener *
listen_at(struct tunnel *t, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(sun.sun_path))
		errx(100, "%s: too long for a socket", path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (unlink(path) == -1 && errno != ENOENT)
		err(100, "%s", path);
	return evconnlistener_new_bind(t->base, on_accept, t,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 128,
	    (struct sockaddr *)&sun, sizeof(sun));
}

static void
open_upstream(struct tunnel *t, const char *lb)
{
	struct tunnel_upstream *u = &t->up;
	char to[300];
	int code;

	if (credential_init(&u->credential, &u->kubeconfig) == -1)
		err(111, "%s", u->kubeconfig.token_file);
	if (lb == NULL && tunnel_upstream_host(u, to, sizeof(to)) == -1)
		err(100, "%s", u->kubeconfig.server);
	if (lb == NULL)
		lb = to;
	if ((t->to = net_resolve(lb, &code)) == NULL)
		errx(100, "%s: %s", lb, gai_strerror(code));
}

static void
tell(void *arg, const char *line)
{
	(void)arg;
	warnx("%s", line);
}

/*
 * What is wrong with a key pair is told, and no reason not to start. Those of an
 * agent come with the agent.
 */
static void
open_rules(struct tunnel *t, const char *dir, int impersonate)
{
	if (!t->up.webhook)
		return;
	if (behalf_init(&t->up.rules, &t->up.kubeconfig, dir, impersonate) ==
	    -1)
		err(100, "%s", dir != NULL ? dir : "its own credential");
	if (!t->k3s &&
	    identities_check(&t->up.rules.pairs, (long long)time(NULL), tell,
		NULL) == -1)
		err(100, "%s", dir);
}

static int
is_webhook(const char *mode)
{
	if (strcmp(mode, "Webhook") == 0)
		return 1;
	if (strcmp(mode, "AlwaysAllow") != 0)
		errx(100, "-a %s: it is Webhook or AlwaysAllow", mode);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct tunnel t = { .data = "data" };
	const char *kubeconfig = NULL, *lb = NULL, *socket = NULL, *dir = NULL;
	struct evconnlistener *l;
	char why[512], path[512];
	int c, check = 0, impersonate = 0;

	umask(077);
	while ((c = getopt(argc, argv, "a:d:hi:Ik:Kl:ns:v")) != -1) {
		switch (c) {
		case 'a':
			t.up.webhook = is_webhook(optarg);
			break;
		case 'd':
			t.data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'i':
			dir = optarg;
			break;
		case 'I':
			impersonate = 1;
			break;
		case 'k':
			kubeconfig = optarg;
			break;
		case 'K':
			t.k3s = 1;
			break;
		case 'l':
			lb = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 's':
			socket = optarg;
			break;
		case 'v':
			t.verbose++;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc != optind || kubeconfig == NULL) {
		usage(stderr);
		return 100;
	}
	if (kubeconfig_load(&t.up.kubeconfig, kubeconfig, why, sizeof(why)) ==
	    -1)
		errx(100, "%s", why);
	open_upstream(&t, lb);
	open_rules(&t, dir, impersonate);
	if (check)
		return 0;
	if (socket == NULL) {
		snprintf(path, sizeof(path), "%s/run/tunnel.sock", t.data);
		socket = path;
	}
	if ((t.base = event_base_new()) == NULL || daemon_signals(t.base) == -1)
		errx(111, "no memory");
	if (t.k3s && tunnel_stubs_init(&t.stubs, t.base, t.data) == -1)
		err(111, "%s/run", t.data);
	if ((l = listen_at(&t, socket)) == NULL)
		err(100, "%s: cannot listen there", socket);
	ready_notify();
	event_base_dispatch(t.base);
	evconnlistener_free(l);
	unlink(socket);
	return 0;
}
