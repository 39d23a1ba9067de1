#include "gojson.h"
#include "tap.h"

static void
number(double d, const char *json, const char *print)
{
	char text[GOJSON_FLOAT_LEN];

	gojson_float(d, 0, text);
	is_str(text, json, json);
	gojson_float(d, 1, text);
	is_str(text, print, print);
}

static void
value(const char *text, const char *want)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	struct buf b = { 0 };

	ok(gojson_value(&b, v) == 0, "%s is written", text);
	is_str(b.data, want, want);
	buf_free(&b);
	json_decref(v);
}

int
main(void)
{
	number(0, "0", "0");
	number(1, "1", "1");
	number(-1.5, "-1.5", "-1.5");
	number(0.1, "0.1", "0.1");
	number(100, "100", "100");
	number(123456, "123456", "123456");
	number(1234567, "1234567", "1.234567e+06");
	number(123456789.5, "123456789.5", "1.234567895e+08");
	number(1e20, "100000000000000000000", "1e+20");
	number(1e21, "1e+21", "1e+21");
	number(1.25e100, "1.25e+100", "1.25e+100");
	number(0.0001, "0.0001", "0.0001");
	number(0.00001, "0.00001", "1e-05");
	number(1e-7, "1e-7", "1e-07");
	number(1.7976931348623157e308, "1.7976931348623157e+308",
	    "1.7976931348623157e+308");
	number(5e-324, "5e-324", "5e-324");
	value("{\"b\":[1,true,null,2.50],\"a\":{}}",
	    "{\"a\":{},\"b\":[1,true,null,2.5]}");
	value("\"<&>\\n\\u0001\\u2028\\\"\"",
	    "\"\\u003c\\u0026\\u003e\\n\\u0001\\u2028\\\"\"");
	return done_testing();
}
