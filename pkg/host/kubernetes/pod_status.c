/*
 * pod_status: the host pod's status as the tenant may see it: names mapped back, containers of the virtual spec
 * only, readiness gates and QoS class left to their owners, generations counted in virtual terms.
 */
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/nodes.h"
#include "host/kubernetes/sync.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

struct take {
	struct host *h;
	const struct json *theirs; /* the host pod */
	const char *uid;
};

static const struct json *named(const struct json *list, const char *key, const char *name)
{
	json_each(e, list)
		if (!strcmp(json_str(json_get(e, key)), name))
			return e;
	return NULL;
}

/* ---- texts ---- */

/* Every message and reason below a node, scrubbed of host names. */
static void scrub(struct host *h, struct arena *a, struct json *o)
{
	json_each(m, o) {
		const char *name = json_name(m);

		if (json_is_object(m) || json_is_array(m))
			scrub(h, a, m);
		else if (name && !strcmp(name, "message") && *json_str(m))
			json_set_str(a, o, name, names_scrub(h->names, a, json_str(m)));
	}
}

/* ---- container statuses ---- */

static struct json *container_statuses(struct arena *a, const struct json *v, const char *spec,
				       const struct json *theirs)
{
	struct json *out = json_array(a);

	json_each(c, json_get(json_get(v, "spec"), spec)) {
		const struct json *s = named(theirs, "name", json_path_str(c, "name"));

		if (s)
			json_append(out, json_copy(a, s));
	}
	return out;
}

static void copy_containers(struct arena *a, struct json *status, const struct json *v,
			    const struct json *theirs)
{
	static const char *const rows[][2] = {
		{ "initContainers", "initContainerStatuses" },
		{ "containers", "containerStatuses" },
		{ "ephemeralContainers", "ephemeralContainerStatuses" },
	};

	for (size_t i = 0; i < 3; i++) {
		const struct json *list = json_get(theirs, rows[i][1]);
		struct json *out = container_statuses(a, v, rows[i][0], list);

		json_del(status, rows[i][1]);
		if (json_count(out))
			json_set(a, status, rows[i][1], out);
	}
}

/* ---- conditions ---- */

static bool is_gate(const struct json *pod, const char *type)
{
	return named(json_path(pod, "spec.readinessGates"), "conditionType", type);
}

static struct json *conditions(struct arena *a, const struct json *v, const struct json *theirs)
{
	struct json *out = json_array(a);

	json_each(c, json_path(theirs, "status.conditions")) {
		const char *type = json_path_str(c, "type");

		if (is_gate(v, type) || is_gate(theirs, type))
			continue;
		json_append(out, json_copy(a, c));
	}
	/* Gates and conditions only the tenant knows stay the tenant's. */
	json_each(c, json_path(v, "status.conditions")) {
		const char *type = json_path_str(c, "type");

		if (!named(out, "type", type) && (is_gate(v, type) || !meta_condition(theirs, type)))
			json_append(out, json_copy(a, c));
	}
	return out;
}

/* The host counts its own generations: theirs reached means that the one we pushed was seen. */
static void generations(struct arena *a, struct json *status, const struct json *v,
			const struct json *theirs)
{
	const char *vgen = meta_annotation(theirs, ANNOTATION_VGEN);
	int64_t seen = json_path_int(theirs, "status.observedGeneration", -1);
	int64_t ours = vgen ? strtoll(vgen, NULL, 10) : 0;

	if (seen < 0 || seen < meta_generation(theirs) || !ours)
		ours = json_path_int(v, "status.observedGeneration", 0);
	if (ours)
		json_set_int(a, status, "observedGeneration", ours);
	else
		json_del(status, "observedGeneration");
	json_each(c, json_get(status, "conditions"))
		if (json_get(c, "observedGeneration")) {
			if (ours)
				json_set_int(a, c, "observedGeneration", ours);
			else
				json_del(c, "observedGeneration");
		}
}

static struct json *corrected(struct host *h, struct arena *a, const struct json *v,
			      const struct json *theirs)
{
	struct json *s = json_copy(a, json_get(theirs, "status"));
	const struct json *qos = json_path(v, "status.qosClass");

	if (!s)
		s = json_object(a);
	json_del(s, "resourceClaimStatuses");
	json_del(s, "nominatedNodeName");
	if (qos)
		json_set(a, s, "qosClass", json_copy(a, qos));
	copy_containers(a, s, v, json_get(theirs, "status"));
	json_set(a, s, "conditions", conditions(a, v, theirs));
	generations(a, s, v, theirs);
	scrub(h, a, s);
	return s;
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct take *t = arg;
	struct json *s;

	(void)st;
	if (strcmp(meta_uid(o), t->uid))
		return false;
	s = corrected(t->h, c->a, o, t->theirs);
	if (json_equal(json_get(o, "status"), s))
		return false;
	json_set(c->a, o, "status", s);
	return true;
}

static bool bind(struct host *h, struct task *t, const struct obj *v, const char *node,
		 const char *host_ip, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *b = json_build(t->call.a,
				    "{apiVersion:%s,kind:%s,metadata:{name:%s,namespace:%s,uid:%s},"
				    "target:{apiVersion:%s,kind:%s,name:%s}}",
				    "v1", "Binding", v->name, v->ns, v->uid, "v1", "Node", node);

	if (!kube_node_ensure(h, &t->call, node, host_ip, st))
		return false;
	if (api_bind(&t->call, v->ns, v->name, b, &err) || status_is(&err, "NotFound"))
		return true;
	status_move(st, &err);
	return false;
}

static bool gone_is_fine(const struct obj *o, struct status *err, struct status *st)
{
	if (o || status_is(err, "NotFound"))
		return true;
	status_move(st, err);
	return false;
}

bool pod_take_status(struct host *h, struct task *t, const struct obj *v, const struct json *h_pod,
		     struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "pods");
	const char *node = json_path_str(h_pod, "spec.nodeName");
	const char *mine = json_path_str(obj_tree(t->call.a, v), "spec.nodeName");
	struct take take = { .h = h, .theirs = h_pod, .uid = v->uid };

	if (*node && !*mine && !bind(h, t, v, node, json_path_str(h_pod, "status.hostIP"), st))
		return false;
	if (*node && *mine && strcmp(node, mine))
		return status_other(st, 409, "NodeMismatch",
				    "the host moved the pod from node %s to %s", mine, node);
	return gone_is_fine(
		api_change(&t->call, k, "status", v->ns, v->name, put_status, &take, &err), &err, st);
}

/* ---- lost and refused ---- */

static void end_containers(struct arena *a, struct json *status, const char *now)
{
	json_each(s, json_get(status, "containerStatuses")) {
		if (json_path(s, "state.terminated"))
			continue;
		json_set(a, s, "state",
			 json_build(a,
				    "{terminated:{exitCode:%d,reason:%s,message:%s,"
				    "finishedAt:%s}}",
				    137, "ContainerStatusUnknown",
				    "The container could not be located when the pod was deleted",
				    now));
		json_set_bool(a, s, "ready", false);
		json_set_bool(a, s, "started", false);
	}
}

static bool fail_lost(struct call *c, struct json *o, void *arg, struct status *st)
{
	struct json *s = json_ensure_object(c->a, o, "status");
	const char *phase = json_path_str(s, "phase");
	char now[TIME_LEN];

	(void)st;
	if (strcmp(meta_uid(o), arg) || !strcmp(phase, "Failed") || !strcmp(phase, "Succeeded"))
		return false;
	time_format(clock_now_s(), now);
	json_set_str(c->a, s, "phase", "Failed");
	json_set_str(c->a, s, "reason", "HostPodLost");
	json_set_str(c->a, s, "message", "the pod vanished from the host");
	end_containers(c->a, s, now);
	meta_set_condition(c->a, o, "DisruptionTarget", "True", "DeletedOnHost",
			   "the pod vanished from the host", false);
	return true;
}

bool pod_mark_lost(struct host *h, struct task *t, const struct obj *v, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "pods");

	if (!v->deleted_s)
		task_event(t, k, v, "Warning", "HostPodLost", "The pod vanished from the host");
	return gone_is_fine(api_change(&t->call, k, "status", v->ns, v->name, fail_lost,
				       arena_strdup(t->call.a, v->uid), &err),
			    &err, st);
}

struct telling {
	const char *uid, *reason, *message;
};

static bool tell_scheduled(struct call *c, struct json *o, void *arg, struct status *st)
{
	const struct telling *t = arg;

	(void)st;
	if (strcmp(meta_uid(o), t->uid) || *json_path_str(o, "spec.nodeName"))
		return false;
	return meta_set_condition(c->a, o, "PodScheduled", "False", t->reason, t->message, false);
}

/* On the pod, and on its controller, where `describe` of a workload looks. */
static void tell_owner(struct task *t, const struct obj *v, const char *reason, const char *message)
{
	const struct owner *c = obj_controller(v);
	const struct kind *k =
		c ? kinds_by_api_version(api_kinds(t->call.api), c->api_version, c->kind) : NULL;
	const struct obj *owner = k ? api_get(&t->call, k, v->ns, c->name, NULL) : NULL;

	if (owner && !strcmp(owner->uid, c->uid))
		task_event(t, k, owner, "Warning", reason, "%s", message);
}

void pod_tell(struct host *h, struct task *t, const struct obj *v, const char *reason,
	      const char *message)
{
	const struct kind *k = kinds_by_resource(api_kinds(h->api), "", "v1", "pods");
	struct telling tell = { v->uid, reason, message };
	const struct json *now = meta_condition(obj_tree(t->call.a, v), "PodScheduled");

	if (!strcmp(json_path_str(now, "reason"), reason) &&
	    !strcmp(json_path_str(now, "message"), message))
		return;
	api_change(&t->call, k, "status", v->ns, v->name, tell_scheduled, &tell, NULL);
	task_event(t, k, v, "Warning", reason, "%s", message);
	tell_owner(t, v, reason, message);
}

/* What a host's answer means to the tenant, and how long to wait. */
static const struct refusal {
	int code;
	const char *part; /* of the message; NULL = any */
	const char *reason;
	int64_t again_ms;
} refusals[] = {
	{ 403, "exceeded quota", "HostQuotaExceeded", 15000 },
	{ 403, "must specify", "HostQuotaExceeded", 60000 },
	{ 403, "violates PodSecurity", "HostPolicyViolation", 600000 },
	{ 403, "unable to validate against any security context", "HostPolicyViolation", 600000 },
	{ 403, "is being terminated", "HostNamespaceTerminating", 60000 },
	{ 404, NULL, "HostNamespaceTerminating", 60000 },
	{ 0, "admission webhook", "HostAdmissionDenied", 30000 },
	{ 403, NULL, "HostForbidden", 60000 },
	{ 422, NULL, "HostInvalid", 600000 },
	{ 400, NULL, "HostInvalid", 600000 },
};

void pod_tell_refusal(struct host *h, struct task *t, const struct obj *v, const struct status *err,
		      int64_t *again_ms)
{
	const char *text = names_scrub(h->names, t->call.a, err->message ? err->message : "");

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct refusal *r = &refusals[i];

		if ((r->code && r->code != err->code) || (r->part && !strstr(text, r->part)))
			continue;
		*again_ms = r->again_ms;
		pod_tell(h, t, v, r->reason, text);
		return;
	}
	*again_ms = 0; /* not a refusal but a failure: the queue's back-off */
}
