/* Does a node suit a pod: the pure parts of scheduling. */
#include "control/nodematch.h"

#include "control/amounts.h"
#include "control/placement.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/obj.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct arena *a;

static struct json *tree(const char *text)
{
	return json_parse_own(a, text, strlen(text));
}

static const char *unfit(const char *node, const char *spec)
{
	struct json *t = tree(node);
	const struct obj *o = obj_give(a, obj_new(t, &(struct obj_fields){ NULL }));

	return node_unfit(o, t, tree(spec));
}

#define NODE(spec) "{\"metadata\":{\"name\":\"n\",\"labels\":{\"k\":\"5\"}},\"spec\":" spec "}"
#define TAINTED(effect) \
	NODE("{\"taints\":[{\"key\":\"t\",\"value\":\"v\",\"effect\":\"" effect "\"}]}")
#define AFFINITY(term)                                                                         \
	"{\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":" \
	"{\"nodeSelectorTerms\":[" term "]}}}}"
#define EXPR(op, values) \
	"{\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"" op "\",\"values\":[" values "]}]}"

UNIT_TEST(taints)
{
	a = arena_new();
	CHECK(unfit(TAINTED("NoSchedule"), "{}"));
	CHECK(unfit(TAINTED("NoExecute"), "{}"));
	CHECK(!unfit(TAINTED("PreferNoSchedule"), "{}"));
	CHECK(!unfit(TAINTED("NoSchedule"), "{\"tolerations\":[{\"operator\":\"Exists\"}]}"));
	CHECK(!unfit(TAINTED("NoSchedule"), "{\"tolerations\":[{\"key\":\"t\",\"value\":\"v\"}]}"));
	CHECK(unfit(TAINTED("NoSchedule"), "{\"tolerations\":[{\"key\":\"t\",\"value\":\"w\"}]}"));
	CHECK(unfit(
		TAINTED("NoSchedule"),
		"{\"tolerations\":[{\"key\":\"t\",\"operator\":\"Exists\",\"effect\":\"NoExecute\"}]}"));
	CHECK(unfit(NODE("{\"unschedulable\":true}"), "{}"));
	CHECK(!unfit(NODE("{\"unschedulable\":true}"),
		     "{\"tolerations\":[{\"operator\":\"Exists\"}]}"));
	CHECK(unfit(NODE("{\"unschedulable\":true}"),
		    "{\"tolerations\":[{\"operator\":\"Exists\",\"effect\":\"NoExecute\"}]}"));
	arena_free(&a);
}

UNIT_TEST(affinity)
{
	a = arena_new();
	CHECK(!unfit(NODE("{}"), "{\"nodeSelector\":{\"k\":\"5\"}}"));
	CHECK(unfit(NODE("{}"), "{\"nodeSelector\":{\"k\":\"6\"}}"));
	CHECK(!unfit(NODE("{}"), AFFINITY(EXPR("In", "\"4\",\"5\""))));
	CHECK(unfit(NODE("{}"), AFFINITY(EXPR("NotIn", "\"5\""))));
	CHECK(!unfit(NODE("{}"), AFFINITY(EXPR("Gt", "\"4\""))));
	CHECK(unfit(NODE("{}"), AFFINITY(EXPR("Lt", "\"5\""))));
	CHECK(unfit(NODE("{}"), AFFINITY(EXPR("DoesNotExist", ""))));
	CHECK(unfit(NODE("{}"), AFFINITY("{}")));
	CHECK(!unfit(NODE("{}"), AFFINITY("{}," EXPR("Exists", ""))));
	CHECK(!unfit(NODE("{}"), AFFINITY("{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":"
					  "\"In\",\"values\":[\"n\"]}]}")));
	arena_free(&a);
}

static int64_t ask(const char *spec, const char *name)
{
	struct amounts x;

	amounts_of_pod(&x, tree(spec));
	return amounts_get(&x, amount_name(name));
}

#define REQ(cpu) "\"resources\":{\"requests\":{\"cpu\":\"" cpu "\"}}"

UNIT_TEST(requests)
{
	a = arena_new();
	CHECK_INT(ask("{\"containers\":[{" REQ("100m") "},{" REQ("1") "}]}", "cpu"), 1100);
	CHECK_INT(ask("{\"containers\":[{}]}", "pods"), 1);
	CHECK_INT(ask("{\"initContainers\":[{" REQ("2") "}],\"containers\":[{" REQ("1") "}]}", "cpu"),
		  2000);
	CHECK_INT(ask("{\"initContainers\":[{\"restartPolicy\":\"Always\"," REQ("1") "},{" REQ(
			      "2") "}],"
				   "\"containers\":[{" REQ("1") "}]}",
		      "cpu"),
		  3000);
	CHECK_INT(ask("{\"initContainers\":[{" REQ("2") "},{\"restartPolicy\":\"Always\"," REQ(
			      "1") "}],"
				   "\"containers\":[{" REQ("1") "}]}",
		      "cpu"),
		  2000);
	CHECK_INT(ask("{\"overhead\":{\"cpu\":\"50m\"}," REQ("3") ",\"containers\":[{" REQ("1") "}]}",
		      "cpu"),
		  3050);
	arena_free(&a);
}

#define PORT(ip, n) "{\"containers\":[{\"ports\":[{\"hostIP\":\"" ip "\",\"hostPort\":" n "}]}]}"

static const char *choose(struct placement *p, const char *spec, const char **why)
{
	struct amounts x;
	struct json *t = tree(spec);

	amounts_of_pod(&x, t);
	return placement_choose(p, a, t, "", &x, NULL, why);
}

static void take(struct placement *p, const char *uid, const char *spec)
{
	struct amounts x;
	struct json *t = tree(spec);

	amounts_of_pod(&x, t);
	placement_take(p, uid, "n", "", &x, t);
}

UNIT_TEST(placement_counts)
{
	static const char one[] = "{\"containers\":[{" REQ("1") "}]}";
	struct placement *p = placement_new();
	const struct obj *o;
	const char *why = NULL;

	a = arena_new();
	CHECK(!choose(p, one, &why));
	CHECK_STR(why, "no nodes available to schedule pods");
	take(p, "early", one); /* known before its node */
	o = obj_give(a, obj_new(tree("{\"metadata\":{\"name\":\"n\"},\"status\":{\"allocatable\":{\"cpu\":\"2\","
				     "\"pods\":\"2\"}}}"),
				&(struct obj_fields){ NULL }));
	placement_node(p, o);
	CHECK_STR(choose(p, one, &why), "n");
	take(p, "second", PORT("", "80"));
	take(p, "second", PORT("", "80"));
	CHECK(!choose(p, "{\"containers\":[{" REQ("5") "}]}", &why));
	CHECK_STR(why, "0/1 nodes are available: 1 Insufficient cpu, 1 Too many pods.");
	placement_leave(p, "early");
	placement_leave(p, "early");
	CHECK(!choose(p, PORT("127.0.0.1", "80"), &why));
	CHECK_STR(why,
		  "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.");
	CHECK_STR(choose(p, PORT("127.0.0.1", "81"), &why), "n");
	placement_node_gone(p, "n");
	CHECK(!choose(p, one, &why));
	placement_free(&p);
	arena_free(&a);
}
