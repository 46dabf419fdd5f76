/*
 * history: the ControllerRevisions of a workload, each a pod template it once had.
 *
 * StatefulSets and DaemonSets name the template of a pod by the revision that holds it, so that old pods can
 * be told from new ones and `kubectl rollout undo` has something to return to.  A revision's data is a
 * strategic merge patch that puts its template back.  Blocks where it writes.
 * k8s: pkg/controller/history/controller_history.go.
 */
#ifndef NUTSHELL_CONTROL_HISTORY_H
#define NUTSHELL_CONTROL_HISTORY_H

#include "work/work.h"

struct selector;

struct revision {
	const struct obj *obj; /* its name is the revision's name */
	const struct json *template;
	int64_t number;
};

struct history {
	struct task *t;
	const char *hash_label; /* where a revision carries the hash of its data; set by the caller */
	const struct kind *kind, *owner_kind;
	const struct obj *owner;
	struct revision *all; /* oldest first */
	size_t n;
};

/* The claimed revisions of owner. */
bool history_read(struct history *h, struct task *t, const struct kind *owner_kind,
		  const struct obj *owner, const struct selector *sel, struct status *st);
/* The newest revision, made to hold this template of the owner's tree: an equal one is renumbered, else one is
 * created.  *collisions counts names that were taken.  NULL with st. */
const struct revision *history_settle(struct history *h, const struct json *owner_tree,
				      int64_t *collisions, struct status *st);
/* By name, or NULL. */
const struct revision *history_find(const struct history *h, const char *name);
/* Delete the oldest of those that are not live(name, arg) until limit of them remain. */
bool history_truncate(struct history *h, int64_t limit, bool (*live)(const char *name, void *arg),
		      void *arg, struct status *st);

#endif
