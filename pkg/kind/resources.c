/*
 * resources: sums and classes of container resources.
 *
 * A container with restartPolicy Always among the init containers (a sidecar) runs along with the
 * others; the other init containers run one after another, each beside the sidecars started
 * before it.  Quality of service looks at cpu and memory only, and at the pod's own resources in their
 * place when it has any.
 */
#include "kind/resources.h"

#include "obj/json.h"
#include "obj/quantity.h"

#include <string.h>

#define HUGE_PAGES "hugepages-"

bool resource_is_huge_page(const char *name)
{
	return !strncmp(name, HUGE_PAGES, sizeof HUGE_PAGES - 1);
}

bool resource_is_pod_level(const char *name)
{
	return !strcmp(name, "cpu") || !strcmp(name, "memory") || resource_is_huge_page(name);
}

/* No slash, or anything.kubernetes.io/, is native. */
static bool is_native(const char *name)
{
	const char *slash = strchr(name, '/');

	return !slash || strstr(name, "kubernetes.io/");
}

bool resource_is_extended(const char *name)
{
	return !is_native(name) && strncmp(name, "requests.", 9) != 0;
}

bool resource_overcommits(const char *name)
{
	return is_native(name) && !resource_is_huge_page(name);
}

static bool amount(const struct json *container, const char *which, const char *name,
		   struct quantity *q)
{
	const struct json *v = json_get(json_get(json_get(container, "resources"), which), name);

	return v && quantity_parse(json_str(v), q);
}

static bool is_sidecar(const struct json *init)
{
	return !strcmp(json_str(json_get(init, "restartPolicy")), "Always");
}

bool resources_containers(const struct json *spec, const char *which, const char *name,
			  struct quantity *out)
{
	struct quantity q, running = { 0 }, sidecars = { 0 }, peak = { 0 };
	bool found = false;

	json_each(c, json_get(spec, "containers")) {
		if (amount(c, which, name, &q)) {
			running.format = q.format;
			quantity_add(&running, &q);
			found = true;
		}
	}
	json_each(c, json_get(spec, "initContainers")) {
		if (!amount(c, which, name, &q))
			continue;
		found = true;
		if (is_sidecar(c)) {
			quantity_add(&running, &q);
			quantity_add(&sidecars, &q);
			q = sidecars;
		} else {
			quantity_add(&q, &sidecars);
		}
		if (quantity_cmp(&q, &peak) > 0)
			peak = q;
	}
	*out = quantity_cmp(&peak, &running) > 0 ? peak : running;
	return found;
}

/* ---- quality of service ---- */

struct qos {
	bool any;        /* some cpu or memory is named */
	bool guaranteed; /* every one has limits equal to requests */
};

static void qos_look(struct qos *q, const struct json *resources)
{
	static const char *const names[] = { "cpu", "memory" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct json *l = json_get(json_get(resources, "limits"), names[i]);
		const struct json *r = json_get(json_get(resources, "requests"), names[i]);
		struct quantity limit = { 0 }, request = { 0 };
		bool has_limit = l && quantity_parse(json_str(l), &limit) && limit.nano > 0;
		bool has_request = r && quantity_parse(json_str(r), &request) && request.nano > 0;

		q->any |= has_limit || has_request;
		if (!has_limit || (has_request && quantity_cmp(&limit, &request) != 0))
			q->guaranteed = false;
	}
}

const char *resources_qos(const struct json *spec)
{
	static const char *const lists[] = { "containers", "initContainers" };
	struct qos q = { .guaranteed = true };
	const struct json *own = json_get(spec, "resources");

	if (json_count(json_get(own, "limits")) || json_count(json_get(own, "requests"))) {
		qos_look(&q, own);
	} else {
		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
			json_each(c, json_get(spec, lists[i]))
				qos_look(&q, json_get(c, "resources"));
	}
	if (!q.any)
		return "BestEffort";
	return q.guaranteed ? "Guaranteed" : "Burstable";
}
