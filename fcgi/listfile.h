#ifndef LISTFILE_H
#define LISTFILE_H

#include "feeds.h"
#include "items.h"
#include "render.h"

/* The file that has what r asks for, by its namespace and selectors, or NULL. */
struct list_file *list_find(const struct feed_handle *h,
    const struct request *r);
/*
 * Write one. NULL with errno, or where it would be too small or too large: the
 * items must be read again from the first one then.
 */
struct list_file *list_make(struct feed_handle *h, const struct request *r,
    struct items *it, struct render *d, const struct render_list *head);
/* Answer with it. warning: as in struct out. */
void list_send(struct request *r, struct list_file *l, const char *warning);

#endif
