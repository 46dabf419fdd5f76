/*
 * eval_make: literals of lists, maps and objects, and loops.
 */
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/eval_priv.h"
#include "cel/plan.h"

#include "base/arena.h"

/* ---- literals ---- */

/* An optional entry: false when it is left out or, with *v an error, when it is not optional. */
static bool unwrap(struct cel_value *v)
{
	if (v->kind != CELV_OPTIONAL || !v->some)
		return false;
	*v = *v->some;
	return true;
}

struct cel_value cel_eval_list(struct eval *ev, const struct step *s)
{
	struct cel_value *items = arena_alloc(ev->a, s->n * sizeof *items), v;
	size_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		v = cel_eval(ev, s->args[i]);
		if (cel_is_error(v))
			goto out;
		if (s->optional && s->optional[i] && !unwrap(&v)) {
			if (v.kind == CELV_OPTIONAL)
				continue;
			v = cel_failf(
				ev->a,
				"cannot initialize optional list element from non-optional value %s",
				cel_value_text(ev->a, v));
			goto out;
		}
		items[n++] = v;
	}
	v = cel_list_of(ev->a, items, n);
out:
	cel_charge(ev, CEL_LIST_COST);
	return v;
}

struct cel_value cel_eval_map(struct eval *ev, const struct step *s)
{
	bool object = s->kind == STEP_OBJECT;
	struct cel_value map, key, v;

	map = object ? cel_object_new(ev->a, s->map.name, s->n) : cel_map_new(ev->a, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		key = cel_eval(ev, s->map.args[2 * i]);
		v = cel_is_error(key) ? key : cel_eval(ev, s->map.args[2 * i + 1]);
		if (cel_is_error(v))
			goto out;
		if (s->optional && s->optional[i] && !unwrap(&v)) {
			if (v.kind == CELV_OPTIONAL)
				continue;
			v = cel_failf(
				ev->a,
				"cannot initialize optional entry '%s' from non-optional value %s",
				cel_value_text(ev->a, key), cel_value_text(ev->a, v));
			goto out;
		}
		cel_map_put(map, key, v);
	}
	v = map;
out:
	cel_charge(ev, object ? CEL_OBJECT_COST : CEL_MAP_COST);
	return v;
}

/* ---- loops ---- */

/* One turn; false when the loop is over. */
static bool turn(struct eval *ev, const struct loop_plan *l, struct cel_value x, struct cel_value y)
{
	struct slot *accu = &ev->slots[l->accu];
	struct cel_value v;

	ev->slots[l->iter] = (struct slot){ .value = x };
	if (l->two)
		ev->slots[l->iter2] = (struct slot){ .value = y };
	v = cel_eval(ev, l->cond);
	if (ev->stopped || (v.kind == CELV_BOOL && !v.b))
		return false;
	v = cel_eval(ev, l->step);
	accu->value = v;
	accu->pending = NULL;
	return !ev->stopped && cel_tick(ev, CEL_TICK_TURN);
}

static void turn_list(struct eval *ev, const struct loop_plan *l, struct cel_list *range)
{
	const struct cel_value *items = cel_list_items(range);
	size_t n = cel_list_count(range);

	for (size_t i = 0; i < n; i++)
		if (!turn(ev, l, l->two ? cel_int((int64_t)i) : items[i], items[i]))
			return;
}

static void turn_map(struct eval *ev, const struct loop_plan *l, struct cel_map *range)
{
	struct cel_value key, v = CEL_NULL_VALUE;
	size_t it = 0;

	while (cel_map_next(range, &it, &key, l->two ? &v : NULL))
		if (!turn(ev, l, key, v))
			return;
}

/* The name of the value's type in upstream's implementation, which its message shows. */
static const char *go_name(struct cel_value v)
{
	static const char *const names[] = {
		[CELV_NULL] = "types.Null",
		[CELV_BOOL] = "types.Bool",
		[CELV_INT] = "types.Int",
		[CELV_UINT] = "types.Uint",
		[CELV_DOUBLE] = "types.Double",
		[CELV_STRING] = "types.String",
		[CELV_BYTES] = "types.Bytes",
		[CELV_TIMESTAMP] = "types.Timestamp",
		[CELV_DURATION] = "types.Duration",
		[CELV_TYPE] = "*types.Type",
		[CELV_OPTIONAL] = "*types.Optional",
	};

	return v.kind <= CELV_OPTIONAL && names[v.kind] ? names[v.kind] : cel_value_type(v);
}

struct cel_value cel_eval_loop(struct eval *ev, const struct step *s)
{
	const struct loop_plan *l = s->loop;
	struct cel_value range = cel_eval(ev, l->range);

	if (cel_is_error(range))
		return range;
	ev->slots[l->accu] = (struct slot){ .pending = l->init };
	if (range.kind == CELV_LIST)
		turn_list(ev, l, range.list);
	else if (range.kind == CELV_MAP || range.kind == CELV_OBJECT)
		turn_map(ev, l, range.map);
	else
		return cel_failf(ev->a,
				 l->two ? "unsupported comprehension range type: %s" :
					  "got '%s', expected iterable type",
				 go_name(range));
	return ev->stopped ? cel_run_stopped() : cel_eval(ev, l->result);
}
