/*
 * What was sent: is it what the URL speaks of, and what would a Go server have decoded?
 *
 * Unknown and duplicate fields are always dropped; fieldValidation decides whether that is an error, a
 * warning or nobody's business.  k8s: apiserver/pkg/endpoints/handlers/{create,update,patch}.go.
 */
#include "api/core.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool revision_parse(const char *text, int64_t *rev)
{
	char *end;
	long long v;

	*rev = 0;
	if (!text || !*text)
		return true;
	for (const char *p = text; *p; p++)
		if (*p < '0' || *p > '9')
			return false;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno)
		return false;
	*rev = v;
	return true;
}

/* Go's name of the package that holds a group's internal types: "core.Pod", "apps.Deployment". */
static char *hub_name(struct arena *a, const struct kind *k)
{
	const char *group = *k->subject.group ? k->subject.group : "core";
	size_t n = strcspn(group, ".");

	return arena_printf(a, "%.*s.%s", (int)n, group, k->subject.kind);
}

static bool kind_refused(struct call *c, const struct kind *k, const char *gv, const char *kind,
			 struct status *st)
{
	const char *slash = strchr(gv, '/');
	const char *version = slash ? slash + 1 : gv;

	if (!kinds_by_api_version(c->api->config.kinds, gv, kind))
		return status_bad_request(
			st,
			"%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is registered for version \"%s\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
			kind, version, k->subject.kind, kind, gv);
	return status_bad_request(
		st,
		"%s in version \"%s\" cannot be handled as a %s: converting (%s.%s) to (%s): unknown conversion",
		kind, version, k->subject.kind, version, kind, hub_name(c->a, k));
}

static bool body_identify(struct call *c, const struct kind *k, struct json *o, struct status *st)
{
	const char *gv = json_str(json_get(o, "apiVersion"));
	const char *kind = json_str(json_get(o, "kind"));
	char own[128];

	kind_api_version(k, own);
	if (*kind && strcmp(kind, k->subject.kind) && !kind_is_custom(k))
		return kind_refused(c, k, *gv ? gv : own, kind, st);
	if (*gv && strcmp(gv, own))
		return status_bad_request(
			st,
			"the API version in the data (%s) does not match the expected API version (%s)",
			gv, own);
	if (!*gv)
		json_set_str(c->a, o, "apiVersion", own);
	if (!*kind)
		json_set_str(c->a, o, "kind", k->subject.kind);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(json_name(*(struct json *const *)a), json_name(*(struct json *const *)b));
}

/* As Go prints a decoded document with %v, members sorted; parsing has bounded its depth. */
static void go_print(struct arena *a, struct buf *b, const struct json *v)
{
	bool members = json_is_object(v);
	const struct json **list;
	size_t n = 0;

	if (!members && !json_is_array(v)) {
		buf_adds(b, json_is_null(v)   ? "<nil>" :
			    json_is_string(v) ? json_str(v) :
						json_text(a, v));
		return;
	}
	list = arena_alloc(a, (json_count(v) + 1) * sizeof *list);
	json_each(m, v)
		list[n++] = m;
	if (members)
		qsort(list, n, sizeof *list, by_name);
	buf_adds(b, members ? "map[" : "[");
	for (size_t i = 0; i < n; i++) {
		buf_addf(b, "%s%s%s", i ? " " : "", members ? json_name(list[i]) : "",
			 members ? ":" : "");
		go_print(a, b, list[i]);
	}
	buf_addc(b, ']');
}

/* 422 without kind and name, as upstream words all that is wrong with a patch's outcome: beside the text of a
 * strategic patch, or else the object that came of it. */
static bool patch_refused(struct call *c, const struct kind *k, const struct json *o,
			  const struct json *patch, const char *text, struct status *st)
{
	static const struct subject nobody = { "", "", "" };
	struct field_errors e = FIELD_ERRORS_INIT;
	struct buf b = BUF_INIT;

	if (json_is_object(patch) && !kind_is_custom(k))
		go_print(c->a, &b, patch);
	else
		json_print(&b, o);
	field_error_str(&e, FIELD_INVALID, "patch", arena_dup(c->a, b.p, b.len), text);
	buf_free(&b);
	return status_invalid(st, &nobody, "", &e);
}

/* Behind the "K in version "v" cannot be handled as a K: " of a decoder's message. */
static const char *decoder_text(const char *message)
{
	const char *p = strstr(message, "cannot be handled as a ");
	const char *colon = p ? strstr(p, ": ") : NULL;

	return colon ? colon + 2 : message;
}

static char *strict_text(struct call *c, const struct schema_warnings *w)
{
	struct buf b = BUF_INIT;
	char *text;

	buf_adds(&b, "strict decoding error: ");
	for (size_t i = 0; i < w->n; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", w->texts[i]);
	text = arena_dup(c->a, b.p, b.len);
	buf_free(&b);
	return text;
}

static bool body_judge(struct call *c, const struct kind *k, const struct schema_warnings *w,
		       const struct json *o, const struct json *patch, struct status *st)
{
	if (!w->n || c->validation == VALIDATION_IGNORE)
		return true;
	if (c->validation == VALIDATION_WARN) {
		for (size_t i = 0; i < w->n; i++)
			call_warn(c, "%s", w->texts[i]);
		return true;
	}
	if (patch)
		return patch_refused(c, k, o, patch, strict_text(c, w), st);
	return status_bad_request(st, "%s in version \"%s\" cannot be handled as a %s: %s",
				  k->subject.kind, k->version, k->subject.kind, strict_text(c, w));
}

bool body_clean(struct call *c, const struct kind *k, struct json *o, const struct json *patch,
		struct status *st)
{
	const bool reset = json_is_array(json_path(o, "metadata.managedFields"));
	struct schema_warnings w = { 0 };
	STATUS_AUTO struct status bad = STATUS_INIT;
	struct json *meta;

	if (!json_is_object(o))
		return status_bad_request(st,
					  "the object provided is unrecognized (must be of type %s)",
					  k->subject.kind);
	if (!body_identify(c, k, o, st))
		return false;
	if (!kind_clean(c->a, k, o, c->dups, &w, &bad)) {
		if (patch)
			return patch_refused(c, k, o, patch, decoder_text(bad.message), st);
		if (st)
			status_move(st, &bad);
		return false;
	}
	meta = meta_ensure(c->a, o);
	if (reset) /* which Go's decoder tells from an absent list */
		json_ensure_array(c->a, meta, "managedFields");
	return body_judge(c, k, &w, o, patch, st);
}

bool body_again(struct call *c, const struct kind *k, struct json *o, struct status *st)
{
	struct schema_warnings ignored = { 0 };
	STATUS_AUTO struct status bad = STATUS_INIT;
	char own[128];
	struct hook h;

	json_set_str(c->a, o, "apiVersion", kind_api_version(k, own));
	json_set_str(c->a, o, "kind", k->subject.kind);
	if (k->type &&
	    !schema_clean(c->a, k->type, k->subject.kind, k->version, o, NULL, &ignored, &bad))
		return status_internal(st, "%s", decoder_text(bad.message));
	meta_ensure(c->a, o);
	if (!k->defaults)
		return true;
	hook_open(&h, c, k);
	k->defaults(&h, o);
	hook_close(&h, c);
	return true;
}

bool body_place(const struct kind *k, const char *ns, struct json *o, struct status *st)
{
	struct json *meta = json_get(o, "metadata");
	const char *body = json_str(json_get(meta, "namespace"));

	if (!k->namespaced) {
		json_del(meta, "namespace");
		return true;
	}
	if (*body && strcmp(body, ns))
		return status_bad_request(
			st,
			"the namespace of the provided object does not match the namespace sent on the request");
	return true;
}
