/*
 * check_format: 'text %s'.format([..]) with a literal text and a literal list: every clause must suit
 * the type of its argument.  (cel-go: ext/formatting.go, the validator of version 1)
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cel/check.h"

#define KIND(k) (1u << CEL_KIND_##k)
#define INTS (KIND(INT) | KIND(UINT))
#define PRINTABLE                                                                   \
	(INTS | KIND(LIST) | KIND(MAP) | KIND(DOUBLE) | KIND(BOOL) | KIND(STRING) | \
	 KIND(TIMESTAMP) | KIND(BYTES) | KIND(DURATION) | KIND(TYPE) | KIND(NULL))

static const struct clause {
	char letter;
	unsigned kinds;
	const char *fault;
} clauses[] = {
	{ 's', PRINTABLE,
	  "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, "
	  "durations, and timestamps" },
	{ 'd', INTS, "decimal clause can only be used on integers" },
	{ 'f', KIND(DOUBLE) | KIND(STRING), "fixed-point clause can only be used on doubles" },
	{ 'e', KIND(DOUBLE) | KIND(STRING), "scientific clause can only be used on doubles" },
	{ 'b', INTS | KIND(BOOL), "only integers and bools can be formatted as binary" },
	{ 'x', INTS | KIND(STRING) | KIND(BYTES),
	  "only integers, byte buffers, and strings can be formatted as hex" },
	{ 'X', INTS | KIND(STRING) | KIND(BYTES),
	  "only integers, byte buffers, and strings can be formatted as hex" },
	{ 'o', INTS, "octal clause can only be used on integers" },
};

static bool suits(const struct cel_expr *e, unsigned kinds)
{
	return e->type->kind == CEL_KIND_DYN || (kinds >> e->type->kind & 1);
}

/* The first thing in it that %s cannot show, or NULL. */
static const struct cel_expr *unprintable(const struct cel_expr *e)
{
	const struct cel_expr *bad = NULL;

	if (!suits(e, PRINTABLE))
		return e;
	for (uint32_t i = 0; e->kind == CEL_NODE_LIST && i < e->list.n && !bad; i++)
		bad = unprintable(e->list.items[i]);
	for (uint32_t i = 0; e->kind == CEL_NODE_MAP && i < e->map.n && !bad; i++) {
		bad = unprintable(e->map.entries[i].key);
		if (!bad)
			bad = unprintable(e->map.entries[i].value);
	}
	return bad;
}

/* Skip the precision of a clause; NULL or what is wrong with it. */
static const char *precision_skip(struct checker *c, const char **s, const char *end)
{
	static const char where[] =
		"could not parse formatting clause: error while parsing precision";
	const char *digits;
	char *text;

	if (**s != '.')
		return NULL;
	digits = ++*s;
	while (*s < end && isdigit((unsigned char)**s))
		++*s;
	if (*s == end)
		return arena_printf(c->a, "%s: could not find end of precision specifier", where);
	text = arena_dup(c->a, digits, (size_t)(*s - digits));
	errno = 0;
	strtoll(text, NULL, 10);
	if (*text && !errno)
		return NULL;
	return arena_printf(c->a,
			    "%s: error while converting precision to integer: strconv.Atoi: parsing "
			    "\"%s\": %s",
			    where, text, *text ? "value out of range" : "invalid syntax");
}

/* The clause at *s for the argument: true, or an issue. */
static bool clause_check(struct checker *c, const struct cel_expr *call, const char **s,
			 const char *end, const struct cel_expr *arg)
{
	const char *fault = precision_skip(c, s, end);
	const struct cel_expr *bad;
	size_t i = 0, n = sizeof clauses / sizeof *clauses;

	if (fault) {
		issue_add(c->is, call->pos, "%s", fault);
		return false;
	}
	while (i < n && clauses[i].letter != **s)
		i++;
	if (i == n) {
		issue_add(c->is, call->pos,
			  "could not parse formatting clause: unrecognized formatting clause \"%c\"",
			  **s);
		return false;
	}
	++*s;
	bad = i == 0 ? unprintable(arg) : suits(arg, clauses[i].kinds) ? NULL : arg;
	if (bad)
		issue_add(c->is, bad->pos, "error during formatting: %s, was given %s",
			  clauses[i].fault, bad->type->name);
	return !bad;
}

static void format_check(struct checker *c, const struct cel_expr *e, const char *s,
			 const char *end, const struct cel_expr *list)
{
	uint32_t asked = 0;

	while (s < end) {
		if (*s++ != '%')
			continue;
		if (s < end && *s == '%') {
			s++;
			continue;
		}
		if (s == end) {
			issue_add(c->is, e->pos, "unexpected end of string");
			return;
		}
		if (asked >= list->list.n) {
			issue_add(c->is, e->pos, "index %u out of range", asked);
			return;
		}
		if (!clause_check(c, e, &s, end, list->list.items[asked++]))
			return;
	}
	if (list->list.n > asked)
		issue_add(c->is, e->pos,
			  "too many arguments supplied to string.format (expected %u, got %u)",
			  asked, list->list.n);
}

void check_format(struct checker *c, const struct cel_expr *e)
{
	const struct cel_expr *text = e->call.target;

	if (!text || strcmp(e->call.name, "format") != 0 || e->call.nargs != 1)
		return;
	if (text->kind != CEL_NODE_LITERAL || text->literal.kind != CEL_KIND_STRING ||
	    e->call.args[0]->kind != CEL_NODE_LIST)
		return;
	format_check(c, e, text->literal.s.p, text->literal.s.p + text->literal.s.n, e->call.args[0]);
}
