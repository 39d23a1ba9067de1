/*
 * Answers to TokenRequests and access reviews. A file is named by a SHA-256
 * of its question: two questions that differ never share an answer, and a
 * token that was asked about can be read nowhere.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "atomic.h"
#include "digest.h"
#include "grants.h"

#define FILE_MAX (3 * GRANT_BODY_MAX)
#define AUDIENCES_MAX 64
/* pkg/apis/authentication/v1/defaults.go */
#define EXPIRATION_S 3600

static const struct {
	const char *group, *resource, *kind;
	int namespaced;
	enum grant_kind grant;
} reviews[] = {
	{ "authentication.k8s.io", "tokenreviews", "TokenReview", 0,
	    GRANT_REVIEW },
	{ "authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", 0,
	    GRANT_SELF },
	{ "authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview",
	    0, GRANT_REVIEW },
	{ "authorization.k8s.io", "localsubjectaccessreviews",
	    "LocalSubjectAccessReview", 1, GRANT_REVIEW },
	{ "authorization.k8s.io", "selfsubjectaccessreviews",
	    "SelfSubjectAccessReview", 0, GRANT_SELF },
	{ "authorization.k8s.io", "selfsubjectrulesreviews",
	    "SelfSubjectRulesReview", 0, GRANT_SELF },
};

static enum grant_kind
find(const struct apipath *p, const char **kind)
{
	size_t i;

	*kind = NULL;
	if (strcmp(p->resource, "serviceaccounts") == 0 && *p->group == '\0' &&
	    *p->ns != '\0' && *p->name != '\0' &&
	    strcmp(p->subresource, "token") == 0)
		return GRANT_TOKEN;
	if (*p->name != '\0' || strcmp(p->version, "v1") != 0)
		return GRANT_NONE;
	for (i = 0; i < sizeof(reviews) / sizeof(*reviews); i++)
		if (strcmp(p->resource, reviews[i].resource) == 0 &&
		    strcmp(p->group, reviews[i].group) == 0 &&
		    (*p->ns != '\0') == reviews[i].namespaced) {
			*kind = reviews[i].kind;
			return reviews[i].grant;
		}
	return GRANT_NONE;
}

enum grant_kind
grant_kind(const struct apipath *p)
{
	const char *kind;

	return find(p, &kind);
}

/* --- names --- */

/* A namespace's or account's name, of which a file's may be made. */
static int
is_name(const char *s)
{
	return *s != '.' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.")] == '\0';
}

/* The same text for the same value, however it was written. NULL, ENOMEM. */
static char *
canonical(const json_t *o)
{
	char *text =
	    json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (text == NULL)
		errno = ENOMEM;
	return text;
}

static int
name_token(struct grant *g, const struct apipath *p)
{
	char hex[DIGEST_LEN], *text;
	int rc;

	if ((text = canonical(g->question)) == NULL)
		return -1;
	rc = digest_sha256(text, strlen(text), hex);
	free(text);
	if (rc == 0)
		snprintf(g->file, sizeof(g->file), "tokens/%.63s,%.100s,%s",
		    p->ns, p->name, hex);
	return rc;
}

static int
name_review(struct grant *g, const struct apipath *p, const char *caller)
{
	char hex[DIGEST_LEN], *spec, *all = NULL;
	json_t *parts;
	int rc = -1;

	/* each part is a string of its own: none can be read as another */
	if ((spec = canonical(json_object_get(g->request, "spec"))) == NULL &&
	    g->kind != GRANT_SELF)
		return -1;
	parts = json_pack("[ssss]", g->review, p->ns,
	    spec == NULL ? "null" : spec, g->kind == GRANT_SELF ? caller : "");
	if (parts != NULL && (all = canonical(parts)) != NULL)
		rc = digest_sha256(all, strlen(all), hex);
	else
		errno = EINVAL;
	if (rc == 0)
		snprintf(g->file, sizeof(g->file), "reviews/%s", hex);
	json_decref(parts);
	free(spec);
	free(all);
	return rc;
}

/* --- questions --- */

static int
by_text(const void *a, const void *b)
{
	const char *const *s = a, *const *t = b;

	return strcmp(*s, *t);
}

/* A sorted copy of an array of strings, or NULL. */
static json_t *
sorted(const json_t *list)
{
	const char *texts[AUDIENCES_MAX];
	size_t i, n = json_array_size(list);
	json_t *out;

	if (list != NULL && !json_is_null(list) && !json_is_array(list))
		return NULL;
	if (n > AUDIENCES_MAX)
		return NULL;
	for (i = 0; i < n; i++)
		if ((texts[i] = json_string_value(json_array_get(list, i))) ==
		    NULL)
			return NULL;
	qsort(texts, n, sizeof(*texts), by_text);
	out = json_array();
	for (i = 0; i < n; i++)
		if (json_array_append_new(out, json_string(texts[i])) == -1) {
			json_decref(out);
			return NULL;
		}
	return out;
}

static int
copy(char *out, size_t size, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s == NULL || *s == '\0' || strlen(s) >= size)
		return -1;
	memcpy(out, s, strlen(s) + 1);
	return 0;
}

int
grant_load_bound(const json_t *o, struct grant_bound *b)
{
	const json_t *ref = json_object_get(o, "boundObjectRef");

	memset(b, 0, sizeof(*b));
	if (copy(b->ns, sizeof(b->ns), o, "namespace") == -1)
		return -1;
	if (ref == NULL)
		return 0;
	return copy(b->kind, sizeof(b->kind), ref, "kind") |
	    copy(b->name, sizeof(b->name), ref, "name") |
	    copy(b->uid, sizeof(b->uid), ref, "uid");
}

/* 0, or -1 with errno */
static int
ask_token(struct grant *g, const struct apipath *p)
{
	const json_t *spec = json_object_get(g->request, "spec");
	const json_t *ref = json_object_get(spec, "boundObjectRef");
	const json_t *seconds = json_object_get(spec, "expirationSeconds");
	const char *kind, *name, *uid;
	json_t *audiences, *bound;

	errno = EINVAL;
	if (!is_name(p->ns) || !is_name(p->name) ||
	    (seconds != NULL && !json_is_null(seconds) &&
		!json_is_integer(seconds)) ||
	    (audiences = sorted(json_object_get(spec, "audiences"))) == NULL)
		return -1;
	g->question =
	    json_pack("{ss ss so sI}", "namespace", p->ns, "serviceAccount",
		p->name, "audiences", audiences, "expirationSeconds",
		json_is_integer(seconds) ? json_integer_value(seconds)
					 : (json_int_t)EXPIRATION_S);
	if (g->question == NULL)
		return -1;
	if (ref != NULL && !json_is_null(ref)) {
		kind = json_string_value(json_object_get(ref, "kind"));
		name = json_string_value(json_object_get(ref, "name"));
		uid = json_string_value(json_object_get(ref, "uid"));
		bound = kind == NULL || name == NULL || uid == NULL
		    ? NULL
		    : json_pack("{ss ss ss}", "kind", kind, "name", name, "uid",
			  uid);
		if (bound == NULL ||
		    json_object_set_new(g->question, "boundObjectRef", bound) ==
			-1)
			return -1;
	}
	if (grant_load_bound(g->question, &g->bound) != 0)
		return -1;
	return name_token(g, p);
}

int
grant_ask(struct grant *g, const struct apipath *p, const char *body, size_t n,
    const char *caller)
{
	const char *kind;

	memset(g, 0, sizeof(*g));
	g->kind = find(p, &g->review);
	errno = EINVAL;
	if (g->kind == GRANT_NONE || n > GRANT_BODY_MAX)
		return -1;
	g->request = json_loadb(body, n, JSON_REJECT_DUPLICATES, NULL);
	kind = json_string_value(json_object_get(g->request, "kind"));
	if (!json_is_object(g->request) ||
	    (kind != NULL &&
		strcmp(kind, g->review == NULL ? "TokenRequest" : g->review) !=
		    0)) {
		errno = EINVAL;
		return -1;
	}
	return g->kind == GRANT_TOKEN ? ask_token(g, p)
				      : name_review(g, p, caller);
}

/* What k8s.io/apimachinery puts before an object in protobuf. */
static int
is_protobuf(const char *p, size_t n)
{
	return n > 4 && memcmp(p, "k8s\0", 4) == 0;
}

int
grant_ask_protobuf(struct grant *g, const struct apipath *p, const char *body,
    size_t n, const char *caller)
{
	char hex[DIGEST_LEN];

	memset(g, 0, sizeof(*g));
	g->protobuf = 1;
	g->kind = find(p, &g->review);
	errno = EINVAL;
	if (g->kind != GRANT_SELF || n > GRANT_BODY_MAX ||
	    !is_protobuf(body, n) || digest_sha256(body, n, hex) == -1)
		return -1;
	/* a spec that is a string no question in JSON has */
	g->request = json_pack("{ss}", "spec", hex);
	if (g->request == NULL) {
		errno = ENOMEM;
		return -1;
	}
	return name_review(g, p, caller);
}

void
grant_free(struct grant *g)
{
	json_decref(g->request);
	json_decref(g->question);
	memset(g, 0, sizeof(*g));
}

/* --- keeping --- */

long long
grant_expires(const char *token)
{
	const char *dot = strchr(token, '.');
	size_t i, n = dot == NULL ? 0 : strcspn(dot + 1, ".");
	unsigned char *in, *out;
	long long when = 0;
	json_t *o;
	int len;

	if (n == 0 || n > GRANT_BODY_MAX || dot[1 + n] != '.' ||
	    (in = malloc(2 * (n + 4))) == NULL)
		return 0;
	out = in + n + 4;
	for (i = 0; i < n; i++)
		in[i] = dot[1 + i] == '-' ? '+'
		    : dot[1 + i] == '_'	  ? '/'
					  : (unsigned char)dot[1 + i];
	for (; i % 4 != 0; i++)
		in[i] = 'A';
	/* what was filled up is NULs at the end */
	if ((len = EVP_DecodeBlock(out, in, (int)i)) > 0) {
		o = json_loadb((char *)out, (size_t)len, JSON_DISABLE_EOF_CHECK,
		    NULL);
		when = (long long)json_number_value(json_object_get(o, "exp"));
		json_decref(o);
	}
	free(in);
	return when;
}

static json_t *
token_file(const struct grant *g, json_t *answer)
{
	json_t *status = json_object_get(answer, "status"), *o;
	const char *token = json_string_value(json_object_get(status, "token"));

	if (token == NULL || *token == '\0' ||
	    !json_is_string(json_object_get(status, "expirationTimestamp")) ||
	    (o = json_copy(g->question)) == NULL)
		return NULL;
	if (json_object_set_new(o, "version", json_integer(1)) == -1 ||
	    json_object_set(o, "answer", answer) == -1) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *
review_file(const struct grant *g, json_t *answer, long long now)
{
	json_t *status = json_object_get(answer, "status");
	const char *token = json_string_value(
	    json_object_get(json_object_get(g->request, "spec"), "token"));
	char *text;
	int told;

	if (!json_is_object(status) || (text = canonical(status)) == NULL)
		return NULL;
	told = token != NULL && *token != '\0' && strstr(text, token) != NULL;
	free(text);
	if (told)
		return NULL;
	return json_pack("{sI ss sI sI sO}", "version", (json_int_t)1, "kind",
	    g->review, "time", (json_int_t)now, "expires",
	    (json_int_t)(token == NULL ? 0 : grant_expires(token)), "status",
	    status);
}

static json_t *
protobuf_file(const struct grant *g, const char *answer, size_t n,
    long long now)
{
	json_t *o = NULL;
	char *text;

	if (!is_protobuf(answer, n) || (text = malloc(n / 3 * 4 + 5)) == NULL)
		return NULL;
	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)answer,
	    (int)n);
	o = json_pack("{sI ss sI sI ss}", "version", (json_int_t)1, "kind",
	    g->review, "time", (json_int_t)now, "expires", (json_int_t)0,
	    "protobuf", text);
	free(text);
	return o;
}

/* What is to be written; NULL with errno EBADMSG where it is no answer. */
static json_t *
file_of(const struct grant *g, const char *answer, size_t n, long long now)
{
	json_t *a = g->protobuf ? NULL : json_loadb(answer, n, 0, NULL);
	const char *kind = json_string_value(json_object_get(a, "kind"));
	json_t *o = NULL;

	if (g->protobuf)
		o = protobuf_file(g, answer, n, now);
	else if (kind == NULL ||
	    strcmp(kind, g->review == NULL ? "TokenRequest" : g->review) != 0)
		;
	else if (g->kind == GRANT_TOKEN)
		o = token_file(g, a);
	else
		o = review_file(g, a, now);
	json_decref(a);
	if (o == NULL)
		errno = EBADMSG;
	return o;
}

int
grant_keep(const struct grant *g, int datafd, const char *answer, size_t n,
    long long now)
{
	json_t *o = file_of(g, answer, n, now);
	struct stat st;
	char *text = NULL;
	int rc = -1, is_new;

	if (o == NULL)
		return -1;
	if ((text = json_dumps(o, JSON_COMPACT)) == NULL ||
	    atomic_mkdirs(datafd,
		g->kind == GRANT_TOKEN ? "tokens" : "reviews") == -1)
		goto out;
	is_new = fstatat(datafd, g->file, &st, AT_SYMLINK_NOFOLLOW) == -1;
	rc = atomic_write(datafd, g->file, text, strlen(text),
	    g->kind == GRANT_TOKEN);
	if (rc == 0)
		rc = is_new;
out:
	free(text);
	json_decref(o);
	return rc;
}

int
grant_forget(const struct grant *g, int datafd)
{
	return unlinkat(datafd, g->file, 0) == -1 && errno != ENOENT ? -1 : 0;
}

/* --- giving again --- */

int
grant_load(json_t **o, int datafd, const char *file)
{
	struct buf b = { 0 };
	int e;

	*o = NULL;
	if (buf_read_file(&b, datafd, file, FILE_MAX) == -1) {
		e = errno;
		buf_free(&b);
		errno = e;
		return -1;
	}
	*o = json_loadb(b.data == NULL ? "" : b.data, b.len, 0, NULL);
	buf_free(&b);
	if (!json_is_object(*o) ||
	    json_integer_value(json_object_get(*o, "version")) != 1) {
		json_decref(*o);
		*o = NULL;
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

/* The answer of a token's file, borrowed; NULL with errno. */
static json_t *
token_answer(const struct grant *g, json_t *o)
{
	json_t *answer = json_object_get(o, "answer"), *v;
	const char *key;

	errno = EBADMSG;
	json_object_foreach(g->question, key, v)
		if (!json_equal(v, json_object_get(o, key)))
			return NULL;
	if (json_object_size(o) != json_object_size(g->question) + 2 ||
	    !json_is_object(answer))
		return NULL;
	return json_incref(answer);
}

/* 0 if it is of that kind and not too old; -1 with errno. */
static int
check_review(const struct grant *g, const json_t *o, long long now,
    long long max_age)
{
	long long t = json_integer_value(json_object_get(o, "time"));
	long long end = json_integer_value(json_object_get(o, "expires"));
	const char *kind = json_string_value(json_object_get(o, "kind"));

	errno = EBADMSG;
	if (kind == NULL || strcmp(kind, g->review) != 0)
		return -1;
	errno = ENOENT;
	return now - t >= max_age || (end != 0 && now >= end) ? -1 : 0;
}

/* Its bytes, appended to out. 0, or -1 with errno. */
static int
add_protobuf(const json_t *o, struct buf *out)
{
	const char *text = json_string_value(json_object_get(o, "protobuf"));
	size_t n = text == NULL ? 0 : strlen(text);
	int len = -1;

	if (n > 0 && n % 4 == 0 && buf_reserve(out, n) == 0)
		len = EVP_DecodeBlock((unsigned char *)out->data + out->len,
		    (const unsigned char *)text, (int)n);
	if (len < 0) {
		errno = EBADMSG;
		return -1;
	}
	/* padding is counted as bytes of zero */
	out->len += (size_t)len - (text[n - 1] == '=') - (text[n - 2] == '=');
	out->data[out->len] = '\0';
	return 0;
}

/* The question with its answer, as the master writes it; NULL with errno. */
static json_t *
review_answer(const struct grant *g, const json_t *o, long long now,
    long long max_age)
{
	json_t *status = json_object_get(o, "status"), *a;

	if (check_review(g, o, now, max_age) == -1)
		return NULL;
	if (!json_is_object(status)) {
		errno = EBADMSG;
		return NULL;
	}
	if ((a = json_copy(g->request)) == NULL ||
	    json_object_set(a, "status", status) == -1) {
		json_decref(a);
		errno = ENOMEM;
		return NULL;
	}
	return a;
}

int
grant_recall(const struct grant *g, int datafd, long long now,
    long long max_age, struct buf *out)
{
	json_t *o, *a;
	char *text;
	int rc = -1, e;

	if (grant_load(&o, datafd, g->file) == -1)
		return -1;
	if (g->protobuf) {
		rc = check_review(g, o, now, max_age) == -1
		    ? -1
		    : add_protobuf(o, out);
		e = errno;
		json_decref(o);
		errno = e;
		return rc;
	}
	a = g->kind == GRANT_TOKEN ? token_answer(g, o)
				   : review_answer(g, o, now, max_age);
	if (a != NULL) {
		text = json_dumps(a, JSON_COMPACT);
		errno = ENOMEM;
		rc = text == NULL ? -1 : buf_puts(out, text);
		free(text);
	}
	e = errno;
	json_decref(a);
	json_decref(o);
	errno = e;
	return rc;
}
