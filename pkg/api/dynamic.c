/*
 * dynamic: sets of compiled registrations, one per source.
 *
 * A set belongs to the revisions of its tables.  Who finds a newer revision builds the next set under the
 * source's lock; requests that hold the old one finish with it.  The empty case, by far the most frequent,
 * never takes the lock: `empty` is written before the revisions it belongs to.
 */
#include "api/dynamic.h"

#include "api/policy.h"
#include "base/arena.h"
#include "base/log.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TABLES 2

struct snapshot {
	atomic_int refs;
	struct arena *a;
	const void *set;
};

struct slot {
	struct lock lock;
	struct table *tables[TABLES]; /* the second may be NULL */
	_Atomic int64_t seen[TABLES];
	atomic_bool empty;
	struct snapshot *now; /* under the lock; NULL before the first request */
	dynamic_build_fn build;
};

struct dynamic {
	struct slot slots[DYNAMIC_SOURCES];
};

static const struct {
	const char *kinds[TABLES];
	dynamic_build_fn build;
} sources[DYNAMIC_SOURCES] = {
	[DYNAMIC_MUTATING_HOOKS] = { { "MutatingWebhookConfiguration" }, webhooks_build_mutating },
	[DYNAMIC_VALIDATING_HOOKS] = { { "ValidatingWebhookConfiguration" },
				       webhooks_build_validating },
	[DYNAMIC_MUTATING_POLICIES] = { { "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding" },
					policies_build_mutating },
	[DYNAMIC_VALIDATING_POLICIES] = { { "ValidatingAdmissionPolicy",
					    "ValidatingAdmissionPolicyBinding" },
					  policies_build_validating },
};

static void slot_init(struct api *api, struct slot *s, enum dynamic_source source)
{
	lock_init(&s->lock, "dynamic admission", LOCK_API);
	s->build = sources[source].build;
	for (int i = 0; i < TABLES && sources[source].kinds[i]; i++) {
		const struct kind *k = kinds_by_api_version(api->config.kinds,
							    "admissionregistration.k8s.io/v1",
							    sources[source].kinds[i]);

		BUG_ON(!k);
		s->tables[i] = api_table(api, k);
		atomic_init(&s->seen[i], -1);
	}
}

void dynamic_init(struct api *api)
{
	api->dynamic = arena_zalloc(api->a, sizeof *api->dynamic);
	for (int i = 0; i < DYNAMIC_SOURCES; i++)
		slot_init(api, &api->dynamic->slots[i], i);
}

static void snapshot_unref(void *p)
{
	struct snapshot *s = p;

	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	arena_free(&s->a);
	free(s);
}

void dynamic_free(struct api *api)
{
	for (int i = 0; api->dynamic && i < DYNAMIC_SOURCES; i++) {
		snapshot_unref(api->dynamic->slots[i].now);
		lock_destroy(&api->dynamic->slots[i].lock);
	}
}

static bool is_current(const struct slot *s)
{
	for (int i = 0; i < TABLES && s->tables[i]; i++)
		if (atomic_load_explicit(&s->seen[i], memory_order_acquire) != table_rev(s->tables[i]))
			return false;
	return true;
}

/* Under the lock. */
static void rebuild(struct api *api, struct slot *s)
{
	struct snapshot *fresh = calloc(1, sizeof *fresh);
	int64_t revs[TABLES];

	BUG_ON(!fresh);
	for (int i = 0; i < TABLES && s->tables[i]; i++)
		revs[i] = table_rev(s->tables[i]); /* before reading: what comes later is seen again */
	atomic_init(&fresh->refs, 1);
	fresh->a = arena_new();
	fresh->set = s->build(api, fresh->a);
	snapshot_unref(s->now);
	s->now = fresh;
	atomic_store_explicit(&s->empty, !fresh->set, memory_order_relaxed);
	for (int i = 0; i < TABLES && s->tables[i]; i++)
		atomic_store_explicit(&s->seen[i], revs[i], memory_order_release);
}

const void *dynamic_get(struct call *c, enum dynamic_source source)
{
	struct slot *s = &c->api->dynamic->slots[source];
	struct snapshot *held;

	if (is_current(s) && atomic_load_explicit(&s->empty, memory_order_relaxed))
		return NULL;
	lock_take(&s->lock);
	if (!s->now || !is_current(s))
		rebuild(c->api, s);
	held = s->now;
	atomic_fetch_add(&held->refs, 1);
	lock_drop(&s->lock);
	arena_defer(c->a, snapshot_unref, held);
	return held->set;
}

bool dynamic_any(struct call *c)
{
	for (int i = 0; i < DYNAMIC_SOURCES; i++)
		if (dynamic_get(c, i))
			return true;
	return false;
}

bool dynamic_exempt(const struct admission *ad)
{
	const struct subject *s = &ad->k->subject;

	return ad->c->inner || !strcmp(s->group, "admissionregistration.k8s.io");
}
