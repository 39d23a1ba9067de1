/* k3s: a CA, what it signs, and when that is to be made anew. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "expiry.h"
#include "k3s_ca.h"
#include "k3s_csr.h"
#include "tap.h"

#define DAY 86400LL
#define NOW 1800000000LL
#define NAMES "DNS:n1,DNS:localhost,IP:127.0.0.1,IP:10.1.2.3,IP:::1"

static void
write_file(const char *name, const char *p, size_t n)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) == EOF)
		ok(0, "%s is written", name);
}

/* NAME.crt and NAME.key, good for so many days from NOW - DAY on. */
static void
make(const char *name, long days, int is_ca)
{
	struct buf key = { 0 };
	EVP_PKEY *k = k3s_ca_make_key(&key);
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
		is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	char file[64];
	FILE *f;

	X509_set_version(x, X509_VERSION_3);
	X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, subject);
	ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(NOW - DAY));
	ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(NOW + days * DAY));
	X509_set_pubkey(x, k);
	X509_add_ext(x, e, -1);
	X509_sign(x, k, EVP_sha256());
	snprintf(file, sizeof(file), "%s.key", name);
	write_file(file, key.data, key.len);
	snprintf(file, sizeof(file), "%s.crt", name);
	if ((f = fopen(file, "w")) == NULL || PEM_write_X509(f, x) != 1 ||
	    fclose(f) == EOF)
		ok(0, "%s is written", file);
	X509_EXTENSION_free(e);
	X509_free(x);
	EVP_PKEY_free(k);
	buf_free(&key);
}

static void
refused(const char *cert, const char *key, long long now, const char *want)
{
	struct k3s_ca ca;
	char why[512] = "";

	is_int(k3s_ca_load(&ca, cert, key, now, why, sizeof(why)), -1, want);
	ok(strstr(why, want) != NULL, "as %s", why);
	k3s_ca_free(&ca);
}

static void
test_loading(void)
{
	write_file("none", "x", 1);
	refused("leaf.crt", "leaf.key", NOW, "is no CA");
	refused("ca.crt", "other.key", NOW, "not the key of the CA");
	refused("ca.crt", "none", NOW, "no PEM private key");
	refused("none", "ca.key", NOW, "no PEM certificate");
	refused("missing", "ca.key", NOW, "No such file");
	refused("ca.crt", "ca.key", NOW + 3650 * DAY + 1, "has expired at");
}

static void
test_signing(void)
{
	struct buf key = { 0 }, out = { 0 };
	EVP_PKEY *k = k3s_ca_make_key(&key);
	char of_key[K3S_ID_LEN], of_cert[K3S_ID_LEN], why[512];
	struct k3s_ca ca, other;
	struct expiry x;

	is_int(k3s_ca_load(&ca, "ca.crt", "ca.key", NOW, why, sizeof(why)), 0,
	    "a CA");
	is_int(k3s_ca_load(&other, "other.crt", "other.key", NOW, why,
		   sizeof(why)),
	    0, "another");
	is_int(k3s_ca_sign(&ca, k, "n1", NAMES, NOW, &out), 0, "it signs");
	ok(strstr(out.data, ca.chain.data) != NULL, "with its chain behind");
	is_int(k3s_pem_id(out.data, out.len, of_cert), 0, "a key's");
	is_int(k3s_key_id(k, of_key), 0, "certificate");
	is_str(of_cert, of_key, "for that key");
	is_int(k3s_ca_signed(&ca, out.data, out.len, NAMES), 1,
	    "it knows it again");
	is_int(k3s_ca_signed(&ca, out.data, out.len, "IP:10.1.2.3"), 1,
	    "for fewer names, too");
	is_int(k3s_ca_signed(&ca, out.data, out.len, NAMES ",IP:10.1.2.4"), 0,
	    "not for more");
	is_int(k3s_ca_signed(&ca, out.data, out.len, "DNS:10.1.2.3"), 0,
	    "nor of another kind");
	is_int(k3s_ca_signed(&other, out.data, out.len, NAMES), 0,
	    "nor does another CA");
	is_int(expiry_read(&x, NULL, out.data), 0, "its times");
	is_int(x.from, NOW - DAY, "are from when the CA is good");
	is_int(x.until, NOW + 365 * DAY, "for a year");
	is_int(k3s_ca_is_due(&ca, out.data, out.len, NOW + 274 * DAY), 0,
	    "it is not due");
	is_int(k3s_ca_is_due(&ca, out.data, out.len, NOW + 276 * DAY), 1,
	    "90 days before it ends it is");
	is_int(k3s_ca_is_due(&ca, "x", 1, NOW), 1, "nothing is due");
	out.len = 0;
	is_int(k3s_ca_sign(&other, k, "n1", NAMES, NOW, &out), 0,
	    "a CA that ends soon");
	is_int(expiry_read(&x, NULL, out.data), 0, "signs");
	is_int(x.until, NOW + 30 * DAY, "for as long as it is good");
	is_int(k3s_ca_is_due(&other, out.data, out.len, NOW + 29 * DAY), 0,
	    "which another one would not be for longer");
	out.len = 0;
	is_int(k3s_ca_sign(&ca, k, "n1", "IP:x", NOW, &out), -1,
	    "a name that is none");
	is_int((long long)out.len, 0, "leaves nothing");
	k3s_ca_free(&ca);
	k3s_ca_free(&other);
	EVP_PKEY_free(k);
	buf_free(&key);
	buf_free(&out);
}

/* A bundle is named by its root, and by its bytes. */
static void
test_hashes(void)
{
	char old[65], new[65], of_two[65];
	struct buf one = { 0 }, two = { 0 };

	if (buf_read_file(&one, AT_FDCWD, "ca.crt", K3S_CA_MAX) == -1 ||
	    buf_read_file(&two, AT_FDCWD, "ca.crt", K3S_CA_MAX) == -1 ||
	    buf_read_file(&two, AT_FDCWD, "other.crt", K3S_CA_MAX) == -1)
		ok(0, "the files are there");
	is_int(k3s_ca_hashes(one.data, one.len, old, new), 0, "a certificate");
	is_str(new, old, "has one hash");
	is_int(k3s_ca_hashes(two.data, two.len, of_two, new), 0, "two");
	is_str(new, of_two, "of which none has issued the other, too");
	ok(strcmp(old, of_two) != 0, "another one");
	buf_free(&one);
	buf_free(&two);
}

int
main(void)
{
	char dir[] = "/tmp/ote-k3s-ca.XXXXXX", command[64];

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	make("ca", 3650, 1);
	make("other", 30, 1);
	make("leaf", 30, 0);
	test_loading();
	test_signing();
	test_hashes();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		ok(0, "%s is gone", dir);
	return done_testing();
}
