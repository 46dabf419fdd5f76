#!/bin/bash
# ReplicaSets: adoption, release, failures that must not spin, who is deleted first; Deployments: collisions, deadline, orphans.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
rs() { # NAME REPLICAS [POD-SPEC-MEMBERS]
	api_json POST /apis/apps/v1/namespaces/default/replicasets '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":'"$2"',"selector":{"matchLabels":{"app":"'"$1"'"}},
		"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{'"${3-}"'"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
}
owner() { k get pod "$1" -o 'jsonpath={.metadata.ownerReferences[*].name}'; }
ready() { k get rs "$1" -o 'jsonpath={.status.readyReplicas}'; }
k run lone --image i -l app=r > /dev/null
rs r 3
eventually 'three are ready' 5 prints 3 ready r
is "$(owner lone)" r 'an orphan that matches is adopted'
is "$(k get pods -l app=r -o json | jq '.items | length')" 3 'and counted'
k label pod lone app=none --overwrite > /dev/null
eventually 'one that no longer matches is released' 5 prints '' owner lone
eventually 'and replaced' 5 prints 3 eval "k get pods -l app=r -o json | jq '.items | length'"
k label pod lone app=r --overwrite > /dev/null
eventually 'one too many' 5 prints 3 eval "k get pods -l app=r -o json | jq '.items | length'"
cheap=$(k get pods -l app=r -o 'jsonpath={.items[1].metadata.name}')
k annotate pod "$cheap" controller.kubernetes.io/pod-deletion-cost=-5 > /dev/null
k scale rs r --replicas 2 > /dev/null
eventually 'the cheapest goes first' 5 prints '' k get pod "$cheap" --ignore-not-found -o name
is "$(k get pods -l app=r -o json | jq '.items | length')" 2 'alone'
k delete rs r --cascade=orphan > /dev/null
is "$(k get pods -l app=r -o json | jq '[.items[] | select(.metadata.ownerReferences)] | length')" 0 'orphans'
rs r 2
eventually 'are taken in by the next set' 5 prints 2 ready r

rs bad 2 '"serviceAccountName":"nobody",'
failure() { k get rs bad -o 'jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].reason}'; }
eventually 'a failure is told' 5 prints FailedCreate failure
like "$(k describe rs bad)" 'FailedCreate .*replicaset-controller +Error creating: .*serviceaccount "nobody" not found' 'and why'
k create sa nobody > /dev/null
k annotate rs bad look=again > /dev/null
eventually 'and heals' 15 prints 2 ready bad
is "$(failure)" '' 'without a trace'

k create deployment d --image i > /dev/null
k rollout status deploy d --timeout 10s > /dev/null
old=$(k get rs -l app=d -o 'jsonpath={.items[0].metadata.name}')
k delete deploy d --cascade=orphan > /dev/null
k create deployment d --image i > /dev/null
eventually 'an orphaned set is adopted, not doubled' 5 prints "$old d" eval "k get rs -l app=d -o 'jsonpath={.items[*].metadata.name} {.items[*].metadata.ownerReferences[0].name}'"
k patch rs "$old" --type json -p '[{"op":"add","path":"/spec/template/metadata/annotations","value":{"edited":"yes"}}]' > /dev/null
eventually 'a set whose template was changed makes place for another, by a new hash' 10 prints 1 k get deploy d -o 'jsonpath={.status.collisionCount}'
check 'which becomes available' k rollout status deploy d --timeout 10s
is "$(k get rs -l app=d -o json | jq -c '[.items[].spec.replicas] | sort')" '[0,1]' 'and the only one alive'

api_json POST /apis/apps/v1/namespaces/default/deployments '{"metadata":{"name":"slow"},"spec":{"progressDeadlineSeconds":1,"selector":{"matchLabels":{"app":"slow"}},
	"template":{"metadata":{"labels":{"app":"slow"}},"spec":{"nodeSelector":{"no":"where"},"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
eventually 'a deadline that passes' 8 prints 'False ProgressDeadlineExceeded' k get deploy slow -o 'jsonpath={.status.conditions[?(@.type=="Progressing")].status} {.status.conditions[?(@.type=="Progressing")].reason}'
check_fails 'fails the rollout' 'exceeded its progress deadline' k rollout status deploy slow --timeout 5s
k label node node-1 no=where > /dev/null
check 'which may still succeed' k rollout status deploy slow --timeout 10s
done_testing
