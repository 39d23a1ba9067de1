/*
 * What agents of k3s ask of their server: by the server while it is there,
 * and remembered; from that, and by the cluster's own CA and token, while it
 * is not. An agent gives up after 10 s, so the server has 3.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "as.h"
#include "k3s.h"
#include "k3s_csr.h"
#include "k3s_rewrite.h"
#include "k3s_store.h"
#include "parts.h"
#include "who.h"

#define WAIT_MS 2500
#define ANY "/v1-" /* a server takes any word behind it for its own */
#define PREFIX ANY "k3s/"
#define LINES 8

static const struct endpoint {
	const char *name; /* behind PREFIX */
	enum k3s_kind kind;
} endpoints[] = {
	{ "apiservers", K3S_APISERVERS },
	{ "client-ca.crt", K3S_FILE },
	{ "client-k3s-controller.crt", K3S_CERT },
	{ "client-kube-proxy.crt", K3S_CERT },
	{ "client-kubelet.crt", K3S_NODE_CERT },
	{ "config", K3S_CONFIG },
	{ "p2p", K3S_FILE },
	{ "readyz", K3S_READYZ },
	{ "server-bootstrap", K3S_REFUSED },
	{ "server-ca.crt", K3S_FILE },
	{ "serving-kubelet.crt", K3S_NODE_CERT },
	{ "token", K3S_REFUSED },
};

int
k3s_init(struct edge *e, const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - address);
	struct k3s *k;
	int v6 = n > 2 && address[0] == '[' && address[n - 1] == ']';

	errno = EINVAL;
	if (n == 0 || n - 2 * (size_t)v6 >= sizeof(k->ip) ||
	    strlen(address) >= sizeof(k->address))
		return -1;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return -1;
	memcpy(k->ip, address + v6, n - 2 * (size_t)v6);
	memcpy(k->address, address, strlen(address) + 1);
	k->port = (int)strtol(colon + 1, NULL, 10);
	if (k->port < 1 || k->port > 65535) {
		free(k);
		errno = EINVAL;
		return -1;
	}
	if (k3s_password_init(k) == -1) {
		free(k);
		return -1;
	}
	e->k3s = k;
	return 0;
}

int
k3s_leads(const struct request *r)
{
	const struct user *u = r->edge->k3s == NULL ? NULL : who_user(r);

	return u != NULL && strcmp(u->name, "system:k3s-controller") == 0 &&
	    *r->p.group == '\0' && strcmp(r->p.resource, "endpoints") == 0 &&
	    *r->p.subresource == '\0' &&
	    (*r->p.ns == '\0' || strcmp(r->p.ns, "default") == 0) &&
	    (*r->p.name == '\0' || strcmp(r->p.name, "kubernetes") == 0);
}

/* --- the end --- */

static void
ask_free(struct k3s_ask *a)
{
	call_cancel(a->call);
	if (a->body.data != NULL)
		explicit_bzero(a->body.data, a->body.cap);
	buf_free(&a->body);
	if (a->authorization != NULL)
		explicit_bzero(a->authorization, strlen(a->authorization));
	free(a->authorization);
	if (a->password != NULL)
		explicit_bzero(a->password, strlen(a->password));
	free(a->password);
	free(a);
}

static struct request *
detach(struct k3s_ask *a)
{
	struct request *r = a->r;

	r->own = NULL;
	r->owner = OWNER_NONE;
	a->r = NULL;
	return r;
}

void
k3s_answer(struct k3s_ask *a, int code, const char *type, const void *p,
    size_t n)
{
	answer(detach(a), code, type, p, n);
	ask_free(a);
}

/* 503 is told with since when. */
void
k3s_refuse(struct k3s_ask *a, int code, const char *why)
{
	struct status s = { .code = code == 503 ? 0 : code, .message = why };

	request_refuse_as(detach(a), &s);
	ask_free(a);
}

void
k3s_close(struct request *r)
{
	ask_free(r->own);
}

/* --- by the server --- */

/* 1 if it is what it is called. */
static int
is_sound(const struct k3s_ask *a, const struct buf *b)
{
	char id[K3S_ID_LEN];
	struct buf out = { 0 };
	int yes = b->data != NULL;

	if (yes && a->kind == K3S_CONFIG)
		yes = k3s_rewrite_config(&out, b->data, b->len, 1) == 0;
	else if (yes && strstr(a->name, ".crt") != NULL)
		yes = k3s_pem_id(b->data, b->len, id) == 0;
	buf_free(&out);
	return yes;
}

static void
keep(struct k3s_ask *a, const struct buf *b)
{
	if (a->kind == K3S_CERT || a->kind == K3S_NODE_CERT)
		k3s_cert_keep(a, b);
	else if (a->kind == K3S_CONFIG || a->kind == K3S_FILE ||
	    a->kind == K3S_ROOTS) {
		if (!is_sound(a, b))
			warnx("%s: the server's answer is none: not kept",
			    a->name);
		else if (k3s_store_put(a->edge->datafd, a->name, b->data,
			     b->len, NULL) == -1)
			warn("k3s/%s", a->name);
		k3s_compare_ca(a->edge);
	}
}

/* The server's own answer. */
static void
answer_said(struct k3s_ask *a, int code, const char *type, const struct buf *b)
{
	if (code == 200 && a->kind == K3S_CONFIG)
		k3s_answer_config(a, b);
	else if (code == 200 && a->kind == K3S_APISERVERS)
		k3s_answer_apiservers(a);
	else
		k3s_answer(a, code, type, b->data == NULL ? "" : b->data,
		    b->len);
}

/*
 * 1 if what answers is not the cluster's server: then nothing that is kept is
 * given for its word.
 */
static int
is_foreign(struct k3s_ask *a)
{
	int foreign = call_code(a->call) == CURLE_PEER_FAILED_VERIFICATION;

	if (foreign && !a->edge->k3s->foreign)
		warnx("the server's certificate is not good: it is not of the "
		      "CA in the kubeconfig, or not of this time");
	if (foreign || call_code(a->call) == CURLE_OK)
		a->edge->k3s->foreign = foreign;
	return foreign;
}

static void
on_answer(void *arg, int code, const struct buf *b)
{
	struct k3s_ask *a = arg;
	int foreign = is_foreign(a);
	char type[128];

	snprintf(type, sizeof(type), "%s", call_type(a->call));
	if (*type == '\0' || strpbrk(type, "\r\n") != NULL)
		snprintf(type, sizeof(type), "text/plain");
	a->call = NULL;
	if (foreign) {
		k3s_refuse(a, 502, "the server's certificate is not good");
		return;
	}
	/* who is nobody has no word in whether it is there */
	if (code == 0 && k3s_is_known(a))
		master_suspect(a->edge, "slow");
	/* one that is there but not ready says so itself, if nobody else can */
	if (code == 0 || (code >= 502 && code <= 504 && k3s_away_has(a))) {
		k3s_away(a);
		return;
	}
	k3s_heard(a, code);
	if (code == 200)
		keep(a, b);
	answer_said(a, code, type, b);
}

/*
 * As whom: by the caller's own key pair where he showed his certificate, and
 * by his word. The hub's credential goes for nobody else. 0; -1 answered.
 */
static int
choose(struct k3s_ask *a, struct behalf *b)
{
	char why[512] = "the hub cannot speak for you";

	if (a->r->who != NULL && as_choose(a->r, b, why, sizeof(why)) == 0 &&
	    behalf_is_certificate(b, a->edge->up.k)) {
		a->by_certificate = 1;
		return 0;
	}
	memset(b, 0, sizeof(*b));
	b->kind = BEHALF_NOBODY;
	if (a->r->who == NULL || a->authorization != NULL)
		return 0;
	k3s_refuse(a, 403, why);
	return -1;
}

static int
add_line(char **lines, size_t *n, const char *name, const char *value)
{
	if (value == NULL)
		return 0;
	if (*n + 1 >= LINES ||
	    asprintf(&lines[*n], "%s: %s", name, value) == -1) {
		lines[*n] = NULL;
		return -1;
	}
	(*n)++;
	return 0;
}

static int
add_lines(const struct k3s_ask *a, char **lines)
{
	const struct fcgi_conn *c = a->r->c;
	size_t n = 0;

	if (add_line(lines, &n, "Authorization", a->authorization) == -1 ||
	    add_line(lines, &n, "User-Agent",
		fcgi_param(c, "HTTP_USER_AGENT")) == -1 ||
	    add_line(lines, &n, "k3s-Node-Name",
		fcgi_param(c, "HTTP_K3S_NODE_NAME")) == -1 ||
	    add_line(lines, &n, "k3s-Node-Password",
		fcgi_param(c, "HTTP_K3S_NODE_PASSWORD")) == -1 ||
	    add_line(lines, &n, "k3s-Node-IP",
		fcgi_param(c, "HTTP_K3S_NODE_IP")) == -1)
		return -1;
	/* else libcurl would say that it is a form's */
	lines[n] = strdup("Content-Type:");
	return lines[n] == NULL ? -1 : 0;
}

static void
ask_server(struct k3s_ask *a)
{
	char *lines[LINES + 1] = { NULL };
	struct call_parts q = { .path = a->r->uri,
		.lines = (const char *const *)lines,
		.serial = 1,
		.ms = WAIT_MS };
	struct behalf as;
	size_t i;

	if (!a->edge->master_up) {
		k3s_away(a);
		return;
	}
	if (choose(a, &as) == -1)
		return;
	q.as = &as;
	if (strcmp(a->r->method, "POST") == 0) {
		q.body = a->body.data;
		q.n = a->body.len;
	}
	if (add_lines(a, lines) == 0)
		a->call = call_send(a->edge, &q, on_answer, a);
	for (i = 0; i < LINES; i++) {
		if (lines[i] != NULL)
			explicit_bzero(lines[i], strlen(lines[i]));
		free(lines[i]);
	}
	if (a->call == NULL)
		k3s_refuse(a, 500, "no memory for a request");
}

/* --- requests --- */

void
k3s_body(struct request *r, const char *p, size_t n)
{
	struct k3s_ask *a = r->own;

	if (a->call != NULL)
		return;
	if (n == 0) {
		if (k3s_cert_body(a) == 0)
			ask_server(a);
		return;
	}
	if (a->body.len + n > K3S_CSR_MAX)
		k3s_refuse(a, 413, "the certificate request is too large");
	else if (buf_add(&a->body, p, n) == -1)
		fcgi_abort(r->c);
}

/* One that begins with PREFIX: what it is, and its name. */
static enum k3s_kind
kind_of(const char *name)
{
	size_t i, n;

	for (i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++)
		if (strcmp(name, endpoints[i].name) == 0)
			return endpoints[i].kind;
	/* one word may be something newer; more is between servers, or a trick */
	n = strspn(name,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
	    "_");
	return n == 0 || name[n] != '\0' || strstr(name, "..") != NULL
	    ? K3S_REFUSED
	    : K3S_OTHER;
}

static int
is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

int
k3s_is_api(const char *path)
{
	static const char *const dirs[] = { "/api", "/apis", "/healthz",
		"/livez", "/openapi", "/openid", "/readyz", "/version",
		"/.well-known" };
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (is_below(path, dirs[i]))
			return 1;
	return strcmp(path, "/") == 0;
}

/* 1 if it is one of ours, with its kind and the name of its file. */
static int
find(const struct request *r, enum k3s_kind *kind, const char **name)
{
	const char *auth = fcgi_param(r->c, "HTTP_AUTHORIZATION");

	*name = "";
	if (strncmp(r->path, PREFIX, strlen(PREFIX)) == 0) {
		*name = r->path + strlen(PREFIX);
		*kind = kind_of(*name);
	} else if (strncmp(r->path, ANY, strlen(ANY)) == 0)
		*kind = K3S_REFUSED;
	else if (strcmp(r->path, "/cacerts") == 0)
		*kind = K3S_CACERTS;
	else if (strcmp(r->path, "/ping") == 0)
		*kind = K3S_PING;
	else if (is_below(r->path, "/db") || strcmp(r->method, "CONNECT") == 0)
		*kind = K3S_REFUSED;
	else if (strcmp(r->path, "/apis") == 0 && auth != NULL &&
	    strncasecmp(auth, "Basic ", 6) == 0) {
		*name = "apis";
		*kind = K3S_ROOTS;
	} else
		return 0;
	return 1;
}

static void
serve_ca(struct request *r)
{
	struct edge *e = r->edge;
	struct buf b = { 0 };

	if (buf_read_file(&b, e->datafd, "run/k3s/server-ca.crt",
		K3S_FILE_MAX) == -1) {
		warn("run/k3s/server-ca.crt");
		answer_error(r, 500, "the server CA cannot be read");
	} else
		answer(r, 200, "text/plain", b.data, b.len);
	buf_free(&b);
	k3s_compare_ca(e);
}

static void
refuse(struct request *r, int code, const char *why)
{
	struct status s = { .code = code, .message = why };

	request_refuse_as(r, &s);
}

static int
is_get(const struct request *r)
{
	return r->head || strcmp(r->method, "GET") == 0;
}

/* 0; -1 answered. */
static int
check_method(struct request *r, enum k3s_kind kind)
{
	int cert = kind == K3S_CERT || kind == K3S_NODE_CERT;

	if (is_get(r) || (cert && strcmp(r->method, "POST") == 0))
		return 0;
	refuse(r, 405, "the server does not allow this method here");
	return -1;
}

/* The caller is known by his certificate, or will be by his word. */
static void
begin(struct request *r)
{
	const char *auth = fcgi_param(r->c, "HTTP_AUTHORIZATION"), *name;
	enum k3s_kind kind;
	struct k3s_ask *a;

	if (r->who != NULL && limit_begin(r) == -1)
		return;
	if (!find(r, &kind, &name) || (a = calloc(1, sizeof(*a))) == NULL) {
		request_refuse(r, "no memory for a request");
		return;
	}
	a->r = r;
	a->edge = r->edge;
	a->kind = kind;
	/* of others there is no file */
	snprintf(a->name, sizeof(a->name), "%s", name);
	r->own = a;
	r->owner = OWNER_K3S;
	if (auth != NULL && (a->authorization = strdup(auth)) == NULL)
		k3s_refuse(a, 500, "no memory for a request");
	else if (kind != K3S_CERT && kind != K3S_NODE_CERT)
		ask_server(a);
	else if (k3s_cert_begin(a) == -1)
		return;
	else if (!r->has_body && k3s_cert_body(a) == 0)
		ask_server(a);
}

int
k3s_take(struct request *r)
{
	const char *verify = fcgi_param(r->c, "SSL_CLIENT_VERIFY"), *name;
	const char *auth = fcgi_param(r->c, "HTTP_AUTHORIZATION");
	enum k3s_kind kind;

	if (r->edge->k3s == NULL || !find(r, &kind, &name))
		return 0;
	if (kind == K3S_REFUSED)
		refuse(r, r->edge->master_up ? 403 : 503,
		    "this is between k3s servers: ask the server itself");
	else if (check_method(r, kind) == -1)
		return 1;
	else if (kind == K3S_PING)
		answer(r, 200, "text/plain", "pong", 4);
	else if (kind == K3S_CACERTS)
		serve_ca(r);
	else if (strcmp(name, "connect") == 0)
		refuse(r, 400, "this is for a websocket");
	else if (verify != NULL && strcmp(verify, "SUCCESS") == 0)
		who_start(r, begin);
	else if (verify == NULL || strcmp(verify, "NONE") == 0 ||
	    auth != NULL) {
		/* by his word alone: a bad certificate beside it is none */
		if (limit_ask(r) == 0)
			begin(r);
	} else
		refuse(r, 401, "Unauthorized");
	return 1;
}
