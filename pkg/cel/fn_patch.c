/*
 * fn_patch: JSON patches (k8s: apiserver/pkg/cel/library/jsonpatch.go).
 */
#include "cel/cel.h"
#include "cel/cost.h"
#include "cel/estimate.h"
#include "cel/eval.h"
#include "cel/function.h"

#include "base/buf.h"

/* A JSON Pointer's two escapes. */
CEL_CALL(escape_key)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (uint32_t i = 0; i < args[0].n; i++) {
		if (args[0].s[i] == '/')
			buf_adds(&b, "~1");
		else if (args[0].s[i] == '~')
			buf_adds(&b, "~0");
		else
			buf_addc(&b, args[0].s[i]);
	}
	*out = cel_string_of(run->a, &b);
}

/* ---- rows ---- */

static const struct cel_function rows[] = {
	{ .name = "jsonpatch.escapeKey",
	  .overload = "string_jsonpatch_escapeKey_string",
	  .nargs = 1,
	  .result = &cel_type_string,
	  .args = { &cel_type_string },
	  .estimate = cel_estimate_traverse_arg,
	  .call = escape_key,
	  .cost = cel_cost_traverse },
};

const struct cel_library cel_library_patch = { .rows = rows,
					       .n = sizeof rows / sizeof *rows,
					       .flag = CEL_ENV_PATCH };
