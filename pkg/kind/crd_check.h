/*
 * crd_check: what the files of definition validation share (private to the package).
 * k8s: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go.
 */
#ifndef NUTSHELL_KIND_CRD_CHECK_H
#define NUTSHELL_KIND_CRD_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct at;
struct rule_set;
struct hook;
struct json;
struct structural;

/* One openAPIV3Schema: everything (crd_schema_check.c).  status: the version has a status subresource; unchanged: the
 * schema is what it was before an update. */
void crd_check_schema(struct hook *h, const struct at *at, const struct json *schema, bool status,
		      bool unchanged);
/* That it is structural (crd_structural_check.c); errors in upstream's order.  True when it is. */
bool crd_check_structural(struct hook *h, const struct at *at, const struct json *schema);
/* Defaults satisfy the schemas they belong to.  True when they do. */
bool crd_check_defaults(struct hook *h, const struct at *at, const struct structural *s,
			struct rule_set *rules);
/* A dotted path through properties and maps: what is wrong with it, or NULL and *found the schema it leads to (NULL:
 * nowhere in particular). */
const char *crd_field_path(struct hook *h, const char *path, const struct structural *s,
			   bool brackets, const struct structural **found);
/* A valid path as errors show it: ".a['b']" is "a.b". */
const char *crd_field_path_text(struct arena *a, const char *path);
/* Formats that mean nothing. */
void crd_warn_formats(struct hook *h, const struct json *schema, const struct json *old);

#endif
