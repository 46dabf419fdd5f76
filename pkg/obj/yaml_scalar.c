/*
 * yaml_scalar: the resolution table of go-yaml v2, which all Kubernetes tools use.
 *
 * Integers may be signed, 0x, 0o, 0b, octal with a leading zero, and carry underscores; they come out
 * in decimal.  Floats come out as Go's encoding/json prints a float64, so that 1.0 and 1e3 are
 * integers afterwards, as they are for Go clients.  Timestamps stay strings.
 */
#include "obj/yaml_scalar.h"

#include "base/arena.h"
#include "obj/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool among(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, s) == 0)
			return true;
	return false;
}

static const char *const trues[] = { "y",    "Y",    "yes", "Yes", "YES", "true",
				     "True", "TRUE", "on",  "On",  "ON",  NULL };
static const char *const falses[] = { "n",     "N",     "no",  "No",  "NO",  "false",
				      "False", "FALSE", "off", "Off", "OFF", NULL };
static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const specials[] = { ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
					".INF",  "+.inf", "+.Inf", "+.INF", "-.inf",
					"-.Inf", "-.INF", NULL };

/* s without underscores. */
static char *strip(struct arena *a, const char *s)
{
	char *out = arena_strdup(a, s), *to = out;

	for (; *s; s++)
		if (*s != '_')
			*to++ = *s;
	*to = '\0';
	return out;
}

/* The base that a prefix after the sign announces; skips the prefix. */
static int take_base(const char **s)
{
	static const struct {
		char letter;
		int base;
	} prefixes[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

	if (**s != '0' || !(*s)[1])
		return 10;
	for (size_t i = 0; i < 3; i++)
		if (((*s)[1] | 0x20) == prefixes[i].letter) {
			*s += 2;
			return prefixes[i].base;
		}
	++*s;
	return 8;
}

/* Go's strconv.ParseInt and ParseUint with base 0; NULL when s is no such number. */
static struct json *integer(struct arena *a, const char *s)
{
	bool negative = *s == '-';
	unsigned long long v;
	char *end;
	int base;

	if (*s == '-' || *s == '+')
		s++;
	base = take_base(&s);
	for (const char *p = s; *p; p++)
		if (!strchr("0123456789abcdefABCDEF", *p))
			return NULL;
	if (!*s)
		return NULL;
	errno = 0;
	v = strtoull(s, &end, base);
	if (*end || errno || (negative && v > (unsigned long long)INT64_MAX + 1))
		return NULL;
	if (!v)
		return json_integer(a, 0);
	return json_number(a, arena_printf(a, "%s%llu", negative ? "-" : "", v));
}

/* ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$ */
static bool looks_float(const char *s)
{
	size_t before, after = 0;

	s += *s == '-' || *s == '+';
	before = strspn(s, "0123456789");
	s += before;
	if (*s == '.') {
		after = strspn(++s, "0123456789");
		s += after;
	}
	if (!before && !after)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!*s)
			return false;
		s += strspn(s, "0123456789");
	}
	return !*s;
}

/* A double as Go's encoding/json prints it. */
static struct json *print_float(struct arena *a, double d)
{
	char text[400], *e;
	double size = fabs(d);

	if (size != 0 && (size < 1e-6 || size >= 1e21)) {
		for (int digits = 0; digits <= 16; digits++) {
			snprintf(text, sizeof text, "%.*e", digits, d);
			if (strtod(text, NULL) == d)
				break;
		}
		/* e-09 is e-9 in Go. */
		e = strchr(text, 'e');
		if (e && e[2] == '0' && e[3] && e[1] == '-')
			memmove(e + 2, e + 3, strlen(e + 3) + 1);
	} else {
		for (int digits = 0; digits <= 24; digits++) {
			snprintf(text, sizeof text, "%.*f", digits, d);
			if (strtod(text, NULL) == d)
				break;
		}
	}
	return json_number(a, text);
}

static struct json *number(struct arena *a, const char *s)
{
	char *plain = *s == '.' ? arena_strdup(a, s) : strip(a, s);
	struct json *j = integer(a, plain);

	if (j || !looks_float(plain))
		return j;
	errno = 0;
	return isfinite(strtod(plain, NULL)) ? print_float(a, strtod(plain, NULL)) : NULL;
}

struct json *yaml_scalar(struct arena *a, const char *s)
{
	struct json *j = NULL;

	if (among(s, nulls))
		return json_null(a);
	if (among(s, trues) || among(s, falses))
		return json_boolean(a, among(s, trues));
	if (among(s, specials))
		return NULL;
	if (strchr("+-.0123456789", *s))
		j = number(a, s);
	return j ? j : json_string(a, s);
}
