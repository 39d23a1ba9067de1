#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "tap.h"

static void
test_adding(void)
{
	struct buf b = { 0 };
	int i;

	buf_drain(&b, 0);
	is_int(buf_puts(&b, ""), 0, "adding nothing");
	is_str(b.data, "", "leaves a NUL");
	buf_add(&b, "a\0b", 3);
	is_int((long long)b.len, 3, "bytes, NUL included");
	buf_drain(&b, 2);
	is_str(b.data, "b", "drain drops the first bytes");
	buf_drain(&b, 99);
	is_int((long long)b.len, 0, "drain of too much empties");
	for (i = 0; i < 10000; i++)
		buf_printf(&b, "%04d", i);
	is_int((long long)b.len, 40000, "grows");
	is_str(b.data + 39996, "9999", "keeps the NUL behind");
	errno = 0;
	ok(buf_reserve(&b, SIZE_MAX - 8) == -1 && errno == EOVERFLOW &&
		b.len == 40000,
	    "too much is EOVERFLOW and changes nothing");
	buf_free(&b);
	ok(b.data == NULL && b.cap == 0 && buf_puts(&b, "x") == 0,
	    "reusable after free");
	buf_free(&b);
}

static void
json_is(const char *in, const char *want, const char *name)
{
	struct buf b = { 0 };

	buf_json(&b, in);
	is_str(b.data, want, name);
	buf_free(&b);
}

static void
test_json(void)
{
	json_is("", "\"\"", "empty");
	json_is("a\"b\\c/", "\"a\\\"b\\\\c/\"", "quotes and backslashes");
	json_is("\n\r\t\x01\x1f\x7f", "\"\\n\\r\\t\\u0001\\u001f\x7f\"",
	    "control bytes");
	json_is("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", "UTF-8 stays");
	json_is("\xff"
		"a\xc3",
	    "\"\\ufffda\\ufffd\"", "a byte that is no UTF-8");
	json_is("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "a surrogate");
	json_is("\xc0\x80", "\"\\ufffd\\ufffd\"", "an overlong form");
	json_is("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"",
	    "beyond U+10FFFF");
}

static void
test_files(void)
{
	char path[] = "/tmp/ote-buf.XXXXXX";
	struct buf b = { 0 };
	int fd = mkstemp(path);

	ok(fd != -1 && write(fd, "0123456789", 10) == 10, "a file");
	is_int(buf_puts(&b, "x"), 0, "something before");
	is_int(buf_read_file(&b, AT_FDCWD, path, 10), 0, "read whole");
	is_str(b.data, "x0123456789", "appended");
	errno = 0;
	ok(buf_read_file(&b, AT_FDCWD, path, 9) == -1 && errno == EFBIG,
	    "more than max is EFBIG");
	is_str(b.data, "x0123456789", "and changes nothing");
	unlink(path);
	errno = 0;
	ok(buf_read_file(&b, AT_FDCWD, path, 9) == -1 && errno == ENOENT,
	    "no such file");
	close(fd);
	buf_free(&b);
}

int
main(void)
{
	test_adding();
	test_json();
	test_files();
	return done_testing();
}
