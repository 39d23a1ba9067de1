/* States that were changed here and there, and the rules of the replay, answer by answer. */
#include <stdlib.h>

#include "difference.h"
#include "outbox_file.h"
#include "replay.h"
#include "tap.h"

static json_t *
parse(const char *text)
{
	json_error_t e;
	json_t *v = json_loads(text, JSON_DECODE_ANY, &e);

	if (v == NULL) {
		printf("# no JSON: %s: %s\n", e.text, text);
		abort();
	}
	return v;
}

/* v as text, sorted. It is freed. Static. */
static const char *
text(json_t *v)
{
	static char out[4096];
	char *s = v == NULL
	    ? NULL
	    : json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	snprintf(out, sizeof(out), "%s", s == NULL ? "-" : s);
	free(s);
	json_decref(v);
	return out;
}

#define C(type, status) "{\"status\":\"" status "\",\"type\":\"" type "\"}"
#define CS(list) "{\"conditions\":[" list "]}"

static void
test_target(void)
{
	static const struct {
		const char *before, *ours, *master;
		int wins;
		const char *want, *name;
	} all[] = {
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":1,\"b\":1}", 0,
		    "{\"a\":2,\"b\":1}", "changed here" },
		{ "{\"a\":1}", "{\"a\":1}", "{\"a\":5}", 0, "{\"a\":5}",
		    "changed there" },
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":5}", 0, "{\"a\":2}",
		    "changed here and there" },
		{ "{\"a\":1,\"b\":1}", "{\"b\":1}", "{\"a\":1,\"b\":1}", 0,
		    "{\"b\":1}", "removed here" },
		{ "{\"a\":1}", "{\"a\":1}", "{}", 0, "{}", "removed there" },
		{ "null", "{\"a\":1}", "{\"a\":2,\"b\":3}", 0,
		    "{\"a\":1,\"b\":3}", "not known before" },
		{ CS(C("Ready", "True")), CS(C("Ready", "True")),
		    CS(C("Ready", "Unknown") "," C("X", "True")), 1,
		    CS(C("Ready", "True") "," C("X", "True")),
		    "a condition that the master lost sight of" },
		{ CS(C("Ready", "True")), CS(C("Ready", "True")),
		    CS(C("Ready", "Unknown")), 0, CS(C("Ready", "Unknown")),
		    "but not of other objects" },
		{ CS(C("A", "1") "," C("B", "1")), CS(C("B", "2")),
		    CS(C("A", "1") "," C("B", "1")), 1, CS(C("B", "2")),
		    "a condition that was removed" },
		{ CS(""), CS(C("N", "1")), CS(C("M", "1")), 0,
		    CS(C("M", "1") "," C("N", "1")), "a new one" },
	};
	json_t *b, *o, *m, *want, *got;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		b = parse(all[i].before);
		o = parse(all[i].ours);
		m = parse(all[i].master);
		want = parse(all[i].want);
		got = difference_target(b, o, m, all[i].wins);
		if (!ok(json_equal(got, want), "%s", all[i].name))
			printf("# got %s\n", text(json_incref(got)));
		json_decref(got);
		json_decref(want);
		json_decref(b);
		json_decref(o);
		json_decref(m);
	}
}

static void
test_covers(void)
{
	static const struct {
		const char *whole, *part;
		int want;
	} all[] = {
		{ "{\"a\":1,\"b\":2}", "{\"a\":1}", 1 },
		{ "{\"b\":2}", "{\"a\":1}", 0 },
		{ "{\"a\":[{\"x\":1,\"y\":2},3]}", "{\"a\":[{\"x\":1}]}", 1 },
		{ "{\"a\":[1]}", "{\"a\":[1,2]}", 0 },
		{ "{\"data\":{\"a\":1,\"b\":2}}", "{\"data\":{\"a\":1}}", 0 },
		{ "{}", "{\"data\":{},\"l\":[],\"n\":null}", 1 },
		{ "{\"a\":\"1\"}", "{\"a\":1}", 0 },
	};
	json_t *w, *p;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		w = parse(all[i].whole);
		p = parse(all[i].part);
		ok(difference_covers(w, p) == all[i].want, "%s of %s",
		    all[i].part, all[i].whole);
		json_decref(w);
		json_decref(p);
	}
}

/* --- the rules --- */

#define OBJ(uid, rv, v)                                                \
	"{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{" \
	"\"name\":\"a\",\"uid\":\"" uid "\",\"resourceVersion\":\"" rv \
	"\"},\"data\":{\"k\":\"" v "\"},\"status\":{\"s\":\"" v "\"}}"
#define STATUS(reason)                              \
	"{\"kind\":\"Status\",\"reason\":\"" reason \
	"\",\"message\":\"said " reason "\"}"
#define M "/api/v1/namespaces/x/configmaps"
#define PATH "\"path\":\"" M "/a\",\"version\":1,\"apiVersion\":\"v1\""
static const char update[] = "{\"kind\":\"object\",\"verb\":\"update\"," PATH
			     ",\"uid\":\"u\",\"before\":" OBJ("u", "5",
				 "old") ",\"body\":" OBJ("u", "5", "new") "}";
static const char create[] = "{\"kind\":\"object\",\"verb\":\"create\"," PATH
			     ",\"uid\":\"\",\"body\":" OBJ("l", "1", "new") "}";
static const char create2[] = "{\"kind\":\"object\",\"verb\":\"create\"," PATH
			      ",\"uid\":\"\",\"before\":" OBJ("l", "1",
				  "old") ",\"body\":" OBJ("l", "1", "new") "}";
static const char removal[] =
    "{\"kind\":\"delete\",\"verb\":\"delete\"," PATH ",\"uid\":\"u\","
    "\"options\":{\"dryRun\":[\"All\"],\"gracePeriodSeconds\":0,"
    "\"preconditions\":{\"resourceVersion\":\"7\"}}}";
static const char removal_made[] =
    "{\"kind\":\"delete\",\"verb\":\"delete\"," PATH ",\"uid\":\"\","
    "\"created\":true,\"before\":" OBJ("l", "1", "old") "}";
static const char json_patch[] =
    "{\"kind\":\"object\",\"verb\":\"patch\"," PATH
    ",\"uid\":\"u\",\"contentType\":\"application/json-patch+json\","
    "\"before\":" OBJ("u", "5", "old") ",\"body\":[{\"op\":\"remove\","
				       "\"path\":\"/data\"}]}";

#define E "/api/v1/namespaces/x/configmaps/e"
static const char repeat[] = "{\"kind\":\"event\",\"verb\":\"patch\","
			     "\"path\":\"" E "\",\"version\":1,\"contentType\":"
			     "\"application/strategic-merge-patch+json\","
			     "\"body\":{\"count\":3}}";

struct answer {
	int code;
	const char *body;
};

/* "METHOD path, ... VERDICT: why" of what an entry is answered. Static. */
static const char *
talk(const char *entry, const struct answer *a)
{
	static const char *const names[] = { "ask", "done", "failed", "later" };
	static char out[8192];
	json_t *e = parse(entry), *body;
	enum replay_verdict v;
	struct replay r;
	size_t n = 0;

	if (outbox_check(e) != NULL)
		return outbox_check(e);
	replay_init(&r, e);
	v = replay_begin(&r);
	for (; v == REPLAY_ASK && n < sizeof(out) - 600; a++) {
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s %s, ",
		    r.method, r.path.data + sizeof(M) - 1);
		if (a->code == 0)
			break;
		body = a->body == NULL ? NULL : parse(a->body);
		v = replay_answer(&r, a->code, body);
		json_decref(body);
	}
	snprintf(out + n, sizeof(out) - n, "%s%s%s", names[v],
	    r.why[0] != '\0' ? ": " : "", r.why);
	replay_free(&r);
	json_decref(e);
	return out;
}

static void
test_rules(void)
{
	static const struct {
		const char *entry;
		struct answer a[8];
		const char *want;
	} all[] = {
		{ update,
		    { { 200, OBJ("u", "6", "old") },
			{ 409, STATUS("Conflict") },
			{ 200, OBJ("u", "7", "new") } },
		    "GET /a, PATCH /a, GET /a, done" },
		{ update,
		    { { 200, OBJ("u", "6", "old") },
			{ 404, STATUS("NotFound") } },
		    "GET /a, PATCH /a, failed: Gone: it was deleted on the "
		    "master meanwhile" },
		{ update,
		    { { 200, OBJ("u", "6", "old") },
			{ 422, STATUS("Invalid") } },
		    "GET /a, PATCH /a, failed: said Invalid" },
		{ update, { { 404, NULL } },
		    "GET /a, later: the master answered 404" },
		{ update, { { 500, STATUS("InternalError") } },
		    "GET /a, later: the master answered 500" },
		{ create,
		    { { 409, STATUS("AlreadyExists") },
			{ 404, STATUS("NotFound") },
			{ 201, OBJ("u", "1", "new") } },
		    "POST , GET /a, POST , done" },
		{ create, { { 404, STATUS("NotFound") } },
		    "POST , failed: said NotFound" },
		{ create2,
		    { { 409, STATUS("AlreadyExists") },
			{ 200, OBJ("u", "1", "old") },
			{ 200, OBJ("u", "2", "new") } },
		    "POST , GET /a, PATCH /a, done" },
		{ create,
		    { { 409, STATUS("AlreadyExists") },
			{ 200, OBJ("u", "1", "old") } },
		    "POST , GET /a, failed: AlreadyExists: the master has "
		    "another one of that name" },
		{ repeat,
		    { { 200, "{\"count\":2}" }, { 200, "{\"count\":3}" } },
		    "GET /e, PATCH /e, done" },
		{ repeat, { { 200, "{\"count\":3}" } }, "GET /e, done" },
		{ repeat, { { 404, STATUS("NotFound") } },
		    "GET /e, done: it is gone on the master, its repeat is "
		    "void" },
		{ repeat,
		    { { 403, STATUS("Forbidden") }, { 200, "{\"count\":3}" } },
		    "GET /e, PATCH /e, done" },
		{ repeat,
		    { { 403, STATUS("Forbidden") },
			{ 404, STATUS("NotFound") } },
		    "GET /e, PATCH /e, done: it is gone on the master, its "
		    "repeat is void" },
		{ update, { { 403, STATUS("Forbidden") } },
		    "GET /a, failed: said Forbidden" },
		{ removal, { { 200, STATUS("") } }, "DELETE /a, done" },
		{ removal,
		    { { 409, STATUS("Conflict") },
			{ 200, OBJ("other", "1", "x") } },
		    "DELETE /a, GET /a, done: the master has another one of "
		    "that name" },
		{ removal,
		    { { 409, STATUS("Conflict") }, { 200, OBJ("u", "1", "x") },
			{ 200, STATUS("") } },
		    "DELETE /a, GET /a, DELETE /a, done" },
		{ removal_made,
		    { { 200, OBJ("m", "9", "old") }, { 200, STATUS("") } },
		    "GET /a, DELETE /a, done" },
		{ removal_made, { { 200, OBJ("m", "9", "theirs") } },
		    "GET /a, done: the master has another one of that name" },
		{ json_patch,
		    { { 200, OBJ("u", "5", "old") },
			{ 200, OBJ("u", "6", "") } },
		    "GET /a, PATCH /a, done" },
		{ json_patch, { { 200, OBJ("u", "6", "x") } },
		    "GET /a, failed: Conflict: it was changed on the master "
		    "meanwhile" },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		is_str(talk(all[i].entry, all[i].a), all[i].want, all[i].want);
}

/* A conflict that never ends is not waited for. */
static void
test_bound(void)
{
	struct answer a[32];
	const char *said;
	size_t i, n = 0;

	for (i = 0; i < 32; i++) {
		a[i].code = i % 2 == 0 ? 200 : 409;
		a[i].body =
		    i % 2 == 0 ? OBJ("u", "6", "old") : STATUS("Conflict");
	}
	said = talk(update, a);
	for (i = 0; said[i] != '\0'; i++)
		n += said[i] == ',';
	is_int((long long)n, 12, "a bound to the tries");
	ok(strstr(said, "later: said Conflict") != NULL, "later");
}

static void
test_request(void)
{
	json_t *e = parse(removal), *event;
	struct replay r;
	char *path;

	replay_init(&r, e);
	replay_begin(&r);
	is_str(text(json_incref(r.request)),
	    "{\"apiVersion\":\"v1\",\"gracePeriodSeconds\":0,"
	    "\"kind\":\"DeleteOptions\",\"preconditions\":{\"uid\":\"u\"}}",
	    "no resourceVersion of ours, no dry run");
	replay_free(&r);
	json_object_set_new(e, "path",
	    json_string("/api/v1/namespaces/x/pods/a b:%"));
	replay_init(&r, e);
	replay_begin(&r);
	is_str(r.path.data, "/api/v1/namespaces/x/pods/a%20b:%25", "encoded");
	replay_free(&r);
	event = replay_event(e, "1", "R", "why", &path);
	is_str(path, "/api/v1/namespaces/default/events/.1", "an event");
	free(path);
	json_decref(event);
	json_decref(e);
}

/* The patch that a GET's answer leads to. */
static void
patches(const char *entry, const char *master, const char *want,
    const char *name)
{
	json_t *e = parse(entry), *m = parse(master);
	struct replay r;

	ok(outbox_check(e) == NULL, "an entry");
	replay_init(&r, e);
	replay_begin(&r);
	ok(replay_answer(&r, 200, m) == REPLAY_ASK, "it asks");
	is_str(text(json_deep_copy(json_object_get(r.request,
		   want[2] == 's' ? "status" : "note"))),
	    strchr(want, ':') + 1, name);
	replay_free(&r);
	json_decref(m);
	json_decref(e);
}

static const char node[] =
    "{\"version\":1,\"kind\":\"status\",\"verb\":\"patch\",\"path\":"
    "\"/api/v1/nodes/n\",\"apiVersion\":\"v1\",\"resource\":\"nodes\","
    "\"uid\":\"\",\"before\":{\"status\":" CS(
	C("Ready", "True")) "},\"body\":{\"status\":" CS(C("Ready",
	"True") "," C("X", "1")) "},\"user\":%s}";
static const char lost[] =
    "{\"metadata\":{},\"status\":" CS(C("Ready", "Unknown")) "}";

/* The status of the node, of that user. Static. */
static const char *
of_user(const char *user)
{
	static char out[1024];

	snprintf(out, sizeof(out), node, user);
	return out;
}

static void
test_users(void)
{
	const char *event = "{\"kind\":\"event\",\"verb\":\"patch\",\"path\":"
			    "\"" E "\",\"version\":1,\"apart\":true,"
			    "\"before\":{\"count\":1,\"note\":\"theirs\"},"
			    "\"body\":{\"count\":3,\"note\":\"theirs\"}}";
	struct answer gone = { 404, STATUS("NotFound") };

	patches(of_user("\"\""), lost,
	    "a status:" CS(C("Ready", "True") "," C("X", "1")),
	    "the hub heals the conditions of its node");
	patches(of_user("{\"username\":\"system:node:n\"}"), lost,
	    "a status:" CS(C("Ready", "True") "," C("X", "1")),
	    "and so does kubelet");
	patches(of_user("{\"username\":\"npd\"}"), lost,
	    "a status:" CS(C("Ready", "Unknown") "," C("X", "1")),
	    "others speak for their own");
	patches(of_user("{\"username\":\"system:node:n\"},\"apart\":true"),
	    lost, "a status:" CS(C("Ready", "Unknown") "," C("X", "1")),
	    "and kubelet, where others spoke, too");
	patches(event, "{\"count\":1,\"note\":\"x\"}", "a note:-",
	    "what another one said of an event is his");
	is_str(talk(event, &gone),
	    "GET /e, done: it is gone on the master, its repeat is void",
	    "it is not made for him");
}

int
main(void)
{
	test_target();
	test_covers();
	test_rules();
	test_bound();
	test_request();
	test_users();
	return done_testing();
}
