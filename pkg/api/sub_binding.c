/*
 * binding: the scheduler's decision becomes the pod's nodeName.
 *
 * A binding writes past the pod's own update rules (which forbid exactly this change), so it reads, changes
 * and commits by itself.  A scheduling pass binds many pods in one commit: one fsync for all; a pod that
 * has moved on meanwhile is read again and, if still unbound, tried again with the rest.
 * k8s: pkg/registry/core/pod/storage/storage.go BindingREST.
 */
#include "api/core.h"
#include "api/dynamic.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

#define ROUNDS 16
#define BATCH 128

struct binding {
	const char *ns, *name, *uid, *rv, *node;
	const struct json *annotations, *labels;
};

/* 409 on the subresource's name, as upstream. */
static bool refused(struct status *st, const struct binding *b, const char *text)
{
	static const struct subject s = { "", "pods/binding", "Binding" };

	return status_conflict(st, &s, b->name, "%s", text);
}

static bool bindable(struct arena *a, const struct binding *b, const struct obj *pod,
		     const struct json *tree, struct status *st)
{
	const char *node = json_path_str(tree, "spec.nodeName");

	if (b->uid && *b->uid && strcmp(b->uid, pod->uid))
		return refused(
			st, b,
			arena_printf(a, "Precondition failed: UID in precondition: %s, UID in object meta: %s",
				     b->uid, pod->uid));
	if (b->rv && *b->rv && strcmp(b->rv, meta_rv(tree)))
		return refused(
			st, b,
			arena_printf(a, "Precondition failed: ResourceVersion in precondition: %s, ResourceVersion in object meta: %s",
				     b->rv, meta_rv(tree)));
	if (pod->deleted_s)
		return refused(st, b,
			       arena_printf(a, "pod %s is being deleted, cannot be assigned to a host",
					    b->name));
	if (*node)
		return refused(st, b,
			       arena_printf(a, "pod %s is already assigned to node \"%s\"", b->name,
					    node));
	if (json_count(json_path(tree, "spec.schedulingGates")))
		return refused(st, b,
			       arena_printf(a, "pod %s has non-empty .spec.schedulingGates", b->name));
	return true;
}

static void bind_tree(struct call *c, const struct binding *b, struct json *pod)
{
	struct arena *a = c->a;

	json_set_str(a, json_ensure_object(a, pod, "spec"), "nodeName", b->node);
	json_del(json_get(pod, "status"), "nominatedNodeName");
	json_each(m, b->annotations)
		meta_set_annotation(a, pod, json_name(m), json_str(m));
	json_each(m, b->labels)
		meta_set_label(a, pod, json_name(m), json_str(m));
	topology_labels(c, pod, b->node);
	meta_set_condition(a, pod, "PodScheduled", "True", "", "", false);
}

/* The write that binds, into w; false with st filled. */
static bool bind_prepare(struct call *c, const struct binding *b, struct store_write *w,
			 struct status *st)
{
	const struct kind *k = c->api->known.pod;
	const struct obj *pod = store_get(api_table(c->api, k), b->ns, b->name);
	struct json *tree;

	if (!pod)
		return status_not_found(st, &k->subject, b->name);
	obj_give(c->a, pod);
	tree = obj_tree(c->a, pod);
	if (!bindable(c->a, b, pod, tree, st))
		return false;
	bind_tree(c, b, tree);
	*w = (struct store_write){
		.table = api_table(c->api, k),
		.op = STORE_UPDATE,
		.obj = convert_frozen(c->a, k, tree, c->user, st),
		.expect_rev = pod->rev,
	};
	return true;
}

static bool binding_check(const char *name, const struct json *body, struct status *st)
{
	struct field_errors e = FIELD_ERRORS_INIT;
	static const struct subject s = { "", "bindings", "Binding" };
	const char *kind = json_path_str(body, "target.kind");

	if (*meta_name(body) && strcmp(meta_name(body), name))
		return status_bad_request(st, "name in URL does not match name in Binding object");
	if (*kind && strcmp(kind, "Node"))
		field_error_str(&e, FIELD_NOT_SUPPORTED, "target.kind", kind,
				"supported values: \"Node\", \"<empty>\"");
	if (!*json_path_str(body, "target.name"))
		field_error(&e, FIELD_REQUIRED, "target.name", NULL, "");
	return status_invalid(st, &s, name, &e);
}

static bool bind_one(struct call *c, const char *ns, const char *name, const struct json *body,
		     struct status *st)
{
	struct binding b = {
		.ns = ns,
		.name = name,
		.uid = meta_uid(body),
		.rv = meta_rv(body),
		.node = json_path_str(body, "target.name"),
		.annotations = json_path(body, "metadata.annotations"),
		.labels = json_path(body, "metadata.labels"),
	};

	for (int i = 0; i < ROUNDS; i++) {
		struct store_write w;
		enum store_result r;

		if (!bind_prepare(c, &b, &w, st))
			return false;
		if (c->dry_run) {
			obj_unref(w.obj);
			return true;
		}
		r = store_commit(c->api->config.store, &w, 1, NULL, st);
		obj_unref(w.result);
		if (r == STORE_OK)
			return true;
		if (r == STORE_FAILED)
			return false;
	}
	return status_modified(st, &c->api->known.pod->subject, name);
}

bool api_bind(struct call *c, const char *ns, const char *name, const struct json *body,
	      struct status *st)
{
	static const struct admit_type type = { "", "v1", "Binding" };
	const struct action x = { c->api->known.pod, ADMIT_CREATE, "binding", ns, name, &type };

	return binding_check(name, body, st) && admission_action(c, &x, &body, st) &&
	       bind_one(c, ns, name, body, st);
}

/* ---- many at once ---- */

/* The same question as for a binding that somebody posts. */
static bool may_bind(struct call *c, const struct bind_item *x)
{
	static const struct admit_type type = { "", "v1", "Binding" };
	const struct action action = { c->api->known.pod, ADMIT_CREATE, "binding", x->ns,
				       x->name,           &type };
	const struct json *body;

	if (!dynamic_any(c))
		return true;
	body = json_build(c->a, "{metadata:{name:%s,namespace:%s,uid:%s},target:{kind:%s,name:%s}}",
			  x->name, x->ns, x->uid, "Node", x->node);
	return admission_action(c, &action, &body, NULL);
}

/* Prepare the items that are not done; out[] holds their writes, of[] which item each is. */
static size_t pass_prepare(struct call *c, struct bind_item *items, size_t n, bool *done,
			   struct store_write *out, size_t *of)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		struct binding b = { .ns = items[i].ns,
				     .name = items[i].name,
				     .uid = items[i].uid,
				     .node = items[i].node };

		if (done[i])
			continue;
		if (!may_bind(c, &items[i])) {
			done[i] = true;
			continue;
		}
		if (bind_prepare(c, &b, &out[m], NULL))
			of[m++] = i;
		else
			done[i] = true; /* gone, bound by somebody else, or gated: not ours */
	}
	return m;
}

static void pass_finish(struct bind_item *items, bool *done, struct store_write *w,
			const size_t *of, size_t m)
{
	for (size_t i = 0; i < m; i++) {
		items[of[i]].bound = done[of[i]] = true;
		obj_unref(w[i].result);
	}
}

static bool bind_batch(struct call *c, struct bind_item *items, size_t n, struct status *st)
{
	struct store_write w[BATCH];
	bool done[BATCH] = { false };
	size_t of[BATCH];

	for (size_t i = 0; i < n; i++)
		items[i].bound = false;
	for (int round = 0; round < ROUNDS; round++) {
		size_t m = pass_prepare(c, items, n, done, w, of);

		if (!m)
			return true;
		switch (store_commit(c->api->config.store, w, m, NULL, st)) {
		case STORE_OK: pass_finish(items, done, w, of, m); return true;
		case STORE_FAILED: return false;
		default: break; /* one of them changed: look at all again */
		}
	}
	return true;
}

bool api_bind_many(struct call *c, struct bind_item *items, size_t n, struct status *st)
{
	for (size_t i = 0; i < n; i += BATCH)
		if (!bind_batch(c, items + i, n - i < BATCH ? n - i : BATCH, st))
			return false;
	return true;
}
