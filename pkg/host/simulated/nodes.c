/*
 * The nodes: N equal ones (node-0, node-1, ...), or those of a file with Node manifests, whose labels, taints
 * and capacity are kept and whose gaps are filled with the same defaults.  A node's range of pod addresses
 * is the next slice of --pod-cidr.
 */
#include "host/node.h"
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/thread.h"
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
#define MAKERS 8

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

static struct json *capacity(struct arena *a)
{
	struct json *c = json_object(a);

	json_set_str(a, c, "cpu", "32");
	json_set_str(a, c, "memory", "256Gi");
	json_set_str(a, c, "ephemeral-storage", "1Ti");
	json_set_str(a, c, "pods", "110");
	return c;
}

/* A machine's identity, the same at every start: 32 hexadecimal digits. */
static const char *machine_id(struct arena *a, const char *name)
{
	unsigned long long h = fnv64a(name, strlen(name));

	return arena_printf(a, "%016llx%016llx", h, h * 0x9e3779b97f4a7c15ULL);
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
		"Node", "v1", name, capacity(a), "InternalIP", ip, "Hostname", name,
		machine_id(a, name), machine_id(a, name), machine_id(a, name), "simulated",
		"nutshell simulated node", "simulated://1.0", "v1.36.0", "", "linux", arch,
		node_conditions(a, true, "kubelet is posting ready status"));

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

/* What `kubectl describe node` reads.  It is not renewed: an idle cluster writes nothing, and no controller
 * takes a simulated node for dead. */
static bool create_lease(const struct plan *s, const struct obj *node, struct status *st)
{
	STATUS_AUTO struct status err = STATUS_INIT;
	const struct kind *k =
		kinds_by_resource(api_kinds(s->c->api), "coordination.k8s.io", "v1", "leases");
	char now[TIME_LEN];
	struct json *o;

	time_format_us(clock_now_us(), now);
	o = json_build(s->c->a,
		       "{kind:%s,apiVersion:%s,metadata:{name:%s,ownerReferences:[{apiVersion:%s,"
		       "kind:%s,name:%s,uid:%s}]},spec:{holderIdentity:%s,"
		       "leaseDurationSeconds:%d,renewTime:%s}}",
		       "Lease", "coordination.k8s.io/v1", node->name, "v1", "Node", node->name,
		       node->uid, node->name, 40, now);
	if (api_create(s->c, k, "kube-node-lease", o, &err) || status_is(&err, "AlreadyExists"))
		return true;
	status_move(st, &err);
	return false;
}

static bool create(const struct plan *s, struct json *o, struct status *st)
{
	const struct kind *k = kinds_by_resource(api_kinds(s->c->api), "", "v1", "nodes");
	struct json *status = json_get(o, "status");
	const struct obj *node;

	if (!json_get(status, "allocatable"))
		json_set(s->c->a, status, "allocatable",
			 json_copy(s->c->a, json_get(status, "capacity")));
	if (api_get(s->c, k, "", meta_name(o), NULL))
		return true;
	node = api_create(s->c, k, "", o, st);
	return node && create_lease(s, node, st);
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

/* Equal nodes are made by a few threads at once, because a commit's wait for the disk can be shared. */
struct maker {
	struct host *h;
	struct plan plan; /* from index on, every step-th */
	size_t step;
	struct status st;
	struct thread *thread;
};

static void make_nodes(void *arg)
{
	struct maker *m = arg;
	struct arena *a = arena_new();
	struct call c;

	m->plan.c = &c;
	for (; m->plan.index < m->plan.total; m->plan.index += m->step) {
		char name[32];

		call_init(&c, m->h->api, a, "kubelet");
		snprintf(name, sizeof name, "node-%zu", m->plan.index);
		if (!create(&m->plan, defaults(&m->plan, name), &m->st))
			break;
		arena_reset(a);
	}
	arena_free(&a);
}

static bool make_numbered(struct host *h, size_t total, struct status *st)
{
	struct maker makers[MAKERS] = { 0 };
	size_t n = total < MAKERS ? total : MAKERS;

	for (size_t i = 0; i < n; i++) {
		makers[i] = (struct maker){
			.h = h,
			.step = n,
			.plan = { .index = i, .total = total, .pod_cidr = h->config.pod_cidr }
		};
		makers[i].thread = thread_start("nodes", make_nodes, &makers[i]);
	}
	for (size_t i = 0; i < n; i++) {
		thread_join(&makers[i].thread);
		if (!status_ok(&makers[i].st))
			status_move(st, &makers[i].st);
	}
	return status_ok(st);
}

bool simulated_nodes(struct host *h, struct status *st)
{
	char *end;
	size_t total = strtoul(h->config.nodes, &end, 10);
	struct arena *a;
	struct call c;
	struct plan s = { .c = &c, .pod_cidr = h->config.pod_cidr };
	bool ok;

	if (!*end && *h->config.nodes) {
		if (total <= NODES_MAX)
			return make_numbered(h, total, st);
		return status_bad_request(st, "--nodes %s: at most %d", h->config.nodes, NODES_MAX);
	}
	a = arena_new();
	call_init(&c, h->api, a, "kubelet");
	ok = from_file(&s, h->config.nodes, st);
	arena_free(&a);
	return ok;
}

bool simulated_node(struct call *c, const char *node, const char **ip, const char **range)
{
	const struct kind *k = kinds_by_resource(api_kinds(c->api), "", "v1", "nodes");
	const struct obj *o = api_get(c, k, "", node, NULL);
	const struct json *tree;

	if (!o || !obj_label(o, LABEL_SIMULATED))
		return false;
	tree = obj_tree(c->a, o);
	*range = json_path_str(tree, "spec.podCIDR");
	json_each(ad, json_path(tree, "status.addresses")) {
		*ip = json_path_str(ad, "address");
		if (!strcmp(json_path_str(ad, "type"), "InternalIP"))
			return **ip;
	}
	return false;
}
