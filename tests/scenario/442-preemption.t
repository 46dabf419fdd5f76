#!/bin/bash
# Preemption: less important pods make room, as few as possible, and budgets are spared.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
for n in 0 1; do
	k patch node node-$n --subresource status -p '{"status":{"capacity":{"example.com/seat":"2"},"allocatable":{"example.com/seat":"2"}}}' > /dev/null
done
class() { api_json POST /apis/scheduling.k8s.io/v1/priorityclasses '{"metadata":{"name":"'"$1"'"},"value":'"$2"',"preemptionPolicy":"'"${3-PreemptLowerPriority}"'"}' -o /dev/null; }
class low 10
class middle 100
class high 1000
class modest 1000 Never
pod() { # NAME CLASS SEATS [NODE]
	local where=
	[ -z "${4-}" ] || where='"nodeSelector":{"kubernetes.io/hostname":"'"$4"'"},'
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'","labels":{"class":"'"$2"'"}},"spec":{"priorityClassName":"'"$2"'","terminationGracePeriodSeconds":1,'"$where"'
		"containers":[{"name":"c","image":"i","resources":{"requests":{"example.com/seat":"'"$3"'"},"limits":{"example.com/seat":"'"$3"'"}}}]}}' -o /dev/null
}
runs() { prints "$2" k get pod "$1" -o 'jsonpath={.spec.nodeName}'; }
message() { k get pod "$1" -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'; }

# of equals the younger one goes: c must be older than a by the seconds that are kept
pod c low 2 node-1
born=$(date -d "$(k get pod c -o 'jsonpath={.metadata.creationTimestamp}')" +%s)
younger() { [ "$(date +%s)" -gt "$born" ]; }
wait_until 5 younger
pod a low 1 node-0
pod b middle 1 node-0
for p in a b c; do wait_until 5 prints Running k get pod $p -o 'jsonpath={.status.phase}'; done
pod vip high 1
eventually 'a more important pod gets a place' 10 eval "k get pod vip -o 'jsonpath={.spec.nodeName}' | grep -q node"
is "$(k get pod vip -o 'jsonpath={.spec.nodeName}')" node-0 'where the loss is least'
eventually 'the least important one left' 5 prints 'b c vip' k get pods -o 'jsonpath={.items[*].metadata.name}'
like "$(k get events --field-selector involvedObject.name=a)" 'Preempted .*Preempted by pod .* on node node-0' 'and was told why'
is "$(k get pod vip -o 'jsonpath={.status.nominatedNodeName}')" '' 'no nomination is left behind'
pod shy modest 2
eventually 'preemptionPolicy Never waits' 5 eval "message shy | grep -q 'not eligible due to preemptionPolicy=Never'"
pod equal low 1
eventually 'equals do not push each other' 5 eval "k get pod equal -o json | grep -q 'No preemption victims found for incoming pod'"
k delete pod shy equal > /dev/null

api_json POST /apis/policy/v1/namespaces/default/poddisruptionbudgets '{"metadata":{"name":"keep"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"class":"low"}}}}' -o /dev/null
eventually 'a budget' 5 prints '1 1' k get pdb keep -o 'jsonpath={.status.currentHealthy} {.status.desiredHealthy}'
pod next high 1
eventually 'sends others away' 10 runs next node-0
is "$(k get pods -o 'jsonpath={.items[*].metadata.name}')" 'c next vip' 'even more important ones'
pod last high 2
eventually 'but is violated when nothing else helps' 10 runs last node-1
k delete pod last next vip > /dev/null

pod x low 2 node-0
pod y low 2 node-1
for p in x y; do wait_until 5 prints Running k get pod $p -o 'jsonpath={.status.phase}'; done
pod big high 2 node-0
pod small low 1 node-0
eventually 'a place made for one' 10 runs big node-0
eventually 'is none for lesser ones' 5 eval "message small | grep -q Insufficient"
done_testing
