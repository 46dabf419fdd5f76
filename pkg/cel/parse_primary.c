/*
 * parse_primary: what operators work on: names, calls, parentheses, lists, maps, objects, literals.
 */
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "cel/parse.h"
#include "cel/type.h"

struct cel_expr **parse_args(struct parser *p, size_t *n)
{
	VEC(struct cel_expr *) v = { 0 };
	struct height h = { 0, 0 };
	struct cel_expr **out;

	*n = 0;
	if (!parser_at(p, BIT(TOKEN_RPAREN)) && !parser_sync(p, EXPR_START | BIT(TOKEN_RPAREN)))
		goto out;
	while (!parser_at(p, BIT(TOKEN_RPAREN)) && !p->dead) {
		vec_push(&v, parse_inner(p, BIT(TOKEN_COMMA) | BIT(TOKEN_RPAREN)));
		tree_join(p, h);
		h = p->height;
		if (!parser_accept(p, TOKEN_COMMA))
			break;
		if (parser_at(p, BIT(TOKEN_RPAREN)))
			parser_sync(p, EXPR_START);
	}
	parser_expect(p, TOKEN_RPAREN, OPERATORS | POSTFIX | p->closers);
out:
	p->height = h;
	*n = v.n < UINT16_MAX ? v.n : UINT16_MAX;
	out = arena_alloc(p->a, *n * sizeof *out);
	if (*n)
		memcpy(out, v.p, *n * sizeof *out);
	vec_free(&v);
	return out;
}

/* Behind an element: consume the comma if one more follows.  A comma may also be the last. */
static bool another(struct parser *p, enum cel_token_kind close, uint64_t start)
{
	if (!parser_at(p, BIT(TOKEN_COMMA) | BIT(close))) {
		parser_sync(p, BIT(TOKEN_COMMA) | BIT(close));
		return false;
	}
	if (p->tok->kind != TOKEN_COMMA || !(BIT(p->tok[1].kind) & start))
		return false;
	parser_advance(p);
	return true;
}

static struct cel_expr *parse_list(struct parser *p)
{
	VEC(struct cel_expr *) v = { 0 };
	VEC(bool) optional = { 0 };
	const struct cel_token *open = p->tok;
	struct height h = { 0, 0 };
	bool any = false;
	struct cel_expr *e;

	parser_advance(p);
	parser_sync(p, EXPR_START | BIT(TOKEN_QUESTION) | BIT(TOKEN_COMMA) | BIT(TOKEN_RBRACKET));
	while (parser_at(p, EXPR_START | BIT(TOKEN_QUESTION)) && !p->dead) {
		bool opt = parser_accept(p, TOKEN_QUESTION);

		any |= opt;
		vec_push(&optional, opt);
		vec_push(&v, parse_inner(p, BIT(TOKEN_COMMA) | BIT(TOKEN_RBRACKET)));
		tree_join(p, h);
		h = p->height;
		if (!another(p, TOKEN_RBRACKET, EXPR_START | BIT(TOKEN_QUESTION)))
			break;
	}
	parser_accept(p, TOKEN_COMMA);
	parser_expect(p, TOKEN_RBRACKET, OPERATORS | POSTFIX | p->closers);
	e = node_list(p, open->pos, v.p, v.n);
	if (any) {
		bool *b = arena_alloc(p->a, optional.n * sizeof *b);

		memcpy(b, optional.p, optional.n * sizeof *b);
		e->list.optional = b;
	}
	vec_free(&v);
	vec_free(&optional);
	p->height = h;
	tree_grow(p, false);
	return e;
}

/* `key : value` of a map, or `field : value` of an object. */
static bool parse_entry(struct parser *p, bool field, struct cel_entry *out)
{
	struct height h;

	*out = (struct cel_entry){ .optional = parser_accept(p, TOKEN_QUESTION) };
	p->height = (struct height){ 0, 0 };
	if (field) {
		const struct cel_token *t = p->tok;

		if (!parser_sync(p, BIT(TOKEN_IDENT) | BIT(TOKEN_ESCAPED)))
			return false;
		t = p->tok;
		parser_advance(p);
		if (t->kind == TOKEN_ESCAPED)
			issue_add(p->is, t->pos, "unsupported syntax: '`'");
		out->field = arena_dup(p->a, t->p, t->n);
	} else {
		out->key = parse_inner(p, BIT(TOKEN_COLON));
	}
	h = p->height;
	out->pos = p->tok->pos;
	out->id = p->next_id++;
	if (!parser_expect(p, TOKEN_COLON, EXPR_START))
		return false;
	out->value = parse_inner(p, BIT(TOKEN_COMMA) | BIT(TOKEN_RBRACE));
	tree_join(p, h);
	return true;
}

/* Behind the opening brace of a map or an object. */
static struct cel_expr *parse_entries(struct parser *p, int32_t pos, const char *name)
{
	uint64_t start = name ? BIT(TOKEN_IDENT) | BIT(TOKEN_ESCAPED) | BIT(TOKEN_QUESTION) :
				EXPR_START | BIT(TOKEN_QUESTION);
	VEC(struct cel_entry) v = { 0 };
	struct cel_expr *e = node_new(p, name ? CEL_NODE_OBJECT : CEL_NODE_MAP, pos);
	struct height h = { 0, 0 };
	struct cel_entry entry;

	parser_sync(p, start | BIT(TOKEN_COMMA) | BIT(TOKEN_RBRACE));
	while (parser_at(p, start) && !p->dead) {
		if (!parse_entry(p, name != NULL, &entry))
			break;
		vec_push(&v, entry);
		tree_join(p, h);
		h = p->height;
		if (!another(p, TOKEN_RBRACE, start))
			break;
	}
	parser_accept(p, TOKEN_COMMA);
	parser_expect(p, TOKEN_RBRACE, OPERATORS | POSTFIX | p->closers);
	e->map.name = name;
	e->map.n = (uint32_t)v.n;
	e->map.entries = arena_alloc(p->a, v.n * sizeof entry);
	if (v.n)
		memcpy(e->map.entries, v.p, v.n * sizeof entry);
	vec_free(&v);
	p->height = h;
	tree_grow(p, false);
	return e;
}

static struct cel_expr *parse_literal(struct parser *p)
{
	const struct cel_token *first = p->tok;
	bool negative = parser_accept(p, TOKEN_MINUS);
	struct cel_expr *e = node_new(p, CEL_NODE_LITERAL, first->pos);
	const char *why = NULL;

	if (!cel_literal_parse(p->a, p->tok, negative, &e->literal, &why))
		issue_add(p->is, first->pos, "%s", why);
	parser_advance(p);
	return e;
}

/* How many tokens from here make a.b.c, when a brace follows: the name of an object. */
static size_t object_name(const struct parser *p)
{
	const struct cel_token *t = p->tok + (p->tok->kind == TOKEN_DOT);

	while (t[0].kind == TOKEN_IDENT && t[1].kind == TOKEN_DOT && t[2].kind == TOKEN_IDENT)
		t += 2;
	return t[0].kind == TOKEN_IDENT && t[1].kind == TOKEN_LBRACE ? (size_t)(t + 1 - p->tok) : 0;
}

static struct cel_expr *parse_object(struct parser *p, size_t n)
{
	char *name = arena_strdup(p->a, "");
	int32_t pos;

	for (; n > 0; n--) {
		name = arena_printf(p->a, "%s%.*s", name, (int)p->tok->n, p->tok->p);
		parser_advance(p);
	}
	pos = p->tok->pos;
	parser_advance(p);
	return parse_entries(p, pos, name);
}

static struct cel_expr *parse_name(struct parser *p)
{
	const struct cel_token *first = p->tok, *id;
	const char *name;
	struct cel_expr **args;
	int32_t pos;
	size_t n;

	if (parser_accept(p, TOKEN_DOT) && !parser_at(p, BIT(TOKEN_IDENT))) {
		parser_no_viable(p, first);
		parser_skip(p, OPERATORS);
		return node_error(p);
	}
	id = p->tok;
	parser_advance(p);
	name = arena_dup(p->a, first->p, (size_t)(first == id ? id->n : 0));
	if (first != id)
		name = arena_printf(p->a, ".%.*s", (int)id->n, id->p);
	if (cel_reserved(id->p, id->n))
		issue_add(p->is, first->pos, "reserved identifier: %.*s", (int)id->n, id->p);
	pos = p->tok->pos;
	if (!parser_accept(p, TOKEN_LPAREN))
		return node_ident(p, id->pos, name);
	args = parse_args(p, &n);
	tree_grow(p, false);
	return node_call_or_macro(p, pos, name, NULL, args, n);
}

struct cel_expr *parse_primary(struct parser *p)
{
	size_t n = object_name(p);
	struct cel_expr *e;
	int32_t pos = p->tok->pos;

	p->height = (struct height){ 0, 0 };
	if (n)
		return parse_object(p, n);
	if (parser_at(p, BIT(TOKEN_IDENT) | BIT(TOKEN_DOT)))
		return parse_name(p);
	if (parser_at(p, LITERAL_START | BIT(TOKEN_MINUS)))
		return parse_literal(p);
	if (parser_at(p, BIT(TOKEN_LBRACKET)))
		return parse_list(p);
	if (parser_accept(p, TOKEN_LBRACE))
		return parse_entries(p, pos, NULL);
	if (!parser_accept(p, TOKEN_LPAREN))
		return node_error(p);
	e = parse_inner(p, BIT(TOKEN_RPAREN));
	parser_expect(p, TOKEN_RPAREN, OPERATORS | POSTFIX | p->closers);
	return e;
}
