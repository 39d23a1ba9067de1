#ifndef PRINTER_H
#define PRINTER_H

#include "span.h"

/*
 * What kube-apiserver prints of its own resources, in cells: kubernetes
 * pkg/printers/internalversion (1.36), for objects as they are on the wire.
 * Text in cells is written as it stands inside of a JSON string, with <, >
 * and & escaped as Go does.
 */

/* The row that is being written. */
struct row {
	struct buf *b;	     /* borrowed */
	const char *version; /* of the API; borrowed */
	struct span o;	     /* the object; borrowed */
	struct span meta, spec, status;
	long long now; /* microseconds since 1970 */
	int failed;    /* the errno of the first failure */
	int has_memo;  /* what a printer found out for several cells */
	char memo[160];
};

struct printer_column {
	const char *name, *type, *format, *description;
	int priority; /* -1: of earlier versions, only where the master has it */
	/* A cell; between quotes if it is text. */
	void (*cell)(struct row *r, const struct printer_column *c);
	int is_text;
	const char *path, *absent; /* for cell */
};

/* Columns end with a cell of NULL; those without a name are cells only. */
struct printer {
	const char *group, *resource; /* the last one has none */
	const struct printer_column *columns;
};

extern const struct printer printers_admission[], printers_apps[],
    printers_batch[], printers_certificates[], printers_core[],
    printers_event[], printers_flow[], printers_hpa[], printers_network[],
    printers_node[], printers_pod[], printers_rbac[], printers_resource[],
    printers_scheduling[], printers_service[], printers_storage[],
    printers_volume[];

/* The printer of a resource, or NULL: it has the default columns. */
const struct printer *printer_find(const char *group, const char *resource);

/* For cells in b; version is that of the API that the object is of. */
void row_init(struct row *r, struct buf *b, const char *version,
    struct span object, long long now);

/* As span_at; by way of metadata, spec and status, which were found before. */
struct span row_at(const struct row *r, const char *path);

/* Pieces of a cell. What fails is kept in failed; nothing is written then. */
void row_raw(struct row *r, const char *bytes, size_t n);
void row_puts(struct row *r, const char *text);
void row_printf(struct row *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* What is in a string; nothing for an empty span. */
void row_string(struct row *r, struct span value);
/* In lower case, of ASCII. */
void row_lower(struct row *r, struct span value);
/* How long ago, "<unknown>" if there is no time. */
void row_since(struct row *r, struct span time);
/* The strings of an array. */
void row_join(struct row *r, struct span array, const char *between);
/* A map's pairs as k=v,k=v by their keys; "<none>" if there are none. */
void row_labels(struct row *r, struct span map);
/* A LabelSelector; "<none>" if it is empty or absent. */
void row_selector(struct row *r, struct span selector, const char *none);
/* The member of each element. */
void row_join_member(struct row *r, struct span array, const char *member);

/*
 * A load balancer's addresses: each once, sorted. kube-apiserver prints tables
 * as for -o wide: they are not cut.
 */
void row_ingress(struct row *r, struct span ingress);

/* The first element of an array whose type is this, or an empty span. */
struct span row_condition(struct span conditions, const char *type);
/* Is the status of this condition "True"? */
int row_condition_true(struct span conditions, const char *type);

/* Cells by path; absent stands for what is missing. */
void cell_string(struct row *r, const struct printer_column *c);
void cell_raw(struct row *r, const struct printer_column *c);
void cell_count(struct row *r, const struct printer_column *c);
void cell_age(struct row *r, const struct printer_column *c);
void cell_join(struct row *r, const struct printer_column *c);
void cell_labels(struct row *r, const struct printer_column *c);
void cell_selector(struct row *r, const struct printer_column *c);
/* Of the containers at path. */
void cell_container_names(struct row *r, const struct printer_column *c);
void cell_container_images(struct row *r, const struct printer_column *c);
/* The path's number, a slash, the number at the path in absent. */
void cell_ratio(struct row *r, const struct printer_column *c);
/* The name, and " (default)" if the annotation at path is true. */
void cell_default_name(struct row *r, const struct printer_column *c);

/* metav1.ObjectMeta */
#define DOC_NAME                                                             \
	"Name must be unique within a namespace. Is required when creating " \
	"resources, although some resources may allow a client to request "  \
	"the generation of an appropriate name automatically. Name is "      \
	"primarily intended for creation idempotence and configuration "     \
	"definition. Cannot be updated. More info: "                         \
	"https://kubernetes.io/docs/concepts/overview/working-with-objects/" \
	"names#names"
#define DOC_CREATED                                                           \
	"CreationTimestamp is a timestamp representing the server time when " \
	"this object was created. It is not guaranteed to be set in "         \
	"happens-before order across separate operations. Clients may not "   \
	"set this value. It is represented in RFC3339 form and is in UTC."    \
	"\n\nPopulated by the system. Read-only. Null for lists. More info: " \
	"https://git.k8s.io/community/contributors/devel/"                    \
	"sig-architecture/api-conventions.md#metadata"
#define DOC_CONTAINERS "Names of each container in the template."
#define DOC_IMAGES "Images referenced by each container in the template."

#define COLUMN_NAME                                                    \
	{                                                              \
		"Name", "string", "name", DOC_NAME, 0, cell_string, 1, \
		    "metadata.name", ""                                \
	}
#define COLUMN_AGE                                                \
	{                                                         \
		"Age", "string", "", DOC_CREATED, 0, cell_age, 1, \
		    "metadata.creationTimestamp", "<unknown>"     \
	}

#endif
