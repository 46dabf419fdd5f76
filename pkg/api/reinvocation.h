/*
 * reinvocation: the second round of mutation.  Private to api.
 *
 * What has been asked in the first round and wishes so is asked again when a later mutation changed the
 * object.  k8s: apiserver/pkg/admission/reinvocation.go, plugin/webhook/mutating/reinvocationcontext.go.
 */
#ifndef NUTSHELL_API_REINVOCATION_H
#define NUTSHELL_API_REINVOCATION_H

#include "api/core.h"

/* Of one mutating plugin. */
struct rounds {
	const void *set;         /* of the first round, which the second uses too */
	bool *asked, *ask_again; /* by index in the set */
	size_t n;
	struct json *left; /* the object as the plugin left it */
};

struct reinvocation {
	bool second; /* the second round is on */
	bool wanted; /* something changed the object */
	struct rounds hooks, policies;
};

struct reinvocation *reinvocation_of(struct admission *ad);
/* Begin a plugin's round over a set of n. */
void rounds_begin(struct rounds *r, struct admission *ad, const void *set, size_t n);
/* End it. */
void rounds_end(struct rounds *r, struct admission *ad);
/* The i-th takes part in the present round. */
bool rounds_has(const struct rounds *r, const struct admission *ad, size_t i);
/* The i-th has been asked; again: it wants to be when later ones change the object. */
void rounds_note(struct rounds *r, struct admission *ad, size_t i, bool changed, bool again);

#endif
