/* Lexer, literals, names as identifiers. */
#include "unit.h"

#include "base/arena.h"
#include "cel/lexer.h"
#include "cel/parse.h"
#include "cel/type.h"

#include <string.h>

/* The tokens of a text: kind names (or `?` for bad ones) and texts. */
static const char *tokens(struct arena *a, const char *text)
{
	struct cel_lexer l = { text, text + strlen(text), 0 };
	char *out = arena_strdup(a, "");

	for (;;) {
		struct cel_token t = cel_lexer_next(&l);

		if (t.kind == TOKEN_END)
			return out;
		out = arena_printf(a, "%s%s%s<%.*s>@%d", out, *out ? " " : "",
				   t.kind == TOKEN_BAD ? "?" : cel_token_name(t.kind), (int)t.n,
				   t.p, t.pos);
	}
}

UNIT_TEST(cel_lexer_takes_the_longest)
{
	struct arena *a = arena_new();

	CHECK_STR(tokens(a, "a<=b"), "IDENTIFIER<a>@0 '<='<<=>@1 IDENTIFIER<b>@3");
	CHECK_STR(tokens(a, "inx in"), "IDENTIFIER<inx>@0 'in'<in>@4");
	CHECK_STR(tokens(a, "1.5e3 1.e"), "NUM_FLOAT<1.5e3>@0 NUM_INT<1>@6 '.'<.>@7 IDENTIFIER<e>@8");
	CHECK_STR(tokens(a, "0x1fU .5 1u"), "NUM_UINT<0x1fU>@0 NUM_FLOAT<.5>@6 NUM_UINT<1u>@9");
	CHECK_STR(tokens(a, "a // b\nc"), "IDENTIFIER<a>@0 IDENTIFIER<c>@7");
	CHECK_STR(tokens(a, "r'a\\' b\"x\" br''"), "STRING<r'a\\'>@0 BYTES<b\"x\">@6 BYTES<br''>@11");
	CHECK_STR(tokens(a, "'''a'\n'''"), "STRING<'''a'\n'''>@0");
	CHECK_STR(tokens(a, "`a-b`"), "ESC_IDENTIFIER<`a-b`>@0");
	CHECK_STR(tokens(a, "\"\xc3\xa9\" x"), "STRING<\"\xc3\xa9\">@0 IDENTIFIER<x>@4");
	arena_free(&a);
}

UNIT_TEST(cel_lexer_reports_as_far_as_it_came)
{
	struct arena *a = arena_new();

	CHECK_STR(tokens(a, "a & b"), "IDENTIFIER<a>@0 ?<& >@2 IDENTIFIER<b>@4");
	CHECK_STR(tokens(a, "@x"), "?<@>@0 IDENTIFIER<x>@1");
	CHECK_STR(tokens(a, "'abc"), "?<'abc>@0");
	CHECK_STR(tokens(a, "'a\\q'"), "?<'a\\q>@0 ?<'>@4");
	CHECK_STR(tokens(a, "\"\"\"a"), "STRING<\"\">@0 ?<\"a>@2");
	arena_free(&a);
}

static const char *literal(struct arena *a, const char *text)
{
	struct cel_lexer l = { text, text + strlen(text), 0 };
	struct cel_token t = cel_lexer_next(&l);
	struct cel_literal v = { 0 };
	const char *why = "?";

	if (!cel_literal_parse(a, &t, false, &v, &why))
		return why;
	return arena_printf(a, "%zu:%s", v.s.n, v.s.p);
}

UNIT_TEST(cel_unescapes)
{
	struct arena *a = arena_new();

	CHECK_STR(literal(a, "'a\\n\\x41\\101\\u00e9'"), "6:a\nAA\xc3\xa9");
	CHECK_STR(literal(a, "'\\xe9'"), "2:\xc3\xa9");
	CHECK_STR(literal(a, "b'\\xe9\\377'"), "2:\xe9\xff");
	CHECK_STR(literal(a, "'\\U0001F600'"), "4:\xf0\x9f\x98\x80");
	CHECK_STR(literal(a, "'\\ud800'"), "invalid unicode code point");
	CHECK_STR(literal(a, "b'\\u00e9'"), "unable to unescape string");
	CHECK_STR(literal(a, "r'\\n'"), "2:\\n");
	CHECK_STR(literal(a, "'''a\r\nb\rc'''"), "5:a\nb\nc");
	CHECK_STR(literal(a, "\"\"\"\"\"\""), "0:");
	CHECK_STR(literal(a, "9223372036854775808"), "invalid int literal");
	CHECK_STR(literal(a, "18446744073709551616u"), "invalid uint literal");
	CHECK_STR(literal(a, "1e999"), "invalid double literal");
	arena_free(&a);
}

UNIT_TEST(cel_escapes_names)
{
	static const char *const pairs[][2] = {
		{ "abc", "abc" },
		{ "a-b", "a__dash__b" },
		{ "a.b/c", "a__dot__b__slash__c" },
		{ "__a", "__underscores__a" },
		{ "namespace", "__namespace__" },
		{ "in", "__in__" },
		{ "int", "int" },
		{ "_", "_" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		CHECK_STR(cel_escape(a, pairs[i][0]), pairs[i][1]);
		CHECK_STR(cel_unescape(a, pairs[i][1]), pairs[i][0]);
	}
	CHECK_STR(cel_escape(a, "1a"), NULL);
	CHECK_STR(cel_escape(a, "a b"), NULL);
	CHECK_STR(cel_escape(a, ""), NULL);
	CHECK_STR(cel_escape(a, "a\xc3\xa9"), NULL);
	CHECK_STR(cel_unescape(a, "a__foo__b"), NULL);
	CHECK_STR(cel_unescape(a, "a__in__"), NULL);
	arena_free(&a);
}
