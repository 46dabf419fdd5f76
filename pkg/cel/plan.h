/*
 * plan: a checked expression made ready to run.
 *
 * As cel-go does with its optimizer on (as Kubernetes has it): constants are folded (literal lists and
 * maps, conversions of literals), membership in literal lists becomes a look-up, literal patterns
 * are compiled, and chains of selections become one step with qualifiers.  All this is visible in the
 * cost, so it is done exactly as there.  Immutable after planning; shared by threads.
 */
#ifndef NUTSHELL_CEL_PLAN_H
#define NUTSHELL_CEL_PLAN_H

#include "cel/value.h"

struct arena;
struct cel_error;
struct cel_expr;
struct cel_function;
struct cel_program;
struct regex;

enum step_kind {
	STEP_CONST,
	STEP_VAR,
	STEP_LOCAL,
	STEP_ATTR, /* root and qualifiers */
	STEP_COND,
	STEP_AND,
	STEP_OR,
	STEP_NOT_STRICTLY_FALSE,
	STEP_EQ,
	STEP_NE,
	STEP_CALL,     /* one overload */
	STEP_DISPATCH, /* the overload depends on run-time types */
	STEP_IN_SET,   /* membership in a literal list: free of cost */
	STEP_OR_OPTIONAL,
	STEP_OR_VALUE,
	STEP_LIST,
	STEP_MAP,
	STEP_OBJECT,
	STEP_LOOP,
};

struct qualifier {
	struct step *index; /* computed key; NULL: key */
	struct cel_value key;
	bool optional;
};

struct step {
	uint8_t kind; /* enum step_kind */
	bool test;    /* STEP_ATTR: the last qualifier only asks, has() */
	bool guarded; /* STEP_CALL: argument types are checked, as upstream's overload bindings do */
	uint16_t slot; /* STEP_VAR, STEP_LOCAL */
	uint32_t n;    /* arguments, items, entries, qualifiers */
	union {
		struct cel_value value;
		struct {
			struct step *root;
			struct qualifier *qualifiers;
		} attr;
		struct step **args; /* COND, AND, OR, ..., OR_VALUE; LIST: items */
		struct {
			struct step **args;
			const struct cel_function *const *rows; /* one, or n for STEP_DISPATCH */
			const struct regex *regex;
			uint16_t nrows;
		} call;
		struct {
			struct step *arg;
			struct cel_map *set;
		} in;
		struct {
			struct step **args; /* key, value, key, value; of objects the key is a constant */
			const char *name;
		} map;
		const struct loop_plan *loop;
	};
	const bool *optional; /* LIST, MAP, OBJECT: which items are; NULL: none */
};

struct loop_plan {
	uint16_t iter, iter2, accu; /* slots */
	bool two;
	struct step *range, *init, *cond, *step, *result;
};

/* The plan of a checked tree, in a.  NULL with *err (type CEL_ERROR_COMPILE) where upstream refuses to
 * make a program: a conversion of a literal that fails, a pattern that is none. */
const struct step *cel_plan(struct arena *a, const struct cel_expr *root, struct cel_error *err);
/* What cel_plan() made of the program's tree. */
const struct step *cel_program_plan(const struct cel_program *p);

#endif
