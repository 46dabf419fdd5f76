/*
 * selector: matching, checking and printing label selectors.
 *
 * A selector is a list of requirements that must all hold, sorted by key as upstream sorts them, so
 * that its text is canonical.  "Nothing" is a flag: it has no text form.
 */
#include "obj/selector_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/obj.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct selector {
	struct requirement *reqs;
	size_t n;
	bool nothing;
};

/* ---- checking ---- */

#define NAME_FMT "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define NAME_ERROR                                                                                  \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " \
	"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "      \
	"validation is '" NAME_FMT "')"
#define PREFIX_ERROR                                                                           \
	"prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "  \
	"characters, '-' or '.', and must start and end with an alphanumeric character (e.g. " \
	"'example.com', regex used for validation is "                                         \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define VALUE_ERROR                                                                                 \
	"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or " \
	"'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "          \
	"'my_value',  or '12345', regex used for validation is '(" NAME_FMT ")?')"
#define MAX_NAME 63
#define MAX_PREFIX 253

static bool ascii_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* NAME_FMT */
static bool name_ok(const char *s)
{
	size_t n = strlen(s);

	if (!n || !ascii_alnum(s[0]) || !ascii_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!ascii_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

/* An RFC 1123 subdomain, of n bytes. */
static bool subdomain_ok(const char *s, size_t n)
{
	bool edge = true; /* the next character starts a label */

	for (size_t i = 0; i < n; i++) {
		bool alnum = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z');

		if (s[i] == '.') {
			if (edge || s[i - 1] == '-')
				return false;
			edge = true;
			continue;
		}
		if (!alnum && (s[i] != '-' || edge))
			return false;
		edge = false;
	}
	return !edge && s[n - 1] != '-';
}

static void add_text(struct buf *b, const char *sep, const char *text)
{
	if (b->len)
		buf_adds(b, sep);
	buf_adds(b, text);
}

const char *label_key_errors(struct arena *a, const char *key)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;

	if (strchr(name, '/'))
		return "a valid label key " NAME_ERROR
		       " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
	if (slash == key)
		add_text(&b, "; ", "prefix part must be non-empty");
	if (slash && slash - key > MAX_PREFIX)
		add_text(&b, "; ", "prefix part must be no more than 253 bytes");
	if (slash && slash != key && !subdomain_ok(key, (size_t)(slash - key)))
		add_text(&b, "; ", PREFIX_ERROR);
	if (!*name)
		add_text(&b, "; ", "name part must be non-empty");
	if (strlen(name) > MAX_NAME)
		add_text(&b, "; ", "name part must be no more than 63 bytes");
	if (!name_ok(name))
		add_text(&b, "; ", "name part " NAME_ERROR);
	return b.len ? arena_dup(a, b.p, b.len) : NULL;
}

static const char *label_value_errors(struct arena *a, const char *value)
{
	BUF_AUTO struct buf b = BUF_INIT;

	if (strlen(value) > MAX_NAME)
		add_text(&b, "; ", "must be no more than 63 bytes");
	if (*value && !name_ok(value))
		add_text(&b, "; ", VALUE_ERROR);
	return b.len ? arena_dup(a, b.p, b.len) : NULL;
}

/* Go's strconv.ParseInt(s, 10, 64). */
static bool parse_int(const char *s, int64_t *v)
{
	char *end;

	if (!isdigit((unsigned char)s[0]) &&
	    !((s[0] == '-' || s[0] == '+') && isdigit((unsigned char)s[1])))
		return false;
	errno = 0;
	*v = strtoll(s, &end, 10);
	return !*end && !errno;
}

/* The list of values as Go's encoding/json prints []string. */
static char *values_json(struct arena *a, const struct requirement *r)
{
	struct json *l = json_array(a);

	if (!r->n)
		return arena_strdup(a, "null");
	for (size_t i = 0; i < r->n; i++)
		json_append(l, json_string(a, r->values[i]));
	return json_text(a, l);
}

/* What is wrong with the number of values, or NULL. */
static const char *count_error(const struct requirement *r)
{
	switch (r->op) {
	case OP_IN:
	case OP_NOT_IN:
		return r->n ? NULL : "for 'in', 'notin' operators, values set can't be empty";
	case OP_EXISTS:
	case OP_ABSENT:
		return r->n ? "values set must be empty for exists and does not exist" : NULL;
	case OP_GT:
	case OP_LT:
		return r->n == 1 ? NULL : "for 'Gt', 'Lt' operators, exactly one value is required";
	default: return r->n == 1 ? NULL : "exact-match compatibility requires one single value";
	}
}

const char *requirement_check(struct arena *a, struct requirement *r)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const char *bad = label_key_errors(a, r->key);
	size_t errors = 0;

	if (bad) {
		add_text(&b, ", ",
			 arena_printf(a, "key: Invalid value: %s: %s",
				      go_quote(a, r->key, strlen(r->key)), bad));
		errors++;
	}
	bad = count_error(r);
	if (bad) {
		add_text(&b, ", ",
			 arena_printf(a, "values: Invalid value: %s: %s", values_json(a, r), bad));
		errors++;
	}
	for (size_t i = 0; i < r->n && (r->op == OP_GT || r->op == OP_LT); i++) {
		if (parse_int(r->values[i], &r->number))
			continue;
		add_text(&b, ", ",
			 arena_printf(a,
				      "values[%zu]: Invalid value: %s: for 'Gt', 'Lt' operators, the "
				      "value must be an integer",
				      i, go_quote(a, r->values[i], strlen(r->values[i]))));
		errors++;
	}
	for (size_t i = 0; i < r->n; i++) {
		bad = label_value_errors(a, r->values[i]);
		if (!bad)
			continue;
		add_text(&b, ", ",
			 arena_printf(a, "values[%zu][%s]: Invalid value: %s: %s", i, r->key,
				      go_quote(a, r->values[i], strlen(r->values[i])), bad));
		errors++;
	}
	if (!errors)
		return NULL;
	return errors > 1 ? arena_printf(a, "[%s]", b.p) : arena_dup(a, b.p, b.len);
}

/* ---- making ---- */

static int by_key(const void *a, const void *b)
{
	const struct requirement *x = a, *y = b;

	return strcmp(x->key, y->key);
}

struct selector *selector_of(struct arena *a, struct requirement *reqs, size_t n)
{
	struct selector *s = arena_zalloc(a, sizeof *s);

	if (n > 1)
		qsort(reqs, n, sizeof *reqs, by_key);
	s->reqs = reqs;
	s->n = n;
	return s;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Trees that no schema has checked may hold anything. */
static const struct json *object_or_none(const struct json *j)
{
	return json_is_object(j) ? j : NULL;
}

static struct requirement equality(struct arena *a, const struct json *member)
{
	struct requirement r = { .op = OP_EQUALS, .n = 1 };

	r.key = arena_strdup(a, json_name(member));
	r.values = arena_alloc(a, sizeof *r.values);
	r.values[0] = arena_strdup(a, json_str(member));
	return r;
}

/* One of matchExpressions. */
static bool expression(struct arena *a, const struct json *e, struct requirement *r, struct status *st)
{
	static const struct {
		const char *name;
		enum selector_op op;
	} ops[] = { { "In", OP_IN },
		    { "NotIn", OP_NOT_IN },
		    { "Exists", OP_EXISTS },
		    { "DoesNotExist", OP_ABSENT } };
	const char *op = json_path_str(e, "operator");
	const struct json *values = json_get(e, "values");
	size_t i = 0;

	while (i < sizeof ops / sizeof ops[0] && strcmp(ops[i].name, op) != 0)
		i++;
	if (i == sizeof ops / sizeof ops[0])
		return status_bad_request(st, "%s is not a valid label selector operator",
					  go_quote(a, op, strlen(op)));
	*r = (struct requirement){ .key = arena_strdup(a, json_path_str(e, "key")), .op = ops[i].op };
	r->values = arena_alloc(a, json_count(values) * sizeof *r->values);
	json_each(v, values)
		r->values[r->n++] = arena_strdup(a, json_str(v));
	return true;
}

struct selector *selector_from_label_selector(struct arena *a, const struct json *ls,
					      struct status *st)
{
	const struct json *labels = object_or_none(json_get(ls, "matchLabels"));
	const struct json *expressions = json_get(ls, "matchExpressions");
	size_t n = json_count(labels) + json_count(expressions), i = 0;
	struct requirement *reqs = arena_alloc(a, n * sizeof *reqs);
	struct selector *s;
	const char *bad;

	json_each(c, labels)
		reqs[i++] = equality(a, c);
	json_each(c, expressions)
		if (!expression(a, c, &reqs[i++], st))
			return NULL;
	for (i = 0; i < n; i++) {
		bad = requirement_check(a, &reqs[i]);
		if (bad) {
			status_bad_request(st, "%s", bad);
			return NULL;
		}
		if (reqs[i].n > 1)
			qsort(reqs[i].values, reqs[i].n, sizeof *reqs[i].values, by_text);
	}
	s = selector_of(a, reqs, n);
	s->nothing = !json_is_object(ls);
	return s;
}

struct selector *selector_from_map(struct arena *a, const struct json *map)
{
	size_t n = json_count(object_or_none(map)), i = 0;
	struct requirement *reqs = arena_alloc(a, n * sizeof *reqs);
	struct selector *s;

	json_each(c, object_or_none(map))
		reqs[i++] = equality(a, c);
	s = selector_of(a, reqs, n);
	s->nothing = !n;
	return s;
}

/* ---- matching ---- */

/* value: of the label, or NULL when it is absent. */
static bool requirement_holds(const struct requirement *r, const char *value)
{
	bool found = false;
	int64_t v;

	switch (r->op) {
	case OP_EXISTS: return value;
	case OP_ABSENT: return !value;
	case OP_GT: return value && parse_int(value, &v) && v > r->number;
	case OP_LT: return value && parse_int(value, &v) && v < r->number;
	default:
		for (size_t i = 0; value && i < r->n && !found; i++)
			found = strcmp(r->values[i], value) == 0;
		return found == (r->op != OP_NOT_IN && r->op != OP_NOT_EQUALS);
	}
}

bool selector_matches_obj(const struct selector *s, const struct obj *o)
{
	for (size_t i = 0; i < s->n; i++)
		if (!requirement_holds(&s->reqs[i], obj_label(o, s->reqs[i].key)))
			return false;
	return !s->nothing;
}

bool selector_matches(const struct selector *s, const struct json *labels)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct json *v = json_get(labels, s->reqs[i].key);

		if (!requirement_holds(&s->reqs[i], v ? json_str(v) : NULL))
			return false;
	}
	return !s->nothing;
}

bool selector_everything(const struct selector *s)
{
	return !s->n && !s->nothing;
}

/* ---- printing ---- */

static void print_requirement(struct buf *b, const struct requirement *r)
{
	static const char *const ops[] = {
		[OP_IN] = " in (",      [OP_NOT_IN] = " notin (",
		[OP_EQUALS] = "=",      [OP_DOUBLE_EQUALS] = "==",
		[OP_NOT_EQUALS] = "!=", [OP_EXISTS] = "",
		[OP_ABSENT] = "",       [OP_GT] = ">",
		[OP_LT] = "<",
	};

	if (r->op == OP_ABSENT)
		buf_addc(b, '!');
	buf_adds(b, r->key);
	buf_adds(b, ops[r->op]);
	for (size_t i = 0; i < r->n; i++) {
		if (i)
			buf_addc(b, ',');
		buf_adds(b, r->values[i]);
	}
	if (r->op == OP_IN || r->op == OP_NOT_IN)
		buf_addc(b, ')');
}

char *selector_text(struct arena *a, const struct selector *s)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_addc(&b, ',');
		print_requirement(&b, &s->reqs[i]);
	}
	return arena_dup(a, b.p, b.len);
}
