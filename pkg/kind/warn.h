/*
 * warn: Warning headers that several kinds share (private to the package).
 * k8s: pkg/api/{pod,node,persistentvolumeclaim,job}.
 */
#ifndef NUTSHELL_KIND_WARN_H
#define NUTSHELL_KIND_WARN_H

#include "kind/check.h"

struct hook;
struct json;

/* The object at `at` with members metadata and spec: a pod (at NULL) or a template. */
void warn_pod(struct hook *h, const struct at *at, const struct json *pod);
/* Volumes of a pod spec: removed plugins, fractional claims. */
void warn_volumes(struct hook *h, const struct at *at, const struct json *volumes);
/* Items of volumes that would be written over each other. */
void warn_overlaps(struct hook *h, const struct json *volumes);
void warn_claim_spec(struct hook *h, const struct at *at, const struct json *spec);
/* `P: fractional byte value "x" is invalid, must be an integer` */
void warn_fraction(struct hook *h, const struct at *at, const struct json *amounts, const char *name);
/* Why a node label should not be used any more, or NULL. */
const char *node_label_advice(const char *label);
/* Labels and, when values is set, their values in a node selector term. */
void warn_node_term(struct hook *h, const struct at *at, const struct json *term, bool values);

#endif
