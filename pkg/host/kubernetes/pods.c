/*
 * pods: virtual pods to host pods.
 *
 * Keyed by the virtual name; every reconcile looks at what there is now, a virtual pod (V) or not, a host pod
 * (H) or not, linked (H carries V's uid) or not, and takes the one step that leads on:
 *
 *	V live, H none, never started     create H (after what it refers to)
 *	V live, H of an older incarnation delete H, wait
 *	V live, H linked                  push changes down, take status up
 *	V live, H linked and terminating  take status, delete V with H's grace
 *	V started, H gone (asked live)    write that it failed, delete V
 *	V terminating, H linked           delete H with V's grace, take status
 *	V terminating, H gone             let V go
 *	no V, H ours                      delete H
 *	H not ours                        tell, never touch
 */
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/sync.h"
#include "host/kubernetes/translate.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define SYNC_WAIT_MS 200
#define GONE_WAIT_MS 500

struct sync {
	struct host *h;
	struct task *t;
	struct arena *a;
	const struct kind *kind;
	struct key key;
	char hname[HOST_NAME_MAX];
	const char *path;    /* of H on the host */
	const struct obj *v; /* NULL: none */
	struct json *v_tree;
	struct json *h_pod; /* NULL: none */
	struct result *out;
};

/* ---- what there is ---- */

/* H as the mirror has it; asks the host itself when live is set, because absence in a mirror proves nothing. */
static bool find_host_pod(struct sync *s, bool live, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct obj *o = live ? NULL : mirror_get(s->h->pods, s->hname);

	s->h_pod = NULL;
	if (o) {
		s->h_pod = obj_tree(s->a, obj_give(s->a, o));
		return true;
	}
	if (!live || remote_get(s->h, s->a, s->path, &s->h_pod, &err) || err.code == 404)
		return true;
	status_move(st, &err);
	return false;
}

static bool linked(const struct sync *s)
{
	const char *uid = meta_annotation(s->h_pod, ANNOTATION_UID);

	return uid && s->v && !strcmp(uid, s->v->uid);
}

static bool ours(struct sync *s)
{
	const char *vc = meta_label(s->h_pod, LABEL_VC);
	const char *self = meta_annotation(s->h_pod, ANNOTATION_SELF);

	return vc && self && !strcmp(vc, s->h->cid_label) && !strcmp(self, s->hname);
}

static bool terminal(const struct json *pod)
{
	const char *phase = json_path_str(pod, "status.phase");

	return !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
}

/* Its containers may have run: from then on a vanished host pod is a failure, not an invitation. */
static bool started(const struct sync *s)
{
	return json_path(s->v_tree, "status.startTime") || *json_path_str(s->v_tree, "status.hostIP");
}

/* ---- virtual deletes ---- */

static bool delete_virtual(struct sync *s, int64_t grace_s, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct delete_options how = { .grace_s = grace_s, .uid = s->v->uid };
	bool gone;

	if (api_delete(&s->t->call, s->kind, s->key.ns, s->key.name, &how, &gone, &err) ||
	    status_is(&err, "NotFound") || status_is(&err, "Conflict"))
		return true;
	status_move(st, &err);
	return false;
}

static int64_t grace_of(const struct json *pod, int64_t dflt)
{
	return json_path_int(pod, "metadata.deletionGracePeriodSeconds", dflt);
}

/* ---- host deletes ---- */

static bool delete_host(struct sync *s, int64_t grace_s, struct status *st)
{
	return remote_delete(s->h, s->a, s->path, meta_uid(s->h_pod), grace_s, st);
}

static void released(struct sync *s)
{
	struct json *spec = json_path(s->v_tree, "spec");

	if (spec)
		deps_release(s->h, s->key.ns, json_copy(s->a, spec));
}

/* ---- create ---- */

static const char *dns_ip(struct sync *s)
{
	const struct kind *k = kinds_by_resource(api_kinds(s->h->api), "", "v1", "services");
	const struct obj *o = api_get(&s->t->call, k, "kube-system", "kube-dns", NULL);
	const char *ip = o ? json_path_str(obj_tree(s->a, o), "spec.clusterIP") : "";

	return strcmp(ip, "None") ? ip : "";
}

static const struct json *namespace_labels(struct sync *s)
{
	const struct kind *k = kinds_by_resource(api_kinds(s->h->api), "", "v1", "namespaces");
	const struct obj *o = api_get(&s->t->call, k, "", s->key.ns, NULL);

	return o ? json_path(obj_tree(s->a, o), "metadata.labels") : NULL;
}

static struct json *desired(struct sync *s)
{
	struct translation t = { .h = s->h,
				 .a = s->a,
				 .v = s->v_tree,
				 .ns_labels = namespace_labels(s),
				 .dns_ip = dns_ip(s) };
	struct json *o;

	lock_take(&s->h->lock);
	t.api_ip = arena_strdup(s->a, s->h->api_ip ? s->h->api_ip : "");
	t.api_port = s->h->api_port;
	lock_drop(&s->h->lock);
	o = translate_pod(&t);
	if (!o)
		pod_tell(s->h, s->t, s->v, t.refused, t.why);
	return o;
}

/* May the host have the pod now?  Gated pods are still being shaped, other schedulers still choosing. */
static bool due(const struct sync *s)
{
	if (json_count(json_path(s->v_tree, "spec.schedulingGates")) || terminal(s->v_tree) ||
	    meta_annotation(s->v_tree, "kubernetes.io/config.mirror"))
		return false;
	return !strcmp(json_path_str(s->v_tree, "spec.schedulerName"), "default-scheduler") ||
	       *json_path_str(s->v_tree, "spec.nodeName");
}

static bool created(struct sync *s, struct json *h_pod, struct status *st)
{
	return tokens_adopt(s->h, &s->t->call, s->v_tree, s->hname, meta_uid(h_pod), st);
}

static bool conflict(struct sync *s, struct status *st)
{
	if (!find_host_pod(s, true, st))
		return false;
	if (s->h_pod && linked(s))
		return created(s, s->h_pod, st);
	if (s->h_pod && ours(s))
		return delete_host(s, grace_of(s->h_pod, -1), st);
	if (s->h_pod)
		pod_tell(s->h, s->t, s->v, "HostNameConflict",
			 "another object on the host has the name this pod needs");
	s->out->after_ms = s->h_pod ? 60000 : SYNC_WAIT_MS;
	return true;
}

static bool create(struct sync *s, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *spec = json_copy(s->a, json_get(s->v_tree, "spec")), *want, *made;
	int64_t again = 0;

	if (!due(s))
		return true;
	want = desired(s);
	if (!want)
		return true;
	if (deps_ensure(s->h, &s->t->call, s->key.ns, spec, &err) &&
	    tokens_ensure(s->h, &s->t->call, s->v_tree, &again, &err) &&
	    remote_create(s->h, s->a, remote_path(s->h, s->a, "api/v1", "pods", NULL, NULL), want,
			  &made, &err)) {
		s->out->after_ms = again;
		return created(s, made, st);
	}
	if (status_is(&err, "AlreadyExists"))
		return conflict(s, st);
	pod_tell_refusal(s->h, s->t, s->v, &err, &s->out->after_ms);
	if (s->out->after_ms)
		return true;
	status_move(st, &err);
	return false;
}

/* ---- both ---- */

static bool keep_step(struct sync *s, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *spec = json_copy(s->a, json_get(s->v_tree, "spec")), *want;
	int64_t again = 0;

	if (!terminal(s->v_tree) && !terminal(s->h_pod)) {
		want = desired(s);
		/* What a container needs at its next start must be there, but it must not keep the
		 * status from flowing. */
		if (want && (!deps_ensure(s->h, &s->t->call, s->key.ns, spec, &err) ||
			     !tokens_ensure(s->h, &s->t->call, s->v_tree, &again, &err) ||
			     !pod_push(s->h, s->t, s->v, want, s->h_pod, &err)))
			pod_tell_refusal(s->h, s->t, s->v, &err, &again);
	}
	s->out->after_ms = again;
	return pod_take_status(s->h, s->t, s->v, s->h_pod, st);
}

/* The host ends the pod: so does the tenant see it, with the same grace.  A forced end leaves no time for a
 * last status, so the pod is said to have failed: Jobs count it. */
static bool follow_delete(struct sync *s, struct status *st)
{
	int64_t grace_s = grace_of(s->h_pod, 30);

	if (!pod_take_status(s->h, s->t, s->v, s->h_pod, st))
		return false;
	if (!grace_s && !terminal(s->h_pod) && !pod_mark_lost(s->h, s->t, s->v, st))
		return false;
	return delete_virtual(s, grace_s, st);
}

static bool live_both(struct sync *s, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;

	if (!linked(s)) {
		if (!ours(s))
			return conflict(s, st);
		s->out->after_ms = GONE_WAIT_MS;
		return meta_deleting(s->h_pod) || delete_host(s, -1, st);
	}
	if (meta_deleting(s->h_pod))
		return follow_delete(s, st);
	if (keep_step(s, &err))
		return true;
	if (status_is(&err, "NodeMismatch"))
		return delete_virtual(s, -1, st) && delete_host(s, -1, st);
	status_move(st, &err);
	return false;
}

static bool terminating_both(struct sync *s, struct status *st)
{
	int64_t mine = grace_of(s->v_tree, 30), theirs = grace_of(s->h_pod, -1);

	if (!linked(s))
		return ours(s) ? delete_host(s, 0, st) : delete_virtual(s, 0, st);
	if ((!meta_deleting(s->h_pod) || mine < theirs) && !delete_host(s, mine, st))
		return false;
	if (meta_deleting(s->h_pod) && theirs >= 0 && theirs < mine && !delete_virtual(s, theirs, st))
		return false;
	return pod_take_status(s->h, s->t, s->v, s->h_pod, st);
}

/* ---- only one ---- */

static bool only_virtual(struct sync *s, struct status *st)
{
	if (!s->v->deleted_s && !started(s))
		return create(s, st);
	if (!s->v->deleted_s && terminal(s->v_tree))
		return true;
	if (!find_host_pod(s, true, st))
		return false;
	if (s->h_pod && linked(s)) {
		s->out->after_ms = SYNC_WAIT_MS; /* the mirror is behind */
		return s->v->deleted_s ? terminating_both(s, st) : true;
	}
	if (started(s) && !terminal(s->v_tree) && !pod_mark_lost(s->h, s->t, s->v, st))
		return false;
	released(s);
	tokens_drop(s->h, &s->t->call, s->key.ns, s->key.name);
	return delete_virtual(s, 0, st);
}

static bool only_host(struct sync *s, struct status *st)
{
	if (!ours(s) || meta_deleting(s->h_pod))
		return true;
	if (!orphans_may_go(s->h)) {
		s->out->after_ms = 5000;
		return true;
	}
	return delete_host(s, json_path_int(s->h_pod, "spec.terminationGracePeriodSeconds", -1), st);
}

static bool pods_reconcile(struct task *t, struct key key, struct result *out, struct status *st)
{
	struct sync s = { .h = t->state,
			  .t = t,
			  .a = t->call.a,
			  .key = key,
			  .out = out,
			  .kind = kinds_by_resource(api_kinds(t->call.api), "", "v1", "pods") };

	if (!mirror_synced(s.h->pods) || !mirror_synced(s.h->secrets) ||
	    !mirror_synced(s.h->configmaps)) {
		out->after_ms = SYNC_WAIT_MS;
		return true;
	}
	names_map(s.h->names, "pods", key.ns, key.name, s.hname);
	s.path = remote_path(s.h, s.a, "api/v1", "pods", s.hname, NULL);
	s.v = api_get(&t->call, s.kind, key.ns, key.name, NULL);
	s.v_tree = s.v ? obj_tree(s.a, s.v) : NULL;
	if (!find_host_pod(&s, false, st))
		return false;
	if (!s.v)
		return !s.h_pod || only_host(&s, st);
	if (!s.h_pod)
		return only_virtual(&s, st);
	return s.v->deleted_s ? terminating_both(&s, st) : live_both(&s, st);
}

/* A namespace's labels travel on its pods. */
static void map_change(struct enqueue *q, void *state, const struct controller_watch *w,
		       const struct event *ev)
{
	struct host *h = state;
	struct store_list l;

	if (strcmp(w->kind, "Namespace")) {
		enqueue_key(q, ev->obj->ns, ev->obj->name);
		return;
	}
	if (!ev->prev || ev->type == EVENT_DELETED)
		return;
	store_list(api_table(h->api, kinds_by_resource(api_kinds(h->api), "", "v1", "pods")),
		   ev->obj->name, NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		enqueue_key(q, l.items[i]->ns, l.items[i]->name);
	store_list_free(&l);
}

const struct controller kube_pods = {
	.name = "host-pods",
	.manager = "host-pods",
	.watch = { { "v1", "Pod", NULL }, { "v1", "Namespace", NULL } },
	.map_state = map_change,
	.reconcile = pods_reconcile,
	.workers = 8,
	.resync_s = 600,
	.start = kube_start,
};
