/*
 * eval: steps to values, and what it cost (cel-go: interpreter/interpretable.go, attributes.go,
 * runtimecost.go).
 *
 * Errors are values and pass through; only && || ?: and loops look at them.  What ends an evaluation,
 * the cost limit and the clock, is a flag that those look at, too.  Cost is charged where upstream's
 * observer sees a step end: one per identifier at the head of a chain, one per selection, calls by
 * their row, literals nothing.
 */
#include "cel/eval.h"
#include "cel/eval_priv.h"
#include "cel/plan.h"
#include "cel/type.h"

#include "base/arena.h"
#include "base/clock.h"

#include <math.h>
#include <string.h>

#define TICKS 256                  /* between two looks at the clock */
#define TIME_LIMIT_NS 5000000000ll /* nothing that ends takes so long */

struct cel_value cel_run_stopped(void)
{
	return cel_fail("operation cancelled: actual cost limit exceeded");
}

bool cel_tick(struct eval *ev, uint32_t weight)
{
	int64_t now;

	ev->ticks += weight;
	if (ev->ticks < TICKS)
		return true;
	ev->ticks = 0;
	now = clock_mono_ns();
	if (!ev->deadline)
		ev->deadline = now + TIME_LIMIT_NS;
	else if (now > ev->deadline)
		ev->stopped = true;
	return !ev->stopped;
}

/* ---- qualifiers ---- */

static struct cel_value no_such_key(struct eval *ev, struct cel_value key)
{
	return cel_failf(ev->a, "no such key: %s", cel_value_text(ev->a, key));
}

static bool is_key(struct cel_value v)
{
	return v.kind == CELV_STRING || v.kind == CELV_INT || v.kind == CELV_UINT ||
	       v.kind == CELV_DOUBLE || v.kind == CELV_BOOL;
}

/* A list's index; false with *error. */
static bool index_of(struct eval *ev, struct cel_value key, int64_t *i, struct cel_value *error)
{
	if (key.kind == CELV_INT) {
		*i = key.i;
		return true;
	}
	if (key.kind == CELV_UINT && key.u <= INT64_MAX) {
		*i = key.i;
		return true;
	}
	if (key.kind == CELV_DOUBLE && key.d == trunc(key.d) && fabs(key.d) < 0x1p63) {
		*i = (int64_t)key.d;
		return true;
	}
	if (key.kind == CELV_UINT || key.kind == CELV_DOUBLE)
		*error = cel_failf(ev->a, "unsupported index value %s in list",
				   cel_value_text(ev->a, key));
	else
		*error = cel_failf(ev->a, "unsupported index type '%s' in list", cel_value_type(key));
	return false;
}

enum found { FOUND, ABSENT, FAILED };

static enum found find_item(struct eval *ev, struct cel_list *l, struct cel_value key,
			    struct cel_value *out)
{
	int64_t i;

	if (!index_of(ev, key, &i, out))
		return FAILED;
	if (i < 0 || (size_t)i >= cel_list_count(l))
		return ABSENT;
	*out = cel_list_items(l)[i];
	return FOUND;
}

static enum found find(struct eval *ev, struct cel_value v, struct cel_value key,
		       struct cel_value *out)
{
	if (cel_is_error(key)) {
		*out = key;
		return FAILED;
	}
	if (!is_key(key)) {
		*out = cel_failf(ev->a, "invalid qualifier type: %s", cel_value_type(key));
		return FAILED;
	}
	switch (v.kind) {
	case CELV_MAP:
	case CELV_OBJECT:
		if (!cel_map_find(v.map, key, out))
			return ABSENT;
		return cel_is_error(*out) ? FAILED : FOUND;
	case CELV_LIST: return find_item(ev, v.list, key, out);
	case CELV_ERROR: *out = v; return FAILED;
	default: return ABSENT;
	}
}

static struct cel_value key_of(struct eval *ev, const struct qualifier *q)
{
	return q->index ? cel_eval_attribute(ev, q->index) : q->key;
}

/* A field of a made object that was not set: JSONPatch has texts, all others are open. */
static struct cel_value unset_field(struct cel_value v, struct cel_value key)
{
	bool text = strcmp(cel_value_type(v), cel_type_json_patch.name) == 0 &&
		    key.kind == CELV_STRING && !(key.n == 5 && memcmp(key.s, "value", 5) == 0);

	return text ? cel_stringn("", 0) : CEL_NULL_VALUE;
}

static struct cel_value absent(struct eval *ev, struct cel_value v, struct cel_value key)
{
	if (v.kind == CELV_OBJECT)
		return unset_field(v, key);
	if (v.kind == CELV_LIST)
		return cel_failf(ev->a, "index out of bounds: %s", cel_value_text(ev->a, key));
	return no_such_key(ev, key);
}

/* v with the qualifiers of s applied, which may make it optional on the way. */
static struct cel_value qualify(struct eval *ev, const struct step *s, struct cel_value v)
{
	bool optional = v.kind == CELV_OPTIONAL;

	if (optional) {
		if (!v.some)
			return s->test ? cel_bool(false) : v;
		v = *v.some;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		const struct qualifier *q = &s->attr.qualifiers[i];
		struct cel_value key = key_of(ev, q), out = CEL_NULL_VALUE;
		bool test = s->test && i == s->n - 1;
		enum found found = find(ev, v, key, &out);

		optional |= q->optional;
		if (found == FOUND || !optional)
			cel_charge(ev, 1);
		if (found == FAILED)
			return out;
		if (test)
			return cel_bool(found == FOUND);
		if (found == ABSENT)
			return s->test  ? cel_bool(false) :
			       optional ? cel_none() :
					  absent(ev, v, key);
		v = out;
	}
	return optional ? cel_some(ev->a, v) : v;
}

/* ---- attributes ---- */

static struct cel_value local(struct eval *ev, const struct step *s)
{
	struct slot *slot = &ev->slots[s->slot];

	if (slot->pending) {
		const struct step *init = slot->pending;

		slot->pending = NULL;
		slot->value = cel_eval(ev, init);
	}
	return slot->value;
}

static struct cel_value conditional(struct eval *ev, const struct step *s)
{
	struct cel_value c = cel_eval(ev, s->args[0]);

	if (c.kind == CELV_BOOL)
		return cel_eval_attribute(ev, s->args[c.b ? 1 : 2]);
	return cel_is_error(c) ? c : cel_no_overload();
}

struct cel_value cel_eval_attribute(struct eval *ev, const struct step *s)
{
	struct cel_value root;

	switch (s->kind) {
	case STEP_VAR: return cel_eval_variable(ev, s->slot);
	case STEP_LOCAL: return local(ev, s);
	case STEP_COND: return conditional(ev, s);
	case STEP_ATTR:
		root = cel_eval_attribute(ev, s->attr.root);
		return cel_is_error(root) ? root : qualify(ev, s, root);
	default: return cel_eval(ev, s);
	}
}

static struct cel_value eval_chain(struct eval *ev, const struct step *s)
{
	struct cel_value v = cel_eval_attribute(ev, s);

	/* A chain behind ?: has no identifier of its own; has() costs its selections only. */
	if (s->attr.root->kind != STEP_COND && !s->test)
		cel_charge(ev, 1);
	else if (s->attr.root->kind == STEP_COND && s->test && ev->cost)
		ev->cost--;
	return v;
}

/* ---- logic ---- */

static struct cel_value eval_logic(struct eval *ev, const struct step *s, bool decisive)
{
	struct cel_value error = cel_bool(!decisive);

	for (uint32_t i = 0; i < s->n; i++) {
		struct cel_value v = cel_eval(ev, s->args[i]);

		if (ev->stopped)
			return cel_run_stopped();
		if (v.kind == CELV_BOOL && v.b == decisive)
			return v;
		if (v.kind != CELV_BOOL && !cel_is_error(error))
			error = cel_is_error(v) ? v : cel_no_overload();
	}
	return error;
}

static struct cel_value eval_not_strictly_false(struct eval *ev, const struct step *s)
{
	struct cel_value v = cel_eval(ev, s->args[0]);

	cel_charge(ev, 1);
	return v.kind == CELV_BOOL ? v : cel_bool(true);
}

/* Kubernetes' own values compare at a flat price. */
static uint64_t equal_cost(const struct step *s, const struct cel_value *args,
			   const struct cel_value *out)
{
	if (s->kind == STEP_EQ && args[0].kind == CELV_OPAQUE)
		return 1;
	return cel_cost_compare(args, 2, out);
}

static struct cel_value eval_equal(struct eval *ev, const struct step *s)
{
	struct cel_value args[2] = { cel_eval(ev, s->args[0]), cel_eval(ev, s->args[1]) };
	struct cel_value v;

	if (cel_is_error(args[0]) || cel_is_error(args[1]))
		v = args[!cel_is_error(args[0])];
	else
		v = cel_value_equal(ev->a, args[0], args[1]);
	if (s->kind == STEP_NE && !cel_is_error(args[0]) && !cel_is_error(args[1]))
		v = cel_bool(!cel_is_true(v));
	cel_charge(ev, equal_cost(s, args, &v));
	return v;
}

static struct cel_value eval_or(struct eval *ev, const struct step *s)
{
	struct cel_value v = cel_eval(ev, s->args[0]);

	if (v.kind != CELV_OPTIONAL)
		return v;
	if (v.some)
		return s->kind == STEP_OR_VALUE ? *v.some : v;
	return cel_eval(ev, s->args[1]);
}

static struct cel_value eval_in_set(struct eval *ev, const struct step *s)
{
	struct cel_value v = cel_eval(ev, s->in.arg), found;

	if (cel_is_error(v))
		return v;
	return cel_bool(cel_map_find(s->in.set, v, &found));
}

struct cel_value cel_eval(struct eval *ev, const struct step *s)
{
	struct cel_value v;

	if (ev->stopped)
		return cel_run_stopped();
	switch (s->kind) {
	case STEP_CONST: return s->value;
	case STEP_VAR:
	case STEP_LOCAL:
		v = cel_eval_attribute(ev, s);
		cel_charge(ev, 1);
		return v;
	case STEP_ATTR: return eval_chain(ev, s);
	case STEP_COND: return conditional(ev, s);
	case STEP_AND: return eval_logic(ev, s, false);
	case STEP_OR: return eval_logic(ev, s, true);
	case STEP_NOT_STRICTLY_FALSE: return eval_not_strictly_false(ev, s);
	case STEP_EQ:
	case STEP_NE: return eval_equal(ev, s);
	case STEP_CALL:
	case STEP_DISPATCH: return cel_eval_call(ev, s);
	case STEP_IN_SET: return eval_in_set(ev, s);
	case STEP_OR_OPTIONAL:
	case STEP_OR_VALUE: return eval_or(ev, s);
	case STEP_LIST: return cel_eval_list(ev, s);
	case STEP_MAP:
	case STEP_OBJECT: return cel_eval_map(ev, s);
	case STEP_LOOP: return cel_eval_loop(ev, s);
	}
	return cel_no_overload();
}
