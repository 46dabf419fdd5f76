/*
 * macro: calls that are loops, presence tests and optional mappings.  (cel-go: parser/macro.go,
 * ext/comprehensions.go, ext/lists.go, cel/library.go)
 *
 * A macro is a row: name, number of arguments, receiver or not, how it expands.  The expansions are
 * node for node cel-go's, since cost is counted on them.  All new nodes stand where the call's
 * opening parenthesis stands.
 */
#include <string.h>

#include "base/arena.h"
#include "cel/parse.h"
#include "cel/type.h"

#define UNUSED "#unused"
#define SORT_INPUT "@__sortBy_input__"

/* One expansion going on. */
struct expansion {
	struct parser *p;
	int32_t pos;
	struct cel_expr *target;
	struct cel_expr *const *args;
	size_t n;
};

static struct cel_expr *x_ident(const struct expansion *x, const char *name)
{
	return node_ident(x->p, x->pos, name);
}

static struct cel_expr *x_accu(const struct expansion *x)
{
	return x_ident(x, ACCU);
}

static struct cel_expr *x_call(const struct expansion *x, const char *name, struct cel_expr *a0,
			       struct cel_expr *a1, struct cel_expr *a2)
{
	struct cel_expr *args[3] = { a0, a1, a2 };

	return node_call(x->p, x->pos, name, NULL, args,
			 (size_t)((a0 != NULL) + (a1 != NULL) + (a2 != NULL)));
}

static struct cel_expr *x_list(const struct expansion *x, struct cel_expr *item)
{
	return node_list(x->p, x->pos, &item, item != NULL);
}

static struct cel_expr *x_loop(const struct expansion *x, struct cel_loop l)
{
	struct cel_expr *e = node_new(x->p, CEL_NODE_LOOP, x->pos);

	e->loop = arena_alloc(x->p->a, sizeof l);
	*e->loop = l;
	return e;
}

static struct cel_expr *x_error(const struct expansion *x, const struct cel_expr *where,
				const char *text)
{
	issue_add(x->p->is, where->pos, "%s", text);
	return node_error(x->p);
}

/* A copy with fresh ids. */
static struct cel_expr *copy(struct parser *p, const struct cel_expr *e);

static struct cel_expr **copy_array(struct parser *p, struct cel_expr *const *v, size_t n)
{
	struct cel_expr **out = arena_alloc(p->a, n * sizeof *out);

	for (size_t i = 0; i < n; i++)
		out[i] = copy(p, v[i]);
	return out;
}

static struct cel_entry *copy_entries(struct parser *p, const struct cel_entry *v, size_t n)
{
	struct cel_entry *out = arena_alloc(p->a, n * sizeof *out);

	for (size_t i = 0; i < n; i++) {
		out[i] = v[i];
		out[i].id = p->next_id++;
		out[i].key = v[i].key ? copy(p, v[i].key) : NULL;
		out[i].value = copy(p, v[i].value);
	}
	return out;
}

static struct cel_loop *copy_loop(struct parser *p, const struct cel_loop *l)
{
	struct cel_loop *out = arena_alloc(p->a, sizeof *out);

	*out = *l;
	out->range = copy(p, l->range);
	out->init = copy(p, l->init);
	out->cond = copy(p, l->cond);
	out->step = copy(p, l->step);
	out->result = copy(p, l->result);
	return out;
}

static struct cel_expr *copy(struct parser *p, const struct cel_expr *e)
{
	struct cel_expr *c = node_new(p, (enum cel_node)e->kind, e->pos);
	uint32_t id = c->id;

	if (p->dead)
		return c;
	*c = *e;
	c->id = id;
	switch (e->kind) {
	case CEL_NODE_SELECT: c->select.operand = copy(p, e->select.operand); break;
	case CEL_NODE_CALL:
		c->call.args = copy_array(p, e->call.args, e->call.nargs);
		c->call.target = e->call.target ? copy(p, e->call.target) : NULL;
		break;
	case CEL_NODE_LIST: c->list.items = copy_array(p, e->list.items, e->list.n); break;
	case CEL_NODE_MAP:
	case CEL_NODE_OBJECT: c->map.entries = copy_entries(p, e->map.entries, e->map.n); break;
	case CEL_NODE_LOOP: c->loop = copy_loop(p, e->loop); break;
	default: break;
	}
	return c;
}

/* ---- has ---- */

static struct cel_expr *expand_has(const struct expansion *x)
{
	struct cel_expr *e;

	if (x->args[0]->kind != CEL_NODE_SELECT)
		return x_error(x, x->args[0], "invalid argument to has() macro");
	e = node_new(x->p, CEL_NODE_SELECT, x->pos);
	e->select = x->args[0]->select;
	e->select.test = true;
	return e;
}

/* ---- loops ---- */

/* The loop's variables are the first nvars arguments; NULL: reported, *err is the error node. */
static bool vars_take(const struct expansion *x, size_t nvars, const char *bad, struct cel_loop *l,
		      struct cel_expr **err)
{
	const char *names[2] = { NULL, NULL };

	for (size_t i = 0; i < nvars; i++) {
		if (x->args[i]->kind != CEL_NODE_IDENT) {
			*err = x_error(x, x->args[i], bad);
			return false;
		}
		names[i] = x->args[i]->ident.name;
	}
	if (nvars == 2 && !strcmp(names[0], names[1])) {
		*err = x_error(x, x->args[1],
			       arena_printf(x->p->a, "duplicate variable name: %s", names[0]));
		return false;
	}
	for (size_t i = 0; i < nvars; i++) {
		if (strcmp(names[i], ACCU) != 0 && strcmp(names[i], "__result__") != 0)
			continue;
		*err = x_error(x, x->args[i], "iteration variable overwrites accumulator variable");
		return false;
	}
	*l = (struct cel_loop){ .iter = names[0], .iter2 = names[1], .accu = ACCU };
	l->range = x->target;
	return true;
}

#define SIMPLE_NAME "argument must be a simple name"

/* all: the last argument holds for every element */
static struct cel_expr *expand_all(const struct expansion *x)
{
	struct cel_expr *err;
	struct cel_loop l;

	if (!vars_take(x, x->n - 1, SIMPLE_NAME, &l, &err))
		return err;
	l.init = node_bool(x->p, x->pos, true);
	l.cond = x_call(x, "@not_strictly_false", x_accu(x), NULL, NULL);
	l.step = x_call(x, "_&&_", x_accu(x), x->args[x->n - 1], NULL);
	l.result = x_accu(x);
	return x_loop(x, l);
}

static struct cel_expr *expand_exists(const struct expansion *x)
{
	struct cel_expr *err;
	struct cel_loop l;

	if (!vars_take(x, x->n - 1, SIMPLE_NAME, &l, &err))
		return err;
	l.init = node_bool(x->p, x->pos, false);
	l.cond = x_call(x, "@not_strictly_false", x_call(x, "!_", x_accu(x), NULL, NULL), NULL, NULL);
	l.step = x_call(x, "_||_", x_accu(x), x->args[x->n - 1], NULL);
	l.result = x_accu(x);
	return x_loop(x, l);
}

static struct cel_expr *expand_exists_one(const struct expansion *x)
{
	struct cel_expr *err, *more;
	struct cel_loop l;

	if (!vars_take(x, x->n - 1, SIMPLE_NAME, &l, &err))
		return err;
	l.init = node_int(x->p, x->pos, 0);
	l.cond = node_bool(x->p, x->pos, true);
	more = x_call(x, "_+_", x_accu(x), node_int(x->p, x->pos, 1), NULL);
	l.step = x_call(x, "_?_:_", x->args[x->n - 1], more, x_accu(x));
	l.result = x_call(x, "_==_", x_accu(x), node_int(x->p, x->pos, 1), NULL);
	return x_loop(x, l);
}

/* Complete a loop that gathers: step, only where filter (may be NULL) holds. */
static struct cel_expr *gather(const struct expansion *x, struct cel_loop *l, struct cel_expr *init,
			       struct cel_expr *filter, struct cel_expr *step)
{
	l->init = init;
	l->cond = node_bool(x->p, x->pos, true);
	l->step = filter ? x_call(x, "_?_:_", filter, step, x_accu(x)) : step;
	l->result = x_accu(x);
	return x_loop(x, *l);
}

static struct cel_expr *append(const struct expansion *x, struct cel_expr *item)
{
	return x_call(x, "_+_", x_accu(x), x_list(x, item), NULL);
}

static struct cel_expr *expand_map(const struct expansion *x)
{
	struct cel_expr *err;
	struct cel_loop l;

	if (!vars_take(x, 1, "argument is not an identifier", &l, &err))
		return err;
	return gather(x, &l, x_list(x, NULL), x->n == 3 ? x->args[1] : NULL,
		      append(x, x->args[x->n - 1]));
}

static struct cel_expr *expand_filter(const struct expansion *x)
{
	struct cel_expr *err;
	struct cel_loop l;

	if (!vars_take(x, 1, "argument is not an identifier", &l, &err))
		return err;
	return gather(x, &l, x_list(x, NULL), x->args[1], append(x, x->args[0]));
}

static struct cel_expr *expand_transform_list(const struct expansion *x)
{
	struct cel_expr *err;
	struct cel_loop l;

	if (!vars_take(x, 2, SIMPLE_NAME, &l, &err))
		return err;
	return gather(x, &l, x_list(x, NULL), x->n == 4 ? x->args[2] : NULL,
		      append(x, x->args[x->n - 1]));
}

static struct cel_expr *expand_transform_map(const struct expansion *x)
{
	struct cel_expr *err, *step;
	struct cel_loop l;

	if (!vars_take(x, 2, SIMPLE_NAME, &l, &err))
		return err;
	step = x_call(x, "cel.@mapInsert", x_accu(x), x_ident(x, l.iter), x->args[x->n - 1]);
	return gather(x, &l, node_new(x->p, CEL_NODE_MAP, x->pos), x->n == 4 ? x->args[2] : NULL,
		      step);
}

static struct cel_expr *expand_transform_entry(const struct expansion *x)
{
	struct cel_expr *err, *step;
	struct cel_loop l;

	if (!vars_take(x, 2, SIMPLE_NAME, &l, &err))
		return err;
	step = x_call(x, "cel.@mapInsert", x_accu(x), x->args[x->n - 1], NULL);
	return gather(x, &l, node_new(x->p, CEL_NODE_MAP, x->pos), x->n == 4 ? x->args[2] : NULL,
		      step);
}

/* ---- bindings: loops that run zero times ---- */

static struct cel_expr *bind(const struct expansion *x, const char *name, struct cel_expr *value,
			     struct cel_expr *result)
{
	struct cel_loop l = { .iter = UNUSED, .accu = name, .init = value, .result = result };

	l.range = x_list(x, NULL);
	l.cond = node_bool(x->p, x->pos, false);
	l.step = x_ident(x, name);
	return x_loop(x, l);
}

static struct cel_expr *optional_map(const struct expansion *x, const char *bad, bool wrap)
{
	struct cel_expr *value, *some, *present;

	if (x->args[0]->kind != CEL_NODE_IDENT)
		return x_error(x, x->args[0], bad);
	present = node_call(x->p, x->pos, "hasValue", x->target, NULL, 0);
	value = node_call(x->p, x->pos, "value", copy(x->p, x->target), NULL, 0);
	some = bind(x, x->args[0]->ident.name, value, x->args[1]);
	if (wrap)
		some = x_call(x, "optional.of", some, NULL, NULL);
	return x_call(x, "_?_:_", present, some, x_call(x, "optional.none", NULL, NULL, NULL));
}

static struct cel_expr *expand_opt_map(const struct expansion *x)
{
	return optional_map(x, "optMap() variable name must be a simple identifier", true);
}

static struct cel_expr *expand_opt_flat_map(const struct expansion *x)
{
	return optional_map(x, "optFlatMap() variable name must be a simple identifier", false);
}

static struct cel_expr *expand_sort_by(const struct expansion *x)
{
	struct expansion keys = *x;
	struct cel_expr *map, *sorted;

	if (x->target->kind == CEL_NODE_LITERAL || x->target->kind == CEL_NODE_MAP ||
	    x->target->kind == CEL_NODE_OBJECT)
		return x_error(x, x->target,
			       "sortBy can only be applied to a list, identifier, comprehension, "
			       "call or select expression");
	keys.target = x_ident(x, SORT_INPUT);
	map = expand_map(&keys);
	if (map->kind == CEL_NODE_ERROR)
		return map;
	sorted = node_call(x->p, x->pos, "@sortByAssociatedKeys", x_ident(x, SORT_INPUT), &map, 1);
	return bind(x, SORT_INPUT, x->target, sorted);
}

static const struct {
	const char *name;
	uint8_t nargs;
	bool global;
	struct cel_expr *(*expand)(const struct expansion *x);
} macros[] = {
	{ "has", 1, true, expand_has },
	{ "all", 2, false, expand_all },
	{ "all", 3, false, expand_all },
	{ "exists", 2, false, expand_exists },
	{ "exists", 3, false, expand_exists },
	{ "exists_one", 2, false, expand_exists_one },
	{ "exists_one", 3, false, expand_exists_one },
	{ "existsOne", 3, false, expand_exists_one },
	{ "map", 2, false, expand_map },
	{ "map", 3, false, expand_map },
	{ "filter", 2, false, expand_filter },
	{ "optMap", 2, false, expand_opt_map },
	{ "optFlatMap", 2, false, expand_opt_flat_map },
	{ "transformList", 3, false, expand_transform_list },
	{ "transformList", 4, false, expand_transform_list },
	{ "transformMap", 3, false, expand_transform_map },
	{ "transformMap", 4, false, expand_transform_map },
	{ "transformMapEntry", 3, false, expand_transform_entry },
	{ "transformMapEntry", 4, false, expand_transform_entry },
	{ "sortBy", 2, false, expand_sort_by },
};

struct cel_expr *cel_macro(struct parser *p, int32_t pos, const char *name, struct cel_expr *target,
			   struct cel_expr *const *args, size_t n)
{
	struct expansion x = { p, pos, target, args, n };

	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
		if (macros[i].nargs == n && macros[i].global == !target &&
		    !strcmp(macros[i].name, name))
			return macros[i].expand(&x);
	}
	return NULL;
}
