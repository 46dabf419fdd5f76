/* Any text as an expression over a few variables: it compiles, is estimated and runs, or is refused with
 * an error; and compiling it once more gives the same. */
#include "base/arena.h"
#include "cel/cel.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cel_var vars[] = {
	{ "self", &cel_type_dyn }, { "l", &cel_type_list_string }, { "m", &cel_type_map_dyn },
	{ "s", &cel_type_string }, { "i", &cel_type_int },
};

static void run(struct arena *a, const struct cel_program *p)
{
	static const char text[] =
		"{\"a\":[1,\"x\",{\"b\":null}],\"l\":[\"a\",\"bc\"],\"m\":{\"k\":1},\"s\":\"str\",\"i\":3}";
	const struct json *self = json_parse_own(a, text, sizeof text - 1);
	struct cel_binding bindings[5] = { { .json = self } };
	struct cel_run r = { .a = a, .bindings = bindings, .limit = 10000 };
	struct cel_error err = { 0 };
	const struct cel_value *v;

	for (int i = 1; i < 5; i++)
		bindings[i].json = json_get(self, vars[i].name);
	v = cel_evaluate(p, &r, &err);
	if (!v && !err.text)
		abort();
	if (v)
		cel_value_json(&r, v, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cel_env env = {
		.vars = vars,
		.nvars = sizeof vars / sizeof *vars,
		.flags = CEL_ENV_PATCH,
		.root = &cel_type_error,
	};
	const struct cel_program *p, *again;
	struct cel_error err = { 0 };
	struct arena *a;

	if (size > 4096)
		return 0;
	a = arena_new();
	if (cel_compile(a, &env, arena_dup(a, data, size), &p, &err)) {
		if (!cel_compile(a, &env, arena_dup(a, data, size), &again, &err) ||
		    cel_program_cost(p) != cel_program_cost(again))
			abort();
		run(a, p);
	} else if (!err.text || !*err.text) {
		abort();
	}
	arena_free(&a);
	return 0;
}
