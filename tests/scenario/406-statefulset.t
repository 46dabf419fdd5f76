#!/bin/bash
# StatefulSets: order, revisions, partition, maxUnavailable, claims and who owns them, adoption, a restart in between.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 3
wait_until 5 k get sa default
sts() { # NAME REPLICAS [SPEC-MEMBERS [POD-SPEC-MEMBERS]]
	api_json POST /apis/apps/v1/namespaces/default/statefulsets '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":'"$2"','"${3-}"'"serviceName":"svc","selector":{"matchLabels":{"app":"'"$1"'"}},
		"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{'"${4-}"'"containers":[{"name":"c","image":"i:1"}]}}}}' -o /dev/null
}
pods() { k get pods -l app="$1" -o 'jsonpath={.items[*].metadata.name}'; }
images() { k get pods -l app="$1" -o 'jsonpath={.items[*].spec.containers[0].image}'; }
status() { k get sts "$1" -o "jsonpath={.status.$2}"; }

sts web 3
check 'three come up' k rollout status sts web --timeout 10s
is "$(pods web)" 'web-0 web-1 web-2' 'by their names'
is "$(k get pod web-1 -o 'jsonpath={.spec.hostname} {.spec.subdomain} {.metadata.labels.statefulset\.kubernetes\.io/pod-name} {.metadata.labels.apps\.kubernetes\.io/pod-index}')" 'web-1 svc web-1 1' 'who say who they are'
first=$(status web currentRevision)
is "$(k get pod web-0 -o 'jsonpath={.metadata.labels.controller-revision-hash}')" "$first" 'and of which revision'
is "$(k get pods -l app=web --sort-by=.metadata.resourceVersion -o json | jq -r '[.items | sort_by(.metadata.name) | .[].metadata.creationTimestamp] | . == sort')" true 'made in order'
like "$(k get sts web --no-headers)" '^web +3/3 ' 'READY counts them'

k set image sts/web c=i:2 > /dev/null
check 'a new template rolls out' k rollout status sts web --timeout 10s
is "$(images web)" 'i:2 i:2 i:2' 'to all'
eventually 'the update revision is the current one' 5 prints "$(status web updateRevision)" status web currentRevision
like "$(k rollout history sts web)" '1 .*2 ' 'there is a history'
k rollout undo sts web > /dev/null
check 'which can be returned to' k rollout status sts web --timeout 10s
is "$(images web)" 'i:1 i:1 i:1' 'with the old image'
eventually 'by the old revision' 5 prints "$first" status web currentRevision
is "$(k get controllerrevisions -l app=web -o json | jq -c '[.items[].revision] | sort')" '[2,3]' 'which is renumbered, not made again'

k patch sts web -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}' > /dev/null
k set image sts/web c=i:3 > /dev/null
eventually 'a partition holds back' 10 prints 'i:1 i:1 i:3' images web
is "$(k get pod web-2 -o 'jsonpath={.metadata.labels.controller-revision-hash}')" "$(status web updateRevision)" 'the lower ordinals'
k delete pod web-0 > /dev/null
eventually 'which come back as they were' 5 prints 'i:1 i:1 i:3' images web
k patch sts web -p '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}' > /dev/null
k set image sts/web c=i:4 > /dev/null
wait_until 5 prints "$(k get sts web -o 'jsonpath={.metadata.generation}')" status web observedGeneration
is "$(images web)" 'i:1 i:1 i:3' 'OnDelete changes nothing by itself'
k delete pod web-1 > /dev/null
eventually 'but what is deleted' 5 prints 'i:1 i:4 i:3' images web

k scale sts web --replicas 1 > /dev/null
eventually 'the highest go' 10 prints 'web-0' pods web
k delete sts web --cascade=orphan > /dev/null
sts web 1
eventually 'an orphan is adopted by its name' 5 prints web k get pod web-0 -o 'jsonpath={.metadata.ownerReferences[*].name}'
k label pod web-0 app=other --overwrite > /dev/null
eventually 'and released by its labels' 5 prints '' k get pod web-0 -o 'jsonpath={.metadata.ownerReferences[*].name}'
eventually 'then its name is in the way' 5 prints 0 status web replicas
k delete pod web-0 > /dev/null
check 'until it is gone' k rollout status sts web --timeout 15s

# order under trouble: the second never becomes ready
sts slow 3 '' '"nodeSelector":{"no":"where"},'
eventually 'one that does not start holds up the others' 5 prints slow-0 pods slow
is "$(status slow replicas)" 1 'of which there are none'
sts wide 3 '"podManagementPolicy":"Parallel","ordinals":{"start":5},' '"nodeSelector":{"no":"where"},'
eventually 'Parallel does not wait' 5 prints 'wide-5 wide-6 wide-7' pods wide
k delete sts slow wide > /dev/null
sts many 4 '"podManagementPolicy":"Parallel","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"50%"}},'
check 'four at once' k rollout status sts many --timeout 10s
k set image sts/many c=i:2 > /dev/null
check 'roll by two' k rollout status sts many --timeout 10s

# claims
claims='"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}],'
owners() { k get pvc "$1" -o 'jsonpath={.metadata.ownerReferences[*].kind}'; }
sts db 2 "$claims"
check 'each has its claim' k rollout status sts db --timeout 10s
is "$(k get pvc -l app=db -o 'jsonpath={range .items[*]}{.metadata.name}:{.status.phase} {end}')" 'data-db-0:Bound data-db-1:Bound ' 'by its name'
is "$(k get pod db-1 -o 'jsonpath={.spec.volumes[?(@.name=="data")].persistentVolumeClaim.claimName}')" data-db-1 'and uses it'
is "$(owners data-db-0)" '' 'which nobody owns'
k patch sts db -p '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete","whenScaled":"Delete"}}}' > /dev/null
eventually 'until the policy says so' 5 prints StatefulSet owners data-db-0
k scale sts db --replicas 1 > /dev/null
eventually "what is scaled away takes its claim along" 10 prints "" k get pvc data-db-1 --ignore-not-found -o name
k scale sts db --replicas 2 > /dev/null
check 'and gets a new one' k rollout status sts db --timeout 10s
k delete sts db > /dev/null
eventually 'the set takes all' 10 prints '' k get pvc -l app=db -o name

# a restart in the middle of a roll-out
sts more 5
k rollout status sts more --timeout 10s > /dev/null
k set image sts/more c=i:2 > /dev/null
stop_server main KILL
start_server --nodes 3
check 'a roll-out goes on after a crash' k rollout status sts more --timeout 15s
is "$(images more)" 'i:2 i:2 i:2 i:2 i:2' 'to its end'
is "$(k get controllerrevisions -l app=more -o json | jq '.items | length')" 2 'with no revision twice'
done_testing
