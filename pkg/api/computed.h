/*
 * computed: objects that are made at each read and stored nowhere, such as what pods use at the moment.
 *
 * A row that is virtual_only and can be listed is computed: api_get() and api_list() ask the ops, which the
 * host hands down.  What is listed is complete (no pages), carries no resourceVersion and cannot be watched.
 */
#ifndef NUTSHELL_API_COMPUTED_H
#define NUTSHELL_API_COMPUTED_H

#include "kind/kind.h"

struct call;
struct json;

struct computed_ops {
	/* The object, in the call's arena; NULL with st filled (404). */
	struct json *(*get)(void *arg, struct call *c, const struct kind *k, const char *ns,
			    const char *name, struct status *st);
	/* An array of all objects in ns ("" = everywhere). */
	struct json *(*list)(void *arg, struct call *c, const struct kind *k, const char *ns);
	void *arg;
};

static inline bool kind_is_computed(const struct kind *k)
{
	return k->virtual_only && (k->verbs & VERB_LIST);
}

#endif
