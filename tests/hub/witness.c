/*
 * witness: a master that tells whom it saw.
 *
 * witness CERT KEY LOG prints its port and serves HTTP/1.1 over TLS. Of each
 * request LOG gets a line: the CN of the client's certificate or -, method,
 * URI, and all headers that say who asks, in their order, between bars. The
 * answer has that line as its body; with a request body of JSON the answer is
 * that body, 201. A URI with "/no" in it gets a 403 Status.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (1024 * 1024)

static int
any(int good, X509_STORE_CTX *ctx)
{
	(void)good;
	(void)ctx;
	return 1;
}

static SSL_CTX *
context(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		errx(1, "%s %s: no key pair", cert, key);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, any);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"w", 1);
	return ctx;
}

static int
listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1)
		err(1, "listen");
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

/* A whole request; its head's length. 0 at the end. */
static size_t
request(SSL *ssl, char *p, size_t *n)
{
	size_t head = 0, body = 0;
	char *end, *length;
	int r;

	for (*n = 0;; *n += (size_t)r, p[*n] = '\0') {
		if (head == 0 && *n > 0 &&
		    (end = strstr(p, "\r\n\r\n")) != NULL) {
			head = (size_t)(end + 4 - p);
			length = strcasestr(p, "\r\ncontent-length:");
			if (length != NULL && length < end)
				body = strtoul(length + 17, NULL, 10);
		}
		if (head > 0 && *n >= head + body)
			return head;
		r = SSL_read(ssl, p + *n, (int)(REQUEST_MAX - *n));
		if (r <= 0)
			return 0;
	}
}

static void
tell(SSL *ssl, char *head, size_t n, char *out, size_t len)
{
	static const char *const names[] = { "Authorization:", "Impersonate-",
		"X-Remote-", "X-Ote-", "Sec-WebSocket-Protocol:" };
	X509 *x = SSL_get0_peer_certificate(ssl);
	char cn[256] = "-", *line, *save = NULL;
	size_t i, at;

	head[n - 2] = '\0';
	if (x != NULL)
		X509_NAME_get_text_by_NID(X509_get_subject_name(x),
		    NID_commonName, cn, sizeof(cn));
	line = strtok_r(head, "\r\n", &save);
	at = (size_t)snprintf(out, len, "%s %.*s", cn,
	    (int)(strrchr(line, ' ') - line), line);
	while ((line = strtok_r(NULL, "\r\n", &save)) != NULL)
		for (i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strncasecmp(line, names[i], strlen(names[i])) == 0)
				at += (size_t)snprintf(out + at, len - at,
				    "|%.200s", line);
	snprintf(out + at, len - at, "\n");
}

static void
answer(SSL *ssl, const char *line, const char *body, size_t n)
{
	static const char no[] = "{\"kind\":\"Status\",\"code\":403,\"reason\":"
				 "\"Forbidden\",\"message\":\"not you\"}";
	int code = n > 0 ? 201 : 200, len;
	char *text;

	if (strstr(line, "/no") != NULL) {
		code = 403;
		body = no;
		n = strlen(no);
	} else if (n == 0) {
		body = line;
		n = strlen(line);
	}
	len = asprintf(&text,
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%.*s",
	    code, n, (int)n, body);
	if (len > 0)
		SSL_write(ssl, text, len);
	free(text);
}

static void
serve(SSL *ssl, int log)
{
	static char p[REQUEST_MAX + 1], line[8192];
	size_t head, n;

	if (SSL_accept(ssl) != 1)
		return;
	while ((head = request(ssl, p, &n)) > 0) {
		tell(ssl, p, head, line, sizeof(line));
		if (write(log, line, strlen(line)) == -1)
			err(1, "log");
		answer(ssl, line, p + head, n - head);
	}
}

int
main(int argc, char **argv)
{
	SSL_CTX *ctx;
	int fd, log, s;
	SSL *ssl;

	if (argc != 4)
		errx(1, "usage: witness CERT KEY LOG");
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ctx = context(argv[1], argv[2]);
	log = open(argv[3], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (log == -1)
		err(1, "%s", argv[3]);
	for (s = listener(); (fd = accept(s, NULL, NULL)) != -1; close(fd)) {
		if (fork() != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		serve(ssl, log);
		_exit(0);
	}
	err(1, "accept");
}
