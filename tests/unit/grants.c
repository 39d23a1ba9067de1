/* Remembered tokens and reviews: what is the same question, what goes. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "grants.h"
#include "tap.h"
#include "tree.h"

#define NOW 1800000000LL
#define TOKEN_PATH "/api/v1/namespaces/x/serviceaccounts/web/token"
#define AUTHN "/apis/authentication.k8s.io/v1/"
#define AUTHZ "/apis/authorization.k8s.io/v1/"
#define POD(uid)                                                       \
	",\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\"," \
	"\"name\":\"p\",\"uid\":\"" uid "\"}"
#define ASK(rest) "{\"kind\":\"TokenRequest\",\"spec\":{" rest "}}"
#define ANSWER(token, end)                                                   \
	"{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/" \
	"v1\","                                                              \
	"\"status\":{\"token\":\"" token "\",\"expirationTimestamp\":\"" end \
	"\"}}"
#define FAR "2100-01-01T00:00:00Z"

static int
ask(struct grant *g, const char *path, const char *body, const char *caller)
{
	struct apipath p;

	if (apipath_parse(&p, path) == -1)
		return -1;
	return grant_ask(g, &p, body, strlen(body), caller);
}

static void
test_kinds(void)
{
	static const struct {
		const char *path;
		enum grant_kind kind;
	} all[] = {
		{ TOKEN_PATH, GRANT_TOKEN },
		{ AUTHN "tokenreviews", GRANT_REVIEW },
		{ AUTHN "selfsubjectreviews", GRANT_SELF },
		{ AUTHZ "subjectaccessreviews", GRANT_REVIEW },
		{ AUTHZ "selfsubjectaccessreviews", GRANT_SELF },
		{ AUTHZ "selfsubjectrulesreviews", GRANT_SELF },
		{ AUTHZ "namespaces/x/localsubjectaccessreviews",
		    GRANT_REVIEW },
		{ AUTHZ "localsubjectaccessreviews", GRANT_NONE },
		{ AUTHN "tokenreviews/x", GRANT_NONE },
		{ "/apis/authentication.k8s.io/v1beta1/tokenreviews",
		    GRANT_NONE },
		{ "/apis/x.io/v1/tokenreviews", GRANT_NONE },
		{ "/api/v1/namespaces/x/serviceaccounts/web", GRANT_NONE },
		{ "/apis/x.io/v1/namespaces/x/serviceaccounts/web/token",
		    GRANT_NONE },
	};
	struct apipath p;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		ok(apipath_parse(&p, all[i].path) == 0 &&
			grant_kind(&p) == all[i].kind,
		    "kind of %s", all[i].path);
}

/* What a question finds, "" if nothing. */
static const char *
recall(const char *path, const char *body, const char *caller, long long now)
{
	static struct buf out;
	struct grant g;

	out.len = 0;
	buf_puts(&out, "");
	if (ask(&g, path, body, caller) == -1 ||
	    grant_recall(&g, tree_fd, now, 1000, &out) == -1) {
		buf_free(&out);
		buf_puts(&out, "");
	}
	grant_free(&g);
	return out.data == NULL ? "" : out.data;
}

static int
keep(const char *path, const char *body, const char *caller, const char *answer)
{
	struct grant g;
	int rc = -1;

	if (ask(&g, path, body, caller) == 0)
		rc = grant_keep(&g, tree_fd, answer, strlen(answer), NOW);
	grant_free(&g);
	return rc;
}

static mode_t
mode_of(const char *file)
{
	struct stat st;

	return fstatat(tree_fd, file, &st, 0) == -1 ? 0 : st.st_mode & 07777;
}

static void
test_tokens(void)
{
	static const struct {
		const char *body;
		int same;
	} all[] = {
		{ ASK("\"audiences\":[\"a\",\"b\"]" POD("u1")), 1 },
		{ "{\"spec\":{\"expirationSeconds\":3600"
		  ",\"boundObjectRef\":{\"uid\":\"u1\",\"name\":\"p\","
		  "\"kind\":\"Pod\"},\"audiences\":[\"b\",\"a\"]}}",
		    1 },
		{ ASK("\"audiences\":[\"a\"]" POD("u1")), 0 },
		{ ASK("\"audiences\":[\"a,b\"]" POD("u1")), 0 },
		{ ASK("\"audiences\":[\"a\",\"b\"]" POD("u2")), 0 },
		{ ASK("\"audiences\":[\"a\",\"b\"]"), 0 },
		{ ASK("\"expirationSeconds\":600,"
		      "\"audiences\":[\"a\",\"b\"]" POD("u1")),
		    0 },
		{ "{}", 0 },
		{ "[]", 0 },
		{ "no", 0 },
		{ "", 0 },
	};
	char name[64];
	struct grant g;
	size_t i;

	is_int(keep(TOKEN_PATH, all[0].body, "", ANSWER("T1", FAR)), 1, "kept");
	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		snprintf(name, sizeof(name), "token question %zu", i);
		is_str(recall(TOKEN_PATH, all[i].body, "", NOW),
		    all[i].same ? ANSWER("T1", FAR) : "", name);
	}
	is_str(recall("/api/v1/namespaces/y/serviceaccounts/web/token",
		   all[0].body, "", NOW),
	    "", "another namespace");
	is_str(recall("/api/v1/namespaces/x/serviceaccounts/other/token",
		   all[0].body, "", NOW),
	    "", "another account");
	is_int(keep(TOKEN_PATH, all[1].body, "",
		   ANSWER("T2", "2001-01-01T00:00:00Z")),
	    0, "replaced");
	is_str(recall(TOKEN_PATH, all[0].body, "", NOW),
	    ANSWER("T2", "2001-01-01T00:00:00Z"), "given when expired, too");
	ok(ask(&g, TOKEN_PATH, all[0].body, "") == 0 &&
		strncmp(g.file, "tokens/x,web,", 13) == 0 &&
		mode_of(g.file) == 0600 && mode_of("tokens") == 0700,
	    "names and modes");
	tree_write(g.file, "{\"version\":1", O_TRUNC);
	is_str(recall(TOKEN_PATH, all[0].body, "", NOW), "", "torn");
	is_int(grant_forget(&g, tree_fd), 0, "forgotten");
	is_int(mode_of(g.file), 0, "and gone");
	is_int(grant_forget(&g, tree_fd), 0, "twice");
	grant_free(&g);
}

static void
test_refused(void)
{
	static const char *const bad[] = {
		ASK("\"boundObjectRef\":{\"kind\":\"Pod\",\"name\":\"p\"}"),
		ASK("\"boundObjectRef\":\"x\""),
		ASK("\"audiences\":\"a\""),
		ASK("\"audiences\":[1]"),
		ASK("\"expirationSeconds\":\"600\""),
		"{\"kind\":\"Pod\",\"spec\":{}}",
	};
	static const char *const answers[] = {
		"",
		"no",
		"{}",
		ANSWER("", FAR),
		"{\"kind\":\"TokenRequest\",\"status\":{\"token\":\"x\"}}",
		"{\"kind\":\"Status\",\"status\":{\"token\":\"x\","
		"\"expirationTimestamp\":\"" FAR "\"}}",
	};
	char *large = calloc(1, GRANT_BODY_MAX + 2);
	struct grant g;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		is_int(ask(&g, TOKEN_PATH, bad[i], ""), -1, bad[i]);
		grant_free(&g);
	}
	is_int(ask(&g, "/api/v1/namespaces/X/serviceaccounts/web/token",
		   ASK(""), ""),
	    -1, "a namespace that is none");
	grant_free(&g);
	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		is_int(keep(TOKEN_PATH, ASK(""), "", answers[i]), -1,
		    answers[i]);
	if (large != NULL)
		memset(large, ' ', GRANT_BODY_MAX + 1);
	is_int(ask(&g, TOKEN_PATH, large == NULL ? "" : large, ""), -1,
	    "too large a question");
	grant_free(&g);
	free(large);
}

#define REVIEW(token) \
	"{\"kind\":\"TokenReview\",\"spec\":{\"token\":\"" token "\"}}"
#define REVIEWED \
	"{\"kind\":\"TokenReview\",\"status\":{\"authenticated\":true}}"
/* {"alg":"none"}.{"exp":1800000100,"sub":"?>~"}. */
#define JWT "eyJhbGciOiJub25lIn0.eyJleHAiOjE4MDAwMDAxMDAsInN1YiI6Ij8-fiJ9.c2ln"

static void
test_reviews(void)
{
	static const char can[] =
	    "{\"kind\":\"SelfSubjectAccessReview\",\"spec\":{\"a\":1,\"b\":2}}";
	static const char same[] =
	    "{\"spec\":{\"b\":2,\"a\":1},\"metadata\":{}}";
	static const char may[] = "{\"kind\":\"SelfSubjectAccessReview\","
				  "\"status\":{\"allowed\":true}}";
	const char *path = AUTHZ "selfsubjectaccessreviews";
	struct grant g;
	char *text;

	is_int(keep(AUTHN "tokenreviews", REVIEW("secret"), "me", REVIEWED), 1,
	    "a review is kept");
	is_str(recall(AUTHN "tokenreviews", REVIEW("secret"), "you", NOW + 999),
	    "{\"kind\":\"TokenReview\",\"spec\":{\"token\":\"secret\"},"
	    "\"status\":{\"authenticated\":true}}",
	    "whoever asks");
	is_str(recall(AUTHN "tokenreviews", REVIEW("secret"), "", NOW + 1000),
	    "", "not for ever");
	is_str(recall(AUTHN "tokenreviews", REVIEW("secret2"), "", NOW), "",
	    "another token");
	is_int(ask(&g, AUTHN "tokenreviews", REVIEW("secret"), ""), 0, "asked");
	text = tree_read(g.file);
	ok(strstr(g.file, "secret") == NULL && mode_of(g.file) == 0600 &&
		mode_of("reviews") == 0700 && text != NULL &&
		strstr(text, "secret") == NULL,
	    "the token is nowhere");
	free(text);
	grant_free(&g);
	is_int(keep(AUTHN "tokenreviews", REVIEW("secret"), "",
		   "{\"kind\":\"TokenReview\",\"status\":{\"x\":\"a "
		   "secret\"}}"),
	    -1, "not even if the answer tells it");
	keep(AUTHN "tokenreviews", REVIEW(JWT), "", REVIEWED);
	ok(*recall(AUTHN "tokenreviews", REVIEW(JWT), "", NOW + 99) == '{' &&
		*recall(AUTHN "tokenreviews", REVIEW(JWT), "", NOW + 100) ==
		    '\0',
	    "a token is not good for longer than it says");

	keep(path, can, "Bearer a", may);
	is_str(recall(path, same, "Bearer a", NOW),
	    "{\"spec\":{\"b\":2,\"a\":1},\"metadata\":{},"
	    "\"status\":{\"allowed\":true}}",
	    "the same spec");
	is_str(recall(path, can, "Bearer b", NOW), "", "another caller");
	is_str(recall(AUTHZ "subjectaccessreviews",
		   "{\"spec\":{\"a\":1,\"b\":2}}", "Bearer a", NOW),
	    "", "another kind");
	is_int(ask(&g, AUTHZ "subjectaccessreviews", "{}", ""), -1, "no spec");
	grant_free(&g);
}

/* What client-go sends by itself: bytes in, bytes out. */
static void
test_protobuf(void)
{
	static const char question[] = "k8s\0\1\2 a question";
	static const char answer[] = "k8s\0\0 an answer\0";
	struct buf out = { 0 };
	struct apipath p;
	struct grant g;
	int fd = tree_fd;

	apipath_parse(&p, AUTHZ "selfsubjectaccessreviews");
	is_int(grant_ask_protobuf(&g, &p, question, sizeof(question), "a"), 0,
	    "a question in protobuf");
	is_int(grant_keep(&g, fd, answer, sizeof(answer), NOW), 1, "is kept");
	is_int(grant_recall(&g, fd, NOW, 100, &out), 0, "is answered");
	ok(out.len == sizeof(answer) &&
		memcmp(out.data, answer, sizeof(answer)) == 0,
	    "by the same bytes");
	is_int(grant_recall(&g, fd, NOW + 100, 100, &out), -1, "for a while");
	is_int(grant_keep(&g, fd, "{}", 2, NOW), -1, "not JSON");
	grant_free(&g);
	is_int(grant_ask_protobuf(&g, &p, question, sizeof(question), "b"), 0,
	    "asked by another caller");
	is_int(grant_recall(&g, fd, NOW, 100, &out), -1, "there is none");
	grant_free(&g);
	is_int(grant_ask_protobuf(&g, &p, "{}", 2, "a"), -1, "JSON is none");
	grant_free(&g);
	apipath_parse(&p, AUTHZ "subjectaccessreviews");
	is_int(grant_ask_protobuf(&g, &p, question, sizeof(question), "a"), -1,
	    "nor is a review of somebody else");
	grant_free(&g);
	buf_free(&out);
}

static int
gone(void *arg, const struct grant_bound *b)
{
	return strcmp(b->uid, arg) == 0 && strcmp(b->ns, "x") == 0 &&
	    strcmp(b->kind, "Pod") == 0 && strcmp(b->name, "p") == 0;
}

static int
files(const char *dir)
{
	const struct dirent *d;
	DIR *in = opendir(tree_path(dir));
	int n = 0;

	while (in != NULL && (d = readdir(in)) != NULL)
		n +=
		    strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	if (in != NULL)
		closedir(in);
	return n;
}

/* A review, as if kept so much later: files made at once may have one time. */
static void
keep_review(const char *body, int later_s)
{
	const struct timespec t = { time(NULL) + later_s, 0 },
			      times[2] = { t, t };
	struct grant g;

	if (keep(AUTHN "tokenreviews", body, "", REVIEWED) == -1 ||
	    ask(&g, AUTHN "tokenreviews", body, "") == -1)
		abort();
	utimensat(tree_fd, g.file, times, 0);
	grant_free(&g);
}

static void
test_sweep(void)
{
	static char uid[] = "u1";
	struct grants_limits l = { .now = time(NULL),
		.max_age = 1000,
		.files = 100,
		.bytes = 1000000,
		.gone = gone,
		.arg = uid };
	char body[256], path[64];
	int i;

	is_int(grants_sweep(tree_fd, &l), 0, "nothing to sweep");
	keep(TOKEN_PATH, ASK("\"x\":0" POD("u1")), "", ANSWER("T", FAR));
	keep(TOKEN_PATH, ASK("\"x\":0" POD("u2")), "",
	    ANSWER("T", "2001-01-01T00:00:00Z"));
	keep(TOKEN_PATH, ASK(""), "", ANSWER("T", FAR));
	keep(TOKEN_PATH, ASK("\"audiences\":[\"old\"]"), "",
	    ANSWER("T", "2001-01-01T00:00:00Z"));
	is_int(grants_sweep(tree_fd, &l), 1, "one has expired long ago");
	is_int(files("tokens"), 3, "that of a pod stays, and of a young one");
	l.now = time(NULL) + 61; /* since its file was made */
	is_int(grants_sweep(tree_fd, &l), 1, "a pod is gone");
	is_str(recall(TOKEN_PATH, ASK("\"x\":0" POD("u1")), "", NOW), "",
	    "that one");
	tree_write("tokens/foreign", "hello", O_CREAT);
	tree_write("tokens/.tmp.1.1", "hello", O_CREAT);
	l.now += 61;
	is_int(grants_sweep(tree_fd, &l), 2, "what is not ours, or was left");
	keep(AUTHN "tokenreviews", REVIEW("tok"), "", REVIEWED);
	l.now += 1000;
	l.max_age = 2000;
	is_int(grants_sweep(tree_fd, &l), 0, "in time");
	for (i = 0; i < 10; i++) {
		snprintf(body, sizeof(body), REVIEW("tok%d"), i);
		keep_review(body, 1 + i);
	}
	i = files("reviews");
	l.files = 4;
	is_int(grants_sweep(tree_fd, &l), i - 4, "the oldest go: by number");
	snprintf(path, sizeof(path), REVIEW("tok%d"), 9);
	ok(*recall(AUTHN "tokenreviews", path, "", NOW) == '{',
	    "the newest stays");
	l.bytes = 1;
	is_int(grants_sweep(tree_fd, &l), 6, "by bytes");
	l.max_age = 500;
	l.bytes = 1000000;
	keep(AUTHN "tokenreviews", REVIEW("tok"), "", REVIEWED);
	is_int(grants_sweep(tree_fd, &l), 1, "past their age");
}

int
main(void)
{
	tree_make();
	test_kinds();
	test_tokens();
	test_refused();
	test_reviews();
	test_protobuf();
	test_sweep();
	tree_remove();
	return done_testing();
}
