/*
 * Options and bodies.
 *
 * A body's type is its Content-Type without parameters; none means JSON.  Whatever the format, the result is
 * one JSON tree.  Kind, apiVersion, namespace and name of an object must agree with the URL; what is missing is
 * taken from there.  Field knowledge (unknown fields, wrong types) is the api's; only duplicates, which
 * a tree no longer shows, are dealt with here.
 * k8s: apiserver/pkg/endpoints/handlers/{create,update,patch,delete,rest}.go
 */
#include "server/request.h"

#include "api/computed.h"
#include "base/arena.h"
#include "base/codec.h"
#include "obj/yaml.h"

#include <string.h>
#include <strings.h>

static const char media_all[] =
	"application/json, application/yaml, application/vnd.kubernetes.protobuf";

/* The media type of the body, lower case, without parameters. */
static const char *media_type(struct req *r)
{
	const char *h = http_header(r->http, "Content-Type");
	size_t n = h ? strcspn(h, ";") : 0;

	while (n && (h[n - 1] == ' ' || h[n - 1] == '\t'))
		n--;
	return n ? arena_dup(r->a, h, n) : "application/json";
}

/* As upstream prints a body it could not make sense of. */
static const char *summary(struct arena *a, const char *p, size_t n)
{
	size_t shown = n > 30 ? 30 : n;
	const char *more = n > 30 ? " ..." : "";

	if (n == 0)
		return "<empty>";
	if (*p == '{')
		return arena_printf(a, "%.*s%s", (int)shown, p, more);
	return arena_printf(a, "%s%s", hex_encode(a, p, shown), more);
}

struct lookup {
	struct req *r;
	const struct schema_type *type;     /* expected */
	const char *api_version, *kind;     /* expected */
	const char *got_version, *got_kind; /* the envelope's */
};

static const struct schema_type *on_lookup(void *arg, const char *api_version, const char *kind)
{
	struct lookup *l = arg;
	const struct kind *k;

	l->got_version = *api_version ? arena_strdup(l->r->a, api_version) : l->api_version;
	l->got_kind = *kind ? arena_strdup(l->r->a, kind) : l->kind;
	if (strcmp(l->got_kind, l->kind) == 0)
		return l->type;
	k = kinds_by_api_version(l->r->server->kinds, l->got_version, l->got_kind);
	return k ? k->type : NULL;
}

static bool unrecognized(struct req *r, const char *kind, const char *why)
{
	const struct http_req *h = r->http;

	/* Options are decoded by other means than objects, upstream. */
	if (strcmp(kind, "DeleteOptions") == 0)
		return status_bad_request(&r->st, "%s", why);
	return status_bad_request(&r->st,
				  "the object provided is unrecognized (must be of type %s): %s (%s)",
				  kind, why, summary(r->a, h->body, h->body_len));
}

/* Until the envelope has told a kind, the body is nothing known. */
static bool protobuf(struct req *r, struct lookup *l, struct json **out)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct http_req *h = r->http;
	struct json *o;

	if (h->body_len == 0)
		return unrecognized(r, l->kind, "empty data");
	o = proto_decode(r->a, h->body, h->body_len, on_lookup, l, &st);
	if (!o && st.code == 400 && !l->got_kind)
		return unrecognized(r, l->kind, st.message);
	if (!o) {
		status_move(&r->st, &st);
		return false;
	}
	if (!json_get(o, "kind"))
		json_set_str(r->a, o, "kind", l->got_kind);
	if (!json_get(o, "apiVersion"))
		json_set_str(r->a, o, "apiVersion", l->got_version);
	*out = o;
	return true;
}

static const char *go_type(const struct json *v)
{
	if (json_is_array(v))
		return "array";
	if (json_is_string(v))
		return "string";
	return json_is_bool(v) ? "bool" : "number";
}

/* kind and apiVersion are looked at before anything else is. */
static bool check_envelope(struct req *r, const char *kind, const struct json *o)
{
	static const char *const members[] = { "apiVersion", "kind" };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct json *v = json_get(o, members[i]);

		if (!v || json_is_string(v) || json_is_null(v))
			continue;
		return unrecognized(r, kind,
				    arena_printf(r->a,
						 "couldn't get version/kind; json parse error: json: "
						 "cannot unmarshal %s into Go struct field .%s of "
						 "type string",
						 json_is_object(v) ? "object" : go_type(v),
						 members[i]));
	}
	return true;
}

static bool text(struct req *r, bool yaml, const char *kind, struct json_dups *dups, struct json **out)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct http_req *h = r->http;

	*out = yaml ? yaml_parse(r->a, h->body, h->body_len, dups, &st) :
		      json_parse(r->a, h->body, h->body_len, dups, &st);
	if (*out && json_is_null(*out))
		*out = json_object(r->a);
	if (*out && json_is_object(*out))
		return check_envelope(r, kind, *out);
	if (*out)
		return unrecognized(
			r, kind,
			arena_printf(r->a,
				     "couldn't get version/kind; json parse error: json: "
				     "cannot unmarshal %s into Go value of type struct { "
				     "APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; "
				     "Kind string \"json:\\\"kind,omitempty\\\"\" }",
				     go_type(*out)));
	return unrecognized(r, kind,
			    arena_printf(r->a, "%s%s",
					 yaml ? "" : "couldn't get version/kind; json parse error: ",
					 st.message ? st.message : "unreadable"));
}

static bool decode_any(struct req *r, struct lookup *l, bool allow_protobuf, struct json_dups *dups,
		       struct json **out)
{
	const char *type = media_type(r);

	if (strcasecmp(type, "application/json") == 0)
		return text(r, false, l->kind, dups, out);
	if (strcasecmp(type, "application/yaml") == 0)
		return text(r, true, l->kind, dups, out);
	if (allow_protobuf && strcasecmp(type, "application/vnd.kubernetes.protobuf") == 0)
		return protobuf(r, l, out);
	return status_unsupported_media(
		&r->st, allow_protobuf ? media_all : "application/json, application/yaml");
}

struct json *decode_as(struct req *r, const struct schema_type *type, const char *api_version,
		       const char *kind)
{
	struct lookup l = { .r = r, .type = type, .api_version = api_version, .kind = kind };
	struct schema_warnings w = { 0 };
	struct json *o;

	if (!type) {
		status_internal(&r->st, "no schema of %s", kind);
		return NULL;
	}
	if (!decode_any(r, &l, true, NULL, &o))
		return NULL;
	const char *got = json_str(json_get(o, "kind"));
	if (*got && strcmp(got, kind) != 0) {
		status_bad_request(&r->st, "%s in version \"%s\" cannot be handled as a %s", got,
				   json_str(json_get(o, "apiVersion")), kind);
		return NULL;
	}
	if (!schema_clean(r->a, type, kind, api_version, o, NULL, &w, &r->st))
		return NULL;
	json_set_str(r->a, o, "kind", kind);
	json_set_str(r->a, o, "apiVersion", api_version);
	return o;
}

/* ---- objects of the URL's kind ---- */

/* "core", "apps": the name of a group's internal Go package. */
static const char *package_of(struct arena *a, const char *group)
{
	return *group ? arena_dup(a, group, strcspn(group, ".")) : "core";
}

static const char *version_of(const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return slash ? slash + 1 : api_version;
}

static bool wrong_kind(struct req *r, const char *api_version, const char *kind)
{
	const struct kind *k = r->kind;
	const char *v = version_of(api_version);

	if (kinds_by_api_version(r->server->kinds, api_version, kind))
		return status_bad_request(&r->st,
					  "%s in version \"%s\" cannot be handled as a %s: converting "
					  "(%s.%s) to (%s.%s): unknown conversion",
					  kind, v, k->subject.kind, v, kind,
					  package_of(r->a, k->subject.group), k->subject.kind);
	return status_bad_request(&r->st,
				  "%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is "
				  "registered for version \"%s\" in scheme "
				  "\"pkg/api/legacyscheme/scheme.go:30\"",
				  kind, v, k->subject.kind, kind, api_version);
}

static bool odd_version(struct req *r, const char *version)
{
	return unrecognized(r, r->kind->subject.kind,
			    arena_printf(r->a, "unexpected GroupVersion string: %s", version));
}

static bool missing_member(struct req *r, const char *what)
{
	const struct http_req *h = r->http;

	return status_bad_request(&r->st,
				  "the object provided is unrecognized (must be of type %s): Object "
				  "'%s' is missing in '%.*s' (%s)",
				  r->kind->subject.kind, what, (int)h->body_len, h->body,
				  summary(r->a, h->body, h->body_len));
}

static bool wrong_version(struct req *r, const char *version, const char *want)
{
	return status_bad_request(&r->st,
				  "the API version in the data (%s) does not match the expected API "
				  "version (%s)",
				  version, want);
}

/* kind and apiVersion of the body against the URL's; another kind in a custom resource's body is a matter of its
 * validation. */
static bool check_type(struct req *r, struct json *o)
{
	const struct kind *k = r->kind;
	const char *kind = json_str(json_get(o, "kind"));
	const char *version = json_str(json_get(o, "apiVersion"));
	char want[128];

	kind_api_version(k, want);
	if (kind_is_custom(k) && !*kind)
		return missing_member(r, "Kind");
	if (kind_is_custom(k))
		return strcmp(version, want) == 0 || wrong_version(r, version, want);
	if (strchr(version, '/') != strrchr(version, '/'))
		return odd_version(r, version);
	if (*kind && strcmp(kind, k->subject.kind) != 0)
		return wrong_kind(r, *version ? version : want, kind);
	if (*version && strcmp(version, want) != 0) {
		size_t glen = strlen(k->subject.group);
		bool same_group = glen ? strncmp(version, k->subject.group, glen) == 0 &&
						  version[glen] == '/' :
					 !strchr(version, '/');

		/* The core group never had another version; others may have had, in the past. */
		if ((!same_group || glen == 0) &&
		    !kinds_by_api_version(r->server->kinds, version, kind))
			return wrong_kind(r, version, k->subject.kind);
		return wrong_version(r, version, want);
	}
	if (!*kind)
		json_set_str(r->a, o, "kind", k->subject.kind);
	if (!*version)
		json_set_str(r->a, o, "apiVersion", want);
	return true;
}

static bool check_namespace(struct req *r, struct json *o)
{
	struct json *meta = json_get(o, "metadata");
	const char *ns = json_str(json_get(meta, "namespace"));

	if (meta && !json_is_object(meta))
		return true; /* the schema's complaint, not ours */
	if (!r->kind->namespaced) {
		json_del(meta, "namespace");
		return true;
	}
	if (*ns && strcmp(ns, r->ns) != 0)
		return status_bad_request(&r->st, "the namespace of the provided object does not "
						  "match the namespace sent on the request");
	if (!*ns && json_is_string(json_get(meta, "namespace")))
		json_del(meta, "namespace");
	if (!*ns)
		json_set_str(r->a, json_ensure_object(r->a, o, "metadata"), "namespace", r->ns);
	return true;
}

static bool check_name(struct req *r, struct json *o)
{
	const char *want = r->route.attr.name;
	const char *name = json_path_str(o, "metadata.name");

	if (!r->route.named || strcmp(name, want) == 0)
		return true;
	if (!*name)
		return status_bad_request(&r->st,
					  "the name of the object (%s based on URL) was "
					  "undeterminable: name must be provided",
					  want);
	return status_bad_request(
		&r->st, "the name of the object (%s) does not match the name on the URL (%s)", name,
		want);
}

/* Strict: an error that names duplicates and unknown fields alike.  Warn: a Warning each. */
static bool treat_dups(struct req *r, struct json *o, const struct json_dups *dups)
{
	const struct kind *k = r->kind;
	struct schema_warnings w = { 0 };
	BUF_AUTO struct buf b = BUF_INIT;

	if (dups->n == 0 || r->call.validation == VALIDATION_IGNORE)
		return true;
	if (r->call.validation == VALIDATION_WARN) {
		for (size_t i = 0; i < dups->n; i++)
			call_warn(&r->call, "duplicate field \"%s\"", dups->paths[i]);
		return true;
	}
	if (!kind_clean(r->a, k, o, dups, &w, &r->st))
		return false;
	for (size_t i = 0; i < w.n; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", w.texts[i]);
	for (size_t i = 0; w.n == 0 && i < dups->n; i++)
		buf_addf(&b, "%sduplicate field \"%s\"", i ? ", " : "", dups->paths[i]);
	return status_bad_request(&r->st,
				  "%s in version \"%s\" cannot be handled as a %s: strict decoding "
				  "error: %s",
				  k->subject.kind, k->version, k->subject.kind, b.p);
}

static bool decode_object(struct req *r)
{
	char want[128];
	struct lookup l = {
		.r = r,
		.type = r->kind->type,
		.api_version = kind_api_version(r->kind, want),
		.kind = r->kind->subject.kind,
	};
	struct json_dups dups = { 0 };

	return decode_any(r, &l, !kind_is_custom(r->kind), &dups, &r->body) &&
	       check_type(r, r->body) && check_namespace(r, r->body) && check_name(r, r->body) &&
	       treat_dups(r, r->body, &dups);
}

/* ---- patches ---- */

static const struct {
	const char *type;
	enum patch_type patch;
} patch_types[] = {
	{ "application/json-patch+json", PATCH_JSON },
	{ "application/merge-patch+json", PATCH_MERGE },
	{ "application/strategic-merge-patch+json", PATCH_STRATEGIC },
	{ "application/apply-patch+yaml", PATCH_APPLY },
};

static bool patch_type_of(struct req *r)
{
	const char *type = media_type(r);
	bool custom = kind_is_custom(r->kind);

	for (size_t i = 0; i < sizeof patch_types / sizeof *patch_types; i++) {
		r->patch = patch_types[i].patch;
		if (custom && r->patch == PATCH_STRATEGIC)
			continue;
		if (strcmp(type, patch_types[i].type) == 0)
			return true;
	}
	if (custom)
		return status_unsupported_media(&r->st, "application/json-patch+json, "
							"application/merge-patch+json, "
							"application/apply-patch+yaml");
	/* The router's words, not the handler's. */
	status_other(&r->st, 415, "UnsupportedMediaType", "415: Unsupported Media Type");
	r->st.details = true;
	return false;
}

static bool patch_tree(struct req *r, bool apply, struct json_dups *dups)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct http_req *h = r->http;

	if (apply)
		r->body = yaml_parse(r->a, h->body, h->body_len, dups, &st);
	else
		r->body = json_parse(r->a, h->body, h->body_len, dups, &st);
	if (!r->body)
		status_bad_request(&r->st, "error decoding %s%s",
				   apply ? "YAML: error converting YAML to JSON: " : "patch: ",
				   st.message ? st.message : "unreadable");
	if (apply && r->body && json_is_null(r->body))
		r->body = json_object(r->a);
	return r->body != NULL;
}

/* A lenient YAML decoder takes the last one; upstream asks a strict one afterwards. */
static bool apply_dups(struct req *r, const struct json_dups *dups)
{
	static const char what[] = "error converting YAML to JSON: yaml: unmarshal errors:";

	for (size_t i = 0; i < dups->n; i++) {
		const char *dot = strrchr(dups->paths[i], '.');
		const char *key = dot ? dot + 1 : dups->paths[i];

		if (r->call.validation == VALIDATION_STRICT)
			return status_bad_request(
				&r->st,
				"error strict decoding YAML: %s key \"%s\" already set in map",
				what, key);
		if (r->call.validation == VALIDATION_WARN)
			call_warn(&r->call, "%s key \"%s\" already set in map", what, key);
	}
	return true;
}

static bool decode_patch(struct req *r)
{
	const struct http_req *h = r->http;
	struct json_dups dups = { 0 };
	const char *prefix = r->patch == PATCH_JSON ? "json patch " : "";
	bool apply = r->patch == PATCH_APPLY;

	if (!patch_tree(r, apply, &dups))
		return false;
	if (!json_is_object(r->body) && r->patch != PATCH_JSON)
		return status_bad_request(
			&r->st,
			"error decoding %sjson: cannot unmarshal %s into Go "
			"value of type map[string]interface {}",
			apply ? "YAML: error unmarshaling JSON: while decoding JSON: " : "patch: ",
			go_type(r->body));
	if (dups.n == 0)
		return true;
	if (apply)
		return apply_dups(r, &dups);
	for (size_t i = 0; i < dups.n && r->call.validation == VALIDATION_WARN; i++)
		call_warn(&r->call, "%sduplicate field \"%s\"", prefix, dups.paths[i]);
	if (r->call.validation != VALIDATION_STRICT)
		return true;
	static const struct subject nothing = { "", "", "" };
	struct field_errors errs = FIELD_ERRORS_INIT;
	field_errorf(&errs, FIELD_INVALID, "patch", go_quote(r->a, h->body, h->body_len),
		     "strict decoding error: %sduplicate field \"%s\"", prefix, dups.paths[0]);
	return status_invalid(&r->st, &nothing, "", &errs);
}

/* ---- all ---- */

/* A media type that is not there at all is refused by upstream's router, a form of one that is (as=...) by
 * the handler behind it. */
static bool not_acceptable(struct req *r, const char *accept)
{
	if (strstr(accept, "application/json") || strstr(accept, "application/yaml"))
		return status_not_acceptable(&r->st, media_all);
	status_other(&r->st, 406, "NotAcceptable",
		     "406: Not Acceptable\n\nAvailable representations: %s", media_all);
	r->st.details = true;
	return false;
}

static bool negotiate(struct req *r)
{
	const char *accept = http_header(r->http, "Accept");
	unsigned proto = r->kind && kind_is_custom(r->kind) ? ACCEPT_PROTO_FORMS : ACCEPT_PROTO;
	bool review = r->kind && r->kind->virtual_only && !kind_is_computed(r->kind);
	unsigned forms = review ? 0 : ACCEPT_FORMS; /* reviews have none */

	if (r->op->raw || accept_parse(accept, ACCEPT_YAML | forms | proto, &r->accept))
		return true;
	r->accept = (struct accept){ .form = FORM_OBJECT };
	return not_acceptable(r, accept);
}

bool decode_request(struct req *r)
{
	static const enum options_kind kinds[] = {
		[BODY_NONE] = OPTIONS_CREATE,
		[BODY_OBJECT] = OPTIONS_CREATE,
		[BODY_PATCH] = OPTIONS_PATCH,
	};
	const char *agent = http_header(r->http, "User-Agent");
	enum options_kind kind = kinds[r->op->body];

	if (!negotiate(r))
		return false;
	if (!r->op->blocks || r->op->raw)
		return true;
	if (strncmp(r->op->verb, "delete", 6) == 0) {
		static const struct query none;
		return query_write_options(&none, OPTIONS_CREATE, agent, &r->call, NULL, NULL);
	}
	if (r->op->body == BODY_PATCH && !patch_type_of(r))
		return false;
	if (strcmp(r->op->verb, "update") == 0)
		kind = OPTIONS_UPDATE;
	if (r->op->body == BODY_PATCH && r->patch == PATCH_APPLY)
		kind = OPTIONS_APPLY;
	if (!query_write_options(&r->query, kind, agent, &r->call, &r->force, &r->st))
		return false;
	if (r->op->body == BODY_OBJECT)
		return decode_object(r);
	return r->op->body != BODY_PATCH || decode_patch(r);
}

/* ---- DELETE ---- */

static struct json *delete_body(struct req *r)
{
	static const char type_name[] = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
	const struct schema_type *type = schema_find(type_name);
	struct lookup l = { .r = r, .type = type, .api_version = "v1", .kind = "DeleteOptions" };
	struct schema_warnings w = { 0 };
	struct json *o;

	if (!decode_any(r, &l, true, NULL, &o))
		return NULL;
	const char *kind = json_str(json_get(o, "kind"));
	if (*kind && strcmp(kind, "DeleteOptions") != 0) {
		status_bad_request(&r->st, "decoded object cannot be converted to DeleteOptions");
		return NULL;
	}
	if (type && !schema_clean(r->a, type, "DeleteOptions", "v1", o, NULL, &w, &r->st))
		return NULL;
	return o;
}

static bool delete_dry_run(struct req *r, const struct json *o)
{
	const struct json *list = json_get(o, "dryRun");
	const char **values = arena_alloc(r->a, (json_count(list) + 1) * sizeof *values);
	size_t n = 0;

	json_each(it, list)
		values[n++] = json_str(it);
	return query_dry_run(values, n, "DeleteOptions", &r->call.dry_run, &r->st);
}

bool decode_delete_options(struct req *r, struct delete_options *o, bool *may_202)
{
	struct json *tree = r->http->body_len ? delete_body(r) :
						query_delete_options(r->a, &r->query, &r->st);
	const struct json *orphan = json_get(tree, "orphanDependents");

	*may_202 = json_is_bool(orphan) && !json_is_true(orphan);
	return tree && delete_options_from(o, tree, &r->st) && delete_dry_run(r, tree);
}
