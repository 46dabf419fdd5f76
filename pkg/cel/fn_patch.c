/*
 * fn_patch: JSON patches (k8s: apiserver/pkg/cel/library/jsonpatch.go).
 */
#include "cel/cel.h"
#include "cel/estimate.h"
#include "cel/function.h"

static const struct cel_function rows[] = {
	{ .name = "jsonpatch.escapeKey",
	  .overload = "string_jsonpatch_escapeKey_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_traverse_arg },
};

const struct cel_library cel_library_patch = { .rows = rows,
					       .n = sizeof rows / sizeof *rows,
					       .flag = CEL_ENV_PATCH };
