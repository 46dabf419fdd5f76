/*
 * eval: what function libraries may ask of a running evaluation.
 */
#ifndef NUTSHELL_CEL_EVAL_H
#define NUTSHELL_CEL_EVAL_H

#include "cel/cel.h"
#include "cel/value.h"

struct buf;
struct regex;

/* The head of a row's implementation. */
#define CEL_CALL(name)                                                         \
	static void name(__attribute__((unused)) struct cel_run *run,          \
			 __attribute__((unused)) const struct cel_value *args, \
			 __attribute__((unused)) unsigned n, struct cel_value *out)

/* The compiled pattern: that of the program when it is a literal, else made for this run.  NULL with
 * *error set to Go's text when it is none. */
const struct regex *cel_run_regex(struct cel_run *run, struct cel_value pattern, const char **error);

/* Whether the run may make a value of this many bytes (or a list of that many items times 16): upstream
 * would rather run out of memory.  False ends the evaluation as the cost limit does. */
bool cel_run_allows(struct cel_run *run, uint64_t bytes);
/* The error that ends the evaluation. */
struct cel_value cel_run_stopped(void);

/* A string value of what was printed. */
struct cel_value cel_string_of(struct arena *a, const struct buf *b);

#endif
