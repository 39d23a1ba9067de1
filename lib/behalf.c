/*
 * As whom a request goes to the master. Whatever is chosen, the master
 * decides, and it sees the caller: the hub's own credential goes alone for
 * nobody but the hub.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apipath.h"
#include "behalf.h"
#include "behalf_own.h"

#define TOKEN_MAX (64 * 1024)

int
behalf_init(struct behalf_rules *r, const struct kubeconfig *k, const char *dir,
    int impersonate)
{
	memset(r, 0, sizeof(*r));
	r->impersonate = impersonate;
	if (identities_init(&r->pairs, dir) == 0 && behalf_own(&r->own, k) == 0)
		return 0;
	identities_free(&r->pairs);
	return -1;
}

void
behalf_free(struct behalf_rules *r)
{
	user_free(&r->own);
	identities_free(&r->pairs);
	memset(r, 0, sizeof(*r));
}

/* --- what may stand in a header --- */

static int
is_token(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0' && n <= TOKEN_MAX; n++)
		if (s[n] <= ' ' || s[n] > '~')
			return 0;
	return n > 0 && n <= TOKEN_MAX;
}

/* A header's value comes as it went: Go trims spaces, and libcurl empties. */
static int
is_value(const char *s)
{
	size_t i, n = strlen(s);

	if (n == 0 || s[0] == ' ' || s[n - 1] == ' ')
		return 0;
	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return 0;
	return 1;
}

/* Without any group, kube-apiserver would think of some. */
static int
can_be_impersonated(const struct user *u)
{
	size_t i;

	if (u->ngroups == 0 || !is_value(u->name) ||
	    (u->uid != NULL && !is_value(u->uid)))
		return 0;
	for (i = 0; i < u->ngroups; i++)
		if (!is_value(u->groups[i]))
			return 0;
	for (i = 0; i < u->nextra; i++)
		if (u->extra[i].key[0] == '\0' || !is_value(u->extra[i].value))
			return 0;
	return 1;
}

/* --- the choice --- */

static enum behalf_kind
refuse(struct behalf *b, const char *what, char *why, size_t len)
{
	b->kind = BEHALF_REFUSED;
	snprintf(why, len, "%s", what);
	return b->kind;
}

/* A name as a message can have it, on one line and not too long. */
static void
printable(const char *name, char *out, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len && name[i] != '\0'; i++)
		out[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f
		    ? '?'
		    : name[i];
	out[i] = '\0';
}

static enum behalf_kind
refuse_user(struct behalf *b, const struct behalf_rules *r,
    const struct user *u, const char *wrong, char *why, size_t len)
{
	const char *dir = r->pairs.dir == NULL ? "identities" : r->pairs.dir;
	char file[256] = "NAME", name[128];
	int n;

	if (apipath_escape(u->name, file, sizeof(file)) == -1)
		snprintf(file, sizeof(file), "NAME");
	printable(u->name, name, sizeof(name));
	b->kind = BEHALF_REFUSED;
	n = snprintf(why, len, "the hub cannot speak for user \"%s\": ", name);
	if (n < 0 || (size_t)n >= len)
		return b->kind;
	why += n;
	len -= (size_t)n;
	if (wrong[0] != '\0')
		snprintf(why, len, "%s", wrong);
	else if (r->impersonate)
		snprintf(why, len,
		    "its names cannot be impersonated; put its key pair at "
		    "%s/%s.pem",
		    dir, file);
	else
		snprintf(why, len,
		    "put its key pair at %s/%s.pem, or let the hub impersonate",
		    dir, file);
	return b->kind;
}

static enum behalf_kind
choose_user(struct behalf *b, struct behalf_rules *r, const struct user *u,
    long long now, char *why, size_t len)
{
	char wrong[256] = "";

	if (r->own.name != NULL && r->own.name[0] != '\0' &&
	    user_same(&r->own, u))
		return b->kind = BEHALF_OWN;
	b->pair = identities_find(&r->pairs, u, now, wrong, sizeof(wrong));
	if (b->pair != NULL)
		return b->kind = BEHALF_PAIR;
	if (!r->impersonate || !can_be_impersonated(u))
		return refuse_user(b, r, u, wrong, why, len);
	b->user = u;
	return b->kind = BEHALF_IMPERSONATE;
}

enum behalf_kind
behalf_choose(struct behalf *b, struct behalf_rules *r, const struct user *u,
    const char *token, long long now, char *why, size_t len)
{
	memset(b, 0, sizeof(*b));
	why[0] = '\0';
	if (token != NULL) {
		if (!is_token(token))
			return refuse(b, "the bearer token is none", why, len);
		b->token = token;
		return b->kind = BEHALF_TOKEN;
	}
	if (u->name == NULL || u->name[0] == '\0')
		return refuse(b, "the caller is not known", why, len);
	if (strcmp(u->name, "system:anonymous") == 0)
		return b->kind = BEHALF_NOBODY;
	return choose_user(b, r, u, now, why, len);
}

int
behalf_is_certificate(const struct behalf *b, const struct kubeconfig *own)
{
	if (b->kind == BEHALF_PAIR)
		return 1;
	return b->kind == BEHALF_OWN && own->token == NULL &&
	    own->token_file == NULL && own->username == NULL;
}

/* --- a handle --- */

static CURLcode
set_copy(CURL *e, CURLoption option, char *pem)
{
	struct curl_blob blob = { .data = pem, .flags = CURL_BLOB_COPY };

	if (pem == NULL)
		return curl_easy_setopt(e, option, NULL);
	blob.len = strlen(pem);
	return curl_easy_setopt(e, option, &blob);
}

/* libcurl shares a connection only between handles of the same certificate. */
static CURLcode
set_pair(CURL *e, const struct identity *i)
{
	CURLcode r;

	r = curl_easy_setopt(e, CURLOPT_SSLCERT, NULL);
	r |= curl_easy_setopt(e, CURLOPT_SSLKEY, NULL);
	r |= set_copy(e, CURLOPT_SSLCERT_BLOB, i == NULL ? NULL : i->cert);
	r |= set_copy(e, CURLOPT_SSLKEY_BLOB, i == NULL ? NULL : i->key);
	return r;
}

static CURLcode
set_token(CURL *e, const char *token)
{
	CURLcode r;

	r = curl_easy_setopt(e, CURLOPT_USERNAME, NULL);
	r |= curl_easy_setopt(e, CURLOPT_PASSWORD, NULL);
	r |= curl_easy_setopt(e, CURLOPT_HTTPAUTH,
	    (long)(token == NULL ? CURLAUTH_BASIC : CURLAUTH_BEARER));
	r |= curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER, token);
	return r;
}

int
behalf_apply(const struct behalf *b, CURL *easy)
{
	switch (b->kind) {
	case BEHALF_OWN:
	case BEHALF_IMPERSONATE:
		return 0;
	case BEHALF_TOKEN:
	case BEHALF_PAIR:
	case BEHALF_NOBODY:
		if (set_pair(easy, b->pair) == CURLE_OK &&
		    set_token(easy, b->token) == CURLE_OK)
			return 0;
		errno = ENOMEM;
		return -1;
	default:
		errno = EACCES;
		return -1;
	}
}

/* --- headers --- */

/*
 * The key of an extra, as the end of a header's name, whose case is lost:
 * what is not a lower case letter or harmless in a name goes as %XX.
 */
static int
add_key(struct buf *line, const char *key)
{
	unsigned char c;
	int rc = 0;

	for (; *key != '\0' && rc == 0; key++) {
		c = (unsigned char)*key;
		if (islower(c) || isdigit(c) ||
		    (c < 0x80 && strchr("-._", c) != NULL))
			rc = buf_add(line, key, 1);
		else
			rc = buf_printf(line, "%%%02X", c);
	}
	return rc;
}

typedef int line_fn(void *, const char *);

static int
tell(line_fn *emit, void *arg, const char *name, const char *key,
    const char *value)
{
	struct buf line = { 0 };
	int rc = -1;

	if (!is_value(value))
		errno = EINVAL;
	else if (buf_puts(&line, name) == 0 && add_key(&line, key) == 0 &&
	    buf_printf(&line, ": %s", value) == 0)
		rc = emit(arg, line.data);
	buf_free(&line);
	return rc;
}

static int
impersonate(const struct user *u, line_fn *emit, void *arg)
{
	size_t i;

	if (tell(emit, arg, "Impersonate-User", "", u->name) == -1 ||
	    (u->uid != NULL &&
		tell(emit, arg, "Impersonate-Uid", "", u->uid) == -1))
		return -1;
	for (i = 0; i < u->ngroups; i++)
		if (tell(emit, arg, "Impersonate-Group", "", u->groups[i]) ==
		    -1)
			return -1;
	for (i = 0; i < u->nextra; i++)
		if (tell(emit, arg, "Impersonate-Extra-", u->extra[i].key,
			u->extra[i].value) == -1)
			return -1;
	return 0;
}

static int
to_slist(void *arg, const char *line)
{
	struct curl_slist **l = arg, *more = curl_slist_append(*l, line);

	if (more == NULL) {
		errno = ENOMEM;
		return -1;
	}
	*l = more;
	return 0;
}

static int
to_buf(void *arg, const char *line)
{
	return buf_printf(arg, "%s\r\n", line);
}

int
behalf_headers(const struct behalf *b, struct curl_slist **l)
{
	if (b->kind != BEHALF_IMPERSONATE)
		return 0;
	return impersonate(b->user, to_slist, l);
}

int
behalf_lines(const struct behalf *b, struct buf *out)
{
	if (b->kind == BEHALF_TOKEN)
		return buf_printf(out, "Authorization: Bearer %s\r\n",
		    b->token);
	if (b->kind != BEHALF_IMPERSONATE)
		return 0;
	return impersonate(b->user, to_buf, out);
}
