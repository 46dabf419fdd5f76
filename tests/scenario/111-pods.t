#!/bin/bash
# log, exec, attach and port-forward up to the host: what is refused, and that they pass.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

pods=/api/v1/namespaces/default/pods
# In the background only: becomes curl, so that its pid is the client's.
stream() { # PATH
	exec curl -sSN --cacert "$T/$server/ca.pem" --cert "$T/$server/cert.pem" --key "$T/$server/key.pem" "$server_url$1"
}
said() { jq -r '"\(.code) \(.reason) \(.message)"'; }
pod() { # NAME SPEC-MEMBERS CONTAINERS [METADATA-MEMBERS]
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"%s},"spec":{%s"containers":[%s]}}' "$1" "${4-}" "$2" "$3" |
		k create -f - > /dev/null
}
one='{"name":"a","image":"i"}' two='{"name":"a","image":"i"},{"name":"b","image":"i"}'
eventually 'the default account' 5 k get serviceaccount default
pod single '' "$one"
pod double '"initContainers":[{"name":"init","image":"i"}],' "$two"
pod chosen '' "$two" ',"annotations":{"kubectl.kubernetes.io/default-container":"b"}'
pod nowhere '"schedulerName":"nobody",' "$one"
for p in single double chosen; do
	eventually "$p runs" 10 prints Running k get pod $p -o 'jsonpath={.status.phase}'
done

is "$(api GET $pods/none/log | said)" '404 NotFound pods "none" not found' 'no such pod'
is "$(api GET $pods/double/log | said)" \
	'400 BadRequest a container name must be specified for pod double, choose one of: [init a b]' 'several containers'
is "$(api GET "$pods/single/log?container=zz" | said)" '400 BadRequest container zz is not valid for pod single' 'no such container'
is "$(api GET "$pods/single/exec?container=zz&command=x" | said)" '400 BadRequest container zz is not valid for pod single' 'nor for exec'
is "$(api GET "$pods/double/log?container=b" -o /dev/null -w '%{http_code} %{content_type}')" '200 text/plain' 'a container by name'
is "$(api_code GET $pods/chosen/log)" 200 'the annotated container'
is "$(api_code GET $pods/single/log)" 200 'the only container'
for q in tailLines=-1 limitBytes=0 sinceSeconds=0 'sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z'; do
	is "$(api GET "$pods/single/log?$q" | jq -c '[.code, .details.kind]')" '[422,"PodLogOptions"]' "refused: $q"
done
is "$(api GET "$pods/single/log?tailLines=x" | jq .code)" 400 'refused: tailLines=x'
is "$(api GET $pods/nowhere/log -w '%{http_code}')" 200 'a pod without a node has an empty log'
is "$(api GET "$pods/nowhere/exec?command=x" | said)" '400 BadRequest pod nowhere does not have a host assigned' 'and no exec'
is "$(api GET "$pods/single/exec?command=x" | said)" '400 BadRequest Upgrade request required' 'exec without an upgrade'
is "$(api GET $pods/single/portforward | said)" '400 BadRequest Upgrade request required' 'port-forward without an upgrade'
is "$(api GET $pods/single/proxy/x | jq -c '[.code, .reason]')" '[503,"ServiceUnavailable"]' 'proxy says that it is not there'
api PATCH $pods/nowhere/status -H 'Content-Type: application/merge-patch+json' -d '{"status":{"containerStatuses":[{"name":"a","ready":false,
	"restartCount":0,"image":"i","imageID":"","state":{"waiting":{"reason":"ContainerCreating"}}}]}}' -o /dev/null
api_json POST $pods/nowhere/binding '{"metadata":{"name":"nowhere"},"target":{"kind":"Node","name":"elsewhere"}}' -o /dev/null
is "$(api GET $pods/nowhere/log | said)" \
	'400 BadRequest container "a" in pod "nowhere" is waiting to start: ContainerCreating' 'a container that has not started'
is "$(api GET "$pods/nowhere/log?previous=true" | said)" \
	'400 BadRequest previous terminated container "a" in pod "nowhere" not found' 'nor run before'

like "$(k logs single)" 'container a' 'kubectl logs'
stream "$pods/single/log?follow=true" > "$T/follow" &
follower=$!
streams() { api GET /metrics | sed -n 's/^nutshell_log_streams //p'; }
eventually 'a followed log is open' 5 prints 1 streams
wait_until 5 test -s "$T/follow"
kill $follower
eventually 'and ends with its client' 10 prints 0 streams
is "$(k exec single -- echo hello)" hello 'kubectl exec'
k exec single -- sh -c 'exit 3' > /dev/null 2>&1
is $? 3 'and its exit code'
stream "$pods/single/log?follow=true" > /dev/null 2>&1 &
eventually 'a log is followed' 5 prints 1 streams
stop_server
done_testing
