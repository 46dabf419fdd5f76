/*
 * webhook: configurations compiled, in the order in which they are asked.
 */
#include "api/webhook.h"

#include "api/dynamic.h"
#include "api/policy.h"
#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

static void conditions_of(struct arena *a, const struct json *w, struct webhook *out)
{
	const struct json *list = json_get(w, "matchConditions");
	struct policy_env *env;

	if (!json_count(list))
		return;
	env = arena_alloc(a, sizeof *env);
	policy_env_open(env, a, POLICY_HAS_AUTHORIZER);
	out->env = env;
	out->nconditions = conditions_compile(env, list, &out->conditions);
}

static void webhook_compile(struct arena *a, const struct json *w, const char *config,
			    struct webhook *out)
{
	const char *effects = json_path_str(w, "sideEffects");

	out->config = config;
	out->name = json_path_str(w, "name");
	match_compile(a, json_get(w, "rules"), NULL, json_get(w, "namespaceSelector"),
		      json_get(w, "objectSelector"), json_path_str(w, "matchPolicy"), &out->match);
	out->client = json_get(w, "clientConfig");
	out->versions = texts_of(a, json_get(w, "admissionReviewVersions"));
	out->timeout_s = (int)json_path_int(w, "timeoutSeconds", 10);
	out->ignore_failure = !strcmp(json_path_str(w, "failurePolicy"), "Ignore");
	out->no_side_effects = !strcmp(effects, "None") || !strcmp(effects, "NoneOnDryRun");
	out->reinvoke = !strcmp(json_path_str(w, "reinvocationPolicy"), "IfNeeded");
	conditions_of(a, w, out);
}

const struct kind *webhook_matches(const struct webhook *w, struct admission *ad, struct status *st)
{
	const struct kind *k = match_request(&w->match, ad, st);
	struct policy_view view;
	const char *error;

	if (!k || !w->nconditions)
		return k;
	policy_view_open(&view, ad, k);
	view.ns = NULL; /* webhooks see no namespace */
	if (conditions_match(&view, w->env, w->conditions, w->nconditions, w->ignore_failure, &error))
		return k;
	if (error)
		status_forbidden(st, &ad->k->subject, ad->name, "%s", error);
	return NULL;
}

static void *webhooks_build(struct api *api, struct arena *a, const char *kind)
{
	const struct kind *k =
		kinds_by_api_version(api->config.kinds, "admissionregistration.k8s.io/v1", kind);
	struct webhooks *set = arena_zalloc(a, sizeof *set);
	struct json **trees;
	struct store_list l;

	store_list(api_table(api, k), "", NULL, NULL, 0, NULL, NULL, &l);
	trees = arena_alloc(a, (l.n + 1) * sizeof(*trees));
	for (size_t i = 0; i < l.n; i++) {
		trees[i] = obj_tree(a, l.items[i]);
		set->n += json_count(json_get(trees[i], "webhooks"));
	}
	set->all = arena_zalloc(a, (set->n + 1) * sizeof(*set->all));
	set->n = 0;
	for (size_t i = 0; i < l.n; i++)
		json_each(w, json_get(trees[i], "webhooks")) {
			set->all[set->n].index = set->n;
			webhook_compile(a, w, meta_name(trees[i]), &set->all[set->n++]);
		}
	store_list_free(&l);
	return set->n ? set : NULL;
}

void *webhooks_build_mutating(struct api *api, struct arena *a)
{
	return webhooks_build(api, a, "MutatingWebhookConfiguration");
}

void *webhooks_build_validating(struct api *api, struct arena *a)
{
	return webhooks_build(api, a, "ValidatingWebhookConfiguration");
}
