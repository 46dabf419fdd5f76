/*
 * check_ip: textual IP addresses and CIDRs.
 *
 * Upstream parses old fields sloppily and then refuses (since 1.36) what other software could read
 * differently: leading zeros, IPv4 in IPv6, bits beyond a prefix; each with its own words.  An IPv6
 * address that is merely not canonical is accepted with a warning.
 * k8s: apimachinery/pkg/util/validation/ip.go.
 */
#include "kind/check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/kind.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { V4_BYTES = 4, V6_BYTES = 16, V6_GROUPS = 8, TEXT_MAX = 64 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* s without the leading zeros of its decimal octets; false when it does not fit. */
static bool strip_zeros(const char *s, char *out)
{
	size_t n = 0;

	for (const char *p = s; *p; p++) {
		bool starts = p == s || p[-1] == '.' || p[-1] == ':' || p[-1] == '/' ||
			      (p[-1] == '0' && n && !is_digit(out[n - 1])) || !n;

		if (*p == '0' && starts && is_digit(p[1]))
			continue;
		if (n + 1 >= TEXT_MAX)
			return false;
		out[n++] = *p;
	}
	out[n] = '\0';
	return true;
}

enum ip_family ip_family(const char *s)
{
	unsigned char bytes[V6_BYTES];

	if (inet_pton(AF_INET, s, bytes) == 1)
		return IP_V4;
	return inet_pton(AF_INET6, s, bytes) == 1 ? IP_V6 : IP_NONE;
}

/* IPv4 written as ::ffff:1.2.3.4 or ::ffff:102:304. */
static bool is_mapped(const char *s)
{
	static const unsigned char prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };
	unsigned char bytes[V6_BYTES];

	return inet_pton(AF_INET6, s, bytes) == 1 && !memcmp(bytes, prefix, sizeof prefix);
}

bool check_ip(struct hook *h, const struct at *at, const char *s)
{
	char plain[TEXT_MAX];

	if (is_mapped(s)) {
		err_invalid(h, at, s, "must not be an IPv4-mapped IPv6 address");
		return false;
	}
	if (ip_family(s) != IP_NONE)
		return true;
	if (!strchr(s, ':') && strip_zeros(s, plain) && ip_family(plain) == IP_V4)
		err_invalid(h, at, s, "must not have leading 0s");
	else
		err_invalid(h, at, s,
			    "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
	return false;
}

/* RFC 5952: the first longest run of two or more zero groups is "::". */
static char *v6_text(struct arena *a, const unsigned char *b)
{
	BUF_AUTO struct buf out = BUF_INIT;
	int best = -1, best_n = 1;

	for (int i = 0, n = 0; i < V6_GROUPS; i++) {
		n = b[2 * i] || b[2 * i + 1] ? 0 : n + 1;
		if (n > best_n) {
			best_n = n;
			best = i - n + 1;
		}
	}
	for (int i = 0; i < V6_GROUPS; i++) {
		if (i == best) {
			buf_adds(&out, "::");
			i += best_n - 1;
			continue;
		}
		buf_addf(&out, "%s%x", i && i != best + best_n ? ":" : "",
			 (unsigned)b[2 * i] << 8 | b[2 * i + 1]);
	}
	return arena_dup(a, out.p, out.len);
}

/* The canonical text; NULL when s is no IPv6 address. */
static char *v6_canonical(struct arena *a, const char *s)
{
	unsigned char bytes[V6_BYTES];

	return inet_pton(AF_INET6, s, bytes) == 1 ? v6_text(a, bytes) : NULL;
}

void warn_ip(struct hook *h, const struct at *at, const char *s)
{
	const char *canonical = is_mapped(s) ? NULL : v6_canonical(h->a, s);

	if (canonical && strcmp(canonical, s) != 0)
		hook_warn(h,
			  "%s: IPv6 address \"%s\" should be in RFC 5952 canonical format (\"%s\")",
			  at_text(h, at), s, canonical);
}

/* ---- CIDRs ---- */

struct cidr {
	unsigned char bytes[V6_BYTES];
	size_t n; /* V4_BYTES or V6_BYTES */
	long prefix;
	const char *address; /* the part before the slash */
};

static bool cidr_parse(struct arena *a, const char *s, struct cidr *c)
{
	const char *slash = strchr(s, '/');
	char *address, *end;

	if (!slash || !is_digit(slash[1]))
		return false;
	address = arena_dup(a, s, (size_t)(slash - s));
	c->address = address;
	c->prefix = strtol(slash + 1, &end, 10);
	if (*end)
		return false;
	if (inet_pton(AF_INET, address, c->bytes) == 1)
		c->n = V4_BYTES;
	else if (inet_pton(AF_INET6, address, c->bytes) == 1)
		c->n = V6_BYTES;
	else
		return false;
	return c->prefix <= (long)c->n * 8;
}

/* Clears what lies beyond the prefix; true when something did. */
static bool cidr_mask(struct cidr *c)
{
	bool beyond = false;

	for (size_t bit = (size_t)c->prefix; bit < c->n * 8; bit++) {
		unsigned char mask = (unsigned char)(0x80u >> (bit % 8));

		beyond |= (c->bytes[bit / 8] & mask) != 0;
		c->bytes[bit / 8] &= (unsigned char)~mask;
	}
	return beyond;
}

bool check_cidr(struct hook *h, const struct at *at, const char *s)
{
	const char *slash = strchr(s, '/');
	char plain[TEXT_MAX];
	struct cidr c;
	bool zeros = slash && slash[1] == '0' && slash[2];

	if (!cidr_parse(h->a, s, &c)) {
		zeros = strip_zeros(s, plain) && cidr_parse(h->a, plain, &c) && c.n == V4_BYTES;
		if (!zeros) {
			err_invalid(h, at, s,
				    "must be a valid CIDR value, (e.g. 10.9.8.0/24 or "
				    "2001:db8::/64)");
			return false;
		}
	}
	if (zeros)
		err_invalid(h, at, s, "must not have leading 0s in IP or prefix length");
	else if (is_mapped(c.address))
		err_invalid(h, at, s, "must not have an IPv4-mapped IPv6 address");
	else if (cidr_mask(&c))
		err_invalid(h, at, s, "must not have bits set beyond the prefix length");
	else
		return true;
	return false;
}

void warn_cidr(struct hook *h, const struct at *at, const char *s)
{
	struct cidr c;
	char *canonical;

	if (!cidr_parse(h->a, s, &c) || c.n != V6_BYTES)
		return;
	canonical = arena_printf(h->a, "%s/%ld", v6_text(h->a, c.bytes), c.prefix);
	if (strcmp(canonical, s) != 0)
		hook_warn(h,
			  "%s: IPv6 CIDR value \"%s\" should be in RFC 5952 canonical format (\"%s\")",
			  at_text(h, at), s, canonical);
}

bool cidr_contains(struct arena *a, const char *outer, const char *inner, bool *strictly)
{
	struct cidr x, y;

	if (!cidr_parse(a, outer, &x) || !cidr_parse(a, inner, &y) || x.n != y.n)
		return false;
	*strictly = y.prefix > x.prefix;
	y.prefix = x.prefix;
	cidr_mask(&x);
	cidr_mask(&y);
	return !memcmp(x.bytes, y.bytes, x.n);
}
