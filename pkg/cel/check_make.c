/*
 * check_make: lists, maps and objects made by an expression, and what upstream checks of literals
 * after the types are known.  (cel-go: checker/checker.go, cel/validator.go)
 *
 * Elements of a literal list that do not unify make it a list of dyn; Kubernetes refuses mixed
 * literals afterwards, except inside of format().
 */
#include <string.h>

#include "base/arena.h"
#include "cel/check.h"
#include "cel/timestamp.h"
#include "cel/value.h"
#include "obj/regex.h"

/* The type of an element marked with `?`, which must be optional. */
static const struct cel_type *optional_value(struct checker *c, const struct cel_expr *e)
{
	bool was;
	const struct cel_type *t = unify_unwrap(e->type, &was);

	if (!was && t->kind != CEL_KIND_DYN)
		check_mismatch(c, e->pos, cel_type_optional(c->a, t), t);
	return t;
}

/* The common type of what came before (NULL: nothing) and this one. */
static const struct cel_type *join(struct checker *c, const struct cel_type *before,
				   const struct cel_type *t)
{
	if (!before)
		return t;
	return unify_assign(c, before, t) ? unify_general(before, t) : &cel_type_dyn;
}

void check_list(struct checker *c, struct cel_expr *e)
{
	const struct cel_type *elem = NULL, *t;

	for (uint32_t i = 0; i < e->list.n; i++) {
		struct cel_expr *item = e->list.items[i];

		check_expr(c, item);
		t = item->type;
		if (e->list.optional && e->list.optional[i])
			t = optional_value(c, item);
		elem = join(c, elem, t);
	}
	e->type = cel_type_list(c->a, elem ? elem : unify_var(c), 0);
}

void check_map(struct checker *c, struct cel_expr *e)
{
	const struct cel_type *key = NULL, *value = NULL, *t;

	for (uint32_t i = 0; i < e->map.n; i++) {
		const struct cel_entry *n = &e->map.entries[i];

		check_expr(c, n->key);
		key = join(c, key, n->key->type);
		check_expr(c, n->value);
		t = n->optional ? optional_value(c, n->value) : n->value->type;
		value = join(c, value, t);
	}
	if (!key) {
		key = unify_var(c);
		value = unify_var(c);
	}
	e->type = cel_type_map(c->a, key, value, 0);
}

/* The type T that T{...} names, or NULL with an issue. */
static const struct cel_type *struct_type(struct checker *c, struct cel_expr *e)
{
	struct declaration d;

	if (!check_lookup(c, e->map.name, &d)) {
		issue_add(c->is, e->pos, "undeclared reference to '%s' (in container '')",
			  e->map.name);
		return NULL;
	}
	e->map.name = d.name;
	if (d.type->kind != CEL_KIND_TYPE)
		issue_add(c->is, e->pos, "'%s' is not a type", d.type->name);
	else if (!d.type->nparams || d.type->params[0]->kind != CEL_KIND_OBJECT)
		issue_add(c->is, e->pos, "'%s' is not a message type",
			  d.type->nparams ? d.type->params[0]->name : "");
	else
		return d.type->params[0];
	return &cel_type_error;
}

static void check_member(struct checker *c, const char *name, const struct cel_type *object,
			 const struct cel_entry *n)
{
	const struct cel_type *want = &cel_type_error, *t;

	check_expr(c, n->value);
	if (object->kind == CEL_KIND_OBJECT)
		want = check_field(c, n->pos, object, n->field);
	else
		issue_add(c->is, n->pos, "unexpected failed resolution of '%s'", name);
	t = n->optional ? optional_value(c, n->value) : n->value->type;
	if (!unify_assign(c, want, t))
		issue_add(c->is, n->pos,
			  "expected type of field '%s' is '%s' but provided type is '%s'", n->field,
			  cel_type_text(c->a, want), cel_type_text(c->a, t));
}

void check_struct(struct checker *c, struct cel_expr *e)
{
	const struct cel_type *t = struct_type(c, e);

	e->type = t ? t : &cel_type_error;
	for (uint32_t i = 0; t && i < e->map.n; i++)
		check_member(c, e->map.name, t, &e->map.entries[i]);
}

/* ---- literals, once all types are known ---- */

static void literal_list(struct checker *c, const struct cel_expr *e)
{
	const struct cel_type *first = NULL, *t;
	bool was;

	for (uint32_t i = 0; i < e->list.n; i++) {
		t = e->list.items[i]->type;
		if (e->list.optional && e->list.optional[i])
			t = unify_unwrap(t, &was);
		if (!first)
			first = t;
		if (cel_type_same(first, t))
			continue;
		check_mismatch(c, e->list.items[i]->pos, first, t);
		return;
	}
}

static void literal_map(struct checker *c, const struct cel_expr *e)
{
	const struct cel_type *key = NULL, *value = NULL, *t;
	bool was;

	for (uint32_t i = 0; i < e->map.n; i++) {
		const struct cel_entry *n = &e->map.entries[i];

		t = n->optional ? unify_unwrap(n->value->type, &was) : n->value->type;
		if (!key) {
			key = n->key->type;
			value = t;
		}
		if (!cel_type_same(key, n->key->type))
			check_mismatch(c, n->key->pos, key, n->key->type);
		if (!cel_type_same(value, t))
			check_mismatch(c, n->value->pos, value, t);
	}
}

static bool duration_ok(const struct cel_literal *l)
{
	int64_t ns;

	return l->kind == CEL_KIND_STRING && cel_duration_parse(l->s.p, l->s.n, &ns);
}

static bool timestamp_ok(const struct cel_literal *l)
{
	struct cel_value v;

	if (l->kind == CEL_KIND_INT)
		return l->i >= CEL_TIME_MIN && l->i <= CEL_TIME_MAX;
	return l->kind != CEL_KIND_STRING || cel_time_parse(l->s.p, l->s.n, &v);
}

static bool pattern_ok(const struct cel_literal *l)
{
	struct regex *r = regex_new(l->s.p, NULL);
	bool ok = r != NULL;

	regex_free(&r);
	return ok;
}

static void literal_call(struct checker *c, const struct cel_expr *e)
{
	static const struct {
		const char *name;
		bool (*ok)(const struct cel_literal *l);
	} rules[] = {
		{ "duration", duration_ok },
		{ "timestamp", timestamp_ok },
		{ "matches", pattern_ok },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct cel_expr *arg = e->call.nargs ? e->call.args[0] : NULL;

		if (strcmp(rules[i].name, e->call.name) != 0 || !arg)
			continue;
		if (arg->kind == CEL_NODE_LITERAL && !rules[i].ok(&arg->literal))
			issue_add(c->is, arg->pos, "invalid %s argument", e->call.name);
	}
}

static void literals_all(struct checker *c, struct cel_expr *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_literals(c, v[i]);
}

static void literals_loop(struct checker *c, const struct cel_loop *l)
{
	struct cel_expr *const parts[] = { l->range, l->init, l->cond, l->step, l->result };

	literals_all(c, parts, sizeof parts / sizeof *parts);
}

static void literals_call(struct checker *c, const struct cel_expr *e)
{
	bool format = !strcmp(e->call.name, "format");

	literal_call(c, e);
	check_format(c, e);
	c->mixed += format;
	if (e->call.target)
		check_literals(c, e->call.target);
	literals_all(c, e->call.args, e->call.nargs);
	c->mixed -= format;
}

void check_literals(struct checker *c, const struct cel_expr *e)
{
	switch (e->kind) {
	case CEL_NODE_SELECT: check_literals(c, e->select.operand); break;
	case CEL_NODE_CALL: literals_call(c, e); break;
	case CEL_NODE_LIST:
		if (!c->mixed)
			literal_list(c, e);
		literals_all(c, e->list.items, e->list.n);
		break;
	case CEL_NODE_MAP:
		if (!c->mixed)
			literal_map(c, e);
		/* fall through */
	case CEL_NODE_OBJECT:
		for (uint32_t i = 0; i < e->map.n; i++) {
			if (e->map.entries[i].key)
				check_literals(c, e->map.entries[i].key);
			check_literals(c, e->map.entries[i].value);
		}
		break;
	case CEL_NODE_LOOP: literals_loop(c, e->loop); break;
	default: break;
	}
}
