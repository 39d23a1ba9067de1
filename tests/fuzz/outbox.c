/* The name of an entry, and what is in it: any bytes, two lines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "outbox_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text, *name;
	char again[OUTBOX_NAME_LEN];
	struct outbox_slot s = { 0 };
	json_t *entry;

	if (text == NULL)
		abort();
	name = strsep(&rest, "\n");
	if (outbox_name_parse(&s, name) == 0) {
		outbox_name(&s, again);
		if (strcmp(again, name) != 0 || s.kind >= OUTBOX_KINDS)
			abort();
	}
	entry = rest == NULL ? NULL : json_loads(rest, 0, NULL);
	/* what is replayed names an object */
	if (entry != NULL && outbox_check(entry) == NULL &&
	    json_string_value(json_object_get(entry, "path")) == NULL)
		abort();
	json_decref(entry);
	free(text);
	return 0;
}
