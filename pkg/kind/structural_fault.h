/*
 * structural_fault: what the files of instance validation share (private to the package).
 *
 * A fault is a field error in the making; faults of a value are kept apart until it is decided whether they are
 * told, and told once however many checks find them.
 */
#ifndef NUTSHELL_KIND_STRUCTURAL_FAULT_H
#define NUTSHELL_KIND_STRUCTURAL_FAULT_H

#include "base/status.h"
#include "kind/structural.h"

struct at;

struct fault {
	struct fault *next;
	enum field_error_type type;
	const char *path;           /* NULL: names no field */
	const char *value, *detail; /* as field_error() wants them */
	const char *message;        /* what makes it distinct */
};

struct faults {
	struct fault *first, **last;
	long passed; /* how many checks were made, as upstream counts them */
};

struct judge {
	struct hook *h;
	struct arena *a;
};

/* Judge v; old: what it replaces, NULL = nothing.  f is initialised here. */
void structural_judge(struct judge *j, const struct structural *s, const struct json *v,
		      const struct json *old, const struct at *at, struct faults *f);
/* Ranges, limits and multiples. (structural_number.c) */
void structural_judge_number(struct judge *j, const struct structural *s, const struct json *v,
			     const struct at *at, struct faults *f);
/* Add a fault whose detail is all that makes it distinct. */
void fault_at(struct judge *j, struct faults *f, enum field_error_type type, const struct at *at,
	      const char *value, const char *message);

/* One that names no field. */
void fault_plain(struct judge *j, struct faults *f, const char *message);

#endif
