#include "control/amounts.h"

#include "base/log.h"
#include "base/map.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 4096

const char amount_cpu[] = "cpu", amount_memory[] = "memory", amount_pods[] = "pods";

/* Names of extended resources seen so far.  They are few, and those who compare them are many. */
static struct names {
	pthread_mutex_t lock;
	struct map *known;
} names = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *learn(const char *name)
{
	char *known;

	pthread_mutex_lock(&names.lock);
	if (!names.known)
		names.known = map_new();
	known = map_get(names.known, name);
	if (!known && map_count(names.known) < NAMES_MAX) {
		known = strdup(name);
		BUG_ON(!known);
		map_set(names.known, name, known);
	}
	pthread_mutex_unlock(&names.lock);
	return known;
}

const char *amount_name(const char *name)
{
	static const char *const common[] = { amount_cpu, amount_memory, amount_pods };

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (!strcmp(common[i], name))
			return common[i];
	return learn(name);
}

/* By the one address of a name. */
static struct amount *find(struct amounts *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->item[i].name == name)
			return &x->item[i];
	if (!name || x->n == AMOUNTS_MAX) {
		log_warn("scheduler", "too many kinds of resources: %s is not counted",
			 name ? name : "one");
		return NULL;
	}
	x->item[x->n] = (struct amount){ name, 0 };
	return &x->item[x->n++];
}

int64_t amounts_get(const struct amounts *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->item[i].name == name)
			return x->item[i].value;
	return 0;
}

struct amounts *amounts_keep(const struct amounts *x)
{
	size_t size = offsetof(struct amounts, item) + x->n * sizeof *x->item;
	struct amounts *y = malloc(size);

	BUG_ON(!y);
	memcpy(y, x, size);
	return y;
}

void amounts_add(struct amounts *x, const struct amounts *y, int sign)
{
	for (size_t i = 0; i < y->n; i++) {
		struct amount *e = find(x, y->item[i].name);

		if (e)
			e->value += sign * y->item[i].value;
	}
}

static void amounts_max(struct amounts *x, const struct amounts *y)
{
	for (size_t i = 0; i < y->n; i++) {
		struct amount *e = find(x, y->item[i].name);

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
		e = find(x, amount_name(name));
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
		struct amount *e = find(x, level.item[i].name);

		if (e)
			e->value = level.item[i].value;
	}
	amounts_read(&overhead, json_get(spec, "overhead"));
	amounts_add(x, &overhead, 1);
	amounts_add(x, &(struct amounts){ 1, { { amount_pods, 1 } } }, 1);
}
