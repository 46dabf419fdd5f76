/* Virtual pods as host pods: what is mapped, what stays, what is refused. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "host/kubernetes/kubernetes.h"
#include "host/kubernetes/names.h"
#include "host/kubernetes/translate.h"
#include "obj/json.h"
#include "obj/meta.h"

#include <string.h>

struct bench {
	struct arena *a;
	struct host h;
	struct translation t;
};

static void set_up(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->a = arena_new();
	b->h.config.cluster_domain = "cluster.local";
	b->h.ns = arena_strdup(b->a, "team-a");
	strcpy(b->h.cid_label, "abcdefghijklmnopqrst");
	b->h.names = names_new("abcdefghijklmnopqrstuvwxyz", "team-a");
	b->h.root.name = arena_strdup(b->a, "vc-dev");
	b->h.root.uid = arena_strdup(b->a, "root-uid");
	b->t = (struct translation){
		.h = &b->h, .a = b->a, .api_ip = "10.0.0.9", .api_port = 443, .dns_ip = "10.0.0.10"
	};
}

static void tear_down(struct bench *b)
{
	names_free(&b->h.names);
	arena_free(&b->a);
}

/* Translate a pod given as its metadata's and spec's JSON. */
static struct json *run(struct bench *b, const char *metadata, const char *spec)
{
	const char *text = arena_printf(b->a, "{\"metadata\":%s,\"spec\":%s}", metadata, spec);

	b->t.v = json_parse(b->a, text, strlen(text), NULL, NULL);
	return translate_pod(&b->t);
}

#define META "{\"name\":\"web-0\",\"namespace\":\"default\",\"uid\":\"u1\",\"generation\":3}"
#define C "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]"

UNIT_TEST(translate_identity)
{
	struct bench b;
	struct json *o;

	set_up(&b);
	o = run(&b,
		"{\"name\":\"web.0-\",\"namespace\":\"default\",\"uid\":\"u1\",\"labels\":"
		"{\"app\":\"x\",\"nutshell.dev/vc\":\"forged\"},\"finalizers\":[\"f/x\"],"
		"\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"controller\":true}],"
		"\"annotations\":{\"a\":\"1\",\"kubernetes.io/config.source\":\"x\"}}",
		"{" C ",\"subdomain\":\"s\",\"serviceAccountName\":\"me\",\"nodeName\":\"n1\","
		"\"priority\":5,\"overhead\":{},\"schedulingGates\":[]}");
	CHECK(o);
	CHECK_STR(json_path_str(o, "spec.hostname"), "web-0");
	CHECK(!json_path(o, "spec.subdomain") && !json_path(o, "spec.serviceAccountName"));
	CHECK(!json_path(o, "spec.priority") && !json_path(o, "spec.overhead"));
	CHECK(!json_path(o, "spec.nodeName") && !json_path(o, "metadata.finalizers"));
	CHECK(!json_path_bool(o, "spec.automountServiceAccountToken", true));
	CHECK_STR(json_path_str(o, "metadata.ownerReferences.0.uid"), "root-uid");
	CHECK(json_path_bool(o, "metadata.ownerReferences.0.controller", false));
	CHECK_STR(meta_label(o, "nutshell.dev/vc"), "abcdefghijklmnopqrst");
	CHECK_STR(meta_label(o, "app"), "x");
	CHECK_STR(meta_annotation(o, "nutshell.dev/uid"), "u1");
	CHECK(!meta_annotation(o, "kubernetes.io/config.source"));
	CHECK_STR(json_path_str(o, "spec.affinity.nodeAffinity."
				   "requiredDuringSchedulingIgnoredDuringExecution."
				   "nodeSelectorTerms.0.matchFields.0.values.0"),
		  "n1");
	tear_down(&b);
}

UNIT_TEST(translate_is_pure)
{
	struct bench b;
	char *first, *second;

	set_up(&b);
	first = json_text(b.a, run(&b, META, "{" C "}"));
	second = json_text(b.a, run(&b, META, "{" C "}"));
	CHECK_STR(first, second);
	tear_down(&b);
}

UNIT_TEST(translate_dns_matrix)
{
	static const char *const rows[][4] = {
		/* policy, hostNetwork, DNS service, result */
		{ "ClusterFirst", "false", "10.0.0.10", "None" },
		{ "ClusterFirst", "false", "", "Default" },
		{ "Default", "false", "10.0.0.10", "Default" },
		{ "None", "false", "10.0.0.10", "None" },
	};
	struct bench b;

	set_up(&b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json *o;

		b.t.dns_ip = rows[i][2];
		o = run(&b, META,
			arena_printf(b.a, "{" C ",\"dnsPolicy\":\"%s\",\"hostNetwork\":%s}",
				     rows[i][0], rows[i][1]));
		CHECK(o);
		CHECK_STR(json_path_str(o, "spec.dnsPolicy"), rows[i][3]);
	}
	tear_down(&b);
}

UNIT_TEST(translate_dns_keeps_what_the_tenant_set)
{
	struct bench b;
	struct json *o;

	set_up(&b);
	o = run(&b, META,
		"{" C ",\"dnsPolicy\":\"ClusterFirst\",\"dnsConfig\":{\"nameservers\":[\"1.1.1.1\","
		"\"2.2.2.2\",\"3.3.3.3\"],\"searches\":[\"corp\"],\"options\":[{\"name\":\"ndots\","
		"\"value\":\"2\"}]}}");
	CHECK_STR(json_text(b.a, json_path(o, "spec.dnsConfig")),
		  "{\"nameservers\":[\"10.0.0.10\",\"1.1.1.1\",\"2.2.2.2\"],\"searches\":["
		  "\"default.svc.cluster.local\",\"svc.cluster.local\",\"cluster.local\",\"corp\"],"
		  "\"options\":[{\"name\":\"ndots\",\"value\":\"2\"}]}");
	tear_down(&b);
}

UNIT_TEST(translate_host_aliases)
{
	struct bench b;
	struct json *o;

	set_up(&b);
	o = run(&b, "{\"name\":\"p\",\"namespace\":\"other\",\"uid\":\"u\"}",
		"{" C ",\"hostAliases\":[{\"ip\":\"10.0.0.9\",\"hostnames\":[\"mine\"]}]}");
	CHECK_STR(json_text(b.a, json_path(o, "spec.hostAliases")),
		  "[{\"ip\":\"10.0.0.9\",\"hostnames\":[\"mine\","
		  "\"kubernetes.default.svc.cluster.local\",\"kubernetes.default.svc\","
		  "\"kubernetes.default\"]}]");
	tear_down(&b);
}

UNIT_TEST(translate_environment)
{
	struct bench b;
	struct json *o, *env;

	set_up(&b);
	o = run(&b, META,
		"{\"initContainers\":[{\"name\":\"i\",\"image\":\"i\"}],\"containers\":[{\"name\":\"c\","
		"\"image\":\"i\",\"envFrom\":[{\"secretRef\":{\"name\":\"s\"}}],\"env\":["
		"{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.uid\"}}},"
		"{\"name\":\"B\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
		"\"metadata.labels['nutshell.dev/x']\"}}},"
		"{\"name\":\"C\",\"value\":\"$(A)\"},"
		"{\"name\":\"D\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"m\",\"key\":\"k\","
		"\"optional\":true}}}]}],\"enableServiceLinks\":false}");
	env = json_path(o, "spec.containers.0.env");
	CHECK_STR(json_path_str(env, "0.value"), "u1");
	CHECK(!strncmp(json_path_str(env, "1.valueFrom.fieldRef.fieldPath"),
		       "metadata.labels['nutshell.dev/e.", 32));
	CHECK_STR(json_path_str(env, "2.value"), "$(A)");
	CHECK(!strncmp(json_path_str(env, "3.valueFrom.configMapKeyRef.name"), "m-default-", 10));
	CHECK(json_path_bool(env, "3.valueFrom.configMapKeyRef.optional", false));
	CHECK(!strncmp(json_path_str(o, "spec.containers.0.envFrom.0.configMapRef.name"),
		       "plain-default-", 14));
	CHECK(!strncmp(json_path_str(o, "spec.containers.0.envFrom.1.secretRef.name"), "s-default-",
		       10));
	CHECK(json_path(o, "spec.initContainers.0.envFrom.0.configMapRef"));
	CHECK(!json_path_bool(o, "spec.enableServiceLinks", true));
	tear_down(&b);
}

UNIT_TEST(translate_two_tokens_in_one_volume)
{
	struct bench b;
	struct json *sources;

	set_up(&b);
	sources = json_path(
		run(&b, META,
		    "{" C ",\"volumes\":[{\"name\":\"x\",\"emptyDir\":{}},{\"name\":\"t\",\"projected\":"
		    "{\"sources\":[{\"serviceAccountToken\":{\"path\":\"a/b\",\"audience\":\"X:Y\"}},"
		    "{\"serviceAccountToken\":{\"path\":\"c\"}},{\"downwardAPI\":{\"items\":[{\"path\":"
		    "\"ns\",\"fieldRef\":{\"fieldPath\":\"metadata.namespace\"}}]}}]}}]}"),
		"spec.volumes.1.projected.sources");
	CHECK_STR(json_path_str(sources, "0.secret.items.0.key"), "v1s0");
	CHECK_STR(json_path_str(sources, "0.secret.items.0.path"), "a/b");
	CHECK_STR(json_path_str(sources, "1.secret.items.0.key"), "v1s1");
	CHECK_STR(json_path_str(sources, "2.downwardAPI.items.0.fieldRef.fieldPath"),
		  "metadata.annotations['nutshell.dev/namespace']");
	tear_down(&b);
}

UNIT_TEST(translate_anti_affinity)
{
	struct bench b;
	struct json *terms;

	set_up(&b);
	terms = json_path(
		run(&b, META,
		    "{" C ",\"affinity\":{\"podAntiAffinity\":{"
		    "\"requiredDuringSchedulingIgnoredDuringExecution\":["
		    "{\"topologyKey\":\"h\",\"labelSelector\":{\"matchLabels\":{\"a\":\"b\"}}},"
		    "{\"topologyKey\":\"h\",\"labelSelector\":{},\"namespaces\":[\"x\"],"
		    "\"namespaceSelector\":{\"matchLabels\":{\"team\":\"t\"}}},"
		    "{\"topologyKey\":\"h\",\"labelSelector\":{},\"namespaceSelector\":{}},"
		    "{\"topologyKey\":\"h\"}]}}}"),
		"spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");
	CHECK_INT(json_count(terms), 5); /* a union is two terms */
	CHECK_STR(json_text(b.a, json_path(terms, "0.labelSelector.matchLabels")),
		  "{\"a\":\"b\",\"nutshell.dev/vc\":\"abcdefghijklmnopqrst\","
		  "\"nutshell.dev/vns\":\"default\"}");
	CHECK_STR(json_path_str(terms, "1.labelSelector.matchExpressions.0.values.0"), "x");
	CHECK(json_get(json_path(terms, "2.labelSelector.matchLabels"), "nutshell.dev/n.zkfsfug3qo"));
	CHECK_STR(json_text(b.a, json_path(terms, "3.labelSelector")),
		  "{\"matchLabels\":{\"nutshell.dev/vc\":\"abcdefghijklmnopqrst\"}}");
	CHECK(!json_path(terms, "4.labelSelector"));
	json_each(t, terms)
		CHECK(!json_get(t, "namespaces") && !json_get(t, "namespaceSelector"));
	tear_down(&b);
}

UNIT_TEST(translate_refuses)
{
	static const char *const rows[][2] = {
		{ "{" C ",\"hostNetwork\":true}", "PolicyBlocked" },
		{ "{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"securityContext\":{"
		  "\"privileged\":true}}]}",
		  "PolicyBlocked" },
		{ "{" C ",\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/\"}}]}",
		  "PolicyBlocked" },
		{ "{" C ",\"volumes\":[{\"name\":\"v\",\"csi\":{\"driver\":\"d\"}}]}",
		  "UnsupportedField" },
		{ "{" C
		  ",\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"c\"}}]}",
		  "UnsupportedField" },
		{ "{" C ",\"resourceClaims\":[{\"name\":\"r\"}]}", "UnsupportedField" },
		{ "{" C ",\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{"
		  "\"podCertificate\":{}}]}}]}",
		  "UnsupportedField" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench b;

		set_up(&b);
		CHECK(!run(&b, META, rows[i][0]));
		CHECK_STR(b.t.refused, rows[i][1]);
		CHECK(*b.t.why);
		tear_down(&b);
	}
}
