/* Of Nodes: above all their labels. Of requests for certificates. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "node_restriction_parts.h"
#include "pem.h"

#define CSR_MAX (64 * 1024)
#define LABELS_MAX 4096

/* Is the n bytes domain or below it? */
static int
is_below(const char *s, size_t n, const char *domain)
{
	size_t m = strlen(domain);

	return n >= m && strncmp(s + n - m, domain, m) == 0 &&
	    (n == m || s[n - m - 1] == '.');
}

static int
is_kubelet_label(const char *key, size_t n)
{
	static const char *const all[] = { "kubernetes.io/hostname",
		"topology.kubernetes.io/zone", "topology.kubernetes.io/region",
		"failure-domain.beta.kubernetes.io/zone",
		"failure-domain.beta.kubernetes.io/region",
		"beta.kubernetes.io/instance-type",
		"node.kubernetes.io/instance-type", "kubernetes.io/os",
		"kubernetes.io/arch", "beta.kubernetes.io/os",
		"beta.kubernetes.io/arch" };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (is(key, all[i]))
			return 1;
	return is_below(key, n, "kubelet.kubernetes.io") ||
	    is_below(key, n, "node.kubernetes.io");
}

static int
is_forbidden_label(const char *key)
{
	const char *slash = strchr(key, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - key);

	if (is_below(key, n, "node-restriction.kubernetes.io"))
		return 1;
	return (is_below(key, n, "kubernetes.io") ||
		   is_below(key, n, "k8s.io")) &&
	    !is_kubelet_label(key, n);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The forbidden labels of a that b has not so; after the n that are there. */
static size_t
forbidden_labels(const json_t *a, const json_t *b, const char **all, size_t n)
{
	json_t *o = (json_t *)(uintptr_t)a, *v;
	const json_t *w;
	const char *key;

	json_object_foreach(o, key, v) {
		w = json_object_get(b, key);
		if (n < LABELS_MAX && is_forbidden_label(key) &&
		    (w == NULL || !json_equal(v, w)))
			all[n++] = key;
	}
	return n;
}

/* Their names, sorted, each once, with commas. 0, or -1. */
static int
join_labels(struct buf *b, const json_t *old, const json_t *new)
{
	const char **all = calloc(LABELS_MAX, sizeof(*all));
	size_t i, n;
	int rc = all == NULL ? -1 : 0;

	if (all == NULL)
		return -1;
	n = forbidden_labels(new, old, all, 0);
	n = forbidden_labels(old, new, all, n);
	if (n > 1)
		qsort(all, n, sizeof(*all), by_text);
	for (i = 0; i < n && rc == 0; i++)
		if (i == 0 || !is(all[i - 1], all[i]))
			rc = buf_printf(b, "%s%s", b->len > 0 ? ", " : "",
			    all[i]);
	free(all);
	return rc;
}

static int
admit_labels(const struct judge *j, const json_t *old)
{
	struct buf b = { 0 };
	int rc;

	rc = join_labels(&b, meta(old, "labels"), meta(j->w.new, "labels"));
	if (rc == 0 && b.len > 0 && old == NULL)
		rc = node_refuse(j,
		    "node \"%s\" is not allowed to set the following labels: "
		    "%s",
		    j->w.node, b.data);
	else if (rc == 0 && b.len > 0)
		rc = node_refuse(j, "is not allowed to modify labels: %s",
		    b.data);
	buf_free(&b);
	return rc;
}

static int
admit_node_update(const struct judge *j)
{
	const json_t *old = j->w.old, *new = j->w.new;
	const json_t *source = spec(new, "configSource");

	if (old == NULL)
		return node_not_found(j, "nodes", j->w.name);
	if (source != NULL && !json_is_null(source) &&
	    !node_same(source, spec(old, "configSource")))
		return node_refuse(j,
		    "node \"%s\" is not allowed to update configSource to a "
		    "new non-nil configSource",
		    j->w.node);
	if (!node_same(spec(new, "taints"), spec(old, "taints")))
		return node_refuse(j,
		    "node \"%s\" is not allowed to modify taints", j->w.node);
	if (!node_same(meta(new, "ownerReferences"),
		meta(old, "ownerReferences")))
		return node_refuse(j,
		    "node \"%s\" is not allowed to modify ownerReferences",
		    j->w.node);
	return admit_labels(j, old);
}

int
node_admit_node(const struct judge *j)
{
	const json_t *source = spec(j->w.new, "configSource");
	const char *name = j->w.name;

	if (j->op == OP_CREATE && *name == '\0')
		name = text(json_object_get(j->w.new, "metadata"), "name");
	if (!is(name, j->w.node))
		return node_refuse(j,
		    "node \"%s\" is not allowed to modify node \"%s\"",
		    j->w.node, name);
	if (j->op == OP_DELETE)
		return 0;
	if (j->op == OP_UPDATE)
		return admit_node_update(j);
	if (source != NULL && !json_is_null(source))
		return node_refuse(j,
		    "node \"%s\" is not allowed to create pods with a non-nil "
		    "configSource",
		    j->w.node);
	return admit_labels(j, NULL);
}

/* --- certificates --- */

/* The last common name of a request, PEM in base64; "" if there is none. */
static int
csr_name(const char *base64, char *name, size_t len)
{
	unsigned char *pem, *utf8 = NULL;
	size_t n = strlen(base64);
	X509_NAME_ENTRY *e;
	X509_REQ *req;
	X509_NAME *subject;
	BIO *bio;
	int i, k, rc = -1;

	*name = '\0';
	if (n == 0 || n > CSR_MAX || (pem = malloc(n)) == NULL)
		return -1;
	i = EVP_DecodeBlock(pem, (const unsigned char *)base64, (int)n);
	bio = i < 0 ? NULL : BIO_new_mem_buf(pem, i);
	req = bio == NULL
	    ? NULL
	    : PEM_read_bio_X509_REQ(bio, NULL, pem_no_password, NULL);
	if (req == NULL)
		goto out;
	rc = 0;
	subject = X509_REQ_get_subject_name(req);
	for (i = -1;
	     (k = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
		i = k;
	e = i < 0 ? NULL : X509_NAME_get_entry(subject, i);
	k = e == NULL ? -1
		      : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
	if (k > 0 && (size_t)k < len && strlen((char *)utf8) == (size_t)k)
		memcpy(name, utf8, (size_t)k + 1);
out:
	OPENSSL_free(utf8);
	X509_REQ_free(req);
	BIO_free(bio);
	free(pem);
	return rc;
}

int
node_admit_csr(const struct judge *j)
{
	const json_t *s = json_object_get(j->w.new, "spec");
	const char *signer = text(s, "signerName");
	char name[512], want[512];

	if (j->op != OP_CREATE ||
	    (!is(signer, "kubernetes.io/kubelet-serving") &&
		!is(signer, "kubernetes.io/kube-apiserver-client-kubelet")))
		return 0;
	if (csr_name(text(s, "request"), name, sizeof(name)) == -1)
		return node_refuse(j,
		    "unable to parse csr: PEM block type must be "
		    "CERTIFICATE REQUEST");
	if (snprintf(want, sizeof(want), "system:node:%s", j->w.node) >=
		(int)sizeof(want) ||
	    !is(name, want))
		return node_refuse(j,
		    "can only create a node CSR with CN=system:node:%s",
		    j->w.node);
	return 0;
}
