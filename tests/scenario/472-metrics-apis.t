#!/bin/bash
# Autoscalers by what other servers measure: custom and external metrics.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 1
wait_until 5 k get sa default
for name in hits load jobs none; do
	k create deployment $name --image i > /dev/null
done
k rollout status deployment hits --timeout 15s > /dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=metrics -keyout "$T/key" -out "$T/crt" 2> /dev/null
python3 "$root/tests/lib/metrics_api.py" "$T/crt" "$T/key" "$T/port" "$(k get pods -l app=hits -o 'jsonpath={.items[0].metadata.name}')" > "$T/asked" &
background_pids+=($!)
eventually 'the other server is there' 10 test -s "$T/port"
k create service externalname metrics --external-name localhost > /dev/null
for name in v1beta2.custom.metrics.k8s.io v1beta1.external.metrics.k8s.io; do
	printf '%s' '{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"'$name'"},
	"spec":{"group":"'"${name#*.}"'","version":"'"${name%%.*}"'","groupPriorityMinimum":100,"versionPriority":100,"insecureSkipTLSVerify":true,
	"service":{"namespace":"default","name":"metrics","port":'"$(cat "$T/port")"'}}}' | k create -f - > /dev/null
	check "$name" k wait --for=condition=Available apiservice $name --timeout 10s
done
autoscaler() { # NAME METRIC
	printf '%s' '{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"'"$1"'"},"spec":{
	"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"'"$1"'"},"maxReplicas":4,"metrics":['"$2"']}}' | k create -f - > /dev/null
}
size() { k get deploy "$1" -o 'jsonpath={.spec.replicas}'; }
metric() { k get hpa "$1" -o json | jq -cS '.status.currentMetrics[0]'; }
autoscaler hits '{"type":"Pods","pods":{"metric":{"name":"hits","selector":{"matchLabels":{"verb":"GET"}}},"target":{"type":"AverageValue","averageValue":"1"}}}'
autoscaler load '{"type":"Object","object":{"metric":{"name":"load"},"describedObject":{"apiVersion":"v1","kind":"Service","name":"s"},"target":{"type":"AverageValue","averageValue":"2500m"}}}'
autoscaler jobs '{"type":"External","external":{"metric":{"name":"jobs"},"target":{"type":"AverageValue","averageValue":"2500m"}}}'
autoscaler none '{"type":"External","external":{"metric":{"name":"none"},"target":{"type":"Value","value":"1"}}}'
eventually 'by what pods tell' 10 prints 3 size hits
eventually 'by what another object tells' 10 prints 2 size load
eventually 'by what no object tells' 10 prints 3 size jobs
is "$(metric hits)" '{"pods":{"current":{"averageValue":"3"},"metric":{"name":"hits","selector":{"matchLabels":{"verb":"GET"}}}},"type":"Pods"}' 'the status of pods'
like "$(metric load)" '^\{"object":\{"current":\{"averageValue":"(5|2500m)"\},"describedObject":\{"apiVersion":"v1","kind":"Service","name":"s"\},"metric":\{"name":"load"\}\},"type":"Object"\}$' 'of an object'
like "$(metric jobs)" '^\{"external":\{"current":\{"averageValue":"(7500m|2500m)"\},"metric":\{"name":"jobs"\}\},"type":"External"\}$' 'of neither'
check 'the labels are asked for' grep -qF '/pods/%2A/hits?labelSelector=app%3Dhits&metricLabelSelector=verb%3DGET' "$T/asked"
fault() { [[ $(k get hpa none -o json | jq -r '.status.conditions[] | select(.type == "ScalingActive").message') == 'the HPA was unable to compute the replica count: unable to get external metric default/none/nil: unable to fetch metrics from external metrics API: there is no such metric' ]]; }
eventually "the other server's words" 10 fault
done_testing
