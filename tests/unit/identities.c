/*
 * identities_find: the right pair, as its files are now, or none and the
 * reason.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "identities.h"
#include "mint.h"
#include "tap.h"

static char dir[] = "/tmp/ote-identities.XXXXXX";
static EVP_PKEY *key, *other;
static char last[512];

static void
put(const char *file, const struct buf *b)
{
	FILE *f;

	unlink("temp");
	if ((f = fopen("temp", "w")) != NULL) {
		fwrite(b->data, 1, b->len, f);
		fclose(f);
	}
	rename("temp", file);
}

/* Certificate and key; NULL: without. */
static void
put_pair(const char *file, const char *cn, const char *o, EVP_PKEY *k)
{
	struct buf b = { 0 };

	if (cn != NULL)
		mint_user(&b, key, cn, o);
	if (k != NULL)
		mint_private(&b, k);
	put(file, &b);
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

static const struct identity *
find(struct identities *s, const char *name, const char *group, char *why,
    size_t len)
{
	const struct identity *i;
	struct user u = { 0 };

	who(&u, name, group);
	i = identities_find(s, &u, (long long)time(NULL), why, len);
	user_free(&u);
	return i;
}

static void
has(struct identities *s, const char *name, const char *group)
{
	const struct identity *i;
	char why[256];

	i = find(s, name, group, why, sizeof(why));
	ok(i != NULL && strcmp(i->name, name) == 0 &&
		strstr(i->cert, "BEGIN CERTIFICATE") != NULL &&
		strstr(i->key, "PRIVATE KEY") != NULL,
	    "the pair of %s %s", name, why);
}

static void
has_none(struct identities *s, const char *name, const char *group,
    const char *word)
{
	char why[256];
	int none = find(s, name, group, why, sizeof(why)) == NULL;

	ok(none && (*word == '\0' ? why[0] == '\0' : strstr(why, word) != NULL),
	    "none of %s: %s", name, why);
}

static void
test_forms(struct identities *s)
{
	char node[] = "system%3Anode%3An1.pem";

	has_none(s, "system:node:n1", "system:nodes", "");
	put_pair("current-1.pem", "system:node:n1", "system:nodes", key);
	ok(symlink("current-1.pem", "current") == 0 &&
		symlink("current", node) == 0,
	    "a link to a link");
	has(s, "system:node:n1", "system:nodes");
	has_none(s, "system:node:n1", NULL, "other groups");
	has_none(s, "system:node:n1", "system:masters", "other groups");
	has_none(s, "system:node:n2", "system:nodes", "");
	put_pair("a.crt", "a", NULL, NULL);
	has_none(s, "a", NULL, "a.key: No such file");
	put_pair("a.key", NULL, NULL, other);
	has_none(s, "a", NULL, "do not belong together");
	put_pair("a.key", NULL, NULL, key);
	has(s, "a", NULL);
	unlink("a.crt");
	has_none(s, "a", NULL, "a.crt: No such file");
	unlink("a.key");
	has_none(s, "a", NULL, "");
	has_none(s, "../a", NULL, "");
	has_none(s, "", NULL, "");
}

static void
test_rotation(struct identities *s)
{
	const struct identity *i;
	char why[256];
	char *before;

	i = find(s, "system:node:n1", "system:nodes", why, sizeof(why));
	before = strdup(i->cert);
	ok(find(s, "system:node:n1", "system:nodes", why, sizeof(why)) == i,
	    "the same, unread");
	put_pair("current-2.pem", "system:node:n1", "system:nodes", key);
	ok(symlink("current-2.pem", "link") == 0 &&
		rename("link", "current") == 0,
	    "as kubelet renews it");
	i = find(s, "system:node:n1", "system:nodes", why, sizeof(why));
	ok(i != NULL && strcmp(i->cert, before) != 0, "is read again");
	unlink("current-2.pem");
	has_none(s, "system:node:n1", "system:nodes", "No such file");
	put_pair("current-2.pem", "system:node:n1", "system:nodes", key);
	has(s, "system:node:n1", "system:nodes");
	free(before);
}

static void
test_wrong(struct identities *s)
{
	const struct mint_name names[] = {
		{ "CN", V_ASN1_UTF8STRING, "old", -1, 0 },
		{ NULL, 0, NULL, 0, 0 },
	};
	struct buf b = { 0 };

	put_pair("b.pem", "c", NULL, key);
	has_none(s, "b", NULL, "another CN");
	put_pair("c.pem", "c", NULL, NULL);
	has_none(s, "c", NULL, "no PEM private key");
	put_pair("d.pem", NULL, NULL, key);
	has_none(s, "d", NULL, "no PEM certificate");
	mint_cert(&b, key, names, -100, -10);
	mint_private(&b, key);
	put("old.pem", &b);
	has_none(s, "old", NULL, "it has expired at");
	b.len = 0;
	mint_cert(&b, key, names, 1000, 2000);
	mint_private(&b, key);
	put("old.pem", &b);
	has(s, "old", NULL);
	b.len = 0;
	put("empty.pem", &b);
	has_none(s, "empty", NULL, "no PEM");
	(void)mkdir("dir.pem", 0700);
	has_none(s, "dir", NULL, "no file");
	(void)mkfifo("fifo.pem", 0600);
	has_none(s, "fifo", NULL, "no file");
	while (b.len <= CLIENT_CERT_MAX)
		mint_user(&b, key, "big", NULL);
	put("big.pem", &b);
	has_none(s, "big", NULL, "too large");
	buf_free(&b);
}

static void
tell(void *arg, const char *line)
{
	++*(int *)arg;
	printf("# %s\n", line);
	snprintf(last, sizeof(last), "%s", line);
}

static void
test_check(void)
{
	struct identities s = { 0 };
	int told = 0;

	ok(identities_init(&s, dir) == 0, "init");
	is_int(identities_check(&s, (long long)time(NULL), tell, &told), 1,
	    "one can be used");
	/* b c d old empty dir fifo big, and three whose names are none */
	is_int(told, 11, "the others are told, each once");
	identities_free(&s);
}

static void
test_many(void)
{
	struct identities s = { 0 };
	char file[64], name[16];
	int i, bad = 0;
	char why[256];

	(void)mkdir("many", 0700);
	ok(chdir("many") == 0 && identities_init(&s, "../many") == 0, "many");
	for (i = 0; i < IDENTITIES_MAX + 20; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(file, sizeof(file), "%s.pem", name);
		put_pair(file, name, NULL, key);
		bad |= find(&s, name, NULL, why, sizeof(why)) == NULL;
	}
	ok(!bad && s.n == IDENTITIES_MAX, "so many are kept");
	has(&s, "n0", NULL);
	ok(s.n == IDENTITIES_MAX && strcmp(s.all->name, "n0") == 0,
	    "the last used in front");
	identities_free(&s);
	ok(chdir("..") == 0, "back");
}

static void
test_none(void)
{
	struct identities s = { 0 };
	int told = 0;

	ok(identities_init(&s, NULL) == 0, "no directory");
	has_none(&s, "a", NULL, "");
	is_int(identities_check(&s, 0, tell, &told), 0, "nothing");
	identities_free(&s);
	ok(identities_init(&s, "nowhere") == 0, "one that is missing");
	has_none(&s, "a", NULL, "");
	is_int(identities_check(&s, 0, tell, &told), 0, "nothing");
	identities_free(&s);
	ok(identities_init(&s, "b.pem") == -1 && errno == ENOTDIR, "a file");
}

int
main(void)
{
	struct identities s = { 0 };
	char command[64];

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	key = mint_key();
	other = mint_key();
	ok(identities_init(&s, dir) == 0, "init");
	test_forms(&s);
	test_rotation(&s);
	test_wrong(&s);
	identities_free(&s);
	test_check();
	test_none();
	test_many();
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? done_testing() : 1;
}
