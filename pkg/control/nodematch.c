#include "control/nodematch.h"

#include "obj/json.h"
#include "obj/obj.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- taints ---- */

bool toleration_covers(const struct json *toleration, const struct json *taint)
{
	const char *effect = json_path_str(toleration, "effect");
	const char *key = json_path_str(toleration, "key");
	const char *op = json_path_str(toleration, "operator");

	if (*effect && strcmp(effect, json_path_str(taint, "effect")))
		return false;
	if (*key && strcmp(key, json_path_str(taint, "key")))
		return false;
	if (!strcmp(op, "Exists"))
		return true;
	return *key && !strcmp(json_path_str(toleration, "value"), json_path_str(taint, "value"));
}

static bool tolerated(const struct json *spec, const struct json *taint)
{
	json_each(t, json_get(spec, "tolerations"))
		if (toleration_covers(t, taint))
			return true;
	return false;
}

bool node_taints_refuse(const struct json *tree, const struct json *spec, bool running)
{
	json_each(t, json_path(tree, "spec.taints")) {
		const char *effect = json_path_str(t, "effect");

		if (running && strcmp(effect, "NoExecute"))
			continue;
		if (strcmp(effect, "PreferNoSchedule") && !tolerated(spec, t))
			return true;
	}
	return false;
}

static bool cordoned(const struct json *tree, const struct json *spec)
{
	if (!json_path_bool(tree, "spec.unschedulable", false))
		return false;
	json_each(t, json_get(spec, "tolerations")) {
		const char *key = json_path_str(t, "key"), *effect = json_path_str(t, "effect");

		if (*effect && strcmp(effect, "NoSchedule"))
			continue;
		if ((!*key || !strcmp(key, "node.kubernetes.io/unschedulable")) &&
		    !strcmp(json_path_str(t, "operator"), "Exists"))
			return false;
	}
	return true;
}

/* ---- selectors ---- */

static bool listed(const struct json *values, const char *v)
{
	json_each(x, values)
		if (!strcmp(json_str(x), v))
			return true;
	return false;
}

static bool compares(const struct json *values, const char *v, bool greater)
{
	char *end, *end2;
	long long x = strtoll(v, &end, 10), y = strtoll(json_str(json_first(values)), &end2, 10);

	if (!*v || *end || *end2)
		return false;
	return greater ? x > y : x < y;
}

/* One requirement against a value (NULL: the key is absent). */
static bool requirement(const struct json *r, const char *v)
{
	const char *op = json_path_str(r, "operator");
	const struct json *values = json_get(r, "values");

	if (!strcmp(op, "In"))
		return v && listed(values, v);
	if (!strcmp(op, "NotIn"))
		return !v || !listed(values, v);
	if (!strcmp(op, "Exists"))
		return v;
	if (!strcmp(op, "DoesNotExist"))
		return !v;
	return v && compares(values, v, !strcmp(op, "Gt"));
}

/* All expressions and fields of a term; an empty term matches nothing. */
static bool term_matches(const struct json *term, const struct obj *node)
{
	const struct json *exprs = json_get(term, "matchExpressions");
	const struct json *fields = json_get(term, "matchFields");

	if (!json_count(exprs) && !json_count(fields))
		return false;
	json_each(r, exprs)
		if (!requirement(r, obj_label(node, json_path_str(r, "key"))))
			return false;
	json_each(r, fields)
		if (strcmp(json_path_str(r, "key"), "metadata.name") || !requirement(r, node->name))
			return false;
	return true;
}

bool node_terms_fit(const struct obj *node, const struct json *node_selector)
{
	json_each(term, json_get(node_selector, "nodeSelectorTerms"))
		if (term_matches(term, node))
			return true;
	return false;
}

bool node_affinity_fits(const struct obj *node, const struct json *spec)
{
	const struct json *required = json_path(
		spec, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");

	json_each(l, json_get(spec, "nodeSelector")) {
		const char *v = obj_label(node, json_name(l));

		if (!v || strcmp(v, json_str(l)))
			return false;
	}
	return !required || node_terms_fit(node, required);
}

const char *node_unfit(const struct obj *node, const struct json *tree, const struct json *spec)
{
	if (cordoned(tree, spec))
		return "node(s) were unschedulable";
	if (node_taints_refuse(tree, spec, false))
		return "node(s) had untolerated taint(s)";
	if (!node_affinity_fits(node, spec))
		return "node(s) didn't match Pod's node affinity/selector";
	return NULL;
}

int64_t node_preference(const struct obj *node, const struct json *tree, const struct json *spec)
{
	int64_t sum = 0;

	json_each(p, json_path(spec, "affinity.nodeAffinity."
				     "preferredDuringSchedulingIgnoredDuringExecution"))
		if (term_matches(json_get(p, "preference"), node))
			sum += json_path_int(p, "weight", 0);
	json_each(t, json_path(tree, "spec.taints"))
		if (!strcmp(json_path_str(t, "effect"), "PreferNoSchedule") && !tolerated(spec, t))
			sum -= 100;
	return sum;
}

/* ---- host ports ---- */

bool host_port_read(struct host_port *hp, const struct json *container_port)
{
	const char *protocol = json_path_str(container_port, "protocol");
	const char *ip = json_path_str(container_port, "hostIP");

	hp->port = json_path_int(container_port, "hostPort", 0);
	snprintf(hp->protocol, sizeof hp->protocol, "%s", *protocol ? protocol : "TCP");
	snprintf(hp->ip, sizeof hp->ip, "%s", *ip ? ip : "0.0.0.0");
	return hp->port > 0;
}

static bool sidecar(const struct json *c)
{
	return !strcmp(json_path_str(c, "restartPolicy"), "Always");
}

void host_ports_each(const struct json *spec, void (*fn)(void *arg, const struct host_port *hp),
		     void *arg)
{
	static const char *const lists[] = { "containers", "initContainers" };
	struct host_port hp;

	for (size_t i = 0; i < 2; i++)
		json_each(c, json_get(spec, lists[i]))
			json_each(p, json_get(c, "ports"))
				if ((!i || sidecar(c)) && host_port_read(&hp, p))
					fn(arg, &hp);
}

static void note_port(void *arg, const struct host_port *hp)
{
	(void)hp;
	*(bool *)arg = true;
}

bool node_wants_ports(const struct json *spec)
{
	bool any = false;

	host_ports_each(spec, note_port, &any);
	return any;
}

static bool clash(const struct host_port *x, const struct host_port *y)
{
	return x->port == y->port && !strcmp(x->protocol, y->protocol) &&
	       (!strcmp(x->ip, y->ip) || !strcmp(x->ip, "0.0.0.0") || !strcmp(y->ip, "0.0.0.0"));
}

struct taken {
	const struct host_port *ports;
	size_t n;
	bool clash;
};

static void check_port(void *arg, const struct host_port *want)
{
	struct taken *t = arg;

	for (size_t i = 0; i < t->n; i++)
		t->clash = t->clash || clash(want, &t->ports[i]);
}

bool host_ports_clash(const struct json *spec, const struct host_port *taken, size_t n)
{
	struct taken t = { taken, n, false };

	host_ports_each(spec, check_port, &t);
	return t.clash;
}
