/*
 * Subresources: one table row per subresource and verb.
 *
 * Those that are views of the object (status, approval, ...) go through the same api calls as the
 * object; actions (binding, eviction, token) decode a type of their own; log, exec, attach,
 * portforward and proxy leave for pods.c and proxy.c.
 */
#include "server/request.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static bool run_view(struct req *r)
{
	return reply_obj(r, 200, api_get(&r->call, r->kind, r->ns, r->route.attr.name, &r->st));
}

static bool run_update(struct req *r)
{
	bool created = false;

	return reply_obj(r, 200,
			 api_update(&r->call, r->kind, r->route.attr.subresource, r->ns,
				    r->route.attr.name, r->body, &created, &r->st));
}

static bool run_patch(struct req *r)
{
	bool created = false;

	return reply_obj(r, 200,
			 api_patch(&r->call, r->kind, r->route.attr.subresource, r->ns,
				   r->route.attr.name, r->patch, r->body, r->force, &created, &r->st));
}

static bool run_scale_get(struct req *r)
{
	return reply_tree(r, 200,
			  api_scale_get(&r->call, r->kind, r->ns, r->route.attr.name, &r->st));
}

static bool run_scale_update(struct req *r)
{
	struct json *scale = decode_as(r, schema_find("io.k8s.api.autoscaling.v1.Scale"),
				       "autoscaling/v1", "Scale");

	return scale && reply_tree(r, 200,
				   api_scale_update(&r->call, r->kind, r->ns, r->route.attr.name,
						    scale, PATCH_MERGE, false, false, &r->st));
}

static bool run_scale_patch(struct req *r)
{
	return reply_tree(r, 200,
			  api_scale_update(&r->call, r->kind, r->ns, r->route.attr.name, r->body,
					   r->patch, true, r->force, &r->st));
}

/* Actions may name their object in the body; it must be the URL's. */
static bool names_match(struct req *r, struct json *o)
{
	const char *name = json_path_str(o, "metadata.name");
	const char *ns = json_path_str(o, "metadata.namespace");

	if (*ns && strcmp(ns, r->ns) != 0)
		return status_bad_request(&r->st, "the namespace of the provided object does not "
						  "match the namespace sent on the request");
	if (*name && strcmp(name, r->route.attr.name) != 0)
		return status_bad_request(&r->st,
					  "the name of the object (%s) does not match the name on "
					  "the URL (%s)",
					  name, r->route.attr.name);
	return true;
}

static bool run_binding(struct req *r)
{
	struct json *o = decode_as(r, schema_find("io.k8s.api.core.v1.Binding"), "v1", "Binding");

	return o && names_match(r, o) && api_bind(&r->call, r->ns, r->route.attr.name, o, &r->st) &&
	       reply_success(r, 201);
}

static bool run_eviction(struct req *r)
{
	struct json *o =
		decode_as(r, schema_find("io.k8s.api.policy.v1.Eviction"), "policy/v1", "Eviction");
	const struct json *dry = json_path(o, "deleteOptions.dryRun");

	if (!o || !names_match(r, o))
		return false;
	if (json_count(dry) > 0)
		r->call.dry_run = true;
	return api_evict(&r->call, r->ns, r->route.attr.name, o, &r->st) && reply_success(r, 201);
}

static bool run_token(struct req *r)
{
	struct json *o = decode_as(r, schema_find("io.k8s.api.authentication.v1.TokenRequest"),
				   "authentication.k8s.io/v1", "TokenRequest");

	return o && names_match(r, o) &&
	       reply_tree(r, 201, api_token_request(&r->call, r->ns, r->route.attr.name, o, &r->st));
}

struct sub_row {
	const char *name;
	unsigned bit;
	struct operation op;
};

#define VIEW(name, bit)                                                                           \
	{ name, bit, { .verb = "get", .run = run_view } },                                        \
		{ name,                                                                           \
		  bit,                                                                            \
		  { .verb = "update", .run = run_update, .body = BODY_OBJECT, .blocks = true } }, \
	{                                                                                         \
		name, bit,                                                                        \
		{                                                                                 \
			.verb = "patch", .run = run_patch, .body = BODY_PATCH, .blocks = true     \
		}                                                                                 \
	}
#define ACTION(name, bit, fn)                                       \
	{                                                           \
		name, bit,                                          \
		{                                                   \
			.verb = "create", .run = fn, .blocks = true \
		}                                                   \
	}
#define DUPLEX(name, bit)                                                                     \
	{ name, bit, { .verb = "get", .run = pod_duplex_run, .blocks = true, .raw = true } }, \
	{                                                                                     \
		name, bit,                                                                    \
		{                                                                             \
			.verb = "create", .run = pod_duplex_run, .blocks = true, .raw = true  \
		}                                                                             \
	}
#define PROXY(v)                                                                 \
	{                                                                        \
		"proxy", SUB_PROXY,                                              \
		{                                                                \
			.verb = v, .run = proxy_run, .blocks = true, .raw = true \
		}                                                                \
	}

static const struct sub_row subs[] = {
	VIEW("status", SUB_STATUS),
	VIEW("approval", SUB_APPROVAL),
	VIEW("ephemeralcontainers", SUB_EPHEMERALCONTAINERS),
	VIEW("resize", SUB_RESIZE),
	{ "finalize",
	  SUB_FINALIZE,
	  { .verb = "update", .run = run_update, .body = BODY_OBJECT, .blocks = true } },
	{ "scale", SUB_SCALE, { .verb = "get", .run = run_scale_get } },
	{ "scale", SUB_SCALE, { .verb = "update", .run = run_scale_update, .blocks = true } },
	{ "scale",
	  SUB_SCALE,
	  { .verb = "patch", .run = run_scale_patch, .body = BODY_PATCH, .blocks = true } },
	ACTION("binding", SUB_BINDING, run_binding),
	ACTION("eviction", SUB_EVICTION, run_eviction),
	ACTION("token", SUB_TOKEN, run_token),
	{ "log", SUB_LOG, { .verb = "get", .run = pod_log_run, .blocks = true, .raw = true } },
	DUPLEX("exec", SUB_EXEC),
	DUPLEX("attach", SUB_ATTACH),
	DUPLEX("portforward", SUB_PORTFORWARD),
	PROXY("get"),
	PROXY("create"),
	PROXY("update"),
	PROXY("patch"),
	PROXY("delete"),
};

const struct operation *subs_find(const struct req *r, bool *exists)
{
	const struct attributes *attr = &r->route.attr;
	bool tail = r->route.tail < r->route.nsegs;

	*exists = false;
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		const struct sub_row *s = &subs[i];

		if (!(r->kind->subs & s->bit) || strcmp(s->name, attr->subresource) != 0)
			continue;
		if (tail && s->bit != SUB_PROXY)
			return NULL;
		*exists = true;
		if (strcmp(s->op.verb, attr->verb) == 0)
			return &s->op;
	}
	return NULL;
}
