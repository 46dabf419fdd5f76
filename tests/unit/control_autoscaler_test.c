/* How fast an autoscaler may go: windows and policies over a past that the test makes. */
#include "control/autoscaler.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static struct task task;
static struct autoscaling x;

static void begin(const char *spec, int64_t current, int64_t min, int64_t max)
{
	struct arena *a = arena_new();

	task = (struct task){ .call.a = a };
	x = (struct autoscaling){ .t = &task,
				  .past = calloc(1, sizeof(struct past)),
				  .spec = json_parse_own(a, spec, strlen(spec)),
				  .o = json_object(a),
				  .current = current,
				  .min = min,
				  .max = max,
				  .now_us = 1000000 * SECOND };
	rate_begin(&x);
}

static void end(void)
{
	rate_past_free(x.past);
	arena_free(&task.call.a);
}

/* What comes of a desire after some seconds; the target follows. */
static int64_t go(int64_t after_s, int64_t desired)
{
	int64_t to;

	x.now_us += after_s * SECOND;
	to = rate_limit(&x, desired);
	if (to != x.current)
		rate_note(&x, x.current, to);
	x.current = to;
	return to;
}

static const char *reason(const char *type)
{
	return json_path_str(meta_condition(x.o, type), "reason");
}

UNIT_TEST(autoscaler_without_behavior)
{
	begin("{}", 3, 2, 40);
	CHECK(go(15, 30) == 6);
	CHECK_STR(reason("ScalingLimited"), "ScaleUpLimit");
	CHECK_STR(reason("AbleToScale"), "ReadyForNewScale");
	CHECK(go(15, 30) == 12);
	CHECK(go(15, 30) == 24);
	CHECK(go(15, 50) == 40);
	CHECK_STR(reason("ScalingLimited"), "TooManyReplicas");
	CHECK(go(15, 1) == 40);
	CHECK_STR(reason("AbleToScale"), "ScaleDownStabilized");
	CHECK(go(284, 1) == 40);
	CHECK(go(2, 1) == 2);
	CHECK_STR(reason("ScalingLimited"), "TooFewReplicas");
	end();
}

UNIT_TEST(autoscaler_policies)
{
	begin("{\"behavior\":{"
	      "\"scaleUp\":{\"stabilizationWindowSeconds\":0,\"selectPolicy\":\"Max\",\"policies\":["
	      "{\"type\":\"Pods\",\"value\":4,\"periodSeconds\":60},"
	      "{\"type\":\"Percent\",\"value\":50,\"periodSeconds\":60}]},"
	      "\"scaleDown\":{\"stabilizationWindowSeconds\":0,\"selectPolicy\":\"Min\",\"policies\":["
	      "{\"type\":\"Pods\",\"value\":5,\"periodSeconds\":60},"
	      "{\"type\":\"Percent\",\"value\":10,\"periodSeconds\":60}]}}}",
	      2, 1, 100);
	CHECK(go(15, 50) == 6);
	CHECK_STR(reason("ScalingLimited"), "ScaleUpLimit");
	CHECK(go(15, 50) == 6);
	CHECK(go(46, 50) == 10);
	CHECK(go(61, 50) == 15);
	CHECK(go(61, 16) == 16);
	CHECK_STR(reason("ScalingLimited"), "DesiredWithinRange");
	CHECK(go(61, 1) == 14);
	CHECK_STR(reason("ScalingLimited"), "ScaleDownLimit");
	CHECK(go(15, 1) == 14);
	end();
}

UNIT_TEST(autoscaler_windows)
{
	begin("{\"behavior\":{"
	      "\"scaleUp\":{\"stabilizationWindowSeconds\":60,\"selectPolicy\":\"Max\",\"policies\":["
	      "{\"type\":\"Percent\",\"value\":1000,\"periodSeconds\":15}]},"
	      "\"scaleDown\":{\"selectPolicy\":\"Disabled\",\"policies\":[]}}}",
	      2, 1, 100);
	CHECK(go(15, 8) == 2);
	CHECK_STR(reason("AbleToScale"), "ScaleUpStabilized");
	CHECK(go(46, 6) == 6);
	CHECK(go(299, 1) == 6);
	CHECK_STR(reason("AbleToScale"), "ScaleDownStabilized");
	CHECK(go(301, 1) == 6);
	CHECK_STR(reason("ScalingLimited"), "ScaleDownLimit");
	end();
}
