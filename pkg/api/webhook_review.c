/*
 * webhook_review: the AdmissionReview, there and back.
 *
 * Members and their order are upstream's, for servers that print what they get.  What comes back is checked
 * as strictly as upstream does it for the version that was asked for: v1beta1 forgives much.
 */
#include "api/webhook.h"

#include "api/hook_call.h"
#include "api/identity.h"
#include "base/arena.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/status_json.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a request is called ---- */

const char *admission_operation(const struct admission *ad)
{
	static const char *const names[] = { "CREATE", "UPDATE", "DELETE", "CONNECT" };

	return names[ad->op];
}

struct json *admission_gvk(const struct admission *ad, const struct kind *k)
{
	const struct admit_type own = { k->subject.group, k->version, k->subject.kind };
	const struct admit_type *t = ad->as ? ad->as : &own;

	return json_build(ad->c->a, "{group:%s,version:%s,kind:%s}", t->group, t->version, t->kind);
}

struct json *admission_gvr(const struct admission *ad, const struct kind *k)
{
	return json_build(ad->c->a, "{group:%s,version:%s,resource:%s}", k->subject.group,
			  k->version, k->subject.resource);
}

const char *admission_name(const struct admission *ad)
{
	if (ad->op == ADMIT_CREATE && !*ad->sub)
		return meta_name(ad->o);
	return ad->name ? ad->name : "";
}

static const char *text_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static struct json *delete_options(const struct admission *ad)
{
	static const char *const policies[] = { NULL, "Background", "Foreground", "Orphan" };
	struct arena *a = ad->c->a;
	const struct delete_options *d = ad->delete;
	struct json *o = json_build(a, "{kind:%s,apiVersion:%s}", "DeleteOptions", "meta.k8s.io/v1");

	if (d && d->grace_s >= 0)
		json_set_int(a, o, "gracePeriodSeconds", d->grace_s);
	if (d && (d->uid || d->rv))
		json_set(a, o, "preconditions",
			 json_build(a, "{uid:%s,resourceVersion:%s}", d->uid, d->rv));
	if (d && policies[d->propagation])
		json_set_str(a, o, "propagationPolicy", policies[d->propagation]);
	return o;
}

static void options_add_dry_run(const struct admission *ad, struct json *o)
{
	if (ad->c->dry_run)
		json_append(json_ensure_array(ad->c->a, o, "dryRun"), json_string(ad->c->a, "All"));
}

struct json *admission_options(const struct admission *ad)
{
	struct arena *a = ad->c->a;
	struct json *o;

	if (ad->op == ADMIT_CONNECT)
		return NULL;
	if (ad->op == ADMIT_DELETE) {
		o = delete_options(ad);
		options_add_dry_run(ad, o);
		return o;
	}
	o = json_build(a, "{kind:%s,apiVersion:%s}",
		       ad->op == ADMIT_CREATE ? "CreateOptions" : "UpdateOptions", "meta.k8s.io/v1");
	options_add_dry_run(ad, o);
	if (text_or_null(ad->c->asked_manager))
		json_set_str(a, o, "fieldManager", ad->c->asked_manager);
	if (text_or_null(ad->c->asked_validation))
		json_set_str(a, o, "fieldValidation", ad->c->asked_validation);
	return o;
}

/* ---- the question ---- */

void hook_view_open(struct hook_view *v, struct admission *ad, const struct kind *k)
{
	const struct json *old = admission_old(ad);

	*v = (struct hook_view){ ad, k, ad->o, old };
	if (k == ad->k || ad->as)
		return;
	if (ad->o)
		v->o = convert_between(ad->c->a, ad->k, k, ad->o);
	if (old)
		v->old = convert_between(ad->c->a, ad->k, k, old);
}

static struct json *copy_or_null(struct arena *a, const struct json *o)
{
	return o ? json_copy(a, o) : json_null(a);
}

static struct json *question(const struct webhook *w, struct hook_view *v, const char *version,
			     const char *uid)
{
	struct admission *ad = v->ad;
	struct arena *a = ad->c->a;
	struct json *r, *options = admission_options(ad);

	(void)w;
	r = json_build(
		a,
		"{uid:%s,kind:%j,resource:%j,subResource:%s,requestKind:%j,requestResource:%j,"
		"requestSubResource:%s,name:%s,namespace:%s,operation:%s,userInfo:%j,object:%j,"
		"oldObject:%j,dryRun:%b,options:%j}",
		uid, admission_gvk(ad, v->k), admission_gvr(ad, v->k), text_or_null(ad->sub),
		admission_gvk(ad, ad->k), admission_gvr(ad, ad->k), text_or_null(ad->sub),
		text_or_null(admission_name(ad)), text_or_null(admit_namespace(ad)),
		admission_operation(ad), identity_info(a, ad->c->user), copy_or_null(a, v->o),
		copy_or_null(a, v->old), (int)ad->c->dry_run, options ? options : json_null(a));
	return json_build(a, "{kind:%s,apiVersion:%s,request:%j}", "AdmissionReview",
			  arena_printf(a, "admission.k8s.io/%s", version), r);
}

/* ---- the answer ---- */

static const char *version_choose(const struct webhook *w)
{
	for (const char *const *v = w->versions; *v; v++)
		if (!strcmp(*v, "v1") || !strcmp(*v, "v1beta1"))
			return *v;
	return NULL;
}

static char *gvk_text(struct arena *a, const struct json *o)
{
	const char *gv = json_path_str(o, "apiVersion"), *slash = strchr(gv, '/');

	return arena_printf(a, "%.*s/%s, Kind=%s", slash ? (int)(slash - gv) : 0, gv,
			    slash ? slash + 1 : gv, json_path_str(o, "kind"));
}

/* Is the answer one, to this question?  NULL, or what is wrong. */
static const char *answer_fault(struct arena *a, const struct json *o, const char *uid)
{
	const struct json *r = json_get(o, "response");
	const char *own = json_path_str(r, "uid");

	if (!json_is_object(r))
		return "webhook response was absent";
	if (strcmp(own, uid))
		return arena_printf(a, "expected response.uid=%s, got %s",
				    go_quote(a, uid, strlen(uid)), go_quote(a, own, strlen(own)));
	if (strcmp(json_path_str(o, "apiVersion"), "admission.k8s.io/v1") ||
	    strcmp(json_path_str(o, "kind"), "AdmissionReview"))
		return arena_printf(
			a,
			"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got %s",
			gvk_text(a, o));
	return NULL;
}

static const char *patch_fault(const struct json *r, bool mutating)
{
	bool patch = *json_path_str(r, "patch"), type = !json_is_null(json_get(r, "patchType"));

	if (!mutating)
		return patch ? "validating webhook may not return response.patch" :
		       type  ? "validating webhook may not return response.patchType" :
			       NULL;
	if (patch && !type)
		return "webhook returned response.patch but not response.patchType";
	if (!patch && type)
		return "webhook returned response.patchType but not response.patch";
	if (type && !*json_path_str(r, "patchType"))
		return "webhook returned invalid response.patchType of \"\"";
	return NULL;
}

static void answer_note(const struct webhook *w, struct call *c, const struct json *r)
{
	json_each(m, json_get(r, "auditAnnotations"))
		call_annotate(c, arena_printf(c->a, "%s/%s", w->name, json_name(m)), json_str(m));
	json_each(text, json_get(r, "warnings"))
		if (*json_str(text))
			call_warn(c, "%s", json_str(text));
}

static bool denied(const struct webhook *w, struct call *c, const struct json *r, struct status *st)
{
	struct json *s = json_is_object(json_get(r, "status")) ?
				 json_copy(c->a, json_get(r, "status")) :
				 json_object(c->a);
	const char *said = json_path_str(s, "message"), *reason = json_path_str(s, "reason");
	const char *text = *said ? said : reason;

	if (json_path_int(s, "code", 0) < 400)
		json_set_int(c->a, s, "code", 400);
	json_set_str(c->a, s, "kind", "Status");
	json_set_str(c->a, s, "status", "Failure");
	json_set_str(c->a, s, "message",
		     arena_printf(c->a, "admission webhook \"%s\" denied the request%s%s", w->name,
				  *text ? ": " : " without explanation", text));
	status_from_tree(st, s);
	return false;
}

/* The operations of response.patch. */
static bool patch_read(struct call *c, const struct json *r, const struct json **patch,
		       const char **failure)
{
	STATUS_AUTO struct status bad = STATUS_INIT;
	const char *text = json_path_str(r, "patch"), *type = json_path_str(r, "patchType");
	struct json *ops;
	char *bytes;
	size_t n;

	*patch = NULL;
	if (!*text)
		return true;
	bytes = base64_decode(c->a, text, strlen(text), &n);
	ops = bytes ? json_parse(c->a, bytes, n, NULL, &bad) : NULL;
	if (!json_is_array(ops)) {
		*failure = arena_printf(
			c->a, "received undecodable patch in webhook response: %s",
			bad.message ? bad.message :
			ops ? "json: cannot unmarshal object into Go value of type jsonpatch.Patch" :
			      "illegal base64 data");
		return false;
	}
	if (json_count(ops) && *type && strcmp(type, "JSONPatch")) {
		*failure = arena_printf(c->a, "unsupported patch type \"%s\"", type);
		return false;
	}
	*patch = json_count(ops) ? ops : NULL;
	return true;
}

bool webhook_ask(const struct webhook *w, struct hook_view *v, bool mutating,
		 const struct json **patch, const char **failure, struct status *st)
{
	struct call *c = v->ad->c;
	const char *version = version_choose(w), *fault = NULL;
	const struct json *r;
	struct json *o;
	char uid[37];

	*patch = NULL;
	*failure = NULL;
	if (!version) {
		*failure =
			"could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)";
		return false;
	}
	uuid_new(uid);
	o = hook_call(c, w->client, question(w, v, version, uid), w->timeout_s, &fault);
	if (!o) {
		*failure = arena_printf(c->a, "failed to call webhook: %s", fault);
		return false;
	}
	r = json_get(o, "response");
	if (!strcmp(version, "v1")) {
		fault = answer_fault(c->a, o, uid);
		fault = fault ? fault : patch_fault(r, mutating);
	} else if (!json_is_object(r)) {
		fault = "webhook response was absent";
	}
	if (fault) {
		*failure = arena_printf(c->a, "received invalid webhook response: %s", fault);
		return false;
	}
	if (!json_is_bool(json_get(r, "allowed")) && json_get(r, "allowed")) {
		*failure =
			"failed to call webhook: json: cannot unmarshal into Go struct field AdmissionResponse.response.allowed of type bool";
		return false;
	}
	answer_note(w, c, r);
	if (!json_is_true(json_get(r, "allowed")))
		return denied(w, c, r, st);
	return !mutating || patch_read(c, r, patch, failure);
}
