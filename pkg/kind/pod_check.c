/*
 * pod_check: validation of pods: on create, and what an update may change.
 *
 * An update may change images, shorten the deadline, add tolerations and remove scheduling gates.
 * Everything else is found by copying the allowed differences from the old spec and comparing.
 * k8s: pkg/apis/core/validation/validation.go (ValidatePodCreate, ValidatePodUpdate,
 * ValidatePodStatusUpdate), pkg/registry/core/pod/strategy.go (subresources).
 */
#include "kind/hooks.h"
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"

#include <string.h>

#define UPDATABLE                                                                               \
	"`spec.containers[*].image`,`spec.initContainers[*].image`,"                            \
	"`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "          \
	"tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was " \
	"previously negative)"

static void check_token_volumes(struct hook *h, const struct at *spec_at, const struct json *spec)
{
	size_t vi = 0;

	if (json_path_str(spec, "serviceAccountName")[0])
		return;
	json_each(v, json_get(spec, "volumes")) {
		const struct at *at = AT(AT_ITEM(AT(spec_at, "volumes"), vi++), "projected");
		size_t si = 0;

		json_each(s, json_path(v, "projected.sources")) {
			if (json_get(s, "serviceAccountToken"))
				err_forbidden(
					h, AT(AT_ITEM(AT(at, "sources"), si), "serviceAccountToken"),
					"must not be specified when serviceAccountName is not "
					"set");
			si++;
		}
	}
}

static bool has_outer_space(const char *s)
{
	size_t n = strlen(s);

	return n && (strchr(" \t\r\n", s[0]) || strchr(" \t\r\n", s[n - 1]));
}

static void check_images(struct hook *h, const struct at *at, const struct json *containers)
{
	size_t i = 0;

	json_each(c, containers) {
		const char *image = json_path_str(c, "image");

		if (has_outer_space(image))
			err_invalid(h, AT(AT_ITEM(at, i), "image"), image,
				    "must not have leading or trailing whitespace");
		i++;
	}
}

HOOK_CHECK(pod_validate)
{
	const struct json *spec = json_get(o, "spec");
	const struct at *at = AT_ROOT("spec");

	check_pod_spec(h, at, spec, true);
	check_token_volumes(h, at, spec);
	check_images(h, AT(at, "containers"), json_get(spec, "containers"));
	check_images(h, AT(at, "initContainers"), json_get(spec, "initContainers"));
	if (h->old)
		return;
	if (json_count(json_get(spec, "ephemeralContainers")))
		err_forbidden(h, AT(at, "ephemeralContainers"), "cannot be set on create");
	if (json_path_str(spec, "nodeName")[0] && json_count(json_get(spec, "schedulingGates")))
		err_forbidden(h, AT(at, "nodeName"),
			      "cannot be set until all schedulingGates have been cleared");
}

/* ---- update ---- */

/* An old toleration survives when it is still there, or with other tolerationSeconds. */
static bool keeps_toleration(struct hook *h, const struct json *list, const struct json *old)
{
	json_each(t, list) {
		struct json *same = json_copy(h->a, t), *was = json_copy(h->a, old);

		json_del(same, "tolerationSeconds");
		json_del(was, "tolerationSeconds");
		if (json_equal(same, was) &&
		    (json_equal(t, old) || !strcmp(json_path_str(t, "effect"), "NoExecute")))
			return true;
	}
	return false;
}

static void check_kept_tolerations(struct hook *h, const struct at *at, const struct json *now,
				   const struct json *old)
{
	json_each(t, old) {
		if (keeps_toleration(h, now, t))
			continue;
		err_forbidden(h, at,
			      "existing toleration can not be modified except its tolerationSeconds");
		return;
	}
}

static void check_gates(struct hook *h, const struct at *at, const struct json *now,
			const struct json *old)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(g, now) {
		bool found = false;

		json_each(was, old)
			found |= !strcmp(json_path_str(was, "name"), json_path_str(g, "name"));
		if (!found)
			buf_addf(&b, "%s%s", b.len ? "," : "", json_path_str(g, "name"));
	}
	if (b.len)
		err_forbidden(h, at,
			      "only deletion is allowed, but found new scheduling gates '%s'", b.p);
}

/* False when the rest makes no sense any more. */
static bool check_deadline(struct hook *h, const struct at *at, const struct json *spec,
			   const struct json *was)
{
	const struct json *now = json_get(spec, "activeDeadlineSeconds");
	const struct json *old = json_get(was, "activeDeadlineSeconds");
	int64_t n = 0, m = 0;

	if (!now) {
		if (old)
			err_invalid_json(h, at, NULL,
					 "must not update from a positive integer to nil value");
		return true;
	}
	json_int(now, &n);
	if (n < 0 || n > INT32_MAX) {
		err_invalid_int(h, at, n, "must be between 0 and 2147483647, inclusive");
		return false;
	}
	if (json_int(old, &m) && m < n) {
		err_invalid_int(h, at, n, "must be less than or equal to previous value");
		return false;
	}
	return true;
}

static bool same_count(struct hook *h, const struct at *at, const struct json *now,
		       const struct json *old)
{
	if (json_count(now) == json_count(old))
		return true;
	err_forbidden(h, at, "pod updates may not add or remove containers");
	return false;
}

/* Put the old member into a copy of the new spec. */
static void excuse(struct hook *h, struct json *spec, const struct json *was, const char *member)
{
	const struct json *v = json_get(was, member);

	if (v)
		json_set(h->a, spec, member, json_copy(h->a, v));
	else
		json_del(spec, member);
}

static void excuse_images(struct hook *h, const struct json *now, const struct json *old)
{
	const struct json *was = json_first(old);

	json_each(c, now) {
		excuse(h, c, was, "image");
		was = json_next(was);
	}
}

/* The members that differ, one line each with the old and new value. */
static char *difference(struct hook *h, const struct json *now, const struct json *old)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_each(m, old)
		if (!json_equal(m, json_get(now, json_name(m))))
			buf_addf(&b, "-%s: %s\n", json_name(m), json_text(h->a, m));
	json_each(m, now)
		if (!json_equal(m, json_get(old, json_name(m))))
			buf_addf(&b, "+%s: %s\n", json_name(m), json_text(h->a, m));
	return arena_dup(h->a, b.p ? b.p : "", b.len);
}

static struct json *excused_spec(struct hook *h, const struct json *spec, const struct json *was)
{
	struct json *munged = json_copy(h->a, spec);

	excuse_images(h, json_get(munged, "containers"), json_get(was, "containers"));
	excuse_images(h, json_get(munged, "initContainers"), json_get(was, "initContainers"));
	excuse(h, munged, was, "activeDeadlineSeconds");
	excuse(h, munged, was, "schedulingGates");
	excuse(h, munged, was, "tolerations");
	if (json_path_int(was, "terminationGracePeriodSeconds", 0) < 0 &&
	    json_path_int(spec, "terminationGracePeriodSeconds", 0) == 1)
		excuse(h, munged, was, "terminationGracePeriodSeconds");
	/* a gated pod may still be steered */
	if (json_count(json_get(was, "schedulingGates"))) {
		excuse(h, munged, was, "nodeSelector");
		excuse(h, munged, was, "affinity");
	}
	return munged;
}

HOOK_CHECK_OLD(pod_validate_update)
{
	const struct json *spec = json_get(o, "spec"), *was = json_get(old, "spec");
	const struct at *at = AT_ROOT("spec");
	struct json *munged;

	if (!same_count(h, AT(at, "containers"), json_get(spec, "containers"),
			json_get(was, "containers")) ||
	    !same_count(h, AT(at, "initContainers"), json_get(spec, "initContainers"),
			json_get(was, "initContainers")) ||
	    !check_deadline(h, AT(at, "activeDeadlineSeconds"), spec, was))
		return;
	check_kept_tolerations(h, AT(at, "tolerations"), json_get(spec, "tolerations"),
			       json_get(was, "tolerations"));
	check_gates(h, AT(at, "schedulingGates"), json_get(spec, "schedulingGates"),
		    json_get(was, "schedulingGates"));
	if (json_equal(spec, was))
		return;
	munged = excused_spec(h, spec, was);
	if (!json_equal(munged, was))
		err_forbidden(h, at, "pod updates may not change fields other than %s\n%s",
			      UPDATABLE, difference(h, munged, was));
}

HOOK_CHECK_OLD(pod_validate_status)
{
	const struct json *status = json_get(o, "status"), *was = json_get(old, "status");
	const struct at *at = AT_ROOT("status");
	const char *nominated = json_path_str(status, "nominatedNodeName");
	size_t i = 0;

	if (nominated[0] && strcmp(nominated, json_path_str(was, "nominatedNodeName")) != 0)
		check_text(h, AT(at, "nominatedNodeName"), TEXT_DNS_SUBDOMAIN, nominated);
	if (json_path_str(was, "qosClass")[0])
		check_immutable(h, AT(at, "qosClass"), json_get(status, "qosClass"),
				json_get(was, "qosClass"));
	json_each(ip, json_get(status, "podIPs"))
		check_ip(h, AT(AT_ITEM(AT(at, "podIPs"), i++), "ip"), json_path_str(ip, "ip"));
}

HOOK_CHECK(podtemplate_validate)
{
	check_pod_template(h, AT_ROOT("template"), json_get(o, "template"));
}
