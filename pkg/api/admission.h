/*
 * admission: a write (or a connection) on its way through the admission plugins.  Private to the package, whose
 * files get it through core.h.
 */
#ifndef NUTSHELL_API_ADMISSION_H
#define NUTSHELL_API_ADMISSION_H

#include "api/api.h"

enum admit_op { ADMIT_CREATE, ADMIT_UPDATE, ADMIT_DELETE, ADMIT_CONNECT };
/* What the object of a subresource is when it is none of the row's kind: Scale, Eviction, PodExecOptions. */
struct admit_type {
	const char *group, *version, *kind;
};
struct admission {
	struct call *c;
	const struct kind *k;
	enum admit_op op;
	const char *sub;       /* "" = main resource */
	const char *ns, *name; /* for messages: generateName before a name is generated */
	struct json *o;        /* NULL when deleting; a mutating step may put another tree here */
	const struct json *old; /* NULL when creating; deleting: made at first need, see admission_old() */
	const struct obj *cur;               /* the stored object; NULL when creating */
	const struct admit_type *as;         /* NULL = an object of k */
	const struct delete_options *delete; /* of ADMIT_DELETE; may be NULL */
	struct reinvocation *again;          /* dynamic admission's own */
};
/* The mutating steps; whoever calls goes on with ad->o. */
bool admission_mutate(struct admission *ad, struct status *st);
bool admission_validate(struct admission *ad, struct status *st);
/* Webhooks and policies about a subresource that is an action (POST pods/x/binding, exec) or a review: o, of
 * type as, becomes what they make of it. */
struct action {
	const struct kind *k;
	enum admit_op op;
	const char *sub, *ns, *name;
	const struct admit_type *as;
};
bool admission_action(struct call *c, const struct action *x, const struct json **o,
		      struct status *st);
/* Both, for requests whose object nobody stores: actions, reviews, streams. */
bool admission_run(struct admission *ad, struct status *st);
/* The object as it was, in the request's version; NULL when creating. */
const struct json *admission_old(struct admission *ad);
/* The labels that a pod has of its node. (admit_nodes.c) */
void topology_labels(struct call *c, struct json *pod, const char *node);
/* A new certificate request says who asked: more of the caller than hooks may know. (admit_certificates.c) */
void certificate_requester(struct call *c, const struct kind *k, struct json *o);

#endif
