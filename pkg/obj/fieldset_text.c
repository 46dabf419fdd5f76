/*
 * fieldset: FieldsV1 in both directions, and paths as messages print them.
 *
 * What we wrote ourselves is sorted, so that reading it back sorts nothing.  The keys of a list's item are
 * a JSON text inside a member name; they are parsed, because they sort by value and not by text.
 * k8s: fieldpath/serialize.go, serialize-pe.go, element.go; value/value.go ToString.
 */
#include "obj/fieldset.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/status.h"
#include "obj/json.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static int by_name(const void *x, const void *y)
{
	const struct json *const *p = x, *const *q = y;

	return strcmp(json_name(*p), json_name(*q));
}

static struct json *members_sorted(struct arena *a, struct json *o)
{
	size_t n = json_count(o), i = 0;
	struct json **all = arena_alloc(a, (n + 1) * sizeof *all);

	json_each(m, o)
		all[i++] = m;
	qsort(all, n, sizeof *all, by_name);
	for (i = 0; i < n; i++) {
		json_detach(o, all[i]);
		json_append(o, all[i]);
	}
	return o;
}

static bool element_value(struct arena *a, const char *text, struct path_element *out)
{
	STATUS_AUTO struct status ignored = STATUS_INIT;
	struct json *v = json_parse(a, text, strlen(text), NULL, &ignored);

	if (v && out->kind == PATH_KEY)
		v = json_is_object(v) ? members_sorted(a, v) : NULL;
	out->value = v;
	return v != NULL;
}

static bool element_index(const char *text, struct path_element *out)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	out->index = (int)v;
	return *text && !*end && !errno && v >= INT_MIN && v <= INT_MAX;
}

/* *known false: a kind that a later version may have. */
static bool element_parse(struct arena *a, const char *text, struct path_element *out, bool *known)
{
	*out = (struct path_element){ .kind = PATH_FIELD };
	*known = true;
	if (!text[0] || text[1] != ':')
		return false;
	switch (text[0]) {
	case 'f': out->name = text + 2; return true;
	case 'k': out->kind = PATH_KEY; return element_value(a, text + 2, out);
	case 'v': out->kind = PATH_VALUE; return element_value(a, text + 2, out);
	case 'i': out->kind = PATH_INDEX; return element_index(text + 2, out);
	default: *known = false; return true;
	}
}

/* *self: the node itself belongs to the set. */
static bool level_parse(struct arena *a, const struct json *fields, const struct fieldset **out,
			bool *self)
{
	struct fieldset_builder b = { .a = a };

	*self = false;
	if (!json_is_object(fields) && !json_is_null(fields))
		return false;
	json_each(m, fields) {
		const struct fieldset *kids;
		struct path_element at;
		bool known, member;

		if (!strcmp(json_name(m), ".")) {
			*self = true;
			continue;
		}
		if (!element_parse(a, json_name(m), &at, &known))
			return false;
		if (!known)
			continue;
		if (!level_parse(a, m, &kids, &member))
			return false;
		fieldset_push(&b, &at, member, kids);
	}
	*out = fieldset_finish(&b);
	*self |= !*out;
	return true;
}

bool fieldset_parse(struct arena *a, const struct json *fields, const struct fieldset **out)
{
	bool self;

	return level_parse(a, fields, out, &self);
}

/* ---- writing ---- */

static const char *element_text(struct arena *a, const struct path_element *at)
{
	size_t n;
	char *s;

	switch (at->kind) {
	case PATH_FIELD:
		n = strlen(at->name);
		s = arena_alloc(a, n + 3);
		memcpy(s, "f:", 2);
		memcpy(s + 2, at->name, n + 1);
		return s;
	case PATH_KEY: return arena_printf(a, "k:%s", json_text(a, at->value));
	case PATH_VALUE: return arena_printf(a, "v:%s", json_text(a, at->value));
	default: return arena_printf(a, "i:%d", at->index);
	}
}

static void level_tree(struct arena *a, const struct fieldset *s, struct json *into)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct field_node *node = &s->nodes[i];
		struct json *below = json_object(a);

		if (node->kids && node->member)
			json_add(a, below, ".", json_object(a));
		if (node->kids)
			level_tree(a, node->kids, below);
		json_add(a, into, element_text(a, &node->at), below);
	}
}

struct json *fieldset_tree(struct arena *a, const struct fieldset *s)
{
	struct json *o = json_object(a);

	if (s)
		level_tree(a, s, o);
	return o;
}

/* Go's %v of a float64: shortest form, exponent from 21 digits on. */
static void float_print(struct buf *b, double v)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (strchr(text, 'e') && fabs(v) < 1e21 && fabs(v) >= 1e-4)
		snprintf(text, sizeof text, "%.0f", v);
	buf_adds(b, text);
}

static void value_print(struct buf *b, const struct json *v)
{
	struct arena *a;
	int64_t i;

	switch (json_type(v)) {
	case JSON_STRING:
		a = arena_new();
		buf_adds(b, go_quote(a, json_str(v), strlen(json_str(v))));
		arena_free(&a);
		break;
	case JSON_NUMBER:
		if (json_int(v, &i))
			buf_addf(b, "%lld", (long long)i);
		else
			float_print(b, json_double(v));
		break;
	case JSON_TRUE: buf_adds(b, "true"); break;
	case JSON_FALSE: buf_adds(b, "false"); break;
	default: buf_adds(b, "null"); break;
	}
}

void path_element_print(struct buf *b, const struct path_element *at)
{
	const char *sep = "";

	switch (at->kind) {
	case PATH_FIELD: buf_addf(b, ".%s", at->name); return;
	case PATH_INDEX: buf_addf(b, "[%d]", at->index); return;
	case PATH_VALUE:
		buf_adds(b, "[=");
		value_print(b, at->value);
		break;
	default:
		buf_addc(b, '[');
		json_each(m, at->value) {
			buf_addf(b, "%s%s=", sep, json_name(m));
			value_print(b, m);
			sep = ",";
		}
	}
	buf_addc(b, ']');
}

static void level_each(const struct fieldset *s, struct buf *path,
		       void (*fn)(void *arg, const char *path), void *arg)
{
	size_t len = path->len;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; s && i < s->n; i++) {
			const struct field_node *node = &s->nodes[i];

			if (pass ? !node->kids : !node->member)
				continue;
			path_element_print(path, &node->at);
			if (pass)
				level_each(node->kids, path, fn, arg);
			else
				fn(arg, path->p);
			path->len = len;
			path->p[len] = '\0';
		}
	}
}

void fieldset_each(const struct fieldset *s, void (*fn)(void *arg, const char *path), void *arg)
{
	BUF_AUTO struct buf path = BUF_INIT;

	level_each(s, &path, fn, arg);
}
