#!/bin/bash
# Pods as programs handle them: class of service, watch, labels, status, collections; what is refused at the door
# (empty keys, sysctls, runtime classes); tolerations that end; what must not change; inline volumes.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
core=/api/v1/namespaces/default
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
pod() { # NAME [SPEC-MEMBERS [CONTAINER-MEMBERS]]
	api_json POST $core/pods '{"metadata":{"name":"'"$1"'","labels":{"name":"'"${1%%-*}"'"}},"spec":{'"${2:+$2,}"'"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i"'"${3:+,$3}"'}]}}'
}
said() { jq -r '"\(.code) \(.message)"'; }
phase() { k get pod "$1" -o 'jsonpath={.status.phase}'; }
listed() { api GET "$core/pods?labelSelector=$1" | jq -r '[.items[].metadata.name] | join(" ")'; }

same='{"cpu":"100m","memory":"100Mi"}'
while read -r class resources; do
	is "$(pod "q-${class,,}" '' "\"resources\":$resources" | jq -r .status.qosClass)" "${class^}" "class of service: $class"
done << END
guaranteed {"requests":$same,"limits":$same}
burstable {"requests":$same}
bestEffort {}
END
from=$(api GET "$core/pods?limit=1" | jq -r .metadata.resourceVersion)
pod life > /dev/null
eventually 'a pod runs' 5 prints Running phase life
merge $core/pods/life '{"metadata":{"labels":{"name":"other"}}}' > /dev/null
is "$(listed name%3Dother) $(listed name%3Dlife)" 'life ' 'a changed label is found by its new value only'
api PATCH $core/pods/life -H 'Content-Type: application/strategic-merge-patch+json' -d '{"spec":{"containers":[{"name":"c","image":"i:2"}]}}' -o /dev/null
is "$(k get pod life -o 'jsonpath={.spec.containers[0].image}')" i:2 'its image is patched'
is "$(merge $core/pods/life/status '{"status":{"message":"Patched by the test","reason":"E2E"}}' | jq -r '.status | .message + "/" + .reason + "/" + .phase')" \
	'Patched by the test/E2E/Running' 'its status is patched'
api GET $core/pods/life/status | jq '.status.conditions |= map(if .type == "Ready" then .status = "False" else . end)' > "$T/body"
is "$(api PUT $core/pods/life/status -H 'Content-Type: application/json' --data-binary @"$T/body" | jq -r '.status.conditions[] | select(.type == "Ready").status')" \
	False 'its status is replaced'
k delete pod life > /dev/null
is "$(api GET "$core/pods?watch=1&resourceVersion=$from&timeoutSeconds=1&fieldSelector=metadata.name%3Dlife" | jq -r .type | uniq | tr '\n' ' ')" \
	'ADDED MODIFIED DELETED ' 'all of it is watched'
pod graceful '"terminationGracePeriodSeconds":30' > /dev/null
merge $core/pods/graceful '{"metadata":{"finalizers":["example.com/f"]}}' > /dev/null
is "$(api DELETE $core/pods/graceful | jq '.metadata | (.deletionTimestamp != null) and .deletionGracePeriodSeconds >= 0')" true 'a deletion has its time'
merge $core/pods/graceful '{"metadata":{"finalizers":null}}' > /dev/null
for i in 1 2 3; do pod "many-$i" > /dev/null; done
is "$(listed name%3Dmany)" 'many-1 many-2 many-3' 'three pods of a label'
api DELETE "$core/pods?labelSelector=name%3Dmany" -o /dev/null
eventually 'are deleted together' 5 prints '' listed name%3Dmany

# --- refused -----------------------------------------------------------------------------------

for kind in ConfigMap Secret; do
	path=$core/${kind,,}s
	is "$(api_json POST "$path" '{"metadata":{"name":"empty"},"data":{"":"dg=="}}' | said)" \
		"422 $kind \"empty\" is invalid: data[]: Invalid value: \"\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')" \
		"$kind: an empty key"
	api_json POST "$path" '{"metadata":{"name":"fixed"},"data":{"a":"dg=="}}' -o /dev/null
	is "$(merge "$path/fixed" '{"data":{"a":"dw=="}}' | jq -r .data.a)" 'dw==' "$kind: data changes"
	is "$(merge "$path/fixed" '{"immutable":true}' | jq .immutable)" true "$kind: until it is marked immutable"
	like "$(merge "$path/fixed" '{"data":{"a":"dg=="}}' | said)" '^422 .*field is immutable when `immutable` is set' "$kind: then data does not"
	like "$(merge "$path/fixed" '{"immutable":false}' | said)" '^422 .*field is immutable when `immutable` is set' "$kind: nor does the mark"
	is "$(merge "$path/fixed" '{"metadata":{"labels":{"a":"b"}}}' | jq -r .metadata.labels.a)" b "$kind: metadata does"
	is "$(api_code DELETE "$path/fixed")" 200 "$kind: and it can be deleted"
done
is "$(pod sysctl '"securityContext":{"sysctls":[{"name":"foo-","value":"bar"},{"name":"kernel.shmmax","value":"1"},{"name":"safe-and-unsafe","value":"1"},{"name":"bar..","value":"42"}]}' | jq -c '[.code, ([.details.causes[].field] | sort)]')" \
	'[422,["spec.securityContext.sysctls[0].name","spec.securityContext.sysctls[3].name"]]' 'badly named sysctls'

class() { api_json POST /apis/node.k8s.io/v1/runtimeclasses '{"metadata":{"name":"'"$1"'"},"handler":"h"}' -o /dev/null; }
class plain; class short
pod runs '"runtimeClassName":"plain"' > /dev/null
eventually 'a pod with a runtime class is scheduled' 5 eval '[ -n "$(k get pod runs -o "jsonpath={.spec.nodeName}")" ]'
is "$(k get pod runs -o 'jsonpath={.spec.overhead}')" '' 'without overhead'
k delete runtimeclass short > /dev/null
is "$(pod none '"runtimeClassName":"short"' | said)" '403 pods "none" is forbidden: pod rejected: RuntimeClass "short" not found' 'a runtime class that was deleted'

# --- tolerations -------------------------------------------------------------------------------

tolerant() { pod "$1" '"nodeName":"node-1","tolerations":[{"key":"evict","operator":"Equal","value":"yes","effect":"NoExecute","tolerationSeconds":'"$2"'}]' > /dev/null; }
tolerant bear-1 1
tolerant bear-3 3
for p in bear-1 bear-3; do wait_until 5 prints Running phase $p; done
k taint node node-1 evict=yes:NoExecute > /dev/null
eventually 'a pod is evicted at the end of its own toleration' 10 prints bear-3 listed name%3Dbear
eventually 'the more patient one later' 10 prints '' listed name%3Dbear
tolerant stay-1 2
k taint node node-1 evict- > /dev/null
eventually 'a taint that goes in time' 5 eval "k get events --field-selector involvedObject.name=stay-1 | grep -q 'Cancelling deletion'"
wait_until 5 prints Running phase stay-1
is "$(phase stay-1) $(k get pod stay-1 -o 'jsonpath={.metadata.deletionTimestamp}')" 'Running ' 'evicts nobody'

# --- inline volumes ----------------------------------------------------------------------------

inline='"volumes":[{"name":"v","csi":{"driver":"e2e.example.com","readOnly":true}}]'
is "$(pod inline "$inline" | jq -c '.spec.volumes[0].csi')" '{"driver":"e2e.example.com","readOnly":true}' 'a pod with an inline CSI volume is created'
is "$(api GET $core/pods/inline | jq -r .spec.volumes[0].csi.driver)" e2e.example.com 'read'
is "$(merge $core/pods/inline '{"metadata":{"labels":{"csi":"inline"}}}' | jq -r .metadata.labels.csi)" inline 'patched'
is "$(listed csi%3Dinline)" inline 'listed'
is "$(api_code DELETE $core/pods/inline)" 200 'and deleted'
done_testing
