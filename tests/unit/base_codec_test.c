/* Encodings, identifiers, hashes, quoting, UTF-8: against Go's results. */
#include "unit.h"

#include "base/arena.h"
#include "base/codec.h"

#include <string.h>

#define QUOTE(a, s) go_quote((a), (s), sizeof(s) - 1)

UNIT_TEST(codec_base64)
{
	struct arena *a = arena_new();
	size_t n;

	CHECK_STR(base64_encode(a, "", 0), "");
	CHECK_STR(base64_encode(a, "f", 1), "Zg==");
	CHECK_STR(base64_encode(a, "fo", 2), "Zm8=");
	CHECK_STR(base64_encode(a, "foo", 3), "Zm9v");
	CHECK_STR(base64_encode(a, "\xfb\xff", 2), "+/8=");
	CHECK_STR(base64url_encode(a, "\xfb\xff", 2), "-_8");
	CHECK_STR(base64_decode(a, "Zm9vYg==", 8, &n), "foob");
	CHECK_INT(n, 4);
	CHECK_STR(base64_decode(a, "Zm\r\n8=", 6, &n), "fo");
	CHECK_STR(base64_decode(a, "", 0, &n), "");
	CHECK(!base64_decode(a, "Zm8", 3, &n));
	CHECK(!base64_decode(a, "Zm8==", 5, &n));
	CHECK(!base64_decode(a, "Z===", 4, &n));
	CHECK(!base64_decode(a, "Zm=8", 4, &n));
	CHECK(!base64_decode(a, "Zm 8", 4, &n));
	CHECK(!base64_decode(a, "-_8=", 4, &n));
	CHECK_MEM(base64url_decode(a, "-_8", 3, &n), 2, "\xfb\xff", 2);
	CHECK(!base64url_decode(a, "Zg==", 4, &n));
	arena_free(&a);
}

UNIT_TEST(codec_base32_hex)
{
	struct arena *a = arena_new();

	CHECK_STR(base32_encode(a, "foobar", 6), "mzxw6ytboi");
	CHECK_STR(base32_encode(a, "", 0), "");
	CHECK_STR(base32_encode(a, "f", 1), "my");
	CHECK_STR(hex_encode(a, "\x00\xab\x7f", 3), "00ab7f");
	arena_free(&a);
}

UNIT_TEST(codec_identifiers)
{
	char u[37], v[37], name[6];

	uuid_new(u);
	uuid_new(v);
	CHECK_INT(strlen(u), 36);
	CHECK(strcmp(u, v) != 0);
	CHECK(u[8] == '-' && u[13] == '-' && u[18] == '-' && u[23] == '-' && u[14] == '4');
	CHECK(strchr("89ab", u[19]));
	random_name(name, 5);
	CHECK_INT(strspn(name, "bcdfghjklmnpqrstvwxz2456789"), 5);
}

UNIT_TEST(codec_hashes)
{
	char out[16];

	CHECK_INT(fnv32a("", 0), 2166136261u);
	CHECK_INT(fnv32a("foobar", 6), 0xbf9cf968u);
	CHECK(fnv64a("foobar", 6) == 0x85944171f73967e8u);
	safe_encode(0, out);
	CHECK_STR(out, "4");
	safe_encode(1234567890, out);
	CHECK_STR(out, "56789bcdf4");
}

UNIT_TEST(codec_url)
{
	struct arena *a = arena_new();

	CHECK_STR(url_decode(a, "a%20b+c%2Fd", 11, false), "a b+c/d");
	CHECK_STR(url_decode(a, "a%20b+c%2fd", 11, true), "a b c/d");
	CHECK(!url_decode(a, "a%2", 3, false));
	CHECK(!url_decode(a, "a%", 2, false));
	CHECK(!url_decode(a, "a%zz", 4, false));
	CHECK(!url_decode(a, "a%00", 4, false));
	CHECK_STR(url_encode(a, "a b/ü~"), "a%20b%2F%C3%BC~");
	arena_free(&a);
}

UNIT_TEST(codec_go_quote)
{
	struct arena *a = arena_new();

	CHECK_STR(QUOTE(a, "plain"), "\"plain\"");
	CHECK_STR(QUOTE(a, "a\"b\\c\n\t\a\v"), "\"a\\\"b\\\\c\\n\\t\\a\\v\"");
	CHECK_STR(QUOTE(a, "\x00\x1f\x7f"), "\"\\x00\\x1f\\x7f\"");
	CHECK_STR(QUOTE(a, "\xff\xc3"), "\"\\xff\\xc3\"");
	CHECK_STR(QUOTE(a, "ü€😀"), "\"ü€😀\"");
	CHECK_STR(QUOTE(a, "\xc2\xa0\xe2\x80\x8b\xf3\xa0\x80\x81"), "\"\\u00a0\\u200b\\U000e0001\"");
	arena_free(&a);
}

UNIT_TEST(codec_utf8)
{
	CHECK(utf8_valid("", 0));
	CHECK(utf8_valid("aü€😀", 10));
	CHECK(!utf8_valid("\xc0\x80", 2));
	CHECK(!utf8_valid("\xe0\x80\x80", 3));
	CHECK(!utf8_valid("\xed\xa0\x80", 3));
	CHECK(!utf8_valid("\xf4\x90\x80\x80", 4));
	CHECK(!utf8_valid("\xf5\x80\x80\x80", 4));
	CHECK(!utf8_valid("\xc3", 1));
	CHECK(!utf8_valid("\x80", 1));
	CHECK(utf8_valid("\xf4\x8f\xbf\xbf", 4));
	CHECK(utf8_valid("\xee\x80\x80", 3));
}
