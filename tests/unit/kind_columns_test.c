/* Table cells: the words that kubectl users read. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "kind/kind.h"
#include "obj/json.h"
#include "obj/obj.h"

#include <string.h>

#define NOW_S 1700000000 /* 2023-11-14T22:13:20Z */
#define META "'metadata':{'name':'x','namespace':'d','creationTimestamp':'2023-11-14T22:08:20Z'"

/* The cells of an object, with single quotes for double ones. */
static const char *cells(struct arena *a, const char *text)
{
	static char out[4096];
	struct kinds *ks = kinds_new();
	char *t = arena_strdup(a, text);
	BUF_AUTO struct buf b = BUF_INIT;
	const struct kind *k;
	struct json *tree;

	for (char *p = t; *p; p++)
		if (*p == '\'')
			*p = '"';
	tree = json_parse(a, t, strlen(t), NULL, NULL);
	CHECK(tree != NULL);
	k = kinds_by_api_version(ks, json_path_str(tree, "apiVersion"), json_path_str(tree, "kind"));
	CHECK(k != NULL);
	kind_cells(&b, a, k, obj_give(a, obj_new(tree, NULL)), NOW_S);
	kinds_free(&ks);
	CHECK(b.len < sizeof out);
	memcpy(out, b.p, b.len + 1);
	for (char *p = out; *p; p++)
		if (*p == '"')
			*p = '\'';
	return out;
}

#define POD(spec, status, more)                                                                   \
	"{'apiVersion':'v1','kind':'Pod'," META more "},'spec':{'containers':[{'name':'c'}]" spec \
	"},'status':{" status "}}"
#define NONE ",'\\u003cnone\\u003e'"
#define WIDE NONE NONE NONE NONE "]"

UNIT_TEST(cells_pod)
{
	struct arena *a = arena_new();

	CHECK_STR(cells(a, POD("", "'phase':'Pending'", "")), "['x','0/1','Pending','0','5m'" WIDE);
	CHECK_STR(cells(a, POD("",
			       "'phase':'Running','containerStatuses':[{'name':'c','ready':true,"
			       "'restartCount':3,'state':{'running':{}},'lastState':{"
			       "'terminated':{'finishedAt':'2023-11-14T22:12:20Z'}}}]",
			       "")),
		  "['x','1/1','Running','3 (60s ago)','5m'" WIDE);
	CHECK_STR(cells(a, POD("",
			       "'phase':'Running','containerStatuses':[{'name':'c','ready':"
			       "false,'restartCount':5,'state':{'waiting':{'reason':"
			       "'CrashLoopBackOff'}}}]",
			       "")),
		  "['x','0/1','CrashLoopBackOff','5','5m'" WIDE);
	CHECK_STR(cells(a, POD("",
			       "'phase':'Succeeded','containerStatuses':[{'name':'c','ready':"
			       "false,'restartCount':0,'state':{'terminated':{'exitCode':0,"
			       "'reason':'Completed'}}}]",
			       "")),
		  "['x','0/1','Completed','0','5m'" WIDE);
	CHECK_STR(cells(a, POD("",
			       "'phase':'Failed','containerStatuses':[{'name':'c','restartCount'"
			       ":0,'state':{'terminated':{'exitCode':2}}}]",
			       "")),
		  "['x','0/1','ExitCode:2','0','5m'" WIDE);
	CHECK_STR(cells(a,
			POD("", "'phase':'Running'", ",'deletionTimestamp':'2023-11-14T22:13:00Z'")),
		  "['x','0/1','Terminating','0','5m'" WIDE);
	CHECK_STR(cells(a, POD("", "'phase':'Running','reason':'NodeLost'",
			       ",'deletionTimestamp':'2023-11-14T22:13:00Z'")),
		  "['x','0/1','Unknown','0','5m'" WIDE);
	CHECK_STR(cells(a, POD("", "'phase':'Failed','reason':'Evicted'", "")),
		  "['x','0/1','Evicted','0','5m'" WIDE);
	arena_free(&a);
}

UNIT_TEST(cells_pod_init)
{
	struct arena *a = arena_new();

	CHECK_STR(cells(a, POD(",'initContainers':[{'name':'i'},{'name':'j'}]",
			       "'phase':'Pending','initContainerStatuses':[{'name':'i','state':{"
			       "'terminated':{'exitCode':0}}},{'name':'j','state':{'running':{}}}]",
			       "")),
		  "['x','0/1','Init:1/2','0','5m'" WIDE);
	CHECK_STR(cells(a, POD(",'initContainers':[{'name':'i'}]",
			       "'phase':'Pending','initContainerStatuses':[{'name':'i','state':{"
			       "'waiting':{'reason':'CrashLoopBackOff'}},'restartCount':2}]",
			       "")),
		  "['x','0/1','Init:CrashLoopBackOff','2','5m'" WIDE);
	CHECK_STR(cells(a, POD(",'initContainers':[{'name':'i'}]",
			       "'phase':'Pending','initContainerStatuses':[{'name':'i','state':{"
			       "'terminated':{'exitCode':1,'reason':'Error'}}}]",
			       "")),
		  "['x','0/1','Init:Error','0','5m'" WIDE);
	/* a sidecar counts among the containers */
	CHECK_STR(cells(a, POD(",'initContainers':[{'name':'i','restartPolicy':'Always'}]",
			       "'phase':'Running','initContainerStatuses':[{'name':'i','started':"
			       "true,'ready':true,'state':{'running':{}}}],'containerStatuses':[{"
			       "'name':'c','ready':true,'state':{'running':{}}}]",
			       "")),
		  "['x','2/2','Running','0','5m'" WIDE);
	arena_free(&a);
}

UNIT_TEST(cells_others)
{
	struct arena *a = arena_new();

	CHECK_STR(cells(a, "{'apiVersion':'apps/v1','kind':'Deployment'," META "},'spec':{'replicas':"
			   "3,'selector':{'matchLabels':{'b':'2','a':'1'}},'template':{'spec':{"
			   "'containers':[{'name':'c','image':'i:1'},{'name':'d','image':'j'}]}}},"
			   "'status':{'readyReplicas':2,'updatedReplicas':3}}"),
		  "['x','2/3',3,0,'5m','c,d','i:1,j','a=1,b=2']");
	CHECK_STR(cells(a, "{'apiVersion':'v1','kind':'Service'," META "},'spec':{'type':"
			   "'LoadBalancer','clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1'],'ports':"
			   "[{'port':80,'protocol':'TCP'},{'port':443,'nodePort':30443,'protocol':"
			   "'TCP'}]}}"),
		  "['x','LoadBalancer','10.0.0.1','\\u003cpending\\u003e','80/TCP,443:30443/TCP',"
		  "'5m','\\u003cnone\\u003e']");
	CHECK_STR(cells(a, "{'apiVersion':'v1','kind':'Node','metadata':{'name':'x',"
			   "'creationTimestamp':'2023-11-14T22:08:20Z','labels':{"
			   "'node-role.kubernetes.io/b':'','node-role.kubernetes.io/a':''}},'spec':{"
			   "'unschedulable':true},'status':{'conditions':[{'type':'Ready','status':"
			   "'True'}],'nodeInfo':{'kubeletVersion':'v1.36.0'},'addresses':[{'type':"
			   "'InternalIP','address':'10.1.1.1'}]}}"),
		  "['x','Ready,SchedulingDisabled','a,b','5m','v1.36.0','10.1.1.1',"
		  "'\\u003cnone\\u003e','\\u003cunknown\\u003e','\\u003cunknown\\u003e',"
		  "'\\u003cunknown\\u003e']");
	CHECK_STR(cells(a, "{'apiVersion':'batch/v1','kind':'Job'," META "},'spec':{'completions':2,"
			   "'parallelism':1},'status':{'succeeded':1,'startTime':"
			   "'2023-11-14T22:12:20Z'}}"),
		  "['x','Running','1/2','60s','5m','','','\\u003cnone\\u003e']");
	CHECK_STR(cells(a, "{'apiVersion':'v1','kind':'Secret'," META "},'type':'Opaque','data':{"
			   "'a':'','b':''}}"),
		  "['x','Opaque',2,'5m']");
	CHECK_STR(cells(a, "{'apiVersion':'v1','kind':'ServiceAccount'," META "}}"), "['x','5m']");
	CHECK_STR(cells(a,
			"{'apiVersion':'autoscaling/v2','kind':'HorizontalPodAutoscaler'," META
			"},'spec':{'maxReplicas':3,'minReplicas':1,'scaleTargetRef':{'kind':"
			"'Deployment','name':'w'},'metrics':[{'type':'Resource','resource':{"
			"'name':'cpu','target':{'type':'Utilization','averageUtilization':80}}}]}}"),
		  "['x','Deployment/w','cpu: \\u003cunknown\\u003e/80%','1',3,0,'5m']");
	arena_free(&a);
}

/* Every cell function must accept an object with nothing in it. */
UNIT_TEST(cells_of_nothing)
{
	struct arena *a = arena_new();
	struct kinds *ks = kinds_new();
	const struct kind *k;
	size_t it = 0;

	while ((k = kinds_next(ks, &it))) {
		BUF_AUTO struct buf b = BUF_INIT;
		struct json *tree = json_build(a, "{metadata:{name:\"x\"}}");
		size_t n = 0;
		struct json *parsed;

		kind_cells(&b, a, k, obj_give(a, obj_new(tree, NULL)), NOW_S);
		parsed = json_parse(a, b.p, b.len, NULL, NULL);
		for (const struct column *c = kind_columns(k); c->name; c++)
			n++;
		CHECK_INT(json_count(parsed), n);
	}
	kinds_free(&ks);
	arena_free(&a);
}
