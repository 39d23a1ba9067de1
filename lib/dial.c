/*
 * An OpenSSL client of a kubeconfig.
 */
#include <sys/socket.h>

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "buf.h"
#include "dial.h"
#include "pem.h"

#define PEM_MAX (1024 * 1024)

/* The bytes of a file, or those at hand. NULL if there are none. */
static BIO *
open_pem(const char *file, const char *data, struct buf *b)
{
	if (data == NULL) {
		if (file == NULL ||
		    buf_read_file(b, AT_FDCWD, file, PEM_MAX) == -1)
			return NULL;
		data = b->data;
	}
	return BIO_new_mem_buf(data, -1);
}

static int
add_authorities(SSL_CTX *ctx, BIO *in)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509 *x;
	int n = 0;

	while (
	    (x = PEM_read_bio_X509(in, NULL, pem_no_password, NULL)) != NULL) {
		n += X509_STORE_add_cert(store, x);
		X509_free(x);
	}
	ERR_clear_error();
	return n > 0 ? 0 : -1;
}

/* The first one is ours, those behind it go with it. */
static int
add_chain(SSL_CTX *ctx, BIO *in)
{
	X509 *x;
	int n = 0, ok = 1;

	while (ok &&
	    (x = PEM_read_bio_X509(in, NULL, pem_no_password, NULL)) != NULL) {
		ok = n++ == 0 ? SSL_CTX_use_certificate(ctx, x)
			      : SSL_CTX_add1_chain_cert(ctx, x);
		X509_free(x);
	}
	ERR_clear_error();
	return ok && n > 0 ? 0 : -1;
}

static int
add_key(SSL_CTX *ctx, BIO *in)
{
	EVP_PKEY *key =
	    PEM_read_bio_PrivateKey(in, NULL, pem_no_password, NULL);
	int ok;

	ok = key != NULL && SSL_CTX_use_PrivateKey(ctx, key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok ? 0 : -1;
}

static int
load(SSL_CTX *ctx, const char *file, const char *data,
    int (*add)(SSL_CTX *, BIO *))
{
	struct buf b = { 0 };
	BIO *in;
	int rc = 0;

	if (file == NULL && data == NULL)
		return 0;
	if ((in = open_pem(file, data, &b)) == NULL || add(ctx, in) == -1)
		rc = -1;
	BIO_free(in);
	if (b.data != NULL)
		OPENSSL_cleanse(b.data, b.len);
	buf_free(&b);
	return rc;
}

static int
set_name(SSL *ssl, const struct kubeconfig *k)
{
	const char *name =
	    k->tls_server_name != NULL ? k->tls_server_name : k->host;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	/* an address is none for SNI */
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name))
		return 0;
	ERR_clear_error();
	return SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name)
	    ? 0
	    : -1;
}

SSL *
dial_ssl(const struct kubeconfig *k, char *why, size_t len)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const char *what = "no memory";
	SSL *ssl = NULL;

	if (ctx == NULL || !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
		goto out;
	SSL_CTX_set_verify(ctx, k->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
	    NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	what = "its certificate authority cannot be read";
	if (load(ctx, k->ca_file, k->ca_data, add_authorities) == -1)
		goto out;
	what = "its client certificate cannot be read";
	if (load(ctx, k->cert_file, k->cert_data, add_chain) == -1)
		goto out;
	what = "its client key cannot be read";
	if (load(ctx, k->key_file, k->key_data, add_key) == -1)
		goto out;
	what = "its server name is no name";
	if ((ssl = SSL_new(ctx)) == NULL ||
	    (!k->insecure && set_name(ssl, k) == -1)) {
		SSL_free(ssl);
		ssl = NULL;
	}
out:
	SSL_CTX_free(ctx); /* the SSL has a reference of its own */
	if (ssl == NULL) {
		snprintf(why, len, "kubeconfig: %s", what);
		errno = EINVAL;
	}
	return ssl;
}

void
dial_end(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (ssl != NULL)
		(void)SSL_shutdown(ssl);
	else
		(void)shutdown(bufferevent_getfd(bev), SHUT_WR);
}
