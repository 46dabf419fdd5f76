/*
 * cel: the Common Expression Language as Kubernetes 1.36 uses it (cel-go 0.26 with the libraries of
 * apiserver/pkg/cel/environment/base.go).
 *
 * An environment says which variables there are; cel_compile() turns a text into an immutable,
 * thread-safe program in the caller's arena; cel_evaluate() runs it on JSON trees.
 *
 *   CRD rules        vars self (the schema's type), oldSelf (the same, or optional of it); root = the
 *                    type of self, which turns the cost estimate on
 *   admission        vars object, oldObject, params (dyn), request, namespaceObject (admission_types
 *                    below), variables (an object type of the caller's), authorizer and
 *                    authorizer.requestResource; CEL_ENV_PATCH for MutatingAdmissionPolicy
 *
 * Nothing here blocks or takes a lock, but for a check() of the caller's authorizer.
 */
#ifndef NUTSHELL_CEL_CEL_H
#define NUTSHELL_CEL_CEL_H

#include "cel/type.h"

struct arena;
struct cel_program;
struct cel_run;
struct cel_value; /* opaque here; value.h */
struct json;

/* Upstream's limits (apiserver/pkg/apis/cel/config.go), in units of cost. */
#define CEL_LIMIT_CALL 1000000             /* one evaluation */
#define CEL_LIMIT_OBJECT 10000000          /* all rules of an object, all of a policy's binding */
#define CEL_LIMIT_MATCH_CONDITIONS 2500000 /* all match conditions of one request */

enum cel_env_flags {
	CEL_ENV_PATCH = 1, /* Object{}, Object.spec{} ..., JSONPatch{}, jsonpatch.escapeKey() */
};

struct cel_var {
	const char *name; /* may be dotted: "authorizer.requestResource" */
	const struct cel_type *type;
};

/* Immutable while any program of it lives; programs do not copy it. */
struct cel_env {
	const struct cel_var *vars;
	size_t nvars;
	unsigned flags;
	/* Where paths of the cost estimate start, whatever the variable; NULL: no estimate;
	 * &cel_type_error: an estimate that knows no declared sizes. */
	const struct cel_type *root;
	/* An object type by its full name ("kubernetes.UserInfo"), for T{...} and type names; may be
	 * NULL, as nobody needs it but to be told the exact error. */
	const struct cel_type *(*find_type)(const struct cel_env *env, const char *name);
};

/* Types of admission variables (k8s: apiserver/pkg/admission/plugin/cel/compile.go). */
extern const struct cel_type cel_type_admission_request, cel_type_namespace;

struct cel_error {
	char *text; /* in the arena */
	enum {
		CEL_ERROR_TYPE,    /* the result has the wrong type */
		CEL_ERROR_PROGRAM, /* well-formed, but a constant in it fails */
		CEL_ERROR_COMPILE, /* text has one "ERROR: <input>:1:5: ..." block per issue */
		CEL_ERROR_RUN,     /* the expression's value is an error */
		CEL_ERROR_BUDGET,  /* cost limit exceeded */
	} type;
};

/*
 * Parse, check and, when env->root is set, estimate.  Program and error text live in a; scratch
 * memory is released.  False with *err filled; the text is upstream's Issues.String().  Texts are
 * bounded to 100000 code points and nesting to 250; errors to 100.
 */
bool cel_compile(struct arena *a, const struct cel_env *env, const char *text,
		 const struct cel_program **out, struct cel_error *err);
/* As cel_compile(), and the result must be one of types[n] (exactly; dyn in the list accepts any);
 * else the text is `must evaluate to bool but got int` or `must evaluate to one of [..] but got ..`. */
bool cel_compile_typed(struct arena *a, const struct cel_env *env, const char *text,
		       const struct cel_type *const *types, size_t n,
		       const struct cel_program **out, struct cel_error *err);

const struct cel_type *cel_program_type(const struct cel_program *p);
const struct cel_env *cel_program_env(const struct cel_program *p);
/* Estimated worst cost; UINT64_MAX when unbounded; 0 without env->root. */
uint64_t cel_program_cost(const struct cel_program *p);
uint64_t cel_program_min_cost(const struct cel_program *p);
/* The expression refers to the variable. */
bool cel_program_uses(const struct cel_program *p, const char *var);
unsigned cel_program_slots(const struct cel_program *p); /* size of the frame of locals */

/* ---- evaluation ---- */

/* An authorization check as the expression describes it; strings are "" when not given. */
struct cel_check {
	const char *path; /* non-resource when not NULL */
	const char *group, *version, *resource, *subresource, *namespace_, *name, *verb;
	const char *service_account_namespace, *service_account; /* NULL: the request's user */
	const char *field_selector, *label_selector;             /* NULL: none */
};
struct cel_decision {
	bool allowed;
	const char *reason, *error; /* in the run's arena; NULL: none */
};
struct cel_authorizer {
	void (*check)(const struct cel_authorizer *z, struct arena *a, const struct cel_check *c,
		      struct cel_decision *out);
	void *ctx;
	/* authorizer.requestResource */
	const char *group, *version, *resource, *subresource, *namespace_, *name;
};

/* The value of one variable, in one of four ways; all zero: null, or optional.none() of a variable
 * of optional type. */
struct cel_binding {
	const struct json *json;       /* read by the variable's type */
	const struct cel_value *value; /* a result of an earlier evaluation in the same arena */
	const struct cel_authorizer *authorizer;
	/* An object whose fields are computed at first use (variables.x): fill *out with a value,
	 * as cel_evaluate() of that field's program gives it, or false with *err.  Asked once per
	 * field and evaluation. */
	bool (*field)(void *ctx, struct cel_run *run, const char *name,
		      const struct cel_value **out, struct cel_error *err);
	void *ctx;
};

/* One evaluation or several in a row that share a budget (rules of an object). */
struct cel_run {
	struct arena *a;                    /* values and texts live here */
	const struct cel_binding *bindings; /* in the order of env->vars */
	uint64_t limit;                     /* of one evaluation: CEL_LIMIT_CALL */
	uint64_t cost;                      /* out: of the last evaluation */
	void *priv;                         /* the evaluator's; start with NULL */
};

/* The value of the program, or NULL with *err filled.  run->cost is set either way. */
const struct cel_value *cel_evaluate(const struct cel_program *p, struct cel_run *run,
				     struct cel_error *err);

/* Reading a result. */
bool cel_value_is_bool(const struct cel_value *v);
bool cel_value_true(const struct cel_value *v);
/* The text of a string, else NULL. */
const char *cel_value_string(const struct cel_value *v);
/* The value as JSON in the arena; NULL with *err when it has no JSON form (types, errors). */
struct json *cel_value_json(struct cel_run *run, const struct cel_value *v, struct cel_error *err);
/* A member of a made object (JSONPatch{op: ..}): its value, or NULL when not set. */
const struct cel_value *cel_value_field(const struct cel_value *v, const char *name);

#endif
