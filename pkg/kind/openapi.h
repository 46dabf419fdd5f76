/*
 * openapi: OpenAPI v3 and v2 documents of the registry, generated from the schema facts.
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

#endif
