/*
 * lexer: the tokens of the expression language.  (cel-go: parser/gen/CEL.g4)
 *
 * Positions are code points, for messages; texts are bytes of the source.  Bytes that are no UTF-8
 * count as one code point each.
 */
#ifndef NUTSHELL_CEL_LEXER_H
#define NUTSHELL_CEL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the grammar's order, in which messages list what was expected. */
enum cel_token_kind {
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_IN,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GE,
	TOKEN_GT,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_LBRACKET,
	TOKEN_RBRACKET,
	TOKEN_LBRACE,
	TOKEN_RBRACE,
	TOKEN_LPAREN,
	TOKEN_RPAREN,
	TOKEN_DOT,
	TOKEN_COMMA,
	TOKEN_MINUS,
	TOKEN_NOT,
	TOKEN_QUESTION,
	TOKEN_COLON,
	TOKEN_PLUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_NULL,
	TOKEN_FLOAT,
	TOKEN_INT,
	TOKEN_UINT,
	TOKEN_STRING,
	TOKEN_BYTES,
	TOKEN_IDENT,
	TOKEN_ESCAPED, /* `a-b` */
	TOKEN_END,
	TOKEN_BAD, /* no token starts here: text is what was tried */
	TOKEN_KINDS = TOKEN_BAD
};

struct cel_token {
	enum cel_token_kind kind;
	int32_t pos; /* code points from the start */
	const char *p;
	size_t n;
};

struct cel_lexer {
	const char *p, *end;
	int32_t pos;
};

/* The next token.  After TOKEN_END always TOKEN_END; after TOKEN_BAD go on as you like. */
struct cel_token cel_lexer_next(struct cel_lexer *l);
/* As a message names a kind: `'['`, `IDENTIFIER`, `<EOF>`. */
const char *cel_token_name(enum cel_token_kind kind);
/* The word may be no identifier of a variable. */
bool cel_reserved(const char *word, size_t n);
/* Length in bytes of the code point at p, p < end. */
size_t cel_rune(const char *p, const char *end);

#endif
