/*
 * Design: a claim is bound (then its volume may restrict the nodes), or waits for this pod (then a node must
 * reach a free volume that suits, or a volume can be made for it), or speaks against every node.  The volumes
 * that suit a waiting claim are looked up once, the best first; a node is asked only whether it reaches them.
 */
#include "control/scheduler_volumes.h"
#include "control/nodematch.h"
#include "control/pods.h"
#include "control/volumes.h"

#include "base/arena.h"
#include "base/vec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define KEEP (1LL << 40) /* a score beyond all others */
#define NODE_CONFLICT "node(s) didn't match PersistentVolume's node affinity"
#define BIND_CONFLICT "node(s) didn't find available persistent volumes to bind"
#define ZONE_CONFLICT "node(s) had no available volume zone"
#define NO_VOLUME "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
#define IN_USE \
	"node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"

struct pod_claim {
	const struct obj *claim;
	const struct json *tree;
	const struct json *volume; /* bound claims: NULL = the volume does not exist */
	bool bound;
	/* those that wait for the pod: */
	const struct json *class;
	const char *selected;            /* NULL = no node yet */
	const struct obj *const *suited; /* free volumes, best first */
	size_t nsuited;
	const struct obj *take; /* of the node looked at last; NULL = one is to be made */
};

struct pod_claims {
	struct arena *a;
	struct api *api;
	const struct placement *place;
	const struct obj *pod;
	const struct node_rules *besides;
	VEC(struct pod_claim) v;
	const char *held; /* the node for which its claims are being bound; NULL = none yet */
	bool in_use;      /* a ReadWriteOncePod claim has a user already */
};

static const char *claim_name(struct arena *a, const char *pod, const struct json *volume)
{
	if (json_get(volume, "ephemeral"))
		return ephemeral_claim_name(a, pod, volume);
	return json_path_str(volume, "persistentVolumeClaim.claimName");
}

bool claims_wanted(const struct json *spec)
{
	json_each(v, json_get(spec, "volumes"))
		if (json_get(v, "persistentVolumeClaim") || json_get(v, "ephemeral"))
			return true;
	return false;
}

/* ---- reading ---- */

static bool once_per_pod(const struct json *claim)
{
	json_each(m, json_path(claim, "spec.accessModes"))
		if (!strcmp(json_str(m), "ReadWriteOncePod"))
			return true;
	return false;
}

/* Does another pod that runs, or is about to, use the claim? */
static bool has_user(struct pod_claims *c, const char *claim)
{
	struct pods pods = pods_of(c->api);
	struct store_list l;
	bool used = false;

	store_list(api_table(c->api, pods.kind), c->pod->ns, NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; !used && l.n > i; i++) {
		const struct obj *o = l.items[i];

		if (!strcmp(o->uid, c->pod->uid) || pod_finished(&pods, o) ||
		    !placement_where(c->place, o->uid) || !strstr(o->json, claim))
			continue;
		json_each(v, json_path(obj_tree(c->a, o), "spec.volumes"))
			used = used ||
			       !strcmp(json_path_str(v, "persistentVolumeClaim.claimName"), claim);
	}
	store_list_free(&l);
	return used;
}

static const struct json *read_tree(struct pod_claims *c, const char *group, const char *resource,
				    const char *name)
{
	const struct kind *k = kinds_by_resource(api_kinds(c->api), group, "v1", resource);
	const struct obj *o = *name ? store_get(api_table(c->api, k), "", name) : NULL;
	const struct json *tree = o ? obj_tree(c->a, obj_hold(c->a, o)) : NULL;

	obj_unref(o);
	return tree;
}

/* False with the reason in *why. */
static bool read_unbound(struct pod_claims *c, struct pod_claim *pc, const char **why)
{
	const char *class = claim_class(pc->tree);
	const char *node = meta_annotation(pc->tree, PVC_SELECTED_NODE);

	if (*json_path_str(pc->tree, "spec.volumeName") || !class_waits(c->api, c->a, class)) {
		*why = "pod has unbound immediate PersistentVolumeClaims";
		return false;
	}
	pc->class = read_tree(c, "storage.k8s.io", "storageclasses", class);
	if (node && placement_find(c->place, node))
		pc->selected = node;
	else
		pc->suited = volume_suited(c->api, c->a, pc->tree, &pc->nsuited);
	return true;
}

static bool read_claim(struct pod_claims *c, const struct json *volume, const char **why)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(c->api), "", "v1", "persistentvolumeclaims");
	const char *name = claim_name(c->a, c->pod->name, volume);
	const struct obj *o = store_get(api_table(c->api, k), c->pod->ns, name);
	struct pod_claim pc = { 0 };
	const char *bound_to;

	if (!o) {
		*why = arena_printf(c->a,
				    json_get(volume, "ephemeral") ?
					    "waiting for ephemeral volume controller to create the "
					    "persistentvolumeclaim \"%s\"" :
					    "persistentvolumeclaim \"%s\" not found",
				    name);
		return false;
	}
	pc.claim = obj_hold(c->a, o);
	obj_unref(o);
	pc.tree = obj_tree(c->a, pc.claim);
	bound_to = json_path_str(pc.tree, "spec.volumeName");
	if (!strcmp(json_path_str(pc.tree, "status.phase"), "Lost"))
		*why = arena_printf(
			c->a,
			"persistentvolumeclaim \"%s\" bound to non-existent persistentvolume \"%s\"",
			name, bound_to);
	else if (pc.claim->deleted_s)
		*why = arena_printf(c->a, "persistentvolumeclaim \"%s\" is being deleted", name);
	if (*why)
		return false;
	pc.bound = *bound_to && meta_annotation(pc.tree, PV_BIND_COMPLETED);
	if (pc.bound)
		pc.volume = read_tree(c, "", "persistentvolumes", bound_to);
	else if (!read_unbound(c, &pc, why))
		return false;
	c->in_use = c->in_use || (once_per_pod(pc.tree) && has_user(c, name));
	vec_push(&c->v, pc);
	return true;
}

static void claims_free(void *p)
{
	struct pod_claims *c = p;

	vec_free(&c->v);
}

struct pod_claims *claims_of_pod(struct arena *a, struct api *api, const struct placement *p,
				 const struct obj *pod, const struct json *spec, const char **why)
{
	struct pod_claims *c;

	*why = NULL;
	if (!claims_wanted(spec))
		return NULL;
	c = arena_zalloc(a, sizeof *c);
	c->a = a;
	c->api = api;
	c->place = p;
	c->pod = pod;
	c->held = placement_where(p, pod->uid);
	c->held = c->held ? arena_strdup(a, c->held) : NULL;
	arena_defer(a, claims_free, c);
	json_each(v, json_get(spec, "volumes"))
		if ((json_get(v, "persistentVolumeClaim") || json_get(v, "ephemeral")) &&
		    !read_claim(c, v, why))
			break;
	return c;
}

bool claims_bound(const struct pod_claims *c)
{
	for (size_t i = 0; i < c->v.n; i++)
		if (!c->v.p[i].bound)
			return false;
	return true;
}

/* ---- judging a node ---- */

/* `a__b` is a volume in two zones. */
static bool in_zones(const char *zones, const char *zone)
{
	size_t len = strlen(zone);

	for (const char *at = zones; at; at = strstr(at, "__") ? strstr(at, "__") + 2 : NULL)
		if (!strncmp(at, zone, len) && (!at[len] || !strncmp(at + len, "__", 2)))
			return true;
	return false;
}

static bool zones_fit(const struct json *volume, const struct obj *node)
{
	static const char *const keys[] = { "topology.kubernetes.io/zone",
					    "topology.kubernetes.io/region",
					    "failure-domain.beta.kubernetes.io/zone",
					    "failure-domain.beta.kubernetes.io/region" };
	bool knows = false, fits = true;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *have = obj_label(node, keys[i]);
		const char *want = json_str(json_get(json_path(volume, "metadata.labels"), keys[i]));

		knows = knows || have;
		fits = fits && (!want || !*want || (have && in_zones(want, have)));
	}
	return !knows || fits;
}

/* One of the class's terms suits the node; without terms all do. */
static bool topology_allowed(const struct json *class, const struct obj *node)
{
	const struct json *terms = json_get(class, "allowedTopologies");

	json_each(t, terms) {
		bool all = true;

		json_each(e, json_get(t, "matchLabelExpressions")) {
			const char *have = obj_label(node, json_path_str(e, "key"));
			bool any = false;

			json_each(v, json_get(e, "values"))
				any = any || (have && !strcmp(have, json_str(v)));
			all = all && any;
		}
		if (all)
			return true;
	}
	return !json_count(terms);
}

static bool can_be_made(const struct pod_claim *pc, const struct obj *node)
{
	const char *provisioner = json_path_str(pc->class, "provisioner");

	return *provisioner && strcmp(provisioner, "kubernetes.io/no-provisioner") != 0 &&
	       topology_allowed(pc->class, node);
}

static bool is_taken(const struct pod_claims *c, size_t before, const struct obj *volume)
{
	for (size_t i = 0; i < before; i++)
		if (c->v.p[i].take == volume)
			return true;
	return false;
}

/* Find something for a claim that waits; what is left in take. */
static bool serve(struct pod_claims *c, size_t i, const struct obj *node)
{
	struct pod_claim *pc = &c->v.p[i];

	pc->take = NULL;
	if (pc->selected)
		return !strcmp(pc->selected, node->name) && can_be_made(pc, node);
	for (size_t j = 0; j < pc->nsuited && !pc->take; j++)
		if (!is_taken(c, i, pc->suited[j]) &&
		    volume_reaches(obj_tree(c->a, pc->suited[j]), node))
			pc->take = pc->suited[j];
	return pc->take || can_be_made(pc, node);
}

static const char *claims_unfit(void *arg, const struct obj *node)
{
	struct pod_claims *c = arg;

	if (c->in_use)
		return IN_USE;
	for (size_t i = 0; i < c->v.n; i++) {
		struct pod_claim *pc = &c->v.p[i];

		if (!pc->bound && !serve(c, i, node))
			return BIND_CONFLICT;
		if (pc->bound && !pc->volume)
			return NO_VOLUME;
		if (pc->bound && !volume_reaches(pc->volume, node))
			return NODE_CONFLICT;
		if (pc->bound && !zones_fit(pc->volume, node))
			return ZONE_CONFLICT;
	}
	return c->besides ? c->besides->unfit(c->besides->arg, node) : NULL;
}

static int64_t claims_score(void *arg, const struct obj *node)
{
	const struct pod_claims *c = arg;
	int64_t keep = c->held && !strcmp(c->held, node->name) ? KEEP : 0;

	return keep + (c->besides ? c->besides->score(c->besides->arg, node) : 0);
}

struct node_rules claims_rules(struct pod_claims *c, const struct node_rules *besides)
{
	c->besides = besides;
	return (struct node_rules){ claims_unfit, claims_score, c };
}

/* ---- the choice ---- */

struct prebinding {
	const struct obj *claim;
	const struct kind *claims;
};

static bool point_at_claim(struct call *call, struct json *o, void *arg, struct status *st)
{
	const struct prebinding *b = arg;
	const char *uid = json_path_str(o, "spec.claimRef.uid");

	if (*uid && strcmp(uid, b->claim->uid))
		return status_modified(st, &b->claims->subject, b->claim->name);
	return volume_point_at(call->a, o, b->claim);
}

static bool select_node(struct call *call, struct json *o, void *arg, struct status *st)
{
	const char *node = arg, *have = meta_annotation(o, PVC_SELECTED_NODE);

	(void)st;
	if (*json_path_str(o, "spec.volumeName") || (have && !strcmp(have, node)))
		return false;
	meta_set_annotation(call->a, o, PVC_SELECTED_NODE, node);
	return true;
}

static bool unselect_node(struct call *call, struct json *o, void *arg, struct status *st)
{
	(void)call;
	(void)arg;
	(void)st;
	if (meta_annotation(o, PV_BIND_COMPLETED) || !meta_annotation(o, PVC_SELECTED_NODE))
		return false;
	meta_del_annotation(o, PVC_SELECTED_NODE);
	return true;
}

bool claims_commit(struct task *t, struct pod_claims *c, const char *node, struct status *st)
{
	struct call *call = &t->call;
	const struct kind *claims =
		kinds_by_resource(api_kinds(c->api), "", "v1", "persistentvolumeclaims");
	const struct kind *volumes =
		kinds_by_resource(api_kinds(c->api), "", "v1", "persistentvolumes");
	const struct obj *o = api_get(call, kinds_by_resource(api_kinds(c->api), "", "v1", "nodes"),
				      "", node, NULL);
	char *name = arena_strdup(call->a, node);

	c->besides = NULL;
	if (!o || claims_unfit(c, o)) /* again, because take is that of the node looked at last */
		return status_modified(st, &claims->subject, c->v.p[0].claim->name);
	for (size_t i = 0; i < c->v.n; i++) {
		struct pod_claim *pc = &c->v.p[i];
		struct prebinding b = { pc->claim, claims };

		if (pc->take &&
		    !api_change(call, volumes, NULL, "", pc->take->name, point_at_claim, &b, st))
			return false;
		if (!pc->bound && !pc->take &&
		    !api_change(call, claims, NULL, pc->claim->ns, pc->claim->name, select_node,
				name, st))
			return false;
	}
	return true;
}

void claims_give_up(struct task *t, struct pod_claims *c)
{
	const struct kind *k =
		kinds_by_resource(api_kinds(c->api), "", "v1", "persistentvolumeclaims");

	for (size_t i = 0; i < c->v.n; i++)
		if (!c->v.p[i].bound)
			api_change(&t->call, k, NULL, c->v.p[i].claim->ns, c->v.p[i].claim->name,
				   unselect_node, NULL, NULL);
}
