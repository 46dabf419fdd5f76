/*
 * Parser, checker and estimator against recorded answers: tests/golden/cel/compile.jsonl has sections; a
 * line without "expr" says which environment, the lines below it each hold an expression and what a real
 * API server's environment made of it: the text of all errors, or the type and the bounds of its cost.
 */
#include "unit.h"

#include "celtype.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define GOLDEN "tests/golden/cel/compile.jsonl"

static const struct cel_var admission[] = {
	{ "object", &cel_type_dyn },
	{ "oldObject", &cel_type_dyn },
	{ "params", &cel_type_dyn },
	{ "request", &cel_type_admission_request },
	{ "namespaceObject", &cel_type_namespace },
	{ "authorizer", &cel_type_authorizer },
	{ "authorizer.requestResource", &cel_type_resource_check },
};

/* The environment of a section. */
static struct cel_env *section_env(struct arena *a, const struct json *head)
{
	struct cel_env *env = arena_zalloc(a, sizeof *env);
	struct cel_var *vars = arena_zalloc(a, 64 * sizeof *vars);
	const char *kind = json_str(json_get(head, "env"));
	const struct cel_type *self;

	env->vars = vars;
	env->root = &cel_type_error;
	if (!strcmp(kind, "admission") || !strcmp(kind, "mutation")) {
		env->vars = admission;
		env->nvars = sizeof admission / sizeof *admission;
		env->flags = *kind == 'm' ? CEL_ENV_PATCH : 0;
	} else if (!strcmp(kind, "crd")) {
		self = schema_type(a, json_get(head, "schema"), "selfType1",
				   json_path_bool(head, "root", false));
		vars[0] = (struct cel_var){ "self", self };
		vars[1] = (struct cel_var){ "oldSelf", self };
		if (json_path_bool(head, "optionalOldSelf", false))
			vars[1].type = cel_type_optional(a, self);
		env->nvars = 2;
		env->root = self;
	} else {
		json_each(t, json_get(head, "types")) {
			const char *s = json_str(t);

			vars[env->nvars++] = (struct cel_var){ json_name(t), named_type(a, &s) };
		}
	}
	return env;
}

/* The first fault of a line, or NULL. */
static const char *compare(struct arena *a, const struct cel_env *env, const struct json *line)
{
	const char *text = json_str(json_get(line, "expr")), *cost;
	const struct cel_program *p;
	struct cel_error err = { 0 };

	if (!cel_compile(a, env, text, &p, &err))
		return strcmp(err.text, json_str(json_get(line, "error"))) ? err.text : NULL;
	if (strcmp(cel_type_declared(a, cel_program_type(p)), json_str(json_get(line, "type"))) != 0)
		return cel_type_declared(a, cel_program_type(p));
	cost = arena_printf(a, "%llu..%llu", (unsigned long long)cel_program_min_cost(p),
			    (unsigned long long)cel_program_cost(p));
	return strcmp(cost, json_str(json_get(line, "cost"))) ? cost : NULL;
}

UNIT_TEST(cel_compiles_as_recorded)
{
	struct arena *keep = arena_new(), *a = arena_new();
	const struct cel_env *env = NULL;
	FILE *f = fopen(GOLDEN, "r");
	char *line = NULL;
	size_t cap = 0, n = 0;
	ssize_t len;

	CHECK(f != NULL);
	while ((len = getline(&line, &cap, f)) > 0) {
		const struct json *j =
			json_parse_own(keep, line, (size_t)len - (line[len - 1] == '\n'));
		const char *fault = NULL;

		if (json_get(j, "expr"))
			fault = compare(a, env, j);
		else
			env = section_env(keep, j);
		if (fault)
			printf("# %s\n# %s\n", line, fault);
		CHECK(!fault);
		arena_reset(a);
		n++;
	}
	CHECK(n > 700);
	free(line);
	fclose(f);
	arena_free(&a);
	arena_free(&keep);
}

static const struct cel_env nothing = { 0 };

UNIT_TEST(cel_says_what_a_result_must_be)
{
	const struct cel_type *const one[] = { &cel_type_bool };
	const struct cel_type *const two[] = { &cel_type_string, &cel_type_list_string };
	struct arena *a = arena_new();
	const struct cel_program *p;
	struct cel_error err;

	CHECK(cel_compile_typed(a, &nothing, "1 < 2", one, 1, &p, &err));
	CHECK(!cel_compile_typed(a, &nothing, "1 + 2", one, 1, &p, &err));
	CHECK_STR(err.text, "must evaluate to bool but got int");
	CHECK(!cel_compile_typed(a, &nothing, "[1]", two, 2, &p, &err));
	CHECK_STR(err.text, "must evaluate to one of [string list(string)] but got list(int)");
	CHECK(err.type == CEL_ERROR_TYPE);
	arena_free(&a);
}

UNIT_TEST(cel_knows_which_variables_are_used)
{
	const struct cel_var vars[] = { { "self", &cel_type_dyn }, { "oldSelf", &cel_type_dyn } };
	const struct cel_env env = { .vars = vars, .nvars = 2 };
	struct arena *a = arena_new();
	const struct cel_program *p;
	struct cel_error err;

	CHECK(cel_compile(a, &env, "self.x.all(oldSelf, oldSelf > 1)", &p, &err));
	CHECK(cel_program_uses(p, "self"));
	CHECK(!cel_program_uses(p, "oldSelf"));
	CHECK(cel_compile(a, &env, "oldSelf.x == 1", &p, &err));
	CHECK(cel_program_uses(p, "oldSelf"));
	arena_free(&a);
}

/* n times open, then the middle, then n times close. */
static char *nest(struct arena *a, const char *open, const char *middle, const char *close, int n)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (int i = 0; i < n; i++)
		buf_adds(&b, open);
	buf_adds(&b, middle);
	for (int i = 0; i < n; i++)
		buf_adds(&b, close);
	return arena_dup(a, b.p, b.len);
}

static const char *fault(struct arena *a, const char *text)
{
	const struct cel_program *p;
	struct cel_error err;

	return cel_compile(a, &nothing, text, &p, &err) ? NULL : err.text;
}

UNIT_TEST(cel_bounds_what_it_reads)
{
	static const char deep[] = "ERROR: <input>:-1:0: expression recursion limit exceeded: 250";
	static const char high[] = "ERROR: <input>:-1:0: max recursion depth exceeded";
	struct arena *a = arena_new();

	CHECK_STR(fault(a, nest(a, "(", "1", ")", 249)), NULL);
	CHECK_STR(fault(a, nest(a, "(", "1", ")", 250)), deep);
	CHECK_STR(fault(a, nest(a, "[", "1", "]", 300)), deep);
	CHECK_STR(fault(a, nest(a, "1+", "1", "", 250)), NULL);
	CHECK_STR(fault(a, nest(a, "1+", "1", "", 251)), high);
	CHECK_STR(fault(a, nest(a, "!", "true", "", 50000)), NULL);
	CHECK_STR(fault(a, nest(a, "true && ", "true", "", 9000)), NULL);
	CHECK_STR(fault(a, nest(a, "x", "", "", 100001)),
		  "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, "
		  "limit 100000");
	/* each optMap() doubles its receiver */
	CHECK_STR(fault(a, nest(a, "", "optional.of(1)", ".optMap(v, v)", 60)),
		  "ERROR: <input>:-1:0: expression node limit exceeded");
	arena_free(&a);
}

UNIT_TEST(cel_lists_at_most_a_hundred_errors)
{
	struct arena *a = arena_new();
	const char *text = fault(a, nest(a, "foo,", "bar", "", 150)), *more;

	CHECK(text != NULL);
	text = fault(a, arena_printf(a, "[%s]", nest(a, "foo,", "bar", "", 150)));
	more = strstr(text, "\n51 more errors were truncated");
	CHECK(more != NULL);
	arena_free(&a);
}
