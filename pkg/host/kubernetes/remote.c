#include "host/kubernetes/remote.h"

#include "host/kubernetes/kubernetes.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "net/client.h"
#include "obj/json.h"
#include "obj/status_json.h"

#include <string.h>

#define JSON_TYPE "application/json"

char *remote_path(struct host *h, struct arena *a, const char *prefix, const char *resource,
		  const char *name, const char *sub)
{
	return arena_printf(a, "/%s/namespaces/%s/%s%s%s%s%s", prefix, h->ns, resource,
			    name ? "/" : "", name ? url_encode(a, name) : "", sub ? "/" : "",
			    sub ? sub : "");
}

/* The Status of a refusal; a body that is none (a proxy's page) still gets a code. */
static bool refused(struct arena *a, const struct client_resp *r, struct status *st)
{
	struct json *body = r->body.len ? json_parse(a, r->body.p, r->body.len, NULL, NULL) : NULL;

	if (body && !strcmp(json_path_str(body, "kind"), "Status") && status_from_tree(st, body)) {
		if (r->retry_after_s)
			st->retry_after_s = r->retry_after_s;
		return false;
	}
	return status_other(st, r->code, r->code == 404 ? "NotFound" : "", "the host answered %d",
			    r->code);
}

static bool call(struct host *h, struct arena *a, const struct client_req *q, struct json **out,
		 struct status *st)
{
	struct client_resp r = { 0 };
	bool ok;

	if (!client_do(h->client, q, &r, st)) {
		client_resp_free(&r);
		return false;
	}
	ok = r.code >= 200 && r.code < 300;
	if (!ok) {
		refused(a, &r, st);
	} else if (out) {
		*out = json_parse(a, r.body.len ? r.body.p : "", r.body.len, NULL, st);
		ok = *out;
	}
	client_resp_free(&r);
	return ok;
}

static bool send(struct host *h, struct arena *a, const char *method, const char *path,
		 const char *type, const struct json *body, struct json **out, struct status *st)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct client_req q = {
		.method = method, .path = path, .content_type = type, .accept = JSON_TYPE
	};

	json_print(&b, body);
	q.body = b.p;
	q.body_len = b.len;
	return call(h, a, &q, out, st);
}

bool remote_get(struct host *h, struct arena *a, const char *path, struct json **out,
		struct status *st)
{
	struct client_req q = { .method = "GET", .path = path, .accept = JSON_TYPE };

	return call(h, a, &q, out, st);
}

bool remote_create(struct host *h, struct arena *a, const char *path, const struct json *body,
		   struct json **out, struct status *st)
{
	return send(h, a, "POST", path, JSON_TYPE, body, out, st);
}

bool remote_update(struct host *h, struct arena *a, const char *path, const struct json *body,
		   struct json **out, struct status *st)
{
	return send(h, a, "PUT", path, JSON_TYPE, body, out, st);
}

bool remote_patch(struct host *h, struct arena *a, const char *path, const char *type,
		  const struct json *body, struct json **out, struct status *st)
{
	return send(h, a, "PATCH", path, type, body, out, st);
}

bool remote_delete(struct host *h, struct arena *a, const char *path, const char *uid,
		   int64_t grace_s, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct json *opts = json_build(a, "{kind:%s,apiVersion:%s,propagationPolicy:%s}",
				       "DeleteOptions", "v1", "Background");

	if (grace_s >= 0)
		json_set_int(a, opts, "gracePeriodSeconds", grace_s);
	if (uid)
		json_set(a, opts, "preconditions", json_build(a, "{uid:%s}", uid));
	if (send(h, a, "DELETE", path, JSON_TYPE, opts, NULL, &err) || err.code == 404)
		return true;
	status_move(st, &err);
	return false;
}
