/*
 * LimitRanger: a namespace's LimitRanges give containers what they left out, and refuse pods and claims
 * that ask for too little, too much, or too much more than they need.
 *
 * Pods are looked at when created and resized; their limits cannot change otherwise.
 * k8s: plugin/pkg/admission/limitranger.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/quantity.h"

#include <stdlib.h>
#include <string.h>

static const char annotation[] = "kubernetes.io/limit-ranger";

/* The LimitRanges of the namespace as trees; a JSON array. */
static const struct json *ranges_of(struct admission *ad)
{
	const struct kind *k = kinds_preferred(ad->c->api->config.kinds, "", "limitranges");
	struct json *out = json_array(ad->c->a);
	struct store_list l;

	if (!k || !*ad->ns)
		return out;
	store_list(api_table(ad->c->api, k), ad->ns, NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		json_append(out, obj_tree(ad->c->a, l.items[i]));
	store_list_free(&l);
	return out;
}

/* ---- defaults ---- */

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Add what is missing of defaults to the container's list; tell what, as upstream's annotation does. */
static void defaults_merge(struct arena *a, struct json *container, const char *list,
			   const struct json *defaults, const char *what, struct buf *told)
{
	const char **set = arena_alloc(a, (json_count(defaults) + 1) * sizeof *set);
	struct json *have;
	size_t n = 0;

	if (!json_count(defaults))
		return;
	have = json_make_path(a, container, arena_printf(a, "resources.%s", list));
	json_each(d, defaults) {
		if (json_get(have, json_name(d)))
			continue;
		json_set(a, have, json_name(d), json_copy(a, d));
		set[n++] = json_name(d);
	}
	if (!n)
		return;
	qsort(set, n, sizeof *set, by_text);
	buf_adds(told, told->len ? "; " : "LimitRanger plugin set: ");
	for (size_t i = 0; i < n; i++)
		buf_addf(told, "%s%s", i ? ", " : "", set[i]);
	buf_addf(told, " %s %s", what, json_str(json_get(container, "name")));
}

static void containers_default(struct arena *a, struct json *containers, const char *noun,
			       const struct json *limit, struct buf *told)
{
	json_each(c, containers) {
		defaults_merge(a, c, "requests", json_get(limit, "defaultRequest"),
			       arena_printf(a, "request for %s", noun), told);
		defaults_merge(a, c, "limits", json_get(limit, "default"),
			       arena_printf(a, "limit for %s", noun), told);
	}
}

bool admit_limits_default(struct admission *ad, struct status *st)
{
	struct arena *a = ad->c->a;
	struct buf told = BUF_INIT;

	(void)st;
	if (!admit_is_pod(ad, ADMIT_CREATE))
		return true;
	json_each(range, ranges_of(ad)) {
		json_each(limit, json_path(range, "spec.limits")) {
			if (strcmp(json_path_str(limit, "type"), "Container"))
				continue;
			containers_default(a, json_path(ad->o, "spec.containers"), "container",
					   limit, &told);
			containers_default(a, json_path(ad->o, "spec.initContainers"),
					   "init container", limit, &told);
		}
	}
	if (told.len)
		meta_set_annotation(a, ad->o, annotation, told.p);
	buf_free(&told);
	return true;
}

/* ---- constraints ---- */

struct checking {
	struct arena *a;
	const char *type; /* "Container", "Pod", "PersistentVolumeClaim" */
	const struct json *requests, *limits;
	bool claim; /* knows requests only */
	struct buf errors;
	size_t n;
};

static void complain(struct checking *c, const char *text)
{
	/* upstream's aggregate tells each text once */
	if (c->n && strstr(c->errors.p, text))
		return;
	buf_addf(&c->errors, "%s%s", c->n++ ? ", " : "", text);
}

static bool amount(const struct json *list, const char *name, struct quantity *q)
{
	const struct json *v = json_get(list, name);

	*q = (struct quantity){ 0 };
	return v && quantity_parse(json_str(v), q);
}

static char *shown(struct checking *c, const struct quantity *q)
{
	return quantity_text(c->a, q);
}

static void check_min(struct checking *c, const char *name, const struct quantity *min)
{
	struct quantity req, lim;
	bool has_req = amount(c->requests, name, &req), has_lim = amount(c->limits, name, &lim);
	char *head =
		arena_printf(c->a, "minimum %s usage per %s is %s", name, c->type, shown(c, min));

	if (!has_req)
		complain(c, arena_printf(c->a, "%s.  No request is specified", head));
	else if (quantity_cmp(&req, min) < 0)
		complain(c, arena_printf(c->a, "%s, but request is %s", head, shown(c, &req)));
	else if (has_lim && quantity_cmp(&lim, min) < 0)
		complain(c, arena_printf(c->a, "%s, but limit is %s", head, shown(c, &lim)));
}

static void check_max(struct checking *c, const char *name, const struct quantity *max)
{
	struct quantity req, lim;
	bool has_req = amount(c->requests, name, &req), has_lim = amount(c->limits, name, &lim);
	char *head =
		arena_printf(c->a, "maximum %s usage per %s is %s", name, c->type, shown(c, max));

	if (c->claim ? !has_req : !has_lim)
		complain(c, arena_printf(c->a, "%s.  No %s is specified", head,
					 c->claim ? "request" : "limit"));
	else if (has_lim && quantity_cmp(&lim, max) > 0)
		complain(c, arena_printf(c->a, "%s, but limit is %s", head, shown(c, &lim)));
	else if (has_req && quantity_cmp(&req, max) > 0)
		complain(c, arena_printf(c->a, "%s, but request is %s", head, shown(c, &req)));
}

static void check_ratio(struct checking *c, const char *name, const struct quantity *max)
{
	struct quantity req, lim;
	bool has_req = amount(c->requests, name, &req) && req.nano > 0;
	bool has_lim = amount(c->limits, name, &lim) && lim.nano > 0;
	char *head = arena_printf(c->a, "%s max limit to request ratio per %s is %s", name, c->type,
				  shown(c, max));
	double ratio = has_req ? (double)lim.nano / (double)req.nano : 0;

	if (!has_req)
		complain(c, arena_printf(c->a, "%s, but no request is specified or request is 0",
					 head));
	else if (!has_lim)
		complain(c, arena_printf(c->a, "%s, but no limit is specified or limit is 0", head));
	else if (ratio > (double)max->nano / 1e9)
		complain(c, arena_printf(c->a, "%s, but provided ratio is %f", head, ratio));
}

static void check_limit(struct checking *c, const struct json *limit)
{
	static const struct {
		const char *name;
		void (*check)(struct checking *c, const char *name, const struct quantity *q);
	} rules[] = { { "min", check_min },
		      { "max", check_max },
		      { "maxLimitRequestRatio", check_ratio } };

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (c->claim && rules[i].check == check_ratio)
			continue;
		json_each(v, json_get(limit, rules[i].name)) {
			struct quantity q;

			if (quantity_parse(json_str(v), &q))
				rules[i].check(c, json_name(v), &q);
		}
	}
}

/* ---- what a pod as a whole asks for ---- */

static void list_add(struct arena *a, struct json *sum, const struct json *list)
{
	json_each(v, list) {
		struct quantity x, y;

		amount(sum, json_name(v), &x);
		if (!quantity_parse(json_str(v), &y))
			continue;
		x.format = json_get(sum, json_name(v)) ? x.format : y.format;
		quantity_add(&x, &y);
		json_set_str(a, sum, json_name(v), quantity_text(a, &x));
	}
}

static void list_max(struct arena *a, struct json *most, const struct json *list)
{
	json_each(v, list) {
		struct quantity x, y;

		if (quantity_parse(json_str(v), &y) &&
		    (!amount(most, json_name(v), &x) || quantity_cmp(&y, &x) > 0))
			json_set_str(a, most, json_name(v), json_str(v));
	}
}

/* Containers run together; an init container runs alone with the sidecars before it.  What is said for the
 * pod as a whole wins. */
static struct json *pod_total(struct arena *a, const struct json *pod, const char *list)
{
	char *path = arena_printf(a, "resources.%s", list);
	struct json *total = json_object(a), *sidecars = json_object(a), *peak = json_object(a);

	json_each(c, json_path(pod, "spec.containers"))
		list_add(a, total, json_path(c, path));
	json_each(c, json_path(pod, "spec.initContainers")) {
		bool sidecar = !strcmp(json_path_str(c, "restartPolicy"), "Always");
		struct json *now;

		if (sidecar) {
			list_add(a, total, json_path(c, path));
			list_add(a, sidecars, json_path(c, path));
		}
		now = json_copy(a, sidecars);
		if (!sidecar)
			list_add(a, now, json_path(c, path));
		list_max(a, peak, now);
	}
	list_max(a, total, peak);
	json_each(v, json_path(json_get(pod, "spec"), path))
		json_set(a, total, json_name(v), json_copy(a, v));
	return total;
}

static void check_containers(struct checking *c, const struct json *containers,
			     const struct json *limit)
{
	json_each(one, containers) {
		c->requests = json_path(one, "resources.requests");
		c->limits = json_path(one, "resources.limits");
		check_limit(c, limit);
	}
}

static void check_pod(struct checking *c, const struct json *pod, const struct json *limit)
{
	if (!strcmp(c->type, "Container")) {
		check_containers(c, json_path(pod, "spec.containers"), limit);
		check_containers(c, json_path(pod, "spec.initContainers"), limit);
	} else if (!strcmp(c->type, "Pod")) {
		c->requests = pod_total(c->a, pod, "requests");
		c->limits = pod_total(c->a, pod, "limits");
		check_limit(c, limit);
	}
}

static void check_range(struct checking *c, struct admission *ad, const struct json *range)
{
	json_each(limit, json_path(range, "spec.limits")) {
		c->type = json_path_str(limit, "type");
		if (!c->claim) {
			check_pod(c, ad->o, limit);
		} else if (!strcmp(c->type, "PersistentVolumeClaim")) {
			c->requests = json_path(ad->o, "spec.resources.requests");
			check_limit(c, limit);
		}
	}
}

bool admit_limits_enforce(struct admission *ad, struct status *st)
{
	bool resize = ad->k == ad->c->api->known.pod && ad->op == ADMIT_UPDATE &&
		      !strcmp(ad->sub, "resize");
	bool claim = ad->op != ADMIT_DELETE && admit_is(ad, "", "persistentvolumeclaims");
	struct checking c = { .a = ad->c->a, .claim = claim };
	bool ok = true;

	if (!resize && !claim && !admit_is_pod(ad, ADMIT_CREATE))
		return true;
	json_each(range, ranges_of(ad)) {
		check_range(&c, ad, range);
		if (c.n)
			break; /* the first range that objects speaks, as upstream */
	}
	if (c.n)
		ok = status_forbidden(st, &ad->k->subject, ad->name, "%s%s%s", c.n > 1 ? "[" : "",
				      c.errors.p, c.n > 1 ? "]" : "");
	buf_free(&c.errors);
	return ok;
}
