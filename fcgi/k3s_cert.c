/*
 * Certificates of k3s agents. Newer ones send a request for a key that they
 * keep, older ones get the key with it. An answer of the server is kept by
 * node and key: it stays good for as long as the agent has that key.
 *
 * Without the server a node is known by the password by which it has been
 * accepted; where none was kept, by its kubelet's certificate. What kubelet serves with the hub
 * signs itself, by the server CA; for what clients show it has no key.
 */
#include <arpa/inet.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "expiry.h"
#include "feeds.h"
#include "k3s.h"
#include "k3s_ca.h"
#include "k3s_csr.h"
#include "k3s_store.h"
#include "who.h"

#define PASSWORD_MAX 512
#define ADDRESSES_MAX 16

/* --- what is asked for --- */

/* A node's name is one of DNS (RFC 1123), and so part of a file's. */
static int
is_node(const char *s)
{
	size_t i, n = strlen(s);

	if (n == 0 || n > 253 || !isalnum((unsigned char)s[0]) ||
	    !isalnum((unsigned char)s[n - 1]) || strstr(s, "..") != NULL)
		return 0;
	for (i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) &&
		    !isdigit((unsigned char)s[i]) && strchr("-.", s[i]) == NULL)
			return 0;
	return 1;
}

/* Add the address as it is written best. */
static int
add_address(char *names, size_t len, const char *text)
{
	unsigned char bytes[16];
	char best[INET6_ADDRSTRLEN];
	int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	size_t at = strlen(names);

	if (inet_pton(family, text, bytes) != 1 ||
	    inet_ntop(family, bytes, best, sizeof(best)) == NULL)
		return -1;
	return snprintf(names + at, len - at, ",IP:%s", best) >= (int)(len - at)
	    ? -1
	    : 0;
}

/* The names of the node in a serving certificate, as a k3s server has them. */
static int
take_names(struct k3s_ask *a, const char *addresses)
{
	char *text = strdup(addresses == NULL ? "" : addresses), *save = NULL;
	char *one;
	int n, rc = text == NULL ? -1 : 0;

	snprintf(a->names, sizeof(a->names),
	    "DNS:%s,DNS:localhost,IP:127.0.0.1", a->node);
	if (text == NULL)
		return -1;
	for (n = 0, one = strtok_r(text, ",", &save); rc == 0 && one != NULL;
	     one = strtok_r(NULL, ",", &save))
		rc = n++ >= ADDRESSES_MAX
		    ? -1
		    : add_address(a->names, sizeof(a->names), one);
	free(text);
	return rc;
}

/* In small letters, as the server takes it; "" where it is too long. */
static void
take_name(char *out, size_t len, const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0' && i < len - 1; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[name[i] == '\0' ? i : 0] = '\0';
}

static int
take_node(struct k3s_ask *a)
{
	const struct fcgi_conn *c = a->r->c;
	const char *node = fcgi_param(c, "HTTP_K3S_NODE_NAME");
	const char *password = fcgi_param(c, "HTTP_K3S_NODE_PASSWORD");

	take_name(a->node, sizeof(a->node), node == NULL ? "" : node);
	if (!is_node(a->node)) {
		k3s_refuse(a, 400, "k3s-Node-Name is no name of a node");
		return -1;
	}
	if (password != NULL && strlen(password) > PASSWORD_MAX) {
		k3s_refuse(a, 400, "k3s-Node-Password is too long");
		return -1;
	}
	if (password != NULL && (a->password = strdup(password)) == NULL) {
		k3s_refuse(a, 500, "no memory for a request");
		return -1;
	}
	if (take_names(a, fcgi_param(c, "HTTP_K3S_NODE_IP")) == -1) {
		k3s_refuse(a, 400, "k3s-Node-IP is no list of addresses");
		return -1;
	}
	return 0;
}

static int
is_type(const char *type)
{
	static const char *const names[] = { "", "application/octet-stream",
		"application/pkcs10" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (type == NULL || strcasecmp(type, names[i]) == 0)
			return 1;
	return 0;
}

int
k3s_cert_begin(struct k3s_ask *a)
{
	struct request *r = a->r;

	if (strcmp(r->method, "POST") == 0 &&
	    !is_type(fcgi_param(r->c, "CONTENT_TYPE"))) {
		k3s_refuse(a, 415,
		    "give a certificate request in DER, as "
		    "application/octet-stream");
		return -1;
	}
	return a->kind == K3S_NODE_CERT ? take_node(a) : 0;
}

int
k3s_cert_body(struct k3s_ask *a)
{
	char why[160];
	EVP_PKEY *key;

	if (strcmp(a->r->method, "POST") != 0) {
		snprintf(a->id, sizeof(a->id), "get");
		return 0;
	}
	key = k3s_csr_key(a->body.data == NULL ? "" : a->body.data, a->body.len,
	    a->id, why, sizeof(why));
	if (key == NULL) {
		k3s_refuse(a, 400, why);
		return -1;
	}
	EVP_PKEY_free(key);
	return 0;
}

/* --- what is kept --- */

/* Of an agent's certificates that are no node's: the files in identities/. */
static const struct {
	const char *call, *file;
} users[] = {
	{ "client-k3s-controller.crt", "system%3Ak3s-controller" },
	{ "client-kube-proxy.crt", "system%3Akube-proxy" },
};

static void
file_of(const struct k3s_ask *a, char *out, size_t len)
{
	snprintf(out, len, "certs/%s/%s%s%s", a->name, a->node,
	    *a->node == '\0' ? "" : ",", a->id);
}

/*
 * Whose files stay, whatever else is asked for: this node's; where no node is
 * named, those of the key that its agent has.
 */
static const char *
own_of(const struct k3s_ask *a, char id[K3S_ID_LEN])
{
	const char *dir = a->edge->behalf.pairs.dir;
	struct buf b = { 0 };
	char path[PATH_MAX];
	size_t i, n;
	int rc;

	if (*a->node != '\0')
		return a->edge->node;
	for (i = 0; i < sizeof(users) / sizeof(*users); i++)
		if (strcmp(users[i].call, a->name) == 0)
			break;
	if (dir == NULL || i == sizeof(users) / sizeof(*users))
		return NULL;
	n = (size_t)snprintf(path, sizeof(path), "%s/%s.crt", dir,
	    users[i].file);
	rc = n >= sizeof(path) ||
		buf_read_file(&b, AT_FDCWD, path, K3S_FILE_MAX) == -1 ||
		b.data == NULL
	    ? -1
	    : k3s_pem_id(b.data, b.len, id);
	buf_free(&b);
	return rc == -1 ? NULL : id;
}

void
k3s_cert_keep(struct k3s_ask *a, const struct buf *pem)
{
	char file[512], id[K3S_ID_LEN], own[K3S_ID_LEN];

	if (pem->data == NULL || k3s_pem_id(pem->data, pem->len, id) == -1 ||
	    (strcmp(a->id, "get") != 0 && strcmp(a->id, id) != 0)) {
		warnx("%s: the server's answer is no certificate for it",
		    a->name);
		return;
	}
	file_of(a, file, sizeof(file));
	if (k3s_store_put(a->edge->datafd, file, pem->data, pem->len,
		own_of(a, own)) == -1)
		warn("k3s/%s", file);
	if (a->password != NULL)
		k3s_password_accepted(a);
}

/* 1 if it is of the cluster's client CA as it is now, or that is not known. */
static int
is_of_ca(const struct k3s_ask *a, const struct buf *pem)
{
	struct buf ca = { 0 };
	int yes = strncmp(a->name, "client-", 7) != 0 ||
	    k3s_store_get(a->edge->datafd, "client-ca.crt", &ca) == -1 ||
	    ca.data == NULL ||
	    k3s_ca_issued(ca.data, ca.len, pem->data, pem->len);

	buf_free(&ca);
	return yes;
}

/* 0 and *b if there is one that is still good, else -1 and why. */
static int
find_kept(const struct k3s_ask *a, struct buf *b, char *why, size_t len)
{
	struct expiry x;
	char file[512];

	file_of(a, file, sizeof(file));
	if (k3s_store_get(a->edge->datafd, file, b) == -1 || b->data == NULL ||
	    expiry_read(&x, NULL, b->data) == -1 ||
	    x.until <= (long long)time(NULL))
		snprintf(why, len,
		    "%s: none that is still good was asked for with this key, "
		    "and only the server can sign it",
		    a->name);
	else if (!is_of_ca(a, b))
		snprintf(why, len,
		    "%s: the client CA of the cluster is another one since it "
		    "was signed, and only the server can sign it anew",
		    a->name);
	else
		return 0;
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	b->len = 0;
	return -1;
}

int
k3s_cert_has(const struct k3s_ask *a)
{
	struct buf b = { 0 };
	char why[192];
	int yes = strcmp(a->name, "serving-kubelet.crt") == 0 ||
	    find_kept(a, &b, why, sizeof(why)) == 0;

	if (b.data != NULL)
		explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return yes;
}

/* --- without the server --- */

/* 1 if the tree would have that node, and does not. */
static int
is_gone(const struct k3s_ask *a)
{
	struct meta m = { .key = a->node,
		.ns = "",
		.name = a->node,
		.uid = "",
		.labels = "",
		.fields = "" };
	const struct feed_object *o;
	char path[APIPATH_MAX];
	struct apipath p;

	snprintf(path, sizeof(path), "/api/v1/nodes/%s", a->node);
	return apipath_parse(&p, path) == 0 &&
	    feeds_taking(a->edge, &p, &m) != NULL &&
	    feeds_find_object(a->edge, &p, &o) == NULL;
}

/*
 * 0 if the node is who it says; -1 answered. A certificate does not spare it
 * the password, as on the server (pkg/nodepassword).
 */
static int
check_node(struct k3s_ask *a, enum k3s_trust trust)
{
	const char *node = a->r->who == NULL ? NULL : a->r->who->node;
	int is_its = node != NULL && strcmp(node, a->node) == 0;

	if (a->password == NULL || *a->password == '\0') {
		k3s_refuse(a, 400, "k3s-Node-Password is missing");
		return -1;
	}
	if (trust == K3S_KUBELET && !is_its) {
		k3s_refuse(a, 400, "your certificate is of another node");
		return -1;
	}
	if (trust == K3S_KUBELET && is_gone(a)) {
		k3s_refuse(a, 401, "the node is not there any more");
		return -1;
	}
	switch (k3s_password_look(a)) {
	case K3S_RIGHT:
		return 0;
	case K3S_WRONG:
		k3s_refuse(a, 403, "the node's password is another one");
		return -1;
	case K3S_LATER:
		k3s_refuse(a, 429,
		    "passwords are looked at once a second: ask again");
		return -1;
	default:
		if (is_its)
			return 0;
		k3s_refuse(a, 503,
		    "the node was not accepted while it was there");
		return -1;
	}
}

/* A certificate for the key asked for, or for a new one, which follows it. */
static int
make(const struct k3s_ask *a, const struct k3s_ca *ca, struct buf *out)
{
	struct buf text = { 0 };
	char id[K3S_ID_LEN], why[160];
	EVP_PKEY *key;
	int rc = -1;

	if (strcmp(a->id, "get") == 0)
		key = k3s_ca_make_key(&text);
	else
		key = k3s_csr_key(a->body.data, a->body.len, id, why,
		    sizeof(why));
	if (key != NULL)
		rc = k3s_ca_sign(ca, key, a->node, a->names,
		    (long long)time(NULL), out);
	if (rc == 0 && text.len > 0)
		rc = buf_add(out, text.data, text.len);
	EVP_PKEY_free(key);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	buf_free(&text);
	return rc;
}

/* What kubelet serves with: as it was, or signed here. */
static void
answer_serving(struct k3s_ask *a, struct buf *kept)
{
	struct edge *e = a->edge;
	char cert[512], key[512], file[512], why[512];
	struct k3s_ca ca;

	snprintf(cert, sizeof(cert), "%s/run/k3s/server-ca.crt", e->data);
	snprintf(key, sizeof(key), "%s/run/k3s/server-ca.key", e->data);
	if (k3s_ca_load(&ca, cert, key, (long long)time(NULL), why,
		sizeof(why)) == -1) {
		if (kept->len > 0)
			k3s_answer(a, 200, "text/plain", kept->data, kept->len);
		else
			k3s_refuse(a, 503, why);
		return;
	}
	if (kept->len == 0 ||
	    !k3s_ca_signed(&ca, kept->data, kept->len, a->names)) {
		kept->len = 0;
		file_of(a, file, sizeof(file));
		if (make(a, &ca, kept) == -1)
			kept->len = 0;
		else if (k3s_store_put(e->datafd, file, kept->data, kept->len,
			     e->node) == -1)
			warn("k3s/%s", file);
	}
	k3s_ca_free(&ca);
	if (kept->len > 0)
		k3s_answer(a, 200, "text/plain", kept->data, kept->len);
	else
		k3s_refuse(a, 500, "no certificate could be made");
}

void
k3s_cert_offline(struct k3s_ask *a, enum k3s_trust trust)
{
	struct buf kept = { 0 };
	char why[192] = "";

	if (a->kind == K3S_NODE_CERT && check_node(a, trust) == -1)
		return;
	(void)find_kept(a, &kept, why, sizeof(why));
	if (strcmp(a->name, "serving-kubelet.crt") == 0)
		answer_serving(a, &kept);
	else if (kept.len > 0)
		k3s_answer(a, 200, "text/plain", kept.data, kept.len);
	else
		k3s_refuse(a, 503, why);
	if (kept.data != NULL)
		explicit_bzero(kept.data, kept.cap);
	buf_free(&kept);
}
