/*
 * clean_scalar: checks and canonical forms of single values.
 *
 * Values that are canonical already, nearly all in practice, are returned as they are.  Types with a
 * decoder of their own (times, quantities, int-or-string, durations) fail with that decoder's words.
 */
#include "kind/clean.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <ctype.h>
#include <string.h>

/* An integer without fraction or exponent, between lo and hi. */
static bool is_int(struct arena *a, const struct json *v, int64_t lo, int64_t hi)
{
	int64_t n;

	if (!json_is_number(v) || !json_int(v, &n) || n < lo || n > hi)
		return false;
	return !strpbrk(json_number_text(a, v), ".eE");
}

/* Where Go's decoder of standard base64 stops. */
static size_t base64_fault(const char *s)
{
	size_t quantum = 0, i;

	for (i = 0; s[i]; i++) {
		if (s[i] == '\r' || s[i] == '\n')
			continue;
		if (!isalnum((unsigned char)s[i]) && s[i] != '+' && s[i] != '/')
			break;
		quantum = (quantum + 1) % 4;
	}
	if (!s[i])
		return i - quantum;
	if (s[i] != '=' || quantum < 2)
		return i;
	i++;
	if (quantum == 2) {
		if (s[i] != '=')
			return i;
		i++;
	}
	return i;
}

static struct json *clean_bytes(struct cleaner *c, const char *go, struct json *v,
				const struct step *at)
{
	const char *s = json_str(v);
	size_t n = strlen(s), len;
	char *raw;

	if (!json_is_string(v)) {
		clean_mismatch(c, at, v, go, false);
		return NULL;
	}
	raw = base64_decode(c->a, s, n, &len);
	if (raw)
		return strpbrk(s, "\r\n") ? json_string(c->a, base64_encode(c->a, raw, len)) : v;
	if (!c->mismatch)
		c->mismatch =
			arena_printf(c->a, "illegal base64 data at input byte %zu", base64_fault(s));
	return NULL;
}

static struct json *clean_time(struct cleaner *c, bool micro, struct json *v, const struct step *at)
{
	const char *s = json_str(v), *dot;
	char text[TIME_LEN];
	int64_t us;

	if (!json_is_string(v)) {
		clean_mismatch(c, at, v, "string", true);
		return NULL;
	}
	dot = strchr(s, '.');
	if (!time_parse(s, &us) || (micro && (!dot || strspn(dot + 1, "0123456789") != 6))) {
		clean_fatal(c, clean_time_error(c->a, s, micro));
		return NULL;
	}
	if (strncmp(s, "0001-01-01T00:00:00", 19) == 0)
		return NULL; /* Go's zero time prints as null */
	if (micro)
		time_format_us(us, text);
	else
		time_format(us >= 0 || us % 1000000 == 0 ? us / 1000000 : us / 1000000 - 1, text);
	return strcmp(s, text) == 0 ? v : json_string(c->a, text);
}

static struct json *clean_duration(struct cleaner *c, struct json *v, const struct step *at)
{
	const char *s = json_str(v);
	int64_t ns;

	if (!json_is_string(v)) {
		clean_mismatch(c, at, v, "string", true);
		return NULL;
	}
	if (!duration_parse(s, &ns)) {
		clean_fatal(c, arena_printf(c->a, "time: invalid duration %s",
					    go_quote(c->a, s, strlen(s))));
		return NULL;
	}
	return json_string(c->a, clean_duration_text(c->a, ns));
}

/* Why a text is no quantity: its suffix, or its shape.  k8s: api/resource/quantity.go */
static const char *quantity_error(const char *s)
{
	size_t n;

	if (!*s)
		goto out;
	s += *s == '-' || *s == '+';
	s += strspn(s, "0123456789");
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	n = strspn(s, "eEinumkKMGTP");
	s += n;
	s += *s == '-' || *s == '+';
	s += strspn(s, "0123456789");
	if (!*s && n)
		return "unable to parse quantity's suffix";
out:
	return "quantities must match the regular expression "
	       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

/* Resources of pods, volumes, nodes and limits are counted in thousandths; finer ones are rounded up.
 * k8s: pkg/apis/core/v1/defaults.go (SetDefaults_ResourceList) */
static char *in_thousandths(struct cleaner *c, char *text)
{
	struct quantity q;

	return quantity_parse(text, &q) && quantity_round_milli(&q) ? quantity_text(c->a, &q) : text;
}

static struct json *clean_quantity(struct cleaner *c, const char *go, struct json *v)
{
	const char *s = json_is_number(v) ? json_number_text(c->a, v) : json_str(v);
	size_t n;
	char *text;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	if (s[n])
		s = arena_dup(c->a, s, n);
	text = quantity_canonical(c->a, s);
	if (!text) {
		clean_fatal(c, quantity_error(s));
		return NULL;
	}
	if (!strcmp(go, "v1.ResourceList"))
		text = in_thousandths(c, text);
	return json_is_string(v) && strcmp(json_str(v), text) == 0 ? v : json_string(c->a, text);
}

/* v when it is of the JSON type Go wants. */
static struct json *expect(struct cleaner *c, bool ok, const char *go, struct json *v,
			   const struct step *at, bool own)
{
	if (ok)
		return v;
	clean_mismatch(c, at, v, go, own);
	return NULL;
}

struct json *clean_scalar(struct cleaner *c, enum scalar kind, const char *go, struct json *v,
			  const struct step *at)
{
	bool ok;

	switch (kind) {
	case SCALAR_STRING: return expect(c, json_is_string(v), go, v, at, false);
	case SCALAR_BOOL: return expect(c, json_is_bool(v), go, v, at, false);
	case SCALAR_INT32:
		return expect(c, is_int(c->a, v, INT32_MIN, INT32_MAX), go, v, at, false);
	case SCALAR_INT64:
		return expect(c, is_int(c->a, v, INT64_MIN, INT64_MAX), go, v, at, false);
	case SCALAR_DOUBLE: return expect(c, json_is_number(v), go, v, at, false);
	case SCALAR_BYTES: return clean_bytes(c, go, v, at);
	case SCALAR_TIME:
	case SCALAR_MICROTIME: return clean_time(c, kind == SCALAR_MICROTIME, v, at);
	case SCALAR_DURATION: return clean_duration(c, v, at);
	case SCALAR_QUANTITY: return clean_quantity(c, go, v);
	case SCALAR_INT_OR_STRING:
		ok = json_is_string(v) || is_int(c->a, v, INT32_MIN, INT32_MAX);
		return expect(c, ok, "int32", v, at, true);
	default: return v;
	}
}

struct json *clean_zero_scalar(struct arena *a, enum scalar kind)
{
	switch (kind) {
	case SCALAR_STRING:
	case SCALAR_BYTES: return json_string(a, "");
	case SCALAR_BOOL: return json_boolean(a, false);
	case SCALAR_INT32:
	case SCALAR_INT64:
	case SCALAR_DOUBLE:
	case SCALAR_INT_OR_STRING: return json_integer(a, 0);
	case SCALAR_QUANTITY: return json_string(a, "0");
	case SCALAR_DURATION: return json_string(a, "0s");
	default: return NULL;
	}
}

bool clean_is_zero(enum scalar kind, const struct json *v)
{
	switch (kind) {
	case SCALAR_STRING:
	case SCALAR_BYTES: return !*json_str(v);
	case SCALAR_BOOL: return !json_is_true(v);
	case SCALAR_INT32:
	case SCALAR_INT64:
	case SCALAR_DOUBLE:
	case SCALAR_INT_OR_STRING: return json_is_number(v) && json_double(v) == 0;
	default: return false;
	}
}
