/*
 * openapi_path: the paths of a kind and the operations on them.
 *
 * An operation is a row: method, verb, parameters, reply codes; a subresource is a row: its bit, its
 * operations, the type it speaks.  kubectl looks for patch operations with a parameter
 * fieldValidation, explain for the kind that a path's operations carry.
 * k8s: apiserver/pkg/endpoints/installer.go
 */
#include "kind/openapi_priv.h"

#include "base/arena.h"
#include "kind/types.h"

#include <ctype.h>
#include <string.h>

#define PATCH_TYPE "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"

enum reply { REPLY_SELF, REPLY_LIST, REPLY_STATUS, REPLY_TEXT };
enum body { BODY_NONE, BODY_SELF, BODY_PATCH, BODY_DELETE };

struct op {
	const char *method, *word, *middle, *action, *text;
	unsigned verb; /* bit of enum VERB_*; 0: whatever the subresource says */
	enum body body;
	enum reply reply;
	const char *params; /* see write_params() */
	const char *codes;
};

#define WRITE_PARAMS "dryRun fieldManager fieldValidation"
#define LIST_PARAMS                                                                         \
	"continue fieldSelector labelSelector limit# resourceVersion resourceVersionMatch " \
	"sendInitialEvents? timeoutSeconds#"
#define DELETE_PARAMS "dryRun gracePeriodSeconds# orphanDependents? propagationPolicy"

enum {
	OP_LIST,
	OP_CREATE,
	OP_DELETECOLLECTION,
	OP_GET,
	OP_PUT,
	OP_DELETE,
	OP_PATCH,
	OP_LOG,
	OP_CONNECT_GET,
	OP_CONNECT_POST,
	OP_CONNECT_PUT,
	OP_CONNECT_DELETE,
	OP_CONNECT_PATCH
};

static const struct op ops[] = {
	[OP_LIST] = { "get", "list", "", "list", "list or watch objects of kind", VERB_LIST,
		      BODY_NONE, REPLY_LIST, "allowWatchBookmarks? watch? " LIST_PARAMS, "200" },
	[OP_CREATE] = { "post", "create", "", "post", "create", VERB_CREATE, BODY_SELF, REPLY_SELF,
			WRITE_PARAMS, "200 201 202" },
	[OP_DELETECOLLECTION] = { "delete", "delete", "Collection", "deletecollection",
				  "delete collection of", VERB_DELETECOLLECTION, BODY_DELETE,
				  REPLY_STATUS, DELETE_PARAMS " " LIST_PARAMS, "200" },
	[OP_GET] = { "get", "read", "", "get", "read the specified", VERB_GET, BODY_NONE,
		     REPLY_SELF, "", "200" },
	[OP_PUT] = { "put", "replace", "", "put", "replace the specified", VERB_UPDATE, BODY_SELF,
		     REPLY_SELF, WRITE_PARAMS, "200 201" },
	[OP_DELETE] = { "delete", "delete", "", "delete", "delete", VERB_DELETE, BODY_DELETE,
			REPLY_STATUS, DELETE_PARAMS, "200 202" },
	[OP_PATCH] = { "patch", "patch", "", "patch", "partially update the specified", VERB_PATCH,
		       BODY_PATCH, REPLY_SELF, WRITE_PARAMS " force?", "200 201" },
	[OP_LOG] = { "get", "read", "", "get", "read log of the specified", 0, BODY_NONE, REPLY_TEXT,
		     "container follow? limitBytes# previous? sinceSeconds# tailLines# timestamps?",
		     "200" },
#define CONNECT(method, Method)                                                            \
	{                                                                                  \
		method, "connect", Method, "connect", "connect " Method " requests to", 0, \
			BODY_NONE, REPLY_TEXT, "", "200"                                   \
	}
	[OP_CONNECT_GET] = CONNECT("get", "Get"),
	[OP_CONNECT_POST] = CONNECT("post", "Post"),
	[OP_CONNECT_PUT] = CONNECT("put", "Put"),
	[OP_CONNECT_DELETE] = CONNECT("delete", "Delete"),
	[OP_CONNECT_PATCH] = CONNECT("patch", "Patch"),
};

#define BIT(op) (1u << OP_##op)
#define EDIT (BIT(GET) | BIT(PUT) | BIT(PATCH))
#define STREAM (BIT(CONNECT_GET) | BIT(CONNECT_POST))
#define ANY_METHOD (STREAM | BIT(CONNECT_PUT) | BIT(CONNECT_DELETE) | BIT(CONNECT_PATCH))

static const struct subresource {
	unsigned bit, ops;
	const char *name;
	const struct schema_type *type; /* NULL: the kind itself */
	const char *options;            /* connect: kind of its options, behind the kind's name */
} subresources[] = {
	{ SUB_STATUS, EDIT, "status", NULL, NULL },
	{ SUB_SCALE, EDIT, "scale", &type_autoscaling_v1_Scale, NULL },
	{ SUB_BINDING, BIT(CREATE), "binding", &type_core_v1_Binding, NULL },
	{ SUB_EVICTION, BIT(CREATE), "eviction", &type_policy_v1_Eviction, NULL },
	{ SUB_TOKEN, BIT(CREATE), "token", &type_authentication_v1_TokenRequest, NULL },
	{ SUB_FINALIZE, BIT(PUT), "finalize", NULL, NULL },
	{ SUB_APPROVAL, EDIT, "approval", NULL, NULL },
	{ SUB_EPHEMERALCONTAINERS, EDIT, "ephemeralcontainers", NULL, NULL },
	{ SUB_RESIZE, EDIT, "resize", NULL, NULL },
	{ SUB_LOG, BIT(LOG), "log", NULL, NULL },
	{ SUB_EXEC, STREAM, "exec", NULL, "ExecOptions" },
	{ SUB_ATTACH, STREAM, "attach", NULL, "AttachOptions" },
	{ SUB_PORTFORWARD, STREAM, "portforward", NULL, "PortForwardOptions" },
	{ SUB_PROXY, ANY_METHOD, "proxy", NULL, "ProxyOptions" },
	{ SUB_PROXY, ANY_METHOD, "proxy/{path}", NULL, "ProxyOptions" },
};

/* One path: where it hangs and what it speaks. */
struct place {
	const struct kind *k;
	const struct subresource *sub; /* NULL: the kind itself */
	const char *path, *scope; /* scope "Namespaced", "", and at the end "ForAllNamespaces" */
	bool all, named;
};

static void write_param(struct oa *d, const char *name, const char *in, const char *type)
{
	oa_open(d, NULL, '{');
	oa_text(d, "name", name);
	oa_text(d, "in", in);
	if (strcmp(in, "path") == 0)
		oa_raw(d, "required", "true");
	if (!d->v2)
		oa_open(d, "schema", '{');
	oa_text(d, "type", type);
	oa_raw(d, "uniqueItems", "true");
	if (!d->v2)
		oa_close(d, '}');
	oa_close(d, '}');
}

/* Names separated by blanks; one that ends with '?' is a boolean, with '#' an integer. */
static void write_params(struct oa *d, const char *names)
{
	for (size_t n; *names; names += n + strspn(names + n, "?# ")) {
		char mark;

		n = strcspn(names, "?# ");
		mark = names[n];
		write_param(d, arena_dup(d->a, names, n), "query",
			    mark == '?' ? "boolean" :
			    mark == '#' ? "integer" :
					  "string");
	}
}

/* ---- names ---- */

/* "rbac.authorization.k8s.io" -> "rbacAuthorization"; core has none. */
static char *group_word(struct arena *a, const char *group)
{
	char *word = arena_strdup(a, *group ? group : "core"), *to = word;
	size_t n = strlen(word);

	if (n > 7 && strcmp(word + n - 7, ".k8s.io") == 0)
		word[n - 7] = '\0';
	for (const char *p = word; *p; p++) {
		if (*p == '.' && p[1])
			*to++ = (char)toupper((unsigned char)*++p);
		else if (*p != '.' && *p != '-')
			*to++ = *p;
	}
	*to = '\0';
	return word;
}

static char *capital(struct arena *a, const char *s)
{
	char *t = arena_strdup(a, s);

	*t = (char)toupper((unsigned char)*t);
	return t;
}

/* "patchAppsV1NamespacedDeploymentStatus" */
static char *operation_id(struct oa *d, const struct place *at, const struct op *op)
{
	const char *sub = "";

	if (at->sub)
		sub = strchr(at->sub->name, '/') ? "ProxyWithPath" : capital(d->a, at->sub->name);
	return arena_printf(d->a, "%s%s%s%s%s%s%s%s", op->word,
			    capital(d->a, group_word(d->a, at->k->subject.group)),
			    capital(d->a, at->k->version), op->middle,
			    at->k->namespaced && !at->all ? "Namespaced" : "", at->k->subject.kind,
			    sub, at->all ? "ForAllNamespaces" : "");
}

/* ---- operations ---- */

static const char *self_name(struct oa *d, const struct place *at)
{
	return at->sub && at->sub->type ? oa_type_name(d, at->sub->type) :
					  oa_kind_name(d, at->k, false);
}

static void write_schema_ref(struct oa *d, const char *name)
{
	oa_open(d, "schema", '{');
	oa_ref(d, name);
	oa_close(d, '}');
}

static const char *const patch_types[] = { "application/json-patch+json",
					   "application/merge-patch+json",
					   "application/strategic-merge-patch+json",
					   "application/apply-patch+yaml", NULL };
static const char *const custom_patch_types[] = { "application/json-patch+json",
						  "application/merge-patch+json",
						  "application/apply-patch+yaml", NULL };
static const char *const any_type[] = { "*/*", NULL };

static const char *body_name(struct oa *d, const struct place *at, const struct op *op)
{
	if (op->body == BODY_PATCH)
		return PATCH_TYPE;
	if (op->body == BODY_DELETE)
		return oa_type_name(d, &type_meta_v1_DeleteOptions);
	return self_name(d, at);
}

static void write_body_v3(struct oa *d, const struct place *at, const struct op *op)
{
	const char *const *types = op->body == BODY_PATCH ? patch_types : any_type;

	oa_open(d, "requestBody", '{');
	oa_open(d, "content", '{');
	for (size_t i = 0; types[i]; i++) {
		if (kind_is_custom(at->k) && strstr(types[i], "strategic"))
			continue;
		oa_open(d, types[i], '{');
		write_schema_ref(d, body_name(d, at, op));
		oa_close(d, '}');
	}
	oa_close(d, '}');
	if (op->body != BODY_DELETE)
		oa_raw(d, "required", "true");
	oa_close(d, '}');
}

static void write_body_v2(struct oa *d, const struct place *at, const struct op *op)
{
	oa_raw(d, NULL, "{\"name\":\"body\",\"in\":\"body\"");
	if (op->body != BODY_DELETE)
		oa_raw(d, "required", "true");
	write_schema_ref(d, body_name(d, at, op));
	oa_close(d, '}');
}

static void write_strings(struct oa *d, const char *key, const char *const *list)
{
	oa_open(d, key, '[');
	for (; *list; list++)
		oa_text(d, NULL, *list);
	oa_close(d, ']');
}

static void write_reply_schema(struct oa *d, const struct place *at, const struct op *op)
{
	if (op->reply == REPLY_TEXT)
		oa_raw(d, "schema", "{\"type\":\"string\"}");
	else
		write_schema_ref(d, op->reply == REPLY_STATUS ? oa_type_name(d, &type_meta_v1_Status) :
				    op->reply == REPLY_LIST ? oa_kind_name(d, at->k, true) :
							      self_name(d, at));
}

static const char *const reply_types[] = { "application/json", "application/yaml", NULL };
static const char *const list_types[] = { "application/json", "application/yaml",
					  "application/json;stream=watch", NULL };
static const char *const text_types[] = { "text/plain", NULL };

static const char *const *media(const struct op *op)
{
	return op->action[0] == 'c'    ? any_type :
	       op->reply == REPLY_TEXT ? text_types :
	       op->reply == REPLY_LIST ? list_types :
					 reply_types;
}

static void write_replies(struct oa *d, const struct place *at, const struct op *op)
{
	oa_open(d, "responses", '{');
	for (const char *code = op->codes; code; code = code[3] ? code + 4 : NULL) {
		const char number[4] = { code[0], code[1], code[2], 0 };

		oa_open(d, number, '{');
		oa_text(d, "description",
			number[2] == '0' ? "OK" :
			number[2] == '1' ? "Created" :
					   "Accepted");
		if (d->v2)
			write_reply_schema(d, at, op);
		else
			oa_open(d, "content", '{');
		for (const char *const *m = media(op); !d->v2 && *m; m++) {
			oa_open(d, *m, '{');
			write_reply_schema(d, at, op);
			oa_close(d, '}');
		}
		if (!d->v2)
			oa_close(d, '}');
		oa_close(d, '}');
	}
	oa_raw(d, "401", "{\"description\":\"Unauthorized\"}");
	oa_close(d, '}');
}

static void write_op_gvk(struct oa *d, const struct place *at)
{
	static const char key[] = "x-kubernetes-group-version-kind";
	const struct kind *k = at->k;

	if (at->sub && at->sub->type)
		oa_gvk(d, key, at->sub->type->group, at->sub->type->version, at->sub->type->kind);
	else if (at->sub && at->sub->options)
		oa_gvk(d, key, k->subject.group, k->version,
		       arena_printf(d->a, "%s%s", k->subject.kind, at->sub->options));
	else
		oa_gvk(d, key, k->subject.group, k->version, k->subject.kind);
}

static void write_op(struct oa *d, const struct place *at, const struct op *op)
{
	const char *tag =
		arena_printf(d->a, "%s_%s", group_word(d->a, at->k->subject.group), at->k->version);

	oa_open(d, op->method, '{');
	write_strings(d, "tags", (const char *const[]){ tag, NULL });
	oa_text(d, "description",
		arena_printf(d->a, "%s%s%s %s", op->text, at->sub ? " " : "",
			     at->sub ? at->sub->name : "", at->k->subject.kind));
	oa_text(d, "operationId", operation_id(d, at, op));
	if (d->v2) {
		write_strings(d, "consumes",
			      op->body != BODY_PATCH ? any_type :
			      kind_is_custom(at->k)  ? custom_patch_types :
						       patch_types);
		write_strings(d, "produces", media(op));
		oa_raw(d, "schemes", "[\"https\"]");
	}
	oa_open(d, "parameters", '[');
	if (d->v2 && op->body)
		write_body_v2(d, at, op);
	write_params(d, op->params);
	oa_close(d, ']');
	if (!d->v2 && op->body)
		write_body_v3(d, at, op);
	write_replies(d, at, op);
	oa_text(d, "x-kubernetes-action", op->action);
	write_op_gvk(d, at);
	oa_close(d, '}');
}

/* ---- paths ---- */

static void write_path(struct oa *d, const struct place *at, unsigned which)
{
	bool namespaced = at->k->namespaced && !at->all;

	if (!which)
		return;
	oa_open(d, at->path, '{');
	for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++)
		if (which & 1u << i)
			write_op(d, at, &ops[i]);
	oa_open(d, "parameters", '[');
	if (at->named)
		write_param(d, "name", "path", "string");
	if (namespaced)
		write_param(d, "namespace", "path", "string");
	if (strstr(at->path, "{path}"))
		write_param(d, "path", "path", "string");
	write_param(d, "pretty", "query", "string");
	oa_close(d, ']');
	oa_close(d, '}');
}

static unsigned served(const struct kind *k, unsigned which)
{
	for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++)
		if (which & 1u << i && !(k->verbs & ops[i].verb))
			which &= ~(1u << i);
	return which;
}

void oa_kind_paths(struct oa *d, const struct kind *k)
{
	const char *group = k->subject.group, *resource = k->subject.resource;
	const char *base =
		arena_printf(d->a, "%s%s/%s", *group ? "/apis/" : "/api", group, k->version);
	const char *inside = k->namespaced ? "/namespaces/{namespace}/" : "/";
	struct place at = { .k = k };

	at.path = arena_printf(d->a, "%s%s%s", base, inside, resource);
	write_path(d, &at, served(k, BIT(LIST) | BIT(CREATE) | BIT(DELETECOLLECTION)));
	if (k->namespaced) {
		at.all = true;
		at.path = arena_printf(d->a, "%s/%s", base, resource);
		write_path(d, &at, served(k, BIT(LIST)));
		at.all = false;
	}
	at.named = true;
	at.path = arena_printf(d->a, "%s%s%s/{name}", base, inside, resource);
	write_path(d, &at, served(k, BIT(GET) | BIT(PUT) | BIT(DELETE) | BIT(PATCH)));
	for (size_t i = 0; i < sizeof subresources / sizeof *subresources; i++) {
		at.sub = &subresources[i];
		if (!(k->subs & at.sub->bit))
			continue;
		at.path =
			arena_printf(d->a, "%s%s%s/{name}/%s", base, inside, resource, at.sub->name);
		write_path(d, &at, at.sub->ops);
	}
}
