#ifndef LABEL_H
#define LABEL_H

#include <stdint.h>

#include "buf.h"

/*
 * Append what kube-apiserver would say is wrong with a label key or value,
 * nothing if it is good. 0, or -1 with errno ENOMEM.
 */
int label_check_key(struct buf *b, const char *key);
int label_check_value(struct buf *b, const char *value);

/* As Go's strconv.ParseInt(s, 10, 64): 0, or -1. */
int label_parse_int(const char *s, int64_t *v);

#endif
