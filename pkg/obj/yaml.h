/*
 * yaml: YAML 1.1 documents to JSON trees and back (libyaml; sigs.k8s.io/yaml rules: only string keys,
 * yes/no stay strings only when quoted, integers and floats typed by their text).
 */
#ifndef NUTSHELL_OBJ_YAML_H
#define NUTSHELL_OBJ_YAML_H

#include <stddef.h>

struct arena;
struct buf;
struct json;
struct json_dups;
struct status;

/* The first document.  Aliases are expanded within a size limit.  400 on errors. */
struct json *yaml_parse(struct arena *a, const char *p, size_t n, struct json_dups *dups,
			struct status *st);
/* All documents of a stream, as an array; empty documents are left out. */
struct json *yaml_parse_all(struct arena *a, const char *p, size_t n, struct status *st);
/* Block style, strings quoted where a reader could take them for something else. */
void yaml_print(struct buf *b, const struct json *j);

#endif
