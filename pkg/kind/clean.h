/*
 * clean: what the files behind schema_clean() share; nobody else includes it.
 */
#ifndef NUTSHELL_KIND_CLEAN_H
#define NUTSHELL_KIND_CLEAN_H

#include "kind/schema.h"

/* One step of the way from the root to a value; the steps live on the walker's stack. */
struct step {
	const struct step *up;
	const struct schema_type *owner; /* of a field; NULL: an item or a map's value */
	const char *name;                /* of a field or the key in a map; NULL: an item */
	size_t index;
};

struct cleaner {
	struct arena *a;
	struct schema_warnings *w; /* NULL: unknown fields are not listed */
	/* The first wrong type, with which Go goes on; the first error of a type's own decoder, with
	 * which it stops and which therefore wins. */
	char *mismatch, *fatal;
};

/* Note that v cannot become Go's type `go`.  own: found by a type's own decoder. */
void clean_mismatch(struct cleaner *c, const struct step *at, const struct json *v, const char *go,
		    bool own);
/* Note the text of a type's own decoder. */
void clean_fatal(struct cleaner *c, const char *text);
/* List the unknown member `name` of the object at `at`. */
void clean_unknown(struct cleaner *c, const struct step *at, const char *name);
/* Add one warning, unless there are a hundred already, where Go stops counting. */
void clean_warn(struct arena *a, struct schema_warnings *w, const char *what, const char *path);

/* The canonical node of a scalar that is not null: v itself or a new, unattached one.  NULL after
 * an error.  go: its type as Go names it. */
struct json *clean_scalar(struct cleaner *c, enum scalar kind, const char *go, struct json *v,
			  const struct step *at);
/* A scalar's zero value as Go prints it; NULL where Go prints null. */
struct json *clean_zero_scalar(struct arena *a, enum scalar kind);
/* Whether Go holds v for the zero value of the scalar. */
bool clean_is_zero(enum scalar kind, const struct json *v);

/* Go's words for a text that is no time in the layout (time.RFC3339 or six digits). */
char *clean_time_error(struct arena *a, const char *s, bool micro);
/* time.Duration.String(). */
char *clean_duration_text(struct arena *a, int64_t ns);

#endif
