/*
 * client_cert_read: whom a certificate names, as Go and kube-apiserver read
 * it. With MINT_OUT in the environment the certificates are left there, to
 * be compared with Go's own opinion.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "client_cert.h"
#include "mint.h"
#include "tap.h"

#define UTF8 V_ASN1_UTF8STRING
#define UID "1.3.6.1.4.1.57683.2"
#define END                         \
	{                           \
		NULL, 0, NULL, 0, 0 \
	}

static EVP_PKEY *key;
static int minted;

static void
keep(const struct buf *b)
{
	const char *dir = getenv("MINT_OUT");
	char path[512];
	FILE *f;

	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%03d.pem", dir, minted++);
	if ((f = fopen(path, "w")) != NULL) {
		fwrite(b->data, 1, b->len, f);
		fclose(f);
	}
}

/* name|uid|group,group */
static void
good(const struct mint_name *names, const char *want, const char *what)
{
	struct client_cert c = { 0 };
	struct buf b = { 0 }, got = { 0 };
	char why[256];
	size_t i;

	mint_cert(&b, key, names, -60, 60);
	keep(&b);
	if (ok(client_cert_read(&c, b.data, b.len, why, sizeof(why)) == 0, "%s",
		what)) {
		(void)buf_printf(&got, "%s|%s|", c.user.name,
		    c.user.uid == NULL ? "" : c.user.uid);
		for (i = 0; i < c.user.ngroups; i++)
			(void)buf_printf(&got, "%s%s", i == 0 ? "" : ",",
			    c.user.groups[i]);
		is_str(got.data, want, "is who it is");
	} else
		printf("# %s\n", why);
	client_cert_free(&c);
	buf_free(&got);
	buf_free(&b);
}

static void
bad_pem(const char *pem, size_t n, const char *word, const char *what)
{
	struct client_cert c = { 0 };
	char why[256] = "";
	int rc;

	errno = 0;
	rc = client_cert_read(&c, pem, n, why, sizeof(why));
	ok(rc == -1 && errno == EBADMSG && c.user.name == NULL &&
		strstr(why, word) != NULL,
	    "refused: %s: %s", what, why);
	client_cert_free(&c);
}

static void
bad(const struct mint_name *names, const char *word, const char *what)
{
	struct buf b = { 0 };

	mint_cert(&b, key, names, -60, 60);
	keep(&b);
	bad_pem(b.data, b.len, word, what);
	buf_free(&b);
}

static void
test_names(void)
{
	const struct mint_name node[] = {
		{ "O", V_ASN1_PRINTABLESTRING, "system:nodes", -1, 0 },
		{ "CN", V_ASN1_PRINTABLESTRING, "system:node:n1", -1, 0 }, END
	};
	const struct mint_name groups[] = { { "CN", UTF8, "a", -1, 0 },
		{ "O", UTF8, "x", -1, 0 }, { "OU", UTF8, "no", -1, 0 },
		{ "O", UTF8, "y", -1, 0 }, { "O", UTF8, "x", -1, 0 }, END };
	const struct mint_name several[] = { { "CN", UTF8, "root", -1, 0 },
		{ "O", UTF8, "x", -1, 0 }, { "CN", UTF8, "last", -1, 0 }, END };
	const struct mint_name nested[] = { { "O", UTF8, "zz", -1, 0 },
		{ "CN", UTF8, "inner", -1, 1 }, { "O", UTF8, "b", -1, 1 },
		{ "CN", UTF8, "in", -1, 1 }, END };
	const struct mint_name there[] = { { "CN", UTF8, "a", -1, 0 },
		{ "O", UTF8, "system:authenticated", -1, 0 }, END };
	const struct mint_name masters[] = { { "CN", UTF8, "a", -1, 0 },
		{ "O", UTF8, "system:unauthenticated", -1, 0 }, END };
	const struct mint_name comma[] = { { "CN", UTF8, "a,O=b/c", -1, 0 },
		END };

	good(node, "system:node:n1||system:nodes,system:authenticated",
	    "a kubelet");
	good(groups, "a||x,y,x,system:authenticated", "several groups, no OU");
	good(several, "last||x,system:authenticated", "the last CN counts");
	/* of one length they are in the order of their bytes, short ones first
	 */
	good(nested, "inner||b,zz,system:authenticated", "a multi-valued RDN");
	good(there, "a||system:authenticated", "who has that group has it");
	good(masters, "a||system:unauthenticated", "or the other one");
	good(comma, "a,O=b/c||system:authenticated", "odd bytes are no syntax");
}

static void
test_strings(void)
{
	const struct mint_name utf8[] = { { "CN", UTF8, "J\303\266rg", -1, 0 },
		{ "O", V_ASN1_IA5STRING, "a@b", -1, 0 }, END };
	const struct mint_name latin[] = {
		{ "CN", V_ASN1_T61STRING, "J\366rg", -1, 0 }, END
	};
	const struct mint_name bmp[] = { { "CN", V_ASN1_BMPSTRING,
					     "\0J\0\366\40\254", 6, 0 },
		{ "O", V_ASN1_BMPSTRING, "\0x\0\0", 4, 0 }, END };
	const struct mint_name surrogate[] = {
		{ "CN", V_ASN1_BMPSTRING, "\330\75\336\0", 4, 0 }, END
	};
	const struct mint_name odd[] = {
		{ "CN", V_ASN1_BMPSTRING, "\0a\0", 3, 0 }, END
	};
	const struct mint_name broken[] = { { "CN", UTF8, "a\377", -1, 0 },
		END };
	const struct mint_name overlong[] = {
		{ "CN", UTF8, "a\300\200", -1, 0 }, END
	};
	const struct mint_name printable[] = {
		{ "CN", V_ASN1_PRINTABLESTRING, "a_b", -1, 0 }, END
	};
	const struct mint_name universal[] = {
		{ "CN", V_ASN1_UNIVERSALSTRING, "\0\0\0a", 4, 0 }, END
	};
	const struct mint_name visible[] = { { "CN", UTF8, "a", -1, 0 },
		{ "OU", V_ASN1_VISIBLESTRING, "b", -1, 0 }, END };

	good(utf8, "J\303\266rg||a@b,system:authenticated", "UTF-8");
	good(latin, "J\303\266rg||system:authenticated", "T61 is Latin-1");
	good(bmp, "J\303\266\342\202\254||x,system:authenticated",
	    "BMPString, one with a terminator");
	bad(surrogate, "", "a BMPString with surrogates");
	bad(odd, "", "half a character");
	bad(broken, "", "no UTF-8");
	bad(overlong, "", "a NUL in disguise");
	bad(printable, "string", "no PrintableString");
	bad(universal, "string", "a type that Go does not know");
	bad(visible, "", "the same in what does not count");
}

static void
test_uid(void)
{
	const struct mint_name one[] = { { "CN", UTF8, "a", -1, 0 },
		{ UID, UTF8, "1-2", -1, 0 }, END };
	const struct mint_name two[] = { { "CN", UTF8, "a", -1, 0 },
		{ UID, UTF8, "1", -1, 0 }, { UID, UTF8, "1", -1, 0 }, END };
	const struct mint_name empty[] = { { "CN", UTF8, "a", -1, 0 },
		{ UID, UTF8, "", 0, 0 }, END };
	const struct mint_name longer[] = { { "CN", UTF8, "a", -1, 0 },
		{ UID "2", UTF8, "1", -1, 0 }, { UID ".1", UTF8, "1", -1, 0 },
		END };

	good(one, "a|1-2|system:authenticated", "a uid");
	bad(two, "several uids", "two");
	bad(empty, "uid is empty", "none");
	good(longer, "a||system:authenticated", "another OID is no uid");
}

static void
test_refusals(void)
{
	const struct mint_name none[] = { { "O", UTF8, "x", -1, 0 }, END };
	const struct mint_name empty[] = { { "CN", UTF8, "a", -1, 0 },
		{ "CN", UTF8, "", 0, 0 }, END };
	const struct mint_name nul[] = { { "CN", UTF8, "root\0.a", 7, 0 },
		END };
	const struct mint_name nul_o[] = { { "CN", UTF8, "a", -1, 0 },
		{ "O", UTF8, "system:masters\0", 15, 0 }, END };
	const struct mint_name empty_o[] = { { "CN", UTF8, "a", -1, 0 },
		{ "O", UTF8, "", 0, 0 }, END };
	const struct mint_name crlf[] = { { "CN", UTF8, "a\r\nX: y", -1, 0 },
		END };

	bad(NULL, "no CN", "no name at all");
	bad(none, "no CN", "no CN");
	bad(empty, "CN is empty", "an empty CN, behind another");
	bad(nul, "NUL", "a NUL in the CN");
	bad(nul_o, "NUL", "a NUL in an O");
	bad(empty_o, "O is empty", "an empty O");
	bad(crlf, "control", "lines in a CN");
}

static void
test_sizes(void)
{
	static char big[20000], groups[1100][4];
	static struct mint_name many[1102];
	const struct mint_name wide[] = { { "CN", UTF8, "a", -1, 0 },
		{ "O", UTF8, big, sizeof(big), 0 }, END };
	const struct mint_name cn[] = { { "CN", UTF8, big, 1024, 0 }, END };
	const struct mint_name more[] = { { "CN", UTF8, big, 1025, 0 }, END };
	struct client_cert c = { 0 };
	struct buf b = { 0 };
	char why[256];
	int i;

	memset(big, 'x', sizeof(big));
	bad(wide, "too long", "20 kB of O");
	bad(more, "too long", "a CN of 1025 bytes");
	mint_cert(&b, key, cn, -60, 60);
	ok(client_cert_read(&c, b.data, b.len, why, sizeof(why)) == 0 &&
		strlen(c.user.name) == 1024,
	    "one of 1024");
	client_cert_free(&c);
	many[0] = wide[0];
	for (i = 0; i < 1100; i++) {
		snprintf(groups[i], sizeof(groups[i]), "%03x", i);
		many[i + 1] =
		    (struct mint_name) { "O", UTF8, groups[i], -1, 0 };
	}
	bad(many, "too many O", "1100 groups");
	many[USER_GROUPS_MAX + 1].oid = NULL;
	bad(many, "too many O", "no room for system:authenticated");
	many[USER_GROUPS_MAX].oid = NULL;
	b.len = 0;
	mint_cert(&b, key, many, -60, 60);
	ok(client_cert_read(&c, b.data, b.len, why, sizeof(why)) == 0 &&
		c.user.ngroups == USER_GROUPS_MAX,
	    "1023 groups");
	client_cert_free(&c);
	buf_free(&b);
}

static void
test_pem(void)
{
	static char big[CLIENT_CERT_MAX + 1];
	struct client_cert c = { 0 };
	struct buf b = { 0 };
	char why[256], *p;

	bad_pem("", 0, "PEM", "nothing");
	bad_pem("garbage", 7, "PEM", "garbage");
	memset(big, 'A', sizeof(big));
	bad_pem(big, sizeof(big), "too long", "32 KB and a byte");
	mint_private(&b, key);
	bad_pem(b.data, b.len, "PEM", "a key");
	mint_user(&b, key, "first", NULL);
	mint_user(&b, key, "second", NULL);
	ok(client_cert_read(&c, b.data, b.len, why, sizeof(why)) == 0, "both");
	is_str(c.user.name, "first", "the first certificate, behind a key");
	ok(client_cert_read(&c, b.data, b.len, why, sizeof(why)) == 0 &&
		strcmp(c.user.name, "first") == 0,
	    "into what was used before");
	b.len = 0;
	mint_user(&b, key, "a", NULL);
	bad_pem(b.data, b.len / 2, "PEM", "half of one");
	/* the length of the outermost sequence, off by some */
	if ((p = strchr(b.data, '\n')) != NULL)
		memcpy(p + 1, "MIIBAA", 6);
	bad_pem(b.data, b.len, "no certificate", "a wrong length");
	ok(strcmp(c.user.name, "first") == 0, "a failure leaves what was");
	client_cert_free(&c);
	bad_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
		"CERTIFICATE-----\n",
	    strlen("-----BEGIN CERTIFICATE-----\nAAAA\n"
		   "-----END CERTIFICATE-----\n"),
	    "no certificate", "three bytes");
	buf_free(&b);
}

static void
test_base64(void)
{
	static const char *const none[] = { "", "=", "A", "AAAA", "!!!!",
		"AA==" };
	struct client_cert c = { 0 };
	struct buf b = { 0 }, line = { 0 };
	char why[256], *p, *stop;
	size_t i;

	mint_user(&b, key, "a", "g");
	stop = strstr(b.data, "\n-----END");
	for (p = strchr(b.data, '\n'); p < stop; p++)
		if (*p != '\n')
			(void)buf_add(&line, p, 1);
	ok(client_cert_read_base64(&c, line.data, line.len, why, sizeof(why)) ==
		    0 &&
		strcmp(c.user.name, "a") == 0,
	    "base64 in a line");
	ok(client_cert_read_base64(&c, line.data, line.len - 4, why,
	       sizeof(why)) == -1,
	    "cut off: %s", why);
	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		ok(client_cert_read_base64(&c, none[i], strlen(none[i]), why,
		       sizeof(why)) == -1 &&
			errno == EBADMSG,
		    "refused: %s: %s", none[i], why);
	ok(strcmp(c.user.name, "a") == 0, "what was is left");
	client_cert_free(&c);
	buf_free(&line);
	buf_free(&b);
}

static void
test_id(void)
{
	char want[EVP_MAX_MD_SIZE * 2 + 16] = "X509SHA256=", why[256];
	unsigned char md[EVP_MAX_MD_SIZE];
	struct client_cert c = { 0 };
	struct buf b = { 0 };
	unsigned int n = 0, i;
	X509 *x;
	BIO *in;

	mint_user(&b, key, "a", NULL);
	in = BIO_new_mem_buf(b.data, (int)b.len);
	x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	X509_digest(x, EVP_sha256(), md, &n);
	for (i = 0; i < n; i++)
		snprintf(want + 11 + 2 * i, 3, "%02x", md[i]);
	ok(client_cert_read(&c, b.data, b.len, why, sizeof(why)) == 0 &&
		c.user.nextra == 1,
	    "one extra");
	is_str(c.user.extra[0].key,
	    "authentication.kubernetes.io/credential-id", "its key");
	is_str(c.user.extra[0].value, want, "its value");
	client_cert_free(&c);
	X509_free(x);
	BIO_free(in);
	buf_free(&b);
}

static void
test_times(void)
{
	const struct mint_name names[] = { { "CN", UTF8, "a", -1, 0 }, END };
	long long now = (long long)time(NULL);
	struct client_cert c = { 0 };
	struct buf b = { 0 };
	char why[256] = "";

	ok(client_cert_check(&c, now, why, sizeof(why)) == -1, "none");
	mint_cert(&b, key, names, -100, 100);
	(void)client_cert_read(&c, b.data, b.len, why, sizeof(why));
	ok(client_cert_check(&c, now, why, sizeof(why)) == 0, "good now");
	ok(client_cert_check(&c, c.not_after, why, sizeof(why)) == 0 &&
		client_cert_check(&c, c.not_before, why, sizeof(why)) == 0,
	    "at both ends");
	ok(client_cert_check(&c, now + 200, why, sizeof(why)) == -1 &&
		strncmp(why, "it has expired at 20", 20) == 0,
	    "not later: %s", why);
	ok(client_cert_check(&c, now - 200, why, sizeof(why)) == -1 &&
		strncmp(why, "it is not good before 20", 24) == 0,
	    "not earlier: %s", why);
	client_cert_free(&c);
	buf_free(&b);
}

int
main(void)
{
	key = mint_key();
	test_names();
	test_strings();
	test_uid();
	test_refusals();
	test_sizes();
	test_pem();
	test_base64();
	test_id();
	test_times();
	EVP_PKEY_free(key);
	return done_testing();
}
