#!/bin/bash
# Where pods go: resources, selectors, taints, ports, priority; what is said when they fit nowhere, and how they recover.
. "$(dirname "$0")/../lib/nutshell.bash"
cat > "$T/nodes.yaml" <<'EOF'
apiVersion: v1
kind: Node
metadata: {name: small, labels: {size: small}}
status: {capacity: {cpu: "2", memory: 4Gi, pods: "5"}}
---
apiVersion: v1
kind: Node
metadata: {name: big, labels: {size: big, rank: "7"}}
spec: {taints: [{key: own, value: me, effect: NoSchedule}]}
status: {capacity: {cpu: "8", memory: 16Gi, pods: "5"}}
EOF
start_server --nodes "$T/nodes.yaml"
pod() { # NAME SPEC-MEMBERS [CONTAINER-MEMBERS]
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'"},"spec":{'"${2:+$2,}"'"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i"'"${3:+,$3}"'}]}}' -o /dev/null
}
at() { k get pod "$1" -o 'jsonpath={.spec.nodeName}'; }
whole() { k get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'; }
why() { whole "$1" | sed 's/ preemption: .*//'; }
cpu() { echo '"resources":{"requests":{"cpu":"'"$1"'"}}'; }
wait_until 5 k get sa default

pod a '' "$(cpu 1500m)"
eventually 'it fits' 5 prints small at a
pod b '' "$(cpu 1)"
eventually 'the second does not' 5 prints '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s).' why b
like "$(whole b)" ' preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling\.$' 'and nobody could make room'
is "$(k get pod b -o 'jsonpath={.status.phase} {.status.conditions[0].reason}')" 'Pending Unschedulable' 'and is pending'
like "$(k describe pod b)" 'FailedScheduling .* default-scheduler +0/2 nodes are available' 'an event says why'
pod c '"tolerations":[{"key":"own","operator":"Equal","value":"me"}]' "$(cpu 1)"
eventually 'a toleration' 5 prints big at c
k delete pod a > /dev/null
eventually 'room that is made is used' 5 prints small at b
pod d '"nodeSelector":{"size":"huge"}'
eventually 'a selector without a node' 5 prints \
	"0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s)." why d
k label node small size=huge --overwrite > /dev/null
eventually 'a label helps' 5 prints small at d
pod e '"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"rank","operator":"Gt","values":["6"]}]}]}}},"tolerations":[{"operator":"Exists"}]'
eventually 'node affinity' 5 prints big at e
pod f '' '"ports":[{"containerPort":80,"hostPort":8080}]'
eventually 'a host port' 5 prints small at f
pod g '' '"ports":[{"containerPort":81,"hostPort":8080}]'
eventually 'is taken' 5 prints \
	"0/2 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) had untolerated taint(s)." why g
k delete pod f > /dev/null
eventually 'and free again' 5 prints small at g
k cordon small > /dev/null
pod h ''
eventually 'a cordoned node' 5 prints '0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.' why h
k uncordon small > /dev/null
eventually 'comes back' 5 prints small at h
pod i ''
eventually 'room for one more' 5 prints small at i
pod j ''
eventually 'but five pods at most' 5 prints '0/2 nodes are available: 1 Too many pods, 1 node(s) had untolerated taint(s).' why j
pod k '"schedulingGates":[{"name":"example.com/g"}]'
pod l '"schedulerName":"mine"'
pod m '"nodeName":"small"'
eventually 'bound by hand it runs even so' 5 prints Running k get pod m -o 'jsonpath={.status.phase}'
is "$(at k)$(at l)" '' 'gated pods and those of other schedulers are left alone'
k taint node big own- > /dev/null
eventually 'a taint that goes' 5 prints big at j
k patch pod k --type json -p '[{"op":"remove","path":"/spec/schedulingGates"}]' > /dev/null
eventually 'a gate that goes' 5 prints big at k
k delete pods --all --wait=false > /dev/null
wait_until 5 prints '' k get pods -o name
k cordon small > /dev/null
k create priorityclass high --value 1000 --preemption-policy Never > /dev/null
for n in 1 2 3 4 5; do pod full$n ''; done
wait_until 5 prints 5 eval 'k get pods -o json | jq "[.items[] | select(.spec.nodeName)] | length"'
pod low ''; pod high '"priorityClassName":"high"'
wait_until 5 eval '[ -n "$(why high)" ]'
k delete pod full3 > /dev/null
eventually 'the more important one goes first' 5 prints big at high
is "$(at low)" '' 'the other waits'
k delete node big > /dev/null
pod lost ''
eventually 'without the node' 5 prints '0/1 nodes are available: 1 node(s) were unschedulable.' why lost
api_json POST /api/v1/nodes '{"metadata":{"name":"new","labels":{"nutshell.dev/simulated":"true"}},"status":{"capacity":{"cpu":"9","memory":"9Gi","pods":"9"},"allocatable":{"cpu":"9","memory":"9Gi","pods":"9"},"addresses":[{"type":"InternalIP","address":"172.31.0.9"}]}}' -o /dev/null
eventually 'a new one takes what waits' 5 prints 'new new' eval 'echo $(at low) $(at lost)'
done_testing
