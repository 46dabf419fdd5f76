/*
 * The verbs of main resources: each handler turns parameters and body into one call of the api.
 */
#include "server/request.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static bool run_get(struct req *r)
{
	struct list_options o = { .resource_version = query_str(&r->query, "resourceVersion") };

	if (*o.resource_version && api_list_blocks(r->server->c.api, r->kind, &o)) {
		if (req_wait(r))
			return false;
		/* An empty page at that revision waits for it, and refuses what lies too far ahead. */
		struct list_result none;
		o.limit = 1;
		o.match = "NotOlderThan";
		if (!api_list(&r->call, r->kind, r->ns, &o, &none, &r->st))
			return false;
	}
	return reply_obj(r, 200, api_get(&r->call, r->kind, r->ns, r->route.attr.name, &r->st));
}

static bool run_list(struct req *r)
{
	struct list_options o = { 0 };

	if (!query_list_options(&r->query, &o, &r->st))
		return false;
	if (query_flag(&r->query, "sendInitialEvents") || query_get(&r->query, "sendInitialEvents")) {
		static const struct subject s = { "meta.k8s.io", "", "ListOptions" };
		struct field_errors errs = FIELD_ERRORS_INIT;

		field_error(&errs, FIELD_FORBIDDEN, "sendInitialEvents", NULL,
			    "sendInitialEvents is forbidden for list");
		return status_invalid(&r->st, &s, "", &errs);
	}
	if (api_list_blocks(r->server->c.api, r->kind, &o) && req_wait(r))
		return false;
	if (!api_list(&r->call, r->kind, r->ns, &o, &r->reply.list, &r->st))
		return false;
	r->reply.type = REPLY_LIST;
	return true;
}

static bool run_create(struct req *r)
{
	if (r->kind->virtual_only)
		return reply_tree(r, 201, api_review(&r->call, r->kind, r->ns, r->body, &r->st));
	return reply_obj(r, 201, api_create(&r->call, r->kind, r->ns, r->body, &r->st));
}

static bool run_bindings(struct req *r)
{
	const char *name = json_path_str(r->body, "metadata.name");

	return api_bind(&r->call, r->ns, name, r->body, &r->st) && reply_success(r, 201);
}

static bool run_update(struct req *r)
{
	bool created = false;
	const struct obj *o = api_update(&r->call, r->kind, NULL, r->ns, r->route.attr.name,
					 r->body, &created, &r->st);

	return reply_obj(r, created ? 201 : 200, o);
}

static bool run_patch(struct req *r)
{
	bool created = false;
	const struct obj *o = api_patch(&r->call, r->kind, NULL, r->ns, r->route.attr.name,
					r->patch, r->body, r->force, &created, &r->st);

	return reply_obj(r, created ? 201 : 200, o);
}

/* {"kind":"Status",...,"details":{name, group, kind, uid}} */
static bool reply_deleted(struct req *r, const struct obj *o)
{
	const struct subject *s = &r->kind->subject;
	struct json *details = json_object(r->a);

	json_set_str(r->a, details, "name", o->name);
	if (*s->group)
		json_set_str(r->a, details, "group", s->group);
	json_set_str(r->a, details, "kind", s->resource);
	json_set_str(r->a, details, "uid", o->uid);
	return reply_tree(r, 200,
			  json_build(r->a, "{kind:%s,apiVersion:%s,metadata:{},status:%s,details:%j}",
				     "Status", "v1", "Success", details));
}

static bool run_delete(struct req *r)
{
	struct delete_options o = DELETE_OPTIONS_INIT;
	bool may_202 = false, gone = false;

	if (!decode_delete_options(r, &o, &may_202))
		return false;
	const struct obj *old =
		api_delete(&r->call, r->kind, r->ns, r->route.attr.name, &o, &gone, &r->st);
	if (!old)
		return false;
	if (gone && !r->kind->delete_returns_object)
		return reply_deleted(r, old);
	return reply_obj(r, !gone && may_202 ? 202 : 200, old);
}

static bool run_deletecollection(struct req *r)
{
	struct delete_options o = DELETE_OPTIONS_INIT;
	struct list_options l = { 0 };
	bool may_202;

	if (!query_list_options(&r->query, &l, &r->st) || !decode_delete_options(r, &o, &may_202) ||
	    !api_delete_collection(&r->call, r->kind, r->ns, &l, &o, &r->reply.list, &r->st))
		return false;
	r->reply.type = REPLY_LIST;
	return true;
}

struct verb_row {
	unsigned bit;
	bool named; /* on PATH/NAME, else on the collection */
	struct operation op;
};

static const struct verb_row verbs[] = {
	{ VERB_GET, true, { .verb = "get", .run = run_get } },
	{ VERB_LIST, false, { .verb = "list", .run = run_list } },
	{ VERB_WATCH, false, { .verb = "watch", .run = watch_start, .raw = true } },
	{ VERB_CREATE,
	  false,
	  { .verb = "create", .run = run_create, .body = BODY_OBJECT, .blocks = true } },
	{ VERB_UPDATE,
	  true,
	  { .verb = "update", .run = run_update, .body = BODY_OBJECT, .blocks = true } },
	{ VERB_PATCH, true, { .verb = "patch", .run = run_patch, .body = BODY_PATCH, .blocks = true } },
	{ VERB_DELETE, true, { .verb = "delete", .run = run_delete, .blocks = true } },
	{ VERB_DELETECOLLECTION,
	  false,
	  { .verb = "deletecollection", .run = run_deletecollection, .blocks = true } },
};

/* Writes to all namespaces at once do not exist, only list and watch. */
static bool across_namespaces(const struct req *r)
{
	return r->kind->namespaced && !*r->route.attr.ns && !r->route.named;
}

const struct operation *verbs_find(const struct req *r)
{
	static const struct operation bindings = {
		.verb = "create", .run = run_bindings, .body = BODY_OBJECT, .blocks = true
	};
	const char *verb = r->route.attr.verb;
	bool reads = strcmp(verb, "list") == 0 || strcmp(verb, "watch") == 0;

	if (across_namespaces(r) && !reads && !r->kind->virtual_only)
		return NULL;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		const struct verb_row *v = &verbs[i];

		if (strcmp(v->op.verb, verb) != 0 || !(r->kind->verbs & v->bit))
			continue;
		if (v->named != r->route.named && !(v->bit == VERB_WATCH && r->route.watch_prefix))
			return NULL;
		if (v->bit == VERB_CREATE && strcmp(r->kind->subject.kind, "Binding") == 0)
			return &bindings;
		return &v->op;
	}
	return NULL;
}
