/*
 * yaml_scalar: what a plain YAML scalar means.  Shared by the YAML reader and writer only.
 */
#ifndef NUTSHELL_OBJ_YAML_SCALAR_H
#define NUTSHELL_OBJ_YAML_SCALAR_H

struct arena;
struct json;

/* The node of a plain scalar under YAML 1.1 as Go's yaml.v2 resolves it: null, boolean, number or
 * string.  NULL for .nan and .inf, which JSON cannot say. */
struct json *yaml_scalar(struct arena *a, const char *s);

#endif
