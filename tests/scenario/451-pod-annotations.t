#!/bin/bash
# What annotations make of simulated pods: late readiness, crashes.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
wait_until 5 k get sa default
pod() { # NAME ANNOTATIONS
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'","annotations":{'"$2"'}},"spec":{"containers":[{"name":"c","image":"i"}]}}' -o /dev/null
}
field() { k get pod "$1" -o json | jq -c "$2"; }
ready='[.status.phase, (.status.conditions[] | select(.type == "Ready") | .status)]'

pod late '"nutshell.dev/ready-after":"2s"'
eventually 'a pod may run' 5 prints '["Running","False"]' field late "$ready"
eventually 'before it is ready' 8 prints '["Running","True"]' field late "$ready"
pod broken '"nutshell.dev/crash-after":"1s","nutshell.dev/exit-code":"3"'
eventually 'a pod that crashes backs off' 8 prints '["Running","CrashLoopBackOff",1,3]' field broken '[.status.phase, (.status.containerStatuses[0] | .state.waiting.reason, .restartCount, .lastState.terminated.exitCode)]'
is "$(field broken "$ready")" '["Running","False"]' 'and is not ready'
done_testing
