/*
 * check: identifiers, selections, loops.  (cel-go: checker/checker.go)
 *
 * One walk over the tree gives every node its type; types of nodes may contain variables until the
 * end, when cel_compile() resolves them.  After a fault a node's type is the error type, which goes
 * with everything, so that one fault is one message.
 */
#include "cel/check.h"

#include <string.h>

#include "base/arena.h"
#include "cel/parse.h"

static const struct {
	const char *name;
	const struct cel_type *type;
} type_names[] = {
	{ "bool", &cel_type_bool },
	{ "bytes", &cel_type_bytes },
	{ "double", &cel_type_double },
	{ "duration", &cel_type_duration },
	{ "google.protobuf.Duration", &cel_type_duration },
	{ "google.protobuf.Timestamp", &cel_type_timestamp },
	{ "int", &cel_type_int },
	{ "list", &cel_type_list_dyn },
	{ "map", &cel_type_map_dyn },
	{ "net.CIDR", &cel_type_cidr },
	{ "net.IP", &cel_type_ip },
	{ "null_type", &cel_type_null },
	{ "string", &cel_type_string },
	{ "timestamp", &cel_type_timestamp },
	{ "type", &cel_type_type },
	{ "uint", &cel_type_uint },
};

const struct cel_type *check_object(const struct checker *c, const char *name)
{
	if (c->env->flags & CEL_ENV_PATCH) {
		if (!strcmp(name, "JSONPatch"))
			return &cel_type_json_patch;
		if (!strcmp(name, "Object") || !strncmp(name, "Object.", 7))
			return cel_type_object(c->keep, arena_strdup(c->keep, name), &cel_object_any);
	}
	return c->env->find_type ? c->env->find_type(c->env, name) : NULL;
}

static bool lookup_type(struct checker *c, const char *name, struct declaration *out)
{
	const struct cel_type *t = NULL;

	out->ref = CEL_REF_TYPE;
	for (size_t i = 0; i < sizeof type_names / sizeof *type_names && !t; i++) {
		if (!strcmp(type_names[i].name, name))
			t = type_names[i].type;
	}
	if (!t)
		t = check_object(c, name);
	out->type = t ? cel_type_of(c->keep, t) : NULL;
	return t != NULL;
}

bool check_lookup(struct checker *c, const char *name, struct declaration *out)
{
	name += *name == '.';
	out->name = name;
	out->index = 0;
	for (size_t i = c->locals.n; i > 0; i--) {
		const struct local *l = &c->locals.p[i - 1];

		if (strcmp(l->name, name) != 0)
			continue;
		out->type = l->type;
		out->ref = CEL_REF_LOCAL;
		out->index = l->slot;
		return true;
	}
	for (size_t i = 0; i < c->env->nvars; i++) {
		if (strcmp(c->env->vars[i].name, name) != 0)
			continue;
		out->type = c->env->vars[i].type;
		out->ref = CEL_REF_VAR;
		out->index = (uint16_t)i;
		c->vars_used[i / 64] |= UINT64_C(1) << i % 64;
		return true;
	}
	return lookup_type(c, name, out);
}

void check_mismatch(struct checker *c, int32_t pos, const struct cel_type *want,
		    const struct cel_type *got)
{
	issue_add(c->is, pos, "expected type '%s' but found '%s'", cel_type_text(c->a, want),
		  cel_type_text(c->a, got));
}

/* ---- names ---- */

static void ident_resolve(struct cel_expr *e, const struct declaration *d)
{
	e->kind = CEL_NODE_IDENT;
	e->ident.name = d->name;
	e->ident.ref = (uint8_t)d->ref;
	e->ident.index = d->index;
	e->type = d->type;
}

static void check_ident(struct checker *c, struct cel_expr *e)
{
	struct declaration d;

	if (check_lookup(c, e->ident.name, &d)) {
		ident_resolve(e, &d);
		return;
	}
	e->type = &cel_type_error;
	issue_add(c->is, e->pos, "undeclared reference to '%s' (in container '')", e->ident.name);
}

const char *check_qualified(struct checker *c, const struct cel_expr *e)
{
	const struct cel_expr *root = e;
	size_t len = 0;
	char *name, *end;

	for (; root->kind == CEL_NODE_SELECT; root = root->select.operand) {
		if (root->select.test)
			return NULL;
		len += strlen(root->select.field) + 1;
	}
	if (root->kind != CEL_NODE_IDENT)
		return NULL;
	len += strlen(root->ident.name);
	name = arena_alloc(c->a, len + 1);
	end = name + len;
	*end = '\0';
	for (; e != root; e = e->select.operand) {
		size_t n = strlen(e->select.field);

		end -= n;
		memcpy(end, e->select.field, n);
		*--end = '.';
	}
	memcpy(name, root->ident.name, (size_t)(end - name));
	return name;
}

const struct cel_type *check_field(struct checker *c, int32_t pos, const struct cel_type *object,
				   const char *name)
{
	const struct cel_field *f = cel_type_field(object, name);

	if (f)
		return f->type;
	if (object->object)
		issue_add(c->is, pos, "undefined field '%s'", name);
	else
		issue_add(c->is, pos, "unexpected failed resolution of '%s'", object->name);
	return &cel_type_error;
}

const struct cel_type *check_select(struct checker *c, int32_t pos, const struct cel_expr *operand,
				    const char *field, bool optional)
{
	const struct cel_type *t = unify_resolve(c, operand->type, false), *result = &cel_type_dyn;
	bool was;

	t = unify_unwrap(t, &was);
	switch (t->kind) {
	case CEL_KIND_MAP: result = t->params[1]; break;
	case CEL_KIND_OBJECT: result = check_field(c, pos, t, field); break;
	case CEL_KIND_PARAM: unify_assign(c, &cel_type_dyn, t); break;
	case CEL_KIND_DYN:
	case CEL_KIND_ERROR: break;
	default:
		issue_add(c->is, pos, "type '%s' does not support field selection",
			  cel_type_text(c->a, t));
	}
	return was || optional ? cel_type_optional(c->a, result) : result;
}

static void check_selection(struct checker *c, struct cel_expr *e)
{
	const char *name = check_qualified(c, e);
	struct declaration d;
	const struct cel_type *t;

	if (name && check_lookup(c, name, &d)) {
		ident_resolve(e, &d);
		return;
	}
	check_expr(c, e->select.operand);
	t = check_select(c, e->pos, e->select.operand, e->select.field, false);
	e->type = e->select.test ? &cel_type_bool : unify_resolve(c, t, false);
}

/* ---- loops ---- */

static uint16_t local_push(struct checker *c, const char *name, const struct cel_type *t)
{
	struct local l = { name, t, (uint16_t)c->locals.n };

	vec_push(&c->locals, l);
	if (c->locals.n > c->slots)
		c->slots = (unsigned)c->locals.n;
	return l.slot;
}

/* Types of the loop's variables over a range; t2 is for the second of two. */
static const struct cel_type *loop_types(struct checker *c, const struct cel_loop *l,
					 const struct cel_type *range, const struct cel_type **t2)
{
	*t2 = &cel_type_dyn;
	switch (range->kind) {
	case CEL_KIND_LIST:
		*t2 = range->params[0];
		return l->iter2 ? &cel_type_int : range->params[0];
	case CEL_KIND_MAP: *t2 = range->params[1]; return range->params[0];
	case CEL_KIND_DYN:
	case CEL_KIND_ERROR:
	case CEL_KIND_PARAM: unify_assign(c, &cel_type_dyn, range); return &cel_type_dyn;
	default:
		issue_add(c->is, l->range->pos,
			  "expression of type '%s' cannot be range of a comprehension "
			  "(must be list, map, or dynamic)",
			  cel_type_text(c->a, range));
		*t2 = &cel_type_error;
		return &cel_type_error;
	}
}

static void check_is(struct checker *c, const struct cel_expr *e, const struct cel_type *t)
{
	if (!unify_assign(c, t, e->type))
		check_mismatch(c, e->pos, t, e->type);
}

static void check_loop(struct checker *c, struct cel_expr *e)
{
	struct cel_loop *l = e->loop;
	const struct cel_type *t, *t2, *accu;
	size_t outside = c->locals.n;

	check_expr(c, l->range);
	check_expr(c, l->init);
	accu = l->init->type;
	l->accu_slot = local_push(c, l->accu, accu);
	t = loop_types(c, l, unify_resolve(c, l->range->type, false), &t2);
	l->iter_slot = local_push(c, l->iter, t);
	if (l->iter2)
		l->iter2_slot = local_push(c, l->iter2, t2);
	check_expr(c, l->cond);
	check_is(c, l->cond, &cel_type_bool);
	check_expr(c, l->step);
	check_is(c, l->step, accu);
	c->locals.n = outside + 1;
	check_expr(c, l->result);
	c->locals.n = outside;
	e->type = unify_resolve(c, l->result->type, false);
}

static const struct cel_type *literal_type(const struct cel_literal *l)
{
	static const struct cel_type *const types[] = {
		[CEL_KIND_BOOL] = &cel_type_bool,     [CEL_KIND_BYTES] = &cel_type_bytes,
		[CEL_KIND_DOUBLE] = &cel_type_double, [CEL_KIND_INT] = &cel_type_int,
		[CEL_KIND_NULL] = &cel_type_null,     [CEL_KIND_STRING] = &cel_type_string,
		[CEL_KIND_UINT] = &cel_type_uint,
	};

	return types[l->kind];
}

void check_expr(struct checker *c, struct cel_expr *e)
{
	switch (e->kind) {
	case CEL_NODE_LITERAL: e->type = literal_type(&e->literal); break;
	case CEL_NODE_IDENT: check_ident(c, e); break;
	case CEL_NODE_SELECT: check_selection(c, e); break;
	case CEL_NODE_CALL: check_call(c, e); break;
	case CEL_NODE_LIST: check_list(c, e); break;
	case CEL_NODE_MAP: check_map(c, e); break;
	case CEL_NODE_OBJECT: check_struct(c, e); break;
	case CEL_NODE_LOOP: check_loop(c, e); break;
	default: e->type = &cel_type_error;
	}
}
