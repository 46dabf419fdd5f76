/*
 * estimate_call: bounds of single calls, which the rows of functions name.  (cel-go: checker/cost.go,
 * ext/lists.go, ext/sets.go; k8s: apiserver/pkg/cel/library/cost.go)
 *
 * Changing a number here changes which rules a CustomResourceDefinition may have.
 */
#include <math.h>
#include <string.h>

#include "cel/ast.h"
#include "cel/estimate.h"
#include "cel/type.h"

#define UNBOUNDED ((struct cel_bounds){ 0, UINT64_MAX })
#define MAX_FORMAT 64    /* longest name of a format */
#define FORMAT_REGEX 128 /* what a format's pattern is taken for */
#define CHECK_COST 350000

static struct cel_bounds fixed(uint64_t n)
{
	return (struct cel_bounds){ n, n };
}

static struct cel_bounds walk(struct cel_bounds size)
{
	return cel_bounds_scale(size, CEL_TRAVERSAL_FACTOR);
}

static void sized(struct cel_call_estimate *out, struct cel_bounds cost, struct cel_bounds size)
{
	out->cost = cost;
	out->size = size;
	out->sized = true;
}

/* The elements of a list operand: their type, or NULL, and size. */
static const struct cel_type *elements(const struct cel_operand *o, struct cel_bounds *size)
{
	const struct cel_type *d = o->declared;

	*size = UNBOUNDED;
	if (!o->type->nparams)
		return NULL;
	if (d && d->kind == CEL_KIND_LIST)
		size->max = (uint64_t)d->params[0]->max;
	else if (d && d->kind == CEL_KIND_MAP)
		size->max = (uint64_t)d->params[1]->max;
	return o->type->params[0];
}

static bool text(const struct cel_type *t)
{
	return t->kind == CEL_KIND_STRING || t->kind == CEL_KIND_BYTES;
}

void cel_estimate_nominal(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	(void)c;
	/* no arguments are counted twice: this is the default */
	out->cost = fixed(1);
}

void cel_estimate_check(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	(void)c;
	out->cost = fixed(CHECK_COST);
}

void cel_estimate_selector(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds n = cel_bounds_scale(c->args[0].size, 0.5);

	out->cost = cel_bounds_add(fixed(CEL_LIST_COST), walk(c->args[0].size));
	out->cost = cel_bounds_add(out->cost, cel_bounds_scale(n, CEL_LIST_COST + CEL_OBJECT_COST));
}

void cel_estimate_elements(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds size, each = fixed(1);
	const struct cel_type *t = elements(c->target, &size);

	if (!t) {
		out->cost = walk(c->target->size);
		return;
	}
	if (text(t))
		each = cel_bounds_add(each, walk(size));
	out->cost = cel_bounds_multiply(c->target->size, each);
}

void cel_estimate_traverse_arg(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	sized(out, walk(c->args[0].size), c->args[0].size);
}

void cel_estimate_traverse_target(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	sized(out, walk(c->target->size), c->target->size);
}

static uint64_t divide_up(uint64_t x, uint64_t y)
{
	double d = ceil((double)x / (double)y);

	return d >= 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

/* How often a text of n is replaced at most (or least) when what is replaced has length `from`. */
static uint64_t replacements(uint64_t n, uint64_t from)
{
	if (from)
		return divide_up(n, from);
	return n < UINT64_MAX ? n + 1 : n;
}

void cel_estimate_replace(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds sz = c->target->size, from = c->args[0].size, to = c->args[1].size;
	struct cel_bounds count = { 0, 0 }, kept = { 0, 0 };

	if (from.min == 0 || to.max > from.min)
		count.max = replacements(sz.max, from.min);
	if (from.min == 0 || to.max <= from.min)
		kept.max = sz.max;
	if (from.max == 0 || from.max > to.min)
		count.min = replacements(sz.min, from.max);
	if (from.max == 0 || from.max <= to.min)
		kept.min = sz.min;
	sized(out, cel_bounds_scale(sz, 2 * CEL_TRAVERSAL_FACTOR),
	      cel_bounds_add(cel_bounds_multiply(count, to), kept));
}

void cel_estimate_split(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds sz = c->target->size;
	uint64_t max = sz.max;

	if (c->nargs > 1 && c->args[1].expr->kind == CEL_NODE_LITERAL &&
	    c->args[1].expr->literal.kind == CEL_KIND_INT)
		max = (uint64_t)c->args[1].expr->literal.i;
	sized(out, cel_bounds_scale(sz, 2 * CEL_TRAVERSAL_FACTOR), (struct cel_bounds){ 0, max });
}

void cel_estimate_join(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds list = c->target->size, each, sz = { 0, 0 };

	if (elements(c->target, &each))
		sz = cel_bounds_multiply(list, each);
	if (c->nargs) {
		struct cel_bounds gaps = { list.min ? list.min - 1 : 0, list.max ? list.max - 1 : 0 };

		sz = cel_bounds_add(sz, cel_bounds_multiply(c->args[0].size, gaps));
	}
	sized(out, walk(sz), sz);
}

/* Searching a text for a pattern; an empty text is one long, or a costly pattern were free. */
static struct cel_bounds search(struct cel_bounds subject, struct cel_bounds pattern)
{
	return cel_bounds_multiply(walk(cel_bounds_add(subject, fixed(1))),
				   cel_bounds_scale(pattern, CEL_REGEX_FACTOR));
}

void cel_estimate_find(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	sized(out, search(c->target->size, c->args[0].size),
	      (struct cel_bounds){ 0, c->target->size.max });
}

void cel_estimate_matches(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = search(c->target->size, c->args[0].size);
}

void cel_estimate_parse_arg(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	/* of a member, as `ip()` is too, there is no argument */
	out->cost = c->nargs ? walk(c->args[0].size) : fixed(1);
}

void cel_estimate_canonical(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = cel_bounds_scale(c->args[0].size, 2 * CEL_TRAVERSAL_FACTOR);
}

/* ---- addresses ---- */

/* Comparing two addresses of 4 or 16 bytes. */
void cel_estimate_contains_ip(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	(void)c;
	out->cost = walk((struct cel_bounds){ 8, 32 });
}

void cel_estimate_contains_ip_text(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	cel_estimate_contains_ip(c, out);
	out->cost = cel_bounds_add(out->cost, walk(c->args[0].size));
}

void cel_estimate_contains_cidr(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	cel_estimate_contains_ip(c, out);
	out->cost = cel_bounds_add(out->cost, walk((struct cel_bounds){ 4, 16 }));
	out->cost = cel_bounds_add(out->cost, fixed(1));
}

void cel_estimate_contains_cidr_text(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	cel_estimate_contains_cidr(c, out);
	out->cost = cel_bounds_add(out->cost, walk(c->args[0].size));
}

void cel_estimate_validate(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = cel_bounds_scale(walk(c->args[0].size), FORMAT_REGEX * CEL_REGEX_FACTOR);
}

/* ---- the standard functions ---- */

void cel_estimate_format(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = walk(c->target->size);
}

void cel_estimate_string_to_bytes(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds sz = c->args[0].size;

	sized(out, walk(sz), (struct cel_bounds){ sz.min, sz.max * 4 });
}

void cel_estimate_bytes_to_string(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds sz = c->args[0].size;

	sized(out, walk(sz), (struct cel_bounds){ sz.min / 4, sz.max });
}

void cel_estimate_quote(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds sz = c->args[0].size;

	sized(out, walk(sz), (struct cel_bounds){ sz.min + 2, sz.max * 2 + 2 });
}

void cel_estimate_affix(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = walk(c->args[0].size);
}

void cel_estimate_in_list(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = cel_bounds_scale(c->args[1].size, 1);
}

void cel_estimate_contains(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = cel_bounds_multiply(walk(c->target->size), walk(c->args[0].size));
}

void cel_estimate_logical(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost.min = c->args[0].cost.min;
	out->cost.max = cel_bounds_add(c->args[0].cost, c->args[1].cost).max;
	out->whole = true;
}

static struct cel_entries entries_union(struct cel_entries x, struct cel_entries y)
{
	x.known = x.known && y.known;
	x.key = cel_bounds_union(x.key, y.key);
	x.value = cel_bounds_union(x.value, y.value);
	return x;
}

static void entries_join(const struct cel_estimate_call *c, const struct cel_expr *x,
			 const struct cel_expr *y)
{
	cel_estimate_set_entries(c->e, c->expr,
				 entries_union(cel_estimate_entries(c->e, x),
					       cel_estimate_entries(c->e, y)));
}

void cel_estimate_conditional(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	const struct cel_operand *yes = &c->args[1], *no = &c->args[2];

	entries_join(c, yes->expr, no->expr);
	sized(out, cel_bounds_add(c->args[0].cost, cel_bounds_union(yes->cost, no->cost)),
	      cel_bounds_union(yes->size, no->size));
	out->whole = true;
}

void cel_estimate_add_text(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_bounds sz = cel_bounds_add(c->args[0].size, c->args[1].size);

	entries_join(c, c->args[0].expr, c->args[1].expr);
	sized(out, walk(sz), sz);
}

void cel_estimate_add_list(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	entries_join(c, c->args[0].expr, c->args[1].expr);
	sized(out, fixed(1), cel_bounds_add(c->args[0].size, c->args[1].size));
}

void cel_estimate_compare(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	uint64_t x = c->args[0].size.max, y = c->args[1].size.max, max = x < y ? x : y;

	out->cost = walk((struct cel_bounds){ max > 0, max });
}

void cel_estimate_not_equal(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	cel_estimate_compare(c, out);
}

void cel_estimate_equal(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	static const struct cel_type *const cheap[] = {
		&cel_type_ip,         &cel_type_cidr,           &cel_type_quantity,
		&cel_type_authorizer, &cel_type_path_check,     &cel_type_group_check,
		&cel_type_decision,   &cel_type_resource_check, &cel_type_semver,
	};
	const struct cel_type *t = c->args[0].type;

	cel_estimate_compare(c, out);
	if (strcmp(t->name, c->args[1].type->name) != 0)
		return;
	for (size_t i = 0; i < sizeof cheap / sizeof *cheap; i++) {
		if (cel_type_same(t, cheap[i]))
			out->cost = fixed(1);
	}
	if (cel_type_same(t, &cel_type_format))
		out->cost = walk((struct cel_bounds){ 1, MAX_FORMAT });
	if (cel_type_same(t, &cel_type_url))
		out->cost =
			walk((struct cel_bounds){ 1, c->args[1].sized ? c->args[1].size.max : 1 });
}

static void index_any(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	struct cel_entries entries = cel_estimate_entries(c->e, c->args[0].expr);

	cel_estimate_element(c->e, c->expr, c->args[0].expr);
	out->cost = fixed(1);
	out->size = entries.value;
	out->sized = entries.known;
	out->replace = true;
}

void cel_estimate_index_list(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	index_any(c, out);
}

void cel_estimate_index_map(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	index_any(c, out);
}

/* ---- the lists and sets extensions ---- */

static uint64_t int_literal(const struct cel_operand *o, uint64_t dflt)
{
	const struct cel_expr *e = o->expr;

	if (e->kind != CEL_NODE_LITERAL || e->literal.kind != CEL_KIND_INT)
		return dflt;
	return e->literal.i < 0 ? 0 : (uint64_t)e->literal.i;
}

/* A call that makes a list of about this size. */
static void allocating(struct cel_call_estimate *out, double factor, struct cel_bounds size)
{
	sized(out, cel_bounds_add(cel_bounds_scale(size, factor), fixed(1 + CEL_LIST_COST)), size);
}

void cel_estimate_list_slice(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	uint64_t start = int_literal(&c->args[0], 0);

	allocating(out, 1, fixed(int_literal(&c->args[1], c->target->size.max) - start));
}

void cel_estimate_list_flatten(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	uint64_t depth = c->nargs ? int_literal(&c->args[0], UINT64_MAX) : 1;

	allocating(out, (double)depth, c->target->size);
}

void cel_estimate_list_range(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	allocating(out, 1, fixed(int_literal(&c->args[0], UINT64_MAX)));
}

void cel_estimate_list_reverse(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	allocating(out, 1, c->target->size);
}

void cel_estimate_list_distinct(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	allocating(out, 2, cel_bounds_multiply(c->target->size, c->target->size));
}

static void sort(struct cel_bounds size, bool texts, struct cel_call_estimate *out)
{
	allocating(out, texts ? 2 + CEL_TRAVERSAL_FACTOR : 2, cel_bounds_multiply(size, size));
}

static bool overload_texts(const struct cel_estimate_call *c)
{
	return !strncmp(c->overload, "list_string_", 12) || !strncmp(c->overload, "list_bytes_", 11);
}

void cel_estimate_list_sort(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	sort(c->target->size, overload_texts(c), out);
}

void cel_estimate_list_sort_by(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	sort(c->args[0].size, overload_texts(c), out);
}

static struct cel_bounds pairs(const struct cel_estimate_call *c)
{
	return cel_bounds_multiply(c->args[0].size, c->args[1].size);
}

void cel_estimate_sets(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = cel_bounds_add(pairs(c), fixed(1));
}

void cel_estimate_sets_equivalent(const struct cel_estimate_call *c, struct cel_call_estimate *out)
{
	out->cost = cel_bounds_add(cel_bounds_scale(pairs(c), 2), fixed(1));
}
