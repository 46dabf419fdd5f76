/* Anything that yaml_parse() takes must print as YAML that reads back as an equal tree. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/yaml.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	BUF_AUTO struct buf text = BUF_INIT;
	struct arena *a = arena_new();
	struct json_dups dups;
	const struct json *j = yaml_parse(a, (const char *)p, n, &dups, &st), *again;

	BUG_ON(!j && st.code != 400);
	if (j) {
		yaml_print(&text, j);
		again = yaml_parse(a, text.p, text.len, NULL, &st);
		if (!again || !json_equal(j, again))
			bug("%s\nprints as\n%s\nread as %s", json_text(a, j), text.p,
			    again ? json_text(a, again) : st.message);
	}
	BUG_ON(!yaml_parse_all(a, (const char *)p, n, &st) && status_ok(&st));
	arena_free(&a);
	return 0;
}
