/*
 * watch: changes of a table as one watcher must see them.
 *
 * A watch is a cursor with selectors, not a queue: it costs nothing while nobody asks, and a slow reader
 * hurts nobody.  watch_next() never waits; who wants to sleep until there may be more subscribes to the store.
 * One thread at a time per watch.  k8s: apiserver/pkg/storage/cacher.
 */
#ifndef NUTSHELL_API_WATCH_H
#define NUTSHELL_API_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct api;
struct kind;
struct obj;
struct status;

struct watch_options {
	const char *label_selector, *field_selector;
	const char *resource_version;
	const char *match;
	bool bookmarks;          /* allowWatchBookmarks */
	bool initial_events;     /* sendInitialEvents=true */
	bool initial_events_set; /* the parameter was given at all */
};

struct watch; /* owns its memory; not tied to a call's arena */

enum watch_type { WATCH_ADDED, WATCH_MODIFIED, WATCH_DELETED, WATCH_BOOKMARK, WATCH_ERROR };

struct watch_event {
	enum watch_type type;
	const struct obj *obj; /* NULL for BOOKMARK and ERROR; reference dropped by watch_event_clear() */
	int64_t rev;           /* of the event or bookmark */
	bool initial_end; /* BOOKMARK that ends the initial events */
};

/* 400/422 on bad options; an expired start is reported by watch_next() as upstream does (in-band). */
struct watch *watch_open(struct api *api, const struct kind *k, const char *ns,
			 const struct watch_options *o, struct status *st);
/* Next event without waiting; false when there is none now.  On WATCH_ERROR st holds the Status (410) and the
 * watch is over. */
bool watch_next(struct watch *w, struct watch_event *out, struct status *st);
void watch_event_clear(struct watch_event *e);
/* The revision up to which everything has been delivered: what a bookmark says. */
int64_t watch_rev(const struct watch *w);
void watch_close(struct watch **w);

#endif
