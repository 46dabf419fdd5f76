/*
 * columns: the tables that kubectl prints (private to the package).
 *
 * A kind's table is an array of struct column; a cell is a path or a function.  Cell functions get
 * the frozen object and its tree, append one JSON value and must accept any tree.
 * k8s: pkg/printers/internalversion/printers.go.
 */
#ifndef NUTSHELL_KIND_COLUMNS_H
#define NUTSHELL_KIND_COLUMNS_H

#include "kind/kind.h"

/* One cell function. */
#define CELL(name)                                                                 \
	static void name(struct buf *out, struct arena *a __attribute__((unused)), \
			 const struct obj *o __attribute__((unused)),              \
			 const struct json *tree __attribute__((unused)),          \
			 int64_t now_s __attribute__((unused)))

#define COL_AS(n, t, f, d, w, p, c)                                                            \
	{                                                                                      \
		.name = n, .type = t, .format = f, .description = d, .priority = w, .path = p, \
		.cell = c                                                                      \
	}
/* A string from a path or a function; WIDE: shown by -o wide only. */
#define COL(n, d, p) COL_AS(n, "string", "", d, 0, p, NULL)
#define COL_FN(n, d, c) COL_AS(n, "string", "", d, 0, NULL, c)
#define COL_WIDE(n, d, p) COL_AS(n, "string", "", d, 1, p, NULL)
#define COL_WIDE_FN(n, d, c) COL_AS(n, "string", "", d, 1, NULL, c)
#define COL_INT(n, d, p) COL_AS(n, "integer", "", d, 0, p, NULL)
#define COL_INT_FN(n, d, c) COL_AS(n, "integer", "", d, 0, NULL, c)
#define COL_BOOL(n, d, p) COL_AS(n, "boolean", "", d, 0, p, NULL)
#define COL_BOOL_FN(n, d, c) COL_AS(n, "boolean", "", d, 0, NULL, c)
#define COL_NAME COL_AS("Name", "string", "name", DOC_NAME, 0, "metadata.name", NULL)
#define COL_AGE COL("Age", DOC_AGE, "age:metadata.creationTimestamp")
#define COL_CREATED COL_AS("Created At", "date", "", DOC_AGE, 0, "metadata.creationTimestamp", NULL)
#define COL_END              \
	{                    \
		.name = NULL \
	}

#define DOC_NAME "The object's name, unique among its kind within the namespace."
#define DOC_AGE "When the object was created."

extern const struct column columns_default[], columns_created[], columns_binding[], columns_csr[],
	columns_lease[], columns_priorityclass[], columns_runtimeclass[], columns_flowschema[],
	columns_prioritylevel[], columns_resourceclaim[], columns_resourceslice[],
	columns_webhook[], columns_validatingpolicy[], columns_mutatingpolicy[],
	columns_policybinding[], columns_apiservice[], columns_componentstatus[],
	columns_configmap[], columns_secret[], columns_namespace[], columns_node[], columns_event[],
	columns_quota[], columns_service[], columns_endpoints[], columns_endpointslice[],
	columns_ingress[], columns_ingressclass[], columns_networkpolicy[], columns_ipaddress[],
	columns_servicecidr[], columns_pod[], columns_podtemplate[], columns_claim[],
	columns_volume[], columns_storageclass[], columns_csidriver[], columns_csinode[],
	columns_volumeattachment[], columns_volumeattributesclass[], columns_deployment[],
	columns_replicaset[], columns_replicationcontroller[], columns_statefulset[],
	columns_daemonset[], columns_controllerrevision[], columns_job[], columns_cronjob[],
	columns_autoscaler[], columns_budget[], columns_nodemetrics[], columns_podmetrics[];

/* ---- building cells ---- */

/* A quoted string; printf into one; `empty` in place of "". */
void cell_str(struct buf *out, const char *s);
void cell_strf(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cell_or(struct buf *out, const char *s, const char *empty);
/* The integer at path, 0 when absent. */
void cell_int(struct buf *out, const struct json *tree, const char *path);
/* The age of an RFC 3339 text ("5m"), or `<unknown>`. */
char *cell_since(struct arena *a, const char *text, int64_t now_s);
/* "5d" for a span, into the arena. */
char *cell_span(struct arena *a, int64_t seconds);
/* Seconds since 1970 of an RFC 3339 text; false when empty or malformed. */
bool cell_time(const char *text, int64_t *s);
/* A metav1.LabelSelector or a map as text, `<none>` when empty. */
void cell_label_selector(struct buf *out, struct arena *a, const struct json *selector);
void cell_map(struct buf *out, struct arena *a, const struct json *map);
/* "a,b" of member `key` of each item (NULL: the items). */
char *cell_join(struct arena *a, const struct json *list, const char *key);
/* Containers and images of a pod spec. */
void cell_containers(struct buf *out, struct arena *a, const struct json *pod_spec);
void cell_images(struct buf *out, struct arena *a, const struct json *pod_spec);

#endif
