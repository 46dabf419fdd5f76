#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"
#include "server/encode.h"
#include "server/table.h"
#include "unit.h"

#include <string.h>

UNIT_TEST(table_metadata_is_a_slice)
{
	static const struct {
		const char *object, *want;
	} rows[] = {
		{ "{\"kind\":\"K\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}",
		  "{\"name\":\"a\"}" },
		{ "{\"kind\":\"K\",\"metadata\":{\"name\":\"a\"},\"spec\":{}}", "{\"name\":\"a\"}" },
		{ "{\"a\":{\"metadata\":{}},\"b\":[{\"metadata\":1}],\"c\":\"\\\"metadata\\\":{\","
		  "\"metadata\":{\"annotations\":{\"k\":\"}]\\\\\\\"{\"}},\"z\":1}",
		  "{\"annotations\":{\"k\":\"}]\\\\\\\"{\"}}" },
		{ "{\"a\":1,\"b\":true,\"c\":null,\"d\":-1.5e3,\"metadata\":{}}", "{}" },
		{ "{\"metadatax\":{\"x\":1},\"xmetadata\":2}", "{}" },
		{ "{}", "{}" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct obj o = { .json = rows[i].object, .len = (uint32_t)strlen(rows[i].object) };
		const char *p;
		size_t n;

		partial_metadata(&o, &p, &n);
		CHECK_MEM(p, n, rows[i].want, strlen(rows[i].want));
	}
}

UNIT_TEST(table_include_object)
{
	struct arena *a = arena_new();
	STATUS_AUTO struct status st = STATUS_INIT;
	enum include x;
	struct query q;

	query_parse(a, "", &q);
	CHECK(table_include(&q, &x, &st) && x == INCLUDE_METADATA);
	query_parse(a, "includeObject=None", &q);
	CHECK(table_include(&q, &x, &st) && x == INCLUDE_NONE);
	query_parse(a, "includeObject=Object", &q);
	CHECK(table_include(&q, &x, &st) && x == INCLUDE_OBJECT);
	query_parse(a, "includeObject=object", &q);
	CHECK(!table_include(&q, &x, &st));
	CHECK_INT(st.code, 400);
	arena_free(&a);
}

UNIT_TEST(indenting_is_that_of_the_printer)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"5",
		"\"a,b:{}\"",
		"{\"a\":[],\"b\":{},\"c\":[1,2,{\"d\":[{}]}]}",
		"[[[]],[{\"k\":\"\\\"[\\\\\"}]]",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct arena *a = arena_new();
		BUF_AUTO struct buf got = BUF_INIT;
		BUF_AUTO struct buf want = BUF_INIT;

		indent_json(&got, texts[i], strlen(texts[i]));
		json_print_pretty(&want, json_parse_own(a, texts[i], strlen(texts[i])));
		if (want.len == 0 || want.p[want.len - 1] != '\n')
			buf_addc(&want, '\n');
		CHECK_STR(got.p, want.p);
		arena_free(&a);
	}
}
