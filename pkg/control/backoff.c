#include "control/backoff.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"

#include <stdlib.h>

#define FIRST_MS 1000
#define LAST_MS (15 * 60 * 1000)
#define SWEEP_AT 256 /* entries */

struct backoffs {
	struct lock lock;
	struct map *entries;
};

struct entry {
	int64_t tried_ms, delay_ms;
};

struct backoffs *backoffs_new(void)
{
	struct backoffs *b = calloc(1, sizeof *b);

	BUG_ON(!b);
	lock_init(&b->lock, "backoffs", LOCK_CONTROL);
	b->entries = map_new();
	return b;
}

void backoffs_free(struct backoffs **b)
{
	if (!*b)
		return;
	map_free(&(*b)->entries, free);
	lock_destroy(&(*b)->lock);
	free(*b);
	*b = NULL;
}

static void sweep(struct backoffs *b, int64_t now_ms)
{
	const char *key;
	void *value;
	size_t it = 0;

	if (map_count(b->entries) < SWEEP_AT)
		return;
	while (map_next(b->entries, &it, &key, &value)) {
		struct entry *e = value;

		if (now_ms - e->tried_ms > 2 * LAST_MS)
			free(map_del(b->entries, key));
	}
}

static struct entry *entry_of(struct backoffs *b, const char *key, int64_t now_ms)
{
	struct entry *e = map_get(b->entries, key);

	if (e)
		return e;
	sweep(b, now_ms);
	e = calloc(1, sizeof *e);
	BUG_ON(!e);
	map_set(b->entries, key, e);
	return e;
}

int64_t backoffs_try(struct backoffs *b, const char *key)
{
	int64_t now_ms = clock_mono_ns() / 1000000, left = 0;
	struct entry *e;

	lock_take(&b->lock);
	e = entry_of(b, key, now_ms);
	if (e->delay_ms && now_ms - e->tried_ms > 2 * LAST_MS)
		e->delay_ms = 0;
	if (e->delay_ms && now_ms - e->tried_ms < e->delay_ms) {
		left = e->delay_ms - (now_ms - e->tried_ms);
	} else {
		e->tried_ms = now_ms;
		e->delay_ms = e->delay_ms ? e->delay_ms * 2 : FIRST_MS;
		if (e->delay_ms > LAST_MS)
			e->delay_ms = LAST_MS;
	}
	lock_drop(&b->lock);
	return left;
}
