/*
 * container_check: validation of containers: names, images, ports, mounts, restarts.  Environment,
 * probes, resources and security contexts have files of their own.
 * k8s: pkg/apis/core/validation/validation.go (validateContainerCommon and what it calls).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <string.h>

enum { RESTART_RULES_MAX = 20, EXIT_CODES_MAX = 255 };

static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };

/* True when an earlier sibling has the same text in `member`. */
static bool seen_before(const struct json *list, const struct json *item, const char *member)
{
	const char *s = json_path_str(item, member);

	for (const struct json *i = json_first(list); i && i != item; i = json_next(i))
		if (!strcmp(json_path_str(i, member), s))
			return true;
	return false;
}

/* ---- ports ---- */

static void check_container_port(struct hook *h, const struct at *at, const struct json *ports,
				 const struct json *p)
{
	const char *name = json_path_str(p, "name"), *protocol = json_path_str(p, "protocol");
	int64_t port = json_path_int(p, "containerPort", 0), host = json_path_int(p, "hostPort", 0);

	if (name[0] && check_text(h, AT(at, "name"), TEXT_PORT_NAME, name) &&
	    seen_before(ports, p, "name"))
		err_duplicate(h, AT(at, "name"), name);
	if (!port)
		err_required(h, AT(at, "containerPort"), NULL);
	else
		check_port(h, AT(at, "containerPort"), port);
	if (host)
		check_port(h, AT(at, "hostPort"), host);
	check_enum(h, AT(at, "protocol"), protocol, protocols, true);
}

static void check_ports(struct hook *h, const struct at *at, const struct json *ports)
{
	size_t i = 0;

	json_each(p, ports)
		check_container_port(h, AT_ITEM(at, i++), ports, p);
}

static bool same_host_port(const struct json *x, const struct json *y)
{
	return json_path_int(x, "hostPort", 0) == json_path_int(y, "hostPort", 0) &&
	       !strcmp(json_path_str(x, "protocol"), json_path_str(y, "protocol")) &&
	       !strcmp(json_path_str(x, "hostIP"), json_path_str(y, "hostIP"));
}

/* A host port is used before this one by the same or an earlier container. */
static bool host_port_taken(const struct json *containers, const struct json *port)
{
	json_each(c, containers) {
		json_each(p, json_get(c, "ports")) {
			if (p == port)
				return false;
			if (same_host_port(p, port))
				return true;
		}
	}
	return false;
}

static void check_host_ports(struct hook *h, const struct at *at, const struct json *containers)
{
	size_t ci = 0;

	json_each(c, containers) {
		size_t pi = 0;

		json_each(p, json_get(c, "ports")) {
			const struct at *port = AT_ITEM(AT(AT_ITEM(at, ci), "ports"), pi++);
			long long n = json_path_int(p, "hostPort", 0);

			if (n && host_port_taken(containers, p))
				err_duplicate(h, AT(port, "hostPort"),
					      arena_printf(h->a, "%s/%s/%lld",
							   json_path_str(p, "protocol"),
							   json_path_str(p, "hostIP"), n));
		}
		ci++;
	}
}

/* ---- mounts and devices ---- */

static void check_sub_path(struct hook *h, const struct at *at, const char *path)
{
	if (path[0] == '/')
		err_invalid(h, at, path, "must be a relative path");
	check_no_dotdot(h, at, path);
}

/* Some item has this value. */
static bool has_value(const struct json *list, const char *member, const char *value)
{
	json_each(item, list)
		if (!strcmp(json_path_str(item, member), value))
			return true;
	return false;
}

static void check_mount_modes(struct hook *h, const struct at *list_at, const struct json *m,
			      const struct json *c)
{
	const char *propagation = json_path_str(m, "mountPropagation");
	const char *recursive = json_path_str(m, "recursiveReadOnly");
	const struct at *at = AT(list_at, "recursiveReadOnly");

	if (json_get(m, "mountPropagation") &&
	    !one_of(propagation, LIST("Bidirectional", "HostToContainer", "None")))
		err_unsupported(h, AT(list_at, "mountPropagation"), propagation,
				LIST("Bidirectional", "HostToContainer", "None"));
	if (!strcmp(propagation, "Bidirectional") &&
	    !json_path_bool(c, "securityContext.privileged", false))
		err_forbidden(h, AT(list_at, "mountPropagation"),
			      "Bidirectional mount propagation is available only to privileged "
			      "containers");
	if (one_of(recursive, LIST("Enabled", "IfPossible"))) {
		if (!json_path_bool(m, "readOnly", false))
			err_forbidden(h, at, "may only be specified when readOnly is true");
		if (propagation[0] && strcmp(propagation, "None") != 0)
			err_forbidden(h, at,
				      "may only be specified when mountPropagation is None or "
				      "not specified");
	} else if (json_get(m, "recursiveReadOnly") && strcmp(recursive, "Disabled") != 0) {
		err_unsupported(h, at, recursive, LIST("Disabled", "Enabled", "IfPossible"));
	}
}

static void check_mount(struct hook *h, const struct at *list_at, const struct at *at,
			const struct json *c, const struct json *m, const struct json *volumes)
{
	const char *name = json_path_str(m, "name"), *path = json_path_str(m, "mountPath");
	const char *sub = json_path_str(m, "subPath"), *expr = json_path_str(m, "subPathExpr");
	const struct json *devices = json_get(c, "volumeDevices");

	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	if (!has_named(volumes, name))
		err_not_found(h, AT(at, "name"), name);
	if (!path[0])
		err_required(h, AT(at, "mountPath"), NULL);
	if (seen_before(json_get(c, "volumeMounts"), m, "mountPath"))
		err_invalid(h, AT(at, "mountPath"), path, "must be unique");
	if (has_named(devices, name))
		err_invalid(h, AT(at, "name"), name, "must not already exist in volumeDevices");
	if (has_value(devices, "devicePath", path))
		err_invalid(h, AT(at, "mountPath"), path,
			    "must not already exist as a path in volumeDevices");
	if (sub[0])
		check_sub_path(h, AT(list_at, "subPath"), sub);
	if (expr[0]) {
		if (sub[0])
			err_invalid(h, AT(at, "subPathExpr"), expr,
				    "subPathExpr and subPath are mutually exclusive");
		check_sub_path(h, AT(list_at, "subPathExpr"), expr);
	}
	check_mount_modes(h, list_at, m, c);
}

static void check_device_name(struct hook *h, const struct at *at, const struct json *c,
			      const struct json *d, const struct json *volumes)
{
	const char *name = json_path_str(d, "name");
	const struct json *volume = NULL;

	json_each(v, volumes)
		if (!strcmp(json_path_str(v, "name"), name))
			volume = v;
	if (!name[0])
		err_required(h, at, NULL);
	if (name[0] && seen_before(json_get(c, "volumeDevices"), d, "name"))
		err_invalid(h, at, name, "must be unique");
	if (!volume)
		err_not_found(h, at, name);
	else if (!json_get(volume, "persistentVolumeClaim") && !json_get(volume, "ephemeral"))
		err_invalid(h, at, name,
			    "can only use volume source type of PersistentVolumeClaim or Ephemeral for "
			    "block mode");
}

static void check_device(struct hook *h, const struct at *at, const struct json *c,
			 const struct json *d, const struct json *volumes)
{
	const char *name = json_path_str(d, "name"), *path = json_path_str(d, "devicePath");
	const struct json *mounts = json_get(c, "volumeMounts");
	const struct at *path_at = AT(at, "devicePath");

	check_device_name(h, AT(at, "name"), c, d, volumes);
	if (!path[0])
		err_required(h, path_at, NULL);
	if (seen_before(json_get(c, "volumeDevices"), d, "devicePath"))
		err_invalid(h, path_at, path, "must be unique");
	if (has_dotdot(path))
		err_invalid(h, path_at, path, "can not contain backsteps ('..')");
	if (has_named(mounts, name))
		err_invalid(h, AT(at, "name"), name, "must not already exist in volumeMounts");
	if (has_value(mounts, "mountPath", path))
		err_invalid(h, path_at, path, "must not already exist as a path in volumeMounts");
}

static void check_mounts(struct hook *h, const struct at *at, const struct json *c,
			 const struct json *volumes)
{
	const struct at *mounts = AT(at, "volumeMounts"), *devices = AT(at, "volumeDevices");
	size_t i = 0;

	json_each(m, json_get(c, "volumeMounts"))
		check_mount(h, mounts, AT_ITEM(mounts, i++), c, m, volumes);
	i = 0;
	json_each(d, json_get(c, "volumeDevices"))
		check_device(h, AT_ITEM(devices, i++), c, d, volumes);
}

/* ---- restarts and resizing ---- */

static void check_restart_rule(struct hook *h, const struct at *at, const struct json *rule)
{
	const struct json *codes = json_get(rule, "exitCodes");
	const char *action = json_path_str(rule, "action"), *op = json_path_str(codes, "operator");
	const struct at *codes_at = AT(at, "exitCodes");

	if (!one_of(action, LIST("Restart", "RestartAllContainers")))
		err_unsupported(h, AT(at, "action"), action, LIST("Restart", "RestartAllContainers"));
	if (!codes) {
		err_required(h, codes_at, "must be specified");
		return;
	}
	if (!one_of(op, LIST("In", "NotIn")))
		err_unsupported(h, AT(codes_at, "operator"), op, LIST("In", "NotIn"));
	if (json_count(json_get(codes, "values")) > EXIT_CODES_MAX)
		err_too_many(h, AT(codes_at, "values"), json_count(json_get(codes, "values")),
			     EXIT_CODES_MAX);
}

static void check_restarts(struct hook *h, const struct at *at, const struct json *c)
{
	const char *const *policies = LIST("Always", "Never", "OnFailure");
	const struct json *rules = json_get(c, "restartPolicyRules");
	const struct at *rules_at = AT(at, "restartPolicyRules");
	size_t i = 0;

	if (json_get(c, "restartPolicy") && !one_of(json_path_str(c, "restartPolicy"), policies))
		err_unsupported(h, AT(at, "restartPolicy"), json_path_str(c, "restartPolicy"),
				policies);
	else if (!json_get(c, "restartPolicy") && json_count(rules))
		err_required(h, AT(at, "restartPolicy"),
			     "must specify restartPolicy when restart rules are used");
	if (json_count(rules) > RESTART_RULES_MAX)
		err_too_many(h, rules_at, json_count(rules), RESTART_RULES_MAX);
	json_each(rule, rules)
		check_restart_rule(h, AT_ITEM(rules_at, i++), rule);
}

static void check_resize_policy(struct hook *h, const struct at *at, const struct json *list,
				bool never)
{
	size_t i = 0;

	json_each(p, list) {
		const char *name = json_path_str(p, "resourceName");
		const char *policy = json_path_str(p, "restartPolicy");

		if (seen_before(list, p, "resourceName"))
			err_duplicate(h, AT_ITEM(at, i), name);
		check_enum(h, at, name, LIST("cpu", "memory"), true);
		check_enum(h, at, policy, LIST("NotRequired", "RestartContainer"), true);
		if (never && strcmp(policy, "NotRequired") != 0)
			err_invalid(h, at, policy,
				    "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
		i++;
	}
}

/* ---- containers ---- */

/* What containers of a pod share. */
struct pod {
	const struct json *spec, *volumes, *claims;
	bool host_users, never;
};

static void check_common(struct hook *h, const struct at *at, const struct json *c,
			 const struct pod *pod)
{
	const char *name = json_path_str(c, "name");

	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	else
		check_text(h, AT(at, "name"), TEXT_DNS_LABEL, name);
	if (!json_path_str(c, "image")[0])
		err_required(h, AT(at, "image"), NULL);
	check_enum(h, AT(at, "terminationMessagePolicy"),
		   json_path_str(c, "terminationMessagePolicy"),
		   LIST("File", "FallbackToLogsOnError"), true);
	check_ports(h, AT(at, "ports"), json_get(c, "ports"));
	check_env(h, AT(at, "env"), json_get(c, "env"));
	check_env_from(h, AT(at, "envFrom"), json_get(c, "envFrom"));
	check_mounts(h, at, c, pod->volumes);
	check_enum(h, AT(at, "imagePullPolicy"), json_path_str(c, "imagePullPolicy"),
		   LIST("Always", "IfNotPresent", "Never"), true);
	check_resources(h, AT(at, "resources"), json_get(c, "resources"), pod->claims, false);
	check_resize_policy(h, AT(at, "resizePolicy"), json_get(c, "resizePolicy"), pod->never);
	check_container_security(h, AT(at, "securityContext"), json_get(c, "securityContext"),
				 pod->host_users);
}

static void check_init_rest(struct hook *h, const struct at *at, const struct json *c,
			    const struct pod *pod)
{
	const struct at *resize = AT(at, "resizePolicy");
	bool sidecar = !strcmp(json_path_str(c, "restartPolicy"), "Always");
	size_t i = 0;

	if (sidecar)
		check_running(h, at, c, pod->spec);
	else
		forbid_running(h, at, c);
	json_each(p, json_get(c, "resizePolicy")) {
		if (!sidecar && !strcmp(json_path_str(p, "restartPolicy"), "RestartContainer"))
			err_invalid(h, AT(AT_ITEM(resize, i), "restartPolicy"), "RestartContainer",
				    "must not be set to 'RestartContainer' for non-sidecar "
				    "initContainers");
		i++;
	}
}

static void check_init(struct hook *h, const struct at *at, const struct pod *pod)
{
	const struct json *list = json_get(pod->spec, "initContainers");
	size_t i = 0;

	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *name = json_path_str(c, "name");

		check_common(h, item, c, pod);
		check_restarts(h, item, c);
		if (name[0] && (seen_before(list, c, "name") ||
				has_named(json_get(pod->spec, "containers"), name)))
			err_duplicate(h, AT(item, "name"), name);
		check_init_rest(h, item, c, pod);
	}
}

static void check_main(struct hook *h, const struct at *at, const struct pod *pod)
{
	const struct json *list = json_get(pod->spec, "containers");
	size_t i = 0;

	if (!json_count(list)) {
		err_required(h, at, NULL);
		return;
	}
	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);

		check_common(h, item, c, pod);
		if (seen_before(list, c, "name"))
			err_duplicate(h, AT(item, "name"), json_path_str(c, "name"));
		check_running(h, item, c, pod->spec);
		check_restarts(h, item, c);
	}
	check_host_ports(h, at, list);
}

static bool is_container(const struct json *spec, const char *name)
{
	return has_named(json_get(spec, "containers"), name) ||
	       has_named(json_get(spec, "initContainers"), name);
}

/* Members that make no sense in a container that comes late and never restarts. */
static void forbid_ephemeral(struct hook *h, const struct at *at, const struct json *c)
{
	const char *const *no = LIST("ports", "livenessProbe", "readinessProbe", "startupProbe",
				     "lifecycle", "resizePolicy", "restartPolicy",
				     "restartPolicyRules");
	const char *const *paths = LIST("subPath", "subPathExpr");
	const char *text = "cannot be set for an Ephemeral Container";
	size_t i = 0;

	if (json_first(json_get(c, "resources")))
		err_forbidden(h, AT(at, "resources"), "%s", text);
	for (size_t k = 0; no[k]; k++)
		if (json_get(c, no[k]))
			err_forbidden(h, AT(at, no[k]), "%s", text);
	json_each(m, json_get(c, "volumeMounts")) {
		for (size_t k = 0; paths[k]; k++)
			if (json_path_str(m, paths[k])[0])
				err_forbidden(h, AT(AT_ITEM(AT(at, "volumeMounts"), i), paths[k]),
					      "%s", text);
		i++;
	}
}

static void check_ephemeral(struct hook *h, const struct at *at, const struct pod *pod)
{
	const struct json *list = json_get(pod->spec, "ephemeralContainers");
	size_t i = 0;

	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *name = json_path_str(c, "name");
		const char *target = json_path_str(c, "targetContainerName");

		check_common(h, item, c, pod);
		if (seen_before(list, c, "name") || is_container(pod->spec, name))
			err_duplicate(h, AT(item, "name"), name);
		if (target[0] && !is_container(pod->spec, target))
			err_not_found(h, AT(item, "targetContainerName"), target);
		forbid_ephemeral(h, item, c);
	}
}

void check_containers(struct hook *h, const struct at *at, const struct json *spec,
		      const struct json *volumes)
{
	const struct json *claims = json_get(spec, "resourceClaims");
	struct pod pod = {
		.spec = spec,
		.volumes = volumes,
		.claims = claims ? claims : json_array(h->a),
		.host_users = json_path_bool(spec, "hostUsers", true),
		.never = !strcmp(json_path_str(spec, "restartPolicy"), "Never"),
	};

	check_main(h, AT(at, "containers"), &pod);
	check_init(h, AT(at, "initContainers"), &pod);
	check_ephemeral(h, AT(at, "ephemeralContainers"), &pod);
}
