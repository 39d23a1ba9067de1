/*
 * A line of keys, JSON or PEM's, and the token that they verify; what is
 * behind the line is taken as claims of a token that is well signed, too. What
 * is good is a service account's, says so before, and is told as JSON.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/mint_jwt.h"
#include "account.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct account_rules rules = { "https://k,a", "", 1000000, 60 };

static void
check(const struct jwks *keys, const char *token, size_t n)
{
	struct account a = { 0 };
	char why[256] = "", name[512];
	struct user again = { 0 };
	json_t *o;

	if (account_verify(&a, keys, &rules, token, n, why, sizeof(why)) ==
	    -1) {
		if (why[0] == '\0' || a.user.name != NULL ||
		    (errno != EACCES && errno != EBADMSG && errno != ENOENT))
			abort();
		return;
	}
	snprintf(name, sizeof(name), "system:serviceaccount:%s:%s", a.ns,
	    a.name);
	o = user_json(&a.user);
	if (!account_is_ours(token, n, rules.issuers) || why[0] != '\0' ||
	    strcmp(name, a.user.name) != 0 || user_load(&again, o) == -1 ||
	    !user_equal(&a.user, &again))
		abort();
	json_decref(o);
	user_free(&again);
	account_free(&a);
}

static void
check_claims(const void *claims, size_t n)
{
	static struct jwks *keys;
	static EVP_PKEY *key;
	char *pem, *token, why[256];

	if (key == NULL) {
		key = EVP_EC_gen("P-256");
		pem = mint_pem(key);
		keys = jwks_pem(pem, strlen(pem), why, sizeof(why));
		free(pem);
	}
	token = mint_n(key, "ES256", "{\"alg\":\"ES256\"}", claims, n);
	check(keys, token, strlen(token));
	free(token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data, *end;
	char why[256] = "";
	struct jwks *keys;
	size_t len;

	end = n > 0 ? memchr(text, '\n', n) : NULL;
	if (end == NULL || n > JWT_MAX)
		return 0;
	len = (size_t)(end - text);
	keys = jwks_parse(text, len, why, sizeof(why));
	if (keys == NULL && (why[0] == '\0' || errno != EBADMSG))
		abort();
	end++;
	if (keys != NULL)
		check(keys, end, n - len - 1);
	jwks_free(keys);
	if (*text == '\n' || *text == '{')
		check_claims(end, n - len - 1);
	if (*text != '-')
		return 0;
	keys = jwks_pem(text, n, why, sizeof(why));
	if (keys != NULL && jwks_count(keys) != 1)
		abort();
	jwks_free(keys);
	return 0;
}
