/*
 * behalf: who is chosen for whom, what goes in headers, and that no request
 * travels on a connection that shows the certificate of somebody else.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "behalf.h"
#include "peer.h"
#include "tap.h"
#include "upstream.h"

#define HANDLES 12

static char dir[] = "/tmp/ote-behalf.XXXXXX";
static EVP_PKEY *key;

static void
put_pair(const char *file, const char *cn, const char *o)
{
	struct buf b = { 0 };
	FILE *f;

	mint_user(&b, key, cn, o);
	mint_private(&b, key);
	if ((f = fopen("temp", "w")) != NULL) {
		fwrite(b.data, 1, b.len, f);
		fclose(f);
	}
	rename("temp", file);
	buf_free(&b);
}

static void
who(struct user *u, const char *name, const char *group)
{
	user_free(u);
	(void)user_set(u, name, NULL);
	(void)user_add_group(u, "system:authenticated");
	if (group != NULL)
		(void)user_add_group(u, group);
}

/* --- the choice --- */

static enum behalf_kind
choose(struct behalf_rules *r, const struct user *u, const char *token,
    char *why, size_t len)
{
	struct behalf b;
	enum behalf_kind kind;

	kind = behalf_choose(&b, r, u, token, (long long)time(NULL), why, len);
	ok(kind == b.kind && (kind == BEHALF_TOKEN) == (b.token != NULL) &&
		(kind == BEHALF_PAIR) == (b.pair != NULL) &&
		(kind == BEHALF_IMPERSONATE) == (b.user != NULL) &&
		(kind == BEHALF_REFUSED) == (why[0] != '\0') &&
		strchr(why, '\n') == NULL,
	    "all of it %s", why);
	return kind;
}

static void
chosen(struct behalf_rules *r, const char *name, const char *group,
    const char *token, enum behalf_kind want)
{
	struct user u = { 0 };
	char why[512];

	who(&u, name, group);
	is_int(choose(r, &u, token, why, sizeof(why)), want,
	    strchr(name, '\n') == NULL ? name : "two lines");
	user_free(&u);
}

static void
test_choice(struct behalf_rules *r)
{
	struct user u = { 0 };
	char why[512];

	is_str(r->own.name, "hub", "the hub's own name");
	chosen(r, "hub", "hubs", NULL, BEHALF_OWN);
	chosen(r, "hub", "hubs", "t", BEHALF_TOKEN);
	chosen(r, "hub", NULL, NULL, BEHALF_REFUSED);
	chosen(r, "hub", "system:masters", NULL, BEHALF_REFUSED);
	chosen(r, "a", NULL, NULL, BEHALF_PAIR);
	chosen(r, "a", "other", NULL, BEHALF_REFUSED);
	chosen(r, "c", NULL, NULL, BEHALF_REFUSED);
	chosen(r, "c", NULL, "a.b-c_d~", BEHALF_TOKEN);
	chosen(r, "c", NULL, "", BEHALF_REFUSED);
	chosen(r, "c", NULL, "a b", BEHALF_REFUSED);
	chosen(r, "c", NULL, "a\r\nX: y", BEHALF_REFUSED);
	chosen(r, "c", NULL, "\303\266", BEHALF_REFUSED);
	(void)user_anonymous(&u);
	is_int(choose(r, &u, NULL, why, sizeof(why)), BEHALF_NOBODY, u.name);
	is_int(choose(r, &u, "t", why, sizeof(why)), BEHALF_TOKEN, "token");
	user_free(&u);
	is_int(choose(r, &u, NULL, why, sizeof(why)), BEHALF_REFUSED, "none");
	who(&u, "system:node:x", NULL);
	choose(r, &u, NULL, why, sizeof(why));
	ok(strstr(why, "/system%3Anode%3Ax.pem") != NULL &&
		strstr(why, "impersonate") != NULL,
	    "how to allow it: %s", why);
	user_free(&u);
}

static void
test_impersonation(struct behalf_rules *r)
{
	static const char *const odd[] = { " c", "c ",
		"c\r\nImpersonate-User: "
		"root",
		"c\tx", "\n" };
	struct user u = { 0 };
	char why[512];
	size_t i;

	r->impersonate = 1;
	chosen(r, "c", "g", NULL, BEHALF_IMPERSONATE);
	chosen(r, "J\303\266rg", "g", NULL, BEHALF_IMPERSONATE);
	chosen(r, "a", NULL, NULL, BEHALF_PAIR);
	chosen(r, "a", "other", NULL, BEHALF_IMPERSONATE);
	chosen(r, "hub", NULL, NULL, BEHALF_IMPERSONATE);
	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		chosen(r, odd[i], NULL, NULL, BEHALF_REFUSED);
	chosen(r, "c", "g ", NULL, BEHALF_REFUSED);
	chosen(r, "c", "", NULL, BEHALF_REFUSED);
	(void)user_set(&u, "system:serviceaccount:a:b", NULL);
	is_int(choose(r, &u, NULL, why, sizeof(why)), BEHALF_REFUSED,
	    "of no group: kube-apiserver would add some");
	who(&u, "c", NULL);
	(void)user_add_extra(&u, "k", "");
	is_int(choose(r, &u, NULL, why, sizeof(why)), BEHALF_REFUSED,
	    "an empty extra");
	user_free(&u);
	r->impersonate = 0;
}

/* --- headers --- */

static void
test_headers(void)
{
	static const char *const want[] = { "Impersonate-User: c d",
		"Impersonate-Uid: 1", "Impersonate-Group: g:1",
		"Impersonate-Group: h", "Impersonate-Extra-a.io%2Fk%4Bey%25: v",
		"Impersonate-Extra-a.io%2Fk%4Bey%25: w" };
	struct curl_slist *l = NULL, *p;
	struct user u = { 0 };
	struct behalf b = { .kind = BEHALF_IMPERSONATE, .user = &u };
	struct buf out = { 0 }, lines = { 0 };
	size_t i;

	(void)user_set(&u, "c d", "1");
	(void)user_add_group(&u, "g:1");
	(void)user_add_group(&u, "h");
	(void)user_add_extra(&u, "a.io/kKey%", "v");
	(void)user_add_extra(&u, "a.io/kKey%", "w");
	ok(behalf_headers(&b, &l) == 0, "headers");
	for (i = 0, p = l; i < 6; i++, p = p == NULL ? NULL : p->next) {
		is_str(p == NULL ? NULL : p->data, want[i], "a line");
		(void)buf_printf(&lines, "%s\r\n", want[i]);
	}
	ok(p == NULL, "no more");
	curl_slist_free_all(l);
	l = NULL;
	ok(behalf_lines(&b, &out) == 0, "lines");
	is_str(out.data, lines.data, "the same");
	(void)user_add_group(&u, "a\r\nb");
	ok(behalf_lines(&b, &out) == -1 && errno == EINVAL, "no line feed");
	out.len = 0;
	b = (struct behalf) { .kind = BEHALF_TOKEN, .token = "t" };
	ok(behalf_lines(&b, &out) == 0 && behalf_headers(&b, &l) == 0 &&
		l == NULL,
	    "a token");
	is_str(out.data, "Authorization: Bearer t\r\n", "in a line");
	b = (struct behalf) { .kind = BEHALF_NOBODY };
	out.len = 0;
	ok(behalf_lines(&b, &out) == 0 && out.len == 0, "nobody: nothing");
	buf_free(&out);
	buf_free(&lines);
	user_free(&u);
}

/* --- connections --- */

struct hub {
	struct kubeconfig k;
	struct upstream up;
	CURLM *multi;
};

struct answer {
	CURL *easy;
	char text[256];
	size_t n;
};

static void
hub_start(struct hub *h, const struct peer *p)
{
	char server[64];

	memset(h, 0, sizeof(*h));
	snprintf(server, sizeof(server), "https://127.0.0.1:%d", p->port);
	h->k.server = strdup(server);
	h->k.host = strdup("127.0.0.1");
	h->k.port = p->port;
	h->k.tls = h->k.insecure = 1;
	h->multi = curl_multi_init();
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

static void
hub_pair(struct hub *h, int files)
{
	struct buf cert = { 0 }, pem = { 0 };

	if (files) {
		h->k.cert_file = strdup("hub.pem");
		h->k.key_file = strdup("hub.pem");
	} else {
		mint_user(&cert, key, "hub", "hubs");
		mint_private(&pem, key);
		h->k.cert_data = cert.data;
		h->k.key_data = pem.data;
	}
}

static void
hub_stop(struct hub *h)
{
	curl_multi_cleanup(h->multi);
	upstream_free(&h->up);
	kubeconfig_free(&h->k);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;

	if (a->n + size * n < sizeof(a->text)) {
		memcpy(a->text + a->n, p, size * n);
		a->n += size * n;
	}
	return size * n;
}

/* A request of NAME: "hub", "-" for nobody, "token", else a pair's. */
static void
ask(struct hub *h, struct behalf_rules *r, const char *name, struct answer *a)
{
	struct user u = { 0 };
	struct behalf b;
	char why[512];
	int token = strcmp(name, "token") == 0;

	if (strcmp(name, "-") == 0)
		(void)user_anonymous(&u);
	else
		who(&u, name, strcmp(name, "hub") == 0 ? "hubs" : NULL);
	memset(a, 0, sizeof(*a));
	a->easy = upstream_easy(&h->up, "/");
	behalf_choose(&b, r, &u, token ? "t" : NULL, (long long)time(NULL), why,
	    sizeof(why));
	if (behalf_apply(&b, a->easy) == -1)
		ok(0, "apply: %s", why);
	curl_easy_setopt(a->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(a->easy, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(a->easy, CURLOPT_TIMEOUT, 120L);
	curl_multi_add_handle(h->multi, a->easy);
	user_free(&u);
}

static void
run(struct hub *h, struct answer *a, size_t n)
{
	int running = 1;
	size_t i;

	while (running > 0 &&
	    curl_multi_perform(h->multi, &running) == CURLM_OK && running > 0)
		curl_multi_poll(h->multi, NULL, 0, 1000, NULL);
	for (i = 0; i < n; i++) {
		curl_multi_remove_handle(h->multi, a[i].easy);
		curl_easy_cleanup(a[i].easy);
		a[i].text[strcspn(a[i].text, "\n")] = '\0';
	}
}

/* The number of the connection; 0 if it is not the right answer. */
static int
number(const struct answer *a, const char *cn)
{
	const char *space = strchr(a->text, ' ');

	return space != NULL && strcmp(space + 1, cn) == 0 ? atoi(a->text) : 0;
}

static int
once(struct hub *h, struct behalf_rules *r, const char *name, const char *cn)
{
	struct answer a;
	int n;

	ask(h, r, name, &a);
	run(h, &a, 1);
	n = number(&a, cn);
	if (n == 0)
		printf("# %s: wanted %s, got %s\n", name, cn, a.text);
	return n;
}

/* One after the other: all connections are idle, and could be taken. */
static void
test_idle(struct hub *h, struct behalf_rules *r, struct peer *p)
{
	const char *token = p->h2 ? "-" : "- Bearer t";
	int hub, a, b, t, n, before;

	hub = once(h, r, "hub", "hub");
	a = once(h, r, "a", "a");
	b = once(h, r, "b", "b");
	t = once(h, r, "token", token);
	n = once(h, r, "-", "-");
	ok(hub > 0 && a > 0 && b > 0 && t > 0 && n > 0, "each is himself");
	ok(hub != a && hub != b && hub != t && hub != n && a != b && a != t &&
		b != t,
	    "no connection in common");
	before = p->connections;
	ok(once(h, r, "hub", "hub") > 0 && once(h, r, "b", "b") > 0 &&
		once(h, r, "-", "-") > 0 && once(h, r, "token", token) > 0,
	    "and again");
	is_int(p->connections, before, "on the same connections");
	put_pair("ids/a.pem", "a", NULL);
	n = once(h, r, "a", "a");
	ok(n > 0 && n != a, "renewed: a new connection");
	is_int(once(h, r, "a", "a"), n, "that is used again");
}

/* At once, while the first connection of all is being made. */
static void
test_at_once(struct hub *h, struct behalf_rules *r, int h2)
{
	static const char *const names[] = { "hub", "a", "-", "b", "token" };
	int seen[HANDLES], i, j, bad = 0, shared = 0, used = 0;
	struct answer a[HANDLES];
	const char *cn;

	for (i = 0; i < HANDLES; i++)
		ask(h, r, names[i % 5], &a[i]);
	run(h, a, HANDLES);
	for (i = 0; i < HANDLES; i++) {
		cn = i % 5 == 4 ? (h2 ? "-" : "- Bearer t") : names[i % 5];
		seen[i] = number(&a[i], cn);
		if (seen[i] == 0)
			printf("# %s: %s\n", cn, a[i].text);
		bad += seen[i] == 0;
		for (j = 0; j < i; j++) {
			used += seen[i] == seen[j];
			shared += seen[i] == seen[j] && i % 5 != j % 5 &&
			    (i % 5 % 2 == 1 || j % 5 % 2 == 1 || i % 5 == 0 ||
				j % 5 == 0);
		}
	}
	is_int(bad, 0, "at once: each is himself");
	is_int(shared, 0, "and has no connection in common with others");
	ok(!h2 || used > 0, "but with himself: %d", used);
}

static void
test_connections(int h2, int files)
{
	struct behalf_rules r = { 0 };
	struct peer p;
	struct hub h;

	if (!ok(peer_start(&p, h2) == 0, "HTTP/%d, %s", h2 + 1,
		files ? "files" : "data"))
		return;
	hub_start(&h, &p);
	hub_pair(&h, files);
	ok(upstream_init(&h.up, &h.k, NULL, "test") == 0 &&
		behalf_init(&r, &h.k, "ids", 0) == 0,
	    "init");
	test_at_once(&h, &r, h2);
	test_idle(&h, &r, &p);
	test_at_once(&h, &r, h2);
	behalf_free(&r);
	hub_stop(&h);
	peer_stop(&p);
}

/* The hub's own token, or password, goes with none but the hub. */
static void
test_own_token(struct peer *p, const char *password)
{
	const char *own = "- Bearer e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ"
			  "6bnM6aHViIiwia3ViZXJuZXRlcy5pbyI6eyJzZXJ2aWNlYWNjb3"
			  "VudCI6eyJ1aWQiOiIxMiJ9fX0.x";
	struct behalf_rules r = { 0 };
	struct user u = { 0 };
	char why[512];
	struct hub h;

	hub_start(&h, p);
	if (password == NULL)
		h.k.token = strdup(strrchr(own, ' ') + 1);
	else {
		h.k.username = strdup("u");
		h.k.password = strdup(password);
	}
	ok(upstream_init(&h.up, &h.k, NULL, "test") == 0 &&
		behalf_init(&r, &h.k, "ids", 0) == 0,
	    "init");
	if (password == NULL) {
		is_str(r.own.name, "system:serviceaccount:ns:hub", "own name");
		is_str(r.own.uid, "12", "own uid");
		(void)user_copy(&u, &r.own);
		is_int(choose(&r, &u, NULL, why, sizeof(why)), BEHALF_OWN,
		    "itself");
		user_free(&u);
	} else
		ok(r.own.name == NULL, "no name is known");
	ok(once(&h, &r, "token", "- Bearer t") > 0, "the caller's token");
	ok(once(&h, &r, "-", "-") > 0, "nobody has none");
	ok(once(&h, &r, "a", "a") > 0, "a pair has none");
	behalf_free(&r);
	hub_stop(&h);
}

static void
test_own(void)
{
	static const char *const none[] = { "", ".", "a.b.c", "a.e30.c", "a",
		"a.bnVsbA.c", "a.eyJzdWIiOiJhIn0.c" };
	struct kubeconfig k = { 0 };
	struct behalf_rules r;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		k.token = strdup(none[i]);
		ok(behalf_init(&r, &k, NULL, 0) == 0 && r.own.name == NULL,
		    "token %s: nobody", none[i]);
		behalf_free(&r);
		free(k.token);
	}
	k.token = NULL;
	k.cert_file = strdup("nowhere.pem");
	ok(behalf_init(&r, &k, NULL, 0) == -1 && errno == ENOENT,
	    "a certificate that is not there");
	free(k.cert_file);
}

int
main(void)
{
	struct behalf_rules r;
	struct kubeconfig k = { 0 };
	char command[64];
	struct peer p;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1 || mkdir("ids", 0700) != 0)
		return 1;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	key = mint_key();
	put_pair("hub.pem", "hub", "hubs");
	put_pair("ids/a.pem", "a", NULL);
	put_pair("ids/b.pem", "b", NULL);
	k.cert_file = k.key_file = strdup("hub.pem");
	ok(behalf_init(&r, &k, "ids", 0) == 0, "init");
	test_choice(&r);
	test_impersonation(&r);
	behalf_free(&r);
	free(k.cert_file);
	test_headers();
	test_own();
	test_connections(0, 0);
	test_connections(1, 0);
	test_connections(1, 1);
	if (ok(peer_start(&p, 0) == 0, "a server")) {
		test_own_token(&p, NULL);
		test_own_token(&p, "secret");
		peer_stop(&p);
	}
	EVP_PKEY_free(key);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? done_testing() : 1;
}
