#!/bin/bash
# What simulated pods and nodes use: metrics.k8s.io, kubectl top, who may read it, and who takes it over.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
group=/apis/metrics.k8s.io/v1beta1
printf '%s' '{"kind":"List","apiVersion":"v1","items":[
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"told","labels":{"app":"a"},"annotations":{"nutshell.dev/cpu":"250m","nutshell.dev/memory":"64Mi"}},
 "spec":{"nodeName":"node-0","containers":[{"name":"x","image":"i"},{"name":"y","image":"i"}]}},
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"asks","labels":{"app":"b"}},
 "spec":{"nodeName":"node-0","containers":[{"name":"x","image":"i","resources":{"requests":{"cpu":"2","memory":"1Gi"}}}]}},
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"idle"},"spec":{"nodeName":"node-1","containers":[{"name":"x","image":"i"}]}},
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"waits"},"spec":{"schedulerName":"none","containers":[{"name":"x","image":"i"}]}}]}' > "$T/pods.json"
check 'pods' k create -f "$T/pods.json"
check 'run' k wait --for=condition=Ready pod told asks idle --timeout 10s

is "$(api GET /apis/metrics.k8s.io | jq -r .preferredVersion.groupVersion)" metrics.k8s.io/v1beta1 'the group'
is "$(api GET $group | jq -c '[.resources[] | [.name, .singularName, .namespaced, .kind, .verbs]]')" \
	'[["nodes","",false,"NodeMetrics",["get","list"]],["pods","",true,"PodMetrics",["get","list"]]]' 'its resources'
is "$(api GET $group/namespaces/default/pods/told | jq -c '[.kind, .apiVersion, .metadata.name, .metadata.namespace, .metadata.labels, .window, .containers]')" \
	'["PodMetrics","metrics.k8s.io/v1beta1","told","default",{"app":"a"},"1s",[{"name":"x","usage":{"cpu":"125m","memory":"32Mi"}},{"name":"y","usage":{"cpu":"125m","memory":"32Mi"}}]]' 'a pod that says what it uses' ||
	api GET $group/namespaces/default/pods/told
is "$(api GET $group/namespaces/default/pods/told | jq -c '[.timestamp == .metadata.creationTimestamp, .metadata.resourceVersion, .metadata.uid]')" '[true,null,null]' 'is made on the spot'
is "$(api GET $group/namespaces/default/pods/asks | jq -c .containers)" '[{"name":"x","usage":{"cpu":"200m","memory":"107374182"}}]' 'a tenth of the requests'
is "$(api GET $group/namespaces/default/pods/idle | jq -c .containers)" '[{"name":"x","usage":{"cpu":"1m","memory":"4Mi"}}]' 'or next to nothing'
is "$(api GET $group/namespaces/default/pods/waits | jq -r .message)" 'podmetrics.metrics.k8s.io "default/waits" not found' 'nothing of what does not run'
is "$(api GET "$group/pods?labelSelector=app" | jq -c '[.kind, .metadata, [.items[].metadata.name]]')" '["PodMetricsList",{},["asks","told"]]' 'a list by labels'
is "$(api GET $group/nodes | jq -c '[.kind, [.items[] | [.metadata.name, .usage.cpu]]]')" '["NodeMetricsList",[["node-0","500m"],["node-1","51m"]]]' 'nodes'
is "$(api GET $group/nodes/node-9 | jq -r .message)" 'nodemetrics.metrics.k8s.io "node-9" not found' 'there is no such node'
is "$(api_code POST $group/namespaces/default/pods -H 'Content-Type: application/json' -d '{}') $(api_code DELETE $group/nodes/node-0)" '405 405' 'nothing can be written'
is "$(api GET /openapi/v3/apis/metrics.k8s.io/v1beta1 | jq -c '.components.schemas | has("io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics")')" true 'OpenAPI'
is "$(k get podmetrics told --no-headers | tr -s ' ')" 'told 250m 64Mi 1s' 'as a table'

for version in 127 135; do
	name=KUBECTL_$version
	top() { "${!name}" --kubeconfig "$T/main/kubeconfig" top "$@"; }
	is "$(top pods --no-headers | tr -s ' ')" $'asks 200m 102Mi \nidle 1m 4Mi \ntold 250m 64Mi ' "kubectl $version top pods"
	is "$(top pod told --containers --no-headers | tr -s ' ')" $'told x 125m 32Mi \ntold y 125m 32Mi ' "kubectl $version top pod --containers"
	like "$(top nodes --no-headers | tr -s ' ')" $'^node-0 500m [0-9]+% [0-9]+Mi [0-9]+% \nnode-1 51m ' "kubectl $version top nodes"
done
k annotate pod told --overwrite nutshell.dev/cpu=1 > /dev/null
is "$(k top pod told --no-headers | tr -s ' ')" 'told 1000m 64Mi ' 'it changes at any time'

k create sa reader > /dev/null
check_fails 'not everybody may read it' 'pods.metrics.k8s.io is forbidden' k --as system:serviceaccount:default:reader top pods
k create rolebinding reader --clusterrole view --serviceaccount default:reader > /dev/null
eventually 'those who may view do' 5 k --as system:serviceaccount:default:reader top pods

# another server takes the version over
printf '%s' '{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1beta1.metrics.k8s.io"},
"spec":{"group":"metrics.k8s.io","version":"v1beta1","groupPriorityMinimum":100,"versionPriority":100,"insecureSkipTLSVerify":true,
"service":{"namespace":"kube-system","name":"metrics-server"}}}' > "$T/service.json"
check 'a metrics server is registered' k create -f "$T/service.json"
code() { [[ $(api_code GET $group/nodes) == "$1" ]]; }
eventually 'nothing is answered for it' 5 code 503
k delete -f "$T/service.json" > /dev/null
eventually 'until it is gone' 5 code 200
done_testing
