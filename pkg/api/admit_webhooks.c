/*
 * admit_webhooks: the plugins that ask webhooks.
 *
 * Mutating webhooks are asked one after the other, each seeing what those before it made of the object;
 * validating ones all see the same object, and all of them are asked even when one has denied, because they
 * may have to say more than no.  k8s: plugin/webhook/{mutating,validating}/dispatcher.go.
 */
#include "api/dynamic.h"
#include "api/reinvocation.h"
#include "api/webhook.h"
#include "base/arena.h"
#include "base/log.h"
#include "obj/json.h"
#include "obj/patch.h"

#include <stdio.h>

static bool dry_run_refused(const struct webhook *w, const struct admission *ad, struct status *st)
{
	if (!ad->c->dry_run || w->no_side_effects)
		return false;
	status_bad_request(st, "admission webhook \"%s\" does not support dry run", w->name);
	return true;
}

/* The webhook could not be asked: true when that is to be ignored. */
static bool failed_open(const struct webhook *w, struct admission *ad, const char *plugin,
			int round, size_t index, const char *failure, struct status *st)
{
	char key[96];

	log_warn("api", "failed calling webhook %s, failing %s: %s", w->name,
		 w->ignore_failure ? "open" : "closed", failure);
	if (!w->ignore_failure)
		return status_internal(st, "failed calling webhook \"%s\": %s", w->name, failure);
	snprintf(key, sizeof key, "failed-open.%s.webhook.admission.k8s.io/round_%d_index_%zu",
		 plugin, round, index);
	call_annotate(ad->c, key, w->name);
	return true;
}

/* ---- mutating ---- */

static void note_mutation(const struct webhook *w, struct admission *ad, bool changed)
{
	struct arena *a = ad->c->a;
	char key[96];

	snprintf(key, sizeof key, "mutation.webhook.admission.k8s.io/round_%d_index_%zu",
		 ad->again->second, w->index);
	call_annotate(ad->c, key,
		      json_text(a, json_build(a, "{configuration:%s,webhook:%s,mutated:%b}",
					      w->config, w->name, (int)changed)));
}

/* Apply the patch to the object in the webhook's version, and have it back in the request's. */
static bool mutate(const struct webhook *w, struct hook_view *v, const struct json *patch,
		   bool *changed, struct status *st)
{
	struct admission *ad = v->ad;
	const char *why;
	struct call *c = ad->c;
	struct json *o;

	if (!v->o)
		return status_internal(
			st,
			"admission webhook \"%s\" attempted to modify the object, which is not supported for this operation",
			w->name);
	o = patch_json_explained(c->a, json_copy(c->a, v->o), patch, &why);
	if (!o)
		return status_internal(st, "%s", why);
	if (!ad->as && !body_again(c, v->k, o, st))
		return false;
	*changed = !json_equal(o, v->o);
	ad->o = ad->as || v->k == ad->k ? o : convert_between(c->a, v->k, ad->k, o);
	return true;
}

static bool mutating_ask(const struct webhook *w, struct admission *ad, const struct kind *k,
			 struct status *st)
{
	const struct json *patch;
	const char *failure;
	struct hook_view v;
	bool changed = false, ok;

	if (dry_run_refused(w, ad, st))
		return false;
	hook_view_open(&v, ad, k);
	if (webhook_ask(w, &v, true, &patch, &failure, st))
		ok = !patch || mutate(w, &v, patch, &changed, st);
	else
		ok = failure &&
		     failed_open(w, ad, "mutation", ad->again->second, w->index, failure, st);
	note_mutation(w, ad, changed);
	rounds_note(&ad->again->hooks, ad, w->index, changed, w->reinvoke);
	return ok;
}

static bool mutating_all(const struct webhooks *set, struct admission *ad, struct status *st)
{
	STATUS_AUTO struct status why = STATUS_INIT;

	for (size_t i = 0; i < set->n; i++) {
		const struct webhook *w = &set->all[i];
		const struct kind *k = webhook_matches(w, ad, &why);

		if (k && rounds_has(&ad->again->hooks, ad, i) && !mutating_ask(w, ad, k, st))
			return false;
		if (!status_ok(&why)) {
			if (st)
				status_move(st, &why);
			return false;
		}
	}
	return true;
}

bool admit_mutating_webhooks(struct admission *ad, struct status *st)
{
	const struct webhooks *set;
	struct reinvocation *again;
	bool ok;

	if (dynamic_exempt(ad))
		return true;
	set = ad->again && ad->again->hooks.set ? ad->again->hooks.set :
						  dynamic_get(ad->c, DYNAMIC_MUTATING_HOOKS);
	if (!set)
		return true;
	again = reinvocation_of(ad);
	rounds_begin(&again->hooks, ad, set, set->n);
	ok = mutating_all(set, ad, st);
	rounds_end(&again->hooks, ad);
	return ok;
}

/* ---- validating ---- */

static bool validating_ask(const struct webhook *w, struct admission *ad, const struct kind *k,
			   size_t index, struct status *st)
{
	const struct json *patch;
	const char *failure;
	struct hook_view v;

	if (dry_run_refused(w, ad, st))
		return false;
	hook_view_open(&v, ad, k);
	if (webhook_ask(w, &v, false, &patch, &failure, st))
		return true;
	return failure && failed_open(w, ad, "validating", 0, index, failure, st);
}

bool admit_validating_webhooks(struct admission *ad, struct status *st)
{
	const struct webhooks *set;
	STATUS_AUTO struct status first = STATUS_INIT;
	const struct kind **views;
	size_t asked = 0;

	if (dynamic_exempt(ad))
		return true;
	set = dynamic_get(ad->c, DYNAMIC_VALIDATING_HOOKS);
	if (!set)
		return true;
	views = arena_zalloc(ad->c->a, set->n * sizeof(*views));
	for (size_t i = 0; i < set->n; i++) {
		STATUS_AUTO struct status why = STATUS_INIT;

		views[i] = webhook_matches(&set->all[i], ad, &why);
		if (!status_ok(&why)) {
			if (st)
				status_move(st, &why);
			return false;
		}
	}
	for (size_t i = 0; i < set->n; i++) {
		STATUS_AUTO struct status why = STATUS_INIT;

		if (views[i] && !validating_ask(&set->all[i], ad, views[i], asked++, &why) &&
		    status_ok(&first))
			status_move(&first, &why);
	}
	if (status_ok(&first))
		return true;
	if (st)
		status_move(st, &first);
	return false;
}
