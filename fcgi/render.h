#ifndef RENDER_H
#define RENDER_H

#include "edge.h"
#include "span.h"

struct table; /* lib/table.h */

/*
 * Objects as the client wants to see them: themselves, their metadata only, or
 * the rows of a Table. Zeroed memory is none.
 */
struct render {
	struct media media;
	const struct feed *feed; /* borrowed: kind, apiVersion */
	struct table *table;	 /* of a MEDIA_TABLE */
	enum { INCLUDE_METADATA, INCLUDE_NONE, INCLUDE_OBJECT } include;
	int headed;	   /* the columns were told (in a watch: once) */
	struct buf prefix; /* what the items of a built-in list lack */
	struct buf tail;   /* of a list: what stands behind the items */
	struct buf held;   /* objects whose rows have an order of their own */
	const struct k3s *lead; /* where the server is said to be; or NULL */
	struct buf led;
	size_t *ends; /* where they end in held */
	size_t nheld;
};

struct render_list {
	uint64_t rv;
	const char *cont;    /* NULL: none */
	long long remaining; /* -1: not to be told */
};

/*
 * For what r asks of feed. 0; -1 if that cannot be: answered (a bad
 * includeObject, a list as=PartialObjectMetadata), or errno with nothing
 * answered yet when *answered is 0.
 */
int render_init(struct render *d, struct request *r, const struct feed *feed,
    struct table *table);
void render_free(struct render *d);

/* A list: head, items (with the commas), tail. 0, or -1 with errno. */
int render_head(struct render *d, struct buf *b, const struct render_list *l);
int render_item(struct render *d, struct buf *b, struct span object, int first);
/* empty: no item was added */
int render_tail(struct render *d, struct buf *b, int empty);

/* One object by itself, of a GET or in an event. 0, or -1 with errno. */
int render_object(struct render *d, struct buf *b, struct span object);

#endif
