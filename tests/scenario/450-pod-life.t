#!/bin/bash
# The life of simulated pods: ends, restarts, deadlines, sidecars, gates, debug containers, resizes, a restarted server.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --pod-cidr 10.42.0.0/28
wait_until 5 k get sa default
pod() { # NAME SPEC-MEMBERS CONTAINER-MEMBERS [ANNOTATIONS]
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'","annotations":{'"${4-}"'}},"spec":{'"${2:+$2,}"'"containers":[{"name":"c","image":"i"'"${3:+,$3}"'}]}}' -o /dev/null
}
phase() { k get pod "$1" -o 'jsonpath={.status.phase}'; }
field() { k get pod "$1" -o json | jq -c "$2"; }
never='"restartPolicy":"Never"'

pod once "$never" ''
eventually 'a pod that is meant to end ends' 5 prints Succeeded phase once
is "$(field once '.status.containerStatuses[0].state.terminated | [.exitCode, .reason]')" '[0,"Completed"]' 'with code 0'
is "$(field once '[.status.conditions[] | select(.type | test("Ready$")) | .status, .reason] | unique')" '["False","PodCompleted"]' 'and is not ready'
pod fails "$never" '' '"nutshell.dev/exit-code":"3","nutshell.dev/run-for":"100ms"'
eventually 'or fails' 5 prints Failed phase fails
pod again '"restartPolicy":"OnFailure"' '' '"nutshell.dev/exit-code":"1"'
eventually 'OnFailure backs off' 5 prints '["CrashLoopBackOff",1,1]' field again '.status.containerStatuses[0] | [.state.waiting.reason, .restartCount, .lastState.terminated.exitCode]'
pod naps "$never" '"command":["sh","-c","echo sleepy; sleep   1.2s && echo done"]'
eventually 'a sleeping one' 5 prints Running phase naps
eventually 'runs for its sleep' 5 prints Succeeded phase naps
is "$(field naps '.status.containerStatuses[0].state.terminated | (.finishedAt | fromdate) - (.startedAt | fromdate) | . >= 1 and . <= 3')" true 'about'
pod dead '"activeDeadlineSeconds":1' ''
eventually 'a deadline' 5 prints '["Failed","DeadlineExceeded"]' field dead '[.status.phase, .status.reason]'
pod side "$never"',"initContainers":[{"name":"i","image":"i"},{"name":"s","image":"i","restartPolicy":"Always"}]' '"command":["sleep","1"]'
eventually 'a sidecar runs beside' 5 prints '["i",true,"s",false]' field side '[.status.initContainerStatuses[] | .name, (.state.terminated != null)]'
eventually 'and ends with the pod' 5 prints '["Succeeded",true]' field side '[.status.phase, (.status.initContainerStatuses[1].state.terminated != null)]'

pod gated '"readinessGates":[{"conditionType":"example.com/g"}]' ''
ready() { field "$1" '.status.conditions[] | select(.type == "Ready") | [.status, .reason]'; }
eventually 'a readiness gate' 5 prints '["False","ReadinessGatesNotReady"]' ready gated
k patch pod gated --subresource status -p '{"status":{"conditions":[{"type":"example.com/g","status":"True"}]}}' > /dev/null
eventually 'opens' 5 prints '["True",null]' ready gated
k debug gated --image dbg -c dbg > /dev/null 2>&1
eventually 'a debug container runs' 5 prints '["dbg",true]' field gated '.status.ephemeralContainerStatuses[0] | [.name, (.state.running != null)]'
k patch pod gated --subresource resize -p '{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"2"}}}]}}' > /dev/null
eventually 'a resize arrives' 5 prints '["2","2"]' field gated '.status.containerStatuses[0] | [.resources.requests.cpu, .allocatedResources.cpu]'

pod held '' ''
wait_until 5 prints Running phase held
k patch pod held -p '{"metadata":{"finalizers":["example.com/f"]}}' > /dev/null
k delete pod held --wait=false > /dev/null
eventually 'a deleted pod with a finalizer has ended' 5 prints '["Failed",143]' field held '[.status.phase, .status.containerStatuses[0].state.terminated.exitCode]'
k patch pod held --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null
eventually 'and goes with it' 5 prints '' k get pod held --ignore-not-found -o name

# /28: 14 addresses; finished pods hold none
k delete pods --all > /dev/null
for i in $(seq 20); do pod done$i "$never" ''; done
eventually 'finished pods give their addresses back' 10 prints 20 eval "k get pods -o json | jq '[.items[] | select(.status.phase == \"Succeeded\")] | length'"
k create deployment many --image i --replicas 16 > /dev/null
runs() { k get pods -l app=many -o json | jq '[.items[] | select(.status.phase == "Running")] | length'; }
eventually 'as many as there are addresses run' 10 prints 14 runs
is "$(k get pods -l app=many -o json | jq '[.items[].status.podIP // empty] | length == (unique | length)')" true 'each with its own'
like "$(k events)" 'FailedCreatePodSandBox' 'the others say why'
k delete pods -l batch!=x --field-selector status.phase=Succeeded > /dev/null
k scale deployment many --replicas 12 > /dev/null
eventually 'fewer all run' 15 prints 12 eval "k get pods -l app=many -o json | jq '.items | length'"

pod long "$never" '"command":["sleep","4"]'
eventually 'a server that stops in the middle' 5 prints Running phase long
ips=$(k get pods -o json | jq -c '[.items[] | [.metadata.name, .status.podIP]] | sort')
stop_server main KILL
start_server --pod-cidr 10.42.0.0/28
is "$(k get pods -o json | jq -c '[.items[] | [.metadata.name, .status.podIP]] | sort')" "$ips" 'goes on'
pod after '' ''
eventually 'new pods run' 5 prints Running phase after
is "$(k get pods -o json | jq '[.items[].status.podIP] | length == (unique | length)')" true 'with addresses of their own'
eventually 'what was meant to end ends' 8 prints Succeeded phase long
done_testing
