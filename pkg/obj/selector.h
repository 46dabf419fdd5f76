/*
 * selector: label and field selectors (k8s: apimachinery/pkg/labels, fields).
 * Compiled into an arena, then immutable and shareable while the arena lives.
 */
#ifndef NUTSHELL_OBJ_SELECTOR_H
#define NUTSHELL_OBJ_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;
struct obj;
struct status;

struct selector;

/* "a=b,c!=d,e in (x,y),!f,g>1"; empty text matches everything.  400 on syntax errors with upstream's
 * text (`unable to parse requirement: ...`). */
struct selector *selector_parse(struct arena *a, const char *text, struct status *st);
/* metav1.LabelSelector {matchLabels, matchExpressions}; NULL node matches nothing, {} everything. */
struct selector *selector_from_label_selector(struct arena *a, const struct json *ls,
					      struct status *st);
/* A plain map of equalities (Service.spec.selector); NULL or empty matches nothing. */
struct selector *selector_from_map(struct arena *a, const struct json *map);
bool selector_matches_obj(const struct selector *s, const struct obj *o);
/* labels: a JSON object of strings (may be NULL). */
bool selector_matches(const struct selector *s, const struct json *labels);
bool selector_everything(const struct selector *s);
/* Canonical text, requirements sorted by key. */
char *selector_text(struct arena *a, const struct selector *s);

/* Field selectors: `k=v,k==v,k!=v` with \, \= and \\ escapes.  Terms are exposed, the api maps keys to
 * header fields and rejects unsupported ones. */
struct field_term {
	const char *key, *value;
	bool negate;
};
struct field_selector {
	struct field_term *terms;
	size_t n;
};
struct field_selector *field_selector_parse(struct arena *a, const char *text, struct status *st);

#endif
