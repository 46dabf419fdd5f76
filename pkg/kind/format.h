/*
 * format: the formats of strings that schemas may demand (private to the package).
 * k8s: kube-openapi/pkg/validation/strfmt, apiextensions-apiserver/pkg/apiserver/validation/formats.go.
 */
#ifndef NUTSHELL_KIND_FORMAT_H
#define NUTSHELL_KIND_FORMAT_H

#include <stdbool.h>

struct structural;

/* The format that binds a schema: NULL when it has none, or one that is ignored with its type. */
const char *format_in_force(const struct structural *s);
/* The same by names; type "" is none. */
bool format_recognized(const char *type, const char *format);
/* True for formats of strings that are checked. */
bool format_known(const char *format);
bool format_holds(const char *format, const char *s);

#endif
