/*
 * policy_program: the expressions of admission policies and match conditions.
 *
 * An environment says which variables an expression may name; compiling is the same for the check of a
 * policy that is being written and for its use.  k8s: apiserver/pkg/admission/plugin/cel/compile.go.
 */
#ifndef NUTSHELL_KIND_POLICY_PROGRAM_H
#define NUTSHELL_KIND_POLICY_PROGRAM_H

#include "cel/cel.h"

struct json;

/* Indexes of the variables; those after POLICY_NAMESPACE may be missing. */
enum policy_var {
	POLICY_OBJECT,
	POLICY_OLD_OBJECT,
	POLICY_REQUEST,
	POLICY_NAMESPACE,
	POLICY_PARAMS,
	POLICY_VARIABLES,
	POLICY_AUTHORIZER,
	POLICY_REQUEST_RESOURCE,
	POLICY_VARS
};

struct policy_variable {
	const char *name, *expression;
	const struct cel_program *program; /* NULL: error says why */
	const char *error;
	struct cel_field field;
};

/* Must stay where it is while programs of it live. */
struct policy_env {
	struct arena *a;
	struct cel_env env;
	struct cel_var vars[POLICY_VARS];
	int at[POLICY_VARS]; /* index of a variable in vars, -1 = not declared */
	struct cel_object composed;
	struct cel_type composed_type;
	struct policy_variable *variables;
	size_t nvariables;
};

enum {
	POLICY_HAS_PARAMS = 1,
	POLICY_HAS_AUTHORIZER = 2,
	POLICY_HAS_VARIABLES = 4,
	POLICY_MUTATES = 8
};

void policy_env_open(struct policy_env *e, struct arena *a, unsigned flags);
/* Compile spec.variables one after the other, each seeing those before it. */
void policy_env_variables(struct policy_env *e, const struct json *list);
/* An environment like e, which knows e's variables, without the authorizer. */
void policy_env_plain(struct policy_env *out, const struct policy_env *e);

enum policy_result {
	POLICY_BOOL,
	POLICY_STRING,
	POLICY_STRING_OR_NULL,
	POLICY_PATCH,
	POLICY_APPLY
};

struct policy_program {
	const char *expression;
	const struct cel_program *program; /* NULL: error says why */
	const char *error;                 /* `compilation failed: ...` */
};
void policy_compile(struct policy_env *e, const char *expression, enum policy_result result,
		    struct policy_program *out);

#endif
