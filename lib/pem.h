#ifndef PEM_H
#define PEM_H

#include <openssl/evp.h>
#include <openssl/x509.h>

/* For OpenSSL, which else asks on the terminal: no PEM has a passphrase here. */
int pem_no_password(char *text, int size, int writing, void *arg);

/* The first one in n bytes of PEM. To be freed; NULL if there is none. */
X509 *pem_certificate(const char *pem, size_t n);
EVP_PKEY *pem_key(const char *pem, size_t n);

#endif
