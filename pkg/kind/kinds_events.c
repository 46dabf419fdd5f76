/*
 * Rows of events.k8s.io, a second face of core events.
 * k8s: pkg/registry/{events} and discovery of 1.36.
 *
 * Read a row top down: what discovery says, where its facts are, what the store indexes, how it
 * differs from the usual (flags), and which hooks it has.  NULL means the default of kind.c.
 */
#include "kind/columns.h"
#include "kind/hooks.h"
#include "kind/rows.h"
#include "kind/types.h"

const struct kind kinds_events[] = {
	{
		.subject = { "events.k8s.io", "events", "Event" },
		.version = "v1",
		.singular = "event",
		.shorts = NAMES("ev"),
		.namespaced = true,
		.verbs = VERBS_ALL,
		.type = &type_events_v1_Event,
		.columns = columns_event,
		.fields = NAMES("involvedObject.kind", "involvedObject.namespace",
				"involvedObject.name", "involvedObject.uid",
				"involvedObject.apiVersion", "involvedObject.resourceVersion",
				"involvedObject.fieldPath", "reason", "reportingComponent",
				"source.component", "type"),
		.nselectable = 11,
		.selectable_names = NAMES("regarding.kind", "regarding.namespace", "regarding.name",
					  "regarding.uid", "regarding.apiVersion",
					  "regarding.resourceVersion", "regarding.fieldPath",
					  "reason", "reportingComponent", "source", "type"),
		.storage = &kinds_core[KIND_CORE_EVENT],
		.create_on_update = true,
		.to_storage = event_to_storage,
		.from_storage = event_from_storage,
		.validate = event_validate,
	},
};

const size_t kinds_events_n = sizeof kinds_events / sizeof *kinds_events;
