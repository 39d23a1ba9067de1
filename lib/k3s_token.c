/*
 * Tokens of k3s. An agent calls itself node, whatever user its token names;
 * with a server's token the two have the same password.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "digest.h"
#include "k3s_token.h"

#define HASH_CHARS 64
#define ID_CHARS 6
#define SECRET_CHARS 16

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void
k3s_token_free(struct k3s_token *t)
{
	free(t->user);
	wipe(t->password);
	wipe(t->bootstrap);
	memset(t, 0, sizeof(*t));
}

static int
say(char *why, size_t len, const char *text)
{
	snprintf(why, len, "%s", text);
	errno = EINVAL;
	return -1;
}

/* --- a file --- */

static int
is_run(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) &&
		    !isdigit((unsigned char)s[i]))
			return 0;
	return 1;
}

/* kubeadm's bootstrap token: [a-z0-9]{6}.[a-z0-9]{16} */
static int
is_bootstrap(const char *s)
{
	return strlen(s) == ID_CHARS + 1 + SECRET_CHARS &&
	    is_run(s, ID_CHARS) && s[ID_CHARS] == '.' &&
	    is_run(s + ID_CHARS + 1, SECRET_CHARS);
}

/* What stands behind K10<hash>::, or the whole of a short one. */
static const char *
take_hash(struct k3s_token *t, const char *s)
{
	const char *end;
	size_t i, n;

	if (strncmp(s, "K10", 3) != 0)
		return s;
	s += 3;
	if ((end = strstr(s, "::")) == NULL)
		return s;
	n = (size_t)(end - s);
	if (n != 0 && n != HASH_CHARS)
		return NULL;
	for (i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return NULL;
		t->hash[i] = (char)tolower((unsigned char)s[i]);
	}
	return end + 2;
}

static int
take_words(struct k3s_token *t, const char *text, char *why, size_t len)
{
	const char *s = take_hash(t, text), *colon;
	int is_long = s != text;

	if (s == NULL)
		return say(why, len,
		    "what stands between K10 and :: is no hash");
	if (is_bootstrap(s)) {
		t->user = strdup("");
		t->bootstrap = strdup(s);
		return t->user == NULL || t->bootstrap == NULL ? -1 : 0;
	}
	colon = is_long ? strchr(s, ':') : NULL;
	if (is_long && colon == NULL)
		return say(why, len, "there is no user:password behind K10");
	t->user = strndup(s, colon == NULL ? 0 : (size_t)(colon - s));
	t->password = strdup(colon == NULL ? s : colon + 1);
	if (t->user == NULL || t->password == NULL)
		return -1;
	if (*t->password == '\0')
		return say(why, len, "the password in it is empty");
	return 0;
}

int
k3s_token_parse(struct k3s_token *t, const char *text, size_t n, char *why,
    size_t len)
{
	char *copy;
	size_t i;
	int rc;

	memset(t, 0, sizeof(*t));
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == 0)
		return say(why, len, "it is empty");
	if (n > K3S_TOKEN_MAX)
		return say(why, len, "it is too long");
	if (text[n - 1] == '\r')
		return say(why, len, "it ends in a carriage return (CR LF)");
	for (i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return say(why, len,
			    "there is a blank, or no ASCII, in it");
	if ((copy = strndup(text, n)) == NULL)
		return -1;
	rc = take_words(t, copy, why, len);
	wipe(copy);
	if (rc == -1) {
		i = (size_t)errno;
		k3s_token_free(t);
		errno = (int)i;
	}
	return rc;
}

int
k3s_token_read(struct k3s_token *t, const char *path, char *why, size_t len)
{
	struct buf b = { 0 };
	int rc, e;

	memset(t, 0, sizeof(*t));
	if ((rc = buf_read_file(&b, AT_FDCWD, path, K3S_TOKEN_MAX + 2)) == -1)
		snprintf(why, len, "%s", strerror(errno));
	else
		rc = k3s_token_parse(t, b.data == NULL ? "" : b.data, b.len,
		    why, len);
	e = errno;
	if (b.data != NULL)
		explicit_bzero(b.data, b.cap);
	buf_free(&b);
	errno = e;
	return rc;
}

/* --- who comes with one --- */

static int
is_secret(const char *a, const char *b)
{
	size_t n = strlen(b);

	return strlen(a) == n && CRYPTO_memcmp(a, b, n) == 0;
}

static int
may_join(const struct k3s_token *t, const char *user)
{
	if (strcmp(user, "node") == 0)
		return 1;
	return strcmp(user, "server") == 0 && strcmp(t->user, "node") != 0;
}

/* RFC 7617: base64 of user:password. */
static int
opens_basic(const struct k3s_token *t, const char *text)
{
	unsigned char out[K3S_TOKEN_MAX + 128];
	size_t n = strlen(text);
	char *colon;
	int len, yes = 0;

	if (t->password == NULL || n == 0 || n % 4 != 0 ||
	    n / 4 * 3 >= sizeof(out))
		return 0;
	len = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);
	if (len <= 0)
		return 0;
	/* padding is counted as bytes of zero */
	out[len] = '\0';
	if ((colon = strchr((char *)out, ':')) != NULL) {
		*colon++ = '\0';
		yes = is_secret(colon, t->password) &
		    may_join(t, (const char *)out);
	}
	explicit_bzero(out, sizeof(out));
	return yes;
}

int
k3s_token_opens(const struct k3s_token *t, const char *authorization)
{
	const char *s = authorization;

	if (s == NULL)
		return 0;
	s += strspn(s, " \t");
	if (strncasecmp(s, "Basic ", 6) == 0)
		return opens_basic(t, s + 6 + strspn(s + 6, " "));
	if (strncasecmp(s, "Bearer ", 7) == 0 && t->bootstrap != NULL)
		return is_secret(s + 7 + strspn(s + 7, " "), t->bootstrap);
	return 0;
}

int
k3s_token_id(const struct k3s_token *t, char id[65])
{
	const char *secret = t->bootstrap != NULL ? t->bootstrap : t->password;

	if (secret == NULL) {
		errno = EINVAL;
		return -1;
	}
	return digest_sha256(secret, strlen(secret), id);
}

char *
k3s_token_authorization(const struct k3s_token *t)
{
	char *plain = NULL, *out = NULL;
	int n, at;

	if (t->bootstrap != NULL)
		return asprintf(&out, "Bearer %s", t->bootstrap) == -1 ? NULL
								       : out;
	if ((n = asprintf(&plain, "node:%s", t->password)) == -1)
		return NULL;
	if ((out = malloc((size_t)n / 3 * 4 + 16)) != NULL) {
		at = sprintf(out, "Basic ");
		EVP_EncodeBlock((unsigned char *)out + at,
		    (const unsigned char *)plain, n);
	}
	wipe(plain);
	return out;
}
