/*
 * semver: semantic versions.
 */
#include "cel/semver.h"

#include "cel/number.h"

#include "base/arena.h"
#include "base/codec.h"

#include <string.h>

#define DIGITS "0123456789"
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-" DIGITS

static const char *quoted(struct arena *a, const char *what, const char *s)
{
	return arena_printf(a, "%s %s", what, go_quote(a, s, strlen(s)));
}

static bool only(const char *s, const char *set)
{
	return strspn(s, set) == strlen(s);
}

static const char *parse_uint(struct arena *a, const char *s, uint64_t *out)
{
	if (cel_parse_uint(s, strlen(s), out))
		return NULL;
	return arena_printf(a, "strconv.ParseUint: parsing %s: %s", go_quote(a, s, strlen(s)),
			    *s ? "value out of range" : "invalid syntax");
}

static const char *parse_number(struct arena *a, const char *s, const char *name, uint64_t *out)
{
	if (!only(s, DIGITS))
		return quoted(a, arena_printf(a, "Invalid character(s) found in %s number", name), s);
	if (s[0] == '0' && s[1])
		return quoted(a,
			      arena_printf(a, "%c%s number must not contain leading zeroes",
					   name[0] - 'a' + 'A', name + 1),
			      s);
	return parse_uint(a, s, out);
}

/* One dotted part of the pre-release. */
static const char *check_pre(struct arena *a, const char *s)
{
	uint64_t v;

	if (!*s)
		return "Prerelease is empty";
	if (only(s, DIGITS)) {
		if (s[0] == '0' && s[1])
			return quoted(
				a, "Numeric PreRelease version must not contain leading zeroes", s);
		return parse_uint(a, s, &v);
	}
	return only(s, ALNUM) ? NULL : quoted(a, "Invalid character(s) found in prerelease", s);
}

static const char *check_build(struct arena *a, const char *s)
{
	if (!*s)
		return "Build meta data is empty";
	return only(s, ALNUM) ? NULL : quoted(a, "Invalid character(s) found in build meta data", s);
}

static const char *check_parts(struct arena *a, const char *s,
			       const char *(*check)(struct arena *a, const char *part))
{
	const char *error = NULL;

	for (;; s++) {
		size_t n = strcspn(s, ".");

		error = check(a, arena_dup(a, s, n));
		s += n;
		if (error || !*s)
			return error;
	}
}

/* The text behind c, which is cut off; NULL when there is no c. */
static char *cut(char *s, char c)
{
	char *at = strchr(s, c);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static const char *parse(struct arena *a, const char *text, struct cel_semver *out)
{
	char *major = arena_strdup(a, text), *minor, *patch, *pre, *build;
	const char *error;

	*out = (struct cel_semver){ .pre = "", .text = text };
	if (!*text)
		return "Version string empty";
	minor = cut(major, '.');
	patch = minor ? cut(minor, '.') : NULL;
	if (!patch)
		return "No Major.Minor.Patch elements found";
	error = parse_number(a, major, "major", &out->number[0]);
	if (!error)
		error = parse_number(a, minor, "minor", &out->number[1]);
	if (error)
		return error;
	build = cut(patch, '+');
	pre = cut(patch, '-');
	error = parse_number(a, patch, "patch", &out->number[2]);
	if (!error && pre)
		error = check_parts(a, pre, check_pre);
	if (!error && build)
		error = check_parts(a, build, check_build);
	if (pre)
		out->pre = pre;
	return error;
}

/* A part without its leading zeros. */
static const char *trimmed(struct arena *a, const char *s)
{
	const char *p = s + strspn(s, "0");

	if (!s[0] || !s[1])
		return s;
	return *p >= '1' && *p <= '9' ? p : arena_printf(a, "0%s", p);
}

/* Up to three parts; the third holds what follows it. */
static const char *normalized(struct arena *a, const char *s, const char **error)
{
	const char *parts[3] = { "", "0", "0" };
	size_t n = 0;

	if (*s == 'v')
		s++;
	for (; n < 3; n++) {
		size_t length = n < 2 ? strcspn(s, ".") : strlen(s);

		parts[n] = trimmed(a, arena_dup(a, s, length));
		s += length;
		if (!*s)
			break;
		s++;
	}
	if (n < 2 && strpbrk(parts[n], "+-"))
		*error = "short version cannot contain PreRelease/Build meta data";
	return arena_printf(a, "%s.%s.%s", parts[0], parts[1], parts[2]);
}

const char *cel_semver_parse(struct arena *a, const char *s, bool normalize, struct cel_semver *out)
{
	const char *error = NULL;

	if (normalize)
		s = normalized(a, s, &error);
	return error ? error : parse(a, s, out);
}

/* ---- order ---- */

static int order(bool less, bool more)
{
	return more - less;
}

/* One part of the pre-release of each, ended by a dot or the end. */
static int compare_part(const char *x, size_t nx, const char *y, size_t ny)
{
	bool dx = strspn(x, DIGITS) >= nx, dy = strspn(y, DIGITS) >= ny;
	int c;

	if (dx != dy)
		return dx ? -1 : 1;
	if (dx && nx != ny)
		return order(nx<ny, nx> ny);
	c = memcmp(x, y, nx < ny ? nx : ny);
	return c ? order(c<0, c> 0) : order(nx<ny, nx> ny);
}

static int compare_pre(const char *x, const char *y)
{
	if (!*x || !*y)
		return order(*x && !*y, *y && !*x);
	for (;;) {
		size_t nx = strcspn(x, "."), ny = strcspn(y, ".");
		int c = compare_part(x, nx, y, ny);

		if (c)
			return c;
		x += nx;
		y += ny;
		if (!*x || !*y)
			return order(!*x && *y, *x && !*y);
		x++;
		y++;
	}
}

int cel_semver_compare(const struct cel_semver *x, const struct cel_semver *y)
{
	for (int i = 0; i < 3; i++)
		if (x->number[i] != y->number[i])
			return x->number[i] < y->number[i] ? -1 : 1;
	return compare_pre(x->pre, y->pre);
}
