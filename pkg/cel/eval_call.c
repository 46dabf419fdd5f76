/*
 * eval_call: calls of function rows: arguments, choice of the overload, guards, cost.
 *
 * Where the checker left several overloads (an argument is dyn), the first whose types fit the values
 * is called; upstream then knows no overload to price, so only what its estimator prices by function
 * name costs more than 1.
 */
#include "cel/cost.h"
#include "cel/eval.h"
#include "cel/eval_priv.h"
#include "cel/function.h"
#include "cel/plan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/regex.h"

#include <stdlib.h>
#include <string.h>

/* ---- run-time types ---- */

static bool fits(const struct cel_type *t, struct cel_value v);

static bool list_fits(const struct cel_type *t, struct cel_value v)
{
	if (v.kind != CELV_LIST)
		return false;
	return !cel_list_count(v.list) || fits(t->params[0], cel_list_items(v.list)[0]);
}

static bool map_fits(const struct cel_type *t, struct cel_value v)
{
	struct cel_value key, value;
	size_t it = 0;

	if (v.kind != CELV_MAP)
		return false;
	if (!cel_map_next(v.map, &it, &key, &value))
		return true;
	return fits(t->params[0], key) && fits(t->params[1], value);
}

static bool fits(const struct cel_type *t, struct cel_value v)
{
	switch (t->kind) {
	case CEL_KIND_DYN:
	case CEL_KIND_PARAM: return true;
	case CEL_KIND_BOOL: return v.kind == CELV_BOOL;
	case CEL_KIND_BYTES: return v.kind == CELV_BYTES;
	case CEL_KIND_DOUBLE: return v.kind == CELV_DOUBLE;
	case CEL_KIND_DURATION: return v.kind == CELV_DURATION;
	case CEL_KIND_INT: return v.kind == CELV_INT;
	case CEL_KIND_UINT: return v.kind == CELV_UINT;
	case CEL_KIND_STRING: return v.kind == CELV_STRING;
	case CEL_KIND_TIMESTAMP: return v.kind == CELV_TIMESTAMP;
	case CEL_KIND_NULL: return v.kind == CELV_NULL;
	case CEL_KIND_TYPE: return v.kind == CELV_TYPE;
	case CEL_KIND_LIST: return list_fits(t, v);
	case CEL_KIND_MAP: return map_fits(t, v);
	default: return strcmp(t->name, cel_value_type(v)) == 0;
	}
}

static bool row_fits(const struct cel_function *row, const struct cel_value *args, unsigned n)
{
	if (row->nargs != n || !row->call)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!fits(row->args[i], args[i]))
			return false;
	return true;
}

static struct cel_value no_overload(struct eval *ev, const struct cel_function *row,
				    const struct cel_value *args, unsigned n)
{
	const char *types = "";

	for (unsigned i = 0; i < n; i++)
		types = arena_printf(ev->a, "%s%s%s", types, i ? ", " : "", cel_value_type(args[i]));
	return cel_failf(ev->a, "no such overload: %s(%s)", row->name, types);
}

/* ---- calling ---- */

/* All arguments, until the first error unless eager; returns how many were evaluated. */
static uint32_t eval_args(struct eval *ev, const struct step *s, bool eager, struct cel_value *args,
			  const struct cel_value **error)
{
	*error = NULL;
	for (uint32_t i = 0; i < s->n; i++) {
		args[i] = cel_eval(ev, s->call.args[i]);
		if (!cel_is_error(args[i]) || *error)
			continue;
		*error = &args[i];
		if (!eager)
			return i + 1;
	}
	return s->n;
}

static const struct cel_function *choose(const struct step *s, const struct cel_value *args)
{
	if (!s->guarded)
		return s->call.rows[0];
	for (uint16_t i = 0; i < s->call.nrows; i++)
		if (row_fits(s->call.rows[i], args, s->n))
			return s->call.rows[i];
	return NULL;
}

static struct cel_value call(struct eval *ev, const struct step *s, const struct cel_value *args)
{
	const struct cel_function *row = choose(s, args);
	struct cel_value out = CEL_NULL_VALUE;

	if (!row || !row->call)
		return no_overload(ev, s->call.rows[0], args, s->n);
	ev->regex = s->call.regex;
	row->call(ev->run, args, s->n, &out);
	ev->regex = NULL;
	return out;
}

static uint64_t cost_of(const struct step *s, const struct cel_value *args,
			const struct cel_value *out)
{
	const struct cel_function *row = s->call.rows[0];

	if (!row->cost || (s->kind == STEP_DISPATCH && !cel_cost_by_name(row)))
		return 1;
	return row->cost(args, s->n, out);
}

/* Sorting an error breaks upstream's accounting, which ends the evaluation. */
static bool breaks_accounting(const struct step *s, const struct cel_value *args)
{
	const struct cel_function *row = s->call.rows[0];

	return (row->cost == cel_cost_self_compare && cel_is_error(args[0])) ||
	       (row->cost == cel_cost_sort_by && cel_is_error(args[1]));
}

struct cel_value cel_eval_call(struct eval *ev, const struct step *s)
{
	struct cel_value args[CEL_MAX_ARGS], out;
	const struct cel_value *error;
	bool eager = s->n <= 2 && !s->call.regex && (s->kind == STEP_CALL || !s->guarded);

	/* Upstream prices a call whose arguments it has all seen, even if the last is an error. */
	if (eval_args(ev, s, eager, args, &error) < s->n)
		return *error;
	if (error && s->kind == STEP_CALL && breaks_accounting(s, args)) {
		ev->fault = "internal error: interface conversion: *types.Err is not traits.Lister: "
			    "missing method Add";
		ev->stopped = true;
		return *error;
	}
	out = error ? *error : call(ev, s, args);
	cel_charge(ev, cost_of(s, args, &out));
	return ev->stopped ? cel_run_stopped() : out;
}

/* ---- what rows may ask ---- */

static void free_regex(void *r)
{
	struct regex *regex = r;

	regex_free(&regex);
}

const struct regex *cel_run_regex(struct cel_run *run, struct cel_value pattern, const char **error)
{
	struct eval *ev = run->priv;
	struct regex *r;
	char *why;

	cel_tick(ev, CEL_TICK_MATCH);
	if (ev->regex)
		return ev->regex;
	r = regex_new(cel_value_str(run->a, pattern), &why);
	if (!r) {
		*error = arena_strdup(run->a, why);
		regex_free_error(why);
		return NULL;
	}
	arena_defer(run->a, free_regex, r);
	return r;
}

#define VALUE_LIMIT (64u << 20) /* bytes of one value */
#define RUN_LIMIT (256u << 20)  /* bytes of a run */

bool cel_run_allows(struct cel_run *run, uint64_t bytes)
{
	struct eval *ev = run->priv;

	if (bytes <= VALUE_LIMIT && arena_used(run->a) + bytes <= RUN_LIMIT)
		return true;
	ev->stopped = true;
	return false;
}

struct cel_value cel_string_of(struct arena *a, const struct buf *b)
{
	return cel_stringn(arena_dup(a, b->len ? b->p : "", b->len), b->len);
}
