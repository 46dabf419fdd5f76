/*
 * Discovery: /api, /apis, /apis/G, /api/v1 and /apis/G/V from the registry of kinds.
 *
 * Documents are made when first asked for and kept until the registry's serial moves, so a new custom
 * resource is visible at once in every form.  A client that accepts APIGroupDiscoveryList gets /api
 * and /apis in one document each; the reply's Content-Type must then repeat the parameters, because
 * client-go decides by it.  ETag, Vary and 304 keep kubectl's disk cache honest.
 * k8s: apiserver/pkg/endpoints/discovery, discovery/aggregated
 */
#include "server/discovery.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/thread.h"
#include "server/aggregate.h"
#include "server/blob.h"
#include "server/request.h"

#include <stdlib.h>
#include <string.h>

#define AGGREGATED_TYPE "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

struct discovery {
	struct kinds *kinds;
	struct lock lock;
	uint64_t serial;   /* of the documents in the map */
	struct map *blobs; /* path, or "agg:" and path -> struct blob */
};

struct discovery *discovery_new(struct kinds *ks)
{
	struct discovery *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	d->kinds = ks;
	d->blobs = map_new();
	lock_init(&d->lock, "discovery", LOCK_SERVER);
	return d;
}

void discovery_free(struct discovery **dp)
{
	struct discovery *d = *dp;

	if (!d)
		return;
	map_free(&d->blobs, blob_unref);
	lock_destroy(&d->lock);
	free(d);
	*dp = NULL;
}

/* ---- verbs and subresources ---- */

static const struct {
	unsigned bit;
	const char *name;
} verb_names[] = {
	{ VERB_CREATE, "create" },
	{ VERB_DELETE, "delete" },
	{ VERB_DELETECOLLECTION, "deletecollection" },
	{ VERB_GET, "get" },
	{ VERB_LIST, "list" },
	{ VERB_PATCH, "patch" },
	{ VERB_UPDATE, "update" },
	{ VERB_WATCH, "watch" },
};

enum {
	GET_PATCH_UPDATE = VERB_GET | VERB_PATCH | VERB_UPDATE,
	CREATE_GET = VERB_CREATE | VERB_GET,
	PROXY_VERBS = VERB_CREATE | VERB_DELETE | GET_PATCH_UPDATE
};

struct sub {
	unsigned bit;
	const char *name;
	unsigned verbs;
	const char *group, *version; /* NULL = the parent's */
	const char *kind; /* NULL = the parent's; "Proxy": parent's kind + ProxyOptions */
};

/* In alphabetical order, as listed. */
static const struct sub subs[] = {
	{ SUB_APPROVAL, "approval", GET_PATCH_UPDATE, NULL, NULL, NULL },
	{ SUB_ATTACH, "attach", CREATE_GET, NULL, NULL, "PodAttachOptions" },
	{ SUB_BINDING, "binding", VERB_CREATE, NULL, NULL, "Binding" },
	{ SUB_EPHEMERALCONTAINERS, "ephemeralcontainers", GET_PATCH_UPDATE, NULL, NULL, NULL },
	{ SUB_EVICTION, "eviction", VERB_CREATE, "policy", "v1", "Eviction" },
	{ SUB_EXEC, "exec", CREATE_GET, NULL, NULL, "PodExecOptions" },
	{ SUB_FINALIZE, "finalize", VERB_UPDATE, NULL, NULL, NULL },
	{ SUB_LOG, "log", VERB_GET, NULL, NULL, NULL },
	{ SUB_PORTFORWARD, "portforward", CREATE_GET, NULL, NULL, "PodPortForwardOptions" },
	{ SUB_PROXY, "proxy", PROXY_VERBS, NULL, NULL, "Proxy" },
	{ SUB_RESIZE, "resize", GET_PATCH_UPDATE, NULL, NULL, NULL },
	{ SUB_SCALE, "scale", GET_PATCH_UPDATE, "autoscaling", "v1", "Scale" },
	{ SUB_STATUS, "status", GET_PATCH_UPDATE, NULL, NULL, NULL },
	{ SUB_TOKEN, "token", VERB_CREATE, "authentication.k8s.io", "v1", "TokenRequest" },
};

static const char *sub_kind(struct arena *a, const struct sub *s, const struct kind *k)
{
	if (!s->kind)
		return k->subject.kind;
	if (strcmp(s->kind, "Proxy") == 0)
		return arena_printf(a, "%sProxyOptions", k->subject.kind);
	return s->kind;
}

static struct json *verbs_list(struct arena *a, unsigned verbs)
{
	struct json *l = json_array(a);

	for (size_t i = 0; i < sizeof verb_names / sizeof *verb_names; i++)
		if (verbs & verb_names[i].bit)
			json_append(l, json_string(a, verb_names[i].name));
	return l;
}

static void set_names(struct arena *a, struct json *o, const char *member, const char *const *names)
{
	struct json *l;

	if (!names || !*names)
		return;
	l = json_array(a);
	for (; *names; names++)
		json_append(l, json_string(a, *names));
	json_set(a, o, member, l);
}

/* ---- the registry by group and version ---- */

static bool same_gv(const struct kind *x, const struct kind *y)
{
	return strcmp(x->subject.group, y->subject.group) == 0 && strcmp(x->version, y->version) == 0;
}

/* Distinct values seen so far, few. */
static bool seen(struct json *list, const char *s)
{
	json_each(it, list)
		if (strcmp(json_str(it), s) == 0)
			return true;
	return false;
}

/* ---- aggregated ---- */

static struct json *response_kind(struct arena *a, const char *group, const char *version,
				  const char *kind)
{
	return json_build(a, "{group:%s,version:%s,kind:%s}", group, version, kind);
}

static struct json *aggregated_subs(struct arena *a, const struct kind *k)
{
	struct json *l = json_array(a);

	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		const struct sub *s = &subs[i];

		if (!(k->subs & s->bit))
			continue;
		json_append(l, json_build(a, "{subresource:%s,responseKind:%j,verbs:%j}", s->name,
					  response_kind(a, s->group ? s->group : k->subject.group,
							s->version ? s->version : k->version,
							sub_kind(a, s, k)),
					  verbs_list(a, s->verbs)));
	}
	return l;
}

static struct json *aggregated_resource(struct arena *a, const struct kind *k)
{
	struct json *o =
		json_build(a, "{resource:%s,responseKind:%j,scope:%s,singularResource:%s,verbs:%j}",
			   k->subject.resource,
			   response_kind(a, k->subject.group, k->version, k->subject.kind),
			   k->namespaced ? "Namespaced" : "Cluster", k->singular ? k->singular : "",
			   verbs_list(a, k->verbs));

	set_names(a, o, "shortNames", k->shorts);
	set_names(a, o, "categories", k->categories);
	if (k->subs)
		json_set(a, o, "subresources", aggregated_subs(a, k));
	return o;
}

static struct json *aggregated_version(struct arena *a, struct kinds *ks, const struct kind *first)
{
	struct json *resources = json_array(a);
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));)
		if (same_gv(k, first))
			json_append(resources, aggregated_resource(a, k));
	return json_build(a, "{version:%s,resources:%j,freshness:%s}", first->version, resources,
			  "Current");
}

static struct json *aggregated_group(struct arena *a, struct kinds *ks, const char *group)
{
	struct json *versions = json_array(a), *names = json_array(a);
	struct json *meta = json_object(a);
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));) {
		if (strcmp(k->subject.group, group) != 0 || seen(names, k->version))
			continue;
		json_append(names, json_string(a, k->version));
		json_append(versions, aggregated_version(a, ks, k));
	}
	if (*group)
		json_set_str(a, meta, "name", group);
	return json_build(a, "{metadata:%j,versions:%j}", meta, versions);
}

/* Names of all groups but core, in discovery order. */
static struct json *group_names(struct arena *a, struct kinds *ks)
{
	struct json *names = json_array(a);
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));)
		if (*k->subject.group && !seen(names, k->subject.group))
			json_append(names, json_string(a, k->subject.group));
	return names;
}

static struct json *aggregated(struct arena *a, struct kinds *ks, bool core)
{
	struct json *items = json_array(a);

	if (core)
		json_append(items, aggregated_group(a, ks, ""));
	else
		json_each(name, group_names(a, ks))
			json_append(items, aggregated_group(a, ks, json_str(name)));
	return json_build(a, "{kind:%s,apiVersion:%s,metadata:{},items:%j}",
			  "APIGroupDiscoveryList", "apidiscovery.k8s.io/v2", items);
}

/* ---- legacy ---- */

static void add_legacy(struct arena *a, struct json *list, const struct kind *k)
{
	struct json *o = json_build(a, "{name:%s,singularName:%s,namespaced:%b,kind:%s,verbs:%j}",
				    k->subject.resource, k->singular ? k->singular : "",
				    (int)k->namespaced, k->subject.kind, verbs_list(a, k->verbs));

	set_names(a, o, "shortNames", k->shorts);
	set_names(a, o, "categories", k->categories);
	json_append(list, o);
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		const struct sub *s = &subs[i];

		if (!(k->subs & s->bit))
			continue;
		o = json_build(a, "{name:%s,singularName:%s,namespaced:%b}",
			       arena_printf(a, "%s/%s", k->subject.resource, s->name), "",
			       (int)k->namespaced);
		if (s->group) {
			json_set_str(a, o, "group", s->group);
			json_set_str(a, o, "version", s->version);
		}
		json_set_str(a, o, "kind", sub_kind(a, s, k));
		json_set(a, o, "verbs", verbs_list(a, s->verbs));
		json_append(list, o);
	}
}

static struct json *legacy_resources(struct arena *a, struct kinds *ks, const char *group,
				     const char *version)
{
	struct json *resources = json_array(a);
	const struct kind *k;
	bool any = false;

	for (size_t it = 0; (k = kinds_next(ks, &it));) {
		if (strcmp(k->subject.group, group) != 0 || strcmp(k->version, version) != 0)
			continue;
		add_legacy(a, resources, k);
		any = true;
	}
	if (!any)
		return NULL;
	return json_build(a, "{kind:%s,apiVersion:%s,groupVersion:%s,resources:%j}",
			  "APIResourceList", "v1",
			  *group ? arena_printf(a, "%s/%s", group, version) : version, resources);
}

/* Without kind and apiVersion, as an item of the list of groups. */
static struct json *legacy_group(struct arena *a, struct kinds *ks, const char *group)
{
	struct json *versions = json_array(a), *names = json_array(a);
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));) {
		if (strcmp(k->subject.group, group) != 0 || seen(names, k->version))
			continue;
		json_append(names, json_string(a, k->version));
		json_append(versions,
			    json_build(a, "{groupVersion:%s,version:%s}",
				       arena_printf(a, "%s/%s", group, k->version), k->version));
	}
	if (json_count(versions) == 0)
		return NULL;
	return json_build(a, "{name:%s,versions:%j,preferredVersion:%j}", group, versions,
			  json_copy(a, json_first(versions)));
}

static struct json *legacy_groups(struct arena *a, struct kinds *ks)
{
	struct json *groups = json_array(a);

	json_each(name, group_names(a, ks)) {
		struct json *g = legacy_group(a, ks, json_str(name));

		if (g) /* else its last custom resource went away meanwhile */
			json_append(groups, g);
	}
	return json_build(a, "{kind:%s,apiVersion:%s,groups:%j}", "APIGroupList", "v1", groups);
}

static struct json *legacy_versions(struct arena *a, const char *address)
{
	struct json *o = json_build(a, "{kind:%s,versions:[%s]}", "APIVersions", "v1");

	json_set(a, o, "serverAddressByClientCIDRs",
		 json_build(a, "[{clientCIDR:%s,serverAddress:%s}]", "0.0.0.0/0",
			    address ? address : ""));
	return o;
}

/* ---- other servers' groups ---- */

static struct json *remote_kind(struct arena *a, const struct json *r, const struct json *v)
{
	const char *group = json_path_str(r, "group"), *version = json_path_str(r, "version");

	return response_kind(a, *group ? group : json_path_str(v, "group"),
			     *version ? version : json_path_str(v, "version"),
			     json_path_str(r, "kind"));
}

static struct json *copy_or_empty(struct arena *a, const struct json *list)
{
	return list ? json_copy(a, list) : json_array(a);
}

/* Subresources of a resource in an APIResourceList; NULL: none. */
static struct json *remote_subs(struct arena *a, const struct json *v, const char *name)
{
	struct json *l = NULL;
	size_t n = strlen(name);

	json_each(r, json_path(v, "resources.resources")) {
		const char *whole = json_path_str(r, "name");

		if (strncmp(whole, name, n) != 0 || whole[n] != '/')
			continue;
		l = l ? l : json_array(a);
		json_append(l, json_build(a, "{subresource:%s,responseKind:%j,verbs:%j}",
					  whole + n + 1, remote_kind(a, r, v),
					  copy_or_empty(a, json_get(r, "verbs"))));
	}
	return l;
}

static struct json *remote_resource(struct arena *a, const struct json *v, const struct json *r)
{
	const char *name = json_path_str(r, "name");
	struct json *subs_list = remote_subs(a, v, name);
	struct json *o =
		json_build(a, "{resource:%s,responseKind:%j,scope:%s,singularResource:%s,verbs:%j}",
			   name, remote_kind(a, r, v),
			   json_path_bool(r, "namespaced", false) ? "Namespaced" : "Cluster",
			   json_path_str(r, "singularName"), copy_or_empty(a, json_get(r, "verbs")));

	if (json_count(json_get(r, "shortNames")))
		json_set(a, o, "shortNames", json_copy(a, json_get(r, "shortNames")));
	if (json_count(json_get(r, "categories")))
		json_set(a, o, "categories", json_copy(a, json_get(r, "categories")));
	if (subs_list)
		json_set(a, o, "subresources", subs_list);
	return o;
}

/* What an unavailable server has is not known: Stale. */
static struct json *remote_version(struct arena *a, const struct json *v)
{
	struct json *o = json_build(a, "{version:%s}", json_path_str(v, "version"));
	struct json *resources = json_array(a);

	json_each(r, json_path(v, "resources.resources"))
		if (!strchr(json_path_str(r, "name"), '/'))
			json_append(resources, remote_resource(a, v, r));
	if (json_count(resources))
		json_set(a, o, "resources", resources);
	json_set_str(a, o, "freshness", json_path_bool(v, "available", false) ? "Current" : "Stale");
	return o;
}

static struct json *find_group(struct json *list, const char *path, const char *group)
{
	json_each(it, list)
		if (strcmp(json_path_str(it, path), group) == 0)
			return it;
	return NULL;
}

static void add_aggregated(struct arena *a, struct json *doc, const struct json *remote)
{
	struct json *items = json_get(doc, "items");

	json_each(v, remote) {
		const char *group = json_path_str(v, "group");
		struct json *g = find_group(items, "metadata.name", group);

		if (!g) {
			g = json_build(a, "{metadata:{name:%s},versions:[]}", group);
			json_append(items, g);
		}
		json_append(json_get(g, "versions"), remote_version(a, v));
	}
}

static void add_group_version(struct arena *a, struct json *g, const struct json *v)
{
	const char *version = json_path_str(v, "version");
	struct json *gv = json_build(a, "{groupVersion:%s,version:%s}",
				     arena_printf(a, "%s/%s", json_path_str(v, "group"), version),
				     version);

	json_append(json_get(g, "versions"), gv);
	if (!json_get(g, "preferredVersion"))
		json_set(a, g, "preferredVersion", json_copy(a, gv));
}

static void add_groups(struct arena *a, struct json *doc, const struct json *remote)
{
	struct json *groups = json_get(doc, "groups");

	json_each(v, remote) {
		const char *group = json_path_str(v, "group");
		struct json *g = find_group(groups, "name", group);

		if (!g) {
			g = json_build(a, "{name:%s,versions:[]}", group);
			json_append(groups, g);
		}
		add_group_version(a, g, v);
	}
}

/* A group by itself: the registry's versions (g; NULL: none) and other servers'. */
static struct json *with_remote_versions(struct arena *a, struct json *g, const char *group,
					 const struct json *remote)
{
	json_each(v, remote) {
		if (strcmp(json_path_str(v, "group"), group) != 0)
			continue;
		g = g ? g : json_build(a, "{name:%s,versions:[]}", group);
		add_group_version(a, g, v);
	}
	return g;
}

/* ---- serving ---- */

/* The document at a path, or NULL when there is none. */
static struct json *make(struct req *r, struct arena *a, bool aggregate)
{
	struct kinds *ks = r->server->kinds;
	const struct route *p = &r->route;

	if (p->core && p->nsegs == 1)
		return aggregate ? aggregated(a, ks, true) :
				   legacy_versions(a, r->server->c.server_address);
	if (p->core)
		return legacy_resources(a, ks, "", p->segs[1]);
	struct json *remote = aggregate_versions(r->server->aggregate, a);
	if (p->nsegs == 1) {
		struct json *doc = aggregate ? aggregated(a, ks, false) : legacy_groups(a, ks);

		(aggregate ? add_aggregated : add_groups)(a, doc, remote);
		return doc;
	}
	if (!*p->segs[1])
		return NULL;
	if (p->nsegs == 3)
		return legacy_resources(a, ks, p->segs[1], p->segs[2]);
	struct json *g = with_remote_versions(a, legacy_group(a, ks, p->segs[1]), p->segs[1], remote);
	if (!g)
		return NULL;
	struct json *o = json_build(a, "{kind:%s,apiVersion:%s}", "APIGroup", "v1");
	json_each(it, g)
		json_set(a, o, json_name(it), json_copy(a, it));
	return o;
}

static struct blob *build(struct req *r, bool aggregate, uint64_t serial)
{
	struct arena *a = arena_new();
	struct json *doc = make(r, a, aggregate);
	struct buf b = BUF_INIT;
	struct blob *blob = NULL;

	if (doc) {
		json_print(&b, doc);
		buf_addc(&b, '\n');
		blob = blob_new(&b, serial, false);
	}
	arena_free(&a);
	return blob;
}

/* A reference to the cached document, or NULL. */
static struct blob *cached(struct discovery *d, const char *key, uint64_t serial)
{
	struct blob *b = NULL;

	lock_take(&d->lock);
	if (d->serial == serial)
		b = map_get(d->blobs, key);
	if (b)
		blob_ref(b);
	lock_drop(&d->lock);
	return b;
}

static void keep(struct discovery *d, const char *key, struct blob *b)
{
	struct map *stale = NULL;
	struct blob *old = NULL;

	lock_take(&d->lock);
	if (d->serial != b->serial) {
		stale = d->blobs;
		d->blobs = map_new();
		d->serial = b->serial;
	}
	old = map_set(d->blobs, key, blob_ref(b));
	lock_drop(&d->lock);
	blob_unref(old);
	if (stale)
		map_free(&stale, blob_unref);
}

/* From the segments, not from the path: slashes too many must not make new documents. */
static const char *document_key(struct req *r, bool aggregate)
{
	const struct route *p = &r->route;

	return arena_printf(r->a, "%s%s/%s/%s", aggregate ? "aggregated:" : "", p->segs[0],
			    p->nsegs > 1 ? p->segs[1] : "", p->nsegs > 2 ? p->segs[2] : "");
}

bool discovery_run(struct req *r)
{
	struct discovery *d = r->server->discovery;
	bool root = r->route.nsegs == 1;
	bool aggregate = root && accept_wants(http_header(r->http, "Accept"), "apidiscovery.k8s.io",
					      "v2", "APIGroupDiscoveryList");
	const char *key = document_key(r, aggregate);
	uint64_t serial = kinds_serial(d->kinds) + aggregate_serial(r->server->aggregate);
	struct blob *b;
	bool found;

	if (r->route.nsegs == 3 && !r->route.core) {
		if (!aggregate_run(r, r->route.segs[1], r->route.segs[2], true, &found) || found)
			return !r->wait && !r->st.code;
	}
	b = cached(d, key, serial);
	if (!b) {
		b = build(r, aggregate, serial);
		if (!b && dispatch_has_group(d->kinds, r->route.segs[0][3] ? r->route.segs[1] : ""))
			return status_no_route(&r->st); /* another version */
		if (!b)
			return reply_text(r, 404, "404 page not found\n");
		keep(d, key, b);
	}
	if (root) {
		http_add_header(r->http, "Vary", "Accept");
		http_add_header(r->http, "Cache-Control", "public");
		r->public_cache = true;
	}
	return blob_reply(r, b, aggregate ? AGGREGATED_TYPE : "application/json");
}
