/*
 * The conditions are the kubelet's words for "all is well"; a host that knows better changes the list it
 * gets.
 */
#include "host/node.h"

#include "base/clock.h"
#include "obj/json.h"

struct json *node_conditions(struct arena *a, bool reachable, const char *message)
{
	static const char *const rows[][4] = {
		{ "MemoryPressure", "False", "KubeletHasSufficientMemory",
		  "kubelet has sufficient memory available" },
		{ "DiskPressure", "False", "KubeletHasNoDiskPressure",
		  "kubelet has no disk pressure" },
		{ "PIDPressure", "False", "KubeletHasSufficientPID",
		  "kubelet has sufficient PID available" },
		{ "Ready", "True", "KubeletReady", NULL },
	};
	struct json *list = json_array(a);
	char now[TIME_LEN];

	time_format(clock_now_s(), now);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = reachable && rows[i][3] ? rows[i][3] : message;

		json_append(list, json_build(a,
					     "{type:%s,status:%s,lastHeartbeatTime:%s,"
					     "lastTransitionTime:%s,reason:%s,message:%s}",
					     rows[i][0], reachable ? rows[i][1] : "Unknown", now, now,
					     reachable ? rows[i][2] : "NodeStatusUnknown", text));
	}
	return list;
}
