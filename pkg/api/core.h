/*
 * core: what the files of api share; nobody outside this package includes it.
 *
 * One write has one road: body (what was sent) -> tree (clean, defaulted, admitted, validated) -> object
 * (frozen, in the storage version) -> store.  Each step is a function below, named after its file.
 */
#ifndef NUTSHELL_API_CORE_H
#define NUTSHELL_API_CORE_H

#include "api/api.h"
#include "api/convert.h"
#include "base/thread.h"

struct customs;
struct event_memory;
struct dynamic;
struct field_errors;
struct hook_clients;
struct map;
struct rbac;
struct selector;
struct service_ips;

/* Rows the api itself has business with; resolved once, never NULL. */
struct known {
	const struct kind *namespace, *pod, *service, *service_account, *secret, *config_map, *node;
	const struct kind *event, *priority_class, *disruption_budget, *endpoint_slice;
	const struct kind *resource_quota;
	const struct kind *definition; /* of custom resources */
	const struct kind *role, *role_binding, *cluster_role, *cluster_role_binding;
};

/* A shortcut from row to table (api.c). */
struct table_slot {
	const struct kind *_Atomic kind;
	struct table *table; /* written before kind */
};
enum { TABLE_SLOTS = 512, TABLE_PROBES = 16 };

struct api {
	struct arena *a; /* the life of the api; holds this struct, too */
	struct api_config config;
	struct known known;
	struct rwlock lock; /* tables */
	struct map *tables; /* kind_table() text -> struct table */
	struct table_slot slots[TABLE_SLOTS];
	struct rbac *rbac;
	struct service_ips *ips;
	struct event_memory *events;
	struct hook_clients *hooks;
	struct customs *customs;
	struct dynamic *dynamic;
};

/* ---- hooks: the call of a kind's pure functions ---- */
void hook_open(struct hook *h, struct call *c, const struct kind *k);
/* Hands the hook's warnings to the caller. */
void hook_close(struct hook *h, struct call *c);
/* hook->errors as 422, or true. */
bool hook_verdict(struct hook *h, struct call *c, const char *name, struct status *st);

/* ---- body.c: what was sent ---- */
/* Kind and version agree with the URL's, schema_clean(), fieldValidation.  patch: report as upstream does
 * for patches (422). */
bool body_clean(struct call *c, const struct kind *k, struct json *o, const struct json *patch,
		struct status *st);
/* A tree of k that a webhook or policy has changed: decoded and defaulted again. 500 when it is no k. */
bool body_again(struct call *c, const struct kind *k, struct json *o, struct status *st);
/* The body's namespace agrees with the URL's or is set to it. */
bool body_place(const struct kind *k, const char *ns, struct json *o, struct status *st);
/* resourceVersion text to number: "" is 0. */
bool revision_parse(const char *text, int64_t *rev);
/* The store has come to revision want; else 504. (get.c) */
bool revision_reached(struct api *api, int64_t want, struct status *st);

/* ---- create.c ---- */
/* Create from a clean tree. */
const struct obj *create_clean(struct call *c, const struct kind *k, const char *ns, struct json *o,
			       struct status *st);
/* The same of a tree whose metadata.managedFields are final. */
const struct obj *create_managed(struct call *c, const struct kind *k, const char *ns,
				 struct json *o, struct status *st);

/* A write that was authorized as an update turns out to create: may the caller do that? */
bool create_allowed(struct call *c, const struct kind *k, const char *ns, const char *name,
		    struct status *st);

/* ---- apply.c: api_patch() of PATCH_APPLY ---- */
const struct obj *api_apply(struct call *c, const struct kind *k, const char *sub, const char *ns,
			    const char *name, const struct json *config, bool force, bool *created,
			    struct status *st);

/* ---- update.c: read, change, commit if unchanged, else again ---- */
struct update {
	struct call *c;
	const struct kind *k;
	const char *sub, *ns, *name; /* sub NULL = main resource */
	/* Make u->o from u->old.  False with st empty: nothing to do. */
	bool (*produce)(struct update *u, struct status *st);
	void *arg;
	bool must_carry_rv; /* PUT: a kind that demands it gets 422 without */
	bool managed;       /* produce() has set metadata.managedFields */
	/* of the present attempt */
	const struct obj *cur;
	struct json *old; /* of version k; not to be changed */
	struct json *o;
	int attempt;
};
const struct obj *update_run(struct update *u, struct status *st);

/* ---- sub_fields.c: subresources that write a few fields of the object ---- */
/* Keep in u->o what the subresource may write and restore the rest; false 404 for unknown ones. */
bool sub_fields_prepare(struct update *u, struct hook *h, struct status *st);
void sub_fields_validate(struct update *u, struct hook *h);

/* ---- pick.c: label and field selectors over headers ---- */
struct pick {
	struct selector *labels; /* NULL = all */
	struct pick_field {
		int index; /* header field, or PICK_NAME, PICK_NS */
		const char *value;
		const char *absent; /* what an empty header field stands for; NULL = "" */
		bool negate;
	} * fields;
	size_t nfields;
	const struct kind *custom; /* indexes are those of its selectable fields; NULL = of header fields */
	const char *name;          /* metadata.name=x: only this object can match */
	const char *ns;            /* metadata.namespace=x */
};
enum { PICK_NAME = -1, PICK_NS = -2 };
bool pick_parse(struct arena *a, const struct kind *k, const char *labels, const char *fields,
		struct pick *out, struct status *st);
bool pick_matches(const struct pick *p, const struct obj *o);
bool pick_everything(const struct pick *p);

/* ---- computed.c: api_get() and api_list() of what is not stored ---- */
const struct obj *computed_get(struct call *c, const struct kind *k, const char *ns,
			       const char *name, struct status *st);
bool computed_list(struct call *c, const struct kind *k, const char *ns,
		   const struct list_options *o, struct list_result *out, struct status *st);

/* ---- service_ip.c ---- */
/* 500 when the configured range is none. */
bool service_ips_init(struct api *api, struct status *st);
void service_ips_free(struct api *api);
/* Choose what is to be chosen when k is Service; true otherwise. */
bool service_ips_begin(struct call *c, const struct kind *k, struct json *o, const struct json *old,
		       struct status *st);
/* The write of o after begin() came to nothing. */
void service_ips_undo(struct call *c, const struct kind *k, const struct json *o);
/* First address of the range, in the arena. */
char *service_ips_first(struct api *api, struct arena *a);

/* ---- rbac.c, escalation.c ---- */
void rbac_init(struct api *api);
void rbac_free(struct api *api);

/* ---- event.c ---- */
void event_memory_init(struct api *api);
void event_memory_free(struct api *api);

/* ---- bootstrap.c ---- */
bool bootstrap_commit(struct api *api, struct status *st);

#include "api/admission.h"

#endif
