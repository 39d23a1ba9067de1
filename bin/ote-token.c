/*
 * ote-token: is a service account's token good, and whose is it, by the
 * cluster's public keys alone. The token is never on the command line, where
 * others of the machine would read it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "buf.h"

#define LEEWAY 60 /* as kube-apiserver's */
#define ISSUER_MAX (64 * 1024)

struct tool {
	struct account_rules rules;
	const char *data, *keys; /* NULL: not given */
	struct jwks *jwks;
	json_t *issuer; /* what the rules' borrow of; NULL */
};

static void
usage(FILE *out)
{
	fputs("usage: ote-token [-hn] [-a audiences] [-d data] [-i issuers] "
	      "[-k jwks|pem]\n"
	      "                 [-t time] [file]\n",
	    out);
}

static long long
seconds(const char *text)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < 0 ||
	    n > 253402300799LL)
		errx(100, "%s: no time in seconds", text);
	return n;
}

/* --- keys --- */

static void
load_keys(struct tool *t, const char *file)
{
	char why[256] = "";
	struct buf b = { 0 };

	if (buf_read_file(&b, AT_FDCWD, file, JWKS_MAX) == -1)
		err(errno == EFBIG ? 100 : 111, "%s", file);
	if (b.len > 0 && strstr(b.data, "-----BEGIN ") != NULL)
		t->jwks = jwks_pem(b.data, b.len, why, sizeof(why));
	else
		t->jwks = jwks_parse(b.len > 0 ? b.data : "", b.len, why,
		    sizeof(why));
	if (t->jwks == NULL)
		errx(errno == ENOMEM ? 111 : 100, "%s: %s", file, why);
	if (jwks_count(t->jwks) == 0)
		errx(100, "%s: no key to verify with", file);
	buf_free(&b);
}

static void
load_issuer(struct tool *t, const char *file)
{
	json_error_t why;
	struct buf b = { 0 };

	if (buf_read_file(&b, AT_FDCWD, file, ISSUER_MAX) == -1)
		err(errno == EFBIG ? 100 : 111, "%s", file);
	t->issuer = json_loadb(b.len > 0 ? b.data : "", b.len,
	    JSON_REJECT_DUPLICATES, &why);
	if (t->issuer == NULL)
		errx(100, "%s: %s", file, why.text);
	t->rules.issuers =
	    json_string_value(json_object_get(t->issuer, "issuer"));
	if (t->rules.issuers == NULL || *t->rules.issuers == '\0')
		errx(100, "%s: no issuer", file);
	buf_free(&b);
}

/* What was not given, the hub's directory may know. */
static void
load(struct tool *t)
{
	char path[4096];

	if (t->keys == NULL && t->data == NULL) {
		usage(stderr);
		exit(100);
	}
	if (t->keys != NULL)
		load_keys(t, t->keys);
	else if (snprintf(path, sizeof(path), "%s/run/jwks.json", t->data) <
	    (int)sizeof(path))
		load_keys(t, path);
	else
		errx(100, "%s: %s", t->data, strerror(ENAMETOOLONG));
	if (t->rules.issuers == NULL && t->data != NULL) {
		if (snprintf(path, sizeof(path), "%s/run/issuer", t->data) >=
		    (int)sizeof(path))
			errx(100, "%s: %s", t->data, strerror(ENAMETOOLONG));
		load_issuer(t, path);
	}
	if (t->rules.issuers == NULL)
		t->rules.issuers = "";
}

/* --- the token --- */

static void
read_token(struct buf *b, const char *file)
{
	const int max = JWT_MAX + 2; /* a line's end */
	int rc;

	rc = file == NULL ? buf_read_fd(b, STDIN_FILENO, max)
			  : buf_read_file(b, AT_FDCWD, file, max);
	if (file == NULL)
		file = "stdin";
	if (rc == -1 && errno == EFBIG)
		errx(1, "%s: more than %d bytes", file, JWT_MAX);
	if (rc == -1)
		err(111, "%s", file);
	while (b->len > 0 && strchr("\r\n\t ", b->data[b->len - 1]) != NULL)
		b->data[--b->len] = '\0';
}

static int
put_bound(json_t *o, const char *what, const char *name, const char *uid)
{
	json_t *ref;

	if (*name == '\0')
		return 0;
	ref = json_pack("{s:s}", "name", name);
	if (*uid != '\0' &&
	    json_object_set_new(ref, "uid", json_string(uid)) == -1)
		return -1;
	return json_object_set_new(o, what, ref);
}

static void
print(const struct account *a)
{
	json_t *o = user_json(&a->user);
	int bad = o == NULL;

	if (a->expires != 0)
		bad |=
		    json_object_set_new(o, "expires", json_integer(a->expires));
	bad |= put_bound(o, "pod", a->pod, a->pod_uid);
	bad |= put_bound(o, "secret", a->secret, a->secret_uid);
	bad |= put_bound(o, "node", a->node, a->node_uid);
	if (bad)
		errx(111, "%s", strerror(ENOMEM));
	if (json_dumpf(o, stdout, JSON_COMPACT) == -1 || putchar('\n') == EOF ||
	    fflush(stdout) == EOF)
		err(111, "write");
	json_decref(o);
}

static int
verify(const struct tool *t, const char *file)
{
	struct account a = { 0 };
	struct buf b = { 0 };
	char why[256] = "";
	int rc;

	read_token(&b, file);
	rc = account_verify(&a, t->jwks, &t->rules, b.len > 0 ? b.data : "",
	    b.len, why, sizeof(why));
	if (rc == 0)
		print(&a);
	else {
		rc = errno == ENOMEM ? 111 : 1;
		warnx("%s", why);
	}
	account_free(&a);
	buf_free(&b);
	return rc;
}

int
main(int argc, char **argv)
{
	struct tool t = { .rules = { .audiences = "", .leeway = LEEWAY } };
	int c, rc = 0, dry = 0;

	t.rules.now = time(NULL);
	while ((c = getopt(argc, argv, "a:d:hi:k:nt:")) != -1) {
		switch (c) {
		case 'a':
			t.rules.audiences = optarg;
			break;
		case 'd':
			t.data = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'i':
			t.rules.issuers = optarg;
			break;
		case 'k':
			t.keys = optarg;
			break;
		case 'n':
			dry = 1;
			break;
		case 't':
			t.rules.now = seconds(optarg);
			break;
		default:
			usage(stderr);
			return 100;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return 100;
	}
	load(&t);
	if (!dry)
		rc = verify(&t, argv[optind]);
	jwks_free(t.jwks);
	json_decref(t.issuer);
	return rc;
}
