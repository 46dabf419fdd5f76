/*
 * apiservice_check: validation of APIService.
 * k8s: kube-aggregator/pkg/apis/apiregistration/validation.
 */
#include "kind/check.h"
#include "kind/hooks.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

static void check_local(struct hook *h, const struct at *spec, const struct json *s)
{
	const char *ca = json_path_str(s, "caBundle");
	size_t n = strlen(ca);

	if (n)
		err_invalid(h, AT(spec, "caBundle"),
			    arena_printf(h->a, "%zu bytes",
					 n / 4 * 3 - (ca[n - 1] == '=') - (n > 1 && ca[n - 2] == '=')),
			    "local APIServices may not have a caBundle");
	if (json_path_bool(s, "insecureSkipTLSVerify", false))
		err_invalid_json(h, AT(spec, "insecureSkipTLSVerify"),
				 json_get(s, "insecureSkipTLSVerify"),
				 "local APIServices may not have insecureSkipTLSVerify");
}

static void check_remote(struct hook *h, const struct at *spec, const struct json *s)
{
	const struct json *service = json_get(s, "service");
	const struct at *at = AT(spec, "service");
	int64_t port = json_path_int(service, "port", 443);

	if (!*json_path_str(service, "namespace"))
		err_required(h, AT(at, "namespace"), "");
	if (!*json_path_str(service, "name"))
		err_required(h, AT(at, "name"), "");
	if (port < 1 || port > 65535)
		err_invalid_int(h, AT(at, "port"), port,
				"port is not valid: must be between 1 and 65535, inclusive");
	if (json_path_bool(s, "insecureSkipTLSVerify", false) && *json_path_str(s, "caBundle"))
		err_invalid_json(h, AT(spec, "insecureSkipTLSVerify"),
				 json_get(s, "insecureSkipTLSVerify"),
				 "may not be true if caBundle is present");
}

static void check_priority(struct hook *h, const struct at *at, int64_t v, int64_t max)
{
	if (v <= 0 || v > max)
		err_invalid_int(h, at, v, "must be positive and less than %d", (int)max);
}

HOOK_CHECK(apiservice_validate)
{
	const struct json *s = json_get(o, "spec");
	const struct at *spec = AT_ROOT("spec");
	const char *group = json_path_str(s, "group"), *version = json_path_str(s, "version");
	const char *name = json_path_str(o, "metadata.name");
	const char *want = arena_printf(h->a, "%s.%s", version, group);

	if (strcmp(name, want) != 0)
		err_invalid(h, AT(AT_ROOT("metadata"), "name"), name,
			    "must be `spec.version+\".\"+spec.group`: \"%s\"", want);
	if (!*group && strcmp(version, "v1") != 0)
		err_required(h, AT(spec, "group"),
			     "only v1 may have an empty group and it better be legacy kube");
	if (*group)
		check_text(h, AT(spec, "group"), TEXT_DNS_SUBDOMAIN, group);
	check_text(h, AT(spec, "version"), TEXT_DNS_LABEL_1035, version);
	check_priority(h, AT(spec, "groupPriorityMinimum"),
		       json_path_int(s, "groupPriorityMinimum", 0), 20000);
	check_priority(h, AT(spec, "versionPriority"), json_path_int(s, "versionPriority", 0), 1000);
	if (json_is_object(json_get(s, "service")))
		check_remote(h, spec, s);
	else
		check_local(h, spec, s);
}
