/* The small languages of query strings and fields: selectors and quantities. What was understood is
 * printed in its canonical form, which must be understood again and not change any more. */
#include "base/arena.h"
#include "base/status.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void selectors(struct arena *a, const char *text)
{
	struct status st = STATUS_INIT;
	struct selector *s = selector_parse(a, text, &st);

	if (s) {
		char *canonical = selector_text(a, s);

		s = selector_parse(a, canonical, &st);
		if (!s || strcmp(selector_text(a, s), canonical) != 0)
			__builtin_trap();
	}
	field_selector_parse(a, text, &st);
	status_clear(&st);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = arena_dup(a, data, size);
	char *canonical = quantity_canonical(a, text);

	if (canonical) {
		char *again = quantity_canonical(a, canonical);

		if (!again || strcmp(again, canonical) != 0)
			__builtin_trap();
	}
	selectors(a, text);
	arena_free(&a);
	return 0;
}
