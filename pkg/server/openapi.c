/*
 * OpenAPI: the v3 index and its documents, v2 as JSON and as protobuf.
 *
 * Documents are large and rarely asked for: each is generated when first wanted, on a worker, and kept
 * gzipped until the registry's serial moves.  The index must name a hash of every document without
 * generating any, so the hash is one of the program's version, the document's name, and, where custom kinds
 * may be in it, of the registry's serial and this process: equal hashes mean equal
 * documents, which is all that clients' caches need.
 * k8s: kube-openapi/pkg/handler3, kube-openapi/pkg/handler
 */
#include "server/openapi.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/map.h"
#include "base/thread.h"
#include "kind/openapi.h"
#include "net/hash.h"
#include "server/aggregate.h"
#include "server/blob.h"
#include "server/request.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define V2_PROTO_TYPE "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

struct openapi {
	struct kinds *kinds;
	char *version;
	char process[17]; /* random: serials of two processes must not be confused */
	struct lock lock;
	uint64_t serial;
	struct map *blobs; /* "v2", "v2proto", "api/v1", "apis/apps/v1"... */
};

struct openapi *openapi_new(struct kinds *ks, const char *version)
{
	struct openapi *o = calloc(1, sizeof *o);

	if (!o)
		abort();
	o->kinds = ks;
	o->version = strdup(version);
	if (!o->version)
		abort();
	random_name(o->process, sizeof o->process - 1);
	o->blobs = map_new();
	lock_init(&o->lock, "openapi", LOCK_SERVER);
	return o;
}

void openapi_free(struct openapi **op)
{
	struct openapi *o = *op;

	if (!o)
		return;
	map_free(&o->blobs, blob_unref);
	lock_destroy(&o->lock);
	free(o->version);
	free(o);
	*op = NULL;
}

/* ---- the cache ---- */

static struct blob *cached(struct openapi *o, const char *key, uint64_t serial)
{
	struct blob *b = NULL;

	lock_take(&o->lock);
	if (o->serial == serial)
		b = map_get(o->blobs, key);
	if (b)
		blob_ref(b);
	lock_drop(&o->lock);
	return b;
}

static void keep(struct openapi *o, const char *key, struct blob *b)
{
	struct map *stale = NULL;
	struct blob *old;

	lock_take(&o->lock);
	if (o->serial != b->serial) {
		stale = o->blobs;
		o->blobs = map_new();
		o->serial = b->serial;
	}
	old = map_set(o->blobs, key, blob_ref(b));
	lock_drop(&o->lock);
	blob_unref(old);
	if (stale)
		map_free(&stale, blob_unref);
}

static bool generate(struct openapi *o, const char *key, struct buf *out)
{
	if (strcmp(key, "v2") == 0)
		openapi_v2_json(out, o->kinds);
	else if (strcmp(key, "v2proto") == 0)
		openapi_v2_proto(out, o->kinds);
	else
		return openapi_v3(out, o->kinds, key);
	return true;
}

/* A reference to the document; NULL with req->wait, or when there is none (404 is the caller's). */
static struct blob *document(struct req *r, const char *key)
{
	struct openapi *o = r->server->openapi;
	uint64_t serial = kinds_serial(o->kinds);
	struct blob *b = cached(o, key, serial);
	struct buf out = BUF_INIT;

	if (b || req_wait(r))
		return b;
	if (!generate(o, key, &out)) {
		buf_free(&out);
		return NULL;
	}
	b = blob_new(&out, serial, true);
	keep(o, key, b);
	return b;
}

/* ---- v3 ---- */

static bool has_custom(struct kinds *ks, const char *path)
{
	const struct kind *k;

	for (size_t it = 0; (k = kinds_next(ks, &it));) {
		size_t n = strlen(k->subject.group);

		if (kind_is_custom(k) && strncmp(path, "apis/", 5) == 0 &&
		    strncmp(path + 5, k->subject.group, n) == 0 && path[5 + n] == '/' &&
		    strcmp(path + 6 + n, k->version) == 0)
			return true;
	}
	return false;
}

static const char *hash_of(struct req *r, const char *path)
{
	struct openapi *o = r->server->openapi;
	unsigned char sum[64];
	char *text = arena_printf(r->a, "%s %s", o->version, path);

	if (has_custom(o->kinds, path))
		text = arena_printf(r->a, "%s %s %llu", text, o->process,
				    (unsigned long long)kinds_serial(o->kinds));
	sha512(text, strlen(text), sum);
	char *hex = hex_encode(r->a, sum, sizeof sum);
	for (char *p = hex; *p; p++)
		if (*p >= 'a')
			*p -= 'a' - 'A';
	return hex;
}

/* Documents of other servers are theirs; the hash only tells that something may have changed. */
static void add_remote(struct req *r, struct json *paths)
{
	struct aggregate *g = r->server->aggregate;

	json_each(v, aggregate_versions(g, r->a)) {
		const char *path = arena_printf(r->a, "apis/%s/%s", json_path_str(v, "group"),
						json_path_str(v, "version"));

		if (!json_path_bool(v, "available", false) || json_get(paths, path))
			continue;
		json_set(r->a, paths, path,
			 json_build(r->a, "{serverRelativeURL:%s}",
				    arena_printf(r->a, "/openapi/v3/%s?hash=%s%llu", path,
						 r->server->openapi->process,
						 (unsigned long long)aggregate_serial(g))));
	}
}

static bool v3_index(struct req *r)
{
	struct json *paths = json_object(r->a);
	struct buf b = BUF_INIT;

	for (const char *const *p = openapi_v3_paths(r->a, r->server->kinds); *p; p++) {
		const char *url = arena_printf(r->a, "/openapi/v3/%s?hash=%s", *p, hash_of(r, *p));

		json_set(r->a, paths, *p, json_build(r->a, "{serverRelativeURL:%s}", url));
	}
	add_remote(r, paths);
	json_print(&b, json_build(r->a, "{paths:%j}", paths));
	buf_addc(&b, '\n');
	return blob_reply(r, blob_new(&b, 0, false), "application/json");
}

/* RFC 1123 date a year from now. */
static const char *in_a_year(struct arena *a)
{
	time_t t = (time_t)clock_now_s() + 365 * 24 * 3600;
	struct tm tm;
	char text[64];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return arena_strdup(a, text);
}

static bool redirect(struct req *r, const char *path, const char *hash)
{
	http_add_header(r->http, "Location",
			arena_printf(r->a, "/openapi/v3/%s?hash=%s", path, hash));
	return reply_text(r, 301, "");
}

static bool v3_document(struct req *r, const char *path)
{
	const char *given = query_str(&r->query, "hash");
	struct blob *b = document(r, path);
	const char *hash;

	if (!b)
		return !r->wait && reply_text(r, 404, "404 page not found\n");
	hash = hash_of(r, path);
	if (*given && strcmp(given, hash) != 0) {
		blob_unref(b);
		return redirect(r, path, hash);
	}
	if (!blob_reply(r, b, "application/json"))
		return false;
	http_add_header(r->http, "Vary", "Accept");
	r->public_cache = true;
	if (*given) {
		http_add_header(r->http, "Cache-Control", "public, immutable");
		http_add_header(r->http, "Expires", in_a_year(r->a));
	} else {
		http_add_header(r->http, "Cache-Control", "no-cache");
	}
	return true;
}

bool openapi_v3_run(struct req *r)
{
	const struct route *p = &r->route;

	if (p->nsegs == 2)
		return v3_index(r);
	if (p->nsegs == 4)
		return v3_document(r, arena_printf(r->a, "%s/%s", p->segs[2], p->segs[3]));
	if (p->nsegs == 5) {
		bool found;

		/* our hash is not theirs */
		if (!aggregate_run(r, p->segs[3], p->segs[4], false, &found) || found)
			return !r->wait && !r->st.code;
	}
	if (p->nsegs == 5)
		return v3_document(r, arena_printf(r->a, "%s/%s/%s", p->segs[2], p->segs[3],
						   p->segs[4]));
	return reply_text(r, 404, "404 page not found\n");
}

/* ---- v2 ---- */

static bool wants_protobuf(const char *accept)
{
	const char *p = accept ? strstr(accept, "com.github.proto-openapi.spec.v2") : NULL;
	const char *j = accept ? strstr(accept, "application/json") : NULL;

	return p && (!j || p < j);
}

bool openapi_v2_run(struct req *r)
{
	bool proto = wants_protobuf(http_header(r->http, "Accept"));
	struct blob *b = document(r, proto ? "v2proto" : "v2");

	if (!b)
		return false;
	if (!blob_reply(r, b, proto ? V2_PROTO_TYPE : "application/json"))
		return false;
	http_add_header(r->http, "Vary", "Accept");
	return true;
}
