/*
 * Conversion between a custom resource's versions by its webhook.
 *
 * What comes back must be what was sent in other words: same number, order, kind, names and uid; of metadata only labels
 * and annotations are taken over.
 * k8s: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.
 */
#include "api/core.h"
#include "api/custom.h"
#include "api/hook_call.h"

#include "base/arena.h"
#include "base/codec.h"
#include "kind/crd.h"
#include "kind/custom.h"
#include "obj/json.h"

#include <string.h>

struct conversion {
	struct arena *a;
	const struct kind *k;
	const struct crd *d;
	const char *want;  /* apiVersion */
	const char *about; /* "example.com/v1, Kind=Widget", of the first object */
	char uid[37];
	bool many;
	struct status *st;
};

static const char *version_of(const struct json *o)
{
	return json_str(json_get(o, "apiVersion"));
}

static bool refuse(struct conversion *c, const char *text)
{
	return status_plain_error(c->st, "conversion webhook for %s %s", c->about, text);
}

/* ---- one object's answer ---- */

static const char *check_meta_text(struct conversion *c, const struct json *was,
				   const struct json *now, const char *member, const char *word)
{
	const char *x = json_str(json_get(json_get(was, "metadata"), member));
	const char *y = json_str(json_get(json_get(now, "metadata"), member));

	return strcmp(x, y) ? arena_printf(c->a, "must have the same %s: %s != %s", word, x, y) :
			      NULL;
}

/* Another version or kind: why; NULL when it is what was asked for. */
static const char *check_kind(struct conversion *c, const struct json *was, const struct json *now)
{
	const char *kind = json_str(json_get(was, "kind")), *got = json_str(json_get(now, "kind"));

	if (strcmp(version_of(now), c->want))
		return arena_printf(c->a, "invalid groupVersion (expected %s, received %s)",
				    c->want, version_of(now));
	if (strcmp(kind, got))
		return arena_printf(c->a, "invalid kind (expected %s, received %s)", kind, got);
	return NULL;
}

/* Another object. */
static const char *check_identity(struct conversion *c, const struct json *was, const struct json *now)
{
	const char *why = check_meta_text(c, was, now, "name", "name");

	why = why ? why : check_meta_text(c, was, now, "namespace", "namespace");
	return why ? why : check_meta_text(c, was, now, "uid", "UID");
}

static bool all_text(const struct json *map)
{
	json_each(v, map)
		if (!json_is_string(v))
			return false;
	return true;
}

/* The old metadata with the new labels and annotations. */
static const char *restore_meta(struct conversion *c, const struct json *was, struct json *now)
{
	static const char *const taken[] = { "labels", "annotations" };
	const struct json *sent = json_get(now, "metadata");
	struct json *meta = json_copy(c->a, json_get(was, "metadata"));

	if (!json_is_object(sent))
		return "missing metadata in converted object";
	for (size_t i = 0; i < 2; i++) {
		const struct json *v = json_get(sent, taken[i]);

		if (!json_is_null(v) && (!json_is_object(v) || !all_text(v)))
			return arena_printf(c->a, "invalid metadata.%s in converted object",
					    taken[i]);
		if (json_is_null(v))
			json_del(meta, taken[i]);
		else
			json_set(c->a, meta, taken[i], json_copy(c->a, v));
	}
	json_set(c->a, now, "metadata", meta);
	return NULL;
}

static bool take(struct conversion *c, struct json **place, struct json *now, size_t i)
{
	const char *object = c->many ? "converted object" : "object";
	const char *where = arena_printf(c->a, " at index %zu", i);
	const char *why = check_kind(c, *place, now);

	if (why)
		return refuse(c, arena_printf(c->a, "returned invalid %s%s: %s", object, where, why));
	where = c->many ? where : "";
	why = check_identity(c, *place, now);
	if (why)
		return refuse(c, arena_printf(c->a, "returned invalid %s%s: %s", object, where, why));
	why = restore_meta(c, *place, now);
	if (why)
		return refuse(c, arena_printf(c->a, "returned invalid metadata%s%s: %s",
					      c->many ? " in object" : "", where, why));
	*place = now;
	return true;
}

/* ---- the call ---- */

static struct json *review_of(struct conversion *c, struct json **trees, const size_t *at, size_t n)
{
	struct json *objects = json_array(c->a);

	for (size_t i = 0; i < n; i++)
		json_append(objects, json_copy(c->a, trees[at[i]]));
	return json_build(c->a,
			  "{kind:\"ConversionReview\",apiVersion:%s,"
			  "request:{uid:%s,desiredAPIVersion:%s,objects:%j}}",
			  arena_printf(c->a, "apiextensions.k8s.io/%s", c->d->review_version),
			  c->uid, c->want, objects);
}

/* Why the reply is none; NULL when it is. */
static const char *check_reply(struct conversion *c, const struct json *reply)
{
	const struct json *response = json_get(reply, "response");
	const char *status = json_path_str(response, "result.status");
	const char *message = json_path_str(response, "result.message");
	bool v1 = !strcmp(c->d->review_version, "v1");

	if (v1 && (strcmp(version_of(reply), "apiextensions.k8s.io/v1") ||
		   strcmp(json_str(json_get(reply, "kind")), "ConversionReview")))
		return arena_printf(c->a,
				    "expected webhook response of apiextensions.k8s.io/v1, "
				    "Kind=ConversionReview, got %s, Kind=%s",
				    version_of(reply), json_str(json_get(reply, "kind")));
	if (!json_is_object(response))
		return "no response provided";
	if (v1 && strcmp(json_str(json_get(response, "uid")), c->uid))
		return arena_printf(c->a, "expected response.uid=\"%s\", got \"%s\"", c->uid,
				    json_str(json_get(response, "uid")));
	if (!strcmp(status, "Success"))
		return NULL;
	return *message ?
		       message :
		       arena_printf(c->a, "response.result.status was '%s', not 'Success'", status);
}

static bool ask(struct conversion *c, struct json **trees, const size_t *at, size_t n)
{
	const char *why = NULL;
	struct json *reply, *objects;
	struct call call;
	size_t i = 0;

	if (!c->d->review_version)
		return status_plain_error(c->st, "no supported conversion review versions");
	uuid_new(c->uid);
	call_init(&call, custom_owner(c->k->custom), c->a, "kube-apiserver");
	reply = hook_call(&call, c->d->client, review_of(c, trees, at, n), 0, &why);
	why = reply ? check_reply(c, reply) : why;
	if (why)
		return refuse(c, arena_printf(c->a, "failed: %s", why));
	objects = json_path(reply, "response.convertedObjects");
	if (json_count(objects) != n)
		return refuse(c, arena_printf(c->a, "returned %zu objects, expected %zu",
					      json_count(objects), n));
	json_each(o, objects) {
		if (!take(c, &trees[at[i]], json_copy(c->a, o), i))
			return false;
		i++;
	}
	return true;
}

bool conversion_run(struct arena *a, const struct kind *k, struct json **trees, size_t n,
		    const char *api_version, struct status *st)
{
	struct conversion c = { .a = a, .k = k, .want = api_version, .many = n > 1, .st = st };
	size_t *at, m = 0;

	if (!n || !custom_converts(k))
		return true;
	c.d = custom_definition(a, k);
	if (!c.d || !c.d->webhook)
		return true;
	at = arena_alloc(a, n * sizeof *at);
	for (size_t i = 0; i < n; i++)
		if (strcmp(version_of(trees[i]), api_version))
			at[m++] = i;
	if (!m)
		return true;
	c.about = arena_printf(a, "%s, Kind=%s", version_of(trees[at[0]]), k->subject.kind);
	return ask(&c, trees, at, m);
}
