/*
 * fn_quantity: quantities (k8s: apiserver/pkg/cel/library/quantity.go).
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "base/arena.h"
#include "obj/quantity.h"

#include <string.h>

struct amount {
	struct cel_opaque head;
	struct quantity q;
	bool computed; /* by add() or sub(); upstream does not compare anything else with such */
};

static const struct quantity *quantity_of(struct cel_value v)
{
	return &((const struct amount *)v.opaque)->q;
}

static struct cel_value amounts_equal(struct arena *a, const struct cel_opaque *x,
				      const struct cel_opaque *y)
{
	(void)a;
	if (((const struct amount *)y)->computed)
		return cel_no_overload();
	return cel_bool(quantity_cmp(quantity_of(cel_opaque(x)), quantity_of(cel_opaque(y))) == 0);
}

static const char *amount_text(struct arena *a, const struct cel_opaque *x)
{
	return quantity_text(a, quantity_of(cel_opaque(x)));
}

static const struct cel_opaque_class amount_class = {
	.name = "kubernetes.Quantity", .equal = amounts_equal, .text = amount_text, .strict = true
};

static struct cel_value amount(struct cel_run *run, const struct quantity *q, bool computed)
{
	struct amount *out = arena_alloc(run->a, sizeof *out);

	*out = (struct amount){ .head.class = &amount_class, .q = *q, .computed = computed };
	return cel_opaque(&out->head);
}

/* Upstream's two complaints: about the form and about the number or suffix. */
static const char *parse_error(const char *s)
{
	size_t sign = *s == '-' || *s == '+', n = sign + strspn(s + sign, "0123456789.");

	if (!*s)
		return "quantities must match the regular expression "
		       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
	if (n == sign || strspn(s + n, "eEinumkKMGTP-+0123456789") != strlen(s + n))
		return "quantities must match the regular expression "
		       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
	return "unable to parse quantity's suffix";
}

CEL_CALL(string_to_quantity)
{
	const char *s = cel_value_str(run->a, args[0]);
	struct quantity q;

	*out = strlen(s) == args[0].n && quantity_parse(s, &q) ? amount(run, &q, false) :
								 cel_fail(parse_error(s));
}

CEL_CALL(is_quantity)
{
	const char *s = cel_value_str(run->a, args[0]);
	struct quantity q;

	*out = cel_bool(strlen(s) == args[0].n && quantity_parse(s, &q));
}

CEL_CALL(sign)
{
	const struct quantity *q = quantity_of(args[0]);

	*out = cel_int((q->nano > 0) - (q->nano < 0));
}

CEL_CALL(is_greater)
{
	*out = cel_bool(quantity_cmp(quantity_of(args[0]), quantity_of(args[1])) > 0);
}

CEL_CALL(is_less)
{
	*out = cel_bool(quantity_cmp(quantity_of(args[0]), quantity_of(args[1])) < 0);
}

CEL_CALL(compare)
{
	*out = cel_int(quantity_cmp(quantity_of(args[0]), quantity_of(args[1])));
}

CEL_CALL(as_double)
{
	*out = cel_double((double)quantity_of(args[0])->nano / 1e9);
}

static bool as_int(struct cel_value v, int64_t *out)
{
	__int128 nano = quantity_of(v)->nano, whole = nano / 1000000000;

	*out = (int64_t)whole;
	return nano % 1000000000 == 0 && whole <= INT64_MAX && whole >= INT64_MIN;
}

CEL_CALL(is_integer)
{
	int64_t i;

	*out = cel_bool(as_int(args[0], &i));
}

CEL_CALL(as_integer)
{
	int64_t i;

	*out = as_int(args[0], &i) ? cel_int(i) : cel_fail("cannot convert value to integer");
}

static struct quantity operand(struct cel_value v)
{
	if (v.kind == CELV_INT)
		return (struct quantity){ .nano = (__int128)v.i * 1000000000,
					  .format = QUANTITY_DECIMAL_EXPONENT };
	return *quantity_of(v);
}

CEL_CALL(add)
{
	struct quantity q = operand(args[0]), other = operand(args[1]);

	quantity_add(&q, &other);
	*out = amount(run, &q, true);
}

CEL_CALL(subtract)
{
	struct quantity q = operand(args[0]), other = operand(args[1]);

	quantity_sub(&q, &other);
	*out = amount(run, &q, true);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "add",
	  .overload = "quantity_add",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_quantity,
	  .args = { &cel_type_quantity, &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = add },
	{ .name = "add",
	  .overload = "quantity_add_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_quantity,
	  .args = { &cel_type_quantity, &cel_type_int },
	  .estimate = cel_estimate_nominal,
	  .call = add },
	{ .name = "asApproximateFloat",
	  .overload = "quantity_get_float",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_double,
	  .args = { &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = as_double },
	{ .name = "asInteger",
	  .overload = "quantity_get_int",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = as_integer },
	{ .name = "compareTo",
	  .overload = "quantity_compare_to",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_quantity, &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = compare },
	{ .name = "isGreaterThan",
	  .overload = "quantity_is_greater_than",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_quantity, &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = is_greater },
	{ .name = "isInteger",
	  .overload = "quantity_is_integer",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = is_integer },
	{ .name = "isLessThan",
	  .overload = "quantity_is_less_than",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_quantity, &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = is_less },
	{ .name = "isQuantity",
	  .overload = "is_quantity_string",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = is_quantity,
	  .cost = cel_cost_traverse },
	{ .name = "quantity",
	  .overload = "string_to_quantity",
	  .nargs = 1,
	  .result = &cel_type_quantity,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = string_to_quantity,
	  .cost = cel_cost_traverse },
	{ .name = "sign",
	  .overload = "quantity_sign",
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = sign },
	{ .name = "sub",
	  .overload = "quantity_sub",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_quantity,
	  .args = { &cel_type_quantity, &cel_type_quantity },
	  .estimate = cel_estimate_nominal,
	  .call = subtract },
	{ .name = "sub",
	  .overload = "quantity_sub_int",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_quantity,
	  .args = { &cel_type_quantity, &cel_type_int },
	  .estimate = cel_estimate_nominal,
	  .call = subtract },
};

const struct cel_library cel_library_quantity = { .rows = rows, .n = sizeof rows / sizeof *rows };
