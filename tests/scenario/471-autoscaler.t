#!/bin/bash
# HorizontalPodAutoscalers: sizes by what simulated pods use, limits, behavior, conditions, events, faults.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
status() { k get hpa "$1" -o json | jq -cS '.status'; }
condition() { # HPA TYPE
	k get hpa "$1" -o json | jq -r --arg t "$2" '.status.conditions[]? | select(.type == $t) | "\(.status) \(.reason) \(.message)"'
}
size() { k get "$1" "$2" -o 'jsonpath={.spec.replicas}'; }
load() { # APP CPU
	k annotate pods -l "app=$1" --overwrite "nutshell.dev/cpu=$2" > /dev/null
}
events() { k get events --field-selector "involvedObject.name=$1" -o json | jq -r '.items[] | "\(.type) \(.reason) \(.message)"'; }
tells() { events "$1" | grep -qxF "$2"; }
workload() { # NAME [REPLICAS]
	printf '%s' '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"'"$1"'"},"spec":{"replicas":'"${2-1}"',
	"selector":{"matchLabels":{"app":"'"$1"'"}},"template":{"metadata":{"labels":{"app":"'"$1"'"}},
	"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}}}' | k create -f - > /dev/null
}
# NAME MIN MAX METRICS [BEHAVIOR] [KIND APIVERSION]
autoscaler() {
	printf '%s' '{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"'"$1"'"},"spec":{
	"scaleTargetRef":{"apiVersion":"'"${7-apps/v1}"'","kind":"'"${6-Deployment}"'","name":"'"$1"'"},"minReplicas":'"$2"',"maxReplicas":'"$3"',
	"metrics":'"$4"'	'"${5:+,\"behavior\":$5}"'}}' | k apply -f - > /dev/null
}
cpu50='[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]'
at_once='{"scaleDown":{"stabilizationWindowSeconds":0}}'

# kubectl autoscale
workload web
k rollout status deployment web --timeout 15s > /dev/null
check 'kubectl autoscale' k autoscale deployment web --min 1 --max 5 --cpu-percent 50
active() { [[ $(condition "$1" ScalingActive) == True* ]]; }
eventually 'it is active' 10 active web
is "$(condition web ScalingActive)" 'True ValidMetricFound the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)' 'ScalingActive'
load web 100m
eventually 'load makes it grow' 10 prints 2 size deploy web
like "$(condition web AbleToScale)" '^True (SucceededRescale the HPA controller was able to update the target scale to 2|ReadyForNewScale recommended size matches current size)$' 'AbleToScale'
eventually 'an event tells it' 5 tells web 'Normal SuccessfulRescale New size: 2; reason: cpu resource utilization (percentage of request) above target'
k rollout status deployment web --timeout 15s > /dev/null
load web 400m
eventually 'as far as it may' 20 prints 5 size deploy web
limited() { [[ $(condition web ScalingLimited) == 'True TooManyReplicas the desired replica count is more than the maximum replica count' ]]; }
k rollout status deployment web --timeout 15s > /dev/null
load web 400m
eventually 'ScalingLimited' 10 limited
is "$(status web | jq -cS '[.currentReplicas, .desiredReplicas, .currentMetrics, (.lastScaleTime != null)]')" \
	'[5,5,[{"resource":{"current":{"averageUtilization":400,"averageValue":"400m"},"name":"cpu"},"type":"Resource"}],true]' 'what is used now'
is "$(k get hpa web --no-headers | tr -s ' ' | cut -d' ' -f1-6)" 'web Deployment/web cpu: 400%/50% 1 5' 'as a table'
like "$(k describe hpa web)" 'resource cpu on pods +\(as a percentage of request\): +400% \(400m\) / 50%' 'kubectl describe'
load web 1m
stable() { [[ $(condition web AbleToScale) == 'True ScaleDownStabilized recent recommendations were higher than current one, applying the highest recent recommendation' ]]; }
eventually 'it does not shrink at once' 10 stable
is "$(size deploy web)" 5 'for five minutes'
k patch hpa web --type merge -p '{"spec":{"behavior":'"$at_once"'}}' > /dev/null
eventually 'unless its behavior says so' 10 prints 1 size deploy web
eventually 'an event tells that too' 5 tells web 'Normal SuccessfulRescale New size: 1; reason: All metrics below target'

# limits of the spec, zero
k scale deployment web --replicas 9 > /dev/null
k patch hpa web --type merge -p '{"spec":{"maxReplicas":4}}' > /dev/null
eventually 'never above the maximum' 10 prints 4 size deploy web
eventually 'for this reason' 5 tells web 'Normal SuccessfulRescale New size: 4; reason: Current number of replicas above Spec.MaxReplicas'
k scale deployment web --replicas 0 > /dev/null
k patch hpa web --type merge -p '{"spec":{"minReplicas":2}}' > /dev/null
off() { [[ $(condition web ScalingActive) == 'False ScalingDisabled scaling is disabled since the replica count of the target is zero' ]]; }
eventually 'zero turns it off' 10 off
k delete hpa,deploy web > /dev/null

# behavior: policies
workload slow 2
k rollout status deployment slow --timeout 15s > /dev/null
load slow 1
autoscaler slow 1 10 "$cpu50" '{"scaleUp":{"policies":[{"type":"Pods","value":1,"periodSeconds":600}]},"scaleDown":{"selectPolicy":"Disabled","stabilizationWindowSeconds":0}}'
eventually 'a policy lets one more come' 10 prints 3 size deploy slow
k rollout status deployment slow --timeout 15s > /dev/null
load slow 1
slowed() { [[ $(condition slow ScalingLimited) == 'True ScaleUpLimit the desired replica count is increasing faster than the maximum scale rate' ]]; }
eventually 'and no other' 10 slowed
load slow 1m
held() { [[ $(condition slow ScalingLimited) == 'True ScaleDownLimit the desired replica count is decreasing faster than the maximum scale rate' ]]; }
eventually 'none may go' 10 held
is "$(size deploy slow)" 3 'as the policies say'
k delete hpa,deploy slow > /dev/null

# memory by average value, a container, two metrics
workload mem 2
k rollout status deployment mem --timeout 15s > /dev/null
k annotate pods -l app=mem nutshell.dev/memory=96Mi nutshell.dev/cpu=10m > /dev/null
autoscaler mem 1 3 '[{"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"64Mi"}}},
	{"type":"ContainerResource","containerResource":{"name":"cpu","container":"c","target":{"type":"Utilization","averageUtilization":10}}}]'
eventually 'the larger of two proposals' 10 prints 3 size deploy mem
k rollout status deployment mem --timeout 15s > /dev/null
k annotate pods -l app=mem --overwrite nutshell.dev/memory=96Mi nutshell.dev/cpu=10m > /dev/null
metrics() { status "$1" | jq -c .currentMetrics; }
eventually 'both are told' 10 prints '[{"resource":{"current":{"averageValue":"96Mi"},"name":"memory"},"type":"Resource"},{"containerResource":{"container":"c","current":{"averageUtilization":10,"averageValue":"10m"},"name":"cpu"},"type":"ContainerResource"}]' metrics mem
k delete hpa,deploy mem > /dev/null

# faults
workload bare
autoscaler bare 1 3 '[{"type":"Resource","resource":{"name":"cpu","target":{"type":"AverageValue","averageValue":"1"}}},
	{"type":"Pods","pods":{"metric":{"name":"hits"},"target":{"type":"AverageValue","averageValue":"1"}}},
	{"type":"Object","object":{"metric":{"name":"load"},"describedObject":{"apiVersion":"v1","kind":"Service","name":"s"},"target":{"type":"Value","value":"1"}}},
	{"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"Value","value":"1"}}}]'
eventually 'no custom metrics' 10 tells bare 'Warning FailedGetPodsMetric unable to get metric hits: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered'
eventually 'of objects' 5 tells bare 'Warning FailedGetObjectMetric unable to get metric load: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered on Service default/s'
eventually 'no external metrics' 5 tells bare 'Warning FailedGetExternalMetric unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)'
k delete hpa,deploy bare > /dev/null
autoscaler lost 1 3 "$cpu50"
lost() { [[ $(condition lost AbleToScale) == "False FailedGetScale the HPA controller was unable to get the target's current scale: deployments.apps \"lost\" not found" ]]; }
eventually 'no target' 10 lost
k delete hpa lost > /dev/null
k create deployment asks --image i > /dev/null
k rollout status deployment asks --timeout 15s > /dev/null
autoscaler asks 1 3 "$cpu50"
asks() { [[ $(condition asks ScalingActive) == 'False FailedGetResourceMetric the HPA was unable to compute the replica count: failed to get cpu utilization: missing request for cpu in container i of Pod asks-'* ]]; }
eventually 'no requests' 10 asks
like "$(events asks)" 'Warning FailedComputeMetricsReplicas invalid metrics \(1 invalid out of 1\), first error is: failed to get cpu resource metric value: failed to get cpu utilization: missing request' 'and all of it'
is "$(status asks | jq -c .currentMetrics)" '[{"type":""}]' 'its status'
k delete hpa,deploy asks > /dev/null

# a custom resource
printf '%s' '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"herds.crd.test"},
"spec":{"group":"crd.test","scope":"Namespaced","names":{"plural":"herds","singular":"herd","kind":"Herd","listKind":"HerdList"},
"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}},
"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size","labelSelectorPath":".status.selector"}}}]}}' | k create -f - > /dev/null
k wait --for=condition=Established crd herds.crd.test --timeout 10s > /dev/null
printf '%s' '{"apiVersion":"crd.test/v1","kind":"Herd","metadata":{"name":"cows"},"spec":{"size":1}}' | k create -f - > /dev/null
k patch herd cows --subresource status --type merge -p '{"status":{"size":1,"selector":"app=cows"}}' > /dev/null
k run cow --image i --labels app=cows --annotations nutshell.dev/cpu=100m --overrides '{"spec":{"containers":[{"name":"cow","image":"i","resources":{"requests":{"cpu":"100m"}}}]}}' > /dev/null
k wait --for=condition=Ready pod cow --timeout 10s > /dev/null
autoscaler cows 1 9 "$cpu50" '' Herd crd.test/v1
eventually 'a custom resource grows' 10 prints 2 k get herd cows -o 'jsonpath={.spec.size}'

chart=$root/../shared/manifests/podinfo
if [ -d "$chart" ]; then
	check 'podinfo with its autoscaler' helm install podinfo "$chart" --set hpa.enabled=true --set hpa.cpu=50 --set hpa.maxReplicas=4 \
		--set resources.requests.cpu=100m --set resources.requests.memory=64Mi --wait --timeout 30s
	k annotate pods -l app.kubernetes.io/name=podinfo nutshell.dev/cpu=200m > /dev/null
	eventually 'grows' 15 prints 4 size deploy podinfo
else
	skip 'podinfo with its autoscaler' 'the chart is not here'
fi
done_testing
