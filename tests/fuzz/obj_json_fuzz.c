/* Any bytes: refused, or a tree whose text parses again to an equal tree with the same text. */
#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status st = STATUS_INIT;
	struct arena *a = arena_new();
	struct json_dups dups = { 0 };
	struct json *j = json_parse(a, size ? (const char *)data : "", size, &dups, &st);

	if (!j != !status_ok(&st))
		__builtin_trap();
	if (j) {
		char *text = json_text(a, j);
		struct json *again = json_parse(a, text, strlen(text), NULL, &st);

		if (!again || strcmp(json_text(a, again), text) != 0 || !json_equal(j, again))
			__builtin_trap();
	}
	status_clear(&st);
	arena_free(&a);
	return 0;
}
