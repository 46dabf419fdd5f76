#!/bin/bash
# kubectl and running pods: run, wait, logs, exec, cp, port-forward, drain, cordon, taint, force delete.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2

phase() { k get pod "$1" -o 'jsonpath={.status.phase}'; }
pods_on() { k get pods -A --field-selector "spec.nodeName=$1" -o name | wc -l; }

check 'run' k run one --image=busybox --restart=Never -- sleep 1000
check 'wait for Ready' k wait --for=condition=Ready pod/one --timeout=20s
check "wait for a field" k wait --for='jsonpath={.status.phase}'=Running pod/one --timeout=20s
for client in k127 k133 k; do
	like "$($client logs one)" 'container one' "$client logs"
	like "$($client logs one --tail=1 --timestamps)" '^[0-9-]+T[0-9:.]+Z' "$client logs --timestamps"
done
for client in k133 k; do
	is "$($client exec one -- echo hello)" hello "$client exec"
	$client exec one -- sh -c 'exit 3' 2> /dev/null
	is $? 3 "$client exec gives the exit code"
	is "$(echo some input | $client exec -i one -- cat)" 'some input' "$client exec -i ends with its input"
done
check 'run --rm -i ends by itself' k run short --image=busybox --restart=Never --rm -i --quiet -- sleep 0
check_fails 'which leaves nothing' 'NotFound' k get pod short
check 'run with labels, env, port' k run two --image=i --labels=a=b --env=X=y --port=80
is "$(k get pod two -o json | jq -c '[.metadata.labels, .spec.containers[0].env, .spec.containers[0].ports]')" \
	'[{"a":"b"},[{"name":"X","value":"y"}],[{"containerPort":80,"protocol":"TCP"}]]' 'all of it is there'
check 'expose a pod' k expose pod two --port=80
check 'set resources on a template' k create deployment web --image=i --replicas=4
check 'rollout' k rollout status deploy/web --timeout=20s

check 'cordon' k cordon node-0
like "$(k get node node-0)" 'Ready,SchedulingDisabled' 'get nodes shows it'
check 'scale' k scale deploy web --replicas=6
check 'rollout' k rollout status deploy/web --timeout=20s
check 'uncordon' k uncordon node-0
check 'drain' k drain node-0 --ignore-daemonsets --force --delete-emptydir-data --timeout=60s
is "$(pods_on node-0)" 0 'nothing is left there'
check 'the rest runs elsewhere' k rollout status deploy/web --timeout=20s
check 'uncordon' k uncordon node-0
check 'taint' k taint node node-0 dedicated=x:NoSchedule
check 'pods come back' k rollout restart deploy/web
check 'elsewhere' k rollout status deploy/web --timeout=20s
is "$(k get pods -l app=web --field-selector spec.nodeName=node-0 -o name | wc -l)" 0 'nobody goes to a tainted node'
check 'untaint' k taint node node-0 dedicated-
check_fails 'untaint twice' 'taint "dedicated" not found' k taint node node-0 dedicated-
like "$(k describe node node-0)" 'Non-terminated Pods.*Allocated resources' 'describe node adds up'
check 'label a node' k label node node-0 disk=ssd
k run chosen --image=i --overrides='{"spec":{"nodeSelector":{"disk":"ssd"}}}' > /dev/null
check 'a nodeSelector' k wait --for='jsonpath={.spec.nodeName}'=node-0 pod/chosen --timeout=20s

k create poddisruptionbudget keep --selector=app=web --min-available=6 > /dev/null
pod=$(k get pods -l app=web -o 'jsonpath={.items[0].metadata.name}')
eviction='{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"'$pod'"}}'
# whether the budget knows its pods yet or not: 429 in either case
is "$(api_json POST "/api/v1/namespaces/default/pods/$pod/eviction" "$eviction" | jq -c '[.code, .reason]')" \
	'[429,"TooManyRequests"]' 'a disruption budget is kept'
k delete pdb keep > /dev/null
is "$(api_json POST "/api/v1/namespaces/default/pods/$pod/eviction" "$eviction" | jq -r .status)" Success 'an eviction without'

check 'delete' k delete pod one --timeout=60s
check 'delete now' k delete pod two --now --timeout=20s
check 'delete by force' k delete pod chosen --grace-period=0 --force
check 'delete with orphans' k delete deploy web --cascade=orphan
is "$(k get rs -l app=web -o name | wc -l)" 2 'the ReplicaSets are still there'
check 'delete in the foreground' k delete rs -l app=web --cascade=foreground --timeout=30s
is "$(k get pods -l app=web -o json | jq '[.items[] | select(.metadata.deletionTimestamp == null)] | length')" 0 'its pods are gone'
stop_server
done_testing
