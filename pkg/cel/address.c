/*
 * address: IP addresses and prefixes as Go's net/netip reads and writes them.
 */
#include "cel/address.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"

#include <stdio.h>
#include <string.h>

struct parser {
	struct arena *a;
	const char *in;
	const char *error;
};

static bool fail(struct parser *p, const char *what, const char *at)
{
	const char *in = go_quote(p->a, p->in, strlen(p->in));

	if (at)
		p->error = arena_printf(p->a, "ParseAddr(%s): %s (at %s)", in, what,
					go_quote(p->a, at, strcspn(at, "%")));
	else
		p->error = arena_printf(p->a, "ParseAddr(%s): %s", in, what);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Four numbers from s to its end or a zone. */
static bool parse_v4(struct parser *p, const char *s, uint8_t out[4])
{
	size_t n = strcspn(s, "%"), position = 0;
	unsigned v = 0, digits = 0;

	if (s == p->in)
		n = strlen(s);
	for (size_t i = 0; i < n; i++) {
		if (is_digit(s[i])) {
			if (digits == 1 && !v)
				return fail(p, "IPv4 field has octet with leading zero", NULL);
			v = v * 10 + (unsigned)(s[i] - '0');
			digits++;
			if (v > 255)
				return fail(p, "IPv4 field has value >255", NULL);
		} else if (s[i] == '.') {
			if (i == 0 || i == n - 1 || s[i - 1] == '.')
				return fail(p, "IPv4 field must have at least one digit", s + i);
			if (position == 3)
				return fail(p, "IPv4 address too long", NULL);
			out[position++] = (uint8_t)v;
			v = digits = 0;
		} else {
			return fail(p, "unexpected character", s + i);
		}
	}
	if (position < 3)
		return fail(p, "IPv4 address too short", NULL);
	out[3] = (uint8_t)v;
	return true;
}

static int hex_digit(char c)
{
	return is_digit(c)          ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

/* One group of hexadecimal digits; its length, or -1. */
static int take_group(struct parser *p, const char *s, unsigned *v)
{
	int n = 0;

	for (*v = 0; hex_digit(s[n]) >= 0; n++) {
		*v = (*v << 4) + (unsigned)hex_digit(s[n]);
		if (n > 3) {
			fail(p, "each group must have 4 or less digits", s);
			return -1;
		}
	}
	if (!n) {
		fail(p, "each colon-separated field must have at least one digit",
		     *s && *s != '%' ? s : NULL);
		return -1;
	}
	return n;
}

/* Where in the 16 bytes we are; :: was at ellipsis, or -1. */
struct v6 {
	const char *s;
	int i, ellipsis;
};

static bool embed_v4(struct parser *p, struct v6 *v, uint8_t b[16])
{
	if (v->ellipsis < 0 && v->i != 12)
		return fail(p, "embedded IPv4 address must replace the final 2 fields of the address",
			    v->s);
	if (v->i + 4 > 16)
		return fail(p,
			    "too many hex fields to fit an embedded IPv4 at the end of the address",
			    v->s);
	if (!parse_v4(p, v->s, b + v->i))
		return false;
	v->s = "";
	v->i += 4;
	return true;
}

static bool at_end(const struct v6 *v)
{
	return !*v->s || *v->s == '%';
}

/* The colon between groups. */
static bool take_colon(struct parser *p, struct v6 *v)
{
	if (*v->s != ':')
		return fail(p, "unexpected character, want colon", v->s);
	if (!v->s[1] || v->s[1] == '%')
		return fail(p, "colon must be followed by more characters", v->s);
	v->s++;
	if (*v->s != ':')
		return true;
	if (v->ellipsis >= 0)
		return fail(p, "multiple :: in address", v->s);
	v->ellipsis = v->i;
	v->s++;
	return true;
}

static bool parse_groups(struct parser *p, struct v6 *v, uint8_t b[16])
{
	while (v->i < 16) {
		unsigned group;
		int n = take_group(p, v->s, &group);

		if (n < 0)
			return false;
		if (v->s[n] == '.')
			return embed_v4(p, v, b);
		b[v->i++] = (uint8_t)(group >> 8);
		b[v->i++] = (uint8_t)group;
		v->s += n;
		if (at_end(v))
			return true;
		if (!take_colon(p, v))
			return false;
		if (at_end(v))
			return true;
	}
	return at_end(v) || fail(p, "trailing garbage after address", v->s);
}

static bool parse_v6(struct parser *p, struct cel_address *out)
{
	struct v6 v = { .s = p->in, .ellipsis = -1 };
	const char *zone = strchr(p->in, '%');

	if (zone && !zone[1])
		return fail(p, "zone must be a non-empty string", NULL);
	*out = (struct cel_address){ .n = 16, .zone = zone != NULL };
	if (v.s[0] == ':' && v.s[1] == ':') {
		v.ellipsis = 0;
		v.s += 2;
		if (at_end(&v))
			return true;
	}
	if (!parse_groups(p, &v, out->b))
		return false;
	if (v.i == 16)
		return v.ellipsis < 0 ||
		       fail(p, "the :: must expand to at least one field of zeros", NULL);
	if (v.ellipsis < 0)
		return fail(p, "address string too short", NULL);
	memmove(out->b + 16 - (v.i - v.ellipsis), out->b + v.ellipsis, (size_t)(v.i - v.ellipsis));
	memset(out->b + v.ellipsis, 0, (size_t)(16 - v.i));
	return true;
}

const char *cel_address_parse(struct arena *a, const char *s, struct cel_address *out)
{
	struct parser p = { .a = a, .in = s };
	char c = s[strcspn(s, ".:%")];

	*out = (struct cel_address){ .n = 4 };
	if (c == '.')
		parse_v4(&p, s, out->b);
	else if (c == ':')
		parse_v6(&p, out);
	else
		fail(&p, c ? "missing IPv6 address" : "unable to parse IP", NULL);
	return p.error;
}

static const char *prefix_error(struct arena *a, const char *s, const char *why)
{
	return arena_printf(a, "netip.ParsePrefix(%s): %s", go_quote(a, s, strlen(s)), why);
}

const char *cel_prefix_parse(struct arena *a, const char *s, struct cel_prefix *out)
{
	const char *slash = strrchr(s, '/'), *error;
	unsigned bits = 0;
	size_t n;

	if (!slash)
		return prefix_error(a, s, "no '/'");
	error = cel_address_parse(a, arena_dup(a, s, (size_t)(slash - s)), &out->address);
	if (error)
		return prefix_error(a, s, error);
	if (out->address.zone)
		return prefix_error(a, s, "IPv6 zones cannot be present in a prefix");
	n = strlen(++slash);
	if (!n || strspn(slash, "0123456789") != n || (n > 1 && *slash == '0') || n > 18)
		return prefix_error(
			a, s, arena_printf(a, "bad bits after slash: %s", go_quote(a, slash, n)));
	for (; *slash; slash++)
		bits = bits > 1000 ? bits : bits * 10 + (unsigned)(*slash - '0');
	if (bits > out->address.n * 8u)
		return prefix_error(a, s, "prefix length out of range");
	out->bits = (uint8_t)bits;
	return NULL;
}

bool cel_address_is_mapped(const struct cel_address *x)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	return x->n == 16 && memcmp(x->b, head, sizeof head) == 0;
}

bool cel_address_equal(const struct cel_address *x, const struct cel_address *y)
{
	return x->n == y->n && memcmp(x->b, y->b, x->n) == 0;
}

void cel_address_mask(struct cel_address *x, unsigned bits)
{
	for (unsigned i = 0; i < x->n; i++) {
		unsigned keep = bits > 8 * i ? bits - 8 * i : 0;

		if (keep < 8)
			x->b[i] = (uint8_t)(x->b[i] & ~(0xffu >> keep));
	}
}

static unsigned group(const struct cel_address *x, int i)
{
	return (unsigned)x->b[2 * i] << 8 | x->b[2 * i + 1];
}

const char *cel_address_text(struct arena *a, const struct cel_address *x)
{
	int best = -1, length = 1; /* the longest run of zero groups, of two at least */
	const char *out = "";

	if (x->n == 4)
		return arena_printf(a, "%u.%u.%u.%u", x->b[0], x->b[1], x->b[2], x->b[3]);
	for (int i = 0; i < 8; i++) {
		int j = i;

		while (j < 8 && !group(x, j))
			j++;
		if (j - i > length) {
			best = i;
			length = j - i;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			out = arena_printf(a, "%s::", out);
			i += length - 1;
		} else {
			out = arena_printf(a, "%s%s%x", out,
					   i && !(best >= 0 && i == best + length) ? ":" : "",
					   group(x, i));
		}
	}
	return out;
}
