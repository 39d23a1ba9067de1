/* k3s: tokens, certificate requests, what is led to the hub, what is kept. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

#include "k3s_ca.h"
#include "k3s_csr.h"
#include "k3s_rewrite.h"
#include "k3s_store.h"
#include "k3s_token.h"
#include "tap.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

/* --- tokens --- */

static void
taken(const char *text, const char *hash, const char *user,
    const char *password, const char *bootstrap)
{
	struct k3s_token t;
	char why[256];

	ok(k3s_token_parse(&t, text, strlen(text), why, sizeof(why)) == 0,
	    "%.60s", text);
	is_str(t.hash, hash, "its hash");
	is_str(t.user, user, "its user");
	is_str(t.password, password, "its password");
	is_str(t.bootstrap, bootstrap, "its id and secret");
	k3s_token_free(&t);
}

static void
refused(const char *text, const char *want)
{
	struct k3s_token t;
	char why[256] = "";

	errno = 0;
	ok(k3s_token_parse(&t, text, strlen(text), why, sizeof(why)) == -1 &&
		errno == EINVAL && t.user == NULL,
	    "refused: %.40s", text);
	ok(strstr(why, want) != NULL, "as %s", why);
}

static int
opens(const char *token, const char *authorization)
{
	struct k3s_token t;
	char why[256];
	int yes;

	if (k3s_token_parse(&t, token, strlen(token), why, sizeof(why)) == -1)
		return -1;
	yes = k3s_token_opens(&t, authorization);
	k3s_token_free(&t);
	return yes;
}

static void
test_tokens(void)
{
	static const char small[] = "0123456789abcdef0123456789abcdef"
				    "0123456789abcdef0123456789abcdef";

	taken("K10" HASH "::server:se:cret\n", small, "server", "se:cret",
	    NULL);
	taken("K10" HASH "::abcdef.0123456789abcdef", small, "", NULL,
	    "abcdef.0123456789abcdef");
	taken("secret", "", "", "secret", NULL);
	taken("se:cret", "", "", "se:cret", NULL);
	taken("K10::node:secret", "", "node", "secret", NULL);
	refused("", "empty");
	refused("\n", "empty");
	refused("secret\r\n", "CR LF");
	refused("a\nb\n", "blank");
	refused("se cret", "blank");
	refused("K10abc::node:secret", "no hash");
	refused("K10" HASH "::secret", "user:password");
	refused("K10" HASH "::node:", "empty");
	is_int(opens("secret", "Basic bm9kZTpzZWNyZXQ="), 1, "node:secret");
	is_int(opens("secret", "basic  bm9kZTpzZWNyZXQ="), 1,
	    "in small letters");
	is_int(opens("secret", "Basic c2VydmVyOnNlY3JldA=="), 1,
	    "server:secret");
	is_int(opens("K10::node:secret", "Basic c2VydmVyOnNlY3JldA=="), 0,
	    "not by the token of agents");
	is_int(opens("secret", "Basic cm9vdDpzZWNyZXQ="), 0, "root:secret");
	is_int(opens("secret", "Basic bm9kZTpzZWNyZQ=="), 0, "node:secre");
	is_int(opens("secret", "Basic !!!!"), 0, "no base64");
	is_int(opens("secret", "Basic "), 0, "nothing");
	is_int(opens("secret", "Bearer secret"), 0, "no bootstrap token");
	is_int(opens("secret", NULL), 0, "no header");
	is_int(opens("abcdef.0123456789abcdef",
		   "Bearer abcdef.0123456789abcdef"),
	    1, "a bootstrap token");
	is_int(opens("abcdef.0123456789abcdef",
		   "Bearer abcdef.0123456789abcdee"),
	    0, "another one");
}

/* --- rewriting --- */

static void
config_is(const char *text, const char *want)
{
	struct buf b = { 0 };

	is_int(k3s_rewrite_config(&b, text, strlen(text), 8778), 0, text);
	is_str(b.data, want, "becomes that");
	buf_free(&b);
}

static void
endpoints_are(const char *text, int rc, const char *want)
{
	struct buf b = { 0 };
	struct span s = { text, strlen(text) };

	is_int(k3s_rewrite_endpoints(&b, s, "127.0.0.1", 8778), rc, text);
	is_str(b.data, want, "becomes that");
	buf_free(&b);
}

static void
test_rewriting(void)
{
#define HERE                                                    \
	"[{\"addresses\":[{\"ip\":\"127.0.0.1\"}],\"ports\":[{" \
	"\"name\":\"https\",\"port\":8778,\"protocol\":\"TCP\"}]}]"
#define META "\"metadata\":{\"name\":\"kubernetes\",\"namespace\":\"default\"}"
	struct buf b = { 0 };

	config_is("{\"HTTPSPort\":6443,\"b\":1.0,\"SupervisorPort\": 9345 }",
	    "{\"HTTPSPort\":8778,\"b\":1.0,\"SupervisorPort\": 8778 }");
	config_is("{\"SupervisorPort\":1,\"HTTPSPort\":22}\n",
	    "{\"SupervisorPort\":8778,\"HTTPSPort\":8778}\n");
	config_is("{\"HTTPSPort\":1}", "{\"HTTPSPort\":8778}");
	config_is("{\"a\":{\"HTTPSPort\":1}}", "{\"a\":{\"HTTPSPort\":1}}");
	is_int(k3s_rewrite_config(&b, "[1", 2, 1), -1, "what is no JSON");
	endpoints_are("{" META ",\"subsets\":[{\"a\":1}],\"z\":1}", 1,
	    "{" META ",\"subsets\":" HERE ",\"z\":1}");
	endpoints_are("{" META "}", 1, "{\"subsets\":" HERE "," META "}");
	endpoints_are("{\"metadata\":{\"name\":\"other\"},\"subsets\":[]}", 0,
	    NULL);
	endpoints_are("{\"metadata\":{\"resourceVersion\":\"1\"}}", 0, NULL);
}

/* --- the store --- */

/* Files that are made at once may have one time: this one is of then. */
static void
made_at(int fd, const char *name, time_t then)
{
	const struct timespec t = { then, 0 }, times[2] = { t, t };
	char path[80];

	snprintf(path, sizeof(path), "k3s/%s", name);
	if (utimensat(fd, path, times, 0) == -1)
		ok(0, "%s: %s", path, strerror(errno));
}

static void
test_store(int fd)
{
	struct buf b = { 0 };
	struct stat st;
	char name[64];
	int i;

	is_int(k3s_store_get(fd, "config", &b), -1, "nothing is kept");
	is_int(errno, ENOENT, "as there is none");
	is_int(k3s_store_put(fd, "config", "one", 3, NULL), 0, "it is kept");
	is_int(k3s_store_get(fd, "config", &b), 0, "it is there");
	is_str(b.data, "one", "as it was");
	is_int(fstatat(fd, "k3s/config", &st, 0) == 0 ? (int)(st.st_mode & 0777)
						      : -1,
	    0600, "for nobody else");
	is_int(k3s_store_put(fd, "../config", "", 0, NULL), -1, "no way out");
	is_int(k3s_store_put(fd, "/config", "", 0, NULL), -1, "nor that");
	is_int(k3s_store_put(fd, "a b", "", 0, NULL), -1, "nor an odd name");
	is_int(k3s_store_put(fd, "certs/x/own,1", "", 0, "own"), 0, "our own");
	is_int(k3s_store_put(fd, "certs/x/own", "", 0, "own"), 0, "so too");
	is_int(k3s_store_put(fd, "certs/x/owner", "", 0, "own"), 0, "another");
	made_at(fd, "certs/x/own,1", 1);
	made_at(fd, "certs/x/own", 2);
	made_at(fd, "certs/x/owner", 3);
	for (i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "certs/x/n,%d", i);
		(void)k3s_store_put(fd, name, name, strlen(name), "own");
		made_at(fd, name, 10 + i);
	}
	b.len = 0;
	is_int(k3s_store_get(fd, "certs/x/n,79", &b), 0, "the newest is kept");
	is_int(k3s_store_get(fd, "certs/x/n,0", &b), -1, "the oldest is not");
	is_int(k3s_store_get(fd, "certs/x/owner", &b), -1, "nor is that");
	is_int(k3s_store_get(fd, "certs/x/own,1", &b), 0, "our own is");
	is_int(k3s_store_get(fd, "certs/x/own", &b), 0, "both");
	for (i = 0; i < 80; i++) {
		snprintf(name, sizeof(name), "certs/x/own,%d", i);
		(void)k3s_store_put(fd, name, name, strlen(name), "own");
		made_at(fd, name, 100 + i);
	}
	is_int(k3s_store_get(fd, "certs/x/own,15", &b), -1, "up to as many");
	is_int(k3s_store_get(fd, "certs/x/own,16", &b), 0, "of our own");
	is_int(k3s_store_get(fd, "certs/x/n,79", &b), -1, "others went first");
	is_int(k3s_store_remove(fd, "config"), 0, "it is removed");
	is_int(k3s_store_get(fd, "config", &b), -1, "and is gone");
	is_int(k3s_store_remove(fd, "config"), 0, "if it is gone, too");
	buf_free(&b);
	is_int(k3s_password_check(fd, "n1", "pass"), -1, "no password");
	is_int(k3s_password_keep(fd, "n1", "pass", "n1"), 0, "one is kept");
	is_int(k3s_password_check(fd, "n1", "pass"), 1, "it is that");
	is_int(k3s_password_check(fd, "n1", "pas"), 0, "and no other");
	is_int(k3s_password_keep(fd, "n1", "next", "n1"), -1, "the first");
	is_int(errno, EEXIST, "stays");
	is_int(k3s_password_refuse(fd, "n1", "n1"), 0, "until it is refused");
	is_int(k3s_password_check(fd, "n1", "pass"), 0, "then none fits");
	is_int(k3s_password_keep(fd, "n1", "next", "n1"), 0, "but a new one");
	is_int(k3s_password_check(fd, "n1", "next"), 1, "that is kept");
	is_int(k3s_password_keep(fd, "../n1", "x", NULL), -1, "no node");
}

/* --- the CA --- */

static void
test_hashes(void)
{
	char old[65], new[65];

	is_int(k3s_ca_hashes("x", 1, old, new), 0, "a hash of bytes");
	is_str(old,
	    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
	    "is theirs");
	is_str(new, old, "where there is no bundle");
}

static void
test_csr(void)
{
	char id[K3S_ID_LEN], why[256];
	static char large[K3S_CSR_MAX + 1];

	ok(k3s_csr_key(large, 0, id, why, sizeof(why)) == NULL &&
		errno == EBADMSG,
	    "nothing is no request");
	ok(k3s_csr_key(large, sizeof(large), id, why, sizeof(why)) == NULL &&
		errno == EMSGSIZE,
	    "nor what is too large");
}

int
main(void)
{
	char dir[] = "/tmp/ote-k3s.XXXXXX", command[64];
	int fd;

	if (mkdtemp(dir) == NULL ||
	    (fd = open(dir, O_RDONLY | O_DIRECTORY)) == -1)
		return 1;
	test_tokens();
	test_rewriting();
	test_store(fd);
	test_hashes();
	test_csr();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		ok(0, "%s is gone", dir);
	return done_testing();
}
