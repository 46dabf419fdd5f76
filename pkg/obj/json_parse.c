/*
 * json_parse: bytes to trees.
 *
 * cJSON accepts much that is not JSON and bends numbers, so a strict scan goes first: grammar of
 * RFC 8259, UTF-8, no NUL, bounded depth, with the texts of Go's decoder on errors.  On its way it
 * notes the number tokens that a double could change, by their ordinal.  Then cJSON parses
 * into the arena, and one walk over the tree puts the noted texts back (as cJSON_Raw nodes)
 * and drops duplicate members.
 *
 * What Go accepts and cJSON does not is rewritten in a private copy of the text, keeping all offsets:
 * lone surrogates become U+FFFD as in Go, numbers longer than cJSON's buffer become 0 and blanks.
 */
#include "obj/json_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/status.h"
#include "base/thread.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 512
#define MAX_CJSON_NUMBER 60
#define MAX_DUPS 100 /* as upstream */
#define PAIRWISE 24  /* members up to which comparing all pairs is fastest */

typedef const unsigned char *bytes;

/* A number token that must keep its text. */
struct hard {
	size_t ordinal, off, len;
};

struct scan {
	struct arena *a;
	bytes start, end;
	char *copy; /* the rewritten text, or NULL */
	VEC(struct hard) hard;
	size_t numbers;
	size_t depth;
	char nest[MAX_DEPTH]; /* '{' or '[' per level */
	struct status *st;
};

enum want { WANT_VALUE, WANT_VALUE_OR_END, WANT_KEY, WANT_KEY_OR_END, WANT_MORE };

/* ---- errors: each returns NULL so that a scanner can end with it ---- */

/* Go's text for an unexpected byte. */
static bytes unexpected(struct scan *s, bytes p, const char *where)
{
	char utf8[2] = { (char)*p, 0 };
	char *q;

	if (*p >= 0x80) {
		/* Go quotes the byte as if it were Latin-1. */
		utf8[0] = (char)(0xC0 | *p >> 6);
		utf8[1] = (char)(0x80 | (*p & 0x3F));
	}
	q = go_quote(s->a, utf8, *p < 0x80 ? 1 : 2);
	q[strlen(q) - 1] = '\0';
	if (*p == '"')
		q = arena_strdup(s->a, " \"");
	else if (*p == '\'')
		q = arena_strdup(s->a, " \\'");
	status_bad_request(s->st, "invalid character '%s' %s", q + 1, where);
	return NULL;
}

static bytes too_short(struct scan *s)
{
	status_bad_request(s->st, "unexpected end of JSON input");
	return NULL;
}

static bytes rejected(struct scan *s, const char *text)
{
	status_bad_request(s->st, "%s", text);
	return NULL;
}

/* ---- tokens: each takes the place of the token and returns the place behind it ---- */

/* Where the byte at p may be changed: in the private copy. */
static char *rewrite(struct scan *s, bytes p)
{
	if (!s->copy)
		s->copy = arena_dup(s->a, s->start, (size_t)(s->end - s->start));
	return s->copy + (p - s->start);
}

/* The value of the escape \uXXXX at p; -1 if it is not one. */
static int unicode_escape(struct scan *s, bytes p)
{
	int v = 0;

	if (s->end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int c = p[i] | 0x20;

		if (p[i] >= '0' && p[i] <= '9')
			v = v << 4 | (p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static bytes bad_escape(struct scan *s, bytes p)
{
	p++;
	if (p < s->end && *p != 'u')
		return unexpected(s, p, "in string escape code");
	while (++p < s->end)
		if (!strchr("0123456789abcdefABCDEF", *p) || !*p)
			return unexpected(s, p, "in \\u hexadecimal character escape");
	return too_short(s);
}

static bytes scan_unicode(struct scan *s, bytes p)
{
	int v = unicode_escape(s, p), low;

	if (v < 0)
		return bad_escape(s, p);
	if (v == 0)
		return rejected(s, "invalid escape \\u0000 in string literal: strings must not "
				   "contain NUL characters");
	if (v < 0xD800 || v > 0xDFFF)
		return p + 6;
	low = v < 0xDC00 ? unicode_escape(s, p + 6) : -1;
	if (low >= 0xDC00 && low <= 0xDFFF)
		return p + 12;
	memcpy(rewrite(s, p), "\\uFFFD", 6);
	return p + 6;
}

/* Bytes that stand for themselves in a string: printable ASCII but " and \, and DEL. */
static inline bool plain(unsigned char c)
{
	return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* A string with its quotes; p is at the first one. */
static bytes scan_string(struct scan *s, bytes p)
{
	size_t k;

	for (p++;;) {
		while (p < s->end && plain(*p))
			p++;
		if (p == s->end)
			return too_short(s);
		if (*p == '"')
			return p + 1;
		if (*p < ' ')
			return unexpected(s, p, "in string literal");
		if (*p >= 0x80) {
			k = utf8_length((const char *)p, (size_t)(s->end - p));
			if (!k)
				return rejected(s, "invalid UTF-8 in string literal");
			p += k;
		} else if (s->end - p >= 2 && p[1] && p[1] != 'u' && strchr("\"\\/bfnrt", p[1])) {
			p += 2;
		} else {
			p = scan_unicode(s, p);
			if (!p)
				return NULL;
		}
	}
}

static bytes scan_word(struct scan *s, bytes p, const char *word)
{
	for (size_t i = 0; word[i]; i++) {
		if (p + i == s->end)
			return too_short(s);
		if (p[i] != (unsigned char)word[i])
			return unexpected(s, p + i,
					  arena_printf(s->a, "in literal %s (expecting '%c')", word,
						       word[i]));
	}
	return p + strlen(word);
}

/* One or more digits. */
static bytes scan_digits(struct scan *s, bytes p, const char *where)
{
	if (p == s->end)
		return too_short(s);
	if (*p < '0' || *p > '9')
		return unexpected(s, p, where);
	while (p < s->end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Remember a number whose text must survive. */
static void note_hard(struct scan *s, bytes from, size_t len)
{
	struct hard h = { .ordinal = s->numbers, .off = (size_t)(from - s->start), .len = len };

	vec_push(&s->hard, h);
	if (len > MAX_CJSON_NUMBER) {
		char *to = rewrite(s, from);

		memset(to, ' ', len);
		to[0] = '0';
	}
}

static bytes scan_number(struct scan *s, bytes p)
{
	bytes from = p;
	bool hard = *p == '-' && p + 1 < s->end && p[1] == '0';

	if (*p == '-')
		p++;
	if (p < s->end && *p == '0')
		p++;
	else
		p = scan_digits(s, p, "in numeric literal");
	if (p && p < s->end && *p == '.') {
		hard = true;
		p = scan_digits(s, p + 1, "after decimal point in numeric literal");
	}
	if (p && p < s->end && (*p == 'e' || *p == 'E')) {
		hard = true;
		p++;
		if (p < s->end && (*p == '+' || *p == '-'))
			p++;
		p = scan_digits(s, p, "in exponent of numeric literal");
	}
	if (!p)
		return NULL;
	/* Nine digits always fit cJSON's int and double alike. */
	if (hard || p - from > 9)
		note_hard(s, from, (size_t)(p - from));
	s->numbers++;
	return p;
}

static bytes scan_scalar(struct scan *s, bytes p)
{
	switch (*p) {
	case '"': return scan_string(s, p);
	case 't': return scan_word(s, p, "true");
	case 'f': return scan_word(s, p, "false");
	case 'n': return scan_word(s, p, "null");
	default:
		if (*p == '-' || (*p >= '0' && *p <= '9'))
			return scan_number(s, p);
		return unexpected(s, p, "looking for beginning of value");
	}
}

static bytes skip_blank(const struct scan *s, bytes p)
{
	while (p < s->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* ---- structure ---- */

static bytes scan_value(struct scan *s, bytes p, enum want *want)
{
	if (*p != '{' && *p != '[') {
		*want = WANT_MORE;
		return scan_scalar(s, p);
	}
	if (s->depth == MAX_DEPTH)
		return rejected(s, "exceeded max depth");
	s->nest[s->depth++] = (char)*p;
	*want = *p == '{' ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	return p + 1;
}

static bytes scan_key(struct scan *s, bytes p, enum want *want)
{
	if (*p != '"')
		return unexpected(s, p, "looking for beginning of object key string");
	p = scan_string(s, p);
	if (!p)
		return NULL;
	p = skip_blank(s, p);
	if (p == s->end)
		return too_short(s);
	if (*p != ':')
		return unexpected(s, p, "after object key");
	*want = WANT_VALUE;
	return p + 1;
}

/* Behind a value: a comma or the end of the container. */
static bytes scan_more(struct scan *s, bytes p, enum want *want)
{
	bool object;

	if (!s->depth)
		return unexpected(s, p, "after top-level value");
	object = s->nest[s->depth - 1] == '{';
	if (*p == ',')
		*want = object ? WANT_KEY : WANT_VALUE;
	else if (*p == (object ? '}' : ']'))
		s->depth--;
	else
		return unexpected(s, p,
				  object ? "after object key:value pair" : "after array element");
	return p + 1;
}

static bool scan_document(struct scan *s)
{
	enum want want = WANT_VALUE;
	bytes p = s->start;

	while (p) {
		p = skip_blank(s, p);
		if (p == s->end) {
			if (want == WANT_MORE && !s->depth)
				return true;
			too_short(s);
			return false;
		}
		if ((want == WANT_KEY_OR_END && *p == '}') ||
		    (want == WANT_VALUE_OR_END && *p == ']'))
			want = WANT_MORE;
		if (want == WANT_MORE)
			p = scan_more(s, p, &want);
		else if (want == WANT_KEY || want == WANT_KEY_OR_END)
			p = scan_key(s, p, &want);
		else
			p = scan_value(s, p, &want);
	}
	return false;
}

/* ---- cJSON with an arena behind it ---- */

static _Thread_local struct arena *parse_arena;

static void *hook_alloc(size_t n)
{
	return arena_alloc(parse_arena, n);
}

static void hook_free(void *p)
{
	(void)p;
}

static void install_hooks(void)
{
	cJSON_Hooks hooks = { .malloc_fn = hook_alloc, .free_fn = hook_free };

	cJSON_InitHooks(&hooks);
}

static struct json *parse_scanned(struct arena *a, const char *text, size_t n)
{
	static struct once hooks = ONCE_INIT;
	cJSON *root;

	once_run(&hooks, install_hooks);
	parse_arena = a;
	root = cJSON_ParseWithLengthOpts(text, n, NULL, 0);
	parse_arena = NULL;
	if (!root)
		bug("cJSON refuses a text that the scan took");
	return json_of(root);
}

/* ---- after the parse: hard numbers and duplicates ---- */

struct settle {
	struct arena *a;
	const struct scan *scan;
	size_t numbers, hard; /* met so far */
	struct json_dups *dups;
};

/* The way from the root to a node, for the paths of duplicates. */
struct frame {
	const struct frame *up; /* NULL: the root */
	const char *name;       /* NULL: an item */
	size_t index;
};

static char *frame_path(struct arena *a, const struct frame *f)
{
	char *up = f->up ? frame_path(a, f->up) : NULL;

	if (!f->name)
		return arena_printf(a, "%s[%zu]", up ? up : "", f->index);
	return up ? arena_printf(a, "%s.%s", up, f->name) : arena_strdup(a, f->name);
}

static void note_dup(struct settle *s, const struct frame *up, const char *name)
{
	const struct frame f = { .up = up, .name = name };
	char *path;

	if (!s->dups || s->dups->n == MAX_DUPS)
		return;
	path = frame_path(s->a, &f);
	for (size_t i = 0; i < s->dups->n; i++)
		if (strcmp(s->dups->paths[i], path) == 0)
			return;
	if (!s->dups->paths)
		s->dups->paths = arena_alloc(s->a, MAX_DUPS * sizeof *s->dups->paths);
	s->dups->paths[s->dups->n++] = path;
}

static void drop_pairwise(struct settle *s, struct json *o, const struct frame *up)
{
	cJSON *x, *y, *next;

	for (x = o->node.child; x; x = next) {
		next = x->next;
		for (y = next; y; y = y->next)
			if (y->string[0] == x->string[0] && strcmp(y->string, x->string) == 0)
				break;
		if (y) {
			note_dup(s, up, x->string);
			json_detach(o, json_of(x));
		}
	}
}

struct member {
	cJSON *c;
	size_t at;
};

static int member_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int d = strcmp(x->c->string, y->c->string);

	return d ? d : x->at < y->at ? -1 : 1;
}

static void drop_sorted(struct settle *s, struct json *o, size_t n, const struct frame *up)
{
	struct member *m = malloc(n * sizeof *m);
	size_t i = 0;

	if (!m)
		bug("out of memory: %zu members", n);
	for (cJSON *c = o->node.child; c; c = c->next, i++)
		m[i] = (struct member){ .c = c, .at = i };
	qsort(m, n, sizeof *m, member_cmp);
	for (i = 1; i < n; i++)
		if (strcmp(m[i - 1].c->string, m[i].c->string) == 0) {
			note_dup(s, up, m[i].c->string);
			json_detach(o, json_of(m[i - 1].c));
		}
	free(m);
}

static void settle_number(struct settle *s, cJSON *c)
{
	const struct hard *h = s->hard < s->scan->hard.n ? &s->scan->hard.p[s->hard] : NULL;

	if (h && h->ordinal == s->numbers) {
		c->type = cJSON_Raw;
		c->valuestring = arena_dup(s->a, s->scan->start + h->off, h->len);
		s->hard++;
	}
	s->numbers++;
}

/* The walk in document order; self is the frame of o itself (NULL: the root). */
static void settle_children(struct settle *s, struct json *o, const struct frame *self)
{
	bool object = json_raw_type(o) == cJSON_Object;
	size_t n = 0;

	for (cJSON *c = o->node.child; c; c = c->next, n++) {
		if (c->child) {
			const struct frame f = { .up = self,
						 .name = object ? c->string : NULL,
						 .index = n };

			settle_children(s, json_of(c), &f);
		} else if ((c->type & 0xFF) == cJSON_Number) {
			settle_number(s, c);
		}
	}
	if (!object || n < 2)
		return;
	if (n <= PAIRWISE)
		drop_pairwise(s, o, self);
	else
		drop_sorted(s, o, n, self);
}

struct json *json_parse(struct arena *a, const char *p, size_t n, struct json_dups *dups,
			struct status *st)
{
	struct scan scan;
	struct settle settle = { .a = a, .scan = &scan, .dups = dups };
	struct json *root = NULL;

	scan.a = a;
	scan.start = (bytes)p;
	scan.end = (bytes)p + n;
	scan.copy = NULL;
	scan.hard.p = NULL;
	scan.hard.n = scan.hard.cap = scan.numbers = scan.depth = 0;
	scan.st = st;
	if (dups)
		*dups = (struct json_dups){ 0 };
	if (scan_document(&scan)) {
		root = parse_scanned(a, scan.copy ? scan.copy : p, n);
		if (json_raw_type(root) == cJSON_Number)
			settle_number(&settle, &root->node);
		settle_children(&settle, root, NULL);
	}
	vec_free(&scan.hard);
	return root;
}

struct json *json_parse_own(struct arena *a, const char *p, size_t n)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *j = json_parse(a, p, n, NULL, &st);

	if (!j)
		bug("own JSON is broken: %s", st.message);
	return j;
}
