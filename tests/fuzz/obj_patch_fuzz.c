/*
 * A document and a patch, separated by a line feed, through all three kinds of patch.  Whatever comes out
 * must be printable and valid again, so no patch can make a tree that is too deep.
 */
#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/patch.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

/* Names decide: l* merges by "name", s* merges scalars, r* retains keys, m* are maps. */
static bool field(const void *type, const char *name, struct patch_field *out)
{
	*out = (struct patch_field){ .type = type };
	out->merge = *name == 'l' || *name == 's';
	out->merge_key = *name == 'l' ? "name" : NULL;
	out->retain_keys = *name == 'r';
	out->is_map = *name == 'm';
	return *name != 'u';
}

static void check(struct arena *a, const struct json *result, const struct status *st)
{
	const char *text;

	BUG_ON(!result && (st->code < 400 || st->code > 500));
	if (!result)
		return;
	text = json_text(a, result);
	BUG_ON(!json_equal(result, json_parse_own(a, text, strlen(text))));
}

static void apply(struct arena *a, const struct json *doc, const struct json *patch)
{
	static const struct patch_schema schema = { field };
	STATUS_AUTO struct status st = STATUS_INIT;

	check(a, patch_json(a, json_copy(a, doc), patch, &st), &st);
	status_clear(&st);
	check(a, patch_merge(a, json_copy(a, doc), patch), &st);
	if (json_is_object(doc))
		check(a, patch_strategic(a, json_copy(a, doc), patch, &schema, "root", &st), &st);
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	const unsigned char *mid = n ? memchr(p, '\n', n) : NULL;
	struct arena *a = arena_new();
	const struct json *doc, *patch;

	if (mid) {
		doc = json_parse(a, (const char *)p, (size_t)(mid - p), NULL, NULL);
		patch = json_parse(a, (const char *)mid + 1, n - (size_t)(mid - p) - 1, NULL, NULL);
		if (doc && patch)
			apply(a, doc, patch);
	}
	arena_free(&a);
	return 0;
}
