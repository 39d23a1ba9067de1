#ifndef ACCESS_QUESTION_H
#define ACCESS_QUESTION_H

#include <jansson.h>

#include "access.h"

/* The texts of a question in the order of struct access_question. */
#define ACCESS_TEXTS 10
extern const char *const access_question_names[ACCESS_TEXTS];

/* Borrowed from q, "" for NULL; and back. */
void access_question_texts(const struct access_question *q,
    const char *texts[ACCESS_TEXTS]);
void access_question_set(struct access_question *q,
    const char *const texts[ACCESS_TEXTS]);

/* Set the members of o that q has. 0, or -1 with errno (EILSEQ: no UTF-8). */
int access_question_put(json_t *o, const struct access_question *q);
/*
 * From the members of o, borrowed; others are looked over. The number of
 * members that it has, or -1 with errno EBADMSG.
 */
int access_question_load(struct access_question *q, const json_t *o);

#endif
