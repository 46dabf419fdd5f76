/*
 * accept: which form of an answer a client asked for.
 */
#ifndef NUTSHELL_SERVER_ACCEPT_H
#define NUTSHELL_SERVER_ACCEPT_H

#include <stdbool.h>

enum form { FORM_OBJECT, FORM_TABLE, FORM_PARTIAL, FORM_PARTIAL_LIST };

struct accept {
	enum form form;
	bool yaml, proto; /* neither: JSON */
	bool beta;        /* the form's version is meta.k8s.io/v1beta1 */
};

/* What a request can be answered with, besides plain JSON. */
enum {
	ACCEPT_YAML = 1 << 0,
	ACCEPT_FORMS = 1 << 1,       /* Table and PartialObjectMetadata(List) */
	ACCEPT_PROTO = 1 << 2,       /* application/vnd.kubernetes.protobuf, of all but Tables */
	ACCEPT_PROTO_FORMS = 1 << 3, /* ... but only of partial objects: custom resources have no other */
};

/* Walk the clauses of an Accept header (NULL or "": JSON) by quality, then specificity, then order; the
 * first that can be satisfied wins.  False: none can (406). */
bool accept_parse(const char *header, unsigned offers, struct accept *out);

/* The first satisfiable clause asks for `as=want` of group g and version v (aggregated discovery). */
bool accept_wants(const char *header, const char *g, const char *v, const char *want);
/* A coding such as "gzip" is acceptable according to an Accept-Encoding header. */
bool accept_encoding(const char *header, const char *coding);

#endif
