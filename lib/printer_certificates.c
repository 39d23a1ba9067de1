/*
 * certificates.k8s.io.
 */
#include "human.h"
#include "printer.h"

static void
request_duration(struct row *r, const struct printer_column *c)
{
	struct span seconds = row_at(r, c->path);
	char text[HUMAN_LEN];

	if (seconds.p == NULL) {
		row_puts(r, c->absent);
		return;
	}
	human_duration(span_int(seconds, 0) * 1000000, text);
	row_puts(r, text);
}

static void
request_condition(struct row *r, const struct printer_column *c)
{
	struct span conditions = row_at(r, c->path);

	if (row_condition(conditions, "Denied").p != NULL)
		row_puts(r, "Denied");
	else if (row_condition(conditions, "Approved").p != NULL)
		row_puts(r, "Approved");
	else
		row_puts(r, "Pending");
	if (row_condition(conditions, "Failed").p != NULL)
		row_puts(r, ",Failed");
	if (span_inner(row_at(r, "status.certificate")).n > 0)
		row_puts(r, ",Issued");
}

static void
pod_request_state(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, c->path), cond, type, last = { 0 };

	while (span_next(&at, NULL, &cond) == 0) {
		type = span_at(cond, "type");
		if (span_is(type, "Issued") || span_is(type, "Denied") ||
		    span_is(type, "Failed"))
			last = type;
	}
	if (last.p == NULL)
		row_puts(r, "Pending");
	row_string(r, last);
}

static const struct printer_column certificatesigningrequests[] = { COLUMN_NAME,
	COLUMN_AGE,
	{ "SignerName", "string", "",
	    "Requested signer for the request. It is a qualified name in the "
	    "form: `scope-hostname.io/name`. If empty, it will be defaulted:\n "
	    "1. If it's a kubelet client certificate, it is assigned\n    "
	    "\"kubernetes.io/kube-apiserver-client-kubelet\".\n 2. If it's a "
	    "kubelet serving certificate, it is assigned\n    "
	    "\"kubernetes.io/kubelet-serving\".\n 3. Otherwise, it is assigned "
	    "\"kubernetes.io/legacy-unknown\".\nDistribution of trust for "
	    "signers happens out of band. You can select on this field using "
	    "`spec.signerName`.",
	    0, cell_string, 1, "spec.signerName", "<none>" },
	{ "Requestor", "string", "", "Base64-encoded PKCS#10 CSR data", 0,
	    cell_string, 1, "spec.username", "" },
	{ "RequestedDuration", "string", "",
	    "expirationSeconds is the requested duration of validity of the "
	    "issued certificate. The certificate signer may issue a "
	    "certificate with a different validity duration so a client must "
	    "check the delta between the notBefore and and notAfter fields in "
	    "the issued certificate to determine the actual duration.\n\nThe "
	    "v1.22+ in-tree implementations of the well-known Kubernetes "
	    "signers will honor this field as long as the requested duration "
	    "is not greater than the maximum duration they will honor per the "
	    "--cluster-signing-duration CLI flag to the Kubernetes controller "
	    "manager.\n\nCertificate signers may not honor this field for "
	    "various reasons:\n\n  1. Old signer that is unaware of the field "
	    "(such as the in-tree\n     implementations prior to v1.22)\n  2. "
	    "Signer whose configured maximum is shorter than the requested "
	    "duration\n  3. Signer whose configured minimum is longer than the "
	    "requested duration\n\nThe minimum valid value for "
	    "expirationSeconds is 600, i.e. 10 minutes.",
	    0, request_duration, 1, "spec.expirationSeconds", "<none>" },
	{ "Condition", "string", "",
	    "Conditions applied to the request, such as approval or denial.", 0,
	    request_condition, 1, "status.conditions", "" },
	{ 0 } };

static const struct printer_column clustertrustbundles[] = { COLUMN_NAME,
	{ "SignerName", "string", "",
	    "signerName indicates the associated signer, if any.\n\nIn order "
	    "to create or update a ClusterTrustBundle that sets signerName, "
	    "you must have the following cluster-scoped permission: "
	    "group=certificates.k8s.io resource=signers resourceName=<the "
	    "signer name> verb=attest.\n\nIf signerName is not empty, then the "
	    "ClusterTrustBundle object must be named with the signer name as a "
	    "prefix (translating slashes to colons). For example, for the "
	    "signer name `example.com/foo`, valid ClusterTrustBundle object "
	    "names include `example.com:foo:abc` and "
	    "`example.com:foo:v1`.\n\nIf signerName is empty, then the "
	    "ClusterTrustBundle object's name must not have such a "
	    "prefix.\n\nList/watch requests for ClusterTrustBundles can filter "
	    "on this field using a `spec.signerName=NAME` field selector.",
	    0, cell_string, 1, "spec.signerName", "<none>" },
	{ 0 } };

static const struct printer_column podcertificaterequests[] = { COLUMN_NAME,
	{ "PodName", "string", "",
	    "podName is the name of the pod into which the certificate will be "
	    "mounted.",
	    0, cell_string, 1, "spec.podName", "" },
	{ "ServiceAccountName", "string", "",
	    "serviceAccountName is the name of the service account the pod is "
	    "running as.",
	    0, cell_string, 1, "spec.serviceAccountName", "" },
	{ "NodeName", "string", "",
	    "nodeName is the name of the node the pod is assigned to.", 0,
	    cell_string, 1, "spec.nodeName", "" },
	{ "SignerName", "string", "",
	    "signerName indicates the requested signer.\n\nAll signer names "
	    "beginning with `kubernetes.io` are reserved for use by the "
	    "Kubernetes project.  There is currently one well-known signer "
	    "documented by the Kubernetes project, "
	    "`kubernetes.io/kube-apiserver-client-pod`, which will issue "
	    "client certificates understood by kube-apiserver.  It is "
	    "currently unimplemented.",
	    0, cell_string, 1, "spec.signerName", "" },
	{ "State", "string", "",
	    "Is the request Pending, Issued, Denied, or Failed?", 0,
	    pod_request_state, 1, "status.conditions", "" },
	{ "UnverifiedUserAnnotations", "string", "",
	    "unverifiedUserAnnotations allow pod authors to pass additional "
	    "information to the signer implementation.  Kubernetes does not "
	    "restrict or validate this metadata in any way.\n\nEntries are "
	    "subject to the same validation as object metadata annotations, "
	    "with the addition that all keys must be domain-prefixed. No "
	    "restrictions are placed on values, except an overall size "
	    "limitation on the entire field.\n\nSigners should document the "
	    "keys and values they support.  Signers should deny requests that "
	    "contain keys they do not recognize.",
	    0, cell_labels, 1, "spec.unverifiedUserAnnotations", "" },
	{ 0 } };

const struct printer printers_certificates[] = {
	{ "certificates.k8s.io", "certificatesigningrequests",
	    certificatesigningrequests },
	{ "certificates.k8s.io", "clustertrustbundles", clustertrustbundles },
	{ "certificates.k8s.io", "podcertificaterequests",
	    podcertificaterequests },
	{ 0 }
};
