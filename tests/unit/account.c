/*
 * Service accounts' tokens, minted here: who they are of, and each rule by
 * which one is refused.
 */
#include <errno.h>

#include "account.h"
#include "mint_jwt.h"
#include "tap.h"

#define NOW 1000000
#define ISSUER "https://kubernetes.default.svc.cluster.local"
#define HEAD                                                               \
	"\"iss\":\"" ISSUER "\",\"aud\":[\"" ISSUER "\"],\"exp\":1003600," \
	"\"iat\":1000000,\"nbf\":1000000,"                                 \
	"\"sub\":\"system:serviceaccount:default:web\""
#define SA                                              \
	"\"namespace\":\"default\",\"serviceaccount\":" \
	"{\"name\":\"web\",\"uid\":\"u-1\"}"
#define POD ",\"pod\":{\"name\":\"web-0\",\"uid\":\"p-1\"}"
#define NODE ",\"node\":{\"name\":\"edge-1\",\"uid\":\"n-1\"}"
#define BODY "\"kubernetes.io\":{" SA
#define GOOD                           \
	"{" HEAD "," BODY POD NODE "}" \
	",\"jti\":\"j-1\"}"

#define BASE                  \
	"{" HEAD "," BODY "}" \
	"}" /* bound to nothing */

static EVP_PKEY *key;
static struct jwks *keys;
static struct account_rules rules;

static int
verify(struct account *a, const char *token, char why[256])
{
	why[0] = '\0';
	return account_verify(a, keys, &rules, token, strlen(token), why, 256);
}

/* The user as JSON, or why not. */
static void
gives(const char *claims, const char *want, const char *name)
{
	char why[256], *token, *text;
	struct account a = { 0 };
	json_t *o;

	token = mint(key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k\"}", claims);
	if (verify(&a, token, why) == -1) {
		is_str(why, want, name);
		ok(errno == EACCES && a.user.name == NULL, "%s: EACCES", name);
	} else {
		o = user_json(&a.user);
		text = json_dumps(o, JSON_COMPACT);
		is_str(text, want, name);
		json_decref(o);
		free(text);
	}
	account_free(&a);
	free(token);
}

#define USER                                                                   \
	"{\"username\":\"system:serviceaccount:default:web\",\"uid\":\"u-1\"," \
	"\"groups\":[\"system:serviceaccounts\","                              \
	"\"system:serviceaccounts:default\",\"system:authenticated\"]"
#define KEY "authentication.kubernetes.io/"
#define PLAIN USER "}"

static void
test_user(void)
{
	gives(GOOD,
	    USER ",\"extra\":{\"" KEY "credential-id\":[\"JTI=j-1\"],"
		 "\"" KEY "node-name\":[\"edge-1\"],"
		 "\"" KEY "node-uid\":[\"n-1\"],"
		 "\"" KEY "pod-name\":[\"web-0\"],"
		 "\"" KEY "pod-uid\":[\"p-1\"]}}",
	    "bound to a pod, and its node");
	gives(BASE, PLAIN, "bound to nothing");
	gives("{" HEAD "," BODY NODE "}"
	      "}",
	    USER ",\"extra\":{\"" KEY "node-name\":[\"edge-1\"],"
		 "\"" KEY "node-uid\":[\"n-1\"]}}",
	    "bound to a node");
	gives("{" HEAD "," BODY POD ",\"node\":{\"name\":\"edge-1\"}"
	      "}"
	      "}",
	    USER ",\"extra\":{\"" KEY "node-name\":[\"edge-1\"],"
		 "\"" KEY "pod-name\":[\"web-0\"],"
		 "\"" KEY "pod-uid\":[\"p-1\"]}}",
	    "a pod's node without uid");
	gives("{" HEAD "," BODY ",\"secret\":{\"name\":\"s\",\"uid\":\"x\"}"
	      ",\"warnafter\":1003000"
	      "}"
	      ",\"more\":[1]}",
	    PLAIN, "bound to a secret, to be warned of, with unknown claims");
}

static void
test_bound(void)
{
	struct account a = { 0 };
	char why[256], *token;

	token = mint(key, "ES256", "{\"alg\":\"ES256\"}", GOOD);
	is_int(verify(&a, token, why), 0, "verified");
	is_int(a.expires, 1003600, "expires");
	is_str(a.ns, "default", "namespace");
	is_str(a.name, "web", "name");
	is_str(a.pod, "web-0", "pod");
	is_str(a.pod_uid, "p-1", "pod's uid");
	is_str(a.node, "edge-1", "node");
	is_str(a.node_uid, "n-1", "node's uid");
	is_str(a.secret, "", "no secret");
	is_int(verify(&a, token, why), 0, "into the same again");
	is_int(verify(&a, "x", why), -1, "and what is refused");
	is_str(a.pod, "web-0", "leaves it as it is");
	account_free(&a);
	free(token);
}

/* BASE but for one thing. */
static void
with(const char *old, const char *new, const char *want, const char *name)
{
	const char *base = BASE, *at = strstr(base, old);
	char *text;

	if (at == NULL ||
	    asprintf(&text, "%.*s%s%s", (int)(at - base), base, new,
		at + strlen(old)) == -1)
		abort();
	gives(text, want, name);
	free(text);
}

static void
test_times(void)
{
	rules.now = 1003659;
	gives(BASE, PLAIN, "expired, within the leeway");
	rules.now = 1003660;
	gives(BASE, "the token has expired", "and not");
	rules.now = 999940;
	gives(BASE, PLAIN, "early, within the leeway");
	rules.now = 999939;
	gives(BASE, "the token is not valid yet", "and not");
	rules.now = NOW;
	with("\"nbf\":1000000", "\"nbf\":1000061", "the token is not valid yet",
	    "nbf in the future");
	with("\"iat\":1000000", "\"iat\":1000061",
	    "the token is issued in the future", "iat in the future");
	with("\"exp\":1003600", "\"exp\":\"1003600\"", "exp is no number",
	    "exp as a string");
	with("\"exp\":1003600", "\"exp\":null", "exp is no number",
	    "exp as null");
	with("\"exp\":1003600", "\"exp\":[1003600]", "exp is no number",
	    "exp as a list");
	with("\"exp\":1003600,", "", "exp is missing", "no exp");
	with("\"exp\":1003600", "\"exp\":1e300", "exp is out of range",
	    "a huge exp");
	with("\"exp\":1003600", "\"exp\":9223372036854775807",
	    "exp is out of range", "the largest integer");
	with("\"exp\":1003600", "\"exp\":-1", "exp is out of range",
	    "a negative exp");
	with("\"nbf\":1000000", "\"nbf\":true", "nbf is no number",
	    "nbf as true");
	with("\"iat\":1000000", "\"iat\":{}", "iat is no number",
	    "iat as an object");
	with("\"kubernetes.io\":{", "\"kubernetes.io\":{\"warnafter\":\"1\",",
	    "warnafter is no number", "warnafter as a string");
	gives("{\"iss\":\"" ISSUER "\",\"aud\":\"" ISSUER "\",\"exp\":1.0036e6,"
	      "\"sub\":\"system:serviceaccount:default:web\"," BODY "}"
	      "}",
	    PLAIN, "exp as a float, aud as a string, neither nbf nor iat");
}

#define AUD "\"aud\":[\"" ISSUER "\"]"

static void
test_audience(void)
{
	with(AUD, "\"aud\":[\"a\",\"" ISSUER "\"]", PLAIN,
	    "one of two audiences");
	with(AUD, "\"aud\":\"" ISSUER "\"", PLAIN, "aud as a string");
	with(AUD, "\"aud\":[\"vault\"]", "the token is for another audience",
	    "another audience");
	with(AUD, "\"aud\":\"\"", "the token is for another audience",
	    "an empty one");
	with(AUD ",", "", "aud is missing", "no aud");
	with(AUD, "\"aud\":[]", "aud is missing", "an empty list");
	with(AUD, "\"aud\":1", "aud is no string and no list",
	    "aud as a number");
	with(AUD, "\"aud\":null", "aud is no string and no list",
	    "aud as null");
	with(AUD, "\"aud\":[\"" ISSUER "\",1]", "aud has what is no string",
	    "a number among them");
	rules.audiences = "k3s,vault";
	with(AUD, "\"aud\":[\"vault\"]", PLAIN, "the audience asked for");
	gives(BASE, "the token is for another audience", "and no other");
	rules.audiences = "";
}

static void
not_ours(const char *token, size_t n, const char *name)
{
	struct account a = { 0 };
	char why[256] = "";

	errno = 0;
	ok(!account_is_ours(token, n, rules.issuers) &&
		account_verify(&a, keys, &rules, token, n, why, 256) == -1 &&
		errno == EBADMSG,
	    "%s: not ours", name);
	is_str(why, "no service account token", name);
}

static void
minted_not_ours(const char *claims, const char *name)
{
	char *token = mint(key, "ES256", "{\"alg\":\"ES256\"}", claims);

	not_ours(token, strlen(token), name);
	free(token);
}

static void
test_ours(void)
{
	char *big = malloc(JWT_MAX + 1), *token;

	memset(big, 'A', JWT_MAX + 1);
	not_ours("", 0, "0 bytes");
	not_ours(big, JWT_MAX + 1, "64 KB and a byte");
	not_ours(big, JWT_MAX, "64 KB");
	not_ours("abcdef.0123456789abcdef", 23, "a bootstrap token");
	not_ours("K10abc::server:secret", 21, "a k3s token");
	not_ours("e30.e30.e30", 11, "no issuer");
	not_ours("e30.!!!.e30", 11, "bad base64");
	not_ours("e30.e31.e30", 11, "stray bits");
	not_ours("e30._w.e30", 10, "bad UTF-8");
	minted_not_ours("{\"iss\":\"https://other\"}", "another issuer");
	minted_not_ours("{\"iss\":\"\"}", "an empty issuer");
	minted_not_ours("{\"iss\":7}", "a number for an issuer");
	minted_not_ours("[\"" ISSUER "\"]", "claims that are a list");
	minted_not_ours("", "no claims");
	minted_not_ours("{\"iss\":\"" ISSUER "\",\"a\":\"\xc3\"}",
	    "bad UTF-8 in the claims");
	minted_not_ours("{\"iss\":\"" ISSUER "\",\"exp\":1e999}",
	    "a number that is no double");
	minted_not_ours("{\"iss\":\"" ISSUER "\",\"exp\":9223372036854775808}",
	    "a number of 65 bits");
	token = mint(key, "ES256", "{\"alg\":\"none\"}", GOOD);
	ok(account_is_ours(token, strlen(token), ISSUER) &&
		account_is_ours(token, strlen(token), "a," ISSUER ",b") &&
		account_is_ours(token, strlen(token), "") &&
		!account_is_ours(token, strlen(token), "a,https"),
	    "ours by its issuer, unverified");
	free(token);
	free(big);
}

static void
test_issuer(void)
{
	rules.issuers = "https://old," ISSUER;
	gives(BASE, PLAIN, "the second issuer");
	rules.audiences = "a";
	with(AUD, "\"aud\":[\"a\"]", PLAIN, "with an audience of its own");
	rules.issuers = rules.audiences = "";
	with(AUD, "\"aud\":[\"a\"]", PLAIN, "any issuer, any audience");
	rules.issuers = ISSUER;
	with("{\"iss\":\"" ISSUER "\"",
	    "{\"iss\":\"" ISSUER "\",\"iss\":\"" ISSUER "\"",
	    "claims: duplicate object key", "iss twice");
	with("\"uid\":\"u-1\"", "\"uid\":\"u-1\",\"uid\":\"u-2\"",
	    "claims: duplicate object key", "the uid twice");
}

static void
test_subject(void)
{
	const char *sub = "system:serviceaccount:default:web";

	with(sub, "system:serviceaccount:default:other", "sub is invalid",
	    "sub of another account");
	with(sub, "system:serviceaccount:kube-system:web", "sub is invalid",
	    "of another namespace");
	with(sub, "system:serviceaccount:default:web:x", "sub is invalid",
	    "with something behind");
	with(sub, "system:serviceaccount:default", "sub is invalid",
	    "without a name");
	with(sub, "system:admin", "sub is invalid", "a user");
	with(sub, "", "sub is missing", "an empty sub");
	with("\"sub\":", "\"bus\":", "sub is missing", "no sub");
	with("\"sub\":\"system:serviceaccount:default:web\"", "\"sub\":1",
	    "sub is no string", "sub as a number");
}

static void
test_names(void)
{
	with("\"kubernetes.io\":", "\"kubernetes\":",
	    "kubernetes.io is missing", "no private claims");
	with(BODY "}", "\"kubernetes.io\":1", "kubernetes.io is no object",
	    "private claims that are a number");
	with("\"namespace\":\"default\"", "\"namespace\":\"\"",
	    "namespace is missing", "an empty namespace");
	with("\"namespace\":\"default\"", "\"namespace\":\"a.b\"",
	    "namespace is invalid", "a namespace with a dot");
	with("\"namespace\":\"default\"", "\"namespace\":\"../etc\"",
	    "namespace is invalid", "a path for a namespace");
	with("\"namespace\":\"default\"", "\"namespace\":1",
	    "namespace is no string", "a number for a namespace");
	with("\"serviceaccount\":", "\"account\":", "serviceaccount is missing",
	    "no account");
	with("\"name\":\"web\"", "\"name\":\"Web\"", "name is invalid",
	    "an account in upper case");
	with("\"name\":\"web\"", "\"name\":\"-web\"", "name is invalid",
	    "a dash before");
	with("\"name\":\"web\"", "\"name\":\"w..b\"", "name is invalid",
	    "two dots");
	with("\"uid\":\"u-1\"", "\"uid\":\"\"", "the account's uid is missing",
	    "an empty uid");
	with("\"uid\":\"u-1\"", "\"uid\":\"u\\n1\"",
	    "the account's uid is invalid", "a uid with a newline");
	with("\"iat\":", "\"jti\":\"a\\r\\nb\",\"iat\":", "jti is invalid",
	    "a jti with a newline");
	with("\"iat\":", "\"jti\":[],\"iat\":", "jti is no string",
	    "jti as a list");
}

static void
test_refs(void)
{
	char name[300], text[1024];

	gives("{" HEAD "," BODY ",\"pod\":{\"name\":\"web-0\"}"
	      "}"
	      "}",
	    "pod has no valid name and uid", "a pod without uid");
	gives("{" HEAD "," BODY ",\"pod\":{\"uid\":\"p-1\"}"
	      "}"
	      "}",
	    "pod has no valid name and uid", "a pod without name");
	gives("{" HEAD "," BODY ",\"pod\":\"web-0\""
	      "}"
	      "}",
	    "pod is no object", "a pod that is a string");
	gives("{" HEAD "," BODY ",\"pod\":null"
	      "}"
	      "}",
	    "pod is no object", "a pod that is null");
	gives("{" HEAD "," BODY ",\"node\":{\"name\":\"edge-1\"}"
	      "}"
	      "}",
	    "node has no valid name and uid", "bound to a node without uid");
	gives("{" HEAD "," BODY ",\"secret\":{\"name\":\"s\"}"
	      "}"
	      "}",
	    "secret has no valid name and uid", "a secret without uid");
	memset(name, 'a', sizeof(name));
	name[253] = '\0';
	snprintf(text, sizeof(text),
	    "{" HEAD "," BODY ",\"pod\":{\"name\":\"%s\",\"uid\":7}"
	    "}"
	    "}",
	    name);
	gives(text, "pod has no valid name and uid", "a number for a uid");
	name[253] = 'a';
	name[254] = '\0';
	snprintf(text, sizeof(text),
	    "{" HEAD "," BODY ",\"pod\":{\"name\":\"%s\","
	    "\"uid\":\"7\"}"
	    "}"
	    "}",
	    name);
	gives(text, "pod has no valid name and uid", "a name of 254");
}

#define OLD "kubernetes.io/serviceaccount/"
#define LEGACY                                                          \
	"\"iss\":\"kubernetes/serviceaccount\",\"" OLD                  \
	"namespace\":\"default\",\"" OLD "secret.name\":\"web-token\"," \
	"\"" OLD "service-account.name\":\"web\",\"" OLD                \
	"service-account.uid\":\"u-1\","                                \
	"\"sub\":\"system:serviceaccount:default:web\""

static void
test_legacy(void)
{
	struct account a = { 0 };
	char why[256], *token;

	gives("{" LEGACY "}", PLAIN, "of the legacy kind");
	gives("{" LEGACY ",\"jti\":\"x\"}", PLAIN, "no credential of it");
	gives("{" LEGACY ",\"exp\":1}", "the token has expired", "with an exp");
	gives("{" LEGACY ",\"aud\":[\"vault\"]}",
	    "the token is for another audience", "with an aud");
	gives("{\"iss\":\"kubernetes/serviceaccount\"," BODY "}"
	      "}",
	    "the token is of another issuer",
	    "bound, of the legacy issuer that is not listed");
	gives("{\"iss\":\"kubernetes/serviceaccount\"}",
	    OLD "namespace is missing", "without claims");
	gives("{" LEGACY ",\"" OLD "namespace\":\"default\"}",
	    "claims: duplicate object key", "the namespace twice");
	gives("{\"" OLD "namespace\":\"default\","
	      "\"iss\":\"kubernetes/serviceaccount\"}",
	    OLD "secret.name is missing", "without a secret");
	token = mint(key, "ES256", "{\"alg\":\"ES256\"}", "{" LEGACY "}");
	is_int(verify(&a, token, why), 0, "verified");
	is_int(a.expires, 0, "it never expires");
	is_str(a.secret, "web-token", "its secret");
	is_str(a.secret_uid, "", "without uid");
	account_free(&a);
	free(token);
}

static void
refused_by(EVP_PKEY *by, const char *alg, const char *header, const char *want,
    int error, const char *name)
{
	char *token = mint(by, alg, header, GOOD), why[256];
	struct account a = { 0 };

	ok(verify(&a, token, why) == -1 && errno == error, "%s", name);
	is_str(why, want, name);
	free(token);
}

static void
refused(EVP_PKEY *by, const char *alg, const char *header, const char *want,
    const char *name)
{
	refused_by(by, alg, header, want, EACCES, name);
}

static void
test_forged(void)
{
	EVP_PKEY *other = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);

	refused(other, "ES256", "{\"alg\":\"ES256\"}", "wrong signature",
	    "another key");
	refused_by(other, "ES256", "{\"alg\":\"ES256\",\"kid\":\"x\"}",
	    "no key of that id", ENOENT, "another kid: it may be a new one");
	refused(key, "ES256", "{\"alg\":\"none\"}",
	    "algorithm that does not fit the key", "alg none");
	refused(rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"k\"}",
	    "algorithm that does not fit the key", "an RSA key");
	refused(key, "ES256", "{\"alg\":\"ES256\",\"crit\":[]}",
	    "algorithm that does not fit the key", "crit");
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
}

int
main(void)
{
	char *jwk, *text, why[256];

	key = EVP_EC_gen("P-256");
	jwk = mint_jwk(key, "\"kid\":\"k\",\"use\":\"sig\",");
	if (asprintf(&text, "{\"keys\":[%s]}", jwk) == -1)
		return 1;
	keys = jwks_parse(text, strlen(text), why, sizeof(why));
	rules = (struct account_rules) { ISSUER, "", NOW, 60 };
	test_user();
	test_bound();
	test_times();
	test_audience();
	test_ours();
	test_issuer();
	test_subject();
	test_names();
	test_refs();
	test_legacy();
	test_forged();
	jwks_free(keys);
	EVP_PKEY_free(key);
	free(text);
	free(jwk);
	return done_testing();
}
