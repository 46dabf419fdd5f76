/*
 * parse_repair: tokens, syntax errors and how the parser goes on after them; its limits.
 *
 * The generated parser repairs an input by deleting or inserting one token where this fits, else it
 * skips to something that may follow and goes on, silently until a token matches again.  The same
 * is done here with two sets: `closers` of the innermost construct and `outer` of all around it.
 *
 * Limits: its rules may nest 250 deep, where a chain like a.b.c nests a rule per link; trees may be
 * 250 high, counted in operators and selections.  Beyond upstream, a tree has at most MAX_NODES
 * nodes, for optMap() doubles its receiver.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/parse.h"
#include "cel/type.h"

#define MAX_DEPTH 250
#define MAX_HEIGHT 250
#define MAX_TREE 500
#define MACRO_HEIGHT 3 /* what an expansion puts above its arguments */
#define MAX_NODES 100000
#define MAX_RECOVERIES 30
#define MAX_SKIP 256

/* ---- tokens and errors ---- */

bool parser_at(const struct parser *p, uint64_t set)
{
	return (BIT(p->tok->kind) & set) != 0;
}

void parser_advance(struct parser *p)
{
	if (p->tok->kind != TOKEN_END)
		p->tok++;
	p->recovering = p->skipped = false;
}

bool parser_accept(struct parser *p, enum cel_token_kind kind)
{
	if (p->tok->kind != kind)
		return false;
	parser_advance(p);
	return true;
}

void parser_die(struct parser *p, const char *text)
{
	if (!p->dead)
		issue_add(p->is, ISSUE_NOWHERE, "%s", text);
	p->dead = true;
	while (p->tok->kind != TOKEN_END)
		p->tok++;
}

/* A token as messages show it. */
static const char *token_text(struct parser *p, const struct cel_token *t)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (t->kind == TOKEN_END)
		return "'<EOF>'";
	buf_addc(&b, '\'');
	for (size_t i = 0; i < t->n; i++) {
		switch (t->p[i]) {
		case '\n': buf_adds(&b, "\\n"); break;
		case '\r': buf_adds(&b, "\\r"); break;
		case '\t': buf_adds(&b, "\\t"); break;
		default: buf_addc(&b, t->p[i]);
		}
	}
	buf_addc(&b, '\'');
	return arena_dup(p->a, b.p, b.len);
}

static const char *set_text(struct parser *p, uint64_t set)
{
	BUF_AUTO struct buf b = BUF_INIT;
	unsigned n = 0;

	if (set & BIT(TOKEN_END)) { /* upstream's is -1, so it comes first */
		buf_adds(&b, cel_token_name(TOKEN_END));
		n++;
	}
	for (unsigned k = 0; k < TOKEN_END; k++) {
		if (!(set & BIT(k)))
			continue;
		buf_addf(&b, "%s%s", n++ ? ", " : "", cel_token_name((enum cel_token_kind)k));
	}
	return arena_printf(p->a, n > 1 ? "{%s}" : "%s", b.p);
}

static void parser_syntax_error(struct parser *p, const struct cel_token *t, const char *text)
{
	if (p->dead || p->recovering)
		return;
	p->recovering = true;
	issue_add(p->is, t->pos, "Syntax error: %s", text);
}

void parser_mismatch(struct parser *p, uint64_t expected)
{
	parser_syntax_error(p, p->tok,
			    arena_printf(p->a, "mismatched input %s expecting %s",
					 token_text(p, p->tok), set_text(p, expected)));
}

void parser_no_viable(struct parser *p, const struct cel_token *from)
{
	const char *end = p->tok->kind == TOKEN_END ? from[0].p : p->tok->p + p->tok->n;
	struct cel_token all = *from;

	/* the text up to the offending token, which the end of the input has none of */
	for (const struct cel_token *t = from; t < p->tok && p->tok->kind == TOKEN_END; t++)
		end = t->p + t->n;
	all.n = (size_t)(end - from->p);
	if (parser_at(p, BIT(TOKEN_NULL) | BIT(TOKEN_TRUE) | BIT(TOKEN_FALSE)) &&
	    all.n == p->tok->n + 1)
		parser_mismatch(p, BIT(TOKEN_IDENT));
	else
		parser_syntax_error(p, p->tok,
				    arena_printf(p->a, "no viable alternative at input %s",
						 token_text(p, &all)));
}

void parser_extraneous(struct parser *p, uint64_t expected)
{
	parser_syntax_error(p, p->tok,
			    arena_printf(p->a, "extraneous input %s expecting %s",
					 token_text(p, p->tok), set_text(p, expected)));
}

/* Count an attempt to repair the input; false when there were too many. */
static bool recovery_count(struct parser *p)
{
	if (p->dead)
		return false;
	if (p->recoveries++ < MAX_RECOVERIES)
		return true;
	p->recovering = false;
	parser_syntax_error(p, p->tok, "error recovery attempt limit exceeded: 30");
	p->dead = true;
	while (p->tok->kind != TOKEN_END)
		p->tok++;
	return false;
}

/* Drop the current token if the next is in the set, as if it were not there. */
static bool delete_one(struct parser *p, uint64_t expected)
{
	if (p->tok->kind == TOKEN_END || !(BIT(p->tok[1].kind) & expected))
		return false;
	parser_extraneous(p, expected);
	p->tok++;
	p->recovering = false;
	return true;
}

/* Skip to what may follow here or further out. */
void parser_skip(struct parser *p, uint64_t more)
{
	unsigned n = 0;

	p->skipped = true;
	if (!recovery_count(p))
		return;
	while (!parser_at(p, p->outer | p->closers | more | BIT(TOKEN_END))) {
		p->tok++;
		if (++n > MAX_SKIP)
			parser_die(p, "error recovery token lookahead limit exceeded: 256");
	}
}

/* Where one of the set must start: true when it does, perhaps after a repair. */
bool parser_sync(struct parser *p, uint64_t expected)
{
	if (parser_at(p, expected) || (!p->recovering && delete_one(p, expected)))
		return true;
	parser_mismatch(p, expected);
	parser_skip(p, OPERATORS);
	return false;
}

/* Consume `kind`, or act as if it were there when `after` may follow it. */
bool parser_expect(struct parser *p, enum cel_token_kind kind, uint64_t after)
{
	if (parser_accept(p, kind))
		return true;
	if (!recovery_count(p))
		return false;
	if (delete_one(p, BIT(kind))) {
		parser_advance(p);
		return true;
	}
	if (parser_at(p, after)) {
		parser_syntax_error(p, p->tok,
				    arena_printf(p->a, "missing %s at %s", cel_token_name(kind),
						 token_text(p, p->tok)));
		return true;
	}
	parser_mismatch(p, BIT(kind));
	parser_skip(p, kind == TOKEN_COLON ? 0 : after);
	return false;
}

/* ---- limits ---- */

bool rule_enter(struct parser *p, enum parser_rule rule)
{
	if (++p->depth[rule] > MAX_DEPTH)
		parser_die(p, "expression recursion limit exceeded: 250");
	return !p->dead;
}

void rule_leave(struct parser *p, enum parser_rule rule)
{
	p->depth[rule]--;
}

void tree_join(struct parser *p, struct height h)
{
	if (h.counted > p->height.counted)
		p->height.counted = h.counted;
	if (h.all > p->height.all)
		p->height.all = h.all;
}

void tree_grow(struct parser *p, bool counted)
{
	p->height.counted += counted;
	if (++p->height.all > MAX_TREE || p->height.counted > MAX_HEIGHT)
		parser_die(p, "max recursion depth exceeded");
}

/* ---- nodes ---- */

struct cel_expr *node_new(struct parser *p, enum cel_node kind, int32_t pos)
{
	struct cel_expr *e = arena_zalloc(p->a, sizeof *e);

	e->kind = (uint8_t)kind;
	e->id = p->next_id++;
	e->pos = pos;
	if (p->next_id > MAX_NODES)
		parser_die(p, "expression node limit exceeded");
	return e;
}

struct cel_expr *node_bool(struct parser *p, int32_t pos, bool v)
{
	struct cel_expr *e = node_new(p, CEL_NODE_LITERAL, pos);

	e->literal.kind = CEL_KIND_BOOL;
	e->literal.b = v;
	return e;
}

struct cel_expr *node_int(struct parser *p, int32_t pos, int64_t v)
{
	struct cel_expr *e = node_new(p, CEL_NODE_LITERAL, pos);

	e->literal.kind = CEL_KIND_INT;
	e->literal.i = v;
	return e;
}

struct cel_expr *node_string(struct parser *p, int32_t pos, const char *s, size_t n)
{
	struct cel_expr *e = node_new(p, CEL_NODE_LITERAL, pos);

	e->literal.kind = CEL_KIND_STRING;
	e->literal.s.p = arena_dup(p->a, s, n);
	e->literal.s.n = n;
	return e;
}

struct cel_expr *node_ident(struct parser *p, int32_t pos, const char *name)
{
	struct cel_expr *e = node_new(p, CEL_NODE_IDENT, pos);

	e->ident.name = name;
	return e;
}

struct cel_expr *node_call(struct parser *p, int32_t pos, const char *name, struct cel_expr *target,
			   struct cel_expr *const *args, size_t n)
{
	struct cel_expr *e = node_new(p, CEL_NODE_CALL, pos);

	e->call.name = name;
	e->call.target = target;
	e->call.args = arena_alloc(p->a, n * sizeof *args);
	if (n)
		memcpy(e->call.args, args, n * sizeof *args);
	e->call.nargs = (uint16_t)n;
	return e;
}

struct cel_expr *node_list(struct parser *p, int32_t pos, struct cel_expr *const *items, size_t n)
{
	struct cel_expr *e = node_new(p, CEL_NODE_LIST, pos);

	e->list.items = arena_alloc(p->a, n * sizeof *items);
	if (n)
		memcpy(e->list.items, items, n * sizeof *items);
	e->list.n = (uint32_t)n;
	return e;
}

struct cel_expr *node_error(struct parser *p)
{
	p->height = (struct height){ 0, 0 };
	return node_new(p, CEL_NODE_ERROR, p->tok->pos);
}

struct cel_expr *node_call_or_macro(struct parser *p, int32_t pos, const char *name,
				    struct cel_expr *target, struct cel_expr *const *args, size_t n)
{
	struct cel_expr *e = p->dead ? NULL : cel_macro(p, pos, name, target, args, n);

	if (!e)
		return node_call(p, pos, name, target, args, n);
	p->height.all += MACRO_HEIGHT;
	return e;
}
