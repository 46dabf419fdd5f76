/*
 * The small languages of query strings and fields.  The text of a quantity is a quantity of the same value,
 * and so is its canonical form; the canonical text of a label selector parses to the same text; field
 * selectors, times and durations come without fault.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void quantities(struct arena *a, const char *text)
{
	const char *out, *canonical;
	struct quantity q, back;

	if (!quantity_parse(text, &q))
		return;
	out = quantity_text(a, &q);
	if (!quantity_parse(out, &back) || quantity_cmp(&q, &back) != 0)
		bug("%s prints as %s", text, out);
	canonical = quantity_canonical(a, text);
	if (!quantity_parse(canonical, &back) || quantity_cmp(&q, &back) != 0)
		bug("%s is canonically %s", text, canonical);
	BUG_ON(strcmp(quantity_canonical(a, canonical), canonical) != 0);
	quantity_add(&q, &back);
	quantity_sub(&q, &back);
	quantity_milli(&q);
}

static void selectors(struct arena *a, const char *text)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct selector *s = selector_parse(a, text, &st), *again;
	const char *canonical;

	BUG_ON(!s && st.code != 400);
	if (s) {
		canonical = selector_text(a, s);
		again = selector_parse(a, canonical, &st);
		BUG_ON(!again || strcmp(selector_text(a, again), canonical) != 0);
		selector_matches(s, json_build(a, "{a:\"1\",b:\"\"}"));
	}
	field_selector_parse(a, text, &st);
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct arena *a = arena_new();
	const char *text = arena_dup(a, p, n);
	int64_t t;

	quantities(a, text);
	selectors(a, text);
	time_parse(text, &t);
	duration_parse(text, &t);
	arena_free(&a);
	return 0;
}
