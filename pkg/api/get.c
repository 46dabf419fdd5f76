/*
 * get: one object from memory, and the wait for a revision that a client has seen elsewhere.
 */
#include "api/core.h"
#include "api/computed.h"

#include "base/arena.h"
#include "base/clock.h"

#include <string.h>
#include <time.h>

#define FUTURE_WAIT_NS 3000000000LL
#define FUTURE_POLL_NS 2000000L

const struct obj *api_get(struct call *c, const struct kind *k, const char *ns, const char *name,
			  struct status *st)
{
	const struct obj *o;

	if (kind_is_computed(k))
		return computed_get(c, k, ns, name, st);
	o = store_get(api_table(c->api, k), kind_ns(k, ns), name);
	if (!o) {
		status_not_found(st, &k->subject, name);
		return NULL;
	}
	return convert_shown(c->a, k, obj_give(c->a, o), st);
}

static bool too_large(int64_t want, int64_t have, struct status *st)
{
	status_timeout(st, 1, "Too large resource version: %lld, current: %lld", (long long)want,
		       (long long)have);
	status_add_cause(st, "ResourceVersionTooLarge", "Too large resource version", NULL);
	return false;
}

bool revision_reached(struct api *api, int64_t want, struct status *st)
{
	int64_t have = store_rev(api->config.store);

	return have >= want || too_large(want, have, st);
}

bool api_await_revision(struct api *api, const char *resource_version, struct status *st)
{
	const struct timespec nap = { .tv_nsec = FUTURE_POLL_NS };
	int64_t deadline = clock_mono_ns() + FUTURE_WAIT_NS;
	int64_t want;

	if (!revision_parse(resource_version, &want))
		return status_bad_request(
			st,
			"resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax",
			resource_version, resource_version);
	while (store_rev(api->config.store) < want) {
		if (clock_mono_ns() >= deadline)
			return too_large(want, store_rev(api->config.store), st);
		nanosleep(&nap, NULL);
	}
	return true;
}
