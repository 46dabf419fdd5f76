/* Any bytes: refused, or documents that, printed as YAML, parse to an equal tree. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct status st = STATUS_INIT;
	struct arena *a = arena_new();
	struct json *all = yaml_parse_all(a, size ? (const char *)data : "", size, &st);

	if (!all && status_ok(&st))
		__builtin_trap();
	json_each(doc, all) {
		struct buf b = BUF_INIT;
		struct json *again;

		yaml_print(&b, doc);
		again = yaml_parse(a, b.p, b.len, NULL, &st);
		if (!again || !json_equal(doc, again))
			__builtin_trap();
		buf_free(&b);
	}
	status_clear(&st);
	arena_free(&a);
	return 0;
}
