/*
 * parse: operators and member accesses, by recursive descent.  (cel-go: parser/parser.go, CEL.g4)
 *
 * The tree is what cel-go's visitor makes of its parse tree: chains of && and || are balanced, an
 * even number of ! or - vanishes, a node's place is that of its operator, bracket or dot.  One
 * function per rule of the grammar; each calls the next in one place, so that the compiler makes few
 * frames of them: the depth of recursion is bounded by limits, the stack by a thread.
 */
#include "cel/parse.h"

#include <string.h>

#include "base/arena.h"
#include "base/vec.h"

#define MAX_RUNES 100000

static const char *operator_name(enum cel_token_kind kind)
{
	switch (kind) {
	case TOKEN_EQ: return "_==_";
	case TOKEN_NE: return "_!=_";
	case TOKEN_IN: return "@in";
	case TOKEN_LT: return "_<_";
	case TOKEN_LE: return "_<=_";
	case TOKEN_GE: return "_>=_";
	case TOKEN_GT: return "_>_";
	case TOKEN_PLUS: return "_+_";
	case TOKEN_MINUS: return "_-_";
	case TOKEN_STAR: return "_*_";
	case TOKEN_SLASH: return "_/_";
	default: return "_%_";
	}
}

static const char *token_dup(struct parser *p, const struct cel_token *t)
{
	return t->kind == TOKEN_ESCAPED ? arena_dup(p->a, t->p + 1, t->n - 2) :
					  arena_dup(p->a, t->p, t->n);
}

/* Behind a dot: the name, or NULL. */
static struct cel_expr *parse_select(struct parser *p, struct cel_expr *operand,
				     const struct cel_token *dot)
{
	bool optional = parser_accept(p, TOKEN_QUESTION);
	const struct cel_token *id = p->tok;
	struct cel_expr *e, *args[2];

	if (!parser_at(p, BIT(TOKEN_IDENT) | BIT(TOKEN_ESCAPED))) {
		parser_mismatch(p, BIT(TOKEN_IDENT) | BIT(TOKEN_ESCAPED));
		issue_add(p->is, id->pos, "unsupported ident kind");
		return node_error(p);
	}
	parser_advance(p);
	if (!optional && id->kind == TOKEN_IDENT && parser_at(p, BIT(TOKEN_LPAREN))) {
		struct height h = p->height;
		int32_t pos = p->tok->pos;
		struct cel_expr **list;
		size_t n;

		parser_advance(p);
		list = parse_args(p, &n);
		tree_join(p, h);
		tree_grow(p, true);
		return node_call_or_macro(p, pos, token_dup(p, id), operand, list, n);
	}
	if (id->kind == TOKEN_ESCAPED)
		issue_add(p->is, id->pos, "unsupported syntax: '`'");
	tree_grow(p, true);
	if (!optional) {
		e = node_new(p, CEL_NODE_SELECT, dot->pos);
		e->select.operand = operand;
		e->select.field = token_dup(p, id);
		return e;
	}
	args[0] = operand;
	args[1] = node_string(p, id->pos, id->p, id->n);
	return node_call(p, dot->pos, "_?._", NULL, args, 2);
}

static struct cel_expr *parse_index(struct parser *p, struct cel_expr *operand,
				    const struct cel_token *open)
{
	bool optional = parser_accept(p, TOKEN_QUESTION);
	struct height h = p->height;
	struct cel_expr *args[2] = { operand, NULL };

	if (!optional)
		parser_sync(p, EXPR_START | BIT(TOKEN_QUESTION));
	args[1] = parse_inner(p, BIT(TOKEN_RBRACKET));
	parser_expect(p, TOKEN_RBRACKET, OPERATORS | POSTFIX | p->closers);
	tree_join(p, h);
	tree_grow(p, true);
	return node_call_or_macro(p, open->pos, optional ? "_[?_]" : "_[_]", NULL, args, 2);
}

/* A dot with nothing behind it that could be selected: reported, and skipped. */
static bool dangling(struct parser *p)
{
	const struct cel_token *dot = p->tok;

	if (dot->kind != TOKEN_DOT || dot[1].kind == TOKEN_IDENT || dot[1].kind == TOKEN_ESCAPED ||
	    dot[1].kind == TOKEN_QUESTION)
		return false;
	p->tok++;
	parser_no_viable(p, dot);
	parser_skip(p, OPERATORS);
	return true;
}

static struct cel_expr *parse_member(struct parser *p)
{
	struct cel_expr *e;

	if (!rule_enter(p, RULE_MEMBER))
		return node_error(p);
	e = parse_primary(p);
	while (parser_at(p, POSTFIX) && !p->dead) {
		const struct cel_token *op = p->tok;

		if (dangling(p))
			break;
		parser_advance(p);
		e = op->kind == TOKEN_DOT ? parse_select(p, e, op) : parse_index(p, e, op);
		if (p->skipped)
			break;
	}
	rule_leave(p, RULE_MEMBER);
	return e;
}

/* The minus belongs to a number behind it. */
static bool negative_literal(const struct parser *p)
{
	return p->tok->kind == TOKEN_MINUS &&
	       (p->tok[1].kind == TOKEN_INT || p->tok[1].kind == TOKEN_FLOAT);
}

enum signs { SIGNS_OK, SIGNS_BAD, SIGNS_AGAIN };

/* Consume a run of ! or of -.  SIGNS_AGAIN: it was wrong, but something may start behind it. */
static enum signs parse_signs(struct parser *p, size_t *n)
{
	const struct cel_token *op = p->tok, *bad;

	*n = 0;
	if (!parser_at(p, BIT(TOKEN_NOT) | BIT(TOKEN_MINUS)) || negative_literal(p))
		return SIGNS_OK;
	for (; p->tok->kind == op->kind; ++*n)
		parser_advance(p);
	bad = p->tok;
	if (parser_at(p, BIT(TOKEN_MINUS)) && !negative_literal(p)) {
		p->tok += bad[1].kind != TOKEN_END;
		parser_no_viable(p, bad);
	} else if (parser_at(p, MEMBER_START)) {
		return SIGNS_OK;
	} else if (op->kind == TOKEN_NOT) {
		parser_extraneous(p, EXPR_START);
	} else {
		parser_no_viable(p, bad - 1);
		p->recovering = false;
		return SIGNS_AGAIN;
	}
	parser_skip(p, OPERATORS);
	return SIGNS_BAD;
}

static struct cel_expr *parse_unary(struct parser *p)
{
	enum signs signs = SIGNS_AGAIN;
	const struct cel_token *op = p->tok;
	size_t n = 0;
	struct cel_expr *e;

	while (signs == SIGNS_AGAIN) {
		if (!parser_sync(p, EXPR_START))
			return node_error(p);
		op = p->tok;
		signs = parse_signs(p, &n);
	}
	if (signs == SIGNS_BAD)
		return node_error(p);
	e = parse_member(p);
	if (n % 2 == 0)
		return e;
	tree_grow(p, false);
	return node_call_or_macro(p, op->pos, op->kind == TOKEN_NOT ? "!_" : "-_", NULL, &e, 1);
}

/* A left-associative chain of binary operators of one set over `next`. */
static struct cel_expr *parse_chain(struct parser *p, uint64_t ops, enum parser_rule rule,
				    struct cel_expr *(*next)(struct parser *p))
{
	struct cel_expr *args[2];

	if (!rule_enter(p, rule))
		return node_error(p);
	args[0] = next(p);
	while (parser_at(p, ops) && !p->dead) {
		const struct cel_token *op = p->tok;
		struct height h = p->height;

		parser_advance(p);
		args[1] = next(p);
		tree_join(p, h);
		tree_grow(p, true);
		args[0] = node_call_or_macro(p, op->pos, operator_name(op->kind), NULL, args, 2);
	}
	rule_leave(p, rule);
	return args[0];
}

static struct cel_expr *parse_product(struct parser *p)
{
	return parse_chain(p, PRODUCTS, RULE_UNARY, parse_unary);
}

static struct cel_expr *parse_calc(struct parser *p)
{
	return parse_chain(p, SUMS, RULE_CALC, parse_product);
}

static struct cel_expr *parse_relation(struct parser *p)
{
	return parse_chain(p, RELATIONS, RULE_RELATION, parse_calc);
}

/* The terms of a chain of && or ||, and where its operators stand. */
struct terms {
	VEC(struct cel_expr *) e;
	VEC(int32_t) ops;
};

static struct cel_expr *balance(struct parser *p, const struct terms *t, const char *name,
				size_t lo, size_t hi)
{
	size_t mid = (lo + hi + 1) / 2;
	struct cel_expr *args[2];

	args[0] = mid == lo ? t->e.p[mid] : balance(p, t, name, lo, mid - 1);
	args[1] = mid == hi ? t->e.p[mid + 1] : balance(p, t, name, mid + 1, hi);
	return node_call(p, t->ops.p[mid], name, NULL, args, 2);
}

static struct cel_expr *parse_logic(struct parser *p, enum cel_token_kind op, const char *name,
				    struct cel_expr *(*next)(struct parser *p))
{
	struct cel_expr *e = next(p);
	struct height h = p->height;
	struct terms t = { 0 };

	if (!parser_at(p, BIT(op)))
		return e;
	vec_push(&t.e, e);
	while (parser_at(p, BIT(op)) && !p->dead) {
		vec_push(&t.ops, p->tok->pos);
		parser_advance(p);
		vec_push(&t.e, next(p));
		tree_join(p, h);
		h = p->height;
	}
	if (t.ops.n)
		e = balance(p, &t, name, 0, t.ops.n - 1);
	for (size_t n = t.ops.n; n; n /= 2)
		tree_grow(p, false);
	vec_free(&t.e);
	vec_free(&t.ops);
	return e;
}

static struct cel_expr *parse_and(struct parser *p)
{
	return parse_logic(p, TOKEN_AND, "_&&_", parse_relation);
}

static struct cel_expr *parse_or(struct parser *p)
{
	return parse_logic(p, TOKEN_OR, "_||_", parse_and);
}

static struct cel_expr *parse_ternary(struct parser *p, struct cel_expr *cond)
{
	uint64_t closers = p->closers, outer = p->outer;
	struct cel_expr *args[3] = { cond };
	int32_t pos = p->tok->pos;
	struct height h = p->height;

	parser_advance(p);
	p->outer |= closers;
	p->closers = BIT(TOKEN_COLON);
	args[1] = parse_or(p);
	p->closers = closers;
	p->outer = outer;
	tree_join(p, h);
	h = p->height;
	if (!parser_expect(p, TOKEN_COLON, EXPR_START))
		return node_error(p);
	args[2] = parse_expr(p);
	tree_join(p, h);
	tree_grow(p, true);
	return node_call_or_macro(p, pos, "_?_:_", NULL, args, 3);
}

struct cel_expr *parse_expr(struct parser *p)
{
	struct cel_expr *e;

	if (!rule_enter(p, RULE_EXPR))
		return node_error(p);
	e = parse_or(p);
	if (parser_at(p, BIT(TOKEN_QUESTION)))
		e = parse_ternary(p, e);
	rule_leave(p, RULE_EXPR);
	return e;
}

struct cel_expr *parse_inner(struct parser *p, uint64_t closers)
{
	uint64_t was = p->closers, outer = p->outer;
	struct cel_expr *e;

	p->outer |= was;
	p->closers = closers;
	e = parse_expr(p);
	p->closers = was;
	p->outer = outer;
	return e;
}

/* All tokens of the text, the last TOKEN_END.  Bad ones are reported and left out. */
static struct cel_token *tokenize(struct arena *a, const char *text, size_t n, struct issues *is)
{
	struct cel_lexer l = { text, text + n, 0 };
	VEC(struct cel_token) v = { 0 };
	struct cel_token *out, t;

	do {
		t = cel_lexer_next(&l);
		if (t.kind == TOKEN_BAD)
			issue_add(is, t.pos, "Syntax error: token recognition error at: '%s'",
				  arena_dup(a, t.p, t.n));
		else
			vec_push(&v, t);
	} while (t.kind != TOKEN_END);
	/* one more, so that looking behind the end is harmless */
	out = arena_alloc(a, (v.n + 1) * sizeof *out);
	memcpy(out, v.p, v.n * sizeof *out);
	out[v.n] = out[v.n - 1];
	vec_free(&v);
	return out;
}

static size_t rune_count(const char *p, const char *end)
{
	size_t n = 0;

	for (; p < end; n++)
		p += cel_rune(p, end);
	return n;
}

struct cel_expr *cel_parse(struct arena *a, const char *text, size_t n, struct issues *is,
			   uint32_t *nids)
{
	struct parser p = { .a = a, .is = is, .closers = BIT(TOKEN_END), .next_id = 1 };
	size_t runes = rune_count(text, text + n);
	struct cel_expr *e;

	if (runes > MAX_RUNES) {
		issue_add(is, ISSUE_NOWHERE,
			  "expression code point size exceeds limit: size: %zu, limit %d", runes,
			  MAX_RUNES);
		return NULL;
	}
	p.tok = tokenize(a, text, n, is);
	e = parse_expr(&p);
	if (!p.dead)
		parser_expect(&p, TOKEN_END, 0);
	*nids = p.next_id;
	return is->n ? NULL : e;
}
