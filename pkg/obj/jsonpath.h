/*
 * jsonpath: the paths of printer columns, selectable fields and scale subresources.
 *
 * The language of client-go's template package within one pair of braces: .name, ['name'], [2], [-1],
 * [1:5:2], [*], .*, ..name, [?(@.type=="Ready")], unions.  A parsed path is constant and lives in its arena.
 * k8s: client-go/util/jsonpath.
 */
#ifndef NUTSHELL_OBJ_JSONPATH_H
#define NUTSHELL_OBJ_JSONPATH_H

#include <stddef.h>

struct arena;
struct json;
struct jsonpath;
struct status;

/* NULL when the text is no path; 400 says what is wrong. */
struct jsonpath *jsonpath_parse(struct arena *a, const char *text, struct status *st);
/* The first match, or NULL: keys that are missing match nothing. */
const struct json *jsonpath_first(const struct jsonpath *p, const struct json *root);

#endif
