/*
 * table: the forms an object can be shown in: Table rows and PartialObjectMetadata.  Private to the
 * package; used by replies and by watches.
 */
#ifndef NUTSHELL_SERVER_TABLE_H
#define NUTSHELL_SERVER_TABLE_H

#include "api/api.h"
#include "base/buf.h"
#include "server/query.h"

enum include { INCLUDE_METADATA, INCLUDE_OBJECT, INCLUDE_NONE };

/* The includeObject parameter; 400 on anything unknown. */
bool table_include(const struct query *q, enum include *out, struct status *st);

/* `{"kind":"Table",...,"metadata":{META},"columnDefinitions":[...],"rows":[`; columns NULL: null, as in
 * the second and later events of a watch.  meta is the inside of the metadata object. */
void table_open(struct buf *b, const struct kind *columns, bool beta, const char *meta);
/* One row; scratch is reset by the callee's caller between rows. */
void table_row(struct buf *b, struct arena *scratch, const struct kind *k, const struct obj *o,
	       enum include include, bool beta, int64_t now_s);
void table_close(struct buf *b);

/* {"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{...}} */
void partial_print(struct buf *b, const struct obj *o, bool beta);
/* The bytes of an object's metadata value. */
void partial_metadata(const struct obj *o, const char **p, size_t *n);

#endif
