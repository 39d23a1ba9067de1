#ifndef K3S_CSR_H
#define K3S_CSR_H

#include <openssl/evp.h>
#include <stddef.h>

#define K3S_CSR_MAX (16 * 1024)
#define K3S_ID_LEN 65

/*
 * The public key that an agent wants a certificate for, out of the DER of a
 * PKCS #10 request; nothing else in it counts, as on the k3s server
 * (pkg/server/handlers, signAndSend). Its own signature must be good, and the
 * key one that Go's TLS takes: RSA of 2048 to 8192 bits, ECDSA on P-256, P-384
 * or P-521, Ed25519. id gets the SHA-256 of its SubjectPublicKeyInfo in hex.
 * To be freed by EVP_PKEY_free(); NULL with errno (EMSGSIZE past K3S_CSR_MAX,
 * EBADMSG, ENOMEM) and why.
 */
EVP_PKEY *k3s_csr_key(const void *der, size_t n, char id[K3S_ID_LEN], char *why,
    size_t len);

/* The id of a key. 0, or -1 with errno. */
int k3s_key_id(EVP_PKEY *key, char id[K3S_ID_LEN]);
/* The id of the key of the first certificate in PEM. 0, or -1 with errno. */
int k3s_pem_id(const char *pem, size_t n, char id[K3S_ID_LEN]);

#endif
