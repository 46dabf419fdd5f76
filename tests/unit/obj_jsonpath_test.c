/* Paths of printer columns: what they select, and what is no path. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/jsonpath.h"

#include <string.h>

static const char document[] =
	"{\"a\":{\"b\":[1,2,3],\"x.y\":\"dot\"},\"c\":[{\"type\":\"Ready\",\"status\":\"True\",\"n\":1},"
	"{\"type\":\"Other\",\"status\":\"False\",\"n\":2}],\"s\":\"text\",\"null\":null}";

/* The first match as JSON, "-" when there is none, "!" when the text is no path. */
static const char *find(struct arena *a, const char *path)
{
	const struct jsonpath *p = jsonpath_parse(a, path, NULL);
	const struct json *doc = json_parse_own(a, document, strlen(document));
	const struct json *v = p ? jsonpath_first(p, doc) : NULL;

	return !p ? "!" : v ? json_text(a, v) : "-";
}

UNIT_TEST(jsonpath_selects)
{
	static const char *const cases[][2] = {
		{ ".s", "\"text\"" },
		{ ".a.b[0]", "1" },
		{ ".a.b[-1]", "3" },
		{ ".a.b[1:]", "2" },
		{ ".a.b[0:3:2]", "1" },
		{ ".a.b[7]", "-" },
		{ ".a['x.y']", "\"dot\"" },
		{ ".a.x\\.y", "\"dot\"" },
		{ ".c[?(@.type==\"Ready\")].status", "\"True\"" },
		{ ".c[?(@.type=='Other')].status", "\"False\"" },
		{ ".c[?(@.type!='Ready')].n", "2" },
		{ ".c[?(@.n>1)].type", "\"Other\"" },
		{ ".c[?(@.n<=1)].type", "\"Ready\"" },
		{ ".c[?(@.none)].type", "-" },
		{ ".c[?(@.n)].type", "\"Ready\"" },
		{ ".c[*].n", "1" },
		{ ".a.*", "[1,2,3]" },
		{ "..status", "\"True\"" },
		{ ".none.of.this", "-" },
		{ ".null", "null" },
		{ ".a.b[1,2]", "2" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_STR(find(a, cases[i][0]), cases[i][1]);
	arena_free(&a);
}

UNIT_TEST(jsonpath_refuses)
{
	static const char *const cases[] = { ".a[",    ".a['b",     ".a[?(@.b", ".a[x]",
					     ".a[?@]", ".a[1:2:0]", "a b" };
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_STR(find(a, cases[i]), "!");
	arena_free(&a);
}
