#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include "buf.h"
#include "kubeconfig.h"
#include "stamps.h"

/*
 * What a kubeconfig says to the master in headers. Borrows k for its life.
 * A tokenFile is read again when it changed; one that cannot be read any more
 * leaves the last token in use.
 */
struct credential {
	const struct kubeconfig *k;
	char *token;	      /* last read of k->token_file, or NULL */
	struct stamps stamps; /* of the file then */
};

/* 0, or -1 with errno: the tokenFile cannot be read. */
int credential_init(struct credential *c, const struct kubeconfig *k);
void credential_free(struct credential *c);

/*
 * The bearer token as it is now, NULL if it is none that goes; borrowed until
 * the next call. 0; -1 with errno where its file could never be read.
 */
int credential_token(struct credential *c, const char **token);

/*
 * Append the value of an Authorization header, for what is not sent by
 * libcurl; nothing where the credential is a certificate. 0, or -1 with errno.
 */
int credential_authorization(struct credential *c, struct buf *b);

#endif
