/*
 * api: the verbs; the only door to change, for users, controllers and the syncer alike.
 *
 * Trees in, frozen objects out.  Every write runs the same pipeline: decode-clean, defaults, mutating
 * admission, prepare hook, validation, validating admission, commit.  Errors are Kubernetes Statuses.
 * A struct call is the context of one task: caller, arena, options; one thread at a time.
 * Objects returned are held by the call's arena unless said otherwise.
 */
#ifndef NUTSHELL_API_API_H
#define NUTSHELL_API_API_H

#include "api/access.h"
#include "api/watch.h"
#include "base/status.h"
#include "kind/kind.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct json;
struct json_dups;
struct api;

/* ---- life ---- */

/* Allocation of service addresses, which belongs to whoever routes them: the host cluster, or the
 * built-in range allocator when ops is NULL.  Called inside create/update of a Service, may block. */
struct service_ip_ops {
	/* Fill spec.clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, node ports in svc where they are to be
	 * chosen.  old NULL = create.  dry_run allocates nothing. */
	bool (*allocate)(void *arg, struct arena *a, struct json *svc, const struct json *old,
			 bool dry_run, struct status *st);
	/* The store refused the object after allocate(). */
	void (*rollback)(void *arg, const struct json *svc);
	void *arg;
};

struct api_config {
	struct store *store;      /* borrowed */
	struct kinds *kinds;      /* borrowed */
	const char *service_cidr; /* "10.43.0.0/16" */
	const char *cluster_domain;
	const char *issuer; /* ServiceAccount token issuer = default audience */
	const char *ca_pem; /* cluster CA, for kube-root-ca.crt and extension-apiserver-authentication */
	const char *ca_key_pem;    /* its key, for certificates.k8s.io; NULL = nothing is signed */
	const char *client_ca_pem; /* authorities of client certificates; NULL = ca_pem */
	const struct service_ip_ops *service_ips; /* NULL = built in */
	const struct computed_ops *computed;      /* see api/computed.h; NULL = none */
	const struct token_ops *tokens;
	const struct foreign_tokens *foreign_tokens; /* NULL = none */
	bool admit_service_accounts;                 /* the ServiceAccount admission */
};

/* Declare all tables, load their objects, commit missing bootstrap objects in one transaction. */
struct api *api_new(const struct api_config *c, struct status *st);
void api_free(struct api **api);
struct store *api_store(struct api *api);
struct kinds *api_kinds(struct api *api);
const struct api_config *api_settings(struct api *api);
/* The store table of a kind (of its storage kind). */
struct table *api_table(struct api *api, const struct kind *k);

/* ---- the caller and the call ---- */

enum field_validation { VALIDATION_WARN, VALIDATION_IGNORE, VALIDATION_STRICT };

struct call {
	struct api *api;
	struct arena *a;
	const struct user *user;
	const char *manager; /* field manager */
	enum field_validation validation;
	const struct json_dups *dups; /* duplicate members met while parsing the body; NULL = none */
	bool dry_run;
	bool pretty;     /* unused by api; the server's */
	char **warnings; /* Warning header texts collected by the verbs, in the arena */
	size_t nwarnings;
	struct json *annotations;         /* of the audit event, see call_annotate(); NULL: none */
	struct reservation *reservations; /* service addresses; api's own */
	bool settling; /* api's own: a definition is being settled, its commits settle nothing */
	/* fieldManager and fieldValidation as the client gave them, for webhooks; NULL = not given */
	const char *asked_manager, *asked_validation;
	bool inner; /* part of another request that has been admitted: webhooks and policies do not see it */
};

/* A call of an internal part: system user, strictness off. name becomes the field manager. */
void call_init(struct call *c, struct api *api, struct arena *a, const char *name);
void call_warn(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Say something of this request in the audit log; the first value of a key stays. */
void call_annotate(struct call *c, const char *key, const char *value);

/* ---- reads: never block ---- */

/* NULL: 404. */
const struct obj *api_get(struct call *c, const struct kind *k, const char *ns, const char *name,
			  struct status *st);

struct list_options {
	const char *label_selector, *field_selector; /* NULL or "" = all */
	int64_t limit;
	const char *cont;             /* continue token */
	const char *resource_version; /* NULL or "" = latest */
	const char *match;            /* resourceVersionMatch; NULL or "" */
	bool initial_events_set; /* sendInitialEvents was given, which only a watch may (422) */
};

struct list_result {
	const struct obj **items; /* held by the arena */
	size_t n;
	int64_t rev;
	const char *cont;  /* "" when complete */
	int64_t remaining; /* -1 = not known */
};
/* ns "" lists all namespaces.  400/410/422/504 as upstream.  RV in the future waits up to 3 s (blocks). */
bool api_list(struct call *c, const struct kind *k, const char *ns, const struct list_options *o,
	      struct list_result *out, struct status *st);
/* True when api_list()/api_get() with this resourceVersion must be run where blocking is allowed. */
bool api_list_blocks(struct api *api, const struct kind *k, const struct list_options *o);
/* Wait up to 3 s until the store has reached a GET's resourceVersion (text; NULL, "" and "0" are reached).
 * 400 when it is no number, 504 when it is still in the future. */
bool api_await_revision(struct api *api, const char *resource_version, struct status *st);

/* ---- writes: block until durable ---- */

/* The tree is the decoded body (schema_clean not yet run); api may change it.  ns is the URL's. */
const struct obj *api_create(struct call *c, const struct kind *k, const char *ns, struct json *o,
			     struct status *st);

struct create_item {
	const char *ns;
	struct json *o;         /* as for api_create() */
	const struct obj *made; /* out */
};
/* All in one commit or, at the first error, none.  The trees are spent.  Not for dry runs. */
bool api_create_many(struct call *c, const struct kind *k, struct create_item *items, size_t n,
		     struct status *st);

/* PUT of the main resource (sub NULL) or "status", "approval", "finalize", "ephemeralcontainers", "resize"
 * (scale has its own function).  *created tells 201 from 200 (may be NULL). */
const struct obj *api_update(struct call *c, const struct kind *k, const char *sub, const char *ns,
			     const char *name, struct json *o, bool *created, struct status *st);

/* Read, change, commit if unchanged, else again: the shape behind update, patch, scale and every controller.
 * fn changes the tree in place (of the stored object; may be called again with a fresh one); returning
 * false with st filled stops, returning false with st empty means "nothing to do" (the current object is
 * returned).  No schema_clean on the result: internal callers write valid trees. */
typedef bool (*change_fn)(struct call *c, struct json *o, void *arg, struct status *st);
const struct obj *api_change(struct call *c, const struct kind *k, const char *sub, const char *ns,
			     const char *name, change_fn fn, void *arg, struct status *st);

enum patch_type { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC, PATCH_APPLY };
const struct obj *api_patch(struct call *c, const struct kind *k, const char *sub, const char *ns,
			    const char *name, enum patch_type type, const struct json *patch,
			    bool force, bool *created, struct status *st);

enum propagation {
	PROPAGATE_DEFAULT,
	PROPAGATE_BACKGROUND,
	PROPAGATE_FOREGROUND,
	PROPAGATE_ORPHAN
};

struct delete_options {
	int64_t grace_s;      /* -1 = not given */
	const char *uid, *rv; /* preconditions; NULL = none */
	enum propagation propagation;
};
#define DELETE_OPTIONS_INIT   \
	{                     \
		.grace_s = -1 \
	}
/* DeleteOptions as sent (NULL tree: from query parameters by the server). 422 on contradictions. */
bool delete_options_from(struct delete_options *o, const struct json *tree, struct status *st);

/* The deleted object (*gone: it is away now) or the object with its deletionTimestamp (*gone false). */
const struct obj *api_delete(struct call *c, const struct kind *k, const char *ns, const char *name,
			     const struct delete_options *o, bool *gone, struct status *st);
/* Deletes what the options select; the items as they were. */
bool api_delete_collection(struct call *c, const struct kind *k, const char *ns,
			   const struct list_options *l, const struct delete_options *o,
			   struct list_result *out, struct status *st);

/* ---- events ---- */

struct event_item {
	const struct kind *k; /* of about */
	const struct obj *about;
	const char *source, *type, *reason, *message; /* source: the component that tells */
};
/* Record core/v1 Events about objects, new ones in one commit; what was told within 10 minutes is counted up
 * instead.  Blocks as a write does; an Event that cannot be written is dropped.  Not for dry runs.  Leaves
 * c->manager changed. */
void api_event_many(struct call *c, const struct event_item *items, size_t n);

/* Callers include this header alone. */
#include "api/subresource.h"

#endif
