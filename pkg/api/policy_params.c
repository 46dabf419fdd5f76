/*
 * policy_params: the objects that a binding's paramRef names.
 *
 * They are read when a request comes, so that a change of a parameter counts at once.
 * k8s: apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go CollectParams.
 */
#include "api/policy.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/selector.h"

#include <string.h>

struct params {
	const struct json **items;
	size_t n;
};

static void params_add(struct params *p, struct call *c, const struct kind *k, const struct obj *o)
{
	struct json *tree = convert_tree(c->a, k, o, NULL);

	if (tree)
		p->items[p->n++] = tree;
}

static bool selected(const struct obj *o, void *arg)
{
	return selector_matches_obj(arg, o);
}

static void params_select(struct params *p, struct call *c, const struct kind *k, const char *ns,
			  const struct json *ls)
{
	struct selector *s = selector_from_label_selector(c->a, ls, NULL);
	struct store_list l;

	store_list(api_table(c->api, k), ns, NULL, NULL, 0, s ? selected : NULL, s, &l);
	p->items = arena_zalloc(c->a, (l.n + 1) * sizeof(*p->items));
	for (size_t i = 0; i < l.n; i++)
		params_add(p, c, k, l.items[i]);
	store_list_free(&l);
}

static void params_named(struct params *p, struct call *c, const struct kind *k, const char *ns,
			 const char *name)
{
	const struct obj *o = store_get(api_table(c->api, k), ns, name);

	p->items = arena_zalloc(c->a, 2 * sizeof(*p->items));
	if (o)
		params_add(p, c, k, obj_give(c->a, o));
}

/* Where the parameters are; NULL with *error. */
static const char *params_place(const struct kind *k, const struct json *ref,
				const struct admission *ad, const char **error)
{
	const char *given = json_path_str(ref, "namespace"), *own = admit_namespace(ad);

	if (!k->namespaced && *given)
		*error = "paramRef.namespace must not be provided for a cluster-scoped `paramKind`";
	else if (!k->namespaced || *given)
		return given;
	else if (*own)
		return own;
	else
		*error = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources";
	return NULL;
}

bool policy_params(const struct policy *p, const struct policy_binding *b, const struct admission *ad,
		   const struct json *const **out, size_t *n, const char **error)
{
	static const struct json *const none[] = { NULL };
	struct call *c = ad->c;
	const struct json *ref = b->param_ref;
	struct params found = { 0 };
	const struct kind *k;
	const char *ns;

	*out = none;
	*n = 1;
	if (!p->param_kind || !ref)
		return true;
	k = kinds_by_api_version(c->api->config.kinds, p->param_version, p->param_kind);
	ns = k ? params_place(k, ref, ad, error) : NULL;
	if (!ns)
		return false;
	if (*json_path_str(ref, "name"))
		params_named(&found, c, k, ns, json_path_str(ref, "name"));
	else
		params_select(&found, c, k, ns, json_get(ref, "selector"));
	*out = found.items;
	*n = found.n;
	if (found.n || strcmp(json_path_str(ref, "parameterNotFoundAction"), "Deny"))
		return true;
	*error = "no params found for policy binding with `Deny` parameterNotFoundAction";
	return false;
}

char *policy_unknown_params(struct arena *a, const struct policy *p)
{
	const char *slash = strchr(p->param_version, '/');

	return arena_printf(a, "failed to find resource referenced by paramKind: '%.*s/%s, Kind=%s'",
			    slash ? (int)(slash - p->param_version) : 0, p->param_version,
			    slash ? slash + 1 : p->param_version, p->param_kind);
}
