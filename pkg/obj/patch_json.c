/*
 * patch_json: RFC 6902 with the habits of upstream's library (evanphx/json-patch v4): negative indexes
 * count from the end, replace of an absent object member adds it, an absent value is null.
 *
 * Any operation that fails fails the whole patch with one fixed text: that is what upstream's server
 * replies.  Copies are limited in sum and every value in depth, so that a small patch cannot
 * make a document that exhausts memory or stack.
 */
#include "obj/patch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPERATIONS 10000
#define MAX_COPIED (3u * 1024 * 1024)
#define MAX_DEPTH 512

struct patcher {
	struct arena *a;
	struct json *doc;
	size_t copied;
};

/* Where a pointer leads: a member or item of `parent`, present or not. */
struct target {
	struct json *parent;
	const char *key;
	size_t depth; /* of what sits there */
};

/* One reference token, ~1 and ~0 undone. */
static char *decode_token(struct arena *a, const char *s, size_t n)
{
	char *out = arena_dup(a, s, n), *to = out;

	for (const char *p = out; *p; p++) {
		if (p[0] == '~' && (p[1] == '0' || p[1] == '1'))
			*to++ = *++p == '1' ? '/' : '~';
		else
			*to++ = *p;
	}
	*to = '\0';
	return out;
}

/* Go's strconv.Atoi, for numbers that could be an index. */
static bool parse_index(const char *s, long *i)
{
	const char *digits = s + (*s == '-' || *s == '+');
	char *end;

	if (!isdigit((unsigned char)*digits) || strlen(digits) > 9)
		return false;
	*i = strtol(s, &end, 10);
	return !*end;
}

/* The item of an array at key, counted from the end when negative; NULL: out of range. */
static struct json *item_at(const struct json *array, const char *key)
{
	long i, n = (long)json_count(array);

	if (!parse_index(key, &i))
		return NULL;
	if (i < 0)
		i += n;
	return i < 0 || i >= n ? NULL : json_at(array, (size_t)i);
}

static struct json *child_of(const struct json *parent, const char *key)
{
	return json_is_array(parent) ? item_at(parent, key) : json_get(parent, key);
}

/* Follow a JSON pointer to its last container. */
static bool find(const struct patcher *p, const char *pointer, struct target *t)
{
	struct json *at = p->doc;
	size_t n;

	if (*pointer != '/')
		return false;
	for (t->depth = 1;; t->depth++) {
		if (!json_is_object(at) && !json_is_array(at))
			return false;
		n = strcspn(++pointer, "/");
		t->parent = at;
		t->key = decode_token(p->a, pointer, n);
		pointer += n;
		if (!*pointer)
			return true;
		at = child_of(at, t->key);
	}
}

static size_t depth_of(const struct json *j)
{
	size_t deepest = 0;

	json_each(c, j) {
		size_t d = depth_of(c);

		if (d > deepest)
			deepest = d;
	}
	return deepest + (json_is_object(j) || json_is_array(j));
}

/* Insert into an array before index key, or at the end for "-". */
static bool insert_item(struct target *t, struct json *v)
{
	long i, n = (long)json_count(t->parent);

	if (strcmp(t->key, "-") == 0) {
		json_append(t->parent, v);
		return true;
	}
	if (!parse_index(t->key, &i))
		return false;
	if (i < 0)
		i += n + 1;
	if (i < 0 || i > n)
		return false;
	json_insert(t->parent, json_at(t->parent, (size_t)i), v);
	return true;
}

static bool put(struct patcher *p, struct target *t, struct json *v)
{
	if (t->depth + depth_of(v) > MAX_DEPTH)
		return false;
	if (json_is_array(t->parent))
		return insert_item(t, v);
	json_set(p->a, t->parent, t->key, v);
	return true;
}

/* The value of an operation as a fresh node. */
static struct json *value_of(const struct patcher *p, const struct json *op)
{
	const struct json *v = json_get(op, "value");

	return v ? json_copy(p->a, v) : json_null(p->a);
}

static bool op_add(struct patcher *p, const struct json *op, const char *path)
{
	struct target t;

	return find(p, path, &t) && put(p, &t, value_of(p, op));
}

static bool op_remove(struct patcher *p, const struct json *op, const char *path)
{
	struct json *old;
	struct target t;

	(void)op;
	if (!find(p, path, &t))
		return false;
	old = child_of(t.parent, t.key);
	if (old)
		json_detach(t.parent, old);
	return old;
}

static bool op_replace(struct patcher *p, const struct json *op, const char *path)
{
	struct json *v = value_of(p, op), *old;
	struct target t;

	if (!*path) {
		p->doc = v;
		return json_is_object(v) || json_is_array(v);
	}
	if (!find(p, path, &t))
		return false;
	old = child_of(t.parent, t.key);
	if (!old)
		return json_is_object(t.parent) && put(p, &t, v);
	if (t.depth + depth_of(v) > MAX_DEPTH)
		return false;
	json_replace(p->a, t.parent, old, v);
	return true;
}

static bool op_move(struct patcher *p, const struct json *op, const char *path)
{
	struct target from, to;
	struct json *v;

	if (!find(p, json_path_str(op, "from"), &from))
		return false;
	v = child_of(from.parent, from.key);
	if (!v)
		return false;
	json_detach(from.parent, v);
	return find(p, path, &to) && put(p, &to, v);
}

static bool op_copy(struct patcher *p, const struct json *op, const char *path)
{
	BUF_AUTO struct buf text = BUF_INIT;
	struct target from, to;
	const struct json *v;

	if (!find(p, json_path_str(op, "from"), &from))
		return false;
	v = child_of(from.parent, from.key);
	if (!v && json_is_array(from.parent))
		return false;
	if (v) {
		json_print(&text, v);
		p->copied += text.len;
	}
	return p->copied <= MAX_COPIED && find(p, path, &to) &&
	       put(p, &to, v ? json_copy(p->a, v) : json_null(p->a));
}

static bool op_test(struct patcher *p, const struct json *op, const char *path)
{
	const struct json *want = json_get(op, "value"), *got;
	struct target t;

	if (!*path)
		return want && json_equal(p->doc, want);
	if (!find(p, path, &t))
		return false;
	got = child_of(t.parent, t.key);
	if (!got && json_is_array(t.parent))
		return false;
	return json_equal(got, want);
}

static bool apply(struct patcher *p, const struct json *op)
{
	static const struct {
		const char *name;
		bool (*run)(struct patcher *p, const struct json *op, const char *path);
	} ops[] = {
		{ "add", op_add },   { "remove", op_remove }, { "replace", op_replace },
		{ "move", op_move }, { "copy", op_copy },     { "test", op_test },
	};
	const struct json *path = json_get(op, "path");

	if (!json_is_string(path))
		return false;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (strcmp(ops[i].name, json_path_str(op, "op")) == 0)
			return ops[i].run(p, op, json_str(path));
	return false;
}

/* Why op failed. */
static const char *fault_of(struct patcher *p, const struct json *op)
{
	const char *kind = json_path_str(op, "op"), *path = json_path_str(op, "path");
	bool removes = !strcmp(kind, "remove"), replaces = !strcmp(kind, "replace");
	struct target t;

	if (strcmp(kind, "add") && !removes && !replaces && strcmp(kind, "move") &&
	    strcmp(kind, "copy") && strcmp(kind, "test"))
		return arena_printf(p->a, "Unexpected kind: %s", *kind ? kind : "unknown");
	if (!json_is_string(json_get(op, "path")))
		return arena_printf(p->a, "%s operation failed to decode path: missing value", kind);
	if (!strcmp(kind, "test"))
		return arena_printf(p->a, "testing value %s failed: test failed", path);
	if (!find(p, path, &t))
		return arena_printf(
			p->a,
			replaces ?
				"%s operation does not apply: doc is missing path: %s: missing value" :
				"%s operation does not apply: doc is missing path: \"%s\": missing value",
			kind, path);
	if (json_is_array(t.parent))
		return arena_printf(
			p->a,
			"error in %s for path: '%s': Unable to access invalid index: %s: invalid index referenced",
			kind, path, t.key);
	if (removes)
		return arena_printf(
			p->a,
			"error in remove for path: '%s': Unable to remove nonexistent key: %s: missing value",
			path, t.key);
	return arena_printf(p->a,
			    "%s operation does not apply: doc is missing key: %s: missing value",
			    kind, path);
}

static const char *go_type(const struct json *j)
{
	switch (json_type(j)) {
	case JSON_OBJECT: return "object";
	case JSON_ARRAY: return "array";
	case JSON_STRING: return "string";
	case JSON_NUMBER: return "number";
	default: return "bool";
	}
}

/* 400 or 413 for what is no patch at all. */
static bool check_operations(const struct json *ops, struct status *st)
{
	size_t n = json_count(ops);

	if (!json_is_array(ops) && !json_is_null(ops))
		return status_bad_request(st,
					  "error decoding patch: json: cannot unmarshal %s into Go "
					  "value of type []handlers.jsonPatchOp",
					  go_type(ops));
	if (n > MAX_OPERATIONS)
		return status_other(st, 413, "RequestEntityTooLarge",
				    "Request entity too large: The allowed maximum operations in a JSON "
				    "patch is %d, got %zu",
				    MAX_OPERATIONS, n);
	json_each(op, ops)
		if (!json_is_object(op))
			return status_bad_request(st,
						  "error decoding patch: json: cannot unmarshal %s into "
						  "Go value of type handlers.jsonPatchOp",
						  go_type(op));
	return true;
}

struct json *patch_json_explained(struct arena *a, struct json *doc, const struct json *ops,
				  const char **why)
{
	struct patcher p = { .a = a, .doc = doc };
	STATUS_AUTO struct status st = STATUS_INIT;

	if (!check_operations(ops, &st)) {
		*why = arena_strdup(a, st.message);
		return NULL;
	}
	json_each(op, ops)
		if (!apply(&p, op)) {
			*why = fault_of(&p, op);
			return NULL;
		}
	return p.doc;
}

struct json *patch_json(struct arena *a, struct json *doc, const struct json *ops, struct status *st)
{
	struct patcher p = { .a = a, .doc = doc };

	if (!check_operations(ops, st))
		return NULL;
	json_each(op, ops)
		if (!apply(&p, op)) {
			status_other(st, 422, "Invalid",
				     "the server rejected our request due to an error in our request");
			if (st)
				st->details = true;
			return NULL;
		}
	return p.doc;
}
