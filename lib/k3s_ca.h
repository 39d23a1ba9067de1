#ifndef K3S_CA_H
#define K3S_CA_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "buf.h"

#define K3S_CA_MAX (256 * 1024) /* bytes of PEM */
#define K3S_NAMES_MAX 4096

/* The k3s server's CA of serving certificates. Zeroed memory is none. */
struct k3s_ca {
	X509 *cert; /* the first one of the file: it signs */
	EVP_PKEY *key;
	struct buf chain; /* PEM of all in the file */
};

/*
 * Read server-ca.crt and server-ca.key. 0; -1 with why, and errno: EINVAL
 * where the first certificate is no CA, has expired at now (unix seconds), or
 * the key is not its own or has a passphrase.
 */
int k3s_ca_load(struct k3s_ca *ca, const char *cert_file, const char *key_file,
    long long now, char *why, size_t len);
void k3s_ca_free(struct k3s_ca *ca);

/*
 * Append a serving certificate for that public key in PEM, and the CA's chain
 * behind it, as a k3s server answers. names: DNS:name and IP:address, with
 * commas between, checked by the caller. It is good for a year, as long as the
 * CA is at most, and as far back as the CA: a reboot may set the clock back.
 * 0; -1 with errno.
 */
int k3s_ca_sign(const struct k3s_ca *ca, EVP_PKEY *key, const char *cn,
    const char *names, long long now, struct buf *out);

/* 1 if it signed the first certificate in PEM, which has all the names. */
int k3s_ca_signed(const struct k3s_ca *ca, const char *pem, size_t n,
    const char *names);
/*
 * 1 if that one should be made anew at now: 90 days before it ends, unless
 * another would end as early. Also of what is no certificate.
 */
int k3s_ca_is_due(const struct k3s_ca *ca, const char *pem, size_t n,
    long long now);

/*
 * The hashes by which a token names the CA of that PEM: of its bytes, and, of a
 * bundle, of its root in DER (else both are the same). 0, or -1 with errno.
 */
int k3s_ca_hashes(const char *pem, size_t n, char old[65], char new[65]);

/*
 * 1 if the first certificate in PEM, by what stands behind it, has been signed
 * by one of the CAs in that PEM. Times do not count.
 */
int k3s_ca_issued(const char *ca, size_t nca, const char *pem, size_t n);
/* A new P-256 key, as PEM appended to out: to be freed; NULL with errno. */
EVP_PKEY *k3s_ca_make_key(struct buf *out);

#endif
