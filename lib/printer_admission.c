/*
 * admissionregistration.k8s.io.
 */
#include "printer.h"

static void
param_kind(struct row *r, const struct printer_column *c)
{
	struct span kind = row_at(r, c->path);

	if (kind.p == NULL) {
		row_puts(r, c->absent);
		return;
	}
	row_string(r, span_at(kind, "apiVersion"));
	row_puts(r, "/");
	row_string(r, span_at(kind, "kind"));
}

/* A LabelSelector as Go prints the type. */
static void
put_selector(struct row *r, struct span selector)
{
	struct span at = span_at(selector, "matchLabels"), key, value;

	row_puts(r, "&LabelSelector{MatchLabels:map[string]string{");
	while (span_next(&at, &key, &value) == 0) {
		row_string(r, key);
		row_puts(r, ": ");
		row_string(r, value);
		row_puts(r, ",");
	}
	row_puts(r, "},MatchExpressions:[]LabelSelectorRequirement{");
	at = span_at(selector, "matchExpressions");
	while (span_next(&at, NULL, &value) == 0) {
		row_puts(r, "LabelSelectorRequirement{Key:");
		row_string(r, span_at(value, "key"));
		row_puts(r, ",Operator:");
		row_string(r, span_at(value, "operator"));
		row_puts(r, ",Values:[");
		row_join(r, span_at(value, "values"), " ");
		row_puts(r, "],},");
	}
	row_puts(r, "},}");
}

static void
param_ref(struct row *r, const struct printer_column *c)
{
	struct span ref = row_at(r, c->path), name = span_at(ref, "name");
	struct span ns = span_at(ref, "namespace");
	struct span selector = span_at(ref, "selector");

	if (span_inner(name).n > 0) {
		row_puts(r, span_inner(ns).n == 0 ? "*" : "");
		row_string(r, ns);
		row_puts(r, "/");
		row_string(r, name);
	} else if (selector.p != NULL)
		put_selector(r, selector);
	else
		row_puts(r, c->absent);
}

static const struct printer_column mutatingwebhookconfigurations[] = {
	COLUMN_NAME,
	{ "Webhooks", "integer", "",
	    "Webhooks indicates the number of webhooks registered in this "
	    "configuration",
	    0, cell_count, 0, "webhooks", "" },
	COLUMN_AGE, { 0 }
};

static const struct printer_column validatingwebhookconfigurations[] = {
	COLUMN_NAME,
	{ "Webhooks", "integer", "",
	    "Webhooks indicates the number of webhooks registered in this "
	    "configuration",
	    0, cell_count, 0, "webhooks", "" },
	COLUMN_AGE, { 0 }
};

static const struct printer_column validatingadmissionpolicies[] = {
	COLUMN_NAME,
	{ "Validations", "integer", "",
	    "Validations indicates the number of validation rules defined in "
	    "this configuration",
	    0, cell_count, 0, "spec.validations", "" },
	{ "ParamKind", "string", "",
	    "ParamKind specifies the kind of resources used to parameterize "
	    "this policy",
	    0, param_kind, 1, "spec.paramKind", "<unset>" },
	COLUMN_AGE, { 0 }
};

static const struct printer_column mutatingadmissionpolicies[] = { COLUMN_NAME,
	{ "Mutations", "integer", "",
	    "Mutation indicates the number of mutations rules defined in this "
	    "configuration",
	    0, cell_count, 0, "spec.mutations", "" },
	{ "ParamKind", "string", "",
	    "ParamKind specifies the kind of resources used to parameterize "
	    "this policy",
	    0, param_kind, 1, "spec.paramKind", "<unset>" },
	COLUMN_AGE, { 0 } };

static const struct printer_column validatingadmissionpolicybindings[] = {
	COLUMN_NAME,
	{ "PolicyName", "string", "",
	    "PolicyName indicates the policy definition which the policy "
	    "binding binded to",
	    0, cell_string, 1, "spec.policyName", "" },
	{ "ParamRef", "string", "",
	    "ParamRef indicates the param resource which sets the "
	    "configuration param",
	    0, param_ref, 1, "spec.paramRef", "<unset>" },
	COLUMN_AGE, { 0 }
};

static const struct printer_column mutatingadmissionpolicybindings[] = {
	COLUMN_NAME,
	{ "PolicyName", "string", "",
	    "PolicyName indicates the policy definition which the policy "
	    "binding binded to",
	    0, cell_string, 1, "spec.policyName", "" },
	{ "ParamRef", "string", "",
	    "ParamRef indicates the param resource which sets the "
	    "configuration param",
	    0, param_ref, 1, "spec.paramRef", "<unset>" },
	COLUMN_AGE, { 0 }
};

const struct printer printers_admission[] = {
	{ "admissionregistration.k8s.io", "mutatingwebhookconfigurations",
	    mutatingwebhookconfigurations },
	{ "admissionregistration.k8s.io", "validatingwebhookconfigurations",
	    validatingwebhookconfigurations },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicies",
	    validatingadmissionpolicies },
	{ "admissionregistration.k8s.io", "mutatingadmissionpolicies",
	    mutatingadmissionpolicies },
	{ "admissionregistration.k8s.io", "validatingadmissionpolicybindings",
	    validatingadmissionpolicybindings },
	{ "admissionregistration.k8s.io", "mutatingadmissionpolicybindings",
	    mutatingadmissionpolicybindings },
	{ 0 }
};
