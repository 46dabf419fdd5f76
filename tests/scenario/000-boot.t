#!/bin/bash
# A server starts, says who it is, stops, and comes back with what it had.
. "$(dirname "$0")/../lib/nutshell.bash"

start_server
is "$(api GET /readyz)" ok "readyz"
is "$(api GET /livez)" ok "livez"
like "$(api GET /version)" '"major": *"1"' "version"
is "$(stat -c %a "$KUBECONFIG")" 600 "only the user can read the kubeconfig"
is "$(curl -sk -o /dev/null -w '%{http_code}' "$server_url/version")" 200 "version without credentials"
like "$(curl -sk -o /dev/null -w '%{http_code}' "$server_url/api/v1/namespaces")" "^40[13]$" "nothing else without credentials"
check "kubectl sees the version" k version
check "kubectl lists namespaces" k get namespace default kube-system
check "something is written" k create configmap kept --from-literal=a=b

uid=$(k get namespace kube-system -o 'jsonpath={.metadata.uid}')
stop_server
start_server
is "$(k get configmap kept -o 'jsonpath={.data.a}')" b "it survives a restart"
stop_server main KILL
start_server
is "$(k get configmap kept -o 'jsonpath={.data.a}')" b "and a kill"
is "$(k get namespace kube-system -o 'jsonpath={.metadata.uid}')" "$uid" "the cluster keeps its identity"

check_fails "an unknown flag stops" "(unknown|no such|not known).*" "$NUTSHELL" server --no-such-flag
"$NUTSHELL" server --no-such-flag > /dev/null 2>&1
is $? 2 "with exit code 2"
done_testing
