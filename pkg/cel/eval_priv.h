/*
 * eval_priv: the evaluator's state, for eval*.c and plan.c.
 */
#ifndef NUTSHELL_CEL_EVAL_PRIV_H
#define NUTSHELL_CEL_EVAL_PRIV_H

#include "cel/cel.h"
#include "cel/value.h"

struct regex;
struct step;

/* An internal kind: the slot's loop has not computed its accumulator yet (STEP_LOOP does it at the first
 * use, as upstream, which shows in the cost). */
#define CELV_PENDING 200

struct slot {
	struct cel_value value;
	const struct step *pending;
};

struct eval {
	struct cel_run *run;
	struct arena *a;
	const struct cel_env *env;
	uint64_t cost, limit;
	const char *fault;         /* why it stopped, when not for its cost */
	bool stopped;              /* over budget or out of time: unwind */
	uint32_t ticks;            /* loop turns and matches */
	int64_t deadline;          /* monotonic ns; 0: not asked for yet */
	struct slot *slots;        /* locals */
	struct cel_value *vars;    /* by index; CELV_PENDING until used */
	const struct regex *regex; /* of the call that is under way */
};

/* The value of a step; an error value when it fails. */
struct cel_value cel_eval(struct eval *ev, const struct step *s);
/* As an operand of a selection or a branch: without the cost of the identifier itself. */
struct cel_value cel_eval_attribute(struct eval *ev, const struct step *s);
struct cel_value cel_eval_loop(struct eval *ev, const struct step *s);
struct cel_value cel_eval_call(struct eval *ev, const struct step *s);
struct cel_value cel_eval_list(struct eval *ev, const struct step *s);
struct cel_value cel_eval_map(struct eval *ev, const struct step *s);
struct cel_value cel_eval_variable(struct eval *ev, unsigned index);

/* Evaluate a step of constants. */
struct cel_value cel_fold(struct arena *a, const struct step *s);

static inline void cel_charge(struct eval *ev, uint64_t cost)
{
	if (ev->stopped)
		return;
	if (__builtin_add_overflow(ev->cost, cost, &ev->cost) || ev->cost > ev->limit)
		ev->stopped = true;
}

/* Cost of comparing two values: the shorter one, a tenth per character. */
uint64_t cel_cost_compare(const struct cel_value *args, unsigned n, const struct cel_value *out);
/* False when the evaluation has taken too long: every 256 ticks it looks at the clock. */
bool cel_tick(struct eval *ev, uint32_t weight);
#define CEL_TICK_TURN 1   /* of a loop */
#define CEL_TICK_MATCH 64 /* of a pattern */

#endif
