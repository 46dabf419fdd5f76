/*
 * hostmeta: what every object of ours on the host carries in its metadata, and how it is told from others'.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_HOSTMETA_H
#define NUTSHELL_HOST_KUBERNETES_HOSTMETA_H

#include <stdbool.h>

struct arena;
struct host;
struct json;
struct obj;

/* Metadata of the host object for a virtual one: mapped labels and annotations, identity, owner.
 * kind: plural with group ("pods"); hname: its host name; controlled: mark ROOT as controller (pods whose
 * virtual pod has a controller).  v may be NULL for auxiliary objects without a virtual counterpart. */
struct json *host_metadata(struct host *h, struct arena *a, const char *kind, const char *vns,
			   const char *vname, const struct json *v, bool controlled);

/* A digest of what was pushed, as annotation; compare with host_applied(). Call when o is complete. */
void host_stamp(struct arena *a, struct json *o);
/* The digest a complete desired object carries, or "" . */
const char *host_applied(const struct json *o);
const char *host_annotation(struct arena *a, const struct obj *o, const char *key);

/* Ours: our label, made under its own name, and its name follows from its annotations. */
bool host_ours(struct host *h, struct arena *a, const struct obj *o, const char *kind);
/* Virtual namespace, name, uid an object of ours stands for. */
struct linked {
	const char *vns, *vname, *vuid;
};
struct linked host_linked(struct arena *a, const struct obj *o);

/* Is the annotation one that never goes to the host (tool state, network attachments, static pods)? */
bool annotation_denied(const char *key);
/* A JSON object of labels with reserved keys escaped. */
struct json *host_labels(struct arena *a, const struct json *labels);
/* matchLabels/matchExpressions with keys mapped; and limited to this cluster (and vns when not NULL). */
struct json *host_selector(struct host *h, struct arena *a, const struct json *sel, const char *vns);

#endif
