#!/bin/bash
# timeout: 180
# Logs, exec, attach, nodes and events of pods that run on a host cluster, and two tenants beside each other.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server --as host --nodes 3
k create ns team-a > /dev/null
tenant() { # NAME: one more virtual cluster in team-a, all of the same shown name
	start_server --as "$1" --host kubernetes --host-kubeconfig "$(kubeconfig_of host)" \
		--host-namespace team-a
}
tenant one
tenant two
on() { KUBECONFIG=$(kubeconfig_of "$1") k "${@:2}"; } # SERVER KUBECTL-ARGUMENTS
host_pods() { on host -n team-a get pods --no-headers -o name | wc -l; }

for t in one two; do
	on $t run web --image=nginx > /dev/null
	eventually "tenant $t: a pod runs" 15 prints Running on $t get pod web -o 'jsonpath={.status.phase}'
done
is "$(host_pods)" 2 "two pods of one name are two pods of the host"
is "$(on host -n team-a get cm -o name | grep -c 'configmap/vc-nutshell')" 2 \
	"two clusters of one name have an owner object each"
h1=$(on host -n team-a get pods -o json | jq -r --arg u "$(on one get pod web -o 'jsonpath={.metadata.uid}')" \
	'.items[] | select(.metadata.annotations["nutshell.dev/uid"] == $u) | .metadata.name')

# --- streams -------------------------------------------------------------------------------------

like "$(on one logs web)" 'container web of pod' "logs come through"
check_fails "of an unknown container they do not" 'container nope is not valid' on one logs web -c nope
is "$(on one exec web -- echo hello)" hello "exec"
is "$(echo through | on one exec -i web -- cat)" through "exec with input"
on one exec web -- sh -c 'exit 3' 2> /dev/null
is $? 3 "the exit code arrives"
is "$(head -c 3000000 /dev/zero | on one exec -i web -- cat | wc -c)" 3000000 "three megabytes there and back"
check_fails "what the host refuses is told" 'executable file not found' on one exec web -- no-such-command
unlike "$(on one exec web -- no-such-command 2>&1)" 'team-a|web-default' "no host names in it"
is "$(on one auth can-i create pods/exec)" yes "exec is the virtual cluster's to allow"

# The tenant's own credentials stay here: the host would answer 401 to them.
use_server one
code=$(api_code GET '/api/v1/namespaces/default/pods/web/exec?command=echo&stdout=true' \
	--http1.1 --max-time 3 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
	-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'Impersonate-User: nobody' \
	-H 'Sec-WebSocket-Protocol: v5.channel.k8s.io' 2> /dev/null)
is "$code" 403 "impersonation is the virtual cluster's business"
code=$(api_code GET '/api/v1/namespaces/default/pods/web/exec?command=echo&stdout=true' \
	--http1.1 --max-time 3 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
	-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'X-Remote-User: nobody' -H 'Cookie: a=b' \
	-H 'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.bm8, v5.channel.k8s.io' 2> /dev/null)
is "$code" 101 "headers about the caller do not travel"

on one logs -f web > "$T/follow" 2> /dev/null &
follow=$!
sleep 1
kill $follow
wait $follow 2> /dev/null
like "$(cat "$T/follow")" 'container web' "a followed log"

# --- nodes ---------------------------------------------------------------------------------------

node=$(on one get pod web -o 'jsonpath={.spec.nodeName}')
is "$(on one get nodes -o name)" "node/$node" "the node of the pod exists, and no other"
is "$(on one get node "$node" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" True "it is ready"
eventually "it has the address seen on its pods" 10 prints \
	"$(on host get node "$node" -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')" \
	on one get node "$node" -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'
is "$(on one get node "$node" --show-labels --no-headers | grep -c nutshell.dev/pseudo-node)" 1 \
	"and is marked as a pseudo node"

# --- events --------------------------------------------------------------------------------------

eventually "the host's events are the virtual pod's" 10 prints Started \
	on one get events --field-selector involvedObject.name=web,reason=Started -o 'jsonpath={.items[0].reason}'
unlike "$(on one get events -o json)" 'team-a|web-default' "with virtual names only"
unlike "$(on one get events -o json)" "$(on two get pod web -o 'jsonpath={.metadata.uid}')" \
	"the other tenant's are the other tenant's"
n=$(on one get events --no-headers | wc -l)
stop_server one
tenant one
sleep 2
is "$(on one get events --no-headers | wc -l)" "$n" "a restart tells nothing twice"
is "$(on host -n team-a get pod "$h1" -o 'jsonpath={.status.phase}')" Running "and moves no pod"

# --- one writer ----------------------------------------------------------------------------------

cp -r "$T/one/data" "$T/copy"
timeout 30 "$NUTSHELL" server --data-dir "$T/copy" --listen 127.0.0.1:0 --host kubernetes \
	--host-kubeconfig "$(kubeconfig_of host)" --host-namespace team-a > "$T/second" 2>&1
isnt $? 0 "a second process with the same cluster id does not start"
like "$(cat "$T/second")" 'another process .* already serves this virtual cluster in namespace team-a' "and says why"

# After a crash the next one takes over at once.
stop_server one KILL
start=$EPOCHSECONDS
tenant one
check "after a crash the lease is taken over without waiting" [ $((EPOCHSECONDS - start)) -lt 5 ]

# --- going ---------------------------------------------------------------------------------------

on one delete pod web > /dev/null
eventually "a deleted pod goes on the host" 15 prints '' \
	on host -n team-a get pod "$h1" --ignore-not-found -o name
is "$(host_pods)" 1 "the other tenant's stays"
is "$(on two get pod web -o 'jsonpath={.status.phase}')" Running "and runs"
eventually "a node without pods goes" 20 prints '' on one get nodes -o name
is "$(on two get nodes -o name | wc -l)" 1 "the other tenant's stays"

# The owner object takes all of one tenant with it, and nothing else.
stop_server one
cm=$(on host -n team-a get cm -o json | jq -r --arg id "$(on host -n team-a get pod -o \
	'jsonpath={.items[0].metadata.labels.nutshell\.dev/vc}')" \
	'.items[] | select(.metadata.name | startswith("vc-")) |
	select(.metadata.labels["nutshell.dev/vc"] != $id) | .metadata.name')
on host -n team-a delete cm "$cm" > /dev/null
eventually "deleting the owner object removes a tenant's objects" 20 prints 1 \
	bash -c "KUBECONFIG=$(kubeconfig_of host) $KUBECTL_135 -n team-a get cm -o name | grep -c kube-root-ca-crt-default-"
is "$(host_pods)" 1 "and only those"

done_testing
