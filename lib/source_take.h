#ifndef SOURCE_TAKE_H
#define SOURCE_TAKE_H

#include "source.h"

/*
 * Private to lib/source*.c: taking in what comes. Each returns 0, or -1 with
 * the reason noted in s->verdict, upon which the transfer is to end.
 */
#define SOURCE_LINE_MAX (32 * 1024 * 1024)

/* Bytes of a watch, in any pieces. */
int source_lines(struct source *s, const char *p, size_t n);
/* An element of a list's items (for split). */
int source_item(void *source, const char *p, size_t n);
/* A Status: notes in s->relist, s->reset what it asks for. Always -1. */
int source_status(struct source *s, const json_t *status);
/* The list that was staged is whole, at rv. */
int source_commit(struct source *s, uint64_t rv);
/* Note errno as the verdict. Always -1. */
int source_fail(struct source *s);

/* Take kind and apiVersion from an object, or from a list of them. */
void source_kind(struct source *s, const json_t *o, int list);
/* metadata.resourceVersion, 0 where there is none. */
uint64_t source_rv(const json_t *o);

#endif
