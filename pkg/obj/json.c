/*
 * json: reading, comparing and changing trees.
 *
 * Nodes are made here directly, in the arena, because cJSON's constructors know only its
 * global allocator; links are kept as cJSON keeps them (see json_priv.h).  Lookup
 * is linear: Kubernetes objects have few members per level, and order must be kept.  What walks
 * objects of any size against each other (comparison) sorts instead.
 */
#include "obj/json_priv.h"

#include "base/arena.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_IN_DOUBLE (INT64_C(1) << 53)

/* ---- reading ---- */

enum json_type json_type(const struct json *j)
{
	switch (j ? json_raw_type(j) : cJSON_NULL) {
	case cJSON_False: return JSON_FALSE;
	case cJSON_True: return JSON_TRUE;
	case cJSON_Number:
	case cJSON_Raw: return JSON_NUMBER;
	case cJSON_String: return JSON_STRING;
	case cJSON_Array: return JSON_ARRAY;
	case cJSON_Object: return JSON_OBJECT;
	default: return JSON_NULL;
	}
}

bool json_is_object(const struct json *j)
{
	return j && json_raw_type(j) == cJSON_Object;
}

bool json_is_array(const struct json *j)
{
	return j && json_raw_type(j) == cJSON_Array;
}

bool json_is_string(const struct json *j)
{
	return j && json_raw_type(j) == cJSON_String;
}

bool json_is_number(const struct json *j)
{
	return json_type(j) == JSON_NUMBER;
}

bool json_is_null(const struct json *j)
{
	return json_type(j) == JSON_NULL;
}

bool json_is_bool(const struct json *j)
{
	return j && (json_raw_type(j) == cJSON_True || json_raw_type(j) == cJSON_False);
}

bool json_is_true(const struct json *j)
{
	return j && json_raw_type(j) == cJSON_True;
}

/* The member whose name is the first n bytes of name. */
static struct json *get_n(const struct json *j, const char *name, size_t n)
{
	if (!json_is_object(j))
		return NULL;
	for (cJSON *c = j->node.child; c; c = c->next)
		if (strncmp(c->string, name, n) == 0 && !c->string[n])
			return json_of(c);
	return NULL;
}

struct json *json_get(const struct json *j, const char *name)
{
	if (!json_is_object(j))
		return NULL;
	for (cJSON *c = j->node.child; c; c = c->next)
		if (c->string[0] == name[0] && strcmp(c->string, name) == 0)
			return json_of(c);
	return NULL;
}

/* The item whose index is written in the first n bytes of digits. */
static struct json *item_n(const struct json *j, const char *digits, size_t n)
{
	size_t i = 0;

	for (size_t k = 0; k < n; k++) {
		if (digits[k] < '0' || digits[k] > '9' || k > 8)
			return NULL;
		i = i * 10 + (size_t)(digits[k] - '0');
	}
	return n ? json_at(j, i) : NULL;
}

struct json *json_path(const struct json *j, const char *path)
{
	struct json *at = NULL;

	for (;;) {
		size_t n = strcspn(path, ".");

		at = json_is_array(j) ? item_n(j, path, n) : get_n(j, path, n);
		if (!at || !path[n])
			return at;
		path += n + 1;
		j = at;
	}
}

const char *json_str(const struct json *j)
{
	return json_is_string(j) ? j->node.valuestring : "";
}

const char *json_path_str(const struct json *j, const char *path)
{
	return json_str(json_path(j, path));
}

bool json_int(const struct json *j, int64_t *v)
{
	const char *text;
	char *end;
	long long got;

	if (!json_is_number(j))
		return false;
	if (json_raw_type(j) == cJSON_Number) {
		*v = (int64_t)j->node.valuedouble;
		return true;
	}
	text = j->node.valuestring;
	errno = 0;
	got = strtoll(text, &end, 10);
	if (*end || errno)
		return false;
	*v = got;
	return true;
}

int64_t json_path_int(const struct json *j, const char *path, int64_t dflt)
{
	int64_t v;

	return json_int(json_path(j, path), &v) ? v : dflt;
}

bool json_path_bool(const struct json *j, const char *path, bool dflt)
{
	const struct json *at = json_path(j, path);

	return json_is_bool(at) ? json_is_true(at) : dflt;
}

double json_double(const struct json *j)
{
	if (!json_is_number(j))
		return 0;
	return json_raw_type(j) == cJSON_Raw ? strtod(j->node.valuestring, NULL) :
					       j->node.valuedouble;
}

size_t json_count(const struct json *j)
{
	size_t n = 0;

	for (const struct json *c = json_first(j); c; c = json_next(c))
		n++;
	return n;
}

struct json *json_at(const struct json *j, size_t i)
{
	struct json *c = json_first(j);

	while (c && i--)
		c = json_next(c);
	return c;
}

struct json *json_first(const struct json *j)
{
	return json_is_object(j) || json_is_array(j) ? json_of(j->node.child) : NULL;
}

struct json *json_next(const struct json *j)
{
	return json_of(j->node.next);
}

const char *json_name(const struct json *j)
{
	return j->node.string;
}

/* ---- comparing ---- */

/* A decimal taken apart: 0.d1d2...dn * 10^exponent, d1 and dn not 0; zero has no digits. */
struct decimal {
	bool negative;
	const char *from, *to; /* from the first to behind the last digit, maybe with a '.' between */
	int64_t exponent;
};

static struct decimal decimal_of(const char *text)
{
	struct decimal d = { .negative = *text == '-' };
	const char *p = text + d.negative, *dot, *end = p + strcspn(p, "eE");

	dot = memchr(p, '.', (size_t)(end - p));
	/* An exponent beyond int64 saturates: such numbers are equal only to themselves anyway. */
	d.exponent = *end ? strtoll(end + 1, NULL, 10) : 0;
	d.from = p;
	while (d.from < end && (*d.from == '0' || *d.from == '.'))
		d.from++;
	d.to = end;
	while (d.to > d.from && (d.to[-1] == '0' || d.to[-1] == '.'))
		d.to--;
	if (d.from == d.to)
		return (struct decimal){ .from = p, .to = p };
	if (!dot)
		dot = end;
	if (d.exponent < INT64_MAX / 2 && d.exponent > INT64_MIN / 2)
		d.exponent += d.from < dot ? dot - d.from : dot + 1 - d.from;
	return d;
}

static bool decimal_equal(const struct decimal *x, const struct decimal *y)
{
	const char *p = x->from, *q = y->from;

	if (x->negative != y->negative || x->exponent != y->exponent)
		return false;
	for (;; p++, q++) {
		if (p < x->to && *p == '.')
			p++;
		if (q < y->to && *q == '.')
			q++;
		if (p == x->to || q == y->to)
			return p == x->to && q == y->to;
		if (*p != *q)
			return false;
	}
}

static bool number_equal(const struct json *x, const struct json *y)
{
	char tx[JSON_NUMBER_TEXT], ty[JSON_NUMBER_TEXT];
	struct decimal dx, dy;

	if (json_raw_type(x) == cJSON_Number && json_raw_type(y) == cJSON_Number)
		return (int64_t)x->node.valuedouble == (int64_t)y->node.valuedouble;
	dx = decimal_of(json_literal(x, tx));
	dy = decimal_of(json_literal(y, ty));
	return decimal_equal(&dx, &dy);
}

static int name_cmp(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_name(*x), json_name(*y));
}

/* The children of o by name, on the heap. */
static const struct json **sorted_members(const struct json *o, size_t n)
{
	const struct json **v = malloc((n + !n) * sizeof *v);
	size_t i = 0;

	if (!v)
		bug("out of memory: %zu members", n);
	json_each(c, o)
		v[i++] = c;
	qsort(v, n, sizeof *v, name_cmp);
	return v;
}

/* Objects of n members each, not in the same order. */
static bool unordered_equal(const struct json *x, const struct json *y, size_t n)
{
	const struct json **vx = sorted_members(x, n), **vy = sorted_members(y, n);
	bool equal = true;

	for (size_t i = 0; i < n && equal; i++)
		equal = strcmp(json_name(vx[i]), json_name(vy[i])) == 0 && json_equal(vx[i], vy[i]);
	free(vx);
	free(vy);
	return equal;
}

static bool object_equal(const struct json *x, const struct json *y)
{
	const struct json *p = json_first(x), *q = json_first(y);
	size_t n = json_count(x);

	if (n != json_count(y))
		return false;
	for (; p && q && strcmp(json_name(p), json_name(q)) == 0; p = json_next(p), q = json_next(q))
		if (!json_equal(p, q))
			return false;
	return !p || unordered_equal(x, y, n);
}

bool json_equal(const struct json *x, const struct json *y)
{
	enum json_type t = json_type(x);
	const struct json *p, *q;

	if (t != json_type(y))
		return false;
	switch (t) {
	case JSON_NUMBER: return number_equal(x, y);
	case JSON_STRING: return strcmp(json_str(x), json_str(y)) == 0;
	case JSON_OBJECT: return object_equal(x, y);
	case JSON_ARRAY:
		p = json_first(x);
		q = json_first(y);
		for (; p && q; p = json_next(p), q = json_next(q))
			if (!json_equal(p, q))
				return false;
		return !p && !q;
	default: return true;
	}
}

/* ---- making nodes ---- */

static struct json *node_new(struct arena *a, int type)
{
	struct json *j = arena_zalloc(a, sizeof *j);

	j->node.type = type;
	return j;
}

struct json *json_object(struct arena *a)
{
	return node_new(a, cJSON_Object);
}

struct json *json_array(struct arena *a)
{
	return node_new(a, cJSON_Array);
}

struct json *json_string(struct arena *a, const char *s)
{
	return json_stringn(a, s, strlen(s));
}

struct json *json_stringn(struct arena *a, const char *s, size_t n)
{
	struct json *j = node_new(a, cJSON_String);

	j->node.valuestring = arena_dup(a, s, n);
	return j;
}

struct json *json_integer(struct arena *a, int64_t v)
{
	struct json *j;

	if (v > EXACT_IN_DOUBLE || v < -EXACT_IN_DOUBLE)
		return json_number(a, arena_printf(a, "%lld", (long long)v));
	j = node_new(a, cJSON_Number);
	j->node.valuedouble = (double)v;
	return j;
}

struct json *json_boolean(struct arena *a, bool v)
{
	return node_new(a, v ? cJSON_True : cJSON_False);
}

struct json *json_null(struct arena *a)
{
	return node_new(a, cJSON_NULL);
}

struct json *json_number(struct arena *a, const char *text)
{
	struct json *j = node_new(a, cJSON_Raw);

	j->node.valuestring = arena_strdup(a, text);
	return j;
}

struct json *json_copy(struct arena *a, const struct json *j)
{
	struct json *to = arena_alloc(a, sizeof *to);

	to->node = j->node;
	to->node.type &= 0xFF;
	to->node.next = to->node.prev = to->node.child = NULL;
	to->node.string = NULL;
	if (j->node.valuestring)
		to->node.valuestring = arena_strdup(a, j->node.valuestring);
	json_each(c, j) {
		struct json *d = json_copy(a, c);

		if (c->node.string)
			d->node.string = arena_strdup(a, c->node.string);
		json_append(to, d);
	}
	return to;
}

struct json *json_alias(struct arena *a, const struct json *j)
{
	struct json *to = arena_alloc(a, sizeof *to);

	to->node = j->node;
	to->node.type &= 0xFF;
	to->node.next = to->node.prev = NULL;
	to->node.string = NULL;
	return to;
}

/* ---- links ---- */

void json_append(struct json *p, struct json *v)
{
	cJSON *first = p->node.child, *c = &v->node;

	BUG_ON(c->next || c->prev);
	if (!first) {
		p->node.child = c;
		c->prev = c;
		return;
	}
	c->prev = first->prev;
	first->prev->next = c;
	first->prev = c;
}

void json_insert(struct json *p, struct json *before, struct json *v)
{
	cJSON *c = &v->node, *b;

	if (!before) {
		json_append(p, v);
		return;
	}
	BUG_ON(c->next || c->prev);
	b = &before->node;
	c->next = b;
	c->prev = b->prev;
	if (p->node.child == b)
		p->node.child = c;
	else
		b->prev->next = c;
	b->prev = c;
}

void json_detach(struct json *p, struct json *child)
{
	cJSON *c = &child->node, *first = p->node.child;

	if (c == first)
		p->node.child = c->next;
	else
		c->prev->next = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else if (c != first)
		first->prev = c->prev;
	c->next = c->prev = NULL;
}

void json_replace(struct arena *a, struct json *p, struct json *old, struct json *v)
{
	v->node.string = old->node.string ? arena_strdup(a, old->node.string) : NULL;
	json_insert(p, old, v);
	json_detach(p, old);
}

struct json *json_add(struct arena *a, struct json *o, const char *name, struct json *v)
{
	BUG_ON(!v || !json_is_object(o));
	v->node.string = arena_strdup(a, name);
	json_append(o, v);
	return v;
}

struct json *json_prepend(struct arena *a, struct json *o, const char *name, struct json *v)
{
	BUG_ON(!v || !json_is_object(o));
	v->node.string = arena_strdup(a, name);
	json_insert(o, json_first(o), v);
	return v;
}

struct json *json_set(struct arena *a, struct json *o, const char *name, struct json *v)
{
	struct json *old = json_get(o, name);

	if (!old)
		return json_add(a, o, name, v);
	BUG_ON(!v);
	if (old != v)
		json_replace(a, o, old, v);
	return v;
}

struct json *json_set_str(struct arena *a, struct json *o, const char *name, const char *s)
{
	return json_set(a, o, name, json_string(a, s));
}

struct json *json_set_int(struct arena *a, struct json *o, const char *name, int64_t v)
{
	return json_set(a, o, name, json_integer(a, v));
}

struct json *json_set_bool(struct arena *a, struct json *o, const char *name, bool v)
{
	return json_set(a, o, name, json_boolean(a, v));
}

struct json *json_ensure_object(struct arena *a, struct json *o, const char *name)
{
	struct json *m = json_get(o, name);

	return json_is_object(m) ? m : json_set(a, o, name, json_object(a));
}

struct json *json_ensure_array(struct arena *a, struct json *o, const char *name)
{
	struct json *m = json_get(o, name);

	return json_is_array(m) ? m : json_set(a, o, name, json_array(a));
}

struct json *json_make_path(struct arena *a, struct json *o, const char *path)
{
	for (;;) {
		size_t n = strcspn(path, ".");

		if (json_is_array(o)) {
			o = item_n(o, path, n);
			BUG_ON(!o);
		} else {
			o = json_ensure_object(a, o, arena_dup(a, path, n));
		}
		if (!path[n])
			return o;
		path += n + 1;
	}
}

void json_del(struct json *o, const char *name)
{
	struct json *m = json_get(o, name);

	if (m)
		json_detach(o, m);
}
