/*
 * names: virtual names to host names and back.
 *
 * A host name is readable-hash: at most 63 characters, a DNS-1035 label, unique per cluster id, kind,
 * namespace and name, and unforgeable by choice of names.  The mapping is pure; a table of the names handed
 * out serves the way back (messages).  Thread-safe.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_NAMES_H
#define NUTSHELL_HOST_KUBERNETES_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct obj;
struct names;

#define HOST_NAME_MAX 64 /* with the NUL */

/* cid: the 26-character cluster id; host_ns enters the names of cluster-scoped objects. */
struct names *names_new(const char *cid, const char *host_ns);
void names_free(struct names **n);

/* The host name of a namespaced object.  kind is the plural with group: "pods",
 * "ingresses.networking.k8s.io", or an auxiliary such as "token". out gets the name; returns out. */
char *names_map(struct names *n, const char *kind, const char *vns, const char *vname,
		char out[HOST_NAME_MAX]);
/* The host name of a cluster-scoped object. */
char *names_map_cluster(struct names *n, const char *kind, const char *vname,
			char out[HOST_NAME_MAX]);

/* Virtual namespace and name behind a host name handed out before; false when unknown. In the arena. */
bool names_back(struct names *n, struct arena *a, const char *hname, const char **vns,
		const char **vname);
/* text with every known host name replaced by the virtual one, and host_ns/name by vns/name. */
char *names_scrub(struct names *n, struct arena *a, const char *text);

/* Label and annotation keys: reserved ones (ours) are escaped as PFX/e.<hash>, others stay. In the arena. */
const char *names_key(struct arena *a, const char *key);
/* The label that carries a namespace label: PFX/n.<hash>. */
const char *names_ns_label(struct arena *a, const char *key);

#endif
