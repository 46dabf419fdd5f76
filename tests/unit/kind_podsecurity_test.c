/* Pod Security levels: what is refused, and in which words. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "kind/podsecurity.h"
#include "obj/json.h"

#include <string.h>

static struct json *parse(struct arena *a, const char *text)
{
	struct json *j = json_parse(a, text, strlen(text), NULL, NULL);

	CHECK(j != NULL);
	return j;
}

static const char *verdict(struct arena *a, enum pod_security_level level, const char *spec)
{
	return pod_security_check(a, level, NULL, parse(a, spec));
}

UNIT_TEST(podsecurity_levels)
{
	enum pod_security_level l;

	CHECK(pod_security_level_parse("baseline", &l) && l == POD_SECURITY_BASELINE);
	CHECK(!pod_security_level_parse("Baseline", &l));
	CHECK(!pod_security_level_parse("", &l));
}

UNIT_TEST(podsecurity_restricted_plain_pod)
{
	struct arena *a = arena_new();
	const char *spec = "{\"containers\":[{\"name\":\"c\"}]}";

	CHECK_STR(verdict(a, POD_SECURITY_PRIVILEGED, spec), NULL);
	CHECK_STR(verdict(a, POD_SECURITY_BASELINE, spec), NULL);
	CHECK_STR(verdict(a, POD_SECURITY_RESTRICTED, spec),
		  "allowPrivilegeEscalation != false (container \"c\" must set "
		  "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities "
		  "(container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), "
		  "runAsNonRoot != true (pod or container \"c\" must set "
		  "securityContext.runAsNonRoot=true), seccompProfile (pod or container \"c\" must "
		  "set securityContext.seccompProfile.type to \"RuntimeDefault\" or "
		  "\"Localhost\")");
	arena_free(&a);
}

UNIT_TEST(podsecurity_restricted_good_pod)
{
	struct arena *a = arena_new();

	CHECK_STR(verdict(a, POD_SECURITY_RESTRICTED,
			  "{\"securityContext\":{\"runAsNonRoot\":true,\"seccompProfile\":{"
			  "\"type\":\"RuntimeDefault\"}},\"containers\":[{\"name\":\"c\","
			  "\"securityContext\":{\"allowPrivilegeEscalation\":false,"
			  "\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"NET_BIND_SERVICE\"]}}}],"
			  "\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]}"),
		  NULL);
	arena_free(&a);
}

UNIT_TEST(podsecurity_baseline_everything)
{
	struct arena *a = arena_new();

	CHECK_STR(verdict(a, POD_SECURITY_BASELINE,
			  "{\"hostNetwork\":true,\"hostPID\":true,\"securityContext\":{\"sysctls\":"
			  "[{\"name\":\"kernel.msgmax\",\"value\":\"1\"}],\"seLinuxOptions\":{"
			  "\"type\":\"x_t\",\"user\":\"u\"},\"appArmorProfile\":{\"type\":"
			  "\"Unconfined\"}},\"containers\":[{\"name\":\"c\",\"ports\":[{"
			  "\"hostPort\":80},{\"hostPort\":443}],\"securityContext\":{"
			  "\"privileged\":true,\"capabilities\":{\"add\":[\"SYS_ADMIN\"]},"
			  "\"procMount\":\"Unmasked\"}},{\"name\":\"d\",\"livenessProbe\":{"
			  "\"httpGet\":{\"host\":\"h\"}}}],\"volumes\":[{\"name\":\"v\","
			  "\"hostPath\":{\"path\":\"/\"}}]}"),
		  "forbidden AppArmor profile (pod must not set AppArmor profile type to "
		  "\"Unconfined\"), non-default capabilities (container \"c\" must not include "
		  "\"SYS_ADMIN\" in securityContext.capabilities.add), host namespaces "
		  "(hostNetwork=true, hostPID=true), hostPath volumes (volume \"v\"), hostPort "
		  "(container \"c\" uses hostPorts 443, 80), probe or lifecycle host (container "
		  "\"d\" uses probe or lifecycle host \"h\"), privileged (container \"c\" must not "
		  "set securityContext.privileged=true), procMount (container \"c\" must not set "
		  "securityContext.procMount to \"Unmasked\"), seLinuxOptions (pod set forbidden "
		  "securityContext.seLinuxOptions: type \"x_t\"; user may not be set), forbidden "
		  "sysctls (kernel.msgmax)");
	arena_free(&a);
}
