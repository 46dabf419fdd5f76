/*
 * fn_semver: semantic versions (k8s: apiserver/pkg/cel/library/semverlib.go).
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"
#include "cel/semver.h"

#include "base/arena.h"

struct version {
	struct cel_opaque head;
	struct cel_semver v;
};

static const struct cel_semver *version_of(struct cel_value v)
{
	return &((const struct version *)v.opaque)->v;
}

static struct cel_value versions_equal(struct arena *a, const struct cel_opaque *x,
				       const struct cel_opaque *y)
{
	(void)a;
	return cel_bool(cel_semver_compare(version_of(cel_opaque(x)), version_of(cel_opaque(y))) == 0);
}

static const char *version_text(struct arena *a, const struct cel_opaque *x)
{
	return arena_strdup(a, version_of(cel_opaque(x))->text);
}

static const struct cel_opaque_class version_class = {
	.name = "kubernetes.Semver", .equal = versions_equal, .text = version_text, .strict = true
};

static const char *read_version(struct cel_run *run, const struct cel_value *args, unsigned n,
				struct cel_semver *out)
{
	return cel_semver_parse(run->a, cel_value_str(run->a, args[0]), n > 1 && args[1].b, out);
}

CEL_CALL(string_to_semver)
{
	struct version *v = arena_zalloc(run->a, sizeof *v);
	const char *error = read_version(run, args, n, &v->v);

	v->head.class = &version_class;
	*out = error ? cel_fail(error) : cel_opaque(&v->head);
}

CEL_CALL(is_semver)
{
	struct cel_semver v;

	*out = cel_bool(!read_version(run, args, n, &v));
}

CEL_CALL(is_greater)
{
	*out = cel_bool(cel_semver_compare(version_of(args[0]), version_of(args[1])) > 0);
}

CEL_CALL(is_less)
{
	*out = cel_bool(cel_semver_compare(version_of(args[0]), version_of(args[1])) < 0);
}

CEL_CALL(compare)
{
	*out = cel_int(cel_semver_compare(version_of(args[0]), version_of(args[1])));
}

CEL_CALL(major)
{
	*out = cel_int((int64_t)version_of(args[0])->number[0]);
}

CEL_CALL(minor)
{
	*out = cel_int((int64_t)version_of(args[0])->number[1]);
}

CEL_CALL(patch)
{
	*out = cel_int((int64_t)version_of(args[0])->number[2]);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "compareTo",
	  .overload = "semver_compare_to",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_int,
	  .args = { &cel_type_semver, &cel_type_semver },
	  .estimate = cel_estimate_nominal,
	  .call = compare },
	{ .name = "isGreaterThan",
	  .overload = "semver_is_greater_than",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_semver, &cel_type_semver },
	  .estimate = cel_estimate_nominal,
	  .call = is_greater },
	{ .name = "isLessThan",
	  .overload = "semver_is_less_than",
	  .member = true,
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_semver, &cel_type_semver },
	  .estimate = cel_estimate_nominal,
	  .call = is_less },
	{ .name = "isSemver",
	  .overload = "is_semver_string",
	  .nargs = 1,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = is_semver,
	  .cost = cel_cost_traverse },
	{ .name = "isSemver",
	  .overload = "is_semver_string_bool",
	  .nargs = 2,
	  .result = &cel_type_bool,
	  .args = { &cel_type_string, &cel_type_bool },
	  .estimate = cel_estimate_parse_arg,
	  .call = is_semver,
	  .cost = cel_cost_traverse },
	{ .name = "major",
	  .overload = "semver_major",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_semver },
	  .estimate = cel_estimate_nominal,
	  .call = major },
	{ .name = "minor",
	  .overload = "semver_minor",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_semver },
	  .estimate = cel_estimate_nominal,
	  .call = minor },
	{ .name = "patch",
	  .overload = "semver_patch",
	  .member = true,
	  .nargs = 1,
	  .result = &cel_type_int,
	  .args = { &cel_type_semver },
	  .estimate = cel_estimate_nominal,
	  .call = patch },
	{ .name = "semver",
	  .overload = "string_to_semver",
	  .nargs = 1,
	  .result = &cel_type_semver,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_parse_arg,
	  .call = string_to_semver,
	  .cost = cel_cost_traverse },
	{ .name = "semver",
	  .overload = "string_bool_to_semver",
	  .nargs = 2,
	  .result = &cel_type_semver,
	  .args = { &cel_type_string, &cel_type_bool },
	  .estimate = cel_estimate_parse_arg,
	  .call = string_to_semver,
	  .cost = cel_cost_traverse },
};

const struct cel_library cel_library_semver = { .rows = rows, .n = sizeof rows / sizeof *rows };
