/*
 * subresource: the subresources that are actions, and the reviews.
 *
 * All block until durable, except reads and reviews, which never block.  Errors as upstream's for each.
 * k8s: pkg/registry/core/pod/storage, serviceaccount/storage, pkg/registry/{authorization,authentication}.
 */
#ifndef NUTSHELL_API_SUBRESOURCE_H
#define NUTSHELL_API_SUBRESOURCE_H

#include "api/api.h"

/* POST pods/{n}/binding: sets spec.nodeName and PodScheduled. 409 when already bound. */
bool api_bind(struct call *c, const char *ns, const char *name, const struct json *binding,
	      struct status *st);
/* Bind many pods of one scheduling pass in one commit: results[i] tells which went through. */
struct bind_item {
	const char *ns, *name, *uid, *node;
	bool bound; /* out */
};
bool api_bind_many(struct call *c, struct bind_item *items, size_t n, struct status *st);
bool api_evict(struct call *c, const char *ns, const char *name, const struct json *eviction,
	       struct status *st);
/* POST serviceaccounts/{n}/token: the TokenRequest with its status filled. */
struct json *api_token_request(struct call *c, const char *ns, const char *name,
			       struct json *request, struct status *st);
/* The autoscaling/v1 Scale of an object. */
struct json *api_scale_get(struct call *c, const struct kind *k, const char *ns, const char *name,
			   struct status *st);
struct json *api_scale_update(struct call *c, const struct kind *k, const char *ns,
			      const char *name, const struct json *scale, enum patch_type type,
			      bool is_patch, bool force, struct status *st);
/* What webhooks and policies say to a connection (exec, attach, portforward, proxy) with these options
 * ("PodExecOptions"; the tree without kind and version).  Blocks while they are asked. */
bool api_admit_connect(struct call *c, const struct kind *k, const char *sub, const char *ns,
		       const char *name, const char *options_kind, const struct json *options,
		       struct status *st);
/* Create of a virtual kind (reviews): the answer; nothing is stored. */
struct json *api_review(struct call *c, const struct kind *k, const char *ns, struct json *o,
			struct status *st);

#endif
