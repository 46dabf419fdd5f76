#!/bin/bash
# timeout: 240
# The host goes away and comes back: the virtual cluster keeps what it has, says what it cannot do, and recovers
# by itself.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server --as host --nodes 2
listen=${server_url#https://}
k create ns team-a > /dev/null
start_server --as tenant --host kubernetes --host-kubeconfig "$(kubeconfig_of host)" --host-namespace team-a
on() { KUBECONFIG=$(kubeconfig_of "$1") k "${@:2}"; } # SERVER KUBECTL-ARGUMENTS

on tenant create deployment web --image=nginx --replicas=2 > /dev/null
on tenant create svc clusterip web --tcp=80 > /dev/null
eventually "pods run" 20 prints 2 on tenant get deploy web -o 'jsonpath={.status.readyReplicas}'
uids=$(on tenant get pods -o 'jsonpath={.items[*].metadata.uid}')
hosts=$(on host -n team-a get pods -o name | sort)

stop_server host
check_fails "a service cannot be made while the host is away" 'ServiceUnavailable|unable to handle|connect' \
	on tenant create svc clusterip late --tcp=80
check_fails "nor a log read" 'host|connect|unavailable' on tenant logs deploy/web
check_fails "the refused service is not there" NotFound on tenant get svc late
check "everything else works" on tenant create cm while-away
is "$(on tenant get pods -o 'jsonpath={.items[*].metadata.uid}')" "$uids" "no pod is given up"
on tenant delete pod -l app=web --wait=false > /dev/null # half of it has to wait for the host
on tenant run late --image=nginx > /dev/null
sleep 3

start_server --as host --nodes 2 --listen "$listen"
eventually "the late pod runs after the host is back" 60 prints Running \
	on tenant get pod late -o 'jsonpath={.status.phase}'
eventually "the deployment is complete again" 60 prints 2 \
	on tenant get deploy web -o 'jsonpath={.status.readyReplicas}'
unlike "$(on tenant get pods -l app=web -o 'jsonpath={.items[*].metadata.uid}')" "${uids%% *}" "with new pods"
gone_all() { [ -z "$(comm -12 <(echo "$hosts") <(on host -n team-a get pods -o name | sort))" ]; }
eventually "the deleted ones are gone on the host" 60 gone_all
is "$(on host -n team-a get pods -o name | wc -l)" 3 "and nothing is there twice"
check "services can be made again" on tenant create svc clusterip late --tcp=80

# Stopping takes no longer because the host is silent or a stream is open.
on tenant exec late -- sleep 60 > /dev/null 2>&1 &
sleep 1
start=${EPOCHREALTIME/./}
stop_server tenant
check "the tenant stops within 6 s" [ $((${EPOCHREALTIME/./} - start)) -lt 6000000 ]
echo "# stopped in $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
wait $! 2> /dev/null
is "$(on host -n team-a get lease -o 'jsonpath={.items[0].spec.holderIdentity}')" '' "and gives its lease back"

done_testing
