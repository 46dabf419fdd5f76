/*
 * A live value, a configuration and a FieldsV1, separated by line feeds, through the parts of server-side
 * apply.  What is printed parses to the same set; a configuration applied once more changes nothing; what is
 * owned is there; sets obey the laws of sets.
 */
#include "base/arena.h"
#include "base/log.h"
#include "base/status.h"
#include "kind/schema.h"
#include "obj/fieldset.h"
#include "obj/json.h"
#include "obj/typed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static struct arena *a;

static void check_printed(const struct fieldset *s)
{
	const char *text = json_text(a, fieldset_tree(a, s));
	const struct fieldset *again;

	BUG_ON(!fieldset_parse(a, json_parse_own(a, text, strlen(text)), &again));
	BUG_ON(!fieldset_equal(s, again));
	BUG_ON(strcmp(text, json_text(a, fieldset_tree(a, again))) != 0);
}

static void check_laws(const struct fieldset *x, const struct fieldset *y)
{
	const struct fieldset *all = fieldset_union(a, x, y), *both = fieldset_intersection(a, x, y);

	BUG_ON(!fieldset_equal(all, fieldset_union(a, y, x)));
	BUG_ON(!fieldset_equal(both, fieldset_intersection(a, y, x)));
	BUG_ON(!fieldset_empty(fieldset_difference(a, x, all)));
	BUG_ON(!fieldset_empty(fieldset_intersection(a, fieldset_difference(a, x, y), y)));
	BUG_ON(!fieldset_equal(x, fieldset_union(a, fieldset_difference(a, x, y), both)));
}

static void check_merge(const struct typed *t, const struct json *live, const struct json *config)
{
	struct typed_changes ch;
	const struct json *now;

	if (typed_check(t, config, false) || typed_check(t, live, true))
		return;
	now = typed_merge(t, live, config);
	BUG_ON(typed_check(t, now, true) != NULL);
	typed_compare(t, now, typed_merge(t, now, config), false, &ch);
	BUG_ON(!fieldset_empty(ch.removed) || !fieldset_empty(ch.modified) ||
	       !fieldset_empty(ch.added));
	typed_compare(t, live, now, true, &ch);
	check_printed(ch.added);
	check_printed(typed_fields(t, config));
}

static void check_set(const struct typed *t, const struct json *live, const struct fieldset *s)
{
	const struct fieldset *own = typed_fields(t, live);

	check_printed(s);
	check_laws(own, s);
	check_laws(typed_named(t, s), s);
	check_printed(typed_reconcile(t, s));
	check_printed(typed_fields(t, typed_remove(t, live, s)));
	fieldset_select(a, own, s);
	fieldset_prune(a, own, s);
}

static struct json *line(const unsigned char **p, size_t *n)
{
	const unsigned char *end = memchr(*p, '\n', *n);
	size_t len = end ? (size_t)(end - *p) : *n;
	struct json *v = json_parse(a, (const char *)*p, len, NULL, NULL);

	*p += len + (end != NULL);
	*n -= len + (end != NULL);
	return v;
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	static const char *const names[] = { "io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.Service",
					     NULL };
	const struct fieldset *s;
	const struct json *live, *config, *fields;

	a = arena_new();
	live = line(&p, &n);
	config = line(&p, &n);
	fields = line(&p, &n);
	for (size_t i = 0; i < 3 && json_is_object(live); i++) {
		struct typed t = { a, &schema_typed, { NULL, 0 } };

		if (names[i])
			t.root = schema_root(schema_find(names[i]));
		if (json_is_object(config))
			check_merge(&t, live, config);
		if (fields && fieldset_parse(a, fields, &s))
			check_set(&t, live, s);
	}
	arena_free(&a);
	return 0;
}
