/*
 * Whom the hub's own kubeconfig names. A token is taken at its word: it is
 * compared with others, and gives no right to anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behalf_own.h"
#include "buf.h"
#include "client_cert.h"
#include "credential.h"

#define ACCOUNT "system:serviceaccount:"

static int
of_certificate(struct user *u, const struct kubeconfig *k)
{
	struct client_cert c = { 0 };
	struct buf b = { 0 };
	char why[256];
	int rc = 0;

	if (k->cert_data != NULL)
		rc = buf_puts(&b, k->cert_data);
	else
		rc = buf_read_file(&b, AT_FDCWD, k->cert_file, CLIENT_CERT_MAX);
	if (rc == 0 &&
	    client_cert_read(&c, b.data == NULL ? "" : b.data, b.len, why,
		sizeof(why)) == 0) {
		*u = c.user;
		memset(&c.user, 0, sizeof(c.user));
	} else if (errno == EBADMSG || errno == EFBIG)
		rc = 0; /* nobody that we know */
	if (b.data != NULL)
		explicit_bzero(b.data, b.cap); /* the key may be in it */
	buf_free(&b);
	client_cert_free(&c);
	return rc;
}

/* The claims of a JWT, NULL if it is none. */
static json_t *
claims_of(const char *token)
{
	const char *p = strchr(token, '.');
	size_t i, n = p == NULL ? 0 : strcspn(p + 1, ".");
	unsigned char *out = NULL;
	json_t *claims = NULL;
	char *text = NULL;
	int len;

	if (n == 0 || (text = calloc(1, n + 4)) == NULL ||
	    (out = malloc(n + 4)) == NULL)
		goto done;
	for (i = 0; i < n; i++)
		text[i] = (char)(p[i + 1] == '-' ? '+'
			: p[i + 1] == '_'	 ? '/'
						 : p[i + 1]);
	for (len = (int)n; len % 4 != 0; len++)
		text[len] = '=';
	/* padding is counted as bytes of zero */
	len = EVP_DecodeBlock(out, (unsigned char *)text, len);
	if (len > (int)((4 - n % 4) % 4))
		claims = json_loadb((char *)out, (size_t)len - (4 - n % 4) % 4,
		    JSON_REJECT_DUPLICATES, NULL);
done:
	free(text);
	free(out);
	return claims;
}

/* As kube-apiserver has a service account. */
static int
set_account(struct user *u, const json_t *claims)
{
	const char *sub = json_string_value(json_object_get(claims, "sub"));
	const char *uid = NULL, *ns, *name;
	char group[300];

	if (sub == NULL || strncmp(sub, ACCOUNT, strlen(ACCOUNT)) != 0)
		return 0;
	ns = sub + strlen(ACCOUNT);
	if ((name = strchr(ns, ':')) == NULL || name - ns > 253)
		return 0;
	(void)json_unpack((json_t *)(uintptr_t)claims, "{s:{s:{s:s}}}",
	    "kubernetes.io", "serviceaccount", "uid", &uid);
	if (uid == NULL)
		uid = json_string_value(json_object_get(claims,
		    "kubernetes.io/serviceaccount/service-account.uid"));
	snprintf(group, sizeof(group), "system:serviceaccounts:%.*s",
	    (int)(name - ns), ns);
	if (user_set(u, sub, uid) == 0 &&
	    user_add_group(u, "system:serviceaccounts") == 0 &&
	    user_add_group(u, group) == 0 &&
	    user_add_group(u, "system:authenticated") == 0)
		return 0;
	user_free(u);
	return -1;
}

static int
of_token(struct user *u, const struct kubeconfig *k)
{
	struct credential c;
	const char *token;
	json_t *claims;
	int rc;

	if (credential_init(&c, k) == -1)
		return -1;
	if ((rc = credential_token(&c, &token)) == 0 && token != NULL) {
		claims = claims_of(token);
		rc = set_account(u, claims);
		json_decref(claims);
	}
	credential_free(&c);
	return rc;
}

int
behalf_own(struct user *u, const struct kubeconfig *k)
{
	if (k->cert_data != NULL || k->cert_file != NULL)
		return of_certificate(u, k);
	if (k->token != NULL || k->token_file != NULL)
		return of_token(u, k);
	return 0;
}
