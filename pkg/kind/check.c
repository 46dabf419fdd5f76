/*
 * check: rendering of field paths and field errors, and the small values that many kinds share.
 * The formats of texts are in check_text.c.
 */
#include "kind/check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <stdarg.h>
#include <string.h>

#define ANNOTATIONS_MAX_BYTES (256 * 1024)

static void at_print(struct buf *b, const struct at *at)
{
	if (!at)
		return;
	at_print(b, at->up);
	if (at->index >= 0)
		buf_addf(b, "[%ld]", at->index);
	else if (at->index == AT_IS_KEY)
		buf_addf(b, "[%s]", at->name);
	else
		buf_addf(b, "%s%s", b->len ? "." : "", at->name);
}

char *at_text(const struct hook *h, const struct at *at)
{
	BUF_AUTO struct buf b = BUF_INIT;

	at_print(&b, at);
	return arena_dup(h->a, b.p ? b.p : "", b.len);
}

/* ---- reporting ---- */

/* The detail of a printf-like reporter; NULL format: none. */
#define DETAIL(h, fmt, detail)                                   \
	char *detail = NULL;                                     \
	do {                                                     \
		va_list ap;                                      \
		va_start(ap, fmt);                               \
		if (fmt)                                         \
			detail = arena_vprintf((h)->a, fmt, ap); \
		va_end(ap);                                      \
	} while (0)

void err_required(struct hook *h, const struct at *at, const char *detail)
{
	field_error(h->errors, FIELD_REQUIRED, at_text(h, at), NULL, detail);
}

void err_forbidden(struct hook *h, const struct at *at, const char *fmt, ...)
{
	DETAIL(h, fmt, detail);
	field_error(h->errors, FIELD_FORBIDDEN, at_text(h, at), NULL, detail);
}

void err_invalid(struct hook *h, const struct at *at, const char *value, const char *fmt, ...)
{
	DETAIL(h, fmt, detail);
	field_error_str(h->errors, FIELD_INVALID, at_text(h, at), value, detail);
}

void err_invalid_int(struct hook *h, const struct at *at, int64_t value, const char *fmt, ...)
{
	DETAIL(h, fmt, detail);
	field_error(h->errors, FIELD_INVALID, at_text(h, at),
		    arena_printf(h->a, "%lld", (long long)value), detail);
}

void err_invalid_json(struct hook *h, const struct at *at, const struct json *value,
		      const char *fmt, ...)
{
	DETAIL(h, fmt, detail);
	if (json_is_string(value))
		field_error_str(h->errors, FIELD_INVALID, at_text(h, at), json_str(value), detail);
	else
		field_error(h->errors, FIELD_INVALID, at_text(h, at),
			    value ? json_text(h->a, value) : "null", detail);
}

void err_duplicate(struct hook *h, const struct at *at, const char *value)
{
	field_error_str(h->errors, FIELD_DUPLICATE, at_text(h, at), value, NULL);
}

void err_not_found(struct hook *h, const struct at *at, const char *value)
{
	field_error_str(h->errors, FIELD_NOT_FOUND, at_text(h, at), value, NULL);
}

void err_unsupported(struct hook *h, const struct at *at, const char *value,
		     const char *const *supported)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_adds(&b, "supported values: ");
	for (size_t i = 0; supported[i]; i++)
		buf_addf(&b, "%s%s", i ? ", " : "",
			 go_quote(h->a, supported[i], strlen(supported[i])));
	field_error_str(h->errors, FIELD_NOT_SUPPORTED, at_text(h, at), value, b.p);
}

void err_too_long(struct hook *h, const struct at *at, size_t max_bytes)
{
	field_error(h->errors, FIELD_TOO_LONG, at_text(h, at), NULL,
		    arena_printf(h->a, "may not be more than %zu byte%s", max_bytes,
				 max_bytes == 1 ? "" : "s"));
}

void err_too_many(struct hook *h, const struct at *at, size_t n, size_t max)
{
	field_error(h->errors, FIELD_TOO_MANY, at_text(h, at), arena_printf(h->a, "%zu", n),
		    arena_printf(h->a, "must have at most %zu item%s", max, max == 1 ? "" : "s"));
}

/* ---- shared values ---- */

bool one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(s, *list))
			return true;
	return false;
}

bool check_enum(struct hook *h, const struct at *at, const char *value,
		const char *const *supported, bool needed)
{
	if (one_of(value, supported))
		return true;
	if (value[0])
		err_unsupported(h, at, value, supported);
	else if (needed)
		err_required(h, at, NULL);
	return false;
}

bool check_nonnegative(struct hook *h, const struct at *at, const struct json *number)
{
	int64_t n;

	if (!json_int(number, &n) || n >= 0)
		return true;
	err_invalid_int(h, at, n, "must be greater than or equal to 0");
	return false;
}

bool check_port(struct hook *h, const struct at *at, int64_t port)
{
	if (port >= 1 && port <= 65535)
		return true;
	err_invalid_int(h, at, port, "must be between 1 and 65535, inclusive");
	return false;
}

void check_port_ref(struct hook *h, const struct at *at, const struct json *port)
{
	int64_t n = 0;

	if (json_is_string(port))
		check_text(h, at, TEXT_PORT_NAME, json_str(port));
	else if (!port || json_int(port, &n))
		check_port(h, at, n);
}

void check_labels(struct hook *h, const struct at *at, const struct json *labels)
{
	json_each(l, labels) {
		check_text(h, at, TEXT_LABEL_KEY, json_name(l));
		check_text(h, at, TEXT_LABEL_VALUE, json_str(l));
	}
}

/* Annotation keys are label keys in any case. */
static char *lower(struct hook *h, const char *s)
{
	char *t = arena_strdup(h->a, s);

	for (char *p = t; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return t;
}

void check_annotations(struct hook *h, const struct at *at, const struct json *annotations)
{
	size_t total = 0;

	json_each(x, annotations) {
		const char *key = json_name(x);

		total += strlen(key) + strlen(json_str(x));
		if (!text_ok(TEXT_LABEL_KEY, key))
			check_text(h, at, TEXT_LABEL_KEY, lower(h, key));
	}
	if (total > ANNOTATIONS_MAX_BYTES)
		err_too_long(h, at, ANNOTATIONS_MAX_BYTES);
}

static void check_requirement(struct hook *h, const struct at *at, const struct json *r)
{
	const char *op = json_str(json_get(r, "operator"));
	const struct json *values = json_get(r, "values");
	size_t i = 0;

	if (!strcmp(op, "In") || !strcmp(op, "NotIn")) {
		if (!json_count(values))
			err_required(h, AT(at, "values"),
				     "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (!strcmp(op, "Exists") || !strcmp(op, "DoesNotExist")) {
		if (json_count(values))
			err_forbidden(h, AT(at, "values"),
				      "may not be specified when `operator` is 'Exists' or "
				      "'DoesNotExist'");
	} else {
		err_invalid(h, AT(at, "operator"), op, "not a valid selector operator");
	}
	check_text(h, AT(at, "key"), TEXT_LABEL_KEY, json_str(json_get(r, "key")));
	json_each(v, values)
		check_text(h, AT_ITEM(AT(at, "values"), i++), TEXT_LABEL_VALUE, json_str(v));
}

void check_label_selector(struct hook *h, const struct at *at, const struct json *selector)
{
	size_t i = 0;

	check_labels(h, AT(at, "matchLabels"), json_get(selector, "matchLabels"));
	json_each(r, json_get(selector, "matchExpressions"))
		check_requirement(h, AT_ITEM(AT(at, "matchExpressions"), i++), r);
}

bool has_dotdot(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (!strncmp(p, "..", 2) && (!p[2] || p[2] == '/'))
			return true;
	}
	return false;
}

bool check_no_dotdot(struct hook *h, const struct at *at, const char *path)
{
	if (!has_dotdot(path))
		return true;
	err_invalid(h, at, path, "must not contain '..'");
	return false;
}

static bool is_empty(const struct json *j)
{
	return json_is_null(j) || (json_is_string(j) && !json_str(j)[0]) ||
	       ((json_is_object(j) || json_is_array(j)) && !json_first(j));
}

bool same_value(const struct json *x, const struct json *y)
{
	return (is_empty(x) && is_empty(y)) || json_equal(x, y);
}

bool check_immutable(struct hook *h, const struct at *at, const struct json *now,
		     const struct json *old)
{
	if (same_value(now, old))
		return true;
	err_invalid_json(h, at, now, "field is immutable");
	return false;
}
