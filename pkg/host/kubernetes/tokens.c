/*
 * tokens: the ServiceAccount tokens of a pod, from the virtual cluster, in one Secret with one key per token
 * source.  Lifetimes are those asked for; a token is renewed at 80 % of its life (or 4 minutes before its end,
 * or after a day), told by annotations on the Secret, so that a restart goes on where it was.
 */
#include "host/kubernetes/hostmeta.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/mirror.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/remote.h"
#include "host/kubernetes/sync.h"
#include "host/kubernetes/translate.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

struct tokens {
	struct host *h;
	struct call *c;
	const struct json *pod;
	char hname[HOST_NAME_MAX];
	struct json *secret;     /* under construction */
	const struct json *have; /* the host's, or NULL */
	int64_t next_s;          /* earliest refresh; 0 = none */
	bool changed, any;
};

static const char *note_key(struct arena *a, const char *key)
{
	return arena_printf(a, PFX "/token-%s", key);
}

/* When a token noted as "iat,exp" is to be replaced. */
static int64_t refresh_at(const char *note)
{
	char *end;
	int64_t iat = strtoll(note, &end, 10), exp = *end == ',' ? strtoll(end + 1, NULL, 10) : 0;
	int64_t at = iat + (exp - iat) * 8 / 10;

	if (exp <= iat)
		return 0;
	if (exp - 240 < at)
		at = exp - 240;
	return iat + DAY_S < at ? iat + DAY_S : at;
}

static bool keep(struct tokens *t, const char *key)
{
	const char *note = t->have ? meta_annotation(t->have, note_key(t->c->a, key)) : NULL;
	const char *uid = t->have ? meta_annotation(t->have, ANNOTATION_UID) : NULL;
	const struct json *data = json_get(json_get(t->have, "data"), key);

	if (!note || !data || !uid || strcmp(uid, meta_uid(t->pod)) ||
	    refresh_at(note) <= clock_now_s())
		return false;
	json_set(t->c->a, json_get(t->secret, "data"), key, json_copy(t->c->a, data));
	meta_set_annotation(t->c->a, t->secret, note_key(t->c->a, key), note);
	return true;
}

static bool issue(struct tokens *t, const char *key, const struct json *source, struct status *st)
{
	struct arena *a = t->c->a;
	const char *audience = json_path_str(source, "audience");
	struct json *spec = json_build(a,
				       "{expirationSeconds:%l,boundObjectRef:{kind:%s,"
				       "apiVersion:%s,name:%s,uid:%s}}",
				       json_path_int(source, "expirationSeconds", 3600), "Pod",
				       "v1", meta_name(t->pod), meta_uid(t->pod));
	struct json *request, *r;
	const char *token;
	int64_t exp_us;

	json_set(a, spec, "audiences", *audience ? json_build(a, "[%s]", audience) : json_array(a));
	request = json_build(a, "{kind:%s,apiVersion:%s,spec:%j}", "TokenRequest",
			     "authentication.k8s.io/v1", spec);
	r = api_token_request(t->c, meta_ns(t->pod),
			      json_path_str(t->pod, "spec.serviceAccountName"), request, st);
	if (!r)
		return false;
	token = json_path_str(r, "status.token");
	if (!time_parse(json_path_str(r, "status.expirationTimestamp"), &exp_us))
		return status_internal(st, "a token came without expiry");
	json_set_str(a, json_get(t->secret, "data"), key, base64_encode(a, token, strlen(token)));
	meta_set_annotation(a, t->secret, note_key(a, key),
			    arena_printf(a, "%lld,%lld", (long long)clock_now_s(),
					 (long long)(exp_us / 1000000)));
	t->changed = true;
	return true;
}

static bool one(struct tokens *t, int volume, int index, const struct json *source, struct status *st)
{
	const char *key = arena_printf(t->c->a, "v%ds%d", volume, index);
	int64_t at;

	t->any = true;
	if (!keep(t, key) && !issue(t, key, source, st))
		return false;
	at = refresh_at(meta_annotation(t->secret, note_key(t->c->a, key)));
	if (!t->next_s || at < t->next_s)
		t->next_s = at;
	return true;
}

static bool all(struct tokens *t, struct status *st)
{
	int volume = 0;

	json_each(vol, json_path(t->pod, "spec.volumes")) {
		int index = 0;

		json_each(s, json_path(vol, "projected.sources")) {
			const struct json *source = json_get(s, "serviceAccountToken");

			if (source && !one(t, volume, index, source, st))
				return false;
			index++;
		}
		volume++;
	}
	return true;
}

static bool write(struct tokens *t, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	struct arena *a = t->c->a;
	const char *path = remote_path(t->h, a, "api/v1", "secrets", t->hname, NULL);

	if (!t->have && remote_create(t->h, a, remote_path(t->h, a, "api/v1", "secrets", NULL, NULL),
				      t->secret, NULL, &err))
		return true;
	if (t->have || status_is(&err, "AlreadyExists"))
		return remote_patch(t->h, a, path, MERGE_PATCH, t->secret, NULL, st);
	status_move(st, &err);
	return false;
}

bool tokens_ensure(struct host *h, struct call *c, const struct json *pod, int64_t *again_ms,
		   struct status *st)
{
	struct tokens t = { .h = h, .c = c, .pod = pod };
	const struct obj *have;

	names_map(h->names, KIND_TOKEN, meta_ns(pod), meta_name(pod), t.hname);
	have = mirror_get(h->secrets, t.hname);
	if (have)
		t.have = obj_tree(c->a, obj_give(c->a, have));
	t.secret = json_build(
		c->a, "{apiVersion:%s,kind:%s,metadata:%j,type:%s,data:{}}", "v1", "Secret",
		host_metadata(h, c->a, KIND_TOKEN, meta_ns(pod), meta_name(pod), NULL, false),
		"Opaque");
	meta_set_annotation(c->a, t.secret, ANNOTATION_UID, meta_uid(pod));
	if (!all(&t, st))
		return false;
	*again_ms = t.next_s ? (t.next_s - clock_now_s()) * 1000 + 1000 : 0;
	if (!t.any || (!t.changed && t.have))
		return true;
	if (t.have) /* the present owner may already be the host pod */
		json_del(json_get(t.secret, "metadata"), "ownerReferences");
	return write(&t, st);
}

static bool has_tokens(const struct json *pod)
{
	json_each(vol, json_path(pod, "spec.volumes"))
		json_each(s, json_path(vol, "projected.sources"))
			if (json_get(s, "serviceAccountToken"))
				return true;
	return false;
}

bool tokens_adopt(struct host *h, struct call *c, const struct json *pod, const char *hname,
		  const char *huid, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	char name[HOST_NAME_MAX];
	struct json *patch;

	if (!has_tokens(pod))
		return true;
	names_map(h->names, KIND_TOKEN, meta_ns(pod), meta_name(pod), name);
	patch = json_build(c->a,
			   "{metadata:{ownerReferences:[{apiVersion:%s,kind:%s,name:%s,uid:%s}]}}",
			   "v1", "Pod", hname, huid);
	if (remote_patch(h, c->a, remote_path(h, c->a, "api/v1", "secrets", name, NULL),
			 MERGE_PATCH, patch, NULL, &err) ||
	    err.code == 404)
		return true;
	status_move(st, &err);
	return false;
}

void tokens_drop(struct host *h, struct call *c, const char *vns, const char *vname)
{
	char name[HOST_NAME_MAX];
	const struct obj *have;

	names_map(h->names, KIND_TOKEN, vns, vname, name);
	have = mirror_get(h->secrets, name);
	if (!have)
		return;
	obj_give(c->a, have);
	if (host_ours(h, c->a, have, KIND_TOKEN))
		remote_delete(h, c->a, remote_path(h, c->a, "api/v1", "secrets", name, NULL),
			      have->uid, -1, NULL);
}
