/*
 * event: events.k8s.io/v1 as another face of the stored core event.
 * k8s: pkg/apis/events/v1/conversion.go.
 */
#include "kind/hooks.h"

#include "obj/json.h"

static const struct {
	const char *core, *events;
} names[] = {
	{ "involvedObject", "regarding" },
	{ "message", "note" },
	{ "source", "deprecatedSource" },
	{ "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "lastTimestamp", "deprecatedLastTimestamp" },
	{ "count", "deprecatedCount" },
	{ "reportingComponent", "reportingController" },
};

static void rename(struct hook *h, struct json *o, const char *from, const char *to)
{
	struct json *v = json_get(o, from);

	if (!v)
		return;
	json_detach(o, v);
	json_set(h->a, o, to, v);
}

HOOK(event_to_storage)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		rename(h, o, names[i].events, names[i].core);
}

HOOK(event_from_storage)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		rename(h, o, names[i].core, names[i].events);
}
