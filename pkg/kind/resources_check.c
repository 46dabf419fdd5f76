/*
 * resources_check: requests and limits of containers and of pods.
 * k8s: pkg/apis/core/validation/validation.go (validateResourceRequirements, validatePodResources).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/kind.h"
#include "kind/resources.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <string.h>

static bool is_standard(const char *name)
{
	return one_of(name, LIST("cpu", "memory", "ephemeral-storage", "storage")) ||
	       resource_is_huge_page(name) || !strncmp(name, "requests.hugepages-", 19) ||
	       one_of(name,
		      LIST("requests.cpu", "requests.memory", "requests.storage",
			   "requests.ephemeral-storage", "limits.cpu", "limits.memory",
			   "limits.ephemeral-storage", "pods", "services", "replicationcontrollers",
			   "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims",
			   "services.nodeports", "services.loadbalancers"));
}

bool check_resource_name(struct hook *h, const struct at *at, const char *name)
{
	if (!check_text(h, at, TEXT_LABEL_KEY, name))
		return false;
	if (strchr(name, '/') || is_standard(name))
		return true;
	err_invalid(h, at, name, "must be a standard resource type or fully qualified");
	return false;
}

static void check_container_resource(struct hook *h, const struct at *at, const char *name)
{
	check_resource_name(h, at, name);
	if (!strchr(name, '/') && !one_of(name, LIST("cpu", "memory", "ephemeral-storage")) &&
	    !resource_is_huge_page(name))
		err_invalid(h, at, name, "must be a standard resource for containers");
	else if (!strncmp(name, "requests.", 9) && strchr(name, '/') &&
		 !strstr(name, "kubernetes.io/"))
		err_invalid(h, at, name, "doesn't follow extended resource name standard");
}

static void check_pod_resource(struct hook *h, const struct at *at, const char *name)
{
	if (check_resource_name(h, at, name) && !resource_is_pod_level(name))
		err_unsupported(h, at, name, LIST("cpu", "memory"));
}

/* Amounts of things that come whole. */
bool resource_is_integer(const char *name)
{
	return one_of(name, LIST("pods", "services", "replicationcontrollers", "resourcequotas",
				 "secrets", "configmaps", "persistentvolumeclaims",
				 "services.nodeports", "services.loadbalancers")) ||
	       resource_is_extended(name);
}

void check_resource_amount(struct hook *h, const struct at *at, const char *name, const char *text)
{
	struct quantity q;

	if (!quantity_parse(text, &q))
		return;
	if (q.nano < 0)
		err_invalid(h, at, text, "must be greater than or equal to 0");
	if (resource_is_integer(name) && quantity_milli(&q) % 1000 != 0)
		err_invalid(h, at, text, "must be an integer");
}

static void check_huge_page(struct hook *h, const struct at *at, const char *name, const char *text)
{
	struct quantity amount, page;

	if (!resource_is_huge_page(name) || !quantity_parse(text, &amount) ||
	    !quantity_parse(strchr(name, '-') + 1, &page) || page.nano <= 0)
		return;
	if (amount.nano % page.nano)
		err_invalid(h, at, text, "%s is not positive integer multiple of %s", text, name);
}

static void check_amount(struct hook *h, const struct at *at, const struct json *v, bool pod)
{
	const char *name = json_name(v);

	if (pod)
		check_pod_resource(h, at, name);
	else
		check_container_resource(h, at, name);
	check_resource_amount(h, at, name, json_str(v));
	check_huge_page(h, at, name, json_str(v));
}

/* A request against the limit of the same name. */
static void check_limit(struct hook *h, const struct at *at, const struct json *r,
			const struct json *limits)
{
	const char *name = json_name(r), *limit = json_str(json_get(limits, name));
	bool equal = !resource_overcommits(name);
	struct quantity want, max;

	if (!limit[0]) {
		if (equal)
			err_required(h, AT(at, "limits"),
				     "Limit must be set for non overcommitable resources");
		return;
	}
	if (!quantity_parse(json_str(r), &want) || !quantity_parse(limit, &max))
		return;
	if (equal ? quantity_cmp(&want, &max) != 0 : quantity_cmp(&want, &max) > 0)
		err_invalid(h, AT(at, "requests"), json_str(r), "must be %s %s limit of %s",
			    equal ? "equal to" : "less than or equal to", name, limit);
}

static void check_claim(struct hook *h, const struct at *at, const struct json *list,
			const struct json *claim, const struct json *known)
{
	const char *name = json_path_str(claim, "name"), *request = json_path_str(claim, "request");
	BUF_AUTO struct buf b = BUF_INIT;

	if (!name[0]) {
		err_required(h, at, NULL);
		return;
	}
	if (request[0])
		check_text(h, AT(at, "request"), TEXT_DNS_LABEL, request);
	for (const struct json *p = json_first(list); p != claim; p = json_next(p)) {
		const char *other = json_path_str(p, "request");

		if (strcmp(json_path_str(p, "name"), name) != 0 ||
		    (other[0] && request[0] && strcmp(other, request) != 0))
			continue;
		err_duplicate(h, at,
			      other[0] && request[0] ? arena_printf(h->a, "%s/%s", name, request) :
						       name);
		break;
	}
	if (has_named(known, name))
		return;
	json_each(k, known)
		buf_addf(&b, "%s%s", b.len ? ", " : ": ", json_path_str(k, "name"));
	field_error_str(h->errors, FIELD_NOT_FOUND, at_text(h, at), name,
			arena_printf(h->a, "must be one of the names in pod.spec.resourceClaims%s",
				     b.len ? b.p : " which is empty"));
}

static bool names_any(const struct json *resources, bool (*test)(const char *name))
{
	json_each(v, json_get(resources, "limits"))
		if (test(json_name(v)))
			return true;
	json_each(v, json_get(resources, "requests"))
		if (test(json_name(v)))
			return true;
	return false;
}

static bool is_compute(const char *name)
{
	return one_of(name, LIST("cpu", "memory"));
}

void check_resources(struct hook *h, const struct at *at, const struct json *resources,
		     const struct json *claims, bool pod)
{
	const struct json *limits = json_get(resources, "limits");
	size_t i = 0;

	json_each(l, limits)
		check_amount(h, AT_KEY(AT(at, "limits"), json_name(l)), l, pod);
	json_each(r, json_get(resources, "requests")) {
		check_amount(h, AT_KEY(AT(at, "requests"), json_name(r)), r, pod);
		check_limit(h, at, r, limits);
	}
	if (names_any(resources, resource_is_huge_page) && !names_any(resources, is_compute))
		err_forbidden(h, at, "HugePages require cpu or memory");
	json_each(c, json_get(resources, "claims"))
		check_claim(h, AT_ITEM(AT(at, "claims"), i++), json_get(resources, "claims"), c,
			    claims);
}

/* ---- pods ---- */

/* The pod's own requests and limits hold what its containers ask for. */
static void check_consistent(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *limits = json_path(spec, "resources.limits");
	struct quantity sum, own;
	size_t i = 0;

	json_each(r, json_path(spec, "resources.requests"))
		if (resources_containers(spec, "requests", json_name(r), &sum) &&
		    quantity_parse(json_str(r), &own) && quantity_cmp(&sum, &own) > 0)
			err_invalid(h, AT_KEY(AT(at, "requests"), json_name(r)), json_str(r),
				    "must be greater than or equal to aggregate container requests of "
				    "%s",
				    quantity_text(h->a, &sum));
	json_each(c, json_get(spec, "containers")) {
		const struct at *item = AT_ITEM(AT(at, "containers"), i++);

		json_each(l, json_path(c, "resources.limits")) {
			const char *max = json_str(json_get(limits, json_name(l)));

			if (quantity_parse(max, &own) && quantity_parse(json_str(l), &sum) &&
			    quantity_cmp(&sum, &own) > 0)
				err_invalid(h, AT(AT_KEY(item, json_name(l)), "limits"), json_str(l),
					    "must be less than or equal to pod limits of %s", max);
		}
	}
}

void check_pod_resources(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *resources = json_get(spec, "resources");

	if (!resources)
		return;
	if (!strcmp(json_path_str(spec, "os.name"), "windows")) {
		err_forbidden(h, at, "may not be set for a windows pod");
		return;
	}
	if (json_get(resources, "claims"))
		err_forbidden(h, AT(at, "claims"),
			      "claims may not be set for Resources at pod-level");
	check_resources(h, at, resources, json_get(spec, "resourceClaims"), true);
	check_consistent(h, at, spec);
}
