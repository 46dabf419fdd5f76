/* Cron schedules, and sets of completion indexes: whatever parses has a next moment, or none, soon. */
#include "base/arena.h"
#include "base/cron.h"
#include "base/log.h"
#include "base/zone.h"
#include "control/indexes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void try_indexes(struct arena *a, const char *text)
{
	struct indexes x = indexes_parse(a, text, 1000000), y;

	y = indexes_parse(a, indexes_text(a, &x), 1000000);
	BUG_ON(strcmp(indexes_text(a, &x), indexes_text(a, &y)));
	BUG_ON(indexes_total(&x) != indexes_common(&x, &y));
}

static void try_cron(struct arena *a, const char *text, const char *zone)
{
	const struct zone *z = zone_find(a, zone);
	const char *why;
	struct cron c;
	int64_t t = 1700000000, next;

	if (!cron_parse(a, text, &c, &why))
		return;
	next = cron_next(&c, z ? z : zone_find(a, ""), t);
	BUG_ON(next && next <= t);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	char *text = arena_printf(a, "%.*s", (int)n, (const char *)p);
	char *zone = strchr(text, '|');

	if (zone)
		*zone++ = '\0';
	try_cron(a, text, zone ? zone : "America/New_York");
	try_indexes(a, text);
	arena_free(&a);
	return 0;
}
