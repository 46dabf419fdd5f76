/*
 * The nodes: N equal ones (node-0, node-1, ...), or those of a file with Node manifests, whose labels, taints
 * and capacity are kept and whose gaps are filled with the same defaults.  A node's range of pod addresses
 * is the next slice of --pod-cidr.
 */
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/yaml.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define NODES_MAX 100000

struct plan {
	struct call *c;
	size_t index, total;
	const char *pod_cidr;
};

static const char *architecture(void)
{
	static const char *const names[][2] = { { "x86_64", "amd64" }, { "aarch64", "arm64" } };
	struct utsname u;

	if (!uname(&u))
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (!strcmp(u.machine, names[i][0]))
				return names[i][1];
	return "amd64";
}

/* The index-th slice of the range: /24s while they last, smaller ones for more nodes; NULL when it is spent. */
static char *slice(const struct plan *s)
{
	char ip[46], out[46];
	struct in_addr in;
	int bits, slice_bits;
	uint64_t size;

	if (sscanf(s->pod_cidr, "%45[0-9.]/%d", ip, &bits) != 2 || inet_pton(AF_INET, ip, &in) != 1)
		return NULL;
	slice_bits = bits > 24 ? bits : 24;
	while (slice_bits < 28 && (1ULL << (slice_bits - bits)) < s->total)
		slice_bits++;
	size = 1ULL << (32 - slice_bits);
	if ((uint64_t)(s->index + 1) * size > 1ULL << (32 - bits))
		return NULL;
	in.s_addr = htonl((uint32_t)(ntohl(in.s_addr) + s->index * size));
	inet_ntop(AF_INET, &in, out, sizeof out);
	return arena_printf(s->c->a, "%s/%d", out, slice_bits);
}

static void fill_missing(struct arena *a, struct json *to, const struct json *from)
{
	json_each(m, from) {
		struct json *have = json_get(to, json_name(m));

		if (!have)
			json_set(a, to, json_name(m), json_copy(a, m));
		else if (json_is_object(have) && json_is_object(m))
			fill_missing(a, have, m);
	}
}

static struct json *conditions(struct arena *a)
{
	static const char *const rows[][4] = {
		{ "MemoryPressure", "False", "KubeletHasSufficientMemory",
		  "kubelet has sufficient memory available" },
		{ "DiskPressure", "False", "KubeletHasNoDiskPressure",
		  "kubelet has no disk pressure" },
		{ "PIDPressure", "False", "KubeletHasSufficientPID",
		  "kubelet has sufficient PID available" },
		{ "Ready", "True", "KubeletReady", "kubelet is posting ready status" },
	};
	struct json *list = json_array(a);
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		json_append(list,
			    json_build(a,
				       "{type:%s,status:%s,lastHeartbeatTime:%s,"
				       "lastTransitionTime:%s,reason:%s,message:%s}",
				       rows[i][0], rows[i][1], now, now, rows[i][2], rows[i][3]));
	return list;
}

static struct json *capacity(struct arena *a)
{
	struct json *c = json_object(a);

	json_set_str(a, c, "cpu", "32");
	json_set_str(a, c, "memory", "256Gi");
	json_set_str(a, c, "ephemeral-storage", "1Ti");
	json_set_str(a, c, "pods", "110");
	return c;
}

static struct json *defaults(const struct plan *s, const char *name)
{
	struct arena *a = s->c->a;
	const char *ip = arena_printf(a, "172.%zu.%zu.%zu", 16 + s->index / 62500 % 16,
				      s->index / 250 % 250, s->index % 250 + 1);
	const char *arch = architecture(), *cidr = slice(s);
	struct json *o = json_build(
		a,
		"{kind:%s,apiVersion:%s,metadata:{name:%s,labels:{},annotations:{}},spec:{},"
		"status:{capacity:%j,addresses:[{type:%s,address:%s},{type:%s,address:%s}],"
		"nodeInfo:{machineID:%s,systemUUID:%s,bootID:%s,kernelVersion:%s,osImage:%s,"
		"containerRuntimeVersion:%s,kubeletVersion:%s,kubeProxyVersion:%s,"
		"operatingSystem:%s,architecture:%s},conditions:%j}}",
		"Node", "v1", name, capacity(a), "InternalIP", ip, "Hostname", name, "", "", "",
		"simulated", "nutshell simulated node", "simulated://1.0", "v1.36.0", "", "linux",
		arch, conditions(a));

	meta_set_label(a, o, "kubernetes.io/hostname", name);
	meta_set_label(a, o, "kubernetes.io/os", "linux");
	meta_set_label(a, o, "kubernetes.io/arch", arch);
	meta_set_label(a, o, LABEL_SIMULATED, "true");
	if (cidr) {
		struct json *spec = json_get(o, "spec");

		json_set_str(a, spec, "podCIDR", cidr);
		json_append(json_ensure_array(a, spec, "podCIDRs"), json_string(a, cidr));
	}
	return o;
}

static bool put_status(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)st;
	json_set(c->a, o, "status", json_copy(c->a, arg));
	return true;
}

static bool create(const struct plan *s, struct json *o, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(s->c->api), "", "v1", "nodes");
	struct json *status = json_get(o, "status");

	if (!json_get(status, "allocatable"))
		json_set(s->c->a, status, "allocatable",
			 json_copy(s->c->a, json_get(status, "capacity")));
	status = json_copy(s->c->a, status);
	if (api_get(s->c, k, "", meta_name(o), NULL))
		return true;
	return api_create(s->c, k, "", o, st) &&
	       api_change(s->c, k, "status", "", meta_name(o), put_status, status, st);
}

static struct json *read_file(struct arena *a, const char *path, struct status *st)
{
	BUF_AUTO struct buf b = BUF_INIT;
	FILE *f = fopen(path, "re");
	char chunk[4096];
	size_t n;

	if (!f) {
		status_bad_request(st,
				   "--nodes %s: neither a number nor a readable file of Node "
				   "manifests (%s)",
				   path, strerror(errno));
		return NULL;
	}
	while ((n = fread(chunk, 1, sizeof chunk, f)))
		buf_add(&b, chunk, n);
	fclose(f);
	return yaml_parse_all(a, b.len ? b.p : "", b.len, st);
}

static bool from_file(struct plan *s, const char *path, struct status *st)
{
	struct json *docs = read_file(s->c->a, path, st);

	if (!docs)
		return false;
	s->total = json_count(docs);
	json_each(o, docs) {
		const char *name = meta_name(o);

		if (strcmp(json_path_str(o, "kind"), "Node") || !*name)
			return status_bad_request(
				st, "--nodes %s: every document must be a Node with a name", path);
		fill_missing(s->c->a, o, defaults(s, name));
		if (!create(s, o, st))
			return false;
		s->index++;
	}
	return true;
}

bool simulated_nodes(struct host *h, struct status *st)
{
	struct arena *a = arena_new();
	struct call c;
	struct plan s = { .c = &c, .pod_cidr = h->config.pod_cidr };
	char *end;
	bool ok = true;

	call_init(&c, h->api, a, "kubelet");
	s.total = strtoul(h->config.nodes, &end, 10);
	if (*end || !*h->config.nodes) {
		ok = from_file(&s, h->config.nodes, st);
	} else if (s.total > NODES_MAX) {
		ok = status_bad_request(st, "--nodes %s: at most %d", h->config.nodes, NODES_MAX);
	} else {
		for (; ok && s.index < s.total; s.index++) {
			char name[32];

			snprintf(name, sizeof name, "node-%zu", s.index);
			ok = create(&s, defaults(&s, name), st);
		}
	}
	arena_free(&a);
	return ok;
}

const char *simulated_node_ip(struct call *c, const char *node)
{
	const struct kind *k = kinds_by_resource(api_kinds(c->api), "", "v1", "nodes");
	const struct obj *o = api_get(c, k, "", node, NULL);

	if (!o || !obj_label(o, LABEL_SIMULATED))
		return "";
	json_each(ad, json_path(obj_tree(c->a, o), "status.addresses"))
		if (!strcmp(json_path_str(ad, "type"), "InternalIP"))
			return json_path_str(ad, "address");
	return "";
}
