#include <stdlib.h>
#include <string.h>

#include "items.h"
#include "tap.h"

static void
refused(const char *text, const char *want)
{
	struct token t;
	char why[320] = "";

	ok(token_parse(&t, text, "", why, sizeof(why)) == -1, "%.80s", text);
	is_str(why, want, "says why");
}

static void
again(const char *key, const char *ns, const char *from)
{
	struct token t = { 0 };
	char why[320], *text = token_make(key, ns, 42);

	ok(text != NULL && strchr(text, '=') == NULL, "a token behind %s", key);
	ok(text != NULL && token_parse(&t, text, ns, why, sizeof(why)) == 0 &&
		t.rv == 42,
	    "is read again");
	is_str(t.from, from, "and goes on there");
	free(text);
}

int
main(void)
{
	struct token t = { 0 };
	char why[320], *text;

	again("default/a", "", "default/a\001");
	again("default/a", "default", "default/a\001");
	again("node-1", "", "node-1\001");
	again("default/ab", "", "default/ab\001");
	again("default/abc", "", "default/abc\001");
	/* what kube-apiserver 1.36 makes */
	ok(token_parse(&t,
	       "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJkZWZhdWx0L2"
	       "EifQ",
	       "", why, sizeof(why)) == 0,
	    "the master's");
	is_str(t.from, "default/a", "begins at its key");
	text = token_again("default/a\001", "default");
	ok(text != NULL &&
		token_parse(&t, text, "default", why, sizeof(why)) == 0 &&
		t.rv == -1,
	    "one without a moment");
	is_str(t.from, "default/a\001", "at the same place");
	free(text);
	refused("xx!",
	    "continue key is not valid: illegal base64 data at "
	    "input byte 2");
	refused("x",
	    "continue key is not valid: illegal base64 data at input "
	    "byte 1");
	refused("e30",
	    "continue key is not valid: server does not recognize "
	    "this encoded version ");
	refused("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJzdGFydCI6ImEifQ",
	    "continue key is not valid: incorrect encoded start "
	    "resourceVersion (version meta.k8s.io/v1)");
	refused("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi9hIn0",
	    "continue key is not valid: ../a");
	refused("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0",
	    "continue key is not valid: encoded start key empty (version "
	    "meta.k8s.io/v1)");
	done_testing();
}
