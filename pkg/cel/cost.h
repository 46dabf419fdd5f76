/*
 * cost: run-time prices of calls, for the rows (cel-go: interpreter/runtimecost.go; k8s:
 * apiserver/pkg/cel/library/cost.go CallCost; the extensions' cost trackers).
 */
#ifndef NUTSHELL_CEL_COST_H
#define NUTSHELL_CEL_COST_H

#include <stdbool.h>
#include <stdint.h>

struct cel_function;
struct cel_value;

#define CEL_COST(name) \
	uint64_t name(const struct cel_value *args, unsigned n, const struct cel_value *out)

/* Upstream prices the row's function by name, so also when the overload is not known. */
bool cel_cost_by_name(const struct cel_function *row);

CEL_COST(cel_cost_compare);      /* the shorter of two, a tenth per character */
CEL_COST(cel_cost_traverse);     /* args[0], a tenth per character */
CEL_COST(cel_cost_traverse_own); /* the same, for functions priced by overload */
CEL_COST(cel_cost_traverse_two); /* args[0] twice */
CEL_COST(cel_cost_join);         /* the result twice */
CEL_COST(cel_cost_add_text);     /* both */
CEL_COST(cel_cost_in_list);
CEL_COST(cel_cost_matches); /* text times pattern; also find */
CEL_COST(cel_cost_find);
CEL_COST(cel_cost_contains);
CEL_COST(cel_cost_elements); /* the whole tree of args[0] */
CEL_COST(cel_cost_check);
CEL_COST(cel_cost_selector);
CEL_COST(cel_cost_contains_ip);
CEL_COST(cel_cost_contains_ip_text);
CEL_COST(cel_cost_contains_cidr);
CEL_COST(cel_cost_contains_cidr_text);
CEL_COST(cel_cost_validate);
CEL_COST(cel_cost_sets);
CEL_COST(cel_cost_sets_equivalent);
CEL_COST(cel_cost_list_result);
CEL_COST(cel_cost_flatten);
CEL_COST(cel_cost_self_compare); /* sort, distinct */
CEL_COST(cel_cost_sort_by);

#endif
