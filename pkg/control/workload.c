#include "control/workload.h"

#include "base/status.h"
#include "obj/json.h"
#include "obj/selector.h"

#include <stdlib.h>
#include <string.h>

struct selector *workload_selector(struct arena *a, const struct json *selector, struct status *st)
{
	if (json_is_string(json_first(selector)))
		return selector_from_map(a, selector);
	return selector_from_label_selector(a, selector, st);
}

int64_t int_or_percent(const struct json *v, int64_t total, bool up)
{
	int64_t n;

	if (json_int(v, &n))
		return n;
	n = strtoll(json_str(v), NULL, 10) * total;
	return up ? (n + 99) / 100 : n / 100;
}

void status_count(struct arena *a, struct json *status, const char *name, int64_t n, bool always)
{
	if (n || always)
		json_set_int(a, status, name, n);
	else
		json_del(status, name);
}

bool namespace_ending(const struct status *st)
{
	for (size_t i = 0; i < st->ncauses; i++)
		if (st->causes[i].reason && !strcmp(st->causes[i].reason, "NamespaceTerminating"))
			return true;
	return false;
}
