/*
 * Where an autoscaler's measurements come from: metrics.k8s.io, from this process when it serves that itself,
 * else from the server that does; custom and external metrics always from others.
 * k8s: pkg/controller/podautoscaler/metrics/client.go, metrics/pkg/client/{custom,external}_metrics.
 */
#include "control/autoscaler.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/quantity.h"
#include "obj/selector.h"

#include <string.h>

#define ACCOUNT "horizontal-pod-autoscaler"
#define WINDOW_US (60 * INT64_C(1000000)) /* of custom metrics that do not say */

static const char resource_group[] = "metrics.k8s.io", custom_group[] = "custom.metrics.k8s.io";
static const char external_group[] = "external.metrics.k8s.io";

/* ---- asking ---- */

static const char *escaped(struct arena *a, const char *text)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (; *text; text++) {
		if (strchr("-_.~", *text) || (*text >= '0' && *text <= '9') ||
		    (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z'))
			buf_addc(&b, *text);
		else
			buf_addf(&b, "%%%02X", (unsigned char)*text);
	}
	return arena_dup(a, b.p ? b.p : "", b.len);
}

/* Go's client adds what it asked for to errors that came without a message of their own. */
static const char *fault(struct arena *a, const struct status *st, const char *asked)
{
	if (status_is(st, "NotFound") || status_is(st, "ServiceUnavailable"))
		return arena_printf(a, "%s (get %s)", st->message, asked);
	return arena_strdup(a, st->message);
}

static const struct json *ask(struct autoscaling *x, const char *group, const char *version,
			      const char *path, const char *asked, const char **why)
{
	struct arena *a = x->t->call.a;
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct json *answer = NULL;

	if (x->peers)
		answer = x->peers->ask(x->peers->arg, a, ACCOUNT, group, version, path, &st);
	else
		status_no_route(&st);
	if (!answer)
		*why = fault(a, &st, asked);
	return answer;
}

static bool serves(const struct autoscaling *x, const char *group, const char *version)
{
	return x->peers && x->peers->has(x->peers->arg, group, version);
}

/* ---- resource metrics ---- */

static struct json *own_metrics(struct autoscaling *x, const struct kind *k, const char **why)
{
	struct call *c = &x->t->call;
	struct list_options o = { .label_selector = x->selector };
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *items = json_array(c->a);
	struct list_result l;

	if (!api_list(c, k, x->obj->ns, &o, &l, &st)) {
		*why = arena_strdup(c->a, st.message);
		return NULL;
	}
	for (size_t i = 0; i < l.n; i++)
		json_append(items, obj_tree(c->a, l.items[i]));
	return items;
}

static const struct json *pod_metrics(struct autoscaling *x, const char **why)
{
	struct arena *a = x->t->call.a;
	const struct kind *k =
		kinds_by_resource(api_kinds(x->t->call.api), resource_group, "v1beta1", "pods");
	const char *path;

	if (k)
		return own_metrics(x, k, why);
	path = arena_printf(a, "/apis/%s/v1beta1/namespaces/%s/pods?labelSelector=%s",
			    resource_group, x->obj->ns, escaped(a, x->selector));
	const struct json *list = ask(x, resource_group, "v1beta1", path, "pods.metrics.k8s.io", why);

	return list ? json_get(list, "items") : NULL;
}

static bool milli(const struct json *v, int64_t *out)
{
	struct quantity q;

	if (!v || !quantity_parse(json_str(v), &q))
		return false;
	*out = quantity_milli(&q);
	return true;
}

/* The sum of the containers, all of which must tell; or that of one. */
static bool usage(const struct json *item, const char *resource, const char *container, int64_t *sum)
{
	bool any = false;

	*sum = 0;
	json_each(c, json_get(item, "containers")) {
		int64_t v;

		if (*container && strcmp(json_path_str(c, "name"), container))
			continue;
		if (!milli(json_get(json_get(c, "usage"), resource), &v))
			return false;
		*sum += v;
		any = true;
	}
	return any;
}

static int64_t time_at(const struct json *item)
{
	int64_t us = 0;

	time_parse(json_path_str(item, "timestamp"), &us);
	return us;
}

bool source_resource(struct autoscaling *x, const char *resource, const char *container,
		     struct sample **out, size_t *n, const char **why)
{
	struct arena *a = x->t->call.a;
	const struct json *items = pod_metrics(x, why);

	if (items && !json_count(items))
		*why = "no metrics returned from resource metrics API";
	else if (!items)
		*why = arena_printf(a, "unable to fetch metrics from resource metrics API: %s", *why);
	*n = 0;
	*out = arena_alloc(a, (json_count(items) + 1) * sizeof **out);
	json_each(item, items) {
		struct sample s = { json_path_str(item, "metadata.name"), 0, time_at(item), 0 };

		duration_parse(json_path_str(item, "window"), &s.window_us);
		s.window_us /= 1000;
		if (usage(item, resource, container, &s.value))
			(*out)[(*n)++] = s;
	}
	if (json_count(items))
		return true;
	*why = arena_printf(a, "unable to get metrics for resource %s: %s", resource, *why);
	return false;
}

/* ---- custom metrics ---- */

static const char *selector_of(struct arena *a, const struct json *selector)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	struct selector *s = selector ? selector_from_label_selector(a, selector, &st) : NULL;

	return s ? selector_text(a, s) : "";
}

/* Items of a MetricValueList below a path; resource is what is asked for, labels which of them. */
static const struct json *custom(struct autoscaling *x, const char *path, const char *labels,
				 const struct json *selector, const char *asked, const char **why)
{
	struct arena *a = x->t->call.a;
	const char *version = serves(x, custom_group, "v1beta2") ? "v1beta2" : "v1beta1";
	const char *wanted = selector_of(a, selector), *query = "";
	const struct json *list = NULL;

	if (*labels)
		query = arena_printf(a, "?labelSelector=%s", escaped(a, labels));
	if (*wanted)
		query = arena_printf(a, "%s%cmetricLabelSelector=%s", query, *query ? '&' : '?',
				     escaped(a, wanted));
	if (!serves(x, custom_group, version))
		*why = "no custom metrics API (custom.metrics.k8s.io) registered";
	else
		list = ask(x, custom_group, version,
			   arena_printf(a, "/apis/%s/%s/%s%s", custom_group, version, path, query),
			   asked, why);
	if (!list)
		*why = arena_printf(a, "unable to fetch metrics from custom metrics API: %s", *why);
	return list ? json_get(list, "items") : NULL;
}

/* v1beta2 says windowSeconds, v1beta1 window. */
static int64_t window_of(const struct json *item)
{
	int64_t s = json_path_int(item, "windowSeconds", json_path_int(item, "window", -1));

	return s < 0 ? WINDOW_US : s * 1000000;
}

bool source_pods(struct autoscaling *x, const char *metric, const struct json *selector,
		 struct sample **out, size_t *n, const char **why)
{
	struct arena *a = x->t->call.a;
	const char *path =
		arena_printf(a, "namespaces/%s/pods/%%2A/%s", x->obj->ns, escaped(a, metric));
	const struct json *items =
		custom(x, path, x->selector, selector, "pods.custom.metrics.k8s.io *", why);

	*n = 0;
	*out = arena_alloc(a, (json_count(items) + 1) * sizeof **out);
	json_each(item, items) {
		struct sample s = { json_path_str(item, "describedObject.name"), 0, time_at(item),
				    window_of(item) };

		milli(json_get(item, "value"), &s.value);
		(*out)[(*n)++] = s;
	}
	if (*n)
		return true;
	*why = arena_printf(a, "unable to get metric %s: %s", metric,
			    items ? "no metrics returned from custom metrics API" : *why);
	return false;
}

/* "deployments.apps": what the kind of a reference is called in paths. */
static const char *resource_named(struct autoscaling *x, const struct json *ref)
{
	const char *version = json_path_str(ref, "apiVersion"), *kind = json_path_str(ref, "kind");
	const char *slash = strchr(version, '/');
	const char *group = slash ? arena_dup(x->t->call.a, version, (size_t)(slash - version)) : "";
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(api_kinds(x->t->call.api), &it));)
		if (!strcmp(k->subject.kind, kind) && !strcmp(k->subject.group, group))
			return arena_printf(x->t->call.a, "%s%s%s", k->subject.resource,
					    *group ? "." : "", group);
	return NULL;
}

static bool object_value(struct autoscaling *x, const char *metric, const struct json *selector,
			 const struct json *ref, int64_t *value, const char **why)
{
	struct arena *a = x->t->call.a;
	const char *resource = resource_named(x, ref), *name = json_path_str(ref, "name"), *path;
	const struct json *items;

	if (!resource) {
		*why = arena_printf(
			a,
			"unable to fetch metrics from custom metrics API: no matches for kind \"%s\"",
			json_path_str(ref, "kind"));
		return false;
	}
	path = arena_printf(a, "namespaces/%s/%s/%s/%s", x->obj->ns, resource, name,
			    escaped(a, metric));
	if (!strcmp(resource, "namespaces"))
		path = arena_printf(a, "namespaces/%s/metrics/%s", x->obj->ns, escaped(a, metric));
	items = custom(x, path, "", selector,
		       arena_printf(a, "%s.custom.metrics.k8s.io %s", resource, name), why);
	if (items && json_count(items) != 1)
		*why = arena_printf(
			a,
			"unable to fetch metrics from custom metrics API: the custom metrics API server returned %zu results when we asked for exactly one",
			json_count(items));
	return json_count(items) == 1 && (milli(json_get(json_first(items), "value"), value) || true);
}

bool source_object(struct autoscaling *x, const char *metric, const struct json *selector,
		   const struct json *ref, int64_t *value, const char **why)
{
	*value = 0;
	if (object_value(x, metric, selector, ref, value, why))
		return true;
	*why = arena_printf(x->t->call.a, "unable to get metric %s: %s on %s %s/%s", metric, *why,
			    json_path_str(ref, "kind"), x->obj->ns, json_path_str(ref, "name"));
	return false;
}

/* ---- external metrics ---- */

bool source_external(struct autoscaling *x, const char *metric, const struct json *selector,
		     int64_t *value, const char **why)
{
	struct arena *a = x->t->call.a;
	const char *labels = selector_of(a, selector);
	const char *path = arena_printf(a, "/apis/%s/v1beta1/namespaces/%s/%s%s%s", external_group,
					x->obj->ns, escaped(a, metric),
					*labels ? "?labelSelector=" : "", escaped(a, labels));
	const char *asked = arena_printf(a, "%s.%s", metric, external_group);
	const struct json *list = ask(x, external_group, "v1beta1", path, asked, why);
	int64_t v;

	*value = 0;
	if (!list)
		*why = arena_printf(a, "unable to fetch metrics from external metrics API: %s", *why);
	else if (!json_count(json_get(list, "items")))
		*why = "no metrics returned from external metrics API";
	json_each(item, json_get(list, "items"))
		if (milli(json_get(item, "value"), &v) && __builtin_add_overflow(*value, v, value))
			*value = INT64_MAX;
	return json_count(json_get(list, "items"));
}
