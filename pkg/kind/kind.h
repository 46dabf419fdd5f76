/*
 * kind: one row says everything about a resource.
 *
 * Routing, discovery, storage, defaulting, validation, tables, RBAC names, garbage collection and
 * syncing all read struct kind.  Built-in rows are constant (kinds_*.c, one file per API group); a
 * custom resource makes the same row at run time and registers it (custom.h).  Hooks are NULL by default and pure:
 * object, old object and arena in, object or field errors out; no store, no locks, no clock but
 * hook->now_s.
 */
#ifndef NUTSHELL_KIND_KIND_H
#define NUTSHELL_KIND_KIND_H

#include "base/status.h"
#include "kind/schema.h"
#include "obj/obj.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;
struct custom;
struct json;
struct jsonpath;
struct kind;
struct typed;

enum {
	VERB_CREATE = 1 << 0,
	VERB_DELETE = 1 << 1,
	VERB_DELETECOLLECTION = 1 << 2,
	VERB_GET = 1 << 3,
	VERB_LIST = 1 << 4,
	VERB_PATCH = 1 << 5,
	VERB_UPDATE = 1 << 6,
	VERB_WATCH = 1 << 7,
	VERBS_ALL = (1 << 8) - 1,
};

enum {
	SUB_STATUS = 1 << 0,
	SUB_SCALE = 1 << 1,
	SUB_BINDING = 1 << 2,
	SUB_EVICTION = 1 << 3,
	SUB_LOG = 1 << 4,
	SUB_EXEC = 1 << 5,
	SUB_ATTACH = 1 << 6,
	SUB_PORTFORWARD = 1 << 7,
	SUB_PROXY = 1 << 8,
	SUB_TOKEN = 1 << 9,
	SUB_FINALIZE = 1 << 10,
	SUB_APPROVAL = 1 << 11,
	SUB_EPHEMERALCONTAINERS = 1 << 12,
	SUB_RESIZE = 1 << 13,
};

enum name_rule {
	NAME_SUBDOMAIN, /* RFC 1123 subdomain, 253 */
	NAME_LABEL,     /* RFC 1123 label, 63 */
	NAME_LABEL_1035,
	NAME_PATH_SEGMENT, /* RBAC */
};

/* What a hook may know. */
struct hook {
	struct arena *a;
	const struct kind *kind;
	int64_t now_s;
	const char *user;            /* name of the caller */
	struct field_errors *errors; /* validate hooks add to it */
	const struct json *old; /* while validating an update: the stored tree; kind_validate_meta() sets it */
	char **warnings; /* grow-only array in the arena, see hook_warn() */
	size_t nwarnings;
};
/* Add a Warning header text. */
void hook_warn(struct hook *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One column of kubectl's table. */
struct column {
	const char *name, *type, *format, *description; /* type "string" "integer" "boolean" "date" */
	int priority;
	/* Append the cell as JSON (a quoted string, a number, null).  NULL: `path` decides. */
	void (*cell)(struct buf *out, struct arena *a, const struct obj *o, const struct json *tree,
		     int64_t now_s);
	const char *path; /* json_path() of the value; missing = cell "<none>" for strings; "age:PATH" renders an age */
	const struct jsonpath *query; /* instead of both: a custom resource's column; missing = null */
};

/* What a write cannot own, because it cannot change it; see struct kind. */
struct kind_unowned {
	const char *sub;   /* subresource, "" = main */
	bool only;         /* the paths are all it can own */
	const char *paths; /* "spec metadata.labels", a step "*" is any; NULL ends the rows */
};

struct kind {
	struct subject subject; /* group ("" core), resource (plural), kind */
	const char *version;
	const char *singular;
	const char *const *shorts; /* NULL-terminated; NULL = none */
	const char *const *categories;
	const char *list_kind; /* NULL = kind + "List" */
	bool namespaced;
	unsigned verbs, subs;
	const struct schema_type *type; /* NULL: a custom resource */
	struct custom *custom;          /* its present definition (custom.h); NULL = built in */
	const char *deprecated;         /* Warning of every request; NULL = none */
	const struct column *columns;   /* ends with name NULL; NULL = Name, Age */
	/* Header fields extracted at freezing; the first nselectable (NULL-ended list of their own) may be
	 * used in field selectors. */
	const char *const *fields; /* NULL-terminated paths; see obj.h */
	size_t nselectable;        /* how many of fields are selectable */
	const char *const *selectable_names; /* selector spellings, when they differ from the paths; else NULL */
	const char *const *field_absent; /* what "" means to a field selector, per selectable field; NULL = "" */
	const struct kind *storage; /* another version whose table and encoding hold the objects; NULL = self */

	/* Rows that replace the common rule: the main resource cannot own status (when there is that
	 * subresource), status cannot own spec.  NULL = none. */
	const struct kind_unowned *unowned;

	enum name_rule name_rule;
	bool generation;             /* metadata.generation counts spec changes */
	bool generation_annotations; /* ... and annotation changes (Deployment) */
	bool create_on_update;       /* PUT of a missing object creates it */
	bool conditional_update;     /* PUT must carry a resourceVersion */
	bool delete_returns_object;
	bool graceful_delete;   /* pods */
	bool orphan_by_default; /* jobs, replicationcontrollers */
	bool virtual_only;      /* never stored: create-only reviews; what api/computed.h answers */

	/* hooks, each may be NULL */
	void (*defaults)(struct hook *h, struct json *o);
	/* create: drop what clients may not set (status), fill initial status */
	void (*prepare_create)(struct hook *h, struct json *o);
	/* update of the main resource: keep status, restore what is the server's; old is the stored tree */
	void (*prepare_update)(struct hook *h, struct json *o, const struct json *old);
	/* update through /status: keep everything but status (and what upstream lets through) */
	void (*prepare_status)(struct hook *h, struct json *o, const struct json *old);
	/* first DELETE of an object: what must be in it before it is marked */
	void (*prepare_delete)(struct hook *h, struct json *o);
	void (*validate)(struct hook *h, const struct json *o);
	void (*validate_update)(struct hook *h, const struct json *o, const struct json *old);
	void (*validate_status)(struct hook *h, const struct json *o, const struct json *old);
	/* Warning headers of a valid create (old NULL) or update of the main resource; see kind_warn() */
	void (*warn)(struct hook *h, const struct json *o, const struct json *old);
	/* between this version and kind->storage (both directions change the tree in place) */
	void (*to_storage)(struct hook *h, struct json *o);
	void (*from_storage)(struct hook *h, struct json *o);
	/* scale subresource: paths, NULL = none: {spec replicas, status replicas, selector (object or text)} */
	const char *const *scale_paths;
};

/* A kind that came from a CustomResourceDefinition: JSON only, no strategic merge. */
static inline bool kind_is_custom(const struct kind *k)
{
	return k->custom;
}
/* "apps/v1" or "v1" into out (at least 128 bytes); returns out. */
const char *kind_api_version(const struct kind *k, char *out);
/* "deployments.apps" or "pods": the store's table name of the storage kind. */
const char *kind_table(const struct kind *k, char *out);
const char *kind_list_kind(const struct kind *k, char *out);

/* ---- what is common to all kinds ---- */

/* A decoded body becomes what the kind can hold: schema_clean() by its type, or pruning by a custom
 * resource's schema. */
bool kind_clean(struct arena *a, const struct kind *k, struct json *o, const struct json_dups *dups,
		struct schema_warnings *w, struct status *st);
/* The schema of a kind's objects for obj/typed.h; what has none is deduced.  Trees need not be clean. */
void kind_typed(struct arena *a, const struct kind *k, struct typed *out);

/*
 * The prepare step of a write: the row's hook, or when it is NULL what every kind with SUB_STATUS
 * does: create empties status, update keeps the stored status, status keeps everything stored but
 * status and metadata.  The empty status is Go's zero value of the type (`{}`, `{"replicas":0}`).
 * metadata.generation is the caller's: 1 at create, +1 when kind_spec_changed() after preparing.
 */
void kind_prepare_create(struct hook *h, struct json *o);
void kind_prepare_update(struct hook *h, struct json *o, const struct json *old);
void kind_prepare_status(struct hook *h, struct json *o, const struct json *old);
/* The parts of them that hooks reuse. */
void kind_status_reset(struct hook *h, struct json *o);
void kind_status_keep(struct hook *h, struct json *o, const struct json *old);
void kind_status_only(struct hook *h, struct json *o, const struct json *old);

/* metadata checks of create and update: name rule, labels, annotations, owners, finalizers (k8s:
 * apimachinery/pkg/api/validation/objectmeta.go).  old NULL = create. */
void kind_validate_meta(struct hook *h, const struct json *o, const struct json *old);
/* The row's warn hook, after validation and only when that found nothing; generations must be set. */
void kind_warn(struct hook *h, const struct json *o, const struct json *old);
/* True when the change counts for metadata.generation. */
bool kind_spec_changed(const struct kind *k, const struct json *o, const struct json *old);
/* The metav1 Table columns of a kind (k->columns or the default). */
const struct column *kind_columns(const struct kind *k);
/* Append one cells array `["a",1,...]`. */
void kind_cells(struct buf *out, struct arena *a, const struct kind *k, const struct obj *o,
		int64_t now_s);

/* Callers include this header alone. */
#include "kind/registry.h"

#endif
