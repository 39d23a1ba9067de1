/*
 * The current context of a kubeconfig, by libyaml's document interface, and
 * what it names checked before anything is started with it.
 */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "kubeconfig.h"
#include "pem.h"

#define FILE_MAX_BYTES (1024 * 1024)

/* Where a message goes, and what it is about. */
struct why {
	char *text;
	size_t len;
	const char *path;
};

static int say(const struct why *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
say(const struct why *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(w->text, w->len, "%s: ", w->path);
	if (n >= 0 && (size_t)n < w->len) {
		va_start(ap, fmt);
		vsnprintf(w->text + n, w->len - (size_t)n, fmt, ap);
		va_end(ap);
	}
	errno = EINVAL;
	return -1;
}

/* --- the document --- */

static yaml_node_t *
member(yaml_document_t *d, yaml_node_t *map, const char *name)
{
	yaml_node_pair_t *p;
	yaml_node_t *key;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		key = yaml_document_get_node(d, p->key);
		if (key != NULL && key->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)key->data.scalar.value, name) == 0)
			return yaml_document_get_node(d, p->value);
	}
	return NULL;
}

static const char *
text(yaml_node_t *n)
{
	if (n == NULL || n->type != YAML_SCALAR_NODE ||
	    n->data.scalar.length == 0 ||
	    strlen((const char *)n->data.scalar.value) != n->data.scalar.length)
		return NULL;
	return (const char *)n->data.scalar.value;
}

/* The entry `name` of a list like clusters; its member `what`. */
static yaml_node_t *
named(yaml_document_t *d, const char *list, const char *name, const char *what)
{
	yaml_node_t *seq, *entry;
	yaml_node_item_t *i;
	const char *is;

	seq = member(d, yaml_document_get_root_node(d), list);
	if (seq == NULL || seq->type != YAML_SEQUENCE_NODE)
		return NULL;
	for (i = seq->data.sequence.items.start;
	     i < seq->data.sequence.items.top; i++) {
		entry = yaml_document_get_node(d, *i);
		is = text(member(d, entry, "name"));
		if (is != NULL && strcmp(is, name) == 0)
			return member(d, entry, what);
	}
	return NULL;
}

/* A string member into out; 0, or -1 without memory. */
static int
take(yaml_document_t *d, yaml_node_t *map, const char *name, char **out)
{
	const char *s = text(member(d, map, name));

	if (s == NULL)
		return 0;
	return (*out = strdup(s)) == NULL ? -1 : 0;
}

/* A file name, relative to the kubeconfig. */
static int
take_path(const struct why *w, yaml_document_t *d, yaml_node_t *map,
    const char *name, char **out)
{
	const char *s = text(member(d, map, name)), *slash;
	int dir;

	if (s == NULL)
		return 0;
	slash = strrchr(w->path, '/');
	if (*s == '/' || slash == NULL)
		return (*out = strdup(s)) == NULL ? -1 : 0;
	dir = (int)(slash - w->path);
	return asprintf(out, "%.*s/%s", dir, w->path, s) == -1 ? -1 : 0;
}

/* Base64 of PEM; NUL-ended. */
static int
take_data(const struct why *w, yaml_document_t *d, yaml_node_t *map,
    const char *name, char **out)
{
	const char *s = text(member(d, map, name));
	size_t len;
	int n, pad = 0;

	if (s == NULL)
		return 0;
	len = strlen(s);
	while (len > 0 && strchr("\r\n \t", s[len - 1]) != NULL)
		len--;
	if ((*out = calloc(1, len + 4)) == NULL)
		return -1;
	while (len > 0 && pad < 2 && s[len - 1 - (size_t)pad] == '=')
		pad++;
	n = EVP_DecodeBlock((unsigned char *)*out, (const unsigned char *)s,
	    (int)len);
	if (n < pad)
		return say(w, "%s is not base64; write it with base64 -w0",
		    name);
	(*out)[n - pad] = '\0';
	return 0;
}

/* --- sections --- */

static int
take_server(const struct why *w, struct kubeconfig *k)
{
	const char *p = k->server, *end, *colon = NULL;
	size_t n = strlen(k->server);
	char *port_end;
	long port;

	while (n > 0 && k->server[n - 1] == '/')
		k->server[--n] = '\0';
	if (strncmp(p, "https://", 8) == 0) {
		k->tls = 1;
		p += 8;
	} else if (strncmp(p, "http://", 7) == 0)
		p += 7;
	else
		return say(w, "server %s is neither http:// nor https://",
		    k->server);
	k->port = k->tls ? 443 : 80;
	end = p + strcspn(p, "/?#@");
	if (*end != '\0' && *end != '/')
		return say(w, "server %s is no address", k->server);
	if (*p == '[') {
		const char *close = memchr(p, ']', (size_t)(end - p));

		if (close == NULL)
			return say(w, "server %s is no address", k->server);
		k->host = strndup(p + 1, (size_t)(close - p - 1));
		if (close + 1 < end)
			colon = close + 1;
	} else {
		colon = memchr(p, ':', (size_t)(end - p));
		k->host =
		    strndup(p, (size_t)((colon == NULL ? end : colon) - p));
	}
	if (k->host == NULL)
		return -1;
	if (colon != NULL) {
		port = strtol(colon + 1, &port_end, 10);
		if (*colon != ':' || port_end != end || port < 1 ||
		    port > 65535)
			return say(w, "server %s has a bad port", k->server);
		k->port = (int)port;
	}
	if (*k->host == '\0')
		return say(w, "server %s names no host", k->server);
	return 0;
}

static int
take_cluster(const struct why *w, yaml_document_t *d, yaml_node_t *c,
    struct kubeconfig *k)
{
	const char *insecure;

	if (text(member(d, c, "proxy-url")) != NULL)
		return say(w, "proxy-url is not supported: take it out");
	if (take(d, c, "server", &k->server) == -1 ||
	    take(d, c, "tls-server-name", &k->tls_server_name) == -1 ||
	    take_path(w, d, c, "certificate-authority", &k->ca_file) == -1 ||
	    take_data(w, d, c, "certificate-authority-data", &k->ca_data) == -1)
		return -1;
	insecure = text(member(d, c, "insecure-skip-tls-verify"));
	k->insecure = insecure != NULL && strcmp(insecure, "true") == 0;
	if (k->server == NULL)
		return say(w, "the current context's cluster has no server");
	return take_server(w, k);
}

static int
take_user(const struct why *w, yaml_document_t *d, yaml_node_t *u,
    struct kubeconfig *k)
{
	if (member(d, u, "exec") != NULL)
		return say(w,
		    "exec plugins are not supported: use a "
		    "certificate, token or tokenFile");
	if (member(d, u, "auth-provider") != NULL)
		return say(w,
		    "auth-provider plugins are not supported: use a "
		    "certificate, token or tokenFile");
	if (member(d, u, "as") != NULL)
		return say(w,
		    "impersonation (as) is not supported: use that "
		    "user's own credential");
	if (take_path(w, d, u, "client-certificate", &k->cert_file) == -1 ||
	    take_data(w, d, u, "client-certificate-data", &k->cert_data) ==
		-1 ||
	    take_path(w, d, u, "client-key", &k->key_file) == -1 ||
	    take_data(w, d, u, "client-key-data", &k->key_data) == -1 ||
	    take(d, u, "token", &k->token) == -1 ||
	    take_path(w, d, u, "tokenFile", &k->token_file) == -1 ||
	    take(d, u, "username", &k->username) == -1)
		return -1;
	return take(d, u, "password", &k->password);
}

static int
take_context(const struct why *w, yaml_document_t *d, struct kubeconfig *k)
{
	yaml_node_t *root = yaml_document_get_root_node(d), *context, *node;
	const char *name, *cluster, *user;

	if (root == NULL || root->type != YAML_MAPPING_NODE)
		return say(w, "no kubeconfig");
	if ((name = text(member(d, root, "current-context"))) == NULL)
		return say(w,
		    "names no current-context; set one with kubectl "
		    "config use-context");
	if ((context = named(d, "contexts", name, "context")) == NULL)
		return say(w, "has no context %s, its current-context", name);
	if ((cluster = text(member(d, context, "cluster"))) == NULL ||
	    (node = named(d, "clusters", cluster, "cluster")) == NULL)
		return say(w, "context %s: no such cluster", name);
	if (take_cluster(w, d, node, k) == -1)
		return -1;
	if ((user = text(member(d, context, "user"))) == NULL)
		return 0;
	if ((node = named(d, "users", user, "user")) == NULL)
		return say(w, "context %s: no user %s", name, user);
	return take_user(w, d, node, k);
}

/* --- certificates --- */

static BIO *
open_pem(const struct why *w, const char *file, const char *data,
    const char *what)
{
	BIO *b;

	if (data != NULL)
		return BIO_new_mem_buf(data, -1);
	if ((b = BIO_new_file(file, "r")) == NULL)
		say(w, "%s %s: %s", what, file, strerror(errno));
	return b;
}

static const char *
name_of(const char *file, const char *what)
{
	return file == NULL ? what : file;
}

static X509 *
read_cert(const struct why *w, const char *file, const char *data,
    const char *what)
{
	X509 *x;
	BIO *b;

	if ((b = open_pem(w, file, data, what)) == NULL)
		return NULL;
	x = PEM_read_bio_X509(b, NULL, pem_no_password, NULL);
	BIO_free(b);
	if (x == NULL)
		say(w, "%s holds no PEM certificate", name_of(file, what));
	return x;
}

static int
check_pair(const struct why *w, const struct kubeconfig *k)
{
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	BIO *b = NULL;
	int rc = -1;

	if (k->cert_file == NULL && k->cert_data == NULL)
		return k->key_file == NULL && k->key_data == NULL
		    ? 0
		    : say(w, "a client-key without client-certificate");
	if (k->key_file == NULL && k->key_data == NULL)
		return say(w, "a client certificate without client-key");
	x = read_cert(w, k->cert_file, k->cert_data, "client-certificate");
	if (x == NULL ||
	    (b = open_pem(w, k->key_file, k->key_data, "client-key")) == NULL)
		goto out;
	key = PEM_read_bio_PrivateKey(b, NULL, pem_no_password, NULL);
	if (key == NULL)
		say(w, "%s holds no PEM private key (without a passphrase)",
		    name_of(k->key_file, "client-key-data"));
	else if (X509_check_private_key(x, key) != 1)
		say(w, "%s and %s do not belong together",
		    name_of(k->cert_file, "client-certificate-data"),
		    name_of(k->key_file, "client-key-data"));
	else
		rc = 0;
out:
	BIO_free(b);
	X509_free(x);
	EVP_PKEY_free(key);
	return rc;
}

static int
check_files(const struct why *w, const struct kubeconfig *k)
{
	struct stat st;
	X509 *x;

	if (k->ca_file != NULL || k->ca_data != NULL) {
		x = read_cert(w, k->ca_file, k->ca_data,
		    "certificate-authority");
		if (x == NULL)
			return -1;
		X509_free(x);
	} else if (k->tls && !k->insecure)
		return say(w, "%s without certificate-authority", k->server);
	if (k->token_file != NULL && stat(k->token_file, &st) == -1)
		return say(w, "tokenFile %s: %s", k->token_file,
		    strerror(errno));
	if (k->token != NULL && strpbrk(k->token, "\r\n") != NULL)
		return say(w, "token: a line break stands in it; take it out");
	return check_pair(w, k);
}

/* --- all of it --- */

static int
load(const struct why *w, struct kubeconfig *k, FILE *in)
{
	yaml_parser_t parser;
	yaml_document_t d;
	int rc;

	if (!yaml_parser_initialize(&parser)) {
		errno = ENOMEM;
		return -1;
	}
	yaml_parser_set_input_file(&parser, in);
	if (!yaml_parser_load(&parser, &d)) {
		rc = say(w, "line %zu: %s", parser.problem_mark.line + 1,
		    parser.problem == NULL ? "no YAML" : parser.problem);
		yaml_parser_delete(&parser);
		return rc;
	}
	rc = take_context(w, &d, k);
	yaml_document_delete(&d);
	yaml_parser_delete(&parser);
	return rc == -1 ? -1 : check_files(w, k);
}

int
kubeconfig_load(struct kubeconfig *k, const char *path, char *why,
    size_t whylen)
{
	struct why w = { why, whylen, path };
	struct stat st;
	FILE *in;
	int rc = -1, saved;

	memset(k, 0, sizeof(*k));
	if (whylen > 0)
		*why = '\0';
	if ((in = fopen(path, "re")) == NULL || fstat(fileno(in), &st) == -1)
		say(&w, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES)
		say(&w, "no file of at most 1 MiB");
	else {
		rc = (k->path = strdup(path)) == NULL ? -1 : load(&w, k, in);
		if (rc == 0)
			rc = kubeconfig_pems(k);
		if (rc == -1 && whylen > 0 && *why == '\0')
			say(&w, "%s", strerror(errno));
	}
	saved = errno;
	if (in != NULL)
		fclose(in);
	if (rc == -1)
		kubeconfig_free(k);
	errno = saved;
	return rc;
}

void
kubeconfig_free(struct kubeconfig *k)
{
	char *const strings[] = { k->server, k->host, k->tls_server_name,
		k->ca_file, k->ca_data, k->cert_file, k->cert_data, k->key_file,
		k->token_file, k->username, k->ca_pem, k->cert_pem, k->path };
	char *const secrets[] = { k->key_data, k->token, k->password,
		k->key_pem };
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		free(strings[i]);
	for (i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		if (secrets[i] != NULL)
			explicit_bzero(secrets[i], strlen(secrets[i]));
		free(secrets[i]);
	}
	memset(k, 0, sizeof(*k));
}
