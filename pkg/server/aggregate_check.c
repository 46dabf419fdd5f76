/*
 * The thread behind the APIServices.
 *
 * Level-triggered: each round reads all APIServices, makes those that are missing for the registry's groups, takes
 * away those it made for groups that are gone, and checks the others.  A check is what upstream's is: the
 * Service exists, listens on the port, has endpoints, and answers GET /apis/GROUP/VERSION; that answer is
 * also what discovery says of it.
 * k8s: kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go,
 * kubernetes/pkg/controlplane/apiserver/aggregator.go
 */
#include "server/aggregate_priv.h"

#include "server/forward.h"
#include "server/request.h"

#include "api/computed.h"
#include "api/service_route.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define RECHECK_NS (30 * INT64_C(1000000000))
#define SETTLE_NS (50 * INT64_C(1000000))
#define AGAIN_NS INT64_C(1000000000) /* a second look: rows follow a definition's events */

enum { CHECK_S = 5 };

static const char managed[] = "kube-aggregator.kubernetes.io/automanaged";

/* ---- those of the registry ---- */

static const struct priority {
	const char *group;
	int64_t group_priority, version_priority; /* of v1 */
} priorities[] = {
	{ "", 18000, 1 },
	{ "apps", 17800, 15 },
	{ "events.k8s.io", 17750, 15 },
	{ "authentication.k8s.io", 17700, 15 },
	{ "authorization.k8s.io", 17600, 15 },
	{ "autoscaling", 17500, 15 },
	{ "batch", 17400, 15 },
	{ "certificates.k8s.io", 17300, 15 },
	{ "networking.k8s.io", 17200, 15 },
	{ "policy", 17100, 15 },
	{ "rbac.authorization.k8s.io", 17000, 15 },
	{ "storage.k8s.io", 16800, 15 },
	{ "apiextensions.k8s.io", 16700, 15 },
	{ "admissionregistration.k8s.io", 16700, 15 },
	{ "scheduling.k8s.io", 16600, 15 },
	{ "coordination.k8s.io", 16500, 15 },
	{ "node.k8s.io", 16300, 15 },
	{ "discovery.k8s.io", 16200, 15 },
	{ "resource.k8s.io", 16200, 21 },
	{ "flowcontrol.apiserver.k8s.io", 16100, 21 },
};

static void set_local_spec(struct arena *a, struct json *spec, const struct kind *k)
{
	int64_t group = 1000, version = 100;

	for (size_t i = 0; i < sizeof priorities / sizeof *priorities; i++)
		if (strcmp(priorities[i].group, k->subject.group) == 0) {
			group = priorities[i].group_priority;
			version = priorities[i].version_priority +
				  (strcmp(k->version, "v1") == 0 ? 0 : 15);
		}
	if (*k->subject.group)
		json_set_str(a, spec, "group", k->subject.group);
	json_set_str(a, spec, "version", k->version);
	json_set_int(a, spec, "groupPriorityMinimum", group);
	json_set_int(a, spec, "versionPriority", version);
}

static struct json *condition(struct arena *a, bool ok, const char *reason, const char *message)
{
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	return json_build(a, "{type:%s,status:%s,lastTransitionTime:%s,reason:%s,message:%s}",
			  "Available", ok ? "True" : "False", now, reason, message);
}

struct verdict {
	bool ok;
	const char *reason, *message;
};

/* change_fn: the Available condition says the verdict; nothing to do when it does already. */
static bool set_condition(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct verdict *v = arg;
	struct json *list =
		json_ensure_array(c->a, json_ensure_object(c->a, o, "status"), "conditions");
	struct json *fresh = condition(c->a, v->ok, v->reason, v->message);

	(void)st;
	json_each(it, list) {
		if (strcmp(json_path_str(it, "type"), "Available") != 0)
			continue;
		bool same = strcmp(json_path_str(it, "status"), v->ok ? "True" : "False") == 0;

		if (same && strcmp(json_path_str(it, "reason"), v->reason) == 0 &&
		    strcmp(json_path_str(it, "message"), v->message) == 0)
			return false;
		if (same)
			json_set_str(c->a, fresh, "lastTransitionTime",
				     json_path_str(it, "lastTransitionTime"));
		json_replace(c->a, list, it, fresh);
		return true;
	}
	json_append(list, fresh);
	return true;
}

static void write_condition(struct aggregate *g, struct call *c, const char *name,
			    const struct verdict *v)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	union {
		const struct verdict *in;
		void *out;
	} arg = { v };

	if (!api_change(c, g->kind, "status", "", name, set_condition, arg.out, &st) && st.code != 404)
		log_warn("server", "APIService %s: %s", name, st.message);
}

static void make_local(struct aggregate *g, struct call *c, const struct kind *k, const char *name)
{
	static const struct verdict local = { true, "Local",
					      "Local APIServices are always available" };
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json *labels = json_object(c->a), *spec = json_object(c->a);

	json_set_str(c->a, labels, managed, kind_is_custom(k) ? "true" : "onstart");
	set_local_spec(c->a, spec, k);
	struct json *o = json_build(c->a,
				    "{kind:%s,apiVersion:%s,metadata:{name:%s,labels:%j},spec:%j}",
				    "APIService", "apiregistration.k8s.io/v1", name, labels, spec);
	if (api_create(c, g->kind, "", o, &st))
		write_condition(g, c, name, &local);
	else if (st.code != 409)
		log_warn("server", "APIService %s: %s", name, st.message);
}

static const char *name_of(struct arena *a, const struct kind *k)
{
	return arena_printf(a, "%s.%s", k->version, k->subject.group);
}

static bool is_served(struct aggregate *g, struct arena *a, const char *name)
{
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(g->server->kinds, &it));)
		if (strcmp(name_of(a, k), name) == 0)
			return true;
	return false;
}

static void keep_local(struct aggregate *g, struct call *c, const struct list_result *l)
{
	const struct kind *k;
	const char *last = "";

	for (size_t it = 0; (k = kinds_next(g->server->kinds, &it));) {
		const char *name = name_of(c->a, k);
		/* the aggregator's own group is not aggregated; what is computed leaves its name to others */
		bool have = strcmp(name, last) == 0 || kind_is_computed(k) ||
			    strcmp(k->subject.group, g->kind->subject.group) == 0;

		last = name;
		for (size_t i = 0; i < l->n && !have; i++)
			have = strcmp(l->items[i]->name, name) == 0;
		if (!have)
			make_local(g, c, k, name);
	}
	for (size_t i = 0; i < l->n; i++) {
		STATUS_AUTO struct status st = STATUS_INIT;
		struct delete_options how = DELETE_OPTIONS_INIT;
		bool gone;

		if (obj_label(l->items[i], managed) && !is_served(g, c->a, l->items[i]->name))
			api_delete(c, g->kind, "", l->items[i]->name, &how, &gone, &st);
	}
}

/* ---- the others ---- */

static bool fails(struct verdict *v, const char *reason, const char *message)
{
	*v = (struct verdict){ false, reason, message };
	return false;
}

static bool listens(const struct json *service, int port, const char **port_name)
{
	json_each(p, json_path(service, "spec.ports"))
		if (json_path_int(p, "port", 0) == port) {
			*port_name = json_path_str(p, "name");
			return true;
		}
	return false;
}

static bool has_slices(struct aggregate *g, struct call *c, const struct remote *x)
{
	struct list_options o = { .label_selector = arena_printf(
					  c->a, "kubernetes.io/service-name=%s", x->service) };
	struct list_result l;

	return api_list(c, g->slices, x->service_ns, &o, &l, NULL) && l.n > 0;
}

static bool check_service(struct aggregate *g, struct call *c, const struct remote *x,
			  struct forward *f, struct verdict *v)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct obj *o = api_get(c, g->services, x->service_ns, x->service, &st);
	const struct json *service = o ? obj_tree(c->a, o) : NULL;
	bool plain = strcmp(json_path_str(service, "spec.type"), "ClusterIP") == 0;
	const char *port_name = "", *why = "";

	if (!o)
		return fails(v, "ServiceNotFound",
			     arena_printf(c->a, "service/%s in \"%s\" is not present", x->service,
					  x->service_ns));
	if (plain && !listens(service, x->port, &port_name))
		return fails(v, "ServicePortError",
			     arena_printf(c->a, "service/%s in \"%s\" is not listening on port %d",
					  x->service, x->service_ns, x->port));
	if (aggregate_target(c, x, f, &why))
		return true;
	if (plain && !has_slices(g, c, x))
		return fails(v, "EndpointsNotFound",
			     arena_printf(c->a, "cannot find endpointslices for service/%s in \"%s\"",
					  x->service, x->service_ns));
	if (plain)
		return fails(v, "MissingEndpoints",
			     arena_printf(c->a,
					  "endpointslices for service/%s in \"%s\" have no addresses "
					  "with port name \"%s\"",
					  x->service, x->service_ns, port_name));
	return fails(v, "FailedDiscoveryCheck", why);
}

static const char *remember_resources(struct call *c, const struct buf *body)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct json *o = body->len ? json_parse(c->a, body->p, body->len, NULL, &st) : NULL;

	return strcmp(json_path_str(o, "kind"), "APIResourceList") == 0 ? json_text(c->a, o) : NULL;
}

/* Ask it as the aggregator itself. */
static bool check_answer(struct aggregate *g, struct call *c, const struct remote *x,
			 const struct forward *f, const char **resources, struct verdict *v)
{
	static const char *const who[] = { "X-Remote-User: system:kube-aggregator",
					   "X-Remote-Group: system:masters", NULL };
	STATUS_AUTO struct status st = STATUS_INIT;
	BUF_AUTO struct buf body = BUF_INIT;
	const char *path = arena_printf(c->a, "/apis/%s/%s", x->group, x->version);
	const char *url = arena_printf(c->a, "%s%s", f->origin, path);
	int code = 0;
	bool ok = aggregate_ask(g, c->a, f, path, who, CHECK_S, &code, &body, &st);

	if (!ok)
		fails(v, "FailedDiscoveryCheck",
		      arena_printf(c->a, "failing or missing response from %s: %s", url, st.message));
	else if (code < 200 || code >= 300)
		ok = fails(v, "FailedDiscoveryCheck",
			   arena_printf(c->a,
					"failing or missing response from %s: bad status from %s: %d",
					url, url, code));
	else
		*resources = remember_resources(c, &body);
	return ok;
}

static struct remote remote_of(struct arena *a, const struct json *o)
{
	const struct json *spec = json_get(o, "spec"), *service = json_get(spec, "service");

	return (struct remote){
		.a = a,
		.name = json_path_str(o, "metadata.name"),
		.group = json_path_str(spec, "group"),
		.version = json_path_str(spec, "version"),
		.service = json_path_str(service, "name"),
		.service_ns = json_path_str(service, "namespace"),
		.port = (int)json_path_int(service, "port", 443),
		.ca = json_path_str(spec, "caBundle"),
		.insecure = json_path_bool(spec, "insecureSkipTLSVerify", false),
		.group_priority = json_path_int(spec, "groupPriorityMinimum", 0),
		.version_priority = json_path_int(spec, "versionPriority", 0),
	};
}

static void check(struct aggregate *g, struct call *c, struct remote *x)
{
	struct verdict v = { true, "Passed", "all checks passed" };
	const char *resources = NULL;
	struct forward f;

	x->available = check_service(g, c, x, &f, &v) && check_answer(g, c, x, &f, &resources, &v);
	x->resources = resources ? arena_strdup(x->a, resources) : NULL;
	write_condition(g, c, x->name, &v);
}

static int by_priority(const void *p, const void *q)
{
	const struct remote *x = p, *y = q;
	int group;

	if (x->group_priority != y->group_priority)
		return x->group_priority < y->group_priority ? 1 : -1;
	group = strcmp(x->group, y->group);
	if (group)
		return group;
	if (x->version_priority != y->version_priority)
		return x->version_priority < y->version_priority ? 1 : -1;
	return -strcmp(x->version, y->version);
}

static bool same_remote(const struct remote *x, const struct remote *y)
{
	return x->available == y->available && !strcmp(x->name, y->name) &&
	       !strcmp(x->resources ? x->resources : "", y->resources ? y->resources : "");
}

/* Put the round's list in the place of the last one's. */
static void publish(struct aggregate *g, struct remote *fresh, size_t n)
{
	struct remote old[REMOTES_MAX];
	size_t nold;
	bool same;

	qsort(fresh, n, sizeof *fresh, by_priority);
	lock_take(&g->lock);
	nold = g->nremotes;
	memcpy(old, g->remotes, nold * sizeof *old);
	memcpy(g->remotes, fresh, n * sizeof *fresh);
	__atomic_store_n(&g->nremotes, n, __ATOMIC_RELAXED);
	same = n == nold;
	for (size_t i = 0; i < n && same; i++)
		same = same_remote(&old[i], &fresh[i]);
	if (!same)
		__atomic_add_fetch(&g->serial, 1, __ATOMIC_RELEASE);
	lock_drop(&g->lock);
	for (size_t i = 0; i < nold; i++)
		arena_free(&old[i].a);
}

static bool serves(const struct remote *x, size_t n, const struct kind *k)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(x[i].group, k->subject.group) && !strcmp(x[i].version, k->version))
			return true;
	return false;
}

/* Computed rows make room for another server of their group and version, and come back when it is gone. */
static void yield_rows(struct aggregate *g, const struct remote *fresh, size_t n)
{
	struct kinds *ks = g->server->kinds;
	const struct kind *k, *leave[YIELDED_MAX];
	size_t kept = 0, nleave = 0;

	for (size_t i = 0; i < g->nyielded; i++) {
		if (serves(fresh, n, g->yielded[i]))
			g->yielded[kept++] = g->yielded[i];
		else
			kinds_add(ks, g->yielded[i]);
	}
	g->nyielded = kept;
	for (size_t it = 0; n && (k = kinds_next(ks, &it));)
		if (kind_is_computed(k) && serves(fresh, n, k) && kept + nleave < YIELDED_MAX)
			leave[nleave++] = k;
	for (size_t i = 0; i < nleave; i++) {
		kinds_remove(ks, leave[i]);
		g->yielded[g->nyielded++] = leave[i];
	}
}

static void round_of_checks(struct aggregate *g)
{
	struct arena *a = arena_new();
	struct remote *fresh = arena_zalloc(a, REMOTES_MAX * sizeof *fresh);
	struct list_options all = { 0 };
	struct list_result l;
	struct call c;
	size_t n = 0;

	call_init(&c, g->server->c.api, a, "kube-apiserver");
	if (api_list(&c, g->kind, "", &all, &l, NULL)) {
		keep_local(g, &c, &l);
		for (size_t i = 0; i < l.n && n < REMOTES_MAX; i++) {
			struct arena *own = arena_new();
			const struct json *o = obj_tree(own, l.items[i]);

			if (!json_is_object(json_path(o, "spec.service"))) {
				arena_free(&own);
				continue;
			}
			fresh[n] = remote_of(own, o);
			check(g, &c, &fresh[n++]);
		}
		yield_rows(g, fresh, n);
		publish(g, fresh, n);
	}
	arena_free(&a);
}

/* Until something changed and had a moment to settle, or a check is due. */
static bool wait_for_change(struct aggregate *g)
{
	int64_t now = clock_mono_ns(), due = now + RECHECK_NS;
	bool settling = false, go_on;

	lock_take(&g->lock);
	if (g->again) {
		due = now + AGAIN_NS;
		settling = true;
	}
	while (!g->stopping) {
		if (g->changed) {
			g->changed = false;
			due = clock_mono_ns() + SETTLE_NS;
			settling = true;
		} else if (!settling && !g->nremotes) {
			cond_wait(&g->wake, &g->lock);
		} else if (!cond_wait_until(&g->wake, &g->lock, due)) {
			break;
		}
	}
	g->again = g->again ? false : settling;
	go_on = !g->stopping;
	lock_drop(&g->lock);
	return go_on;
}

static void aggregate_main(void *arg)
{
	struct aggregate *g = arg;

	do
		round_of_checks(g);
	while (wait_for_change(g));
}

void aggregate_start(struct aggregate *g)
{
	g->thread = thread_start("aggregate", aggregate_main, g);
}

void aggregate_stop(struct aggregate *g)
{
	lock_take(&g->lock);
	__atomic_store_n(&g->stopping, true, __ATOMIC_RELAXED);
	cond_signal(&g->wake);
	lock_drop(&g->lock);
	if (g->thread)
		thread_join(&g->thread);
}
