/*
 * url: URLs as Go's net/url reads and writes them.
 */
#include "cel/url.h"

#include "cel/address.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"

#include <string.h>

/* Which characters a part may contain as they are. */
enum part { IN_PATH, IN_HOST, IN_ZONE, IN_USER, IN_QUERY, IN_FRAGMENT };

struct parser {
	struct arena *a;
	const char *error;
};

static const char *fail(struct parser *p, const char *error)
{
	if (!p->error)
		p->error = error;
	return NULL;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_plain(char c, enum part part)
{
	static const char *const also[] = {
		[IN_PATH] = "$&+,/:;=@",
		[IN_HOST] = "!$&'()*+,;=:[]<>\"",
		[IN_ZONE] = "!$&'()*+,;=:[]<>\"",
		[IN_USER] = "$&+,;=",
		[IN_QUERY] = "",
		[IN_FRAGMENT] = "$&+,/:;=?@!()*",
	};

	return is_alnum(c) || (c && (strchr("-_.~", c) || strchr(also[part], c)));
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

static const char *bad_escape(struct parser *p, const char *s, size_t n)
{
	return fail(p, arena_printf(p->a, "invalid URL escape %s", go_quote(p->a, s, n < 3 ? n : 3)));
}

/* An escape of n bytes at s that this part does not allow. */
static bool is_forbidden_escape(const char *s, enum part part)
{
	char c = (char)(hex_value(s[1]) << 4 | hex_value(s[2]));
	bool percent = memcmp(s, "%25", 3) == 0;

	if (part == IN_HOST)
		return hex_value(s[1]) < 8 && !percent;
	return part == IN_ZONE && !percent && c != ' ' && !is_plain(c, IN_HOST);
}

/* n bytes decoded; NULL on error. */
static const char *unescape(struct parser *p, const char *s, size_t n, enum part part)
{
	char *out = arena_alloc(p->a, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%') {
			if (n - i < 3 || hex_value(s[i + 1]) < 0 || hex_value(s[i + 2]) < 0 ||
			    is_forbidden_escape(s + i, part))
				return bad_escape(p, s + i, n - i);
			*to++ = (char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
			i += 2;
		} else if ((part == IN_HOST || part == IN_ZONE) && (unsigned char)s[i] < 0x80 &&
			   !is_plain(s[i], part)) {
			return fail(p, arena_printf(p->a, "invalid character %s in host name",
						    go_quote(p->a, s + i, 1)));
		} else {
			*to++ = s[i] == '+' && part == IN_QUERY ? ' ' : s[i];
		}
	}
	*to = '\0';
	return out;
}

static const char *escape(struct arena *a, const char *s, enum part part)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (; *s; s++) {
		if (is_plain(*s, part))
			buf_addc(&b, *s);
		else
			buf_addf(&b, "%%%02X", (unsigned)(unsigned char)*s);
	}
	return arena_dup(a, b.len ? b.p : "", b.len);
}

/* ---- authority ---- */

static bool is_optional_port(const char *s)
{
	return !*s || (*s == ':' && strspn(s + 1, "0123456789") == strlen(s + 1));
}

static const char *bad_port(struct parser *p, const char *s)
{
	return fail(p,
		    arena_printf(p->a, "invalid port %s after host", go_quote(p->a, s, strlen(s))));
}

/* [::1]:80 */
static const char *parse_literal(struct parser *p, const char *host)
{
	const char *close = strrchr(host, ']'), *zone, *name, *port, *error;
	struct cel_address address;
	size_t n;

	if (!close)
		return fail(p, "missing ']' in host");
	if (!is_optional_port(close + 1))
		return bad_port(p, close + 1);
	port = unescape(p, close + 1, strlen(close + 1), IN_HOST);
	n = (size_t)(close - host) - 1;
	zone = memmem(host + 1, n, "%25", 3);
	if (zone) {
		const char *head = unescape(p, host + 1, (size_t)(zone - host) - 1, IN_HOST);
		const char *tail = unescape(p, zone, (size_t)(close - zone), IN_ZONE);

		name = head && tail ? arena_printf(p->a, "%s%s", head, tail) : NULL;
	} else {
		name = unescape(p, host + 1, n, IN_HOST);
	}
	if (!name || !port)
		return NULL;
	error = cel_address_parse(p->a, name, &address);
	if (error)
		return fail(p, arena_printf(p->a, "invalid host: %s", error));
	if (address.n == 4)
		return fail(p, "invalid IP-literal");
	return arena_printf(p->a, "[%s]%s", name, port);
}

static const char *parse_host(struct parser *p, const char *scheme, const char *host)
{
	const char *open = strrchr(host, '['), *colon = strchr(host, ':');

	if (open && open > host)
		return fail(p, "invalid IP-literal");
	if (open)
		return parse_literal(p, host);
	/* More than one colon is tolerated outside of HTTP. */
	if (colon && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		colon = strrchr(host, ':');
	if (colon && !is_optional_port(colon))
		return bad_port(p, colon);
	return unescape(p, host, strlen(host), IN_HOST);
}

static bool is_userinfo(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && !(s[i] && strchr("-._:~!$&'()*+,;=%@", s[i])))
			return false;
	return true;
}

static bool parse_user(struct parser *p, const char *s, size_t n, struct cel_url *out)
{
	const char *colon = memchr(s, ':', n), *name, *password = NULL;

	if (!is_userinfo(s, n))
		return fail(p, "net/url: invalid userinfo");
	name = unescape(p, s, colon ? (size_t)(colon - s) : n, IN_USER);
	if (colon && name)
		password = unescape(p, colon + 1, n - (size_t)(colon + 1 - s), IN_USER);
	if (!name || (colon && !password))
		return false;
	out->user = escape(p->a, name, IN_USER);
	if (password)
		out->user = arena_printf(p->a, "%s:%s", out->user, escape(p->a, password, IN_USER));
	return true;
}

static bool parse_authority(struct parser *p, const char *s, struct cel_url *out)
{
	const char *at = strrchr(s, '@');

	out->host = parse_host(p, out->scheme, at ? at + 1 : s);
	return out->host && (!at || parse_user(p, s, (size_t)(at - s), out));
}

/* ---- the whole ---- */

/* The scheme, in lower case; *rest is what follows its colon. */
static const char *parse_scheme(struct parser *p, const char *s, const char **rest)
{
	size_t n = 0;
	char *scheme;

	*rest = s;
	while (is_alnum(s[n]) || (s[n] && strchr("+-.", s[n]))) {
		if (!n && ((s[n] >= '0' && s[n] <= '9') || !is_alnum(s[n])))
			return "";
		n++;
	}
	if (s[n] != ':')
		return "";
	if (!n)
		return fail(p, "missing protocol scheme");
	*rest = s + n + 1;
	scheme = arena_dup(p->a, s, n);
	for (char *c = scheme; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return scheme;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

/* Take the query off the end of s. */
static char *cut_query(struct parser *p, const char *s, struct cel_url *out)
{
	char *rest = arena_strdup(p->a, s), *mark = strchr(rest, '?');

	if (mark) {
		out->force_query = !mark[1];
		out->query = mark + 1;
		*mark = '\0';
	}
	return rest;
}

static bool parse_path(struct parser *p, const char *s, struct cel_url *out)
{
	out->path = unescape(p, s, strlen(s), IN_PATH);
	if (!out->path)
		return false;
	if (strcmp(escape(p->a, out->path, IN_PATH), s) != 0)
		out->raw_path = s;
	return true;
}

static bool parse_rest(struct parser *p, char *rest, bool request, struct cel_url *out)
{
	if (*rest != '/') {
		if (*out->scheme) {
			out->opaque = rest;
			return true;
		}
		if (request)
			return fail(p, "invalid URI for request");
		if (memchr(rest, ':', strcspn(rest, "/")))
			return fail(p, "first path segment in URL cannot contain colon");
	}
	if (strncmp(rest, "//", 2) == 0 &&
	    (*out->scheme || (!request && strncmp(rest, "///", 3) != 0))) {
		char *path = rest + 2 + strcspn(rest + 2, "/");

		if (!parse_authority(p, arena_dup(p->a, rest + 2, (size_t)(path - rest) - 2), out))
			return false;
		rest = path;
	} else if (*out->scheme && *rest == '/') {
		out->omit_host = true;
	}
	return parse_path(p, rest, out);
}

static bool parse(struct parser *p, const char *s, bool request, struct cel_url *out)
{
	const char *rest;

	if (has_control(s))
		return fail(p, "net/url: invalid control character in URL");
	if (!*s && request)
		return fail(p, "empty url");
	if (strcmp(s, "*") == 0) {
		out->path = "*";
		return true;
	}
	out->scheme = parse_scheme(p, s, &rest);
	return out->scheme && parse_rest(p, cut_query(p, rest, out), request, out);
}

static bool parse_fragment(struct parser *p, const char *s, struct cel_url *out)
{
	out->fragment = unescape(p, s, strlen(s), IN_FRAGMENT);
	if (!out->fragment)
		return false;
	if (strcmp(escape(p->a, out->fragment, IN_FRAGMENT), s) != 0)
		out->raw_fragment = s;
	return true;
}

const char *cel_url_parse(struct arena *a, const char *s, bool request, struct cel_url *out)
{
	struct parser p = { .a = a };
	const char *mark = request ? NULL : strchr(s, '#');
	const char *head = mark ? arena_dup(a, s, (size_t)(mark - s)) : s;

	*out = (struct cel_url){ .scheme = "",
				 .opaque = "",
				 .host = "",
				 .path = "",
				 .raw_path = "",
				 .query = "",
				 .fragment = "",
				 .raw_fragment = "" };
	if (!parse(&p, head, request, out))
		return arena_printf(a, "parse %s: %s", go_quote(a, head, strlen(head)), p.error);
	if (mark && mark[1] && !parse_fragment(&p, mark + 1, out))
		return arena_printf(a, "parse %s: %s", go_quote(a, s, strlen(s)), p.error);
	return NULL;
}

/* ---- writing ---- */

static bool is_valid_encoded(const char *s, enum part part)
{
	for (; *s; s++)
		if (!strchr("!$&'()*+,;=:@[]%", *s) && !is_plain(*s, part))
			return false;
	return true;
}

/* The text as it was written if that says the same, else encoded anew. */
static const char *encoded(struct arena *a, const char *raw, const char *decoded, enum part part)
{
	struct parser p = { .a = a };
	const char *again;

	if (*raw && is_valid_encoded(raw, part)) {
		again = unescape(&p, raw, strlen(raw), part);
		if (again && strcmp(again, decoded) == 0)
			return raw;
	}
	return escape(a, decoded, part);
}

const char *cel_url_escaped_path(struct arena *a, const struct cel_url *u)
{
	if (strcmp(u->path, "*") == 0 && !*u->raw_path)
		return "*";
	return encoded(a, u->raw_path, u->path, IN_PATH);
}

static void print_place(struct arena *a, struct buf *b, const struct cel_url *u)
{
	const char *path = cel_url_escaped_path(a, u);

	if ((*u->scheme || *u->host || u->user) && !(u->omit_host && !*u->host && !u->user)) {
		if (*u->host || *u->path || u->user)
			buf_adds(b, "//");
		if (u->user)
			buf_addf(b, "%s@", u->user);
		buf_adds(b, escape(a, u->host, IN_HOST));
	}
	if (*path && *path != '/' && *u->host)
		buf_addc(b, '/');
	if (!b->len && memchr(path, ':', strcspn(path, "/")))
		buf_adds(b, "./");
	buf_adds(b, path);
}

const char *cel_url_text(struct arena *a, const struct cel_url *u)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (*u->scheme)
		buf_addf(&b, "%s:", u->scheme);
	if (*u->opaque)
		buf_adds(&b, u->opaque);
	else
		print_place(a, &b, u);
	if (u->force_query || *u->query)
		buf_addf(&b, "?%s", u->query);
	if (*u->fragment)
		buf_addf(&b, "#%s", encoded(a, u->raw_fragment, u->fragment, IN_FRAGMENT));
	return arena_dup(a, b.len ? b.p : "", b.len);
}

/* The colon before the port, or NULL. */
static const char *port_colon(const struct cel_url *u)
{
	const char *colon = strrchr(u->host, ':');

	return colon && is_optional_port(colon) ? colon : NULL;
}

const char *cel_url_hostname(struct arena *a, const struct cel_url *u)
{
	const char *colon = port_colon(u);
	size_t n = colon ? (size_t)(colon - u->host) : strlen(u->host);

	if (n >= 2 && u->host[0] == '[' && u->host[n - 1] == ']')
		return arena_dup(a, u->host + 1, n - 2);
	return arena_dup(a, u->host, n);
}

const char *cel_url_port(struct arena *a, const struct cel_url *u)
{
	const char *colon = port_colon(u);

	return arena_strdup(a, colon ? colon + 1 : "");
}

const char *cel_url_query_part(struct arena *a, const char *s, size_t n)
{
	struct parser p = { .a = a };

	return unescape(&p, s, n, IN_QUERY);
}
