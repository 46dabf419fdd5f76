/* Two JSON texts, split at a NUL: a schema and a value.  Any schema compiles to something; any value can be pruned, defaulted and
 * validated by it, and pruning and defaulting twice changes nothing more. */
#include "base/arena.h"
#include "base/status.h"
#include "kind/crd.h"
#include "kind/kind.h"
#include "kind/structural.h"
#include "obj/json.h"
#include "obj/jsonpath.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct arena *a, const struct json *schema, struct json *value)
{
	const struct structural *s = structural_compile(a, schema);
	struct field_errors errors = FIELD_ERRORS_INIT;
	struct hook h = { .a = a, .errors = &errors };
	struct json *again;

	if (!s)
		return;
	structural_prune(a, s, value, true, NULL);
	structural_default(a, s, value);
	again = json_copy(a, value);
	structural_validate(&h, s, value, NULL, "");
	structural_validate(&h, s, value, again, "status");
	structural_validate_lists(&h, s, value);
	structural_validate_embedded(&h, s, value);
	field_errors_clear(&errors);
	structural_prune(a, s, again, true, NULL);
	if (json_type(again) != json_type(value))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	const char *nul = memchr(text, '\0', size);
	size_t n = nul ? (size_t)(nul - text) : size;
	struct arena *a = arena_new();
	struct json *schema = json_parse(a, text, n, NULL, NULL), *value = NULL;

	if (nul)
		value = json_parse(a, nul + 1, size - n - 1, NULL, NULL);
	if (schema && value)
		run(a, schema, value);
	jsonpath_parse(a, arena_dup(a, text, n), NULL);
	arena_free(&a);
	return 0;
}
