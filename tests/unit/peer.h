#ifndef PEER_H
#define PEER_H

/*
 * A TLS server for tests, HTTP/2 or HTTP/1.1: each answer is a line, the
 * number of the connection, the CN of the client's certificate and, of
 * HTTP/1.1, the Authorization that came. The answer to the request on stream 1
 * of HTTP/2 waits for the next one, on whatever connection, or for 300 ms: so
 * a transfer that may not share the connection has the chance to.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mint.h"

struct peer {
	SSL_CTX *ctx;
	EVP_PKEY *key;
	pthread_t thread;
	int fd, port, h2, connections, open;
	int asked; /* requests so far, in all */
};

struct peer_link {
	struct peer *p;
	SSL *ssl;
	int number;
};

static inline int
peer_any(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static inline int
peer_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	static const unsigned char h2[] = "\2h2", h1[] = "\10http/1.1";
	const struct peer *p = arg;
	unsigned char *got;

	(void)ssl;
	if (SSL_select_next_proto(&got, outlen, p->h2 ? h2 : h1, p->h2 ? 3 : 9,
		in, inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = got;
	return SSL_TLSEXT_ERR_OK;
}

static inline int
peer_read(SSL *ssl, void *p, int n)
{
	int got = 0, r;

	while (got < n && (r = SSL_read(ssl, (char *)p + got, n - got)) > 0)
		got += r;
	return got == n ? 0 : -1;
}

static inline void
peer_line(const struct peer_link *l, const char *authorization, char *out,
    size_t len)
{
	X509 *x = SSL_get0_peer_certificate(l->ssl);
	char cn[64] = "-";

	if (x != NULL)
		X509_NAME_get_text_by_NID(X509_get_subject_name(x),
		    NID_commonName, cn, sizeof(cn));
	snprintf(out, len, "%d %s%s%s\n", l->number, cn,
	    authorization[0] != '\0' ? " " : "", authorization);
}

static inline int
peer_frame(SSL *ssl, int type, int flags, unsigned int stream, const void *p,
    size_t n)
{
	unsigned char f[256] = { 0, 0, (unsigned char)n, (unsigned char)type,
		(unsigned char)flags, 0, 0, (unsigned char)(stream >> 8),
		(unsigned char)stream };

	memcpy(f + 9, p, n);
	return SSL_write(ssl, f, (int)n + 9) > 0 ? 0 : -1;
}

static inline void
peer_answer(const struct peer_link *l, unsigned int stream)
{
	int i, n = __atomic_add_fetch(&l->p->asked, 1, __ATOMIC_SEQ_CST);
	char line[128];

	for (i = 0; stream == 1 && i < 30 &&
	     __atomic_load_n(&l->p->asked, __ATOMIC_SEQ_CST) == n;
	     i++)
		usleep(10000);
	peer_line(l, "", line, sizeof(line));
	peer_frame(l->ssl, 1, 4, stream, "\210", 1); /* :status: 200 */
	peer_frame(l->ssl, 0, 1, stream, line, strlen(line));
}

static inline void
peer_h2(const struct peer_link *l)
{
	unsigned char f[9], body[16384];
	unsigned int n, stream;

	if (peer_read(l->ssl, body, 24) == -1)
		return;
	peer_frame(l->ssl, 4, 0, 0, "", 0);
	while (peer_read(l->ssl, f, 9) == 0) {
		n = (unsigned int)f[0] << 16 | (unsigned int)f[1] << 8 | f[2];
		stream = (unsigned int)f[7] << 8 | f[8];
		if (n > sizeof(body) || peer_read(l->ssl, body, (int)n) == -1)
			return;
		if (f[3] == 4 && f[4] == 0)
			peer_frame(l->ssl, 4, 1, 0, "", 0);
		if (f[3] == 1)
			peer_answer(l, stream);
	}
}

static inline void
peer_h1(const struct peer_link *l)
{
	char head[8192], line[4096], *a;
	int n = 0, r;

	while (n < (int)sizeof(head) - 1 &&
	    (r = SSL_read(l->ssl, head + n, (int)sizeof(head) - 1 - n)) > 0) {
		n += r;
		head[n] = '\0';
		if (strstr(head, "\r\n\r\n") == NULL)
			continue;
		a = strstr(head, "Authorization: ");
		if (a != NULL) {
			a += 15;
			a[strcspn(a, "\r")] = '\0';
		}
		peer_line(l, a == NULL ? "" : a, line, sizeof(line));
		n = snprintf(head, sizeof(head),
		    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		    strlen(line), line);
		SSL_write(l->ssl, head, n);
		n = 0;
	}
}

static inline void *
peer_serve(void *arg)
{
	struct peer_link *l = arg;

	if (SSL_accept(l->ssl) == 1) {
		if (l->p->h2)
			peer_h2(l);
		else
			peer_h1(l);
	}
	close(SSL_get_fd(l->ssl));
	SSL_free(l->ssl);
	__atomic_sub_fetch(&l->p->open, 1, __ATOMIC_SEQ_CST);
	free(l);
	return NULL;
}

static inline void *
peer_accept(void *arg)
{
	struct peer *p = arg;
	struct peer_link *l;
	pthread_t thread;
	int fd;

	while ((fd = accept(p->fd, NULL, NULL)) != -1) {
		l = calloc(1, sizeof(*l));
		l->p = p;
		l->ssl = SSL_new(p->ctx);
		l->number =
		    __atomic_add_fetch(&p->connections, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&p->open, 1, __ATOMIC_SEQ_CST);
		SSL_set_fd(l->ssl, fd);
		if (pthread_create(&thread, NULL, peer_serve, l) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

/* When its clients have gone. */
static inline void
peer_stop(struct peer *p)
{
	int i;

	shutdown(p->fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	for (i = 0; i < 6000 && __atomic_load_n(&p->open, __ATOMIC_SEQ_CST) > 0;
	     i++)
		usleep(10000);
	close(p->fd);
	SSL_CTX_free(p->ctx);
	EVP_PKEY_free(p->key);
}

static inline int
peer_start(struct peer *p, int h2)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	struct buf cert = { 0 };
	X509 *x;
	BIO *in;

	memset(p, 0, sizeof(*p));
	p->h2 = h2;
	p->key = mint_key();
	mint_user(&cert, p->key, "peer", NULL);
	in = BIO_new_mem_buf(cert.data, (int)cert.len);
	x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	BIO_free(in);
	buf_free(&cert);
	p->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(p->ctx, x);
	SSL_CTX_use_PrivateKey(p->ctx, p->key);
	SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER, peer_any);
	SSL_CTX_set_session_id_context(p->ctx, (const unsigned char *)"p", 1);
	SSL_CTX_set_alpn_select_cb(p->ctx, peer_alpn, p);
	X509_free(x);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(p->fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(p->fd, 16) == -1 ||
	    getsockname(p->fd, (struct sockaddr *)&a, &len) == -1)
		return -1;
	p->port = ntohs(a.sin_port);
	return pthread_create(&p->thread, NULL, peer_accept, p) == 0 ? 0 : -1;
}

#endif
