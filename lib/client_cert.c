/*
 * Whom a client certificate names, by the rules of kube-apiserver, and so of
 * Go: the last CN is the name, a string of a type that Go does not know or
 * that is not well-formed spoils the whole certificate. Stricter than those:
 * no control byte, no empty O, and names of at most NAME_MAX_BYTES.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "client_cert.h"
#include "clock.h"
#include "digest.h"

#define NAME_MAX_BYTES 1024
#define UID_OID "1.3.6.1.4.1.57683.2" /* from Kubernetes 1.33 on */

struct names {
	struct user *user;
	struct buf cn, uid;
	int ncn, nuid;
};

static int
say(char *why, size_t len, const char *text)
{
	snprintf(why, len, "%s", text);
	errno = EBADMSG;
	return -1;
}

/* --- strings --- */

/* An ASN.1 type's own rule. The one of BMPString, UTF8String: to_utf8(). */
static int
is_byte_of(int type, unsigned char c)
{
	switch (type) {
	case V_ASN1_PRINTABLESTRING:
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("'()+,-./ :=?*&", c) != NULL);
	case V_ASN1_NUMERICSTRING:
		return c == ' ' || (c >= '0' && c <= '9');
	case V_ASN1_IA5STRING:
		return c < 0x80;
	case V_ASN1_T61STRING: /* Latin-1, as everybody reads it */
	case V_ASN1_BMPSTRING:
	case V_ASN1_UTF8STRING:
		return 1;
	default:
		return 0;
	}
}

/* UCS-2 has no surrogates, and some of it is no character. */
static int
is_bmp(const unsigned char *p, size_t n)
{
	unsigned int c;
	size_t i;

	for (i = 0; i + 1 < n; i += 2) {
		c = (unsigned int)p[i] << 8 | p[i + 1];
		if (c == 0xfffe || c == 0xffff ||
		    (c >= 0xfdd0 && c <= 0xfdef) ||
		    (c >= 0xd800 && c <= 0xdfff))
			return 0;
	}
	return n % 2 == 0;
}

/* Set b to the value; -1 with errno EBADMSG where it is none. */
static int
to_utf8(const ASN1_STRING *s, struct buf *b)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	size_t i, n = (size_t)ASN1_STRING_length(s);
	int type = ASN1_STRING_type(s), len, rc = -1;
	unsigned char *text = NULL;

	errno = EBADMSG;
	for (i = 0; i < n; i++)
		if (!is_byte_of(type, p[i]))
			return -1;
	if (n == 0 && !is_byte_of(type, '0'))
		return -1;
	if (type == V_ASN1_BMPSTRING && !is_bmp(p, n))
		return -1;
	b->len = 0;
	if ((len = ASN1_STRING_to_UTF8(&text, s)) >= 0 &&
	    (rc = buf_add(b, text, (size_t)len)) == 0 &&
	    type == V_ASN1_BMPSTRING && len > 0 && text[len - 1] == '\0')
		b->data[--b->len] = '\0'; /* a terminator is no part of it */
	OPENSSL_free(text);
	return rc;
}

/* NULL if it is fit to be a name, else what is wrong. */
static const char *
check_name(const struct buf *b)
{
	size_t i;

	if (b->len == 0)
		return "is empty";
	if (b->len > NAME_MAX_BYTES)
		return "is too long";
	for (i = 0; i < b->len; i++) {
		if (b->data[i] == '\0')
			return "has a NUL in it";
		if ((unsigned char)b->data[i] < 0x20 || b->data[i] == 0x7f)
			return "has a control byte in it";
	}
	return NULL;
}

/* --- the subject --- */

static int
say_name(const struct buf *b, const char *what, char *why, size_t len)
{
	const char *wrong = check_name(b);

	if (wrong == NULL)
		return 0;
	snprintf(why, len, "its %s %s", what, wrong);
	errno = EBADMSG;
	return -1;
}

static int
add_group(struct user *u, const struct buf *b, char *why, size_t len)
{
	if (say_name(b, "O", why, len) == -1)
		return -1;
	if (user_add_group(u, b->data) == 0)
		return 0;
	return errno == E2BIG ? say(why, len, "it has too many O") : -1;
}

static int
take_entry(struct names *n, const X509_NAME_ENTRY *e, char *why, size_t len)
{
	const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(e);
	int nid = OBJ_obj2nid(type), rc = 0;
	struct buf b = { 0 }, *keep = NULL;
	char oid[sizeof(UID_OID) + 1];

	if (to_utf8(X509_NAME_ENTRY_get_data(e), &b) == -1) {
		rc = errno == EBADMSG
		    ? say(why, len, "a string in its subject is none")
		    : -1;
	} else if (nid == NID_commonName) {
		keep = &n->cn;
		n->ncn++;
	} else if (nid == NID_organizationName) {
		rc = add_group(n->user, &b, why, len);
	} else if (OBJ_obj2txt(oid, sizeof(oid), type, 1) > 0 &&
	    strcmp(oid, UID_OID) == 0) {
		keep = &n->uid;
		n->nuid++;
	}
	if (keep != NULL) {
		buf_free(keep);
		*keep = b;
	} else
		buf_free(&b);
	return rc;
}

static int
take_subject(struct user *u, X509 *x, char *why, size_t len)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	struct names n = { .user = u };
	int i, rc = 0;

	for (i = 0; i < X509_NAME_entry_count(subject) && rc == 0; i++)
		rc = take_entry(&n, X509_NAME_get_entry(subject, i), why, len);
	if (rc == 0 && n.ncn == 0)
		rc = say(why, len, "it has no CN");
	if (rc == 0 && n.nuid > 1)
		rc = say(why, len, "it has several uids");
	if (rc == 0)
		rc = say_name(&n.cn, "CN", why, len);
	if (rc == 0 && n.nuid > 0)
		rc = say_name(&n.uid, "uid", why, len);
	if (rc == 0)
		rc = user_set(u, n.cn.data, n.nuid > 0 ? n.uid.data : NULL);
	buf_free(&n.cn);
	buf_free(&n.uid);
	return rc;
}

/* kube-apiserver adds it to all but who has one of the two, or is nobody. */
static int
add_authenticated(struct user *u, char *why, size_t len)
{
	if (strcmp(u->name, "system:anonymous") == 0 ||
	    user_in_group(u, "system:authenticated") ||
	    user_in_group(u, "system:unauthenticated"))
		return 0;
	if (user_add_group(u, "system:authenticated") == 0)
		return 0;
	return errno == E2BIG ? say(why, len, "it has too many O") : -1;
}

static int
add_credential_id(struct user *u, const unsigned char *der, size_t n)
{
	static const char kind[] = "X509SHA256=";
	char id[sizeof(kind) + DIGEST_LEN];

	memcpy(id, kind, sizeof(kind));
	if (digest_sha256(der, n, id + sizeof(kind) - 1) == -1)
		return -1;
	return user_add_extra(u, "authentication.kubernetes.io/credential-id",
	    id);
}

/* --- the whole --- */

static int
seconds(const ASN1_TIME *t, long long *out)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (!ASN1_TIME_to_tm(t, &tm))
		return -1;
	*out = (long long)timegm(&tm);
	return 0;
}

static int
read_der(struct client_cert *c, const unsigned char *der, long n, char *why,
    size_t len)
{
	const unsigned char *p = der;
	X509 *x = d2i_X509(NULL, &p, n);
	int rc = -1, e;

	if (x == NULL || p != der + n)
		say(why, len, "it is no certificate");
	else if (seconds(X509_get0_notBefore(x), &c->not_before) == -1 ||
	    seconds(X509_get0_notAfter(x), &c->not_after) == -1)
		say(why, len, "its dates are none");
	else if (take_subject(&c->user, x, why, len) == 0 &&
	    add_authenticated(&c->user, why, len) == 0 &&
	    add_credential_id(&c->user, der, (size_t)n) == 0)
		rc = 0;
	e = errno;
	X509_free(x);
	errno = e;
	return rc;
}

/* The bytes of the first certificate in the PEM, NULL if there is none. */
static unsigned char *
first_der(const char *pem, size_t n, long *derlen)
{
	BIO *in = BIO_new_mem_buf(pem, (int)n);
	unsigned char *der = NULL;
	char *name, *header;

	while (in != NULL && PEM_read_bio(in, &name, &header, &der, derlen)) {
		if (strcmp(name, PEM_STRING_X509) != 0) {
			OPENSSL_clear_free(der, (size_t)*derlen);
			der = NULL;
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		if (der != NULL)
			break;
	}
	BIO_free(in);
	return der;
}

static int
read_whole(struct client_cert *c, const unsigned char *der, long n, char *why,
    size_t len)
{
	struct client_cert got = { 0 };
	int rc, e;

	rc = read_der(&got, der, n, why, len);
	e = errno;
	ERR_clear_error();
	if (rc == 0) {
		client_cert_free(c);
		*c = got;
		why[0] = '\0';
	} else
		client_cert_free(&got);
	errno = e;
	return rc;
}

int
client_cert_read(struct client_cert *c, const char *pem, size_t n, char *why,
    size_t len)
{
	unsigned char *der = NULL;
	long derlen = 0;
	int rc = -1, e;

	snprintf(why, len, "no memory");
	if (n > CLIENT_CERT_MAX)
		return say(why, len, "it is too long");
	if ((der = first_der(pem, n, &derlen)) == NULL)
		say(why, len, "it is no PEM certificate");
	else
		rc = read_whole(c, der, derlen, why, len);
	e = errno;
	OPENSSL_free(der);
	ERR_clear_error();
	errno = e;
	return rc;
}

int
client_cert_read_base64(struct client_cert *c, const char *text, size_t n,
    char *why, size_t len)
{
	unsigned char *der;
	int derlen, rc = -1, e;

	if (n > CLIENT_CERT_MAX)
		return say(why, len, "it is too long");
	snprintf(why, len, "no memory");
	if ((der = malloc(n + 3)) == NULL)
		return -1;
	derlen = EVP_DecodeBlock(der, (const unsigned char *)text, (int)n);
	/* what is padded counts as bytes of zero */
	if (derlen > 0)
		derlen -= (text[n - 1] == '=') + (text[n - 2] == '=');
	if (derlen <= 0)
		say(why, len, "it is no base64");
	else
		rc = read_whole(c, der, derlen, why, len);
	e = errno;
	free(der);
	errno = e;
	return rc;
}

void
client_cert_free(struct client_cert *c)
{
	user_free(&c->user);
	memset(c, 0, sizeof(*c));
}

static int
say_time(const char *what, long long t, char *why, size_t len)
{
	char text[CLOCK_TEXT_LEN];

	snprintf(why, len, "%s %s", what, clock_text(t, text));
	errno = EBADMSG;
	return -1;
}

int
client_cert_check(const struct client_cert *c, long long now, char *why,
    size_t len)
{
	if (c->user.name == NULL)
		return say(why, len, "there is none");
	if (now < c->not_before)
		return say_time("it is not good before", c->not_before, why,
		    len);
	if (now > c->not_after)
		return say_time("it has expired at", c->not_after, why, len);
	return 0;
}
