#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"
#include "tap.h"

/* An object: key, value, ..., NULL. */
static const char *
lookup(const void *object, const char *key)
{
	const char *const *p = object;

	for (; p[0] != NULL; p += 2)
		if (strcmp(p[0], key) == 0)
			return p[1];
	return NULL;
}

typedef int parse(struct selector *, const char *, char *, size_t);

/* Canonical text, or what is wrong. */
static char *
canon(parse *p, char *(*string)(const struct selector *), const char *text)
{
	struct selector s;
	char why[512] = "";
	char *out;

	if (p(&s, text, why, sizeof(why)) == -1)
		return s.reqs == NULL && errno == EINVAL ? strdup(why) : NULL;
	out = string(&s);
	selector_free(&s);
	return out; /* cppcheck-suppress returnDanglingLifetime */
}

static void
labels(const char *text, const char *want)
{
	char *got = canon(selector_parse_labels, selector_string_labels, text);
	char *again;

	is_str(got, want, text);
	again = canon(selector_parse_labels, selector_string_labels, want);
	if (strncmp(want, "found", 5) != 0 && strncmp(want, "unable", 6) != 0)
		is_str(again, want, "and again");
	free(got);
	free(again);
}

static void
fields(const char *text, const char *want)
{
	char *got = canon(selector_parse_fields, selector_string_fields, text);

	is_str(got, want, text);
	free(got);
}

#define UNABLE "unable to parse requirement: "
#define VALUE                                                               \
	"a valid label must be an empty string or consist of alphanumeric " \
	"characters, '-', '_' or '.', and must start and end with an "      \
	"alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "      \
	"'12345', regex used for validation is "                            \
	"'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define NAME                                                                 \
	"name part must consist of alphanumeric characters, '-', '_' or "    \
	"'.', and must start and end with an alphanumeric character (e.g. "  \
	"'MyName',  or 'my.name',  or '123-abc', regex used for validation " \
	"is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static void
test_labels(void)
{
	labels("", "");
	labels(" \t", "");
	labels("x=a,y=b,z=c", "x=a,y=b,z=c");
	labels("z=a,a==b, m", "a=b,m,z=a");
	labels("x!=a,y=b", "x!=a,y=b");
	labels("x=", "x=");
	labels("x= ,z= ", "x=,z=");
	labels("!x", "!x");
	labels("x>1,z<5", "x>1,z<5");
	labels("x in (b,a,b)", "x in (a,b)");
	labels("x in(a)", "x=a");
	labels("x notin (a)", "x!=a");
	labels("x in ()", "x=");
	labels("x in (,)", "x=");
	labels("x in (foo,,baz),y,z notin ()", "x in (,baz,foo),y,z!=");
	labels("x in (,a)", "x in (,a)");
	labels("x in (a,)", "x in (,a)");
	labels("in in (in,notin)", "in in (in,notin)");
	labels("notin=in", "notin=in");
	labels("x=a,x=a,x=b", "x=a,x=b");
	labels("a.io/b=c,!service.kubernetes.io/headless",
	    "a.io/b=c,!service.kubernetes.io/headless");
}

static void
test_label_errors(void)
{
	labels("x==a==b", "found '==', expected: ',' or 'end of string'");
	labels("!x=a", "found '=', expected: ',' or 'end of string'");
	labels("x,", "found '', expected: identifier after ','");
	labels(",x", "found ',', expected: !, identifier, or 'end of string'");
	labels("!", UNABLE "found '', expected: identifier");
	labels("x y",
	    UNABLE "found 'y', expected: in, notin, =, ==, !=, gt, lt");
	labels("x !y",
	    UNABLE "found '!', expected: in, notin, =, ==, !=, gt, lt");
	labels("x in", UNABLE "found '' expected: '('");
	labels("x in a", UNABLE "found 'a' expected: '('");
	labels("x in (a", UNABLE "found '', expected: ',' or ')'");
	labels("x in (", UNABLE "found '', expected: ',', ')' or identifier");
	labels("x in (a,", UNABLE "found '', expected: ',', or identifier");
	labels("x=(", UNABLE "found '(', expected: identifier");
	labels("x=a||y=b",
	    UNABLE "values[0][x]: Invalid value: \"a||y\": " VALUE);
	labels("x>-1", UNABLE "values[0][x]: Invalid value: \"-1\": " VALUE);
	labels("x=a|", UNABLE "values[0][x]: Invalid value: \"a|\": " VALUE);
	labels("x in (\x01,b)",
	    UNABLE "values[0][x]: Invalid value: \"\\x01\": " VALUE);
	labels("x<a",
	    UNABLE "values[0]: Invalid value: \"a\": for 'Gt', 'Lt' "
		   "operators, the value must be an integer");
	labels("x>a|",
	    UNABLE "[values[0]: Invalid value: \"a|\": for 'Gt', 'Lt' "
		   "operators, the value must be an integer, "
		   "values[0][x]: Invalid value: \"a|\": " VALUE "]");
	labels("-x", UNABLE "<nil>: Invalid value: \"-x\": " NAME);
	labels("a/",
	    UNABLE "<nil>: Invalid value: \"a/\": "
		   "name part must be non-empty; " NAME);
	labels("/a",
	    UNABLE "<nil>: Invalid value: \"/a\": "
		   "prefix part must be non-empty");
}

static void
test_fields(void)
{
	fields("", "");
	fields(",", "");
	fields("a=b", "a=b");
	fields("a==b", "a=b");
	fields("z!=b,a=c", "a=c,z!=b");
	fields("a=", "a=");
	fields("a=b\\,c\\=d\\\\", "a=b\\,c\\=d\\\\");
	fields("a!=\\,", "a!=\\,");
	fields("metadata.name=x,metadata.name=x", "metadata.name=x");
	fields("!=a", "!=a");
	fields("a", "invalid selector: 'a'; can't understand 'a'");
	fields("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'");
	fields("a=b=c",
	    "invalid field selector: "
	    "unescaped character in value: 61");
	fields("a===b",
	    "invalid field selector: "
	    "unescaped character in value: 61");
	fields("a=\\x", "invalid field selector: invalid escape sequence: \\x");
	fields("a=b\\", "invalid field selector: invalid escape sequence: \\");
}

static int
label_match(const char *text, const char *const *object)
{
	struct selector s;
	int rc;

	if (selector_parse_labels(&s, text, NULL, 0) == -1)
		return -1;
	rc = selector_match(&s, lookup, object);
	selector_free(&s);
	return rc;
}

static int
field_match(const char *text, const char *const *object)
{
	struct selector s;
	int rc;

	if (selector_parse_fields(&s, text, NULL, 0) == -1)
		return -1;
	rc = selector_match_fields(&s, lookup, object);
	selector_free(&s);
	return rc;
}

static void
test_match(void)
{
	static const char *const o[] = { "x", "y", "n", "5", "e", "", "in",
		"notin", NULL };
	static const char *const yes[] = { "", "x=y", "x", "!z", "x!=z", "z!=y",
		"z notin (y)", "x in (a,y)", "n>4", "n<6", "n>0", "e",
		"e=", "e in ()", "in=notin", "x=y,n=5" };
	static const char *const no[] = { "x=z", "z", "!x", "x!=y",
		"x notin (a,y)", "z=", "n>5", "n<5", "x>1", "z>1",
		"e!=", "x=y,z=1" };
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		is_int(label_match(yes[i], o), 1, yes[i]);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		is_int(label_match(no[i], o), 0, no[i]);
	is_int(field_match("x=y", o), 1, "a field");
	is_int(field_match("z=", o), 1, "an absent field is empty");
	is_int(field_match("z!=", o), 0, "so it is not another");
	is_int(field_match("z!=a", o), 1, "and not something");
	is_int(field_match("x!=y,n=5", o), 0, "all must match");
}

static void
covers(const char *outer, const char *inner, int want)
{
	struct selector a, b;

	if (!ok(selector_parse_labels(&a, outer, NULL, 0) == 0 &&
		    selector_parse_labels(&b, inner, NULL, 0) == 0 &&
		    selector_covers(&a, &b) == want,
		"[%s] %s [%s]", outer, want ? "covers" : "does not cover",
		inner))
		return;
	selector_free(&a);
	selector_free(&b);
}

static void
test_covers(void)
{
	covers("", "", 1);
	covers("", "a=b", 1);
	covers("a=b", "", 0);
	covers("a=b", "a=b,c=d", 1);
	covers("a=b,c=d", "a=b", 0);
	covers("a", "a=b", 1);
	covers("a", "a in (b,c)", 1);
	covers("a", "a>1", 1);
	covers("a", "a!=b", 0);
	covers("a", "!a", 0);
	covers("!a", "!a", 1);
	covers("!a", "a", 0);
	covers("a in (b,c)", "a=b", 1);
	covers("a in (b,c)", "a in (b,d)", 0);
	covers("a=b", "a", 0);
	covers("a!=b", "a=c", 1);
	covers("a!=b", "a=b", 0);
	covers("a!=b", "!a", 1);
	covers("a!=b", "a", 0);
	covers("a!=b", "a notin (b,c)", 1);
	covers("a notin (b,c)", "a!=b", 0);
	covers("a!=3", "a>5", 1);
	covers("a!=7", "a>5", 0);
	covers("a!=x", "a>5", 1);
	covers("a>3", "a>5", 1);
	covers("a>5", "a>3", 0);
	covers("a>3", "a=4", 1);
	covers("a>3", "a in (3,4)", 0);
	covers("a<5", "a<3", 1);
	covers("a<5", "a>3", 0);
	covers("a=b", "c=b", 0);
}

static void
test_exact(void)
{
	struct selector s;
	char why[8];

	selector_parse_fields(&s, "metadata.name=x,a!=b", NULL, 0);
	is_str(selector_exact(&s, "metadata.name"), "x", "the exact value");
	is_str(selector_exact(&s, "a"), NULL, "not of !=");
	is_str(selector_exact(&s, "z"), NULL, "nor of what is not there");
	selector_free(&s);
	ok(s.reqs == NULL && s.nreqs == 0 && selector_match(&s, lookup, NULL),
	    "empty after free, and matches everything");
	selector_parse_labels(&s, "a in (b,c)", NULL, 0);
	is_str(selector_exact(&s, "a"), NULL, "not of two");
	selector_free(&s);
	is_int(selector_parse_labels(&s, "a b", why, sizeof(why)), -1,
	    "a short buffer for the reason");
	is_str(why, "unable ", "is cut");
}

int
main(void)
{
	test_labels();
	test_label_errors();
	test_fields();
	test_match();
	test_covers();
	test_exact();
	return done_testing();
}
