/*
 * container_check: validation of containers: names, images, ports, environment, mounts, probes,
 * resources.
 * k8s: pkg/apis/core/validation/validation.go (validateContainerCommon and what it calls).
 */
#include "kind/podspec_check.h"

#include "base/arena.h"
#include "kind/kind.h"
#include "kind/resources.h"
#include "obj/json.h"
#include "obj/quantity.h"

#include <string.h>

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

/* ---- environment ---- */

static void check_field_ref(struct hook *h, const struct at *at, const struct json *ref)
{
	const char *const *paths = LIST("metadata.name", "metadata.namespace", "metadata.uid",
					"spec.nodeName", "spec.serviceAccountName", "status.hostIP",
					"status.hostIPs", "status.podIP", "status.podIPs");
	const char *path = json_path_str(ref, "fieldPath");

	if (!path[0])
		err_required(h, AT(at, "fieldPath"), NULL);
	else if (strncmp(path, "metadata.annotations['", 22) != 0 &&
		 strncmp(path, "metadata.labels['", 17) != 0 && !one_of(path, paths))
		err_unsupported(h, AT(at, "fieldPath"), path, paths);
}

static void check_resource_ref(struct hook *h, const struct at *at, const struct json *ref)
{
	const char *const *names = LIST("limits.cpu", "limits.ephemeral-storage", "limits.memory",
					"requests.cpu", "requests.ephemeral-storage",
					"requests.memory");
	const char *resource = json_path_str(ref, "resource");

	if (!resource[0])
		err_required(h, AT(at, "resource"), NULL);
	else if (!one_of(resource, names) && !strstr(resource, ".hugepages-"))
		err_unsupported(h, AT(at, "resource"), resource, names);
}

static void check_key_ref(struct hook *h, const struct at *at, const struct json *ref)
{
	const char *key = json_path_str(ref, "key");

	if (!json_path_str(ref, "name")[0])
		err_required(h, AT(at, "name"), NULL);
	if (!key[0])
		err_required(h, AT(at, "key"), NULL);
	else
		check_text(h, AT(at, "key"), TEXT_CONFIG_KEY, key);
}

static void check_value_from(struct hook *h, const struct at *at, const struct json *env)
{
	static const struct {
		const char *name;
		void (*check)(struct hook *h, const struct at *at, const struct json *ref);
	} sources[] = {
		{ "fieldRef", check_field_ref },
		{ "resourceFieldRef", check_resource_ref },
		{ "configMapKeyRef", check_key_ref },
		{ "secretKeyRef", check_key_ref },
		{ "fileKeyRef", NULL },
	};
	const struct json *from = json_get(env, "valueFrom");
	size_t n = 0;

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		const struct json *ref = json_get(from, sources[i].name);

		n += ref != NULL;
		if (ref && sources[i].check)
			sources[i].check(h, AT(at, sources[i].name), ref);
	}
	if (!n)
		err_invalid(h, at, "",
			    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
			    "`secretKeyRef` or `fileKeyRef`");
	else if (json_path_str(env, "value")[0])
		err_invalid(h, at, "", "may not be specified when `value` is not empty");
	else if (n > 1)
		err_invalid(h, at, "", "may not have more than one field specified at a time");
}

static void check_env(struct hook *h, const struct at *at, const struct json *list)
{
	size_t i = 0;

	json_each(env, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *name = json_path_str(env, "name");

		if (!name[0])
			err_required(h, AT(item, "name"), NULL);
		else
			check_text(h, AT(item, "name"), TEXT_ENV_NAME, name);
		if (json_get(env, "valueFrom"))
			check_value_from(h, AT(item, "valueFrom"), env);
	}
}

static void check_env_from(struct hook *h, const struct at *at, const struct json *list)
{
	const char *const *sources = LIST("configMapRef", "secretRef");
	size_t i = 0;

	json_each(from, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *prefix = json_path_str(from, "prefix");
		size_t n = 0;

		if (prefix[0])
			check_text(h, AT(item, "prefix"), TEXT_ENV_NAME, prefix);
		for (size_t k = 0; sources[k]; k++) {
			const struct json *ref = json_get(from, sources[k]);

			n += ref != NULL;
			if (ref && !json_path_str(ref, "name")[0])
				err_required(h, AT(AT(item, sources[k]), "name"), NULL);
		}
		if (n != 1)
			err_invalid(h, at, "",
				    n ? "may not have more than one field specified at a time" :
					"must specify one of: `configMapRef` or `secretRef`");
	}
}

/* ---- mounts ---- */

static bool has_volume(const struct json *volumes, const char *name)
{
	json_each(v, volumes)
		if (!strcmp(json_path_str(v, "name"), name))
			return true;
	return false;
}

static void check_sub_path(struct hook *h, const struct at *at, const char *path)
{
	if (path[0] == '/')
		err_invalid(h, at, path, "must be a relative path");
	check_no_dotdot(h, at, path);
}

static void check_mount(struct hook *h, const struct at *list_at, const struct at *at,
			const struct json *mounts, const struct json *m, const struct json *volumes)
{
	const char *name = json_path_str(m, "name"), *path = json_path_str(m, "mountPath");
	const char *sub = json_path_str(m, "subPath"), *expr = json_path_str(m, "subPathExpr");
	const char *propagation = json_path_str(m, "mountPropagation");

	if (!name[0])
		err_required(h, AT(at, "name"), NULL);
	if (!has_volume(volumes, name))
		err_not_found(h, AT(at, "name"), name);
	if (!path[0])
		err_required(h, AT(at, "mountPath"), NULL);
	if (seen_before(mounts, m, "mountPath"))
		err_invalid(h, AT(at, "mountPath"), path, "must be unique");
	if (sub[0])
		check_sub_path(h, AT(list_at, "subPath"), sub);
	if (expr[0]) {
		if (sub[0])
			err_invalid(h, AT(at, "subPathExpr"), expr,
				    "subPathExpr and subPath are mutually exclusive");
		check_sub_path(h, AT(list_at, "subPathExpr"), expr);
	}
	if (propagation[0])
		check_enum(h, AT(list_at, "mountPropagation"), propagation,
			   LIST("Bidirectional", "HostToContainer", "None"), false);
}

static void check_mounts(struct hook *h, const struct at *at, const struct json *mounts,
			 const struct json *volumes)
{
	size_t i = 0;

	json_each(m, mounts)
		check_mount(h, at, AT_ITEM(at, i++), mounts, m, volumes);
}

/* ---- probes and hooks ---- */

static void check_http(struct hook *h, const struct at *at, const struct json *get)
{
	if (!json_path_str(get, "path")[0])
		err_required(h, AT(at, "path"), NULL);
	check_port_ref(h, AT(at, "port"), json_get(get, "port"));
	if (!one_of(json_path_str(get, "scheme"), LIST("HTTP", "HTTPS")))
		err_unsupported(h, AT(at, "scheme"), json_path_str(get, "scheme"),
				LIST("HTTP", "HTTPS"));
	json_each(header, json_get(get, "httpHeaders"))
		check_text(h, AT(at, "httpHeaders"), TEXT_HTTP_HEADER, json_path_str(header, "name"));
}

static void check_action(struct hook *h, const struct at *at, const char *type,
			 const struct json *action)
{
	if (!strcmp(type, "exec")) {
		if (!json_count(json_get(action, "command")))
			err_required(h, AT(at, "command"), NULL);
	} else if (!strcmp(type, "httpGet")) {
		check_http(h, at, action);
	} else if (strcmp(type, "sleep") != 0) {
		check_port_ref(h, AT(at, "port"), json_get(action, "port"));
	}
}

static void check_handler(struct hook *h, const struct at *at, const struct json *handler)
{
	const char *const *types = LIST("exec", "httpGet", "tcpSocket", "grpc", "sleep");
	size_t n = 0;

	for (size_t i = 0; types[i]; i++) {
		const struct json *action = json_get(handler, types[i]);

		if (!action)
			continue;
		if (n++)
			err_forbidden(h, AT(at, types[i]),
				      "may not specify more than 1 handler type");
		else
			check_action(h, AT(at, types[i]), types[i], action);
	}
	if (!n)
		err_required(h, at, "must specify a handler type");
}

static void check_probe(struct hook *h, const struct at *at, const char *name,
			const struct json *probe)
{
	const char *const *numbers = LIST("initialDelaySeconds", "timeoutSeconds", "periodSeconds",
					  "successThreshold", "failureThreshold");
	int64_t grace = json_path_int(probe, "terminationGracePeriodSeconds", 1);
	int64_t success = json_path_int(probe, "successThreshold", 1);

	if (!probe)
		return;
	check_handler(h, at, probe);
	for (size_t i = 0; numbers[i]; i++)
		check_nonnegative(h, AT(at, numbers[i]), json_get(probe, numbers[i]));
	if (grace <= 0)
		err_invalid_int(h, AT(at, "terminationGracePeriodSeconds"), grace,
				"must be greater than 0");
	if (!strcmp(name, "readinessProbe")) {
		if (json_get(probe, "terminationGracePeriodSeconds"))
			err_invalid_int(h, AT(at, "terminationGracePeriodSeconds"), grace,
					"must not be set for readinessProbes");
	} else if (success != 1) {
		err_invalid_int(h, AT(at, "successThreshold"), success, "must be 1");
	}
}

static const char *const probe_names[] = { "livenessProbe", "readinessProbe", "startupProbe" };

static void check_running(struct hook *h, const struct at *at, const struct json *c)
{
	const struct json *lifecycle = json_get(c, "lifecycle");

	if (json_get(lifecycle, "postStart"))
		check_handler(h, AT(AT(at, "lifecycle"), "postStart"),
			      json_get(lifecycle, "postStart"));
	if (json_get(lifecycle, "preStop"))
		check_handler(h, AT(AT(at, "lifecycle"), "preStop"), json_get(lifecycle, "preStop"));
	for (size_t i = 0; i < sizeof probe_names / sizeof *probe_names; i++)
		check_probe(h, AT(at, probe_names[i]), probe_names[i], json_get(c, probe_names[i]));
}

static void forbid_running(struct hook *h, const struct at *at, const struct json *c)
{
	const char *const *names =
		LIST("lifecycle", "livenessProbe", "readinessProbe", "startupProbe");

	for (size_t i = 0; names[i]; i++)
		if (json_get(c, names[i]))
			err_forbidden(h, AT(at, names[i]),
				      "may not be set for init containers without "
				      "restartPolicy=Always");
}

/* ---- resources ---- */

static void check_resource_name(struct hook *h, const struct at *at, const char *name)
{
	static const char *const standard[] = { "cpu", "memory", "ephemeral-storage", "storage",
						NULL };

	if (!check_text(h, at, TEXT_LABEL_KEY, name) || strchr(name, '/'))
		return;
	if (!one_of(name, standard) && !resource_is_huge_page(name))
		err_invalid(h, at, name, "must be a standard resource type or fully qualified");
	if ((!one_of(name, standard) && !resource_is_huge_page(name)) || !strcmp(name, "storage"))
		err_invalid(h, at, name, "must be a standard resource for containers");
}

static void check_amount(struct hook *h, const struct at *at, const char *name, const char *text)
{
	struct quantity q;

	check_resource_name(h, at, name);
	if (!quantity_parse(text, &q))
		return;
	if (q.nano < 0)
		err_invalid(h, at, text, "must be greater than or equal to 0");
	if (resource_is_extended(name) && quantity_milli(&q) % 1000 != 0)
		err_invalid(h, at, text, "must be an integer");
}

void check_resources(struct hook *h, const struct at *at, const struct json *resources)
{
	const struct json *limits = json_get(resources, "limits");

	json_each(l, limits)
		check_amount(h, AT_KEY(AT(at, "limits"), json_name(l)), json_name(l), json_str(l));
	json_each(r, json_get(resources, "requests")) {
		const char *name = json_name(r), *limit = json_str(json_get(limits, name));
		bool equal = !resource_overcommits(name);
		struct quantity want, max;

		check_amount(h, AT_KEY(AT(at, "requests"), name), name, json_str(r));
		if (!limit[0] || !quantity_parse(json_str(r), &want) || !quantity_parse(limit, &max))
			continue;
		if (equal ? quantity_cmp(&want, &max) != 0 : quantity_cmp(&want, &max) > 0)
			err_invalid(h, AT(at, "requests"), json_str(r), "must be %s %s limit of %s",
				    equal ? "equal to" : "less than or equal to", name, limit);
	}
}

/* ---- containers ---- */

static void check_security(struct hook *h, const struct at *at, const struct json *context)
{
	const char *const *ids = LIST("runAsUser", "runAsGroup");
	const struct json *escalation = json_get(context, "allowPrivilegeEscalation");

	for (size_t i = 0; ids[i]; i++) {
		int64_t id = json_path_int(context, ids[i], 0);

		if (id < 0 || id > INT32_MAX)
			err_invalid_int(h, AT(at, ids[i]), id,
					"must be between 0 and 2147483647, inclusive");
	}
	if (json_is_bool(escalation) && !json_is_true(escalation) &&
	    json_path_bool(context, "privileged", false))
		err_invalid_json(h, at, context,
				 "cannot set `allowPrivilegeEscalation` to false and `privileged` "
				 "to true");
}

static void check_common(struct hook *h, const struct at *at, const struct json *c,
			 const struct json *volumes)
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
	check_mounts(h, AT(at, "volumeMounts"), json_get(c, "volumeMounts"), volumes);
	check_enum(h, AT(at, "imagePullPolicy"), json_path_str(c, "imagePullPolicy"),
		   LIST("Always", "IfNotPresent", "Never"), true);
	check_resources(h, AT(at, "resources"), json_get(c, "resources"));
	check_security(h, AT(at, "securityContext"), json_get(c, "securityContext"));
}

/* A name is taken by an earlier container of the list, or by one of the lists before it. */
static bool name_taken(const struct json *spec, const char *const *lists, const struct json *c)
{
	const char *name = json_path_str(c, "name");

	for (; *lists; lists++)
		if (has_volume(json_get(spec, *lists), name))
			return true;
	return false;
}

static void check_init(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *list = json_get(spec, "initContainers");
	size_t i = 0;

	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);
		const char *policy = json_path_str(c, "restartPolicy");

		check_common(h, item, c, json_get(spec, "volumes"));
		if (policy[0])
			check_enum(h, AT(item, "restartPolicy"), policy,
				   LIST("Always", "Never", "OnFailure"), false);
		if (json_path_str(c, "name")[0] &&
		    (seen_before(list, c, "name") || name_taken(spec, LIST("containers"), c)))
			err_duplicate(h, AT(item, "name"), json_path_str(c, "name"));
		if (!strcmp(policy, "Always"))
			check_running(h, item, c);
		else
			forbid_running(h, item, c);
	}
}

static void check_main(struct hook *h, const struct at *at, const struct json *spec)
{
	const struct json *list = json_get(spec, "containers");
	size_t i = 0;

	if (!json_count(list)) {
		err_required(h, at, NULL);
		return;
	}
	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);

		check_common(h, item, c, json_get(spec, "volumes"));
		if (seen_before(list, c, "name"))
			err_duplicate(h, AT(item, "name"), json_path_str(c, "name"));
		check_running(h, item, c);
	}
	check_host_ports(h, at, list);
}

static void check_ephemeral(struct hook *h, const struct at *at, const struct json *spec)
{
	const char *const *no = LIST("ports", "livenessProbe", "readinessProbe", "startupProbe",
				     "lifecycle", "resizePolicy");
	const struct json *list = json_get(spec, "ephemeralContainers");
	size_t i = 0;

	json_each(c, list) {
		const struct at *item = AT_ITEM(at, i++);

		check_common(h, item, c, json_get(spec, "volumes"));
		if (seen_before(list, c, "name") ||
		    name_taken(spec, LIST("containers", "initContainers"), c))
			err_duplicate(h, AT(item, "name"), json_path_str(c, "name"));
		for (size_t k = 0; no[k]; k++)
			if (json_get(c, no[k]))
				err_forbidden(h, AT(item, no[k]),
					      "cannot be set for an Ephemeral Container");
	}
}

void check_containers(struct hook *h, const struct at *at, const struct json *spec)
{
	check_main(h, AT(at, "containers"), spec);
	check_init(h, AT(at, "initContainers"), spec);
	check_ephemeral(h, AT(at, "ephemeralContainers"), spec);
}
