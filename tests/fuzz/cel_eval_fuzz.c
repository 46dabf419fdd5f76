/* Any expression over a fixed tree: compiled and run under a budget, its value printed and compared. */
#include "base/arena.h"
#include "base/buf.h"
#include "cel/cel.h"
#include "cel/value.h"
#include "obj/json.h"

#include <string.h>

#define TREE                                                                     \
	"{\"i\":7,\"s\":\"h\xc3\xa9llo\",\"l\":[3,1,2],\"m\":{\"a\":1,\"b\":2}," \
	"\"x\":{\"a\":1.5,\"n\":null,\"l\":[{\"k\":\"v\"},{\"k\":\"w\"}],\"t\":true}}"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(const struct cel_authorizer *z, struct arena *a, const struct cel_check *c,
		  struct cel_decision *out)
{
	(void)z;
	out->allowed = c->path != NULL;
	out->reason = arena_strdup(a, c->verb);
}

static void use(struct arena *a, const struct cel_value *v)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const char *why;

	cel_value_print(&b, *v);
	cel_value_tree(a, *v, &why);
	cel_value_equal(a, *v, *v);
	cel_value_compare(*v, *v);
	cel_value_is_zero(*v);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct json *tree = json_parse_own(a, TREE, strlen(TREE));
	struct cel_authorizer z = { .check = check };
	struct cel_var vars[] = {
		{ "i", &cel_type_int },
		{ "s", &cel_type_string },
		{ "l", cel_type_list(a, &cel_type_int, -1) },
		{ "m", cel_type_map(a, &cel_type_string, &cel_type_int, -1) },
		{ "x", &cel_type_dyn },
		{ "authorizer", &cel_type_authorizer },
	};
	struct cel_env env = { .vars = vars, .nvars = 6, .flags = CEL_ENV_PATCH };
	struct cel_binding bindings[6] = { 0 };
	struct cel_run run = { .a = a, .bindings = bindings, .limit = 20000 };
	const struct cel_program *program;
	const struct cel_value *v;
	struct cel_error err;

	for (int i = 0; i < 5; i++)
		bindings[i].json = json_get(tree, vars[i].name);
	bindings[5].authorizer = &z;
	if (cel_compile(a, &env, arena_dup(a, p, n), &program, &err)) {
		v = cel_evaluate(program, &run, &err);
		if (v)
			use(a, v);
	}
	arena_free(&a);
	return 0;
}
