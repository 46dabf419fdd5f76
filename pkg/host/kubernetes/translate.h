/*
 * translate: a virtual pod as the pod the host is asked to run.  Pure: the same inputs give byte-identical
 * output; no clocks, no randomness, no requests.
 */
#ifndef NUTSHELL_HOST_KUBERNETES_TRANSLATE_H
#define NUTSHELL_HOST_KUBERNETES_TRANSLATE_H

#include <stdbool.h>

struct arena;
struct host;
struct json;

struct translation {
	struct host *h;
	struct arena *a;
	const struct json *v;         /* the virtual pod */
	const struct json *ns_labels; /* labels of its namespace */
	const char *vns, *vname;
	const char *api_ip; /* how pods reach this cluster's API; "" = not by name */
	int api_port;
	const char *dns_ip; /* the cluster's DNS service; "" = there is none */
	struct json *spec;  /* of the result, under construction */
	/* When translation refuses: reason for condition and event, and what is the matter */
	const char *refused, *why;
};

/* The host pod, complete and stamped; NULL when refused (t->refused, t->why). */
struct json *translate_pod(struct translation *t);

/* Name of the auxiliary objects of a pod. */
#define KIND_TOKEN "token"
#define KIND_SVCENV "svcenv"

/* ---- parts; each changes t->spec in place ---- */
void translate_env(struct translation *t);
bool translate_volumes(struct translation *t);
void translate_dns(struct translation *t);
void translate_placement(struct translation *t);
/* Containers' references and fields of one container list item (also for ephemeral containers). */
void translate_container(struct translation *t, struct json *container);
bool refuse(struct translation *t, const char *reason, const char *why);

#endif
