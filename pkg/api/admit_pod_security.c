/*
 * PodSecurity: the namespace's labels say which standard its pods must meet (enforce) or should (warn).
 *
 * Workloads only warn: their template is what their pods will be.  The standards themselves are one pure
 * function in kind; here is who is asked, and what is said.
 * k8s: staging/src/k8s.io/pod-security-admission/admission.
 */
#include "api/admit.h"

#include "base/arena.h"
#include "kind/podsecurity.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct policy {
	enum pod_security_level level;
	const char *name, *version;
};

static struct policy policy_read(struct arena *a, const struct obj *ns, const char *mode)
{
	struct policy p = { POD_SECURITY_PRIVILEGED, "privileged", "latest" };
	const char *level = obj_label(ns, arena_printf(a, "pod-security.kubernetes.io/%s", mode));
	const char *version =
		obj_label(ns, arena_printf(a, "pod-security.kubernetes.io/%s-version", mode));

	if (version && *version)
		p.version = version;
	if (!level)
		return p;
	/* an unknown level counts as the strictest, as upstream falls back */
	p.name = pod_security_level_parse(level, &p.level) ? level : "restricted";
	if (p.name != level)
		p.level = POD_SECURITY_RESTRICTED;
	return p;
}

/* The pod template of a workload, or NULL. */
static const struct json *template_of(const struct json *o)
{
	static const char *const paths[] = { "spec.template", "spec.jobTemplate.spec.template",
					     "template" };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct json *t = json_path(o, paths[i]);

		if (json_is_array(json_path(t, "spec.containers")))
			return t;
	}
	return NULL;
}

static char *violations(struct admission *ad, const struct policy *p, const struct json *pod)
{
	if (p->level == POD_SECURITY_PRIVILEGED)
		return NULL;
	return pod_security_check(ad->c->a, p->level, json_get(pod, "metadata"),
				  json_get(pod, "spec"));
}

static void warn(struct admission *ad, const struct policy *p, const struct json *pod)
{
	char *text = violations(ad, p, pod);

	if (text)
		call_warn(ad->c, "would violate PodSecurity \"%s:%s\": %s", p->name, p->version,
			  text);
}

static bool enforce(struct admission *ad, const struct policy *p, const struct json *pod,
		    struct status *st)
{
	char *text = violations(ad, p, pod);

	return !text ||
	       status_forbidden(st, &ad->k->subject, ad->name, "violates PodSecurity \"%s:%s\": %s",
				p->name, p->version, text);
}

/* Nothing that the standards look at has changed. */
static bool spec_same(const struct admission *ad)
{
	return ad->old && json_equal(json_get(ad->o, "spec"), json_get(ad->old, "spec")) &&
	       json_equal(json_path(ad->o, "metadata.annotations"),
			  json_path(ad->old, "metadata.annotations"));
}

bool admit_pod_security(struct admission *ad, struct status *st)
{
	bool sub = *ad->sub && strcmp(ad->sub, "ephemeralcontainers") && strcmp(ad->sub, "resize");
	bool is_pod = ad->k == ad->c->api->known.pod;
	const struct json *pod = is_pod ? ad->o : template_of(ad->o);
	const struct obj *ns;
	struct policy enforced, warned;

	if (ad->op == ADMIT_DELETE || sub || !*ad->ns || !pod || spec_same(ad))
		return true;
	ns = store_get(api_table(ad->c->api, ad->c->api->known.namespace), "", ad->ns);
	if (!ns)
		return true;
	obj_give(ad->c->a, ns);
	enforced = policy_read(ad->c->a, ns, "enforce");
	warned = policy_read(ad->c->a, ns, "warn");
	if (is_pod && !enforce(ad, &enforced, pod, st))
		return false;
	warn(ad, &warned, pod);
	return true;
}
