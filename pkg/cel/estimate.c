/*
 * estimate: the walk that bounds cost and sizes.  (cel-go: checker/cost.go)
 *
 * Sizes come from three places: literals, calls that tell the size of their result, and the declared
 * maximum of the schema node that an expression's path leads to.  A path is followed step by step
 * while walking: what is kept per expression is where in the root type it stands.  Upstream takes
 * the first element of any path for the variable, even when it is none (an element of a call's
 * result): a path that starts anywhere starts at the root type, and so here.
 */
#include "cel/estimate.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "cel/cel.h"
#include "cel/ast.h"
#include "cel/function.h"

#define UNBOUNDED ((struct cel_bounds){ 0, UINT64_MAX })

struct path {
	bool set;
	const struct cel_type *declared; /* NULL: it leads nowhere */
};

/* What is known of one expression. */
struct note {
	struct path path;
	bool sized;
	struct cel_bounds size;
	struct cel_entries entries;
};

struct variable {
	const char *name;
	struct path path;
	bool sized;
	struct cel_bounds size;
	struct cel_entries entries;
};

struct estimator {
	struct arena *a;
	const struct cel_type *root;
	struct note *notes; /* by id */
	VEC(struct variable) vars;
};

static struct cel_bounds cost(struct estimator *s, const struct cel_expr *e);

/* ---- arithmetic ---- */

static uint64_t add(uint64_t x, uint64_t y)
{
	return __builtin_add_overflow(x, y, &x) ? UINT64_MAX : x;
}

static uint64_t multiply(uint64_t x, uint64_t y)
{
	return __builtin_mul_overflow(x, y, &x) ? UINT64_MAX : x;
}

static uint64_t scale(uint64_t x, double factor)
{
	double d = ceil((double)x * factor);

	return d >= 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

struct cel_bounds cel_bounds_add(struct cel_bounds x, struct cel_bounds y)
{
	return (struct cel_bounds){ add(x.min, y.min), add(x.max, y.max) };
}

struct cel_bounds cel_bounds_multiply(struct cel_bounds x, struct cel_bounds y)
{
	return (struct cel_bounds){ multiply(x.min, y.min), multiply(x.max, y.max) };
}

struct cel_bounds cel_bounds_scale(struct cel_bounds x, double factor)
{
	return (struct cel_bounds){ scale(x.min, factor), scale(x.max, factor) };
}

struct cel_bounds cel_bounds_union(struct cel_bounds x, struct cel_bounds y)
{
	return (struct cel_bounds){ x.min < y.min ? x.min : y.min, x.max > y.max ? x.max : y.max };
}

static struct cel_bounds fixed(uint64_t n)
{
	return (struct cel_bounds){ n, n };
}

static void grow(struct cel_bounds *sum, struct cel_bounds more)
{
	*sum = cel_bounds_add(*sum, more);
}

/* ---- paths ---- */

static const struct variable *variable_find(const struct estimator *s, const char *name)
{
	for (size_t i = s->vars.n; i > 0; i--) {
		if (!strcmp(s->vars.p[i - 1].name, name))
			return &s->vars.p[i - 1];
	}
	return NULL;
}

static struct path path_of(const struct estimator *s, const struct cel_expr *e)
{
	const struct variable *v = NULL;

	if (e->kind == CEL_NODE_IDENT)
		v = variable_find(s, e->ident.name);
	return v ? v->path : s->notes[e->id].path;
}

static struct path path_step(const struct estimator *s, struct path p, const struct cel_type *to)
{
	return (struct path){ true, p.set ? to : s->root };
}

static struct path path_field(const struct estimator *s, struct path p, const char *name)
{
	const struct cel_field *f = NULL;

	if (p.set && p.declared && p.declared->kind == CEL_KIND_OBJECT)
		f = cel_type_field(p.declared, name);
	return path_step(s, p, f ? f->type : NULL);
}

static struct path path_element(const struct estimator *s, struct path p)
{
	const struct cel_type *t = p.declared, *to = NULL;

	if (t && t->kind == CEL_KIND_LIST)
		to = t->params[0];
	else if (t && t->kind == CEL_KIND_MAP)
		to = t->params[1];
	return path_step(s, p, to);
}

static struct path path_key(const struct estimator *s, struct path p)
{
	const struct cel_type *t = p.declared;

	return path_step(s, p, t && t->kind == CEL_KIND_MAP ? t->params[0] : NULL);
}

void cel_estimate_element(struct estimator *s, const struct cel_expr *expr, const struct cel_expr *of)
{
	s->notes[expr->id].path = path_element(s, path_of(s, of));
}

/* ---- sizes ---- */

static uint64_t runes(const char *p, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
	return count;
}

static uint64_t literal_size(const struct cel_literal *l)
{
	if (l->kind == CEL_KIND_STRING)
		return runes(l->s.p, l->s.n);
	return l->kind == CEL_KIND_BYTES ? l->s.n : 1;
}

static bool is_scalar(const struct cel_type *t)
{
	switch (t->kind) {
	case CEL_KIND_BOOL:
	case CEL_KIND_DOUBLE:
	case CEL_KIND_DURATION:
	case CEL_KIND_INT:
	case CEL_KIND_TIMESTAMP:
	case CEL_KIND_UINT: return true;
	default: return cel_type_is_optional(t) && is_scalar(t->params[0]);
	}
}

static void size_set(struct estimator *s, const struct cel_expr *e, struct cel_bounds size)
{
	s->notes[e->id].sized = true;
	s->notes[e->id].size = size;
}

static struct cel_bounds declared_size(const struct cel_type *t)
{
	return (struct cel_bounds){ 0, (uint64_t)t->max };
}

static bool size_of(struct estimator *s, const struct cel_expr *e, struct cel_bounds *out)
{
	const struct note *n = &s->notes[e->id];
	const struct variable *v;
	struct path p;

	if (n->sized) {
		*out = n->size;
		return true;
	}
	if (e->kind == CEL_NODE_LITERAL || e->kind == CEL_NODE_LIST || e->kind == CEL_NODE_MAP) {
		*out = fixed(e->kind == CEL_NODE_LITERAL ? literal_size(&e->literal) :
			     e->kind == CEL_NODE_LIST    ? e->list.n :
							   e->map.n);
		return true;
	}
	p = path_of(s, e);
	if (p.set && p.declared) {
		*out = declared_size(p.declared);
		size_set(s, e, *out);
		return true;
	}
	*out = fixed(1);
	if (is_scalar(e->type))
		return true;
	v = e->kind == CEL_NODE_IDENT ? variable_find(s, e->ident.name) : NULL;
	*out = v && v->sized ? v->size : UNBOUNDED;
	return v && v->sized;
}

static struct cel_bounds size_or_unbounded(struct estimator *s, const struct cel_expr *e)
{
	struct cel_bounds b;

	size_of(s, e, &b);
	return b;
}

struct cel_entries cel_estimate_entries(const struct estimator *s, const struct cel_expr *e)
{
	const struct variable *v = NULL;

	if (!s->notes[e->id].entries.known && e->kind == CEL_NODE_IDENT)
		v = variable_find(s, e->ident.name);
	return v ? v->entries : s->notes[e->id].entries;
}

void cel_estimate_set_entries(struct estimator *s, const struct cel_expr *e,
			      struct cel_entries entries)
{
	if (entries.known)
		s->notes[e->id].entries = entries;
}

/* ---- names, selections ---- */

static struct cel_bounds cost_ident(struct estimator *s, const struct cel_expr *e)
{
	const struct variable *v = variable_find(s, e->ident.name);

	s->notes[e->id].path = v ? v->path : (struct path){ true, s->root };
	return fixed(CEL_SELECT_COST);
}

static struct cel_bounds cost_select(struct estimator *s, const struct cel_expr *e)
{
	struct cel_bounds sum = cost(s, e->select.operand);
	uint8_t kind = e->select.operand->type->kind;

	if (e->select.test)
		return sum;
	if (kind == CEL_KIND_MAP || kind == CEL_KIND_OBJECT || kind == CEL_KIND_PARAM)
		grow(&sum, fixed(CEL_SELECT_COST));
	s->notes[e->id].path = path_field(s, path_of(s, e->select.operand), e->select.field);
	return sum;
}

/* ---- calls ---- */

static struct cel_operand operand(struct estimator *s, const struct cel_expr *e)
{
	struct cel_operand o = { .expr = e, .type = e->type };
	struct path p = path_of(s, e);

	o.declared = p.set ? p.declared : NULL;
	o.sized = size_of(s, e, &o.size);
	return o;
}

/* dyn(x) is x. */
static struct cel_bounds cost_dyn(struct estimator *s, const struct cel_expr *e)
{
	const struct cel_expr *arg = e->call.args[0];
	struct cel_bounds sum = cost(s, arg), size;

	if (size_of(s, arg, &size))
		size_set(s, e, size);
	cel_estimate_set_entries(s, e, cel_estimate_entries(s, arg));
	return cel_bounds_add(sum, fixed(1));
}

/* Cost of all overloads that may be meant; the size of the result is noted. */
static struct cel_bounds cost_overloads(struct estimator *s, const struct cel_expr *e,
					struct cel_estimate_call *c, struct cel_bounds args)
{
	struct cel_bounds all = { UINT64_MAX, 0 }, size = { 0, 0 };
	bool sized = false;

	for (unsigned i = 0; i < e->call.noverloads; i++) {
		const struct cel_function *f = e->call.overloads[i];
		struct cel_call_estimate r = { .cost = fixed(1) };

		c->overload = f->overload;
		if (f->estimate)
			f->estimate(c, &r);
		if (!r.whole)
			grow(&r.cost, args);
		all = cel_bounds_union(all, r.cost);
		if (r.sized)
			size = sized && !r.replace ? cel_bounds_union(size, r.size) : r.size;
		sized = r.replace ? r.sized : sized || r.sized;
		if (!sized)
			sized = size_of(s, e, &size);
	}
	if (sized)
		size_set(s, e, size);
	return all;
}

static struct cel_bounds cost_call(struct estimator *s, const struct cel_expr *e)
{
	struct cel_operand *args = arena_zalloc(s->a, e->call.nargs * sizeof *args), target;
	struct cel_estimate_call c = { .e = s, .expr = e, .args = args, .nargs = e->call.nargs };
	struct cel_bounds sum = { 0, 0 }, arg_sum = { 0, 0 };

	if (!strcmp(e->call.name, "dyn") && e->call.nargs == 1)
		return cost_dyn(s, e);
	for (unsigned i = 0; i < e->call.nargs; i++) {
		struct cel_bounds b = cost(s, e->call.args[i]);

		args[i] = operand(s, e->call.args[i]);
		args[i].cost = b;
		grow(&arg_sum, b);
	}
	if (e->call.op == CEL_OP_OPT_SELECT)
		return cel_bounds_add(arg_sum, fixed(1));
	if (!e->call.noverloads)
		return sum;
	if (e->call.target) {
		sum = cost(s, e->call.target);
		target = operand(s, e->call.target);
		target.cost = sum;
		c.target = &target;
	}
	return cel_bounds_add(sum, cost_overloads(s, e, &c, arg_sum));
}

/* ---- lists, maps, objects ---- */

/* The bounds of no sizes at all, to be widened. */
static struct cel_bounds nothing(uint32_t n)
{
	return (struct cel_bounds){ n ? UINT64_MAX : 0, 0 };
}

static struct cel_bounds cost_list(struct estimator *s, const struct cel_expr *e)
{
	struct cel_entries entries = { .known = true, .kind = CEL_KIND_LIST, .key = fixed(1) };
	struct cel_bounds sum = fixed(CEL_LIST_COST);

	entries.value = nothing(e->list.n);
	for (uint32_t i = 0; i < e->list.n; i++) {
		grow(&sum, cost(s, e->list.items[i]));
		entries.value =
			cel_bounds_union(entries.value, size_or_unbounded(s, e->list.items[i]));
	}
	cel_estimate_set_entries(s, e, entries);
	return sum;
}

static struct cel_bounds cost_map(struct estimator *s, const struct cel_expr *e)
{
	struct cel_entries entries = { .known = true, .kind = CEL_KIND_MAP };
	struct cel_bounds sum = fixed(CEL_MAP_COST);

	entries.key = entries.value = nothing(e->map.n);
	for (uint32_t i = 0; i < e->map.n; i++) {
		const struct cel_entry *n = &e->map.entries[i];

		grow(&sum, cost(s, n->key));
		grow(&sum, cost(s, n->value));
		entries.key = cel_bounds_union(entries.key, size_or_unbounded(s, n->key));
		entries.value = cel_bounds_union(entries.value, size_or_unbounded(s, n->value));
	}
	cel_estimate_set_entries(s, e, entries);
	return sum;
}

static struct cel_bounds cost_object(struct estimator *s, const struct cel_expr *e)
{
	struct cel_bounds sum = fixed(CEL_OBJECT_COST);

	for (uint32_t i = 0; i < e->map.n; i++)
		grow(&sum, cost(s, e->map.entries[i].value));
	return sum;
}

/* ---- loops ---- */

/* The accumulator, or what a binding binds. */
static void push_local(struct estimator *s, const char *name, const struct cel_expr *e)
{
	struct variable v = { .name = name, .path = path_of(s, e) };

	v.entries = cel_estimate_entries(s, e);
	v.sized = size_of(s, e, &v.size);
	vec_push(&s->vars, v);
}

/* A variable of the loop: an element (or value), or a key (or index), of the range. */
static void push_iter(struct estimator *s, const char *name, const struct cel_expr *range,
		      bool element)
{
	struct cel_entries entries = cel_estimate_entries(s, range);
	struct variable v = { .name = name, .sized = entries.known };
	struct path p = path_of(s, range);
	uint8_t kind = entries.known ? entries.kind : range->type->kind;

	v.size = element ? entries.value : entries.key;
	if (element)
		v.path = path_element(s, p);
	else if (kind == CEL_KIND_LIST)
		v.path = path_step(s, p, NULL); /* an index */
	else
		v.path = path_key(s, p);
	vec_push(&s->vars, v);
}

static void push_iters(struct estimator *s, const struct cel_loop *l)
{
	struct cel_entries entries = cel_estimate_entries(s, l->range);
	uint8_t kind = entries.known ? entries.kind : l->range->type->kind;

	push_iter(s, l->iter, l->range, !l->iter2 && kind == CEL_KIND_LIST);
	if (l->iter2)
		push_iter(s, l->iter2, l->range, true);
}

static struct cel_bounds cost_binding(struct estimator *s, const struct cel_expr *e)
{
	const struct cel_loop *l = e->loop;
	struct cel_bounds sum = cost(s, l->range), size;

	grow(&sum, cost(s, l->init));
	push_local(s, l->accu, l->init);
	grow(&sum, cost(s, l->result));
	s->vars.n--;
	if (size_of(s, l->result, &size))
		size_set(s, e, size);
	cel_estimate_set_entries(s, e, cel_estimate_entries(s, l->result));
	return sum;
}

static bool is_binding(const struct cel_loop *l)
{
	return l->range->kind == CEL_NODE_LIST && l->range->list.n == 0 &&
	       l->cond->kind == CEL_NODE_LITERAL && l->cond->literal.kind == CEL_KIND_BOOL &&
	       !l->cond->literal.b;
}

static struct cel_bounds cost_loop(struct estimator *s, const struct cel_expr *e)
{
	const struct cel_loop *l = e->loop;
	struct cel_bounds sum, body, size;
	size_t outside = s->vars.n;

	if (is_binding(l))
		return cost_binding(s, e);
	sum = cost(s, l->range);
	grow(&sum, cost(s, l->init));
	push_local(s, l->accu, l->init);
	push_iters(s, l);
	body = cost(s, l->cond);
	grow(&body, cost(s, l->step));
	s->vars.n = outside + 1;
	grow(&sum, cost(s, l->result));
	s->vars.n = outside;
	size = size_or_unbounded(s, l->range);
	grow(&sum, cel_bounds_multiply(size, body));
	if (l->init->kind == CEL_NODE_LITERAL) {
		size_set(s, e, fixed(literal_size(&l->init->literal)));
	} else if (l->init->kind == CEL_NODE_LIST || l->init->kind == CEL_NODE_MAP) {
		size_set(s, e, size);
		cel_estimate_set_entries(s, e, cel_estimate_entries(s, l->step));
	}
	return sum;
}

static struct cel_bounds cost(struct estimator *s, const struct cel_expr *e)
{
	switch (e->kind) {
	case CEL_NODE_IDENT: return cost_ident(s, e);
	case CEL_NODE_SELECT: return cost_select(s, e);
	case CEL_NODE_CALL: return cost_call(s, e);
	case CEL_NODE_LIST: return cost_list(s, e);
	case CEL_NODE_MAP: return cost_map(s, e);
	case CEL_NODE_OBJECT: return cost_object(s, e);
	case CEL_NODE_LOOP: return cost_loop(s, e);
	default: return fixed(0);
	}
}

struct cel_bounds cel_estimate(struct arena *scratch, const struct cel_env *env,
			       const struct cel_expr *root, uint32_t nids)
{
	struct estimator s = { .a = scratch };
	struct cel_bounds b;

	if (env->root->kind != CEL_KIND_ERROR)
		s.root = env->root;
	s.notes = arena_zalloc(scratch, nids * sizeof *s.notes);
	b = cost(&s, root);
	vec_free(&s.vars);
	return b;
}
