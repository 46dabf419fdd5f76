/*
 * lexer: bytes to tokens, longest match first, as the generated lexer of cel-go does it.
 *
 * Where no token starts, the generated lexer reports everything from the start up to and including
 * the character at which the last candidate died, skips that and starts over; TOKEN_BAD is such a
 * piece.  A scan function therefore returns how far its token goes, or 0, and leaves in *dead where
 * it died.  Prefixes of strings (b, r) that lead nowhere are identifiers, and `""` of an
 * unterminated `"""` is an empty string.
 */
#include "cel/lexer.h"

#include <ctype.h>
#include <string.h>

static const char *const reserved[] = {
	"as",        "break",  "const",  "continue", "else", "false", "for",
	"function",  "if",     "import", "in",       "let",  "loop",  "package",
	"namespace", "return", "true",   "null",     "var",  "void",  "while",
};

static const char *const names[] = {
	"'=='",      "'!='",    "'in'",     "'<'",    "'<='",   "'>='",       "'>'",
	"'&&'",      "'||'",    "'['",      "']'",    "'{'",    "'}'",        "'('",
	"')'",       "'.'",     "','",      "'-'",    "'!'",    "'?'",        "':'",
	"'+'",       "'*'",     "'/'",      "'%'",    "'true'", "'false'",    "'null'",
	"NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES",  "IDENTIFIER", "ESC_IDENTIFIER",
	"<EOF>",
};

const char *cel_token_name(enum cel_token_kind kind)
{
	return names[kind];
}

bool cel_reserved(const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		if (strlen(reserved[i]) == n && !memcmp(reserved[i], word, n))
			return true;
	}
	return false;
}

size_t cel_rune(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;

	if (n > (size_t)(end - p))
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 1;
	}
	return n;
}

static const char *digits(const char *p, const char *end, int (*is)(int))
{
	while (p < end && is((unsigned char)*p))
		p++;
	return p;
}

static const char *exponent(const char *p, const char *end)
{
	const char *q = p, *d;

	if (q == end || (*q != 'e' && *q != 'E'))
		return p;
	q++;
	if (q < end && (*q == '+' || *q == '-'))
		q++;
	d = digits(q, end, isdigit);
	return d > q ? d : p;
}

/* A number at p, which starts with a digit or with a dot and a digit. */
static const char *scan_number(const char *p, const char *end, enum cel_token_kind *kind)
{
	const char *q, *r;

	*kind = TOKEN_INT;
	if (end - p > 2 && p[0] == '0' && p[1] == 'x' && isxdigit((unsigned char)p[2])) {
		q = digits(p + 2, end, isxdigit);
	} else {
		q = digits(p, end, isdigit);
		r = q;
		if (end - q > 1 && *q == '.' && isdigit((unsigned char)q[1]))
			r = digits(q + 1, end, isdigit);
		r = exponent(r, end);
		if (r > q) {
			*kind = TOKEN_FLOAT;
			return r;
		}
	}
	if (q < end && (*q == 'u' || *q == 'U')) {
		*kind = TOKEN_UINT;
		q++;
	}
	return q;
}

static int is_octal(int c)
{
	return c >= '0' && c <= '7';
}

/* An escape sequence behind the backslash before p: its end, or NULL and *dead. */
static const char *scan_escape(const char *p, const char *end, const char **dead)
{
	int (*is)(int) = isxdigit;
	int n = 0;

	*dead = p;
	if (p == end)
		return NULL;
	if (strchr("abfnrtv\"'\\?`", *p) && *p)
		return p + 1;
	if (*p == 'x' || *p == 'X')
		n = 2;
	else if (*p == 'u')
		n = 4;
	else if (*p == 'U')
		n = 8;
	else if (*p >= '0' && *p <= '3')
		n = 2, is = is_octal;
	else
		return NULL;
	for (p++; n > 0; n--, p++) {
		*dead = p;
		if (p == end || !is((unsigned char)*p))
			return NULL;
	}
	return p;
}

/* A quoted text whose opening is `width` (1 or 3) quotes at p: its end, or NULL and *dead. */
static const char *scan_quoted(const char *p, const char *end, size_t width, bool raw,
			       const char **dead)
{
	char quote = *p;

	for (p += width; p < end;) {
		*dead = p;
		if (*p == quote && width == 1)
			return p + 1;
		if (*p == quote && end - p > 2 && p[1] == quote && p[2] == quote)
			return p + 3;
		if (*p == '\\' && !raw) {
			p = scan_escape(p + 1, end, dead);
			if (!p)
				return NULL;
			continue;
		}
		if (width == 1 && (*p == '\n' || *p == '\r'))
			return NULL;
		p += cel_rune(p, end);
	}
	*dead = end;
	return NULL;
}

/* A string or bytes with its prefixes. */
static const char *scan_string(const char *p, const char *end, enum cel_token_kind *kind,
			       const char **dead)
{
	bool raw = false;
	const char *q;

	*kind = TOKEN_STRING;
	if (*p == 'b' || *p == 'B') {
		*kind = TOKEN_BYTES;
		p++;
	}
	if (p < end && (*p == 'r' || *p == 'R')) {
		raw = true;
		p++;
	}
	if (p == end || (*p != '"' && *p != '\''))
		return NULL;
	if (end - p > 2 && p[1] == *p && p[2] == *p) {
		q = scan_quoted(p, end, 3, raw, dead);
		if (q)
			return q;
	}
	return scan_quoted(p, end, 1, raw, dead);
}

static const char *scan_escaped_ident(const char *p, const char *end, const char **dead)
{
	const char *q = p + 1;

	while (q < end && (isalnum((unsigned char)*q) || (*q && strchr("_.-/ ", *q))))
		q++;
	*dead = q;
	return q < end && *q == '`' && q > p + 1 ? q + 1 : NULL;
}

static const char *scan_ident(const char *p, const char *end, enum cel_token_kind *kind)
{
	static const struct {
		const char *word;
		enum cel_token_kind kind;
	} words[] = {
		{ "in", TOKEN_IN },
		{ "true", TOKEN_TRUE },
		{ "false", TOKEN_FALSE },
		{ "null", TOKEN_NULL },
	};
	const char *q = p;

	while (q < end && (isalnum((unsigned char)*q) || *q == '_'))
		q++;
	*kind = TOKEN_IDENT;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i].word) == (size_t)(q - p) &&
		    !memcmp(words[i].word, p, (size_t)(q - p)))
			*kind = words[i].kind;
	}
	return q;
}

static const char *scan_operator(const char *p, const char *end, enum cel_token_kind *kind,
				 const char **dead)
{
	static const enum cel_token_kind two[] = { TOKEN_EQ, TOKEN_NE,  TOKEN_LE,
						   TOKEN_GE, TOKEN_AND, TOKEN_OR };
	static const char one[] = "<>[]{}().,-!?:+*/%";
	static const enum cel_token_kind ones[] = {
		TOKEN_LT,     TOKEN_GT,     TOKEN_LBRACKET, TOKEN_RBRACKET, TOKEN_LBRACE,
		TOKEN_RBRACE, TOKEN_LPAREN, TOKEN_RPAREN,   TOKEN_DOT,      TOKEN_COMMA,
		TOKEN_MINUS,  TOKEN_NOT,    TOKEN_QUESTION, TOKEN_COLON,    TOKEN_PLUS,
		TOKEN_STAR,   TOKEN_SLASH,  TOKEN_PERCENT,
	};
	const char *found;

	for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
		if (end - p > 1 && !memcmp(names[two[i]] + 1, p, 2)) {
			*kind = two[i];
			return p + 2;
		}
	}
	found = *p ? strchr(one, *p) : NULL;
	if (found) {
		*kind = ones[found - one];
		return p + 1;
	}
	/* half of an operator dies one character later */
	*dead = strchr("=&|", *p) && *p ? p + 1 : p;
	return NULL;
}

static const char *scan(const char *p, const char *end, enum cel_token_kind *kind, const char **dead)
{
	unsigned char c = (unsigned char)*p;
	const char *q;

	if (isdigit(c) || (c == '.' && end - p > 1 && isdigit((unsigned char)p[1])))
		return scan_number(p, end, kind);
	if (c == '"' || c == '\'' || (c && strchr("bBrR", c))) {
		q = scan_string(p, end, kind, dead);
		if (q || c == '"' || c == '\'')
			return q;
	}
	if (isalpha(c) || c == '_')
		return scan_ident(p, end, kind);
	if (c == '`') {
		*kind = TOKEN_ESCAPED;
		return scan_escaped_ident(p, end, dead);
	}
	return scan_operator(p, end, kind, dead);
}

static void lexer_advance(struct cel_lexer *l, const char *to)
{
	while (l->p < to) {
		l->p += cel_rune(l->p, l->end);
		l->pos++;
	}
}

static void lexer_skip(struct cel_lexer *l)
{
	while (l->p < l->end) {
		if (*l->p && strchr(" \t\r\n\f", *l->p)) {
			l->p++;
			l->pos++;
		} else if (l->end - l->p > 1 && l->p[0] == '/' && l->p[1] == '/') {
			const char *q = memchr(l->p, '\n', (size_t)(l->end - l->p));

			lexer_advance(l, q ? q : l->end);
		} else {
			return;
		}
	}
}

struct cel_token cel_lexer_next(struct cel_lexer *l)
{
	struct cel_token t = { .kind = TOKEN_END };
	const char *to, *dead = NULL;

	lexer_skip(l);
	t.pos = l->pos;
	t.p = l->p;
	if (l->p == l->end)
		return t;
	to = scan(l->p, l->end, &t.kind, &dead);
	if (!to) {
		t.kind = TOKEN_BAD;
		to = dead < l->end ? dead + cel_rune(dead, l->end) : l->end;
	}
	lexer_advance(l, to);
	t.n = (size_t)(l->p - t.p);
	return t;
}
