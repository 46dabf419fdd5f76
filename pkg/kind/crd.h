/*
 * crd: one CustomResourceDefinition made ready for use, and what follows from it alone.
 *
 * A compiled definition is constant, counted and shared; it belongs to a slot (custom.h), from which requests
 * hold it.  Conditions and names are computed here, purely; api decides when and writes them.
 * k8s: apiextensions-apiserver/pkg/controller/{status,establish,apiapproval}, pkg/apiserver.
 */
#ifndef NUTSHELL_KIND_CRD_H
#define NUTSHELL_KIND_CRD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;
struct crd_rules;
struct jsonpath;
struct obj;
struct rule_set;
struct structural;

#define CRD_FINALIZER "customresourcecleanup.apiextensions.k8s.io"

struct crd_column {
	const char *name, *type, *format, *description, *path;
	int priority;
};

struct crd_field {
	const char *name; /* as in field selectors: "spec.color" */
	const struct jsonpath *query;
};

struct crd_version {
	const char *name, *api_version; /* "v1", "example.com/v1" */
	bool served, storage, status;
	const char *deprecated;           /* Warning text; NULL = not */
	const char *const *scale_paths;   /* as in struct kind; NULL = no scale */
	const struct crd_column *columns; /* end with name NULL; NULL = none */
	const struct crd_field *fields;
	size_t nfields;
	struct crd_rules *rules;         /* see crd_version_rules(); NULL = none */
	const struct structural *schema; /* NULL = anything goes */
};

struct crd {
	const char *name, *uid; /* of the definition */
	const char *group, *plural, *singular, *kind, *list_kind;
	const char *const *shorts, *const *categories; /* NULL-terminated */
	bool namespaced, webhook;
	const struct json *client;  /* of the conversion webhook: its clientConfig */
	const char *review_version; /* of ConversionReview, that it understands; NULL = none */
	bool accepted, established, terminating; /* conditions */
	const struct crd_version *versions;
	size_t nversions;
	const struct crd_version *storage;
	int64_t since; /* objects of later revisions were written under this definition */
};

/* Compile a definition; its names are the accepted ones.  The caller owns one reference. */
const struct crd *crd_new(const struct json *definition, int64_t since);
const struct crd *crd_ref(const struct crd *d);
void crd_unref(const struct crd *d); /* NULL is legal */
/* crd_ref() whose counterpart runs when the arena ends. */
const struct crd *crd_hold(struct arena *a, const struct crd *d);
/* A version by name, or NULL. */
const struct crd_version *crd_version(const struct crd *d, const char *name);
/* The compiled rules of a version's schema, made when first asked for; NULL when it has none.  Thread-safe. */
struct rule_set *crd_version_rules(const struct crd_version *v);
/* Bytes of memory. */
size_t crd_size(const struct crd *d);

/* ---- status: every tree is a definition ---- */

/* Names of a definition that others of its group may not take. */
struct crd_names {
	const char **resources, **kinds; /* in an arena */
	size_t nresources, nkinds;
};
/* Add what a definition has accepted. */
void crd_names_add(struct arena *a, struct crd_names *all, const struct crd *d);
/* True when the definition is in its status what d was compiled from. */
bool crd_same_status(const struct crd *d, const struct json *definition);
/* Bring status up to date: acceptedNames, NamesAccepted, Established, the approval of protected groups.  True when
 * something changed. */
bool crd_settle(struct arena *a, struct json *definition, const struct crd_names *taken);
/* Set one condition as upstream does. True when something changed. */
bool crd_condition(struct arena *a, struct json *definition, const char *type, const char *status,
		   const char *reason, const char *message);
bool crd_is(const struct json *definition, const char *condition);
/* Why the annotation of a protected group is not well: "missing", "invalid", ..., with upstream's sentence. */
enum crd_approval { CRD_UNPROTECTED, CRD_APPROVED, CRD_BYPASSED, CRD_MISSING, CRD_INVALID };
enum crd_approval crd_approval(struct arena *a, const struct json *definition, const char **reason);

#endif
