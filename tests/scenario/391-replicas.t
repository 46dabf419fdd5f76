#!/bin/bash
# Replicas in trouble: ReplicationControllers that adopt, release and exceed a quota; Deployments that are scaled and
# changed in the middle of a rollout; DaemonSets that go back.
# A gate that nobody opens stands for a container that never becomes ready.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" -o /dev/null; }
gate='"readinessGates":[{"conditionType":"example.com/g"}]'
names() { k get pods -l app="$1" -o json | jq -r '[.items[] | select(.metadata.deletionTimestamp | not) | .metadata.name] | join(" ")'; }
count() { k get pods -l app="$1" -o json | jq '[.items[] | select(.metadata.deletionTimestamp | not)] | length'; }

# --- replication controllers -------------------------------------------------------------------

rc() { # NAME REPLICAS
	api_json POST /api/v1/namespaces/default/replicationcontrollers '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":'"$2"',"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
}
owner() { k get pod "$1" -o 'jsonpath={.metadata.ownerReferences[*].kind}/{.metadata.ownerReferences[*].name}'; }
k run lone --image i -l app=take > /dev/null
rc take 1
eventually 'a ReplicationController adopts a pod that matches' 5 prints ReplicationController/take owner lone
is "$(names take)" lone 'and needs no other'
k label pod lone app=other --overwrite > /dev/null
eventually 'it releases one that no longer does' 5 prints / owner lone
eventually 'and makes another' 5 prints 1 count take
k create quota two --hard pods=4 > /dev/null
wait_until 5 prints 4 k get quota two -o 'jsonpath={.status.hard.pods}'
rc over 4
failure() { k get rc over -o 'jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].reason}'; }
eventually 'one that would exceed a quota says so' 5 prints FailedCreate failure
k scale rc over --replicas 2 > /dev/null
eventually 'until it fits' 10 prints '' failure
is "$(count over)" 2 'with as many as there may be'
k delete quota two > /dev/null
k delete rc take over > /dev/null

# --- deployments -------------------------------------------------------------------------------

api_json POST /apis/apps/v1/namespaces/default/deployments '{"metadata":{"name":"web"},"spec":{"replicas":10,"strategy":{"rollingUpdate":{"maxSurge":3,"maxUnavailable":2}},"selector":{"matchLabels":{"app":"web"}},
	"template":{"metadata":{"labels":{"app":"web"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i:1"}]}}}}' -o /dev/null
sets() { k get rs -l app=web -o json | jq -c '[.items[] | [.spec.template.spec.containers[0].image, .spec.replicas]] | sort'; }
deploy=/apis/apps/v1/namespaces/default/deployments/web
k rollout status deploy/web --timeout 15s > /dev/null
api PATCH $deploy -H 'Content-Type: application/strategic-merge-patch+json' -d '{"spec":{"template":{"spec":{'"$gate"',"containers":[{"name":"c","image":"i:2"}]}}}}' -o /dev/null
eventually 'a rollout that cannot go on keeps to its bounds' 10 prints '[["i:1",8],["i:2",5]]' sets
eventually 'as its status says' 5 prints '13 5 8' k get deploy web -o 'jsonpath={.status.replicas} {.status.updatedReplicas} {.status.availableReplicas}'
k scale deploy web --replicas 30 > /dev/null
eventually 'scaled then, both sets grow in proportion' 10 prints '[["i:1",20],["i:2",13]]' sets
k scale deploy web --replicas 4 > /dev/null
merge $deploy '{"spec":{"template":{"spec":{"readinessGates":null,"containers":[{"name":"c","image":"i:3"}]}}}}'
check 'a newer template takes over from an unfinished one' k rollout status deploy/web --timeout 20s
is "$(sets)" '[["i:1",0],["i:2",0],["i:3",4]]' 'and all move to it'
k delete deploy web > /dev/null

# --- daemon sets -------------------------------------------------------------------------------

api_json POST /apis/apps/v1/namespaces/default/daemonsets '{"metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},
	"template":{"metadata":{"labels":{"app":"agent"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i:1"}]}}}}' -o /dev/null
k rollout status ds agent --timeout 10s > /dev/null
uids() { k get pods -l app=agent -o json | jq -r '.items[] | select(.spec.containers[0].image == "i:1").metadata.uid'; }
api PATCH /apis/apps/v1/namespaces/default/daemonsets/agent -H 'Content-Type: application/strategic-merge-patch+json' -d '{"spec":{"template":{"spec":{'"$gate"',"containers":[{"name":"c","image":"i:2"}]}}}}' -o /dev/null
eventually 'an update that fails stops at the first node' 10 prints '1 1' k get ds agent -o 'jsonpath={.status.updatedNumberScheduled} {.status.numberUnavailable}'
kept=$(uids)
k rollout undo ds agent > /dev/null
check 'the way back ends' k rollout status ds agent --timeout 15s
like "$(uids)" "$kept" 'and leaves alone the pod that was never updated'
is "$(uids | wc -l)" 2 'on both nodes the old image'
done_testing
