/*
 * The credential that goes in headers: a token, from its file as it is now,
 * or a password.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credential.h"

#define TOKEN_MAX (64 * 1024)

/* The token in fd, without the white space around it. NULL with errno. */
static char *
read_token(int fd)
{
	char *text;
	ssize_t n;

	if ((text = malloc(TOKEN_MAX + 1)) == NULL)
		return NULL;
	do
		n = read(fd, text, TOKEN_MAX);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		text[n] = '\0';
		n = (ssize_t)strcspn(text, " \t\r\n");
	}
	if (n <= 0) {
		if (n == 0)
			errno = EBADMSG;
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

/* 0; -1 with errno where the file cannot be read. */
static int
refresh(struct credential *c)
{
	struct stamps now;
	char *token;
	int e, fd;

	stamps_read(&now, &c->k->token_file, 1);
	if (c->token != NULL && stamps_differ(&c->stamps, &now, 1) == -1)
		return 0;
	fd = open(c->k->token_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return -1;
	token = read_token(fd);
	e = errno;
	close(fd);
	errno = e;
	if (token == NULL)
		return -1;
	free(c->token);
	c->token = token;
	c->stamps = now;
	return 0;
}

int
credential_init(struct credential *c, const struct kubeconfig *k)
{
	memset(c, 0, sizeof(*c));
	c->k = k;
	return k->token_file == NULL ? 0 : refresh(c);
}

void
credential_free(struct credential *c)
{
	if (c->token != NULL)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	memset(c, 0, sizeof(*c));
}

int
credential_token(struct credential *c, const char **token)
{
	*token = c->k->token;
	if (c->k->token_file == NULL)
		return 0;
	if (refresh(c) == -1 && c->token == NULL)
		return -1;
	*token = c->token;
	return 0;
}

static int
add_basic(struct buf *b, const char *user, const char *password)
{
	char *text;
	int n, rc = -1;

	if ((n = asprintf(&text, "%s:%s", user, password)) == -1)
		return -1;
	if (buf_puts(b, "Basic ") == 0 &&
	    buf_reserve(b, (size_t)n / 3 * 4 + 5) == 0) {
		b->len +=
		    (size_t)EVP_EncodeBlock((unsigned char *)b->data + b->len,
			(const unsigned char *)text, n);
		rc = 0;
	}
	free(text);
	return rc;
}

int
credential_authorization(struct credential *c, struct buf *b)
{
	const struct kubeconfig *k = c->k;
	const char *token;

	if (credential_token(c, &token) == -1)
		return -1;
	if (token != NULL)
		return buf_printf(b, "Bearer %s", token);
	if (k->username == NULL)
		return 0;
	return add_basic(b, k->username,
	    k->password != NULL ? k->password : "");
}
