/*
 * schema_priv: what the generated facts and the schema files share; nobody else includes it.
 */
#ifndef NUTSHELL_KIND_SCHEMA_PRIV_H
#define NUTSHELL_KIND_SCHEMA_PRIV_H

#include "kind/schema.h"

/* All built-in types, sorted by name; defined by the generated facts. */
extern const struct schema_type *const schema_types[];
extern const size_t schema_ntypes;

#endif
