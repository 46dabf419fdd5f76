/*
 * Anything that json_parse() takes must print to a text that parses to an equal tree and prints the
 * same again; with metadata it must freeze, seal and thaw unchanged.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/obj.h"
#include "obj/status_json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void check_object(struct arena *a, struct json *tree)
{
	static const char *const paths[] = { "spec.a.0", "conditions:Ready", NULL };
	static const struct obj_fields fields = { paths };
	struct obj *o;

	if (!json_is_object(json_get(tree, "metadata")))
		return;
	json_set_str(a, json_get(tree, "metadata"), "resourceVersion", "123");
	o = obj_new(tree, &fields);
	obj_seal(o, 123);
	BUG_ON(strlen(o->json) != o->len || !json_equal(obj_tree(a, o), tree));
	obj_unref(obj_reseal(obj_give(a, o), INT64_MAX));
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	BUF_AUTO struct buf one = BUF_INIT, two = BUF_INIT;
	struct arena *a = arena_new();
	struct json_dups dups;
	struct json *j = json_parse(a, (const char *)p, n, &dups, &st), *again;

	BUG_ON(!j && st.code != 400);
	if (j) {
		json_print(&one, j);
		again = json_parse_own(a, one.p, one.len);
		json_print(&two, again);
		BUG_ON(one.len != two.len || memcmp(one.p, two.p, one.len) != 0);
		BUG_ON(!json_equal(j, again) || !json_equal(j, json_copy(a, j)));
		status_from_tree(&st, j);
		check_object(a, j);
	}
	arena_free(&a);
	return 0;
}
