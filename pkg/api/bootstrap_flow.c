/*
 * Rows of priority and fairness: what every cluster's flow schemas and priority levels are.  The objects are
 * for clients that read or extend them; the limit that protects this server has no levels (server/limit.c).
 * k8s: apiserver/pkg/apis/flowcontrol/bootstrap/default.go.
 */
#include "api/bootstrap.h"

#include "base/arena.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

static const struct flow {
	const char *name;
	int precedence;
	const char *level, *distinguisher; /* the latter NULL: none */
	const char *subjects;              /* as in struct bootstrap_binding */
	const char *rules; /* one a line: `verbs|@urls` or `verbs|groups|resources[|cluster]`; NULL: everything */
} flows[] = {
	{ "exempt", 1, "exempt", NULL, "G:system:masters", NULL },
	{ "probes", 2, "exempt", NULL, "G:system:unauthenticated;G:system:authenticated",
	  "get|@/healthz,/readyz,/livez" },
	{ "system-leader-election", 100, "leader-election", "ByUser",
	  "U:system:kube-controller-manager;U:system:kube-scheduler;S:kube-system/*",
	  "get,create,update|coordination.k8s.io|leases" },
	{ "system-node-high", 400, "node-high", "ByUser", "G:system:nodes",
	  "*|-|nodes,nodes/status|cluster\n*|coordination.k8s.io|leases" },
	{ "system-nodes", 500, "system", "ByUser", "G:system:nodes", NULL },
	{ "kube-controller-manager", 800, "workload-high", "ByNamespace",
	  "U:system:kube-controller-manager", NULL },
	{ "kube-scheduler", 800, "workload-high", "ByNamespace", "U:system:kube-scheduler", NULL },
	{ "kube-system-service-accounts", 900, "workload-high", "ByNamespace", "S:kube-system/*",
	  NULL },
	{ "service-accounts", 9000, "workload-low", "ByUser", "G:system:serviceaccounts", NULL },
	{ "global-default", 9900, "global-default", "ByUser",
	  "G:system:unauthenticated;G:system:authenticated", NULL },
	{ "catch-all", 10000, "catch-all", "ByUser",
	  "G:system:unauthenticated;G:system:authenticated", NULL },
};

static const struct level {
	const char *name;
	int shares, lendable, queues, hand; /* queues 0: reject; shares 0: exempt */
} levels[] = {
	{ "exempt", 0, 0, 0, 0 },
	{ "catch-all", 5, 0, 0, 0 },
	{ "global-default", 20, 50, 128, 6 },
	{ "leader-election", 10, 0, 16, 4 },
	{ "node-high", 40, 25, 64, 6 },
	{ "system", 30, 33, 64, 6 },
	{ "workload-high", 40, 50, 128, 6 },
	{ "workload-low", 100, 90, 128, 6 },
};

static struct json *words(struct arena *a, const char *text)
{
	struct json *list = json_array(a);

	for (char *p = arena_strdup(a, text), *word; (word = strsep(&p, ","));)
		json_append(list, json_string(a, strcmp(word, "-") ? word : ""));
	return list;
}

static struct json *subject(struct arena *a, const char *text)
{
	const char *name = text + 2, *slash = strchr(name, '/');

	if (*text == 'G')
		return json_build(a, "{kind:%s,group:{name:%s}}", "Group", name);
	if (*text == 'U')
		return json_build(a, "{kind:%s,user:{name:%s}}", "User", name);
	return json_build(a, "{kind:%s,serviceAccount:{namespace:%s,name:%s}}", "ServiceAccount",
			  arena_dup(a, name, (size_t)(slash - name)), slash + 1);
}

static void add_rule(struct arena *a, struct json *policy, char *line)
{
	const char *verbs = strsep(&line, "|"), *what = strsep(&line, "|");
	struct json *rule = json_build(a, "{verbs:%j}", words(a, verbs));

	if (*what == '@') {
		json_set(a, rule, "nonResourceURLs", words(a, what + 1));
		json_append(json_ensure_array(a, policy, "nonResourceRules"), rule);
		return;
	}
	json_set(a, rule, "apiGroups", words(a, what));
	json_set(a, rule, "resources", words(a, strsep(&line, "|")));
	if (line)
		json_set_bool(a, rule, "clusterScope", true);
	json_set(a, rule, "namespaces", words(a, "*"));
	json_append(json_ensure_array(a, policy, "resourceRules"), rule);
}

static struct json *flow_object(struct arena *a, const struct flow *f, const char *now)
{
	static const char everything[] = "*|*|*|cluster\n*|@*";
	struct json *policy = json_build(a, "{subjects:[]}");
	struct json *o = json_build(
		a,
		"{kind:%s,apiVersion:%s,metadata:{name:%s,annotations:{\"apf.kubernetes.io/autoupdate-spec\":%s}},"
		"spec:{priorityLevelConfiguration:{name:%s},matchingPrecedence:%d},status:{conditions:[{type:%s,"
		"status:%s,lastTransitionTime:%s,reason:%s,message:%s}]}}",
		"FlowSchema", "flowcontrol.apiserver.k8s.io/v1", f->name, "true", f->level,
		f->precedence, "Dangling", "False", now, "Found",
		arena_printf(a,
			     "This FlowSchema references the PriorityLevelConfiguration object named "
			     "\"%s\" and it exists",
			     f->level));

	if (f->distinguisher)
		json_set(a, json_get(o, "spec"), "distinguisherMethod",
			 json_build(a, "{type:%s}", f->distinguisher));
	for (char *p = arena_strdup(a, f->subjects), *s; (s = strsep(&p, ";"));)
		json_append(json_get(policy, "subjects"), subject(a, s));
	for (char *p = arena_strdup(a, f->rules ? f->rules : everything), *s; (s = strsep(&p, "\n"));)
		add_rule(a, policy, s);
	json_set(a, json_get(o, "spec"), "rules", json_build(a, "[%j]", policy));
	return o;
}

static struct json *level_spec(struct arena *a, const struct level *l)
{
	struct json *response;

	if (!l->shares)
		return json_build(a,
				  "{type:%s,exempt:{nominalConcurrencyShares:0,lendablePercent:0}}",
				  "Exempt");
	response = l->queues ?
			   json_build(a,
				      "{type:%s,queuing:{queues:%d,handSize:%d,queueLengthLimit:%d}}",
				      "Queue", l->queues, l->hand, 50) :
			   json_build(a, "{type:%s}", "Reject");
	return json_build(a,
			  "{type:%s,limited:{nominalConcurrencyShares:%d,limitResponse:%j,"
			  "lendablePercent:%d}}",
			  "Limited", l->shares, response, l->lendable);
}

static struct json *level_object(struct arena *a, const struct level *l)
{
	return json_build(
		a,
		"{kind:%s,apiVersion:%s,metadata:{name:%s,annotations:{\"apf.kubernetes.io/autoupdate-spec\":%s}},"
		"spec:%j,status:{}}",
		"PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1", l->name, "true",
		level_spec(a, l));
}

struct json *bootstrap_flow(struct arena *a, size_t i, const char *now)
{
	size_t nlevels = sizeof levels / sizeof *levels;

	if (i < nlevels)
		return level_object(a, &levels[i]);
	i -= nlevels;
	return i < sizeof flows / sizeof *flows ? flow_object(a, &flows[i], now) : NULL;
}
