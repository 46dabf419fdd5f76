/* The life of a simulated pod, at chosen times. */
#include "host/simulated/simulated.h"

#include "base/arena.h"
#include "base/clock.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

#define T0 1700000000000000LL
#define SECOND 1000000LL

static struct arena *a;

static struct json *pod(const char *spec)
{
	char text[2048];

	snprintf(text, sizeof text,
		 "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"generation\":1,\"annotations\":{}},\"spec\":%s}",
		 spec);
	return json_parse_own(a, text, strlen(text));
}

static int64_t live(struct json *p, int64_t at)
{
	int64_t after = 0;

	pod_life(a, p, "172.16.0.1", "10.42.0.1", T0 + at, &after);
	return after;
}

static const char *phase(const struct json *p)
{
	return json_path_str(p, "status.phase");
}

static int64_t sleeps(const char *command)
{
	char spec[512];

	snprintf(spec, sizeof spec,
		 "{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"command\":%s}]}",
		 command);
	return live(pod(spec), 0);
}

UNIT_TEST(sleep_is_understood)
{
	a = arena_new();
	CHECK_INT(sleeps("[\"sleep\",\"5\"]"), 5001);
	CHECK_INT(sleeps("[\"/bin/sleep\",\"1.5\"]"), 1501);
	CHECK_INT(sleeps("[\"sh\",\"-c\",\"sleep 2m; exit\"]"), 120001);
	CHECK_INT(sleeps("[\"sh\",\"-c\",\"echo sleepy && sleep  1d\"]"), 86400001);
	CHECK_INT(sleeps("[\"sh\",\"-c\",\"for i in 1 2; do (sleep 3h); done\"]"), 10800001);
	CHECK_INT(sleeps("[\"sleep\",\"infinity\"]"), 0);
	CHECK_INT(sleeps("[\"sleep\"]"), 0);
	CHECK_INT(sleeps("[\"sleep\",\"x\"]"), 0);
	CHECK_INT(sleeps("[\"oversleep\",\"9\"]"), 0);
	CHECK_INT(sleeps("[]"), 0);
	arena_free(&a);
}

UNIT_TEST(always_runs_and_settles)
{
	struct json *p;
	int64_t after;

	a = arena_new();
	p = pod("{\"restartPolicy\":\"Always\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}");
	CHECK(pod_life(a, p, "172.16.0.1", "10.42.0.1", T0, &after));
	CHECK_STR(phase(p), "Running");
	CHECK_STR(json_path_str(meta_condition(p, "Ready"), "status"), "True");
	CHECK(!json_get(meta_condition(p, "Ready"), "reason"));
	CHECK(!pod_life(a, p, "172.16.0.1", "10.42.0.1", T0 + 1000 * SECOND, &after));
	CHECK_INT(after, 0);
	arena_free(&a);
}

UNIT_TEST(failures_back_off_longer_each_time)
{
	struct json *p;

	a = arena_new();
	p = pod("{\"restartPolicy\":\"OnFailure\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}");
	meta_set_annotation(a, p, ANNOTATION_EXIT_CODE, "7");
	CHECK_INT(live(p, 0), 10001);
	CHECK_STR(json_path_str(p, "status.containerStatuses.0.state.waiting.reason"),
		  "CrashLoopBackOff");
	CHECK_INT(json_path_int(p, "status.containerStatuses.0.lastState.terminated.exitCode", 0), 7);
	live(p, 10 * SECOND); /* starts */
	live(p, 10 * SECOND); /* fails again */
	CHECK_INT(json_path_int(p, "status.containerStatuses.0.restartCount", 0), 2);
	CHECK_INT(live(p, 10 * SECOND), 20001);
	CHECK_STR(phase(p), "Running");
	arena_free(&a);
}

UNIT_TEST(crashes_and_warms_up_as_told)
{
	struct json *p;

	a = arena_new();
	p = pod("{\"restartPolicy\":\"Always\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}");
	meta_set_annotation(a, p, ANNOTATION_CRASH_AFTER, "2s");
	meta_set_annotation(a, p, ANNOTATION_READY_AFTER, "1s");
	CHECK_INT(live(p, 0), 1001);
	CHECK_STR(json_path_str(meta_condition(p, "Ready"), "reason"), "ContainersNotReady");
	CHECK_INT(live(p, 1 * SECOND), 1001);
	CHECK_STR(json_path_str(meta_condition(p, "Ready"), "status"), "True");
	CHECK_INT(live(p, 2 * SECOND), 10001);
	CHECK_STR(json_path_str(p, "status.containerStatuses.0.state.waiting.reason"),
		  "CrashLoopBackOff");
	CHECK_INT(json_path_int(p, "status.containerStatuses.0.restartCount", 0), 1);
	live(p, 12 * SECOND);
	live(p, 14 * SECOND);
	CHECK_INT(live(p, 14 * SECOND), 20001);
	CHECK_STR(phase(p), "Running");
	arena_free(&a);
}

UNIT_TEST(deadline_and_end)
{
	struct json *p;

	a = arena_new();
	p = pod("{\"activeDeadlineSeconds\":5,\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}");
	CHECK_INT(live(p, 0), 5001);
	CHECK_INT(live(p, 5 * SECOND), 0);
	CHECK_STR(json_path_str(p, "status.reason"), "DeadlineExceeded");
	CHECK(!pod_end(a, p, T0));
	p = pod("{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}");
	live(p, 0);
	CHECK(pod_end(a, p, T0 + SECOND));
	CHECK_STR(phase(p), "Failed");
	CHECK_INT(json_path_int(p, "status.containerStatuses.0.state.terminated.exitCode", 0), 143);
	arena_free(&a);
}

UNIT_TEST(addresses_are_reused_late_and_run_out)
{
	struct addresses *x = addresses_new();
	char ip[46], first[46];

	CHECK(addresses_take(x, "a", "10.0.0.0/30", first));
	CHECK(addresses_take(x, "a", "10.0.0.0/30", ip));
	CHECK_STR(ip, first);
	CHECK(addresses_take(x, "b", "10.0.0.0/30", ip));
	CHECK(strcmp(ip, first));
	CHECK(!addresses_take(x, "c", "10.0.0.0/30", ip));
	addresses_release(x, "a");
	addresses_release(x, "a");
	CHECK(addresses_take(x, "c", "10.0.0.0/30", ip));
	CHECK_STR(ip, first);
	CHECK(!addresses_take(x, "d", "nonsense", ip));
	CHECK(!addresses_take(x, "d", "10.0.0.0/31", ip));
	addresses_free(&x);
}
