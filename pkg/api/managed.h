/*
 * managed: who owns which fields of an object (metadata.managedFields).
 *
 * An entry is identified by manager, operation, subresource and, for updates, apiVersion.  The sets are those of
 * obj/fieldset.h, in the arena of the call.  k8s: apimachinery/pkg/util/managedfields.
 */
#ifndef NUTSHELL_API_MANAGED_H
#define NUTSHELL_API_MANAGED_H

#include "obj/typed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct call;
struct fieldset;
struct json;
struct kind;
struct status;

struct obj;

struct manager {
	const char *id; /* what identifies it, as a JSON text; sorts conflicts */
	const char *name, *version, *sub;
	const char *time; /* NULL = none */
	bool apply;
	const struct fieldset *set;
	const struct json *fields; /* FieldsV1 as it was read; NULL: write `set` */
	bool unread;               /* set is still to be made of fields */
};

struct managed {
	struct arena *a;
	struct manager *p; /* in no order */
	size_t n, cap;
};

/* NULL (an absent list is valid), or what is wrong with it. */
const char *managed_parse(struct arena *a, const struct json *list, struct managed *out);
/* The same of a list that was parsed before it was stored: sets are left unread until somebody asks. */
const char *managed_skim(struct arena *a, const struct json *list, struct managed *out);
void managed_read(const struct managed *m, struct manager *x);
/* The list in upstream's order; NULL when there are none. */
struct json *managed_tree(const struct managed *m);
struct manager managed_manager(struct arena *a, const char *name, const char *version,
			       const char *sub, bool apply);
struct manager *managed_find(const struct managed *m, const char *id);
void managed_add(struct managed *m, const struct manager *x);
void managed_remove(struct managed *m, struct manager *x);
void managed_set(struct manager *x, const struct fieldset *set);
/* Drop entries that own nothing. */
void managed_sweep(struct managed *m);
/* At most ten entries of updates: the oldest become `ancient-changes`. */
void managed_cap(struct managed *m);

/* One write, seen by the field managers. */
struct ownership {
	struct call *c;
	const struct kind *k;
	const char *sub;         /* "" = main resource */
	const char *version;     /* apiVersion of k */
	const struct json *live; /* in version k; NULL: there is none yet */
	struct managed managed;
	struct typed typed;
	const struct version *versions; /* comparisons made so far */
};
void ownership_open(struct ownership *w, struct call *c, const struct kind *k, const char *sub,
		    const struct json *live);

/* Read and bring to the schema as it is now: what has become atomic since is owned as a whole. */
void ownership_read(struct ownership *w, struct manager *x);
/* What became of live, as version `text` shows it; NULL: there is no such version any more. */
const struct typed_changes *ownership_changes(struct ownership *w, const struct json *now,
					      const char *text);
/* set without what the write cannot own. */
const struct fieldset *ownership_filter(struct ownership *w, const struct fieldset *set);
/* set without what nobody ever owns. */
const struct fieldset *ownership_strip(struct ownership *w, const struct fieldset *set);
/* The type of version `text`, and a tree of version k in it (or of it in version k).  False: gone. */
bool ownership_type(struct ownership *w, const char *text, struct typed *out);
const struct json *ownership_convert(struct ownership *w, const struct json *o, const char *from,
				     const char *to);
/* Take what has changed from everybody but `except` (may be NULL). */
void ownership_settle(struct ownership *w, const struct json *now, const char *except);
/* Give what has changed to manager `name`, Update. */
void ownership_claim(struct ownership *w, const struct json *now, const char *name);

/* o is about to be written where live was (NULL: nothing): sets its metadata.managedFields. The call's manager
 * NULL: nobody takes anything.  (managed_update.c) */
void managed_update(struct call *c, const struct kind *k, const char *sub, const struct json *live,
		    struct json *o);

/* After mutating admission: a list that is none any more becomes `before` (NULL: none) again, with a warning. */
void managed_guard(struct call *c, struct json *o, const struct json *before);

/* Merge config into w->live for `name`.  NULL with st filled (409 with conflicts, 500), else the merged tree
 * in version k, without managedFields; w->managed is the new state.  *changed false: it equals live.
 * (managed_apply.c) */
struct json *managed_apply(struct ownership *w, const struct json *config, const char *name,
			   bool force, bool *changed, struct status *st);

/* The managedFields of o's Scale; and of o once `list` is what the Scale has.  NULL = none.
 * (managed_scale.c) */
struct json *managed_to_scale(struct call *c, const struct kind *k, const struct json *o);
struct json *managed_from_scale(struct call *c, const struct kind *k, const struct json *o,
				const struct json *list);

/* What an apply of config to live (NULL: nothing) makes: clean, with managedFields. */
struct json *apply_merge(struct call *c, const struct kind *k, const char *sub,
			 const struct json *live, const struct json *config, bool force,
			 struct status *st);

/* `managedFields: [{}]` and `[]` start over. */
bool managed_is_reset(const struct json *list);
/* Equal but for times. */
bool managed_equal(const struct json *x, const struct json *y);

#endif
