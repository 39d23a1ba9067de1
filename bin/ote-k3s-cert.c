/*
 * ote-k3s-cert: the certificate that the hub of a k3s node serves with.
 *
 * Signed by the cluster's own server CA, so that an agent cannot tell the hub
 * from its server. What is there and good is left alone: it may run at any time,
 * and often.
 */
#include <arpa/inet.h>
#include <sys/stat.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "k3s_ca.h"
#include "pem.h"
#include "k3s_csr.h"
#include "k3s_token.h"

#define ADDRESSES_MAX 32
#define CERT "run/serving.pem"
#define KEY "run/serving-key.pem"

static void
usage(FILE *out)
{
	fputs("usage: ote-k3s-cert [-hn] [-d data] -N node [address ...]\n",
	    out);
}

/* --- names --- */

static void
add_name(struct buf *names, const char *kind, const char *name)
{
	if (names->len + strlen(name) + 8 > K3S_NAMES_MAX)
		errx(100, "%s: too many names", name);
	if (buf_printf(names, "%s%s:%s", names->len > 0 ? "," : "", kind,
		name) == -1)
		err(111, "names");
}

/* As text, if others may reach the node by it; else NULL. */
static const char *
text_of(const struct sockaddr *sa, char *text, socklen_t len)
{
	const struct sockaddr_in6 *v6 = (const void *)sa;
	const struct sockaddr_in *v4 = (const void *)sa;

	if (sa == NULL)
		return NULL;
	if (sa->sa_family == AF_INET)
		return inet_ntop(AF_INET, &v4->sin_addr, text, len);
	if (sa->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return inet_ntop(AF_INET6, &v6->sin6_addr, text, len);
	return NULL;
}

static void
add_addresses(struct buf *names)
{
	struct ifaddrs *all, *i;
	char text[INET6_ADDRSTRLEN];
	int n = 0;

	if (getifaddrs(&all) == -1)
		err(111, "addresses");
	for (i = all; i != NULL && n < ADDRESSES_MAX; i = i->ifa_next)
		if (!(i->ifa_flags & IFF_LOOPBACK) &&
		    text_of(i->ifa_addr, text, sizeof(text)) != NULL) {
			add_name(names, "IP", text);
			n++;
		}
	freeifaddrs(all);
}

static int
is_host(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (!isalnum((unsigned char)s[i]) && strchr("-.", s[i]) == NULL)
			return 0;
	return i > 0 && i < 254;
}

static void
make_names(struct buf *names, const char *node, char **given)
{
	unsigned char bytes[16];

	add_name(names, "DNS", node);
	add_name(names, "DNS", "localhost");
	add_name(names, "IP", "127.0.0.1");
	add_name(names, "IP", "::1");
	add_addresses(names);
	for (; *given != NULL; given++)
		if (inet_pton(AF_INET, *given, bytes) == 1 ||
		    inet_pton(AF_INET6, *given, bytes) == 1)
			add_name(names, "IP", *given);
		else if (is_host(*given))
			add_name(names, "DNS", *given);
		else
			errx(100, "%s: neither an address nor a name", *given);
}

/* --- what it is made of --- */

static char *
path_of(const char *data, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/run/k3s/%s", data, name) == -1)
		err(111, "%s", name);
	return path;
}

/* A token that names another CA is of another cluster. */
static void
check_token(const char *data)
{
	char *token_file = path_of(data, "token");
	char *ca_file = path_of(data, "server-ca.crt");
	char why[256], old[65], new[65];
	struct buf pem = { 0 };
	struct k3s_token t;

	if (k3s_token_read(&t, token_file, why, sizeof(why)) == -1)
		errx(100, "token: %s: give the server's node-token", why);
	if (buf_read_file(&pem, AT_FDCWD, ca_file, K3S_CA_MAX) == -1 ||
	    k3s_ca_hashes(pem.data, pem.len, old, new) == -1)
		err(111, "%s", ca_file);
	if (*t.hash != '\0' && strcmp(t.hash, old) != 0 &&
	    strcmp(t.hash, new) != 0)
		errx(100,
		    "token: it is of another cluster: the CA hash in it is %s, "
		    "that of the server CA %s",
		    t.hash, new);
	k3s_token_free(&t);
	buf_free(&pem);
	free(ca_file);
	free(token_file);
}

static void
load_ca(struct k3s_ca *ca, const char *data, int check)
{
	char *cert = path_of(data, "server-ca.crt");
	char *key = path_of(data, "server-ca.key");
	char why[1024];

	if (k3s_ca_load(ca, cert, key, (long long)time(NULL), why,
		sizeof(why)) == -1)
		errx(check ? 100 : 111, "%s", why);
	free(cert);
	free(key);
}

/* The key that is there, or a new one. */
static EVP_PKEY *
take_key(int datafd)
{
	struct buf pem = { 0 };
	EVP_PKEY *key = NULL;

	if (buf_read_file(&pem, datafd, KEY, K3S_CA_MAX) == 0)
		key = pem_key(pem.data, pem.len);
	pem.len = 0;
	if (key == NULL &&
	    ((key = k3s_ca_make_key(&pem)) == NULL ||
		atomic_write(datafd, KEY, pem.data, pem.len, 1) == -1))
		err(111, KEY);
	if (pem.data != NULL)
		explicit_bzero(pem.data, pem.cap);
	buf_free(&pem);
	return key;
}

/* 1 if the certificate that is there will do. */
static int
is_good(int datafd, const struct k3s_ca *ca, EVP_PKEY *key, const char *names)
{
	char of_key[K3S_ID_LEN], of_cert[K3S_ID_LEN];
	long long now = (long long)time(NULL);
	struct buf pem = { 0 };
	int yes = buf_read_file(&pem, datafd, CERT, K3S_CA_MAX) == 0 &&
	    pem.data != NULL && k3s_pem_id(pem.data, pem.len, of_cert) == 0 &&
	    k3s_key_id(key, of_key) == 0 && strcmp(of_cert, of_key) == 0 &&
	    k3s_ca_signed(ca, pem.data, pem.len, names) &&
	    !k3s_ca_is_due(ca, pem.data, pem.len, now);

	buf_free(&pem);
	return yes;
}

static void
issue(const char *data, const struct k3s_ca *ca, const char *node,
    const char *names)
{
	int datafd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf pem = { 0 };
	EVP_PKEY *key;

	if (datafd == -1)
		err(111, "%s", data);
	key = take_key(datafd);
	if (!is_good(datafd, ca, key, names)) {
		if (k3s_ca_sign(ca, key, node, names, (long long)time(NULL),
			&pem) == -1)
			errx(111, "no certificate can be signed");
		if (atomic_write(datafd, CERT, pem.data, pem.len, 1) == -1)
			err(111, CERT);
	}
	buf_free(&pem);
	EVP_PKEY_free(key);
	close(datafd);
}

int
main(int argc, char **argv)
{
	const char *data = "data", *node = NULL;
	struct buf names = { 0 };
	struct k3s_ca ca;
	int c, check = 0;

	umask(077);
	while ((c = getopt(argc, argv, "N:d:hn")) != -1) {
		switch (c) {
		case 'N':
			node = optarg;
			break;
		case 'd':
			data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'n':
			check = 1;
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (node == NULL) {
		usage(stderr);
		return 100;
	}
	if (!is_host(node))
		errx(100, "-N %.64s: no name of a node", node);
	make_names(&names, node, argv + optind);
	load_ca(&ca, data, check);
	if (check)
		check_token(data);
	else
		issue(data, &ca, node, names.data);
	k3s_ca_free(&ca);
	buf_free(&names);
	return 0;
}
