#!/bin/bash
# Taints: those that a node's conditions bring, and those that evict.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
on() { k get pods -l "app=$1" --field-selector "spec.nodeName=$2" -o json | jq '[.items[] | select(.metadata.deletionTimestamp | not)] | length'; }
taints() { k get node "$1" -o json | jq -r '[.spec.taints // [] | .[] | .key + ":" + .effect] | sort | join(" ")'; }
condition() { # NODE TYPE STATUS
	k patch node "$1" --subresource status -p '{"status":{"conditions":[{"type":"'"$2"'","status":"'"$3"'","reason":"Test","message":"test"}]}}' > /dev/null
}
tolerant() { # NAME NODE TOLERATION
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'"},"spec":{"nodeName":"'"$2"'","terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"i"}],"tolerations":['"$3"']}}' -o /dev/null
}
k create deployment web --image i --replicas 4 > /dev/null
k rollout status deployment web --timeout 15s > /dev/null
tolerant forever node-1 '{"operator":"Exists","effect":"NoExecute"}'
tolerant awhile node-1 '{"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":2}'
tolerant saved node-1 '{"key":"b","operator":"Exists","effect":"NoExecute","tolerationSeconds":3600},{"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":3600}'
k taint node node-1 a=b:NoExecute > /dev/null
eventually 'pods leave a node with such a taint' 10 prints 0 on web node-1
check 'and run elsewhere' k rollout status deployment web --timeout 15s
eventually 'those that tolerate it so long, then' 10 prints '' k get pod awhile --ignore-not-found -o name
is "$(k get pods -o 'jsonpath={.items[?(@.spec.nodeName=="node-1")].metadata.name}')" 'forever saved' 'others stay'
like "$(k get events --field-selector involvedObject.name=awhile)" 'TaintManagerEviction +pod/awhile +Marking for deletion Pod default/awhile' 'an Event says why'
k taint node node-1 a- > /dev/null
eventually 'and why not, when the taint is gone' 5 eval "k get events --field-selector involvedObject.name=saved | grep -q 'Cancelling deletion of Pod default/saved'"

condition node-1 MemoryPressure True
eventually 'a condition becomes a taint' 5 prints 'node.kubernetes.io/memory-pressure:NoSchedule' taints node-1
condition node-1 MemoryPressure False
eventually 'and goes with it' 5 prints '' taints node-1
k cordon node-1 > /dev/null
eventually 'a cordon as well' 5 prints 'node.kubernetes.io/unschedulable:NoSchedule' taints node-1
k uncordon node-1 > /dev/null
eventually 'is a taint' 5 prints '' taints node-1
condition node-1 Ready Unknown
eventually 'a silent node is unreachable' 5 prints 'node.kubernetes.io/unreachable:NoExecute node.kubernetes.io/unreachable:NoSchedule' taints node-1
k run lone --image i > /dev/null
is "$(k get pod lone -o json | jq -c '[.spec.tolerations[] | [.key, .tolerationSeconds]]')" '[["node.kubernetes.io/not-ready",300],["node.kubernetes.io/unreachable",300]]' 'which pods bear for five minutes'
condition node-1 Ready True
eventually 'until it is back' 5 prints '' taints node-1
done_testing
