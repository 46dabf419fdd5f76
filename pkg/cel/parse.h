/*
 * parse: text to an unchecked tree, macros expanded.  (cel-go: parser/parser.go, macro.go)
 *
 * Private to the package.  Nodes come from a scratch arena; the checker resolves them in place and
 * the program copies what it keeps.
 */
#ifndef NUTSHELL_CEL_PARSE_H
#define NUTSHELL_CEL_PARSE_H

#include "cel/ast.h"
#include "cel/issue.h"
#include "cel/lexer.h"

/* The accumulator of macros' loops; no text can name it. */
#define ACCU "@result"

/* How high a tree is: in nodes that upstream counts, and in all. */
struct height {
	int counted, all;
};

struct parser {
	struct arena *a;
	struct issues *is;
	const struct cel_token *tok; /* the current one; the last is TOKEN_END */
	uint64_t closers;  /* what may end the construct we are in (bits of token kinds) */
	uint64_t outer;    /* what may end any construct around us */
	unsigned depth[8]; /* of the grammar's recursive rules */
	unsigned recoveries;
	uint32_t next_id;
	struct height height; /* of the tree just parsed */
	bool recovering;      /* an error was reported and nothing has matched since */
	bool skipped;         /* tokens were given up, and nothing has matched since */
	bool dead;            /* a limit was hit: unwind */
};

/* The tree, or NULL with issues added.  *nids: one more than the largest id. */
struct cel_expr *cel_parse(struct arena *a, const char *text, size_t n, struct issues *is,
			   uint32_t *nids);

/* ---- token sets ---- */
#define BIT(kind) (UINT64_C(1) << (kind))
#define LITERAL_START                                                              \
	(BIT(TOKEN_TRUE) | BIT(TOKEN_FALSE) | BIT(TOKEN_NULL) | BIT(TOKEN_FLOAT) | \
	 BIT(TOKEN_INT) | BIT(TOKEN_UINT) | BIT(TOKEN_STRING) | BIT(TOKEN_BYTES))
#define MEMBER_START                                                                   \
	(LITERAL_START | BIT(TOKEN_LBRACKET) | BIT(TOKEN_LBRACE) | BIT(TOKEN_LPAREN) | \
	 BIT(TOKEN_DOT) | BIT(TOKEN_MINUS) | BIT(TOKEN_IDENT))
#define EXPR_START (MEMBER_START | BIT(TOKEN_NOT))
#define RELATIONS                                                                        \
	(BIT(TOKEN_EQ) | BIT(TOKEN_NE) | BIT(TOKEN_IN) | BIT(TOKEN_LT) | BIT(TOKEN_LE) | \
	 BIT(TOKEN_GE) | BIT(TOKEN_GT))
#define PRODUCTS (BIT(TOKEN_STAR) | BIT(TOKEN_SLASH) | BIT(TOKEN_PERCENT))
#define SUMS (BIT(TOKEN_PLUS) | BIT(TOKEN_MINUS))
#define OPERATORS \
	(RELATIONS | PRODUCTS | SUMS | BIT(TOKEN_AND) | BIT(TOKEN_OR) | BIT(TOKEN_QUESTION))
#define POSTFIX (BIT(TOKEN_DOT) | BIT(TOKEN_LBRACKET))

/* ---- tokens and repairs (parse_repair.c) ---- */
bool parser_at(const struct parser *p, uint64_t set);
void parser_advance(struct parser *p);
bool parser_accept(struct parser *p, enum cel_token_kind kind);
/* Where one of the set must start: true when it does, perhaps after a repair; else skipped. */
bool parser_sync(struct parser *p, uint64_t expected);
/* Consume `kind`, or act as if it were there when one of `after` comes. */
bool parser_expect(struct parser *p, enum cel_token_kind kind, uint64_t after);
void parser_mismatch(struct parser *p, uint64_t expected);
/* Skip to one of `more` or what may follow here or further out. */
void parser_skip(struct parser *p, uint64_t more);
/* There is a token too many. */
void parser_extraneous(struct parser *p, uint64_t expected);
/* No alternative fits the tokens from `from` to the current one. */
void parser_no_viable(struct parser *p, const struct cel_token *from);

/* ---- limits ---- */
enum parser_rule { RULE_EXPR, RULE_RELATION, RULE_CALC, RULE_MEMBER, RULE_UNARY };
bool rule_enter(struct parser *p, enum parser_rule rule);
void rule_leave(struct parser *p, enum parser_rule rule);
/* What was just parsed is as high as the higher of it and h. */
void tree_join(struct parser *p, struct height h);
/* A node was put above it; counted: one of those that upstream counts. */
void tree_grow(struct parser *p, bool counted);

/* ---- the grammar ---- */
struct cel_expr *parse_expr(struct parser *p);
/* An expression inside of brackets that end, or go on, with one of `closers`. */
struct cel_expr *parse_inner(struct parser *p, uint64_t closers);
struct cel_expr *parse_primary(struct parser *p);
/* Arguments behind `(` up to and with `)`.  The array is in the arena. */
struct cel_expr **parse_args(struct parser *p, size_t *n);

/* ---- making nodes, for parser and macros ---- */
struct cel_expr *node_new(struct parser *p, enum cel_node kind, int32_t pos);
struct cel_expr *node_bool(struct parser *p, int32_t pos, bool v);
struct cel_expr *node_int(struct parser *p, int32_t pos, int64_t v);
struct cel_expr *node_string(struct parser *p, int32_t pos, const char *s, size_t n);
struct cel_expr *node_ident(struct parser *p, int32_t pos, const char *name);
/* A call; args are copied; target may be NULL. */
struct cel_expr *node_call(struct parser *p, int32_t pos, const char *name, struct cel_expr *target,
			   struct cel_expr *const *args, size_t n);
struct cel_expr *node_list(struct parser *p, int32_t pos, struct cel_expr *const *items, size_t n);
struct cel_expr *node_error(struct parser *p);
struct cel_expr *node_call_or_macro(struct parser *p, int32_t pos, const char *name,
				    struct cel_expr *target, struct cel_expr *const *args, size_t n);
/* Give up: the text is too deep or too long. */
void parser_die(struct parser *p, const char *text);

/*
 * The expansion of a call that is a macro, or NULL when it is none.  A macro with bad arguments is
 * an error node with an issue.
 */
struct cel_expr *cel_macro(struct parser *p, int32_t pos, const char *name, struct cel_expr *target,
			   struct cel_expr *const *args, size_t n);

/*
 * The value of a literal token.  False when it does not fit: numbers out of range, bad escapes (then
 * *why is the reason).  negative: a minus stood in front.
 */
bool cel_literal_parse(struct arena *a, const struct cel_token *t, bool negative,
		       struct cel_literal *out, const char **why);

#endif
