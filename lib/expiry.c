/*
 * Until when a certificate is good. kubelet renews its own when 30 to
 * 10 % of its life are left (client-go, certificate_manager.go): one that
 * comes below that is not being renewed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "buf.h"
#include "expiry.h"
#include "pem.h"

#define PEM_MAX (1024 * 1024)
#define DAY_S 86400

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

/* The next one of its kind in b: 0, or -1 where there is none. */
typedef int next_fn(struct expiry *x, BIO *b);

static int
next_certificate(struct expiry *x, BIO *b)
{
	X509 *cert = PEM_read_bio_X509(b, NULL, pem_no_password, NULL);
	int rc = -1;

	if (cert != NULL && seconds(X509_get0_notBefore(cert), &x->from) == 0)
		rc = seconds(X509_get0_notAfter(cert), &x->until);
	X509_free(cert);
	return rc;
}

static int
next_crl(struct expiry *x, BIO *b)
{
	X509_CRL *crl = PEM_read_bio_X509_CRL(b, NULL, pem_no_password, NULL);
	int rc = -1;

	if (crl != NULL && X509_CRL_get0_nextUpdate(crl) != NULL &&
	    seconds(X509_CRL_get0_lastUpdate(crl), &x->from) == 0)
		rc = seconds(X509_CRL_get0_nextUpdate(crl), &x->until);
	X509_CRL_free(crl);
	return rc;
}

/* Of all of them the longest (1), the shortest (-1), or the first (0). */
static int
parse(struct expiry *x, const char *pem, size_t n, next_fn *next, int which)
{
	BIO *b = BIO_new_mem_buf(pem, (int)n);
	struct expiry one;
	int rc;

	rc = b == NULL ? -1 : next(x, b);
	while (rc == 0 && which != 0 && next(&one, b) == 0)
		if ((which > 0) == (one.until > x->until))
			*x = one;
	BIO_free(b);
	ERR_clear_error();
	if (rc == -1)
		errno = EBADMSG;
	return rc;
}

static int
parse_file(struct expiry *x, const char *file, next_fn *next, int which)
{
	struct buf b = { 0 };
	int rc, e;

	if ((rc = buf_read_file(&b, AT_FDCWD, file, PEM_MAX)) == 0)
		rc = parse(x, b.data == NULL ? "" : b.data, b.len, next, which);
	e = errno;
	buf_free(&b);
	errno = e;
	return rc;
}

int
expiry_read(struct expiry *x, const char *file, const char *data)
{
	if (data != NULL)
		return parse(x, data, strlen(data), next_certificate, 0);
	return parse_file(x, file, next_certificate, 0);
}

int
expiry_read_longest(struct expiry *x, const char *file)
{
	return parse_file(x, file, next_certificate, 1);
}

int
expiry_read_crl(struct expiry *x, const char *file)
{
	return parse_file(x, file, next_crl, -1);
}

enum expiry_stage
expiry_stage(const struct expiry *x, long long now)
{
	long long left = x->until - now, life = x->until - x->from;

	if (now < x->from)
		return EXPIRY_EARLY;
	if (left <= 0)
		return EXPIRY_OVER;
	if (left <= life / 50)
		return EXPIRY_NEAR;
	return left <= life / 10 ? EXPIRY_SOON : EXPIRY_FINE;
}

const char *
expiry_name(enum expiry_stage stage)
{
	static const char *const names[] = { "fine", "soon", "near", "expired",
		"early" };

	return names[stage];
}

int
expiry_tell(struct expiry_told *t, const struct expiry *x, long long now)
{
	enum expiry_stage stage = expiry_stage(x, now);

	if (stage == t->stage &&
	    (stage == EXPIRY_FINE || now - t->when < DAY_S))
		return 0;
	t->stage = stage;
	if (stage == EXPIRY_FINE)
		return 0;
	t->when = now;
	return 1;
}
