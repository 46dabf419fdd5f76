/* Any bytes as a protobuf body: refused, or a tree that is clean already. */
#include "base/arena.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status st = STATUS_INIT;
	struct arena *a = arena_new();
	struct json *o = proto_decode(a, size ? (const char *)data : "", size, lookup, NULL, &st);

	if (!o != !status_ok(&st))
		__builtin_trap();
	if (o) {
		const char *kind = json_path_str(o, "kind");
		const char *text = json_text(a, o);

		if (!schema_clean(a, lookup(NULL, "", kind), kind, "v1", o, NULL, NULL, &st) ||
		    strcmp(json_text(a, o), text) != 0)
			__builtin_trap();
	}
	status_clear(&st);
	arena_free(&a);
	return 0;
}
