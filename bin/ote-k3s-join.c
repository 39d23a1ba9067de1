/*
 * ote-k3s-join: asks a k3s server for what the hub of its agent must have
 * before it can serve: who issues the certificates of clients.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fetch.h"
#include "k3s_ca.h"
#include "k3s_csr.h"
#include "k3s_store.h"
#include "k3s_token.h"
#include "masters.h"

#define FILE_NAME "client-ca.crt"

static void
usage(FILE *out)
{
	fputs("usage: ote-k3s-join [-h] [-d data] [-l lb] "
	      "host:port[,host:port ...]\n",
	    out);
}

static int
take_body(void *arg, const char *p, size_t n)
{
	struct buf *b = arg;

	if (b->len + n > K3S_FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	return buf_add(b, p, n);
}

static int
take_header(void *arg, const char *name, const char *value)
{
	(void)arg;
	(void)name;
	(void)value;
	return 0;
}

/* Whom to ask, and with what: as a kubeconfig would say it. */
static void
set_server(struct kubeconfig *k, const char *addr)
{
	const char *colon = strrchr(addr, ':');
	size_t n = (size_t)(colon - addr);
	int v6 = addr[0] == '[';

	free(k->server);
	free(k->host);
	if (asprintf(&k->server, "https://%s", addr) == -1 ||
	    (k->host = strndup(addr + v6, n - 2 * (size_t)v6)) == NULL)
		err(111, "%s", addr);
	k->port = (int)strtol(colon + 1, NULL, 10);
	k->tls = 1;
}

static void
set_credential(struct kubeconfig *k, const char *data)
{
	char path[4096], why[256];
	struct k3s_token t;
	struct buf ca = { 0 };

	snprintf(path, sizeof(path), "%s/run/k3s/token", data);
	if (k3s_token_read(&t, path, why, sizeof(why)) == -1)
		errx(100, "%s: %s", path, why);
	if (t.bootstrap != NULL)
		k->token = strdup(t.bootstrap);
	else {
		k->username = strdup("node");
		k->password = strdup(t.password);
	}
	k3s_token_free(&t);
	snprintf(path, sizeof(path), "%s/run/k3s/server-ca.crt", data);
	if (buf_read_file(&ca, AT_FDCWD, path, K3S_CA_MAX) == -1)
		err(100, "%s", path);
	k->ca_pem = ca.data;
	if (k->ca_pem == NULL ||
	    (k->token == NULL && (k->username == NULL || k->password == NULL)))
		errx(111, "no memory");
}

/* The HTTP code, or 0 with why. */
static int
ask(struct kubeconfig *k, const char *lb, struct buf *b, char *why, size_t len)
{
	struct fetch_sink sink = { .header = take_header,
		.body = take_body,
		.arg = b };
	struct upstream up;
	struct fetch f;
	int code;

	if (upstream_init(&up, k, lb, "ote-k3s-join") == -1 ||
	    fetch_init(&f, &up, -1) == -1)
		err(111, "upstream");
	code =
	    fetch_get(&f, "/v1-k3s/" FILE_NAME, "*/*", NULL, &sink, why, len);
	fetch_free(&f);
	upstream_free(&up);
	return code;
}

static void
keep(const char *data, const struct buf *b)
{
	int datafd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char id[K3S_ID_LEN];

	if (datafd == -1)
		err(111, "%s", data);
	if (b->data == NULL || k3s_pem_id(b->data, b->len, id) == -1)
		errx(111, "%s: what the server gives is no certificate",
		    FILE_NAME);
	if (k3s_store_put(datafd, FILE_NAME, b->data, b->len, NULL) == -1)
		err(111, "%s/k3s/%s", data, FILE_NAME);
	close(datafd);
}

int
main(int argc, char **argv)
{
	const char *data = "data", *lb = NULL;
	struct kubeconfig k = { 0 };
	struct masters ms = { .n = 0 };
	char why[256] = "";
	struct buf b = { 0 };
	int c, code = 0;
	size_t i;

	umask(077);
	while ((c = getopt(argc, argv, "d:hl:")) != -1) {
		switch (c) {
		case 'd':
			data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'l':
			lb = optarg;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc - optind != 1) {
		usage(stderr);
		return 100;
	}
	if (masters_parse(&ms, argv[optind], why, sizeof(why)) == -1)
		errx(100, "%s", why);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	set_credential(&k, data);
	for (i = 0; i < ms.n && code == 0; i++) {
		set_server(&k, ms.m[i].addr);
		b.len = 0;
		code = ask(&k, lb, &b, why, sizeof(why));
	}
	if (code == 401 || code == 403)
		errx(1, "%s: the server does not take the token (%d)", k.server,
		    code);
	if (code == 0)
		errx(111, "%s: %s", k.server, why);
	if (code != 200)
		errx(111, "%s: %s: answered with %d", k.server, FILE_NAME,
		    code);
	keep(data, &b);
	buf_free(&b);
	kubeconfig_free(&k);
	return 0;
}
