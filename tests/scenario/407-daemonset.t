#!/bin/bash
# DaemonSets: nodes that come, change and go, rolling with and without surge, history, failed pods; ReplicationControllers.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 3
wait_until 5 k get sa default
ds() { # NAME [SPEC-MEMBERS [POD-SPEC-MEMBERS [ANNOTATIONS]]]
	api_json POST /apis/apps/v1/namespaces/default/daemonsets '{"metadata":{"name":"'"$1"'"},"spec":{'"${2-}"'"selector":{"matchLabels":{"app":"'"$1"'"}},
		"template":{"metadata":{"labels":{"app":"'"$1"'"},"annotations":{'"${4-}"'}},"spec":{'"${3-}"'"containers":[{"name":"c","image":"i:1"}]}}}}' -o /dev/null
}
nodes() { k get pods -l app="$1" -o json | jq -r '[.items[] | select(.metadata.deletionTimestamp | not) | .spec.nodeName] | sort | join(" ")'; }
counts() { k get ds "$1" --no-headers | awk '{print $2, $3, $4, $5, $6}'; }
settled() { k rollout status ds "$1" --timeout 15s; }

ds agent
check 'a pod on every node' settled agent
is "$(nodes agent)" 'node-0 node-1 node-2' 'exactly one'
is "$(counts agent)" '3 3 3 3 3' 'and all are counted'
is "$(k get pods -l app=agent -o json | jq -c '[.items[0].spec.tolerations[] | .key + ":" + .effect] | map(select(startswith("node.kubernetes.io/"))) | length >= 6')" true 'it tolerates what ails a node'
is "$(k get pods -l app=agent -o json | jq -c '.items[0].spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key')" '"metadata.name"' 'and is bound for its node'
k set image ds/agent c=i:2 > /dev/null
check 'it rolls' settled agent
like "$(k rollout history ds agent)" '1 .*2 ' 'and remembers'
k rollout undo ds agent > /dev/null
check 'and returns' settled agent
is "$(k get pods -l app=agent -o json | jq -c '[.items[].spec.containers[0].image] | unique')" '["i:1"]' 'to the old image'
is "$(k get controllerrevisions -l app=agent -o json | jq -c '[.items[].revision] | sort')" '[2,3]' 'renumbered'

k get node node-0 -o json | jq '.metadata = {name: "node-9", labels: .metadata.labels} | del(.spec.podCIDR, .spec.podCIDRs)' | k create -f - > /dev/null
eventually 'a new node gets its pod' 10 prints 'node-0 node-1 node-2 node-9' nodes agent
k delete node node-9 > /dev/null
eventually 'which no longer counts without it' 10 prints '3 3 3 3 3' counts agent
k delete pod --force "$(k get pods -l app=agent --field-selector spec.nodeName=node-9 -o 'jsonpath={.items[0].metadata.name}')" > /dev/null 2>&1
k cordon node-1 > /dev/null
is "$(counts agent | awk '{print $1}')" 3 'a cordoned node keeps its pod'
k uncordon node-1 > /dev/null
k taint node node-1 a=b:NoExecute > /dev/null
eventually 'a taint that evicts does evict' 10 prints 'node-0 node-2' nodes agent
eventually 'and is counted out' 5 prints '2 2 2 2 2' counts agent
k taint node node-1 a- > /dev/null
eventually 'until it is taken off' 10 prints 'node-0 node-1 node-2' nodes agent
k label node node-2 disk=ssd > /dev/null
k patch ds agent -p '{"spec":{"template":{"spec":{"nodeSelector":{"disk":"ssd"}}}}}' > /dev/null
eventually 'a selector narrows' 10 prints node-2 nodes agent
k label node node-0 disk=ssd > /dev/null
eventually 'and widens with the labels' 10 prints 'node-0 node-2' nodes agent

ds surge '"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}},'
settled surge > /dev/null
k get pods -l app=surge -w -o 'jsonpath={.metadata.name} {.status.phase}{"\n"}' > "$T/watch" 2> /dev/null &
background_pids+=($!)
k set image ds/surge c=i:2 > /dev/null
check 'with a surge' settled surge
is "$(counts surge)" '3 3 3 3 3' 'none was ever missing'
ds manual '"updateStrategy":{"type":"OnDelete"},'
settled_once() { prints '3 3 3 3 3' counts manual; }
eventually 'OnDelete starts' 10 settled_once
k set image ds/manual c=i:2 > /dev/null
eventually 'and waits' 5 prints '3 3 3 0 3' counts manual
k delete pod "$(k get pods -l app=manual -o 'jsonpath={.items[0].metadata.name}')" > /dev/null
eventually 'for a deletion' 10 prints '3 3 3 1 3' counts manual

ds bad '' '' '"nutshell.dev/run-for":"0s","nutshell.dev/exit-code":"1"'
api_patch() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" -o /dev/null; }
failed_pod=$(k get pods -l app=manual -o 'jsonpath={.items[0].metadata.name}')
api_patch "/api/v1/namespaces/default/pods/$failed_pod/status" '{"status":{"phase":"Failed"}}'
eventually 'a failed pod is told of' 10 eval "k describe ds manual | grep -q 'FailedDaemonPod .*will try to kill it'"
eventually 'and replaced' 10 prints '' k get pod "$failed_pod" --ignore-not-found -o name
k delete ds surge manual bad > /dev/null
k delete ds agent --cascade=orphan > /dev/null
ds agent '' '"nodeSelector":{"disk":"ssd"},'
eventually 'orphans are adopted' 10 prints '2 2 2' eval "counts agent | cut -d' ' -f1-3"
is "$(k get pods -l app=agent -o json | jq '.items | length')" 2 'not doubled'

# ReplicationControllers are ReplicaSets by another name
api_json POST /api/v1/namespaces/default/replicationcontrollers '{"metadata":{"name":"rc"},"spec":{"replicas":2,"template":{"metadata":{"labels":{"app":"rc"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
eventually 'a replication controller has its pods' 10 prints '2 2 2' eval "k get rc rc --no-headers | awk '{print \$2, \$3, \$4}'"
k scale rc rc --replicas 1 > /dev/null
eventually 'as many as it asks for' 10 prints '1 1 1' eval "k get rc rc --no-headers | awk '{print \$2, \$3, \$4}'"
eventually 'and no more' 10 prints 1 eval "k get pods -l app=rc -o name | wc -l"
lone=$(k get pods -l app=rc -o 'jsonpath={.items[0].metadata.name}')
k label pod "$lone" app=other --overwrite > /dev/null
eventually 'and lets go of what does not match' 5 prints '' k get pod "$lone" -o 'jsonpath={.metadata.ownerReferences[*].name}'
like "$(k describe rc rc)" 'SuccessfulCreate .*replication-controller +Created pod: rc-' 'with its Events'
done_testing
