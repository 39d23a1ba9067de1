#ifndef GOJSON_H
#define GOJSON_H

#include <jansson.h>

#include "buf.h"

/* JSON with the bytes of Go's encoding/json. All: 0, or -1 with errno. */

/* A string, quotes included; s need not end in NUL. It is valid UTF-8. */
int gojson_string(struct buf *b, const char *s, size_t n);
/* Any value: keys sorted, no blanks. */
int gojson_value(struct buf *b, const json_t *v);

#define GOJSON_FLOAT_LEN 40
/*
 * The shortest digits that give d back, as encoding/json writes them; with
 * print != 0 as fmt.Print does. d is finite.
 */
void gojson_float(double d, int print, char out[GOJSON_FLOAT_LEN]);

#endif
