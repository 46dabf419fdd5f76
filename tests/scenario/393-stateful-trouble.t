#!/bin/bash
# StatefulSets in trouble: what waits for pods that are not ready, what does not, and pods that fail.
# A gate that the test opens and closes stands for the readiness that a kubelet would report.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" -o /dev/null; }
status() { merge "/api/v1/namespaces/default/pods/$1/status" "$2"; }
gate='"readinessGates":[{"conditionType":"example.com/g"}]'
open() { status "$1" '{"status":{"conditions":[{"type":"example.com/g","status":"'"${2-True}"'","lastTransitionTime":"2026-01-02T03:04:05Z"}]}}'; }
names() { k get pods -l app="$1" -o json | jq -r '[.items[] | select(.metadata.deletionTimestamp | not) | .metadata.name] | join(" ")'; }

sts() { # NAME MEMBERS
	api_json POST /apis/apps/v1/namespaces/default/statefulsets '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":1,'"$2"'"serviceName":"s","selector":{"matchLabels":{"app":"'"$1"'"}},
		"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{'"$gate"',"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
}
unready() { k get sts "$1" -o 'jsonpath={.status.observedGeneration} {.status.readyReplicas}'; }
is_ready() { k get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
for set in row burst; do
	sts $set "$([ $set = row ] || echo '"podManagementPolicy":"Parallel",')"
	wait_until 5 prints False is_ready $set-0
	k scale sts $set --replicas 3 > /dev/null
	wait_until 5 prints '2 ' unready $set
done
is "$(names row)" row-0 'ordered: scaling up halts while a pod is not ready'
eventually 'parallel: scaling up does not' 5 prints 'burst-0 burst-1 burst-2' names burst
for i in 0 1 2; do
	wait_until 5 prints False is_ready row-$i
	open row-$i
done
eventually 'ordered: the next comes when the last is ready' 5 prints 3 k get sts row -o 'jsonpath={.status.readyReplicas}'
is "$(k get pods -l app=row -o json | jq -c '[.items | sort_by(.status.startTime, .metadata.name)[].metadata.name]')" '["row-0","row-1","row-2"]' 'in the order of their numbers'
for i in 0 1 2; do open row-$i False; done
wait_until 5 prints '' k get sts row -o 'jsonpath={.status.readyReplicas}'
background k get pods -w -l app=row -o json --output-watch-events > "$T/watch"
wait_until 5 eval '[ "$(jq -r .type "$T/watch" | grep -c ADDED)" = 3 ]'
for set in row burst; do
	k scale sts $set --replicas 0 > /dev/null
done
eventually 'parallel: scaling down does not mind either' 10 prints '' names burst
is "$(names row)" 'row-0 row-1 row-2' 'ordered: scaling down halts while pods are not ready'
for i in 0 1 2; do open row-$i; done
eventually 'and goes on when it is' 10 prints '' names row
wait_until 5 eval '[ "$(jq -r .type "$T/watch" | grep -c DELETED)" = 3 ]'
is "$(jq -r 'select(.type == "DELETED").object.metadata.name' "$T/watch" | tr '\n' ' ')" 'row-2 row-1 row-0 ' 'from the highest down'

sts fail ''
wait_until 5 prints False is_ready fail-0
uid() { k get pod fail-0 -o 'jsonpath={.metadata.uid}' 2> /dev/null; }
old=$(uid)
status fail-0 '{"status":{"phase":"Failed","reason":"Evicted"}}'
eventually 'a pod that a node turned away is made again' 10 eval '[ -n "$(uid)" ] && [ "$(uid)" != "$old" ]'
wait_until 5 prints False is_ready fail-0
open fail-0
eventually 'and becomes ready' 5 prints 1 k get sts fail -o 'jsonpath={.status.readyReplicas}'
done_testing
