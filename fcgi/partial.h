#ifndef PARTIAL_H
#define PARTIAL_H

#include "feed.h"
#include "span.h"

/*
 * Append an object's metadata as kube-apiserver shows it by itself: it takes
 * it from its internal object, where some of what is an annotation on the wire
 * is a field. 0, or -1 with errno.
 */
int partial_metadata(struct buf *b, const struct feed *feed, struct span meta);

#endif
