#!/bin/bash
# What decides whether and where a pod runs: LimitRanges, host ports by address, PriorityClasses, and preemption by
# ReplicaSets of four priorities, by critical pods, of pods that are held.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
core=/api/v1/namespaces/default
pods=$core/pods
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
is "$(k get nodes -o json | jq '[.items[] | select(.spec.taints or .spec.unschedulable | not)] | length')" 2 'two nodes, both open'
at() { k get pod "$1" -o 'jsonpath={.spec.nodeName}'; }

# --- limit ranges ------------------------------------------------------------------------------

amounts() { echo '{"cpu":"'"$1"'","memory":"'"$2"'","ephemeral-storage":"'"$3"'"}'; }
sized() { # NAME REQUESTS LIMITS
	api_json POST $pods '{"metadata":{"name":"'"$1"'"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":'"$2"',"limits":'"$3"'}}]}}'
}
got() { jq -cS '.spec.containers[0].resources | [.requests, .limits] | map([.cpu, .memory, ."ephemeral-storage"])'; }
is "$(api_json POST $core/limitranges '{"metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","min":'"$(amounts 50m 100Mi 100Gi)"',"max":'"$(amounts 500m 500Mi 500Gi)"',
	"default":'"$(amounts 500m 500Mi 500Gi)"',"defaultRequest":'"$(amounts 100m 200Mi 200Gi)"'}]}}' | jq -c '.spec.limits[0] | [.default.cpu, .defaultRequest.memory]')" \
	'["500m","200Mi"]' 'a LimitRange'
is "$(sized a '{}' '{}' | got)" '[["100m","200Mi","200Gi"],["500m","500Mi","500Gi"]]' 'a pod that asks for nothing gets its defaults'
is "$(sized b '{"memory":"150Mi","ephemeral-storage":"150Gi"}' '{"cpu":"300m"}' | got)" '[["300m","150Mi","150Gi"],["300m","500Mi","500Gi"]]' \
	'one that asks for some gets the others'
is "$(sized c "$(amounts 10m 50Mi 50Gi)" '{}' | jq .code)" 403 'less than the least is refused'
is "$(sized d '{}' "$(amounts 600m 600Mi 600Gi)" | jq .code)" 403 'more than the most as well'
is "$(sized d "$(amounts 600m 600Mi 600Gi)" '{}' | jq .code)" 422 'or more than the limit that is its default'
api GET $core/limitranges/l | jq '.spec.limits[0].min = '"$(amounts 9m 49Mi 49Gi)" > "$T/body"
is "$(api PUT $core/limitranges/l -H 'Content-Type: application/json' --data-binary @"$T/body" | jq -r '.spec.limits[0].min.cpu')" 9m 'its bounds change'
is "$(sized c "$(amounts 10m 50Mi 50Gi)" '{}' | jq -r .kind)" Pod 'and count at once'
is "$(sized d '{}' "$(amounts 600m 600Mi 600Gi)" | jq .code)" 403 'the others stay'
api DELETE $core/limitranges/l -o /dev/null
is "$(sized d "$(amounts 600m 600Mi 600Gi)" '{}' | jq -r .kind)" Pod 'without it all is taken'
k delete pods --all --force > /dev/null 2>&1

# --- host ports --------------------------------------------------------------------------------

port() { # NAME PORT-MEMBERS
	api_json POST $pods '{"metadata":{"name":"'"$1"'"},"spec":{"nodeSelector":{"kubernetes.io/hostname":"node-0"},"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80,"hostPort":54322'"$2"'}]}]}}' -o /dev/null
}
host=$(k get node node-0 -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
port every ''
eventually 'a host port on all addresses' 5 prints node-0 at every
port single ',"hostIP":"'"$host"'"'
eventually 'is taken for each of them' 5 eval "k get pod single -o json | grep -q \"didn't have free ports for the requested pod ports\""
port udp ',"hostIP":"'"$host"'","protocol":"UDP"'
eventually 'but not for another protocol' 5 prints node-0 at udp
k delete pods --all --force > /dev/null 2>&1
port first ',"hostIP":"127.0.0.1"'
port second ',"hostIP":"'"$host"'"'
eventually 'two addresses do not meet' 5 eval '[ "$(at first)$(at second)" = node-0node-0 ]'
k delete pods --all --force > /dev/null 2>&1

# --- priority classes --------------------------------------------------------------------------

classes=/apis/scheduling.k8s.io/v1/priorityclasses
for i in 1 2 3 4; do api_json POST $classes '{"metadata":{"name":"p'$i'"},"value":'$i'}' -o /dev/null; done
refused() { jq -r '"\(.code) \(.message)"'; }
like "$(merge $classes/p1 '{"value":10}' | refused)" '^422 .*value: Forbidden: may not be changed in an update' "a class's value is not patched"
api GET $classes/p2 | jq '.value = 20' > "$T/body"
like "$(api PUT $classes/p2 -H 'Content-Type: application/json' --data-binary @"$T/body" | refused)" '^422 .*value: Forbidden' 'nor updated'
is "$(merge $classes/p1 '{"description":"new"}' | jq -r .description)" new 'its description is patched'
api GET $classes/p2 | jq '.description = "new"' > "$T/body"
is "$(api PUT $classes/p2 -H 'Content-Type: application/json' --data-binary @"$T/body" | jq -r .description)" new 'and updated'
is "$(api GET $classes | jq -c '[.items[] | select(.description == "new") | [.metadata.name, .value]]')" '[["p1",1],["p2",2]]' 'as a list shows'

# --- preemption --------------------------------------------------------------------------------

resource() { # NODE NAME AMOUNT
	k patch node "$1" --subresource status -p '{"status":{"capacity":{"'"$2"'":"'"$3"'"},"allocatable":{"'"$2"'":"'"$3"'"}}}' > /dev/null
}
template() { # NAME CLASS RESOURCE AMOUNT NODE [SPEC-MEMBERS]
	echo '"metadata":{"name":"'"$1"'","labels":{"name":"'"$1"'"}'"${7+,$7}"'},"spec":{'"${6:+$6,}"'"priorityClassName":"'"$2"'","terminationGracePeriodSeconds":0,"nodeSelector":{"kubernetes.io/hostname":"'"$5"'"},
		"containers":[{"name":"c","image":"i","resources":{"requests":{"'"$3"'":"'"$4"'"},"limits":{"'"$3"'":"'"$4"'"}}}]}'
}
seat=example.com/seat fake=example.com/fakecpu
resource node-0 $fake 1000
resource node-1 $seat 5
from=$(api GET "$pods?limit=1" | jq -r .metadata.resourceVersion)
for row in '1 200' '2 300' '3 450'; do
	set -- $row
	api_json POST /apis/apps/v1/namespaces/default/replicasets '{"metadata":{"name":"rs'"$1"'"},"spec":{"replicas":1,"selector":{"matchLabels":{"name":"pod'"$1"'"}},"template":{'"$(template pod"$1" p"$1" $fake "$2" node-0)"'}}}' -o /dev/null
	wait_until 5 prints 1 k get rs rs"$1" -o 'jsonpath={.status.availableReplicas}'
done
api_json POST $pods "{$(template pod4 p4 $fake 500 node-0)}" -o /dev/null
eventually 'a pod of priority 4 gets its place' 10 prints node-0 at pod4
seen() { api GET "$pods?watch=1&resourceVersion=$from&timeoutSeconds=1" | jq -r 'select(.type == "ADDED").object.metadata.labels.name' | sort | uniq -c | awk '{ printf "%s=%s ", $2, $1 }'; }
eventually 'ReplicaSets 1 and 2 lost one pod each, 3 none' 10 prints 'pod1=2 pod2=2 pod3=1 pod4=1 ' seen
is "$(k get rs -o 'jsonpath={.items[*].status.availableReplicas}')" 1 'their new ones wait'
is "$(seen)" 'pod1=2 pod2=2 pod3=1 pod4=1 ' 'and nothing more is pushed out'
k delete rs --all > /dev/null
k delete pod pod4 > /dev/null

for row in 'low p1' 'middle p2'; do
	set -- $row
	api_json POST $pods "{$(template "$1" "$2" $seat 2 node-1)}" -o /dev/null
	wait_until 5 prints node-1 at "$1"
done
api_json POST /api/v1/namespaces/kube-system/pods "{$(template critical-pod system-cluster-critical $seat 2 node-1)}" -o /dev/null
eventually 'a critical pod' 10 prints Running k -n kube-system get pod critical-pod -o 'jsonpath={.status.phase}'
eventually 'takes the place of the least important' 5 prints middle k get pods -o 'jsonpath={.items[*].metadata.name}'
k -n kube-system delete pod critical-pod > /dev/null
k delete pod middle > /dev/null

api_json POST $pods "{$(template victim p1 $seat 5 node-1 '' '"finalizers":["example.com/hold"]')}" -o /dev/null
wait_until 5 prints Running k get pod victim -o 'jsonpath={.status.phase}'
api_json POST $pods "{$(template winner p4 $seat 5 node-1)}" -o /dev/null
eventually 'a preempted pod bears the condition DisruptionTarget' 10 prints 'True PreemptionByScheduler' \
	k get pod victim -o 'jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].status} {.status.conditions[?(@.type=="DisruptionTarget")].reason}'
isnt "$(k get pod victim -o 'jsonpath={.metadata.deletionTimestamp}')" '' 'while a finalizer holds it'
merge $pods/victim '{"metadata":{"finalizers":null}}' > /dev/null
eventually 'then its place is taken' 10 prints node-1 at winner
done_testing
