/*
 * A path is a chain of steps; evaluation walks the chain depth first and stops at the first match, so that
 * no set of matches is ever built.  A filter's operands are chains of their own (relative to the item) or
 * literals.  Depth of nesting in a text is bounded, and a step costs at most one walk over the tree below.
 */
#include "obj/jsonpath.h"

#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 8
#define BRANCHES_MAX 64

enum step_type { STEP_FIELD, STEP_SLICE, STEP_ALL, STEP_DEEP, STEP_FILTER, STEP_UNION };
enum test { TEST_EXISTS, TEST_EQ, TEST_NE, TEST_LT, TEST_GT, TEST_LE, TEST_GE };

struct operand {
	struct jsonpath *path; /* NULL: literal */
	const struct json *literal;
};

struct jsonpath {
	struct jsonpath *next;
	enum step_type type;
	const char *name;     /* FIELD */
	int64_t from, to, by; /* SLICE */
	bool open_end, single;
	enum test test; /* FILTER */
	struct operand left, right;
	struct jsonpath **branches; /* UNION: chains that the rest follows */
	size_t nbranches;
};

struct parser {
	struct arena *a;
	const char *p, *error;
	int depth;
};

static bool refuse(struct parser *ps, const char *why)
{
	if (!ps->error)
		ps->error = why;
	return false;
}

static void spaces(struct parser *ps)
{
	while (*ps->p == ' ')
		ps->p++;
}

static struct jsonpath *step_new(struct parser *ps, enum step_type type)
{
	struct jsonpath *s = arena_zalloc(ps->a, sizeof *s);

	s->type = type;
	return s;
}

/* A quoted text; the quote is at p. */
static char *quoted(struct parser *ps)
{
	char quote = *ps->p++, *out = arena_strdup(ps->a, ps->p), *to = out;

	while (*ps->p && *ps->p != quote) {
		if (*ps->p == '\\' && ps->p[1])
			ps->p++;
		*to++ = *ps->p++;
	}
	*to = '\0';
	if (*ps->p != quote) {
		refuse(ps, "unterminated quoted string");
		return NULL;
	}
	ps->p++;
	return out;
}

static bool chain_parse(struct parser *ps, struct jsonpath **first, const char *stops);

static bool number(struct parser *ps, int64_t *out)
{
	char *end;

	*out = strtoll(ps->p, &end, 10);
	if (end == ps->p)
		return refuse(ps, "invalid array index");
	ps->p = end;
	return true;
}

/* [2] or [from:to:by] */
static bool slice_parse(struct parser *ps, struct jsonpath **out)
{
	struct jsonpath *s = step_new(ps, STEP_SLICE);

	s->by = 1;
	if (*ps->p != ':' && !number(ps, &s->from))
		return false;
	s->single = *ps->p != ':';
	s->open_end = true;
	if (*ps->p == ':') {
		ps->p++;
		s->open_end = *ps->p == ':' || *ps->p == ']';
		if (!s->open_end && !number(ps, &s->to))
			return false;
	}
	if (*ps->p == ':') {
		ps->p++;
		if (*ps->p != ']' && !number(ps, &s->by))
			return false;
		if (s->by <= 0)
			return refuse(ps, "step must be > 0");
	}
	*out = s;
	return true;
}

static bool operand_parse(struct parser *ps, struct operand *o)
{
	size_t n;

	spaces(ps);
	if (*ps->p == '@' || *ps->p == '.')
		return chain_parse(ps, &o->path, " =!<>)");
	if (*ps->p == '\'' || *ps->p == '"') {
		const char *text = quoted(ps);

		o->literal = text ? json_string(ps->a, text) : NULL;
		return o->literal;
	}
	n = strcspn(ps->p, " =!<>)");
	if (!n)
		return refuse(ps, "unexpected filter operand");
	o->literal = json_parse(ps->a, ps->p, n, NULL, NULL);
	ps->p += n;
	return o->literal || refuse(ps, "unrecognized filter operand");
}

static enum test test_parse(struct parser *ps)
{
	static const struct {
		const char *text;
		enum test test;
	} tests[] = { { "==", TEST_EQ }, { "!=", TEST_NE }, { "<=", TEST_LE },
		      { ">=", TEST_GE }, { "<", TEST_LT },  { ">", TEST_GT } };

	spaces(ps);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		size_t n = strlen(tests[i].text);

		if (strncmp(ps->p, tests[i].text, n))
			continue;
		ps->p += n;
		return tests[i].test;
	}
	return TEST_EXISTS;
}

/* ?(@.a=="x"); '?' is at p */
static bool filter_parse(struct parser *ps, struct jsonpath **out)
{
	struct jsonpath *s = step_new(ps, STEP_FILTER);

	if (ps->p[1] != '(')
		return refuse(ps, "unterminated filter");
	ps->p += 2;
	if (!operand_parse(ps, &s->left))
		return false;
	s->test = test_parse(ps);
	if (s->test != TEST_EXISTS && !operand_parse(ps, &s->right))
		return false;
	spaces(ps);
	if (*ps->p != ')')
		return refuse(ps, "unterminated filter");
	ps->p++;
	*out = s;
	return true;
}

static bool item_parse(struct parser *ps, struct jsonpath **out)
{
	spaces(ps);
	if (*ps->p == '*') {
		ps->p++;
		*out = step_new(ps, STEP_ALL);
		return true;
	}
	if (*ps->p == '?')
		return filter_parse(ps, out);
	if (*ps->p == '\'' || *ps->p == '"') {
		*out = step_new(ps, STEP_FIELD);
		(*out)->name = quoted(ps);
		return (*out)->name;
	}
	if (*ps->p == '@' || *ps->p == '.')
		return chain_parse(ps, out, ",]");
	return slice_parse(ps, out);
}

/* [a] or [a,b,...]; '[' is at p */
static bool bracket_parse(struct parser *ps, struct jsonpath **out)
{
	struct jsonpath *items[BRANCHES_MAX] = { NULL };
	size_t n = 0;

	do {
		ps->p++;
		if (n == BRANCHES_MAX || !item_parse(ps, &items[n++]))
			return refuse(ps, "too many alternatives");
		spaces(ps);
	} while (*ps->p == ',');
	if (*ps->p != ']')
		return refuse(ps, "unterminated array");
	ps->p++;
	*out = items[0];
	if (n == 1)
		return true;
	*out = step_new(ps, STEP_UNION);
	(*out)->branches = arena_alloc(ps->a, n * sizeof *items);
	memcpy((*out)->branches, items, n * sizeof *items);
	(*out)->nbranches = n;
	return true;
}

/* .name, .* or ..; '.' is at p */
static bool dot_parse(struct parser *ps, struct jsonpath **out)
{
	char *name, *to;

	if (ps->p[1] == '.') {
		ps->p++;
		*out = step_new(ps, STEP_DEEP);
		return true;
	}
	if (*++ps->p == '*') {
		ps->p++;
		*out = step_new(ps, STEP_ALL);
		return true;
	}
	*out = step_new(ps, STEP_FIELD);
	name = to = arena_strdup(ps->a, ps->p);
	while (*ps->p && !strchr(" .[]()=!<>,{}|@", *ps->p)) {
		if (*ps->p == '\\' && ps->p[1])
			ps->p++;
		*to++ = *ps->p++;
	}
	*to = '\0';
	(*out)->name = name;
	return true;
}

static bool chain_steps(struct parser *ps, struct jsonpath **last, const char *stops)
{
	while (*ps->p && !strchr(stops, *ps->p)) {
		struct jsonpath *s = NULL;

		if (*ps->p == '.' ? !dot_parse(ps, &s) :
		    *ps->p == '[' ? !bracket_parse(ps, &s) :
				    !refuse(ps, "unexpected character"))
			return false;
		if (s->type == STEP_FIELD && !*s->name)
			continue; /* a lone dot */
		*last = s;
		while (*last)
			last = &(*last)->next;
	}
	return true;
}

static bool chain_parse(struct parser *ps, struct jsonpath **first, const char *stops)
{
	bool ok;

	*first = NULL;
	if (*ps->p == '@' || *ps->p == '$')
		ps->p++;
	if (++ps->depth > NESTING_MAX)
		return refuse(ps, "nested too deeply");
	ok = chain_steps(ps, first, stops);
	if (ok && !*first) {
		*first = step_new(ps, STEP_UNION); /* the item itself */
	}
	ps->depth--;
	return ok;
}

struct jsonpath *jsonpath_parse(struct arena *a, const char *text, struct status *st)
{
	struct parser ps = { .a = a, .p = text };
	struct jsonpath *first;

	if (chain_parse(&ps, &first, ""))
		return first;
	status_bad_request(st, "%s", ps.error ? ps.error : "no path");
	return NULL;
}

/* ---- evaluation ---- */

static const struct json *first_match(const struct jsonpath *p, const struct json *v, int depth);

static int compare_numbers(const struct json *x, const struct json *y)
{
	double a = json_double(x), b = json_double(y);

	return (a > b) - (a < b);
}

static bool test_holds(const struct jsonpath *p, const struct json *item)
{
	const struct json *x = p->left.path ? first_match(p->left.path, item, 0) : p->left.literal;
	const struct json *y = p->right.path ? first_match(p->right.path, item, 0) : p->right.literal;
	int d;

	if (p->test == TEST_EXISTS || !x || !y)
		return p->test == TEST_EXISTS && x;
	if (p->test == TEST_EQ || p->test == TEST_NE)
		return json_equal(x, y) == (p->test == TEST_EQ);
	if (json_is_number(x) && json_is_number(y))
		d = compare_numbers(x, y);
	else if (json_is_string(x) && json_is_string(y))
		d = strcmp(json_str(x), json_str(y));
	else
		return false;
	return p->test == TEST_LT ? d < 0 :
	       p->test == TEST_GT ? d > 0 :
	       p->test == TEST_LE ? d <= 0 :
				    d >= 0;
}

static const struct json *match_slice(const struct jsonpath *p, const struct json *v, int depth)
{
	int64_t n = (int64_t)json_count(v), from = p->from, to = p->to;
	int64_t i = 0;

	if (!json_is_array(v))
		return NULL;
	from += from < 0 ? n : 0;
	if (p->single)
		to = from + 1;
	else if (p->open_end)
		to = n;
	else if (to < 0)
		to += n;
	json_each(item, v) {
		if (i >= from && i < to && (i - from) % p->by == 0) {
			const struct json *m = first_match(p->next, item, depth);

			if (m)
				return m;
		}
		i++;
	}
	return NULL;
}

static const struct json *match_children(const struct jsonpath *p, const struct json *v, int depth)
{
	const struct json *m;

	json_each(item, v) {
		if (p->type == STEP_FILTER && !test_holds(p, item))
			continue;
		m = first_match(p->next, item, depth);
		if (m)
			return m;
	}
	return NULL;
}

/* The value itself, then everything below. */
static const struct json *match_deep(const struct jsonpath *p, const struct json *v, int depth)
{
	const struct json *m = first_match(p->next, v, depth);

	if (m || !v)
		return m;
	json_each(item, v) {
		m = match_deep(p, item, depth);
		if (m)
			return m;
	}
	return NULL;
}

static const struct json *match_union(const struct jsonpath *p, const struct json *v, int depth)
{
	if (!p->nbranches)
		return first_match(p->next, v, depth);
	for (size_t i = 0; i < p->nbranches; i++) {
		const struct json *m = first_match(p->branches[i], v, depth);

		m = m ? first_match(p->next, m, depth) : NULL;
		if (m)
			return m;
	}
	return NULL;
}

static const struct json *first_match(const struct jsonpath *p, const struct json *v, int depth)
{
	if (!p || !v)
		return v;
	switch (p->type) {
	case STEP_FIELD: return first_match(p->next, json_get(v, p->name), depth);
	case STEP_SLICE: return match_slice(p, v, depth);
	case STEP_DEEP: return depth < 2 ? match_deep(p, v, depth + 1) : NULL;
	case STEP_UNION: return match_union(p, v, depth);
	default: return match_children(p, v, depth);
	}
}

const struct json *jsonpath_first(const struct jsonpath *p, const struct json *root)
{
	return first_match(p, root, 0);
}
