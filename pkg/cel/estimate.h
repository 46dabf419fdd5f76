/*
 * estimate: static bounds of size and cost, as an API server needs them to accept or refuse a rule.
 * (cel-go: checker/cost.go; k8s: apiserver/pkg/cel/library/cost.go.)  All arithmetic saturates.
 */
#ifndef NUTSHELL_CEL_ESTIMATE_H
#define NUTSHELL_CEL_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cel_expr;
struct cel_type;
struct estimator; /* the estimator's own */

#define CEL_TRAVERSAL_FACTOR 0.1 /* cost per character walked */
#define CEL_REGEX_FACTOR 0.25    /* cost per character of a pattern */
#define CEL_LIST_COST 10         /* making a list */
#define CEL_MAP_COST 30
#define CEL_OBJECT_COST 40
#define CEL_SELECT_COST 1 /* also an identifier */

struct cel_bounds {
	uint64_t min, max;
};

struct cel_call_estimate {
	struct cel_bounds cost; /* without the arguments' costs unless `whole` */
	struct cel_bounds size; /* of the result, when `sized` */
	bool sized, whole;
	bool replace; /* size, or that there is none, overrules earlier overloads */
};

/* One argument as an estimate function sees it. */
struct cel_operand {
	const struct cel_expr *expr;
	const struct cel_type *type;
	const struct cel_type *declared; /* where its path leads in the root type, or NULL */
	struct cel_bounds size, cost;
	bool sized; /* else size is 0 .. UINT64_MAX */
};

struct cel_estimate_call {
	struct estimator *e;
	const struct cel_expr *expr;
	const char *overload;
	const struct cel_operand *target; /* of a member call, else NULL */
	const struct cel_operand *args;   /* without the target */
	unsigned nargs;
};

struct cel_env;

/* Cost of the whole tree; ids are below nids. */
struct cel_bounds cel_estimate(struct arena *scratch, const struct cel_env *env,
			       const struct cel_expr *root, uint32_t nids);

/* ---- for the estimate functions ---- */
/* What is known of the entries of a list or map that an expression makes. */
struct cel_entries {
	bool known;
	uint8_t kind; /* CEL_KIND_LIST or CEL_KIND_MAP */
	struct cel_bounds key, value;
};
struct cel_entries cel_estimate_entries(const struct estimator *e, const struct cel_expr *expr);
void cel_estimate_set_entries(struct estimator *e, const struct cel_expr *expr,
			      struct cel_entries entries);
/* The expression is an element of the operand's, by its path. */
void cel_estimate_element(struct estimator *e, const struct cel_expr *expr,
			  const struct cel_expr *of);

struct cel_bounds cel_bounds_add(struct cel_bounds x, struct cel_bounds y);
struct cel_bounds cel_bounds_multiply(struct cel_bounds x, struct cel_bounds y);
struct cel_bounds cel_bounds_scale(struct cel_bounds x, double factor); /* rounded up */
struct cel_bounds cel_bounds_union(struct cel_bounds x, struct cel_bounds y);

/* The estimate functions of the rows. */
/* 1 (the default; for a row that upstream names explicitly) */
void cel_estimate_nominal(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* an authorization check: 350000 */
void cel_estimate_check(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* fieldSelector, labelSelector */
void cel_estimate_selector(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* isSorted, sum, max, min, indexOf, lastIndexOf (of strings too) */
void cel_estimate_elements(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* url, jsonpatch.escapeKey */
void cel_estimate_traverse_arg(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* lowerAscii, upperAscii, substring, trim */
void cel_estimate_traverse_target(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_replace(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_split(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_join(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* find, findAll */
void cel_estimate_find(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* cidr, isIP, isCIDR, ip(string), quantity, isQuantity, semver, isSemver */
void cel_estimate_parse_arg(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* ip.isCanonical */
void cel_estimate_canonical(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* of an IP */
void cel_estimate_contains_ip(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* of a string */
void cel_estimate_contains_ip_text(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* of a CIDR */
void cel_estimate_contains_cidr(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* of a string */
void cel_estimate_contains_cidr_text(const struct cel_estimate_call *c,
				     struct cel_call_estimate *out);
/* format.validate() */
void cel_estimate_validate(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* string.format() */
void cel_estimate_format(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_string_to_bytes(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_bytes_to_string(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* strings.quote */
void cel_estimate_quote(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* startsWith, endsWith */
void cel_estimate_affix(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_in_list(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_matches(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* string.contains() */
void cel_estimate_contains(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* _&&_, _||_ */
void cel_estimate_logical(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* _?_:_ */
void cel_estimate_conditional(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* of strings and of bytes */
void cel_estimate_add_text(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_add_list(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* < <= > >= of strings and bytes */
void cel_estimate_compare(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* _==_ */
void cel_estimate_equal(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* _!=_ */
void cel_estimate_not_equal(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_index_list(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_index_map(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_list_slice(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_list_flatten(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* lists.range */
void cel_estimate_list_range(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_list_reverse(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_list_distinct(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* sort */
void cel_estimate_list_sort(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* @sortByAssociatedKeys */
void cel_estimate_list_sort_by(const struct cel_estimate_call *c, struct cel_call_estimate *out);
/* sets.contains, sets.intersects */
void cel_estimate_sets(const struct cel_estimate_call *c, struct cel_call_estimate *out);
void cel_estimate_sets_equivalent(const struct cel_estimate_call *c, struct cel_call_estimate *out);

#endif
