/*
 * policy_program: environments and compilation.
 *
 * `variables` is an object type that grows a field with each variable, as upstream composes them: a variable
 * can name only those before it, and its type is what its expression came to.
 */
#include "kind/policy_program.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static const struct cel_field *composed_find(const struct cel_object *o, const char *name)
{
	const struct policy_env *e = o->ctx;

	for (size_t i = e->nvariables; i-- > 0;)
		if (!strcmp(e->variables[i].name, name))
			return &e->variables[i].field;
	return NULL;
}

static void declare(struct policy_env *e, enum policy_var v, const char *name,
		    const struct cel_type *type)
{
	e->at[v] = (int)e->env.nvars;
	e->vars[e->env.nvars++] = (struct cel_var){ name, type };
}

void policy_env_open(struct policy_env *e, struct arena *a, unsigned flags)
{
	*e = (struct policy_env){ .a = a, .env = { .vars = e->vars } };
	for (int i = 0; i < POLICY_VARS; i++)
		e->at[i] = -1;
	e->env.flags = flags & POLICY_MUTATES ? CEL_ENV_PATCH : 0;
	e->composed = (struct cel_object){ .find = composed_find, .ctx = e };
	e->composed_type = *cel_type_object(a, "kubernetes.variables", &e->composed);
	declare(e, POLICY_OBJECT, "object", &cel_type_dyn);
	declare(e, POLICY_OLD_OBJECT, "oldObject", &cel_type_dyn);
	declare(e, POLICY_REQUEST, "request", &cel_type_admission_request);
	declare(e, POLICY_NAMESPACE, "namespaceObject", &cel_type_namespace);
	if (flags & POLICY_HAS_PARAMS)
		declare(e, POLICY_PARAMS, "params", &cel_type_dyn);
	if (flags & POLICY_HAS_VARIABLES)
		declare(e, POLICY_VARIABLES, "variables", &e->composed_type);
	if (flags & POLICY_HAS_AUTHORIZER) {
		declare(e, POLICY_AUTHORIZER, "authorizer", &cel_type_authorizer);
		declare(e, POLICY_REQUEST_RESOURCE, "authorizer.requestResource",
			&cel_type_resource_check);
	}
}

void policy_env_plain(struct policy_env *out, const struct policy_env *e)
{
	unsigned flags = e->at[POLICY_PARAMS] >= 0 ? POLICY_HAS_PARAMS : 0;

	policy_env_open(out, e->a, flags | POLICY_HAS_VARIABLES);
	out->variables = e->variables;
	out->nvariables = e->nvariables;
}

static const char *compile_error(struct arena *a, const struct cel_error *err)
{
	return arena_printf(a,
			    strncmp(err->text, "must evaluate", 13) ? "compilation failed: %s" : "%s",
			    err->text);
}

void policy_env_variables(struct policy_env *e, const struct json *list)
{
	e->variables = arena_zalloc(e->a, (json_count(list) + 1) * sizeof(*e->variables));
	json_each(it, list) {
		struct policy_variable v = {
			.name = arena_strdup(e->a, json_path_str(it, "name")),
			.expression = arena_strdup(e->a, json_path_str(it, "expression")),
		};
		struct cel_error err;

		v.field = (struct cel_field){ v.name, v.name, &cel_type_dyn };
		if (cel_compile(e->a, &e->env, v.expression, &v.program, &err))
			v.field.type = cel_program_type(v.program);
		else
			v.error = compile_error(e->a, &err);
		e->variables[e->nvariables++] = v;
	}
}

void policy_compile(struct policy_env *e, const char *expression, enum policy_result result,
		    struct policy_program *out)
{
	const struct cel_type *types[2] = { &cel_type_bool };
	struct cel_error err;
	size_t n = 1;
	bool ok;

	*out = (struct policy_program){ .expression = arena_strdup(e->a, expression) };
	if (result == POLICY_STRING || result == POLICY_STRING_OR_NULL)
		types[0] = &cel_type_string;
	if (result == POLICY_STRING_OR_NULL)
		types[n++] = &cel_type_null;
	if (result == POLICY_PATCH)
		types[0] = cel_type_list(e->a, &cel_type_json_patch, -1);
	if (result == POLICY_APPLY) {
		ok = cel_compile(e->a, &e->env, out->expression, &out->program, &err);
		types[0] = ok ? cel_program_type(out->program) : NULL;
		if (ok && (types[0]->kind != CEL_KIND_OBJECT || strcmp(types[0]->name, "Object"))) {
			out->program = NULL;
			out->error = arena_printf(e->a, "must evaluate to Object but got %s",
						  cel_type_declared(e->a, types[0]));
			return;
		}
	} else {
		ok = cel_compile_typed(e->a, &e->env, out->expression, types, n, &out->program, &err);
	}
	if (!ok) {
		out->program = NULL;
		out->error = compile_error(e->a, &err);
	}
}
