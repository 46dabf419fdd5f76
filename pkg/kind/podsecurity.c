/*
 * podsecurity: the checks of the Pod Security Standards at "latest" (1.36), in the order in which the
 * upstream evaluator joins them: baseline checks by name, then restricted checks by name; a
 * restricted check that is stricter replaces its baseline brother.
 *
 * Each check collects the names of what breaks the rule and says so in upstream's words; plural
 * forms and quoting are part of them.
 */
#include "kind/podsecurity.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

#define ARMOR_ANNOTATION "container.apparmor.security.beta.kubernetes.io/"

struct pod {
	struct arena *a;
	const struct json *metadata, *spec, *context; /* context: the pod's securityContext */
};

/* A verdict: reason NULL while allowed. */
struct verdict {
	const char *reason, *detail;
};

/* ---- lists of texts ---- */

struct texts {
	const char **p;
	size_t n, cap;
};

static void texts_add(struct pod *pod, struct texts *t, const char *s)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 8;
		const char **grown = arena_alloc(pod->a, cap * sizeof *grown);

		if (t->n)
			memcpy(grown, t->p, t->n * sizeof *grown);
		t->p = grown;
		t->cap = cap;
	}
	t->p[t->n++] = s;
}

/* Add to a sorted set. */
static void set_add(struct pod *pod, struct texts *t, const char *s)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->p[i], s) < 0)
		i++;
	if (i < t->n && !strcmp(t->p[i], s))
		return;
	texts_add(pod, t, s);
	memmove(t->p + i + 1, t->p + i, (t->n - 1 - i) * sizeof *t->p);
	t->p[i] = s;
}

static char *join(struct pod *pod, const struct texts *t, const char *sep, const char *quote)
{
	BUF_AUTO struct buf b = BUF_INIT;

	for (size_t i = 0; i < t->n; i++)
		buf_addf(&b, "%s%s%s%s", i ? sep : "", quote, t->p[i], quote);
	return arena_dup(pod->a, b.p ? b.p : "", b.len);
}

static char *quoted(struct pod *pod, const struct texts *t)
{
	return join(pod, t, ", ", "\"");
}

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* `container "a"` or `containers "a", "b"`. */
static char *containers(struct pod *pod, const struct texts *t)
{
	return arena_printf(pod->a, "%s %s", plural(t->n, "container", "containers"), quoted(pod, t));
}

/* "pod", the containers, or both joined by "and": who set something; NULL when nobody did. */
static char *setters(struct pod *pod, bool by_pod, const struct texts *bad)
{
	struct texts who = { 0 };

	if (by_pod)
		texts_add(pod, &who, "pod");
	if (bad->n)
		texts_add(pod, &who, containers(pod, bad));
	return who.n ? join(pod, &who, " and ", "") : NULL;
}

/* ---- visiting ---- */

static const char *const lists[] = { "initContainers", "containers", "ephemeralContainers" };
#define N_LISTS (sizeof lists / sizeof *lists)

#define each_container(c, pod)                           \
	for (size_t list_ = 0; list_ < N_LISTS; list_++) \
		json_each(c, json_get((pod)->spec, lists[list_]))

static const char *name_of(const struct json *o)
{
	return json_path_str(o, "name");
}

static const struct json *context_of(const struct json *container)
{
	return json_get(container, "securityContext");
}

static bool is_false(const struct json *j)
{
	return json_is_bool(j) && !json_is_true(j);
}

static bool is_windows(const struct pod *pod)
{
	return !strcmp(json_path_str(pod->spec, "os.name"), "windows");
}

/* Root inside is not root outside. */
static bool has_user_namespace(const struct pod *pod)
{
	return is_false(json_get(pod->spec, "hostUsers"));
}

static bool in(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(s, *list))
			return true;
	return false;
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- baseline ---- */

static struct verdict app_armor(struct pod *pod)
{
	const char *const *ok = LIST("RuntimeDefault", "Localhost");
	const struct json *own = json_get(pod->context, "appArmorProfile");
	struct texts bad = { 0 }, values = { 0 }, annotations = { 0 }, who = { 0 };
	bool by_pod = own && !in(json_path_str(own, "type"), ok);

	if (by_pod)
		set_add(pod, &values, json_path_str(own, "type"));
	each_container(c, pod)
	{
		const struct json *p = json_get(context_of(c), "appArmorProfile");

		if (!p || in(json_path_str(p, "type"), ok))
			continue;
		texts_add(pod, &bad, name_of(c));
		set_add(pod, &values, json_path_str(p, "type"));
	}
	json_each(x, json_get(pod->metadata, "annotations")) {
		const char *v = json_str(x);

		if (strncmp(json_name(x), ARMOR_ANNOTATION, sizeof ARMOR_ANNOTATION - 1) || !v[0] ||
		    !strcmp(v, "runtime/default") || !strncmp(v, "localhost/", 10))
			continue;
		set_add(pod, &annotations,
			arena_printf(pod->a, "%s=%s", json_name(x), go_quote(pod->a, v, strlen(v))));
	}
	if (setters(pod, by_pod, &bad))
		texts_add(pod, &who, setters(pod, by_pod, &bad));
	if (annotations.n)
		texts_add(pod, &who, plural(annotations.n, "annotation", "annotations"));
	for (size_t i = 0; i < annotations.n; i++)
		texts_add(pod, &values, annotations.p[i]);
	if (!who.n)
		return (struct verdict){ 0 };
	return (struct verdict){
		plural(values.n, "forbidden AppArmor profile", "forbidden AppArmor profiles"),
		arena_printf(pod->a, "%s must not set AppArmor profile type to %s",
			     join(pod, &who, " and ", ""), quoted(pod, &values)),
	};
}

/* Containers that add capabilities outside a list. */
static void added_capabilities(struct pod *pod, const char *const *ok, struct texts *bad,
			       struct texts *caps)
{
	each_container(c, pod)
	{
		size_t before = bad->n;

		json_each(cap, json_path(context_of(c), "capabilities.add")) {
			if (in(json_str(cap), ok))
				continue;
			if (bad->n == before)
				texts_add(pod, bad, name_of(c));
			set_add(pod, caps, json_str(cap));
		}
	}
}

static char *capabilities_detail(struct pod *pod, const struct texts *bad, const struct texts *caps)
{
	return arena_printf(pod->a, "%s must not include %s in securityContext.capabilities.add",
			    containers(pod, bad), quoted(pod, caps));
}

static struct verdict capabilities_baseline(struct pod *pod)
{
	struct texts bad = { 0 }, caps = { 0 };

	added_capabilities(pod,
			   LIST("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL",
				"MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
				"SETUID", "SYS_CHROOT"),
			   &bad, &caps);
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "non-default capabilities", capabilities_detail(pod, &bad, &caps) };
}

static struct verdict host_namespaces(struct pod *pod)
{
	struct texts used = { 0 };

	if (json_path_bool(pod->spec, "hostNetwork", false))
		texts_add(pod, &used, "hostNetwork=true");
	if (json_path_bool(pod->spec, "hostPID", false))
		texts_add(pod, &used, "hostPID=true");
	if (json_path_bool(pod->spec, "hostIPC", false))
		texts_add(pod, &used, "hostIPC=true");
	if (!used.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "host namespaces", join(pod, &used, ", ", "") };
}

static struct verdict host_path(struct pod *pod)
{
	struct texts bad = { 0 };

	json_each(v, json_get(pod->spec, "volumes"))
		if (json_get(v, "hostPath"))
			texts_add(pod, &bad, name_of(v));
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "hostPath volumes",
				 arena_printf(pod->a, "%s %s", plural(bad.n, "volume", "volumes"),
					      quoted(pod, &bad)) };
}

static struct verdict host_ports(struct pod *pod)
{
	struct texts bad = { 0 }, ports = { 0 };

	each_container(c, pod)
	{
		size_t before = bad.n;

		json_each(p, json_get(c, "ports")) {
			long long port = json_path_int(p, "hostPort", 0);

			if (!port)
				continue;
			if (bad.n == before)
				texts_add(pod, &bad, name_of(c));
			set_add(pod, &ports, arena_printf(pod->a, "%lld", port));
		}
	}
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "hostPort",
				 arena_printf(pod->a, "%s %s %s %s", containers(pod, &bad),
					      plural(bad.n, "uses", "use"),
					      plural(ports.n, "hostPort", "hostPorts"),
					      join(pod, &ports, ", ", "")) };
}

static struct verdict probe_hosts(struct pod *pod)
{
	const char *const *handlers = LIST("livenessProbe", "readinessProbe", "startupProbe",
					   "lifecycle.postStart", "lifecycle.preStop");
	const char *const *actions = LIST("httpGet.host", "tcpSocket.host");
	struct texts bad = { 0 }, hosts = { 0 };

	each_container(c, pod)
	{
		for (size_t i = 0; handlers[i]; i++) {
			for (size_t k = 0; actions[k]; k++) {
				const char *host =
					json_path_str(json_path(c, handlers[i]), actions[k]);

				if (!host[0])
					continue;
				set_add(pod, &bad, name_of(c));
				set_add(pod, &hosts, host);
			}
		}
	}
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "probe or lifecycle host",
				 arena_printf(pod->a, "%s %s %s %s", containers(pod, &bad),
					      plural(bad.n, "uses", "use"),
					      plural(hosts.n, "probe or lifecycle host",
						     "probe or lifecycle hosts"),
					      quoted(pod, &hosts)) };
}

static struct verdict privileged(struct pod *pod)
{
	struct texts bad = { 0 };

	each_container(c, pod) if (json_path_bool(context_of(c), "privileged", false))
		texts_add(pod, &bad, name_of(c));
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "privileged",
				 arena_printf(pod->a,
					      "%s must not set securityContext.privileged=true",
					      containers(pod, &bad)) };
}

static struct verdict proc_mount(struct pod *pod)
{
	struct texts bad = { 0 }, types = { 0 };

	each_container(c, pod)
	{
		const struct json *m = json_get(context_of(c), "procMount");

		if (!m || !strcmp(json_str(m), "Default"))
			continue;
		texts_add(pod, &bad, name_of(c));
		set_add(pod, &types, json_str(m));
	}
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){
		"procMount", arena_printf(pod->a, "%s must not set securityContext.procMount to %s",
					  containers(pod, &bad), quoted(pod, &types))
	};
}

static struct verdict proc_mount_baseline(struct pod *pod)
{
	return has_user_namespace(pod) ? (struct verdict){ 0 } : proc_mount(pod);
}

struct selinux {
	struct texts types;
	bool user, role;
};

static bool selinux_ok(struct pod *pod, struct selinux *s, const struct json *options)
{
	const char *type = json_path_str(options, "type");
	bool type_ok = in(type, LIST("", "container_t", "container_init_t", "container_kvm_t",
				     "container_engine_t"));
	bool user = json_path_str(options, "user")[0], role = json_path_str(options, "role")[0];

	if (!type_ok)
		set_add(pod, &s->types, type);
	s->user |= user;
	s->role |= role;
	return type_ok && !user && !role;
}

static struct verdict selinux(struct pod *pod)
{
	const struct json *own = json_get(pod->context, "seLinuxOptions");
	struct selinux s = { .user = false };
	struct texts bad = { 0 }, data = { 0 };
	bool by_pod = own && !selinux_ok(pod, &s, own);
	char *who;

	each_container(c, pod)
	{
		const struct json *o = json_get(context_of(c), "seLinuxOptions");

		if (o && !selinux_ok(pod, &s, o))
			texts_add(pod, &bad, name_of(c));
	}
	who = setters(pod, by_pod, &bad);
	if (!who)
		return (struct verdict){ 0 };
	if (s.types.n)
		texts_add(pod, &data,
			  arena_printf(pod->a, "%s %s", plural(s.types.n, "type", "types"),
				       quoted(pod, &s.types)));
	if (s.user)
		texts_add(pod, &data, "user may not be set");
	if (s.role)
		texts_add(pod, &data, "role may not be set");
	return (struct verdict){ "seLinuxOptions",
				 arena_printf(pod->a,
					      "%s set forbidden securityContext.seLinuxOptions: %s",
					      who, join(pod, &data, "; ", "")) };
}

/* Profiles that are set to something forbidden; missing collects containers without any. */
static struct verdict seccomp(struct pod *pod, struct texts *missing)
{
	const char *const *ok = LIST("Localhost", "RuntimeDefault");
	const struct json *own = json_get(pod->context, "seccompProfile");
	struct texts bad = { 0 }, values = { 0 };
	bool by_pod = own && !in(json_path_str(own, "type"), ok);
	char *who;

	if (by_pod)
		set_add(pod, &values, json_path_str(own, "type"));
	each_container(c, pod)
	{
		const struct json *p = json_get(context_of(c), "seccompProfile");

		if (p && !in(json_path_str(p, "type"), ok)) {
			texts_add(pod, &bad, name_of(c));
			set_add(pod, &values, json_path_str(p, "type"));
		} else if (!p && (!own || by_pod)) {
			texts_add(pod, missing, name_of(c));
		}
	}
	who = setters(pod, by_pod, &bad);
	if (!who)
		return (struct verdict){ 0 };
	return (struct verdict){
		"seccompProfile",
		arena_printf(pod->a, "%s must not set securityContext.seccompProfile.type to %s",
			     who, quoted(pod, &values)),
	};
}

static struct verdict seccomp_baseline(struct pod *pod)
{
	struct texts missing = { 0 };

	return seccomp(pod, &missing);
}

static struct verdict sysctls(struct pod *pod)
{
	struct texts bad = { 0 };

	json_each(s, json_get(pod->context, "sysctls"))
		if (!in(name_of(s),
			LIST("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
			     "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
			     "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
			     "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
			     "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
			     "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")))
			texts_add(pod, &bad, name_of(s));
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "forbidden sysctls", join(pod, &bad, ", ", "") };
}

static struct verdict windows_host(struct pod *pod)
{
	struct texts bad = { 0 };
	char *who;

	each_container(c, pod) if (json_path_bool(context_of(c), "windowsOptions.hostProcess", false))
		texts_add(pod, &bad, name_of(c));
	who = setters(pod, json_path_bool(pod->context, "windowsOptions.hostProcess", false), &bad);
	if (!who)
		return (struct verdict){ 0 };
	return (struct verdict){
		"hostProcess",
		arena_printf(pod->a,
			     "%s must not set securityContext.windowsOptions.hostProcess=true", who),
	};
}

/* ---- restricted ---- */

static struct verdict privilege_escalation(struct pod *pod)
{
	struct texts bad = { 0 };

	if (is_windows(pod))
		return (struct verdict){ 0 };
	each_container(c, pod) if (!is_false(json_get(context_of(c), "allowPrivilegeEscalation")))
		texts_add(pod, &bad, name_of(c));
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){
		"allowPrivilegeEscalation != false",
		arena_printf(pod->a, "%s must set securityContext.allowPrivilegeEscalation=false",
			     containers(pod, &bad)),
	};
}

static bool drops_all(const struct json *container)
{
	json_each(cap, json_path(context_of(container), "capabilities.drop"))
		if (!strcmp(json_str(cap), "ALL"))
			return true;
	return false;
}

static struct verdict capabilities_restricted(struct pod *pod)
{
	struct texts missing = { 0 }, bad = { 0 }, caps = { 0 }, details = { 0 };

	if (is_windows(pod))
		return (struct verdict){ 0 };
	each_container(c, pod) if (!drops_all(c)) texts_add(pod, &missing, name_of(c));
	added_capabilities(pod, LIST("NET_BIND_SERVICE"), &bad, &caps);
	if (missing.n)
		texts_add(pod, &details,
			  arena_printf(pod->a,
				       "%s must set securityContext.capabilities.drop=[\"ALL\"]",
				       containers(pod, &missing)));
	if (bad.n)
		texts_add(pod, &details, capabilities_detail(pod, &bad, &caps));
	if (!details.n)
		return (struct verdict){ 0 };
	return (struct verdict){ "unrestricted capabilities", join(pod, &details, "; ", "") };
}

/* The forbidden type of a volume; NULL when it is allowed. */
static const char *restricted_type(const struct json *volume)
{
	const char *const *ok = LIST("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
				     "image", "persistentVolumeClaim", "projected", "secret");
	const char *const *known =
		LIST("hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs",
		     "iscsi", "glusterfs", "rbd", "flexVolume", "cinder", "cephfs", "flocker", "fc",
		     "azureFile", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk",
		     "portworxVolume", "scaleIO", "storageos");

	for (size_t i = 0; ok[i]; i++)
		if (json_get(volume, ok[i]))
			return NULL;
	for (size_t i = 0; known[i]; i++)
		if (json_get(volume, known[i]))
			return known[i];
	return "unknown";
}

static struct verdict restricted_volumes(struct pod *pod)
{
	struct texts bad = { 0 }, types = { 0 };

	json_each(v, json_get(pod->spec, "volumes")) {
		const char *type = restricted_type(v);

		if (!type)
			continue;
		texts_add(pod, &bad, name_of(v));
		set_add(pod, &types, type);
	}
	if (!bad.n)
		return (struct verdict){ 0 };
	return (struct verdict){
		"restricted volume types",
		arena_printf(pod->a, "%s %s %s %s %s", plural(bad.n, "volume", "volumes"),
			     quoted(pod, &bad), plural(bad.n, "uses", "use"),
			     plural(types.n, "restricted volume type", "restricted volume types"),
			     quoted(pod, &types))
	};
}

static struct verdict run_as_non_root(struct pod *pod)
{
	const struct json *own = json_get(pod->context, "runAsNonRoot");
	struct texts explicit = { 0 }, implicit = { 0 };
	char *who;

	if (has_user_namespace(pod))
		return (struct verdict){ 0 };
	each_container(c, pod)
	{
		const struct json *v = json_get(context_of(c), "runAsNonRoot");

		if (is_false(v))
			texts_add(pod, &explicit, name_of(c));
		else if (!v && !json_is_true(own))
			texts_add(pod, &implicit, name_of(c));
	}
	who = setters(pod, is_false(own), &explicit);
	if (who)
		return (struct verdict){
			"runAsNonRoot != true",
			arena_printf(pod->a, "%s must not set securityContext.runAsNonRoot=false",
				     who),
		};
	if (!implicit.n)
		return (struct verdict){ 0 };
	return (struct verdict){
		"runAsNonRoot != true",
		arena_printf(pod->a, "pod or %s must set securityContext.runAsNonRoot=true",
			     containers(pod, &implicit)),
	};
}

static struct verdict run_as_user(struct pod *pod)
{
	struct texts bad = { 0 };
	char *who;

	if (has_user_namespace(pod))
		return (struct verdict){ 0 };
	each_container(c, pod) if (json_path_int(context_of(c), "runAsUser", -1) == 0)
		texts_add(pod, &bad, name_of(c));
	who = setters(pod, json_path_int(pod->context, "runAsUser", -1) == 0, &bad);
	if (!who)
		return (struct verdict){ 0 };
	return (struct verdict){ "runAsUser=0",
				 arena_printf(pod->a, "%s must not set runAsUser=0", who) };
}

static struct verdict seccomp_restricted(struct pod *pod)
{
	struct texts missing = { 0 };
	struct verdict v;

	if (is_windows(pod))
		return (struct verdict){ 0 };
	v = seccomp(pod, &missing);
	if (v.reason || !missing.n)
		return v;
	return (struct verdict){
		"seccompProfile",
		arena_printf(pod->a,
			     "pod or %s must set securityContext.seccompProfile.type to "
			     "\"RuntimeDefault\" or \"Localhost\"",
			     containers(pod, &missing)),
	};
}

/* ---- evaluation ---- */

enum { BASELINE = 1, RESTRICTED = 2 };

static const struct {
	struct verdict (*check)(struct pod *pod);
	int levels;
} checks[] = {
	{ app_armor, BASELINE | RESTRICTED },
	{ capabilities_baseline, BASELINE },
	{ host_namespaces, BASELINE | RESTRICTED },
	{ host_path, BASELINE },
	{ host_ports, BASELINE | RESTRICTED },
	{ probe_hosts, BASELINE | RESTRICTED },
	{ privileged, BASELINE | RESTRICTED },
	{ proc_mount_baseline, BASELINE },
	{ selinux, BASELINE | RESTRICTED },
	{ seccomp_baseline, BASELINE },
	{ sysctls, BASELINE | RESTRICTED },
	{ windows_host, BASELINE | RESTRICTED },
	{ privilege_escalation, RESTRICTED },
	{ capabilities_restricted, RESTRICTED },
	{ proc_mount, RESTRICTED },
	{ restricted_volumes, RESTRICTED },
	{ run_as_non_root, RESTRICTED },
	{ run_as_user, RESTRICTED },
	{ seccomp_restricted, RESTRICTED },
};

bool pod_security_level_parse(const char *s, enum pod_security_level *out)
{
	static const char *const names[] = { "privileged", "baseline", "restricted" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!strcmp(s, names[i])) {
			*out = (enum pod_security_level)i;
			return true;
		}
	}
	return false;
}

char *pod_security_check(struct arena *a, enum pod_security_level level,
			 const struct json *metadata, const struct json *spec)
{
	struct pod pod = { a, metadata, spec, json_get(spec, "securityContext") };
	int mask = level == POD_SECURITY_RESTRICTED ? RESTRICTED : BASELINE;
	BUF_AUTO struct buf b = BUF_INIT;

	if (level == POD_SECURITY_PRIVILEGED)
		return NULL;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		struct verdict v;

		if (!(checks[i].levels & mask))
			continue;
		v = checks[i].check(&pod);
		if (v.reason)
			buf_addf(&b, "%s%s (%s)", b.len ? ", " : "", v.reason, v.detail);
	}
	return b.len ? arena_dup(a, b.p, b.len) : NULL;
}
