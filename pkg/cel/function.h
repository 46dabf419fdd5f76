/*
 * function: one function overload is one row.
 *
 * The checker resolves calls on the rows, the estimator asks them, the evaluator calls them.  A
 * library is an array of rows (fn_*.c); cel_libraries[] lists all that Kubernetes 1.36 has on, in
 * the order in which upstream adds them, for the order of rows of one name decides.
 *
 * Arguments include the receiver of a member function.  Types may contain parameters (A, B), which
 * stand for any type, the same within one row.  Operators are rows too, under cel-go's names: `_+_`,
 * `_==_`, `!_`, `-_`, `_[_]`, `@in`, `_?_:_`.
 */
#ifndef NUTSHELL_CEL_FUNCTION_H
#define NUTSHELL_CEL_FUNCTION_H

#include "cel/type.h"

struct cel_call_estimate;
struct cel_estimate_call;
struct cel_run;
struct cel_value;

#define CEL_MAX_ARGS 5

struct cel_function {
	const char *name;     /* "size" */
	const char *overload; /* "size_string" */
	bool member;
	uint8_t nargs; /* with the receiver */
	const struct cel_type *result;
	const struct cel_type *args[CEL_MAX_ARGS];
	/* Compute *out, which may be an error value; args are no errors.  NULL: the evaluator does
	 * it (enum cel_op but CEL_OP_CALL). */
	void (*call)(struct cel_run *run, const struct cel_value *args, unsigned n,
		     struct cel_value *out);
	/* Run-time cost of one call, beyond that of its arguments.  NULL: 1. */
	uint64_t (*cost)(const struct cel_value *args, unsigned n, const struct cel_value *out);
	/* Static estimate (estimate.h).  NULL: 1, no result size. */
	void (*estimate)(const struct cel_estimate_call *c, struct cel_call_estimate *out);
};

struct cel_library {
	const struct cel_function *rows;
	size_t n;
	unsigned flag; /* environment flag that turns it on (enum cel_env_flags); 0: always on */
};

extern const struct cel_library *const cel_libraries[]; /* ends with NULL */

/* The libraries, a file each. */
extern const struct cel_library cel_library_operator, cel_library_compare, cel_library_convert,
	cel_library_time, cel_library_text, cel_library_url, cel_library_list,
	cel_library_authorizer, cel_library_optional, cel_library_quantity, cel_library_string,
	cel_library_set, cel_library_net, cel_library_format, cel_library_map, cel_library_semver,
	cel_library_sequence, cel_library_patch;

/* The next row of this name (and flags) after `after` (NULL: the first), or NULL. */
const struct cel_function *cel_function_next(const char *name, unsigned flags,
					     const struct cel_function *after);

/* Which of the type parameters A and B the row's types mention. */
void cel_function_params(const struct cel_function *f, bool used[2]);

/* Types of signatures. */
extern const struct cel_type cel_type_a, cel_type_b, cel_type_type_a, cel_type_list_a,
	cel_type_map_a_b, cel_type_map_string_list_string, cel_type_list_int, cel_type_list_uint,
	cel_type_list_double, cel_type_list_bool, cel_type_list_duration, cel_type_list_timestamp,
	cel_type_list_bytes, cel_type_optional_a, cel_type_optional_b, cel_type_optional_list_a,
	cel_type_optional_map_a_b, cel_type_list_optional_a, cel_type_optional_format,
	cel_type_optional_list_string, cel_type_list_list_a;

#endif
