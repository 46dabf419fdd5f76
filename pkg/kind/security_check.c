/*
 * security_check: security contexts of pods and containers, and what may be said on which operating
 * system.
 * k8s: pkg/apis/core/validation/validation.go (ValidateSecurityContext, validatePodSpecSecurityContext,
 * validateWindowsSecurityContextOptions, validateLinux, validateWindows).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/regex.h"

#include <string.h>

#define SYSCTL_MAX 253
#define APPARMOR_MAX 4095
#define GMSA_MAX (64 * 1024)
#define DOMAIN_MAX 256
#define USER_MAX 104
#define SYSCTL_SEGMENT "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
#define SYSCTL_RE "^(" SYSCTL_SEGMENT "[\\./])*" SYSCTL_SEGMENT "$"

void each_container(struct hook *h, const struct at *at, const struct json *spec,
		    void (*visit)(struct hook *h, const struct at *at, const struct json *spec,
				  const struct json *c))
{
	const char *const *lists = LIST("initContainers", "containers", "ephemeralContainers");

	for (size_t k = 0; lists[k]; k++) {
		size_t i = 0;

		json_each(c, json_get(spec, lists[k]))
			visit(h, AT_ITEM(AT(at, lists[k]), i++), spec, c);
	}
}

static bool matches(const char *pattern, const char *s)
{
	struct regex *r = regex_new(pattern, NULL);
	bool ok = r && regex_matches(r, s, strlen(s));

	regex_free(&r);
	return ok;
}

static void check_id(struct hook *h, const struct at *at, const struct json *id)
{
	int64_t n;

	if (json_int(id, &n) && (n < 0 || n > INT32_MAX))
		err_invalid_int(h, at, n, "must be between 0 and 2147483647, inclusive");
}

/* ---- profiles ---- */

static const char *const profile_types[] = { "Localhost", "RuntimeDefault", "Unconfined", NULL };

static void check_seccomp(struct hook *h, const struct at *at, const struct json *p)
{
	const struct json *local = json_get(p, "localhostProfile");
	const struct at *local_at = AT(at, "localhostProfile");
	const char *type = json_path_str(p, "type");

	if (!p)
		return;
	if (!type[0])
		err_required(h, AT(at, "type"), "type is required when seccompProfile is set");
	else
		check_enum(h, AT(at, "type"), type, profile_types, true);
	if (strcmp(type, "Localhost") != 0) {
		if (local)
			err_invalid_json(h, local_at, p,
					 "can only be set when seccomp type is Localhost");
	} else if (!local) {
		err_required(h, local_at, "must be set when seccomp type is Localhost");
	} else {
		if (json_str(local)[0] == '/')
			err_invalid(h, local_at, json_str(local), "must be a relative path");
		check_no_dotdot(h, local_at, json_str(local));
	}
}

static bool is_padded(const char *s)
{
	size_t n = strlen(s);

	return n && (strchr(" \t\r\n\v\f", s[0]) || strchr(" \t\r\n\v\f", s[n - 1]));
}

static void check_apparmor_local(struct hook *h, const struct at *at, const char *s)
{
	if (is_padded(s))
		err_invalid(h, at, s, "must not be padded with whitespace");
	else if (!s[0])
		err_required(h, at, "must be set when AppArmor type is Localhost");
	if (strlen(s) > APPARMOR_MAX)
		err_too_long(h, at, APPARMOR_MAX);
}

static void check_apparmor(struct hook *h, const struct at *at, const struct json *p)
{
	const struct json *local = json_get(p, "localhostProfile");
	const struct at *local_at = AT(at, "localhostProfile");
	const char *type = json_path_str(p, "type");

	if (!p)
		return;
	if (!strcmp(type, "Localhost"))
		check_apparmor_local(h, local_at, json_str(local));
	else if (!type[0])
		err_required(h, AT(at, "type"), "type is required when appArmorProfile is set");
	else if (check_enum(h, AT(at, "type"), type, profile_types, true) && local)
		err_invalid_json(h, local_at, local,
				 "can only be set when AppArmor type is Localhost");
}

/* ---- Windows ---- */

static const char *user_fault(const char *domain, const char *user)
{
	if (domain && strlen(domain) >= DOMAIN_MAX)
		return "runAsUserName's Domain length must be under 256 characters";
	if (domain && !matches("^[^\\\\/:\\*\\?\"<>|\\.][^\\\\/:\\*\\?\"<>|]{0,14}$", domain) &&
	    !matches("^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,"
		     "61}[a-zA-Z0-9])?)*$",
		     domain))
		return "runAsUserName's Domain doesn't match the NetBios nor the DNS format";
	if (!user[0])
		return "runAsUserName's User cannot be empty";
	if (strlen(user) > USER_MAX)
		return "runAsUserName's User length must not be longer than 104 characters";
	if (strspn(user, ". ") == strlen(user))
		return "runAsUserName's User cannot contain only periods or spaces";
	if (strpbrk(user, "\"/\\:;|=,+*?<>@[]"))
		return "runAsUserName's User cannot contain the following characters: "
		       "\"/\\:;|=,+*?<>@[]";
	return NULL;
}

static void check_windows_user(struct hook *h, const struct at *at, const char *name)
{
	const char *slash = strchr(name, '\\'), *fault;

	if (!name[0])
		fault = "runAsUserName cannot be an empty string";
	else if (matches("[[:cntrl:]]+", name))
		fault = "runAsUserName cannot contain control characters";
	else if (slash && strchr(slash + 1, '\\'))
		fault = "runAsUserName cannot contain more than one backslash";
	else
		fault = user_fault(slash ? arena_dup(h->a, name, (size_t)(slash - name)) : NULL,
				   slash ? slash + 1 : name);
	if (fault)
		err_invalid(h, at, name, "%s", fault);
}

static void check_windows_options(struct hook *h, const struct at *at, const struct json *o)
{
	const struct json *name = json_get(o, "gmsaCredentialSpecName");
	const struct json *spec = json_get(o, "gmsaCredentialSpec");
	size_t n = strlen(json_str(spec));

	if (name)
		check_text(h, AT(at, "gmsaCredentialSpecName"), TEXT_DNS_SUBDOMAIN, json_str(name));
	if (spec && !n)
		err_invalid(h, AT(at, "gmsaCredentialSpec"), "",
			    "gmsaCredentialSpec cannot be an empty string");
	else if (n > GMSA_MAX)
		err_invalid(h, AT(at, "gmsaCredentialSpec"), json_str(spec),
			    "gmsaCredentialSpec size must be under 64 KiB");
	if (json_get(o, "runAsUserName"))
		check_windows_user(h, AT(at, "runAsUserName"), json_path_str(o, "runAsUserName"));
}

/* ---- containers ---- */

static void check_escalation(struct hook *h, const struct at *at, const struct json *context)
{
	const struct json *escalation = json_get(context, "allowPrivilegeEscalation");

	if (!json_is_bool(escalation) || json_is_true(escalation))
		return;
	if (json_path_bool(context, "privileged", false))
		err_invalid_json(h, at, context,
				 "cannot set `allowPrivilegeEscalation` to false and `privileged` to "
				 "true");
	json_each(cap, json_path(context, "capabilities.add"))
		if (!strcmp(json_str(cap), "CAP_SYS_ADMIN"))
			err_invalid_json(h, at, context,
					 "cannot set `allowPrivilegeEscalation` to false and "
					 "`capabilities.Add` CAP_SYS_ADMIN");
}

void check_container_security(struct hook *h, const struct at *at, const struct json *context,
			      bool host_users)
{
	const char *mount = json_path_str(context, "procMount");

	if (!context)
		return;
	check_id(h, AT(at, "runAsUser"), json_get(context, "runAsUser"));
	check_id(h, AT(at, "runAsGroup"), json_get(context, "runAsGroup"));
	if (json_get(context, "procMount") && !one_of(mount, LIST("Default", "Unmasked")))
		err_unsupported(h, AT(at, "procMount"), mount, LIST("Default", "Unmasked"));
	if (host_users && !strcmp(mount, "Unmasked"))
		err_invalid(h, AT(at, "procMount"), mount,
			    "`hostUsers` must be false to use `Unmasked`");
	check_seccomp(h, AT(at, "seccompProfile"), json_get(context, "seccompProfile"));
	check_escalation(h, at, context);
	check_windows_options(h, AT(at, "windowsOptions"), json_get(context, "windowsOptions"));
	check_apparmor(h, AT(at, "appArmorProfile"), json_get(context, "appArmorProfile"));
}

/* ---- pods ---- */

/* The kernel namespace a sysctl lives in: 'n'et, 'i'pc or 0. */
static char sysctl_namespace(struct hook *h, const char *name)
{
	char *dotted = arena_strdup(h->a, name);

	for (char *p = dotted; *p; p++)
		if (*p == '/')
			*p = '.';
	if (!strncmp(dotted, "net.", 4))
		return 'n';
	if (!strcmp(dotted, "kernel.sem") || !strncmp(dotted, "kernel.shm", 10) ||
	    !strncmp(dotted, "kernel.msg", 10) || !strncmp(dotted, "fs.mqueue.", 10))
		return 'i';
	return 0;
}

static void check_sysctl(struct hook *h, const struct at *at, const struct json *spec,
			 const char *name, bool seen)
{
	char ns = sysctl_namespace(h, name);

	if (!name[0])
		err_required(h, at, NULL);
	else if (strlen(name) > SYSCTL_MAX || !matches(SYSCTL_RE, name))
		err_invalid(h, at, name, "must have at most %d characters and match regex %s",
			    SYSCTL_MAX, SYSCTL_RE);
	else if (seen)
		err_duplicate(h, at, name);
	if (h->old)
		return;
	if (ns == 'n' && json_path_bool(spec, "hostNetwork", false))
		err_invalid(h, at, name, "may not be specified when 'hostNetwork' is true");
	else if (ns == 'i' && json_path_bool(spec, "hostIPC", false))
		err_invalid(h, at, name, "may not be specified when 'hostIPC' is true");
}

static void check_sysctls(struct hook *h, const struct at *at, const struct json *spec,
			  const struct json *list)
{
	size_t i = 0;

	json_each(s, list) {
		bool seen = false;

		for (const struct json *p = json_first(list); p != s; p = json_next(p))
			seen |= !strcmp(json_path_str(p, "name"), json_path_str(s, "name"));
		check_sysctl(h, AT(AT_ITEM(at, i++), "name"), spec, json_path_str(s, "name"), seen);
	}
}

static void check_choice(struct hook *h, const struct at *at, const struct json *context,
			 const char *name, const char *const *choices)
{
	if (json_get(context, name) && !one_of(json_path_str(context, name), choices))
		err_unsupported(h, AT(at, name), json_path_str(context, name), choices);
}

void check_pod_security(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *const *ids = LIST("fsGroup", "runAsUser", "runAsGroup");
	const struct json *context = json_get(spec, "securityContext");
	size_t i = 0;

	if (!context)
		return;
	for (size_t k = 0; ids[k]; k++)
		check_id(h, AT(at, ids[k]), json_get(context, ids[k]));
	json_each(id, json_get(context, "supplementalGroups"))
		check_id(h, AT_ITEM(AT(at, "supplementalGroups"), i++), id);
	if (json_path_bool(spec, "shareProcessNamespace", false) &&
	    json_path_bool(spec, "hostPID", false))
		err_invalid_json(h, AT(at, "shareProcessNamespace"),
				 json_get(spec, "shareProcessNamespace"),
				 "ShareProcessNamespace and HostPID cannot both be enabled");
	check_sysctls(h, AT(at, "sysctls"), spec, json_get(context, "sysctls"));
	check_choice(h, at, context, "fsGroupChangePolicy", LIST("Always", "OnRootMismatch"));
	check_seccomp(h, AT(at, "seccompProfile"), json_get(context, "seccompProfile"));
	check_windows_options(h, AT(at, "windowsOptions"), json_get(context, "windowsOptions"));
	check_apparmor(h, AT(at, "appArmorProfile"), json_get(context, "appArmorProfile"));
	check_choice(h, at, context, "supplementalGroupsPolicy", LIST("Merge", "Strict"));
	check_choice(h, at, context, "seLinuxChangePolicy", LIST("MountOption", "Recursive"));
}

/* Windows host processes: all containers or none, and with the host's network. */
void check_windows_hosts(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *const *lists = LIST("initContainers", "containers", "ephemeralContainers");
	const struct json *pod = json_path(spec, "securityContext.windowsOptions.hostProcess");
	size_t all = 0, hosts = 0;

	for (size_t k = 0; lists[k]; k++) {
		size_t i = 0;

		json_each(c, json_get(spec, lists[k])) {
			const struct at *item = AT_ITEM(AT(at, lists[k]), i++);
			const struct json *own =
				json_path(c, "securityContext.windowsOptions.hostProcess");

			all++;
			hosts += json_is_true(own ? own : pod);
			if (pod && own && json_is_true(pod) != json_is_true(own))
				err_invalid_json(h,
						 AT(AT(AT(item, "securityContext"), "windowsOptions"),
						    "hostProcess"),
						 own,
						 "pod hostProcess value must be identical if both are "
						 "specified, was %s",
						 json_is_true(pod) ? "true" : "false");
		}
	}
	if (hosts && hosts != all)
		err_invalid(h, at, "",
			    "If pod contains any hostProcess containers then all containers must be "
			    "HostProcess containers");
	if (hosts && !json_path_bool(spec, "hostNetwork", false))
		err_invalid_json(
			h, AT(at, "hostNetwork"), json_boolean(h->a, false),
			"hostNetwork must be true if pod contains any hostProcess containers");
}

static void forbid_devices(struct hook *h, const struct at *at, const struct json *spec,
			   const struct json *c)
{
	(void)spec;
	if (json_count(json_get(c, "volumeDevices")))
		err_forbidden(h, AT(at, "volumeDevices"), "when `hostUsers` is false");
}

void check_host_users(struct hook *h, const struct at *at, const struct json *spec)
{
	if (json_path_bool(spec, "hostUsers", true))
		return;
	if (json_path_bool(spec, "hostNetwork", false))
		err_forbidden(h, AT(at, "hostNetwork"), "when `hostUsers` is false");
	if (json_path_bool(spec, "hostPID", false))
		err_forbidden(h, AT(at, "HostPID"), "when `hostUsers` is false");
	if (json_path_bool(spec, "hostIPC", false))
		err_forbidden(h, AT(at, "HostIPC"), "when `hostUsers` is false");
	each_container(h, at, spec, forbid_devices);
}

/* ---- operating systems ---- */

static void forbid_windows(struct hook *h, const struct at *at, const struct json *spec,
			   const struct json *c)
{
	(void)spec;
	if (json_path(c, "securityContext.windowsOptions"))
		err_forbidden(h, AT(AT(at, "securityContext"), "windowsOptions"),
			      "windows options cannot be set for a linux pod");
}

static void forbid_linux(struct hook *h, const struct at *at, const struct json *spec,
			 const struct json *c)
{
	const char *const *names = LIST("appArmorProfile", "seLinuxOptions", "seccompProfile",
					"capabilities", "readOnlyRootFilesystem", "privileged",
					"allowPrivilegeEscalation", "procMount", "runAsUser",
					"runAsGroup");

	(void)spec;
	for (size_t i = 0; names[i]; i++)
		if (json_get(json_get(c, "securityContext"), names[i]))
			err_forbidden(h, AT(AT(at, "securityContext"), names[i]),
				      "cannot be set for a windows pod");
}

static void check_windows_pod(struct hook *h, const struct at *at, const struct json *spec)
{
	/* where upstream's Go struct has it is not always where the API has it */
	static const struct {
		const char *name;
		bool of_spec, if_true;
	} names[] = {
		{ "appArmorProfile", false, false },
		{ "seLinuxOptions", false, false },
		{ "hostUsers", true, false },
		{ "hostPID", true, true },
		{ "hostIPC", true, true },
		{ "seccompProfile", false, false },
		{ "fsGroup", false, false },
		{ "fsGroupChangePolicy", false, false },
		{ "sysctls", false, false },
		{ "shareProcessNamespace", true, false },
		{ "runAsUser", false, false },
		{ "runAsGroup", false, false },
		{ "supplementalGroups", false, false },
		{ "supplementalGroupsPolicy", false, false },
		{ "seLinuxChangePolicy", false, false },
	};
	const struct json *context = json_get(spec, "securityContext");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct json *v = json_get(names[i].of_spec ? spec : context, names[i].name);

		if (v && (!names[i].if_true || json_is_true(v)))
			err_forbidden(h,
				      AT(names[i].of_spec ? at : AT(at, "securityContext"),
					 names[i].name),
				      "cannot be set for a windows pod");
	}
	each_container(h, at, spec, forbid_linux);
}

void check_os(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *name = json_path_str(spec, "os.name");

	if (!json_get(spec, "os"))
		return;
	if (!name[0]) {
		err_required(h, AT(AT(at, "os"), "name"), NULL);
	} else if (!one_of(name, LIST("linux", "windows"))) {
		err_unsupported(h, AT(at, "os"), name, LIST("linux", "windows"));
	} else if (!strcmp(name, "windows")) {
		check_windows_pod(h, at, spec);
	} else {
		if (json_path(spec, "securityContext.windowsOptions"))
			err_forbidden(h, AT(AT(at, "securityContext"), "windowsOptions"),
				      "windows options cannot be set for a linux pod");
		each_container(h, at, spec, forbid_windows);
	}
}
