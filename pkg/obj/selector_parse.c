/*
 * selector_parse: the text form of label selectors.
 *
 * The grammar and the texts of its errors are upstream's (k8s: apimachinery/pkg/labels): a lexer with
 * one token of lookahead; `in` and `notin` are words wherever a key or a value may stand.
 * Values form a set: sorted, each once.
 */
#include "obj/selector_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/status.h"
#include "base/vec.h"

#include <string.h>

enum token {
	T_END,
	T_CLOSE,
	T_COMMA,
	T_NOT,
	T_DOUBLE_EQUALS,
	T_EQUALS,
	T_GT,
	T_WORD,
	T_IN,
	T_LT,
	T_NOT_EQUALS,
	T_NOT_IN,
	T_OPEN,
};

struct parser {
	struct arena *a;
	const char *p;  /* behind the token */
	enum token tok; /* the lookahead; as a value: see value_token() */
	const char *lit;
	VEC(const char *) values;
	struct status *st;
};

#define OPERATORS "in, notin, =, ==, !=, gt, lt"

static bool is_special(char c)
{
	return c && strchr("=!(),><", c);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum token special_token(const char *lit, size_t n)
{
	static const enum token single[] = { T_EQUALS, T_NOT, T_OPEN, T_CLOSE, T_COMMA, T_GT, T_LT };

	if (n == 2)
		return *lit == '=' ? T_DOUBLE_EQUALS : T_NOT_EQUALS;
	return single[strchr("=!(),><", *lit) - "=!(),><"];
}

/* Read the next token into the lookahead. */
static void advance(struct parser *s)
{
	const char *from;
	size_t n;

	while (is_blank(*s->p))
		s->p++;
	from = s->p;
	if (is_special(*from)) {
		n = (*from == '=' || *from == '!') && from[1] == '=' ? 2 : 1;
		s->tok = special_token(from, n);
	} else {
		for (n = 0; from[n] && !is_special(from[n]) && !is_blank(from[n]); n++)
			;
		s->tok = n ? T_WORD : T_END;
	}
	s->lit = arena_dup(s->a, from, n);
	if (strcmp(s->lit, "in") == 0)
		s->tok = T_IN;
	else if (strcmp(s->lit, "notin") == 0)
		s->tok = T_NOT_IN;
	s->p = from + n;
}

/* The lookahead where a key or value may stand. */
static enum token value_token(const struct parser *s)
{
	return s->tok == T_IN || s->tok == T_NOT_IN ? T_WORD : s->tok;
}

/* `found 'x', expected: ...` within a requirement. */
static bool expected(struct parser *s, const char *what)
{
	return status_bad_request(s->st, "unable to parse requirement: found '%s'%s", s->lit, what);
}

static void add_value(struct parser *s, const char *v)
{
	size_t i = 0;

	while (i < s->values.n && strcmp(s->values.p[i], v) < 0)
		i++;
	if (i < s->values.n && strcmp(s->values.p[i], v) == 0)
		return;
	vec_push(&s->values, v);
	memmove(s->values.p + i + 1, s->values.p + i, (s->values.n - 1 - i) * sizeof *s->values.p);
	s->values.p[i] = v;
}

/* Behind "(" up to before ")": words and commas, an empty place being the empty value. */
static bool parse_list(struct parser *s)
{
	for (;;) {
		if (value_token(s) == T_WORD) {
			add_value(s, s->lit);
			advance(s);
			if (s->tok == T_CLOSE)
				return true;
			if (s->tok != T_COMMA)
				return expected(s, ", expected: ',' or ')'");
		} else if (s->tok == T_COMMA) {
			if (!s->values.n)
				add_value(s, "");
			advance(s);
			if (s->tok == T_CLOSE || s->tok == T_COMMA)
				add_value(s, "");
			if (s->tok == T_CLOSE)
				return true;
		} else {
			return expected(s, ", expected: ',', or identifier");
		}
	}
}

static bool parse_values(struct parser *s)
{
	if (s->tok != T_OPEN)
		return expected(s, " expected: '('");
	advance(s);
	if (s->tok == T_CLOSE)
		add_value(s, "");
	else if (value_token(s) != T_WORD && s->tok != T_COMMA)
		return expected(s, ", expected: ',', ')' or identifier");
	else if (!parse_list(s))
		return false;
	advance(s);
	return true;
}

static bool parse_exact_value(struct parser *s)
{
	if (s->tok == T_END || s->tok == T_COMMA) {
		add_value(s, "");
		return true;
	}
	if (value_token(s) != T_WORD)
		return expected(s, ", expected: identifier");
	add_value(s, s->lit);
	advance(s);
	return true;
}

static bool parse_operator(struct parser *s, enum selector_op *op)
{
	static const struct {
		enum token tok;
		enum selector_op op;
	} ops[] = {
		{ T_IN, OP_IN },         { T_NOT_IN, OP_NOT_IN },
		{ T_EQUALS, OP_EQUALS }, { T_DOUBLE_EQUALS, OP_DOUBLE_EQUALS },
		{ T_GT, OP_GT },         { T_NOT_EQUALS, OP_NOT_EQUALS },
		{ T_LT, OP_LT },
	};

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (ops[i].tok == s->tok) {
			*op = ops[i].op;
			advance(s);
			return true;
		}
	return expected(s, ", expected: " OPERATORS);
}

/* [!] key [operator values] */
static bool parse_terms(struct parser *s, struct requirement *r)
{
	bool negated = s->tok == T_NOT;
	const char *bad;

	if (negated)
		advance(s);
	if (value_token(s) != T_WORD)
		return expected(s, ", expected: identifier");
	r->key = s->lit;
	bad = label_key_errors(s->a, r->key);
	if (bad)
		return status_bad_request(s->st,
					  "unable to parse requirement: <nil>: Invalid value: %s: %s",
					  go_quote(s->a, r->key, strlen(r->key)), bad);
	advance(s);
	if (negated || s->tok == T_END || s->tok == T_COMMA) {
		r->op = negated ? OP_ABSENT : OP_EXISTS;
		return true;
	}
	if (!parse_operator(s, &r->op))
		return false;
	return r->op == OP_IN || r->op == OP_NOT_IN ? parse_values(s) : parse_exact_value(s);
}

static bool parse_requirement(struct parser *s, struct requirement *r)
{
	const char *bad;

	s->values.n = 0;
	if (!parse_terms(s, r))
		return false;
	r->n = s->values.n;
	r->values = arena_alloc(s->a, r->n * sizeof *r->values);
	if (r->n)
		memcpy(r->values, s->values.p, r->n * sizeof *r->values);
	bad = requirement_check(s->a, r);
	if (bad)
		return status_bad_request(s->st, "unable to parse requirement: %s", bad);
	return true;
}

/* All requirements, appended to *out on the heap. */
static bool parse_all(struct parser *s, struct requirement **out, size_t *n)
{
	VEC(struct requirement) reqs = { 0 };
	bool ok = true;

	advance(s);
	while (ok && s->tok != T_END) {
		struct requirement r = { 0 };

		if (value_token(s) != T_WORD && s->tok != T_NOT) {
			ok = status_bad_request(
				s->st,
				reqs.n ? "found '%s', expected: identifier after ','" :
					 "found '%s', expected: !, identifier, or 'end of string'",
				s->lit);
			break;
		}
		ok = parse_requirement(s, &r);
		if (!ok)
			break;
		vec_push(&reqs, r);
		if (s->tok == T_END)
			break;
		if (s->tok != T_COMMA) {
			ok = status_bad_request(
				s->st, "found '%s', expected: ',' or 'end of string'", s->lit);
			break;
		}
		advance(s);
		if (s->tok == T_END)
			ok = status_bad_request(s->st, "found '', expected: identifier after ','");
	}
	*out = reqs.p;
	*n = reqs.n;
	return ok;
}

struct selector *selector_parse(struct arena *a, const char *text, struct status *st)
{
	struct parser s = { .a = a, .p = text, .st = st };
	struct requirement *reqs, *kept;
	struct selector *result = NULL;
	size_t n;

	if (parse_all(&s, &reqs, &n)) {
		kept = arena_alloc(a, n * sizeof *kept);
		if (n)
			memcpy(kept, reqs, n * sizeof *kept);
		result = selector_of(a, kept, n);
	}
	vec_release(reqs);
	vec_free(&s.values);
	return result;
}
