/*
 * check: does a value conform to its schema, in upstream's words.
 *
 * All errors are told but for undeclared fields, of which an object tells one.  Values appear in messages
 * as Go prints upstream's wrapper of them.
 */
#include "obj/typed_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"

#include <string.h>

struct check {
	const struct typed *t;
	bool duplicates;
	struct buf path, errors;
	size_t n;
};

static void check_error(struct check *c, const char *text)
{
	if (c->n++)
		buf_adds(&c->errors, "\n  ");
	if (c->path.len)
		buf_addf(&c->errors, "%s: ", c->path.p);
	buf_adds(&c->errors, text);
}

/* Go's %v and %#v of decoded JSON. */
static void go_print(struct arena *a, struct buf *b, const struct json *v, bool sharp)
{
	const char *sep = "";

	switch (json_type(v)) {
	case JSON_STRING:
		buf_adds(b, sharp ? go_quote(a, json_str(v), strlen(json_str(v))) : json_str(v));
		return;
	case JSON_NUMBER: buf_adds(b, json_number_text(a, v)); return;
	case JSON_TRUE: buf_adds(b, "true"); return;
	case JSON_FALSE: buf_adds(b, "false"); return;
	case JSON_NULL: buf_adds(b, sharp ? "interface {}(nil)" : "<nil>"); return;
	default: break;
	}
	if (json_is_object(v))
		buf_adds(b, sharp ? "map[string]interface {}{" : "map[");
	else
		buf_adds(b, sharp ? "[]interface {}{" : "[");
	json_each(m, v) {
		buf_adds(b, sep);
		sep = sharp ? ", " : " ";
		if (json_name(m))
			buf_addf(b, "%s:",
				 sharp ? go_quote(a, json_name(m), strlen(json_name(m))) :
					 json_name(m));
		go_print(a, b, m, sharp);
	}
	buf_addc(b, sharp ? '}' : ']');
}

static void check_expected(struct check *c, const char *what, const struct json *v, bool sharp)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_addf(&b, "expected %s, got &%s", what, sharp ? "value.valueUnstructured{Value:" : "{");
	go_print(c->t->a, &b, v, sharp);
	buf_addc(&b, '}');
	check_error(c, b.p);
}

static const char *go_type(const struct json *v)
{
	if (json_is_object(v))
		return "map[string]interface {}";
	if (json_is_array(v))
		return "[]interface {}";
	return json_is_string(v) ? "string" : "bool";
}

static void check_scalar(struct check *c, const struct type_atom *atom, const struct json *v)
{
	if (json_is_null(v))
		return;
	switch (atom->scalar) {
	case TYPED_NUMBER:
		if (!json_is_number(v))
			check_error(c, arena_printf(c->t->a, "expected numeric (int or float), got %s",
						    go_type(v)));
		return;
	case TYPED_STRING:
		if (!json_is_string(v))
			check_expected(c, "string", v, true);
		return;
	case TYPED_BOOLEAN:
		if (!json_is_bool(v))
			check_expected(c, "boolean", v, false);
		return;
	default:
		if (json_is_object(v) || json_is_array(v))
			check_expected(c, "any scalar", v, false);
	}
}

static void check_node(struct check *c, struct type_ref ref, const struct json *v);

static void check_at(struct check *c, const struct path_element *at, struct type_ref ref,
		     const struct json *v)
{
	size_t len = c->path.len;

	path_element_print(&c->path, at);
	check_node(c, ref, v);
	c->path.len = len;
	c->path.p[len] = '\0';
}

static void check_members(struct check *c, struct type_ref ref, const struct type_atom *atom,
			  const struct json *v)
{
	json_each(m, v) {
		struct path_element at = field_element(json_name(m));
		struct type_ref member;
		size_t len = c->path.len;

		if (atom_member(c->t, ref, atom, at.name, &member)) {
			check_at(c, &at, member, m);
			continue;
		}
		path_element_print(&c->path, &at);
		check_error(c, "field not declared in schema");
		c->path.len = len;
		c->path.p[len] = '\0';
		return;
	}
}

static void check_duplicates(struct check *c, const struct items *l)
{
	for (size_t i = 0; i < l->n; i++) {
		BUF_AUTO struct buf b = BUF_INIT;

		if (l->p[i].same == i)
			continue;
		buf_adds(&b, "duplicate entries for key ");
		path_element_print(&b, &l->p[i].at);
		check_error(c, b.p);
	}
}

static void check_items(struct check *c, const struct type_atom *atom, const struct json *v)
{
	struct items l;
	int i = 0;

	json_each(m, v) {
		struct path_element at = { .kind = PATH_INDEX, .index = i };
		const char *wrong = atom_associative(atom) ? item_element(c->t, atom, m, &at) : NULL;

		if (wrong) {
			check_error(c, arena_printf(c->t->a, "element %d: %s", i, wrong));
			return;
		}
		check_at(c, &at, atom->item, m);
		i++;
	}
	if (!atom_associative(atom) || c->duplicates)
		return;
	items_index(c->t, atom, v, &l);
	check_duplicates(c, &l);
}

static void check_node(struct check *c, struct type_ref ref, const struct json *v)
{
	struct type_atom atom;

	atom_of(c->t, ref, v, &atom);
	if (atom.map) {
		if (json_is_object(v))
			check_members(c, ref, &atom, v);
		else if (!json_is_null(v))
			check_expected(c, "map", v, false);
	} else if (atom.scalar) {
		check_scalar(c, &atom, v);
	} else if (json_is_array(v)) {
		check_items(c, &atom, v);
	} else if (!json_is_null(v)) {
		check_expected(c, "list", v, false);
	}
}

const char *typed_check(const struct typed *t, const struct json *v, bool allow_duplicates)
{
	struct check c = { .t = t, .duplicates = allow_duplicates };
	const char *text = NULL;

	buf_reserve(&c.path, 1)[0] = '\0';
	check_node(&c, t->root, v);
	if (c.n)
		text = arena_printf(t->a, c.n > 1 ? "errors:\n  %s" : "%s", c.errors.p);
	buf_free(&c.path);
	buf_free(&c.errors);
	return text;
}
