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

/*
 * 1 if the feed was changed here and the outbox has still to tell the master
 * (source_held.c): what the master says of it would undo that for a while.
 */
int source_held(struct source *s);
/* 1 if the list at rv is to be asked for again, as readers have seen more. */
int source_behind(struct source *s, uint64_t rv);

/*
 * Of a feed that was not found (source_gone.c): append the path to ask, of
 * discovery's legacy form, which every version has; 0, or -1 with errno. Then
 * 1 if the answer in s->line has it, 0 if not, -1 if it is no such answer.
 */
int source_ask(const struct source *s, struct buf *b);
int source_is_known(const struct source *s);

#endif
