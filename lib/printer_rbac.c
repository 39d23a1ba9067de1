/*
 * rbac.authorization.k8s.io: the bindings; roles have the default columns.
 */
#include "printer.h"

static void
binding_role(struct row *r, const struct printer_column *c)
{
	struct span role = row_at(r, c->path);

	row_string(r, span_at(role, "kind"));
	row_puts(r, "/");
	row_string(r, span_at(role, "name"));
}

/* Those of the kind in path. */
static void
binding_subjects(struct row *r, const struct printer_column *c)
{
	struct span at = row_at(r, "subjects"), subject;
	const char *sep = "";

	while (span_next(&at, NULL, &subject) == 0) {
		if (!span_is(span_at(subject, "kind"), c->path))
			continue;
		row_puts(r, sep);
		sep = ", ";
		if (span_is(span_at(subject, "kind"), "ServiceAccount")) {
			row_string(r, span_at(subject, "namespace"));
			row_puts(r, "/");
		}
		row_string(r, span_at(subject, "name"));
	}
}

static const struct printer_column rolebindings[] = { COLUMN_NAME,
	{ "Role", "string", "",
	    "RoleRef can reference a Role in the current namespace or a "
	    "ClusterRole in the global namespace. If the RoleRef cannot be "
	    "resolved, the Authorizer must return an error.",
	    0, binding_role, 1, "roleRef", "" },
	COLUMN_AGE,
	{ "Users", "string", "", "Users in the roleBinding", 1,
	    binding_subjects, 1, "User", "" },
	{ "Groups", "string", "", "Groups in the roleBinding", 1,
	    binding_subjects, 1, "Group", "" },
	{ "ServiceAccounts", "string", "", "ServiceAccounts in the roleBinding",
	    1, binding_subjects, 1, "ServiceAccount", "" },
	{ 0 } };

static const struct printer_column clusterrolebindings[] = { COLUMN_NAME,
	{ "Role", "string", "",
	    "RoleRef can only reference a ClusterRole in the global namespace. "
	    "If the RoleRef cannot be resolved, the Authorizer must return an "
	    "error.",
	    0, binding_role, 1, "roleRef", "" },
	COLUMN_AGE,
	{ "Users", "string", "", "Users in the clusterRoleBinding", 1,
	    binding_subjects, 1, "User", "" },
	{ "Groups", "string", "", "Groups in the clusterRoleBinding", 1,
	    binding_subjects, 1, "Group", "" },
	{ "ServiceAccounts", "string", "",
	    "ServiceAccounts in the clusterRoleBinding", 1, binding_subjects, 1,
	    "ServiceAccount", "" },
	{ 0 } };

const struct printer printers_rbac[] = { { "rbac.authorization.k8s.io",
					     "rolebindings", rolebindings },
	{ "rbac.authorization.k8s.io", "clusterrolebindings",
	    clusterrolebindings },
	{ 0 } };
