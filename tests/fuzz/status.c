/* Whatever bytes are in a message, a Status is JSON that says what was said. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = strndup((const char *)data, n);
	struct status_cause cause = { text, text, text };
	struct status s = { .code = 404, .causes = &cause, .ncauses = 1 };
	struct buf b = { 0 };
	const char *message;
	json_t *o, *was;

	if (text == NULL)
		return 0;
	s.message = s.name = s.group = s.kind = s.cont = text;
	s.retry_after_seconds = (int)n;
	if (status_write(&b, &s) == -1)
		abort();
	o = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL)
		abort();
	message = json_string_value(json_object_get(o, "message"));
	was = json_string(text); /* NULL where it is not UTF-8 */
	if (was != NULL && text[0] != '\0' && strcmp(message, text) != 0)
		abort();
	json_decref(was);
	json_decref(o);
	buf_free(&b);
	free(text);
	return 0;
}
