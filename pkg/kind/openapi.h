/*
 * openapi: OpenAPI v3 and v2 documents of the registry, generated from the schema facts.
 *
 * Documents are written whole on every call (megabytes for v2); callers cache them by
 * kinds_serial().  Nothing here blocks.
 * k8s: kube-openapi, apiserver/pkg/endpoints/installer.go
 */
#ifndef NUTSHELL_KIND_OPENAPI_H
#define NUTSHELL_KIND_OPENAPI_H

struct arena;
struct buf;
struct kinds;

/* The v3 document of one group version ("apis/apps/v1", "api/v1") as JSON; false when not served. */
_Bool openapi_v3(struct buf *out, struct kinds *ks, const char *group_version_path);
/* NULL-terminated paths of all group versions, "api/v1" first. */
const char *const *openapi_v3_paths(struct arena *a, struct kinds *ks);
/* The whole v2 document as JSON, and as gnostic openapi.v2.Document protobuf. */
void openapi_v2_json(struct buf *out, struct kinds *ks);
void openapi_v2_proto(struct buf *out, struct kinds *ks);

/* Where descriptions come from: doc(OpenAPI type name, field or NULL) yields a text that stays valid, or
 * NULL.  Without it documents have no descriptions.  Called once at start, before any document; doc
 * is called from any thread. */
void openapi_set_docs(const char *(*doc)(const char *type, const char *field));

#endif
