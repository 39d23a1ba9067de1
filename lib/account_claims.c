/*
 * What a service account's token claims, by the rules of kube-apiserver
 * (pkg/serviceaccount/claims.go, jwt.go, legacy.go), and stricter where it
 * asks its store or takes what it never issues: a token that never expires or
 * is for nobody is one of the legacy kind, and names are names.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "account_claims.h"

#define SECONDS_MAX 253402300799LL /* the end of the year 9999 */
#define PREFIX "system:serviceaccount:"
#define LEGACY "kubernetes.io/serviceaccount/"

int
claims_refuse(struct claims *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, c->len, fmt, ap);
	va_end(ap);
	errno = EACCES;
	return -1;
}

int
claims_listed(const char *list, const char *name)
{
	size_t len = strlen(name), n;

	if (list == NULL || *list == '\0')
		return 1;
	for (; len > 0; list += n + 1) {
		n = strcspn(list, ",");
		if (n == len && memcmp(list, name, n) == 0)
			return 1;
		if (list[n] == '\0')
			break;
	}
	return 0;
}

/* --- names --- */

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 1123: a label, or a subdomain of several. */
static int
is_dns(const char *s, int dots)
{
	char before = '.';

	for (; *s != '\0'; before = *s++) {
		if (is_alnum(*s))
			continue;
		if (*s == '.' && (!dots || !is_alnum(before)))
			return 0;
		if (*s == '-' && before == '.')
			return 0;
		if (*s != '.' && *s != '-')
			return 0;
	}
	return is_alnum(before);
}

static int
is_label(const char *s)
{
	return is_dns(s, 0);
}

static int
is_subdomain(const char *s)
{
	return is_dns(s, 1);
}

/* Fit to stand in a header and a line. */
static int
is_visible(const char *s)
{
	for (; *s > ' ' && *s <= '~'; s++)
		;
	return *s == '\0';
}

static int
is_uid(const char *s)
{
	return *s != '\0' && is_visible(s);
}

/* --- members --- */

/* A string of the object's, "" if it is not there. */
static int
get_string(struct claims *c, const json_t *o, const char *key,
    const char **value)
{
	const json_t *v = json_object_get(o, key);

	*value = json_is_string(v) ? json_string_value(v) : "";
	if (v != NULL && !json_is_string(v))
		return claims_refuse(c, "%s is no string", key);
	return 0;
}

/* A copy of one that must be there, and be as is() has it. */
static int
copy_name(struct claims *c, const json_t *o, const char *key,
    int (*is)(const char *), char *to, size_t size)
{
	const char *s;

	if (get_string(c, o, key, &s) == -1)
		return -1;
	if (*s == '\0')
		return claims_refuse(c, "%s is missing", key);
	if (strlen(s) >= size || !is(s))
		return claims_refuse(c, "%s is invalid", key);
	strcpy(to, s);
	return 0;
}

/* Seconds, fractions cut off. 1, 0 if it is not there, -1 with errno. */
static int
get_time(struct claims *c, const json_t *o, const char *key, long long *at)
{
	const json_t *v = json_object_get(o, key);

	*at = 0;
	if (v == NULL)
		return 0;
	if (!json_is_number(v))
		return claims_refuse(c, "%s is no number", key);
	if (json_number_value(v) < 0 || json_number_value(v) > SECONDS_MAX)
		return claims_refuse(c, "%s is out of range", key);
	*at = (long long)json_number_value(v);
	return 1;
}

/* --- who it is from and for --- */

/* 1 if one of the token's is wanted, 0 if not, -1 with errno; *n of them. */
static int
match_audience(struct claims *c, const char *wanted, size_t *n)
{
	const json_t *v, *aud = json_object_get(c->root, "aud");
	int found = 0;
	size_t i;

	*n = json_is_array(aud) ? json_array_size(aud) : aud != NULL;
	if (json_is_string(aud))
		return claims_listed(wanted, json_string_value(aud));
	if (aud != NULL && !json_is_array(aud))
		return claims_refuse(c, "aud is no string and no list");
	json_array_foreach(aud, i, v) {
		if (!json_is_string(v))
			return claims_refuse(c, "aud has what is no string");
		found |= claims_listed(wanted, json_string_value(v));
	}
	return found;
}

static int
check_audience(struct claims *c, const struct account_rules *r)
{
	const char *wanted = r->audiences;
	size_t n;
	int rc;

	if (wanted == NULL || *wanted == '\0')
		wanted = r->issuers;
	rc = match_audience(c, wanted, &n);
	if (rc == -1)
		return -1;
	if (n == 0 && !c->legacy)
		return claims_refuse(c, "aud is missing");
	if (n > 0 && rc == 0)
		return claims_refuse(c, "the token is for another audience");
	return 0;
}

int
claims_issuer(struct claims *c, const struct account_rules *r)
{
	const char *iss;

	if (get_string(c, c->root, "iss", &iss) == -1)
		return -1;
	c->legacy = strcmp(iss, ACCOUNT_LEGACY_ISSUER) == 0 &&
	    json_object_get(c->root, "kubernetes.io") == NULL;
	if (!c->legacy && (*iss == '\0' || !claims_listed(r->issuers, iss)))
		return claims_refuse(c, "the token is of another issuer");
	return check_audience(c, r);
}

int
claims_times(struct claims *c, const struct account_rules *r, struct account *a)
{
	long long now = r->now, nbf, iat;
	int exp;

	exp = get_time(c, c->root, "exp", &a->expires);
	if (exp == -1 || get_time(c, c->root, "nbf", &nbf) == -1 ||
	    get_time(c, c->root, "iat", &iat) == -1)
		return -1;
	if (exp == 0 && !c->legacy)
		return claims_refuse(c, "exp is missing");
	if (now + r->leeway < nbf)
		return claims_refuse(c, "the token is not valid yet");
	if (exp == 1 && now - r->leeway >= a->expires)
		return claims_refuse(c, "the token has expired");
	if (now + r->leeway < iat)
		return claims_refuse(c, "the token is issued in the future");
	return 0;
}

/* --- whose it is --- */

static int
check_subject(struct claims *c, const struct account *a)
{
	const size_t len = strlen(PREFIX), ns = strlen(a->ns);
	const char *sub;

	if (get_string(c, c->root, "sub", &sub) == -1)
		return -1;
	if (*sub == '\0')
		return claims_refuse(c, "sub is missing");
	if (strncmp(sub, PREFIX, len) != 0 ||
	    strncmp(sub + len, a->ns, ns) != 0 || sub[len + ns] != ':' ||
	    strcmp(sub + len + ns + 1, a->name) != 0)
		return claims_refuse(c, "sub is invalid");
	return 0;
}

static int
take_legacy(struct claims *c, struct account *a)
{
	if (copy_name(c, c->root, LEGACY "namespace", is_label, a->ns,
		sizeof(a->ns)) == -1 ||
	    copy_name(c, c->root, LEGACY "secret.name", is_subdomain, a->secret,
		sizeof(a->secret)) == -1 ||
	    copy_name(c, c->root, LEGACY "service-account.name", is_subdomain,
		a->name, sizeof(a->name)) == -1 ||
	    get_string(c, c->root, LEGACY "service-account.uid", &c->uid) == -1)
		return -1;
	if (!is_uid(c->uid))
		return claims_refuse(c, "the account's uid is %s",
		    *c->uid == '\0' ? "missing" : "invalid");
	return 0;
}

/* What it is bound to, if it is. */
static int
take_ref(struct claims *c, const json_t *o, const char *what, char *name,
    char uid[64], int must_uid)
{
	const json_t *ref = json_object_get(o, what);

	if (ref == NULL)
		return 0;
	if (!json_is_object(ref))
		return claims_refuse(c, "%s is no object", what);
	if (copy_name(c, ref, "name", is_subdomain, name, 254) == 0 &&
	    (!must_uid && json_object_get(ref, "uid") == NULL
		    ? 0
		    : copy_name(c, ref, "uid", is_uid, uid, 64)) == 0)
		return 0;
	return claims_refuse(c, "%s has no valid name and uid", what);
}

/* The node of a token that is bound to a pod only tells where that was. */
static int
take_bound(struct claims *c, struct account *a)
{
	const json_t *o = json_object_get(c->root, "kubernetes.io"), *sa;
	long long warnafter;

	if (!json_is_object(o))
		return claims_refuse(c, "kubernetes.io is %s",
		    o == NULL ? "missing" : "no object");
	sa = json_object_get(o, "serviceaccount");
	if (!json_is_object(sa))
		return claims_refuse(c, "serviceaccount is missing");
	if (copy_name(c, o, "namespace", is_label, a->ns, sizeof(a->ns)) ==
		-1 ||
	    copy_name(c, sa, "name", is_subdomain, a->name, sizeof(a->name)) ==
		-1 ||
	    get_string(c, sa, "uid", &c->uid) == -1)
		return -1;
	if (!is_uid(c->uid))
		return claims_refuse(c, "the account's uid is %s",
		    *c->uid == '\0' ? "missing" : "invalid");
	if (take_ref(c, o, "pod", a->pod, a->pod_uid, 1) == -1 ||
	    take_ref(c, o, "secret", a->secret, a->secret_uid, 1) == -1 ||
	    take_ref(c, o, "node", a->node, a->node_uid, *a->pod == '\0') == -1)
		return -1;
	return get_time(c, o, "warnafter", &warnafter) == -1 ? -1 : 0;
}

int
claims_account(struct claims *c, struct account *a)
{
	if ((c->legacy ? take_legacy(c, a) : take_bound(c, a)) == -1 ||
	    check_subject(c, a) == -1 ||
	    get_string(c, c->root, "jti", &c->jti) == -1)
		return -1;
	if (strlen(c->jti) > ACCOUNT_JTI_MAX || !is_visible(c->jti))
		return claims_refuse(c, "jti is invalid");
	if (c->legacy)
		c->jti = "";
	return 0;
}
