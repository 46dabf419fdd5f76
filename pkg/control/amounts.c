#include "control/amounts.h"

#include "base/log.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <stdio.h>
#include <string.h>

static struct amount *find(struct amounts *x, const char *name, bool make)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->item[i].name, name))
			return &x->item[i];
	if (!make)
		return NULL;
	if (x->n == AMOUNTS_MAX) {
		log_warn("scheduler", "more than %d resources on one object: %s is not counted",
			 AMOUNTS_MAX, name);
		return NULL;
	}
	snprintf(x->item[x->n].name, sizeof x->item->name, "%s", name);
	x->item[x->n].value = 0;
	return &x->item[x->n++];
}

int64_t amounts_get(const struct amounts *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->item[i].name, name))
			return x->item[i].value;
	return 0;
}

void amounts_add(struct amounts *x, const struct amounts *y, int sign)
{
	for (size_t i = 0; i < y->n; i++) {
		struct amount *e = find(x, y->item[i].name, true);

		if (e)
			e->value += sign * y->item[i].value;
	}
}

static void amounts_max(struct amounts *x, const struct amounts *y)
{
	for (size_t i = 0; i < y->n; i++) {
		struct amount *e = find(x, y->item[i].name, true);

		if (e && y->item[i].value > e->value)
			e->value = y->item[i].value;
	}
}

void amounts_read(struct amounts *x, const struct json *map)
{
	struct quantity q;

	json_each(r, map) {
		const char *name = json_name(r);
		struct amount *e;

		if (!quantity_parse(json_str(r), &q))
			continue;
		e = find(x, name, true);
		if (e)
			e->value += !strcmp(name, "cpu") ? quantity_milli(&q) : quantity_value(&q);
	}
}

static bool sidecar(const struct json *c)
{
	return !strcmp(json_path_str(c, "restartPolicy"), "Always");
}

/* Init containers run one after the other, each beside the sidecars started before it. */
static void add_init(struct amounts *sum, const struct json *spec)
{
	struct amounts peak = { 0 }, sidecars = { 0 };

	json_each(c, json_get(spec, "initContainers")) {
		struct amounts one = { 0 };

		amounts_read(&one, json_path(c, "resources.requests"));
		if (sidecar(c)) {
			amounts_add(&sidecars, &one, 1);
			amounts_add(sum, &one, 1);
			amounts_max(&peak, &sidecars);
		} else {
			amounts_add(&one, &sidecars, 1);
			amounts_max(&peak, &one);
		}
	}
	amounts_max(sum, &peak);
}

void amounts_of_pod(struct amounts *x, const struct json *spec)
{
	struct amounts level = { 0 }, overhead = { 0 };

	x->n = 0;
	json_each(c, json_get(spec, "containers"))
		amounts_read(x, json_path(c, "resources.requests"));
	add_init(x, spec);
	amounts_read(&level, json_path(spec, "resources.requests"));
	for (size_t i = 0; i < level.n; i++) {
		struct amount *e = find(x, level.item[i].name, true);

		if (e)
			e->value = level.item[i].value;
	}
	amounts_read(&overhead, json_get(spec, "overhead"));
	amounts_add(x, &overhead, 1);
	amounts_add(x, &(struct amounts){ 1, { { "pods", 1 } } }, 1);
}
