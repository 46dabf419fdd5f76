/* Two documents, split at the first newline: the second patches the first, as JSON patch and as merge
 * patch. No patch may crash, and a merge patch applied twice changes nothing more. */
#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/patch.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, '\n', size) : NULL;
	struct status st = STATUS_INIT;
	struct arena *a;
	struct json *doc, *patch;

	if (!cut)
		return 0;
	a = arena_new();
	doc = json_parse(a, (const char *)data, (size_t)(cut - data), NULL, &st);
	patch = json_parse(a, (const char *)cut + 1, size - (size_t)(cut - data) - 1, NULL, &st);
	if (doc && patch) {
		struct json *once = patch_merge(a, json_copy(a, doc), patch);
		struct json *twice = patch_merge(a, json_copy(a, once), patch);

		if (!json_equal(once, twice))
			__builtin_trap();
		patch_json(a, doc, patch, &st);
	}
	status_clear(&st);
	arena_free(&a);
	return 0;
}
