/* Any bytes as the text to be encoded (refused or encoded, never more); and what the decoder accepts must come
 * back the same from the encoder. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "kind/schema.h"
#include "kind/types.h"
#include "obj/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct schema_type *lookup(void *arg, const char *api_version, const char *kind)
{
	const struct schema_type *t;
	size_t it = 0;

	(void)arg;
	(void)api_version;
	while ((t = schema_next(&it)))
		if (t->kind && strcmp(t->kind, kind) == 0)
			return t;
	return &type_core_v1_Pod;
}

static char *decoded(struct arena *a, const void *p, size_t n, const char **kind)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *o = proto_decode(a, p, n, lookup, NULL, &st);

	*kind = json_path_str(o, "kind");
	return o ? json_text(a, o) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BUF_AUTO struct buf junk = BUF_INIT, b = BUF_INIT;
	struct arena *a = arena_new();
	const char *kind, *again;
	char *text = decoded(a, size ? (const char *)data : "", size, &kind), *copy;

	/* a NUL stands behind every text of ours */
	copy = arena_dup(a, data, size);
	proto_encode_body(&junk, &type_core_v1_Pod, copy, size);
	proto_encode(&junk, &type_apiextensions_v1_CustomResourceDefinition, copy, size);
	if (text && proto_encode_body(&b, lookup(NULL, "", kind), text, strlen(text))) {
		char *twin = decoded(a, b.p, b.len, &again);

		if (!twin || strcmp(twin, text) != 0)
			__builtin_trap();
	}
	arena_free(&a);
	return 0;
}
