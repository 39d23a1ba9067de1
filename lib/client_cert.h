#ifndef CLIENT_CERT_H
#define CLIENT_CERT_H

#include "user.h"

#define CLIENT_CERT_MAX (32 * 1024) /* bytes of PEM */

/* Whom a client certificate names, and when. Zeroed memory is none. */
struct client_cert {
	struct user user;
	long long not_before, not_after; /* unix seconds */
};

/*
 * Take apart a PEM certificate whose chain somebody else has verified: CN is
 * the name, each O a group, behind them system:authenticated; extra has the
 * credential-id, X509SHA256=... of the DER (kube-apiserver's
 * CommonNameUserConversion). 0; -1 with errno EBADMSG and why: no PEM, an
 * empty or missing CN, a NUL in a name, too many or too long names; ENOMEM.
 */
int client_cert_read(struct client_cert *c, const char *pem, size_t n,
    char *why, size_t len);
/* The same of the base64 of its DER, in one line. */
int client_cert_read_base64(struct client_cert *c, const char *text, size_t n,
    char *why, size_t len);
void client_cert_free(struct client_cert *c);

/* 0; -1 with why where it is not good at this time (unix seconds). */
int client_cert_check(const struct client_cert *c, long long now, char *why,
    size_t len);

#endif
