/* Lines of writes.conf: what is taken is printed so that it is taken again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The lines of text, which is cut up. NULL if one is refused. */
static char *
take(char *text)
{
	struct policies ps = { 0 };
	char why[320], *line, *printed = NULL;
	size_t n;
	FILE *out;
	int rc = 0;

	while (rc == 0 && (line = strsep(&text, "\n")) != NULL)
		rc = policy_line(&ps, line, why, sizeof(why));
	if (rc == -1 && memchr(why, '\0', sizeof(why)) == NULL)
		abort();
	if (rc == 0) {
		if ((out = open_memstream(&printed, &n)) == NULL)
			abort();
		policy_print(&ps, out);
		fclose(out);
	}
	policy_free(&ps);
	return printed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *once, *copy, *twice;

	if (text == NULL)
		abort();
	if ((once = take(text)) != NULL) {
		if ((copy = strdup(once)) == NULL ||
		    (twice = take(copy)) == NULL || strcmp(once, twice) != 0)
			abort();
		free(copy);
		free(twice);
	}
	free(once);
	free(text);
	return 0;
}
