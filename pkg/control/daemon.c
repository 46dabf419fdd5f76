/*
 * The nodes as a DaemonSet sees them: where it should run, what runs there, and what its pods are made of.
 *
 * A pod belongs to the node it is bound to or, before that, to the one its affinity names.  Daemons tolerate
 * the taints by which a node says that it is unwell, and thus are placed like any pod by the scheduler.
 * k8s: pkg/controller/daemon/util/daemonset_util.go.
 */
#include "control/daemon.h"
#include "control/nodematch.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_HASH "controller-revision-hash"
#define LABEL_GENERATION "pod-template-generation"
#define NODE_TERMS "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"

/* ---- pods ---- */

static bool same_toleration(const struct json *t, const char *key, const char *effect)
{
	return !strcmp(json_path_str(t, "key"), key) &&
	       !strcmp(json_path_str(t, "operator"), "Exists") &&
	       !strcmp(json_path_str(t, "effect"), effect);
}

static void tolerate(struct arena *a, struct json *spec, const char *key, const char *effect)
{
	struct json *list = json_ensure_array(a, spec, "tolerations");

	json_each(t, list)
		if (same_toleration(t, key, effect))
			return;
	json_append(list, json_build(a, "{key:%s,operator:%s,effect:%s}", key, "Exists", effect));
}

struct json *daemon_template(struct daemon *d)
{
	static const char *const always[][2] = {
		{ "node.kubernetes.io/not-ready", "NoExecute" },
		{ "node.kubernetes.io/unreachable", "NoExecute" },
		{ "node.kubernetes.io/disk-pressure", "NoSchedule" },
		{ "node.kubernetes.io/memory-pressure", "NoSchedule" },
		{ "node.kubernetes.io/pid-pressure", "NoSchedule" },
		{ "node.kubernetes.io/unschedulable", "NoSchedule" },
	};
	struct arena *a = d->t->call.a;
	struct json *template = json_copy(a, json_path(d->tree, "spec.template"));
	struct json *spec = json_ensure_object(a, template, "spec");

	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		tolerate(a, spec, always[i][0], always[i][1]);
	if (json_path_bool(spec, "hostNetwork", false))
		tolerate(a, spec, "node.kubernetes.io/network-unavailable", "NoSchedule");
	if (*d->generation)
		meta_set_label(a, template, LABEL_GENERATION, d->generation);
	if (d->hash)
		meta_set_label(a, template, LABEL_HASH, d->hash);
	return template;
}

struct json *daemon_pod(struct daemon *d, const char *node)
{
	struct arena *a = d->t->call.a;
	struct json *pod = pod_from_template(a, d->template, d->obj->name);
	struct json *term = json_build(a, "{matchFields:[{key:%s,operator:%s,values:[%s]}]}",
				       "metadata.name", "In", node);
	struct json *required = json_make_path(a, json_get(pod, "spec"), NODE_TERMS);

	/* The terms that were there have already chosen the node. */
	json_set(a, required, "nodeSelectorTerms", json_build(a, "[%j]", term));
	return pod;
}

bool daemon_is_fresh(const struct daemon *d, const struct obj *pod)
{
	const char *hash = obj_label(pod, LABEL_HASH);
	const char *generation = obj_label(pod, LABEL_GENERATION);

	return (hash && !strcmp(hash, d->hash)) ||
	       (*d->generation && generation && !strcmp(generation, d->generation));
}

bool daemon_available(struct daemon *d, const struct obj *pod)
{
	return pod_available(&d->pods, d->t->call.a, pod, d->min_ready, &d->after_ms);
}

/* The node that the affinity of a pod not yet bound names; "" when it names none. */
static const char *aimed_at(struct daemon *d, const struct obj *pod)
{
	const struct json *tree = obj_tree(d->t->call.a, pod);
	const struct json *required = json_path(json_get(tree, "spec"), NODE_TERMS);

	json_each(term, json_get(required, "nodeSelectorTerms"))
		json_each(f, json_get(term, "matchFields"))
			if (!strcmp(json_path_str(f, "key"), "metadata.name") &&
			    json_count(json_get(f, "values")) == 1)
				return json_str(json_first(json_get(f, "values")));
	return "";
}

/* ---- stations ---- */

static int by_name(const void *x, const void *y)
{
	const struct station *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static void judge(struct daemon *d, struct station *s, const struct json *spec)
{
	const struct json *tree = obj_tree(d->t->call.a, s->node);
	const char *fixed = json_path_str(spec, "nodeName");

	if ((*fixed && strcmp(fixed, s->name)) || !node_affinity_fits(s->node, spec))
		return;
	s->should_run = !node_taints_refuse(tree, spec, false);
	s->may_stay = s->should_run || !node_taints_refuse(tree, spec, true);
}

static void list_nodes(struct daemon *d, size_t more)
{
	struct api *api = d->t->call.api;
	const struct kind *k = kinds_by_resource(api_kinds(api), "", "v1", "nodes");
	const struct json *spec = json_get(d->template, "spec");
	struct store_list l;

	store_list(api_table(api, k), "", NULL, NULL, 0, NULL, NULL, &l);
	d->stations = arena_zalloc(d->t->call.a, (l.n + more + 1) * sizeof(*d->stations));
	for (size_t i = 0; i < l.n; i++) {
		struct station *s = &d->stations[d->nstations++];

		s->node = obj_hold(d->t->call.a, l.items[i]);
		s->name = s->node->name;
		judge(d, s, spec);
		d->wanted += s->should_run;
	}
	store_list_free(&l);
	qsort(d->stations, d->nstations, sizeof(*d->stations), by_name);
}

struct homed {
	const char *node;
	const struct obj *pod;
};

/* By node, then the oldest and those that are bound first. */
static int by_home(const void *x, const void *y)
{
	const struct homed *a = x, *b = y;
	int c = strcmp(a->node, b->node);

	if (c)
		return c;
	if (a->pod->created_s != b->pod->created_s)
		return a->pod->created_s < b->pod->created_s ? -1 : 1;
	return strcmp(a->pod->name, b->pod->name);
}

static size_t home_pods(struct daemon *d, const struct obj **pods, size_t npods, struct homed *out)
{
	size_t n = 0;

	for (size_t i = 0; i < npods; i++) {
		const char *node = pod_node(&d->pods, pods[i]);

		/* Finished and going: no business of ours any more. */
		if (pods[i]->deleted_s && pod_finished(&d->pods, pods[i]))
			continue;
		if (!*node)
			node = aimed_at(d, pods[i]);
		if (*node)
			out[n++] = (struct homed){ node, pods[i] };
	}
	qsort(out, n, sizeof *out, by_home);
	return n;
}

void daemon_survey(struct daemon *d, const struct obj **pods, size_t npods)
{
	struct arena *a = d->t->call.a;
	struct homed *h = arena_alloc(a, (npods + 1) * sizeof(*h));
	size_t n = home_pods(d, pods, npods, h), known;

	d->nstations = 0;
	d->wanted = 0;
	list_nodes(d, npods);
	known = d->nstations;
	for (size_t i = 0, m; i < n; i += m) {
		struct station want = { .name = h[i].node }, *s;

		for (m = 1; i + m < n && !strcmp(h[i + m].node, h[i].node);)
			m++;
		s = bsearch(&want, d->stations, known, sizeof want, by_name);
		if (!s) {
			s = &d->stations[d->nstations++];
			*s = want;
		}
		s->pods = arena_alloc(a, m * sizeof(*s->pods));
		for (s->npods = 0; s->npods < m; s->npods++)
			s->pods[s->npods] = h[i + s->npods].pod;
	}
}

void daemon_plan_init(struct daemon *d, struct daemon_plan *p)
{
	size_t pods = 0;

	for (size_t i = 0; i < d->nstations; i++)
		pods += d->stations[i].npods;
	p->nnodes = p->nvictims = 0;
	p->nodes = arena_alloc(d->t->call.a, (d->nstations + 1) * sizeof(*p->nodes));
	p->victims = arena_alloc(d->t->call.a, (pods + 1) * sizeof(*p->victims));
}
