/*
 * The bytes of an object as a journal has them: the members that are kept, on
 * one line, kind and apiVersion among them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"

int
journal_cut(const struct project *keep, struct buf *b, const char **object,
    size_t *len)
{
	if (keep->n == 0)
		return 0;
	if (project_object(keep, *object, *len, b) == -1)
		return -1;
	*object = b->data;
	*len = b->len;
	return 0;
}

int
journal_normalize(struct buf *b, const char *object, size_t len,
    const char *kind, const char *api_version)
{
	static const char k[] = "{\"kind\":", v[] = "{\"apiVersion\":";
	json_t *o;
	char *text;
	int rc = -1;

	if (len < 2 || *object != '{') {
		errno = EBADMSG;
		return -1;
	}
	if (memchr(object, '\n', len) != NULL) {
		/* not as an apiserver writes: make one line of it */
		if ((o = json_loadb(object, len, 0, NULL)) == NULL) {
			errno = EBADMSG;
			return -1;
		}
		text = json_dumps(o, JSON_COMPACT);
		json_decref(o);
		if (text == NULL) {
			errno = ENOMEM;
			return -1;
		}
		rc =
		    journal_normalize(b, text, strlen(text), kind, api_version);
		free(text);
		return rc;
	}
	if (kind == NULL || strncmp(object, k, sizeof(k) - 1) == 0 ||
	    strncmp(object, v, sizeof(v) - 1) == 0)
		return buf_add(b, object, len);
	if (buf_puts(b, "{\"kind\":") == 0 && buf_json(b, kind) == 0 &&
	    buf_puts(b, ",\"apiVersion\":") == 0 &&
	    buf_json(b, api_version) == 0 &&
	    buf_puts(b, object[1] == '}' ? "" : ",") == 0)
		rc = buf_add(b, object + 1, len - 1);
	return rc;
}
