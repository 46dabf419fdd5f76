#!/bin/bash
# Namespaces: what a new one gets, how a deleted one is emptied, what is told meanwhile.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
eventually 'an account and the CA' 5 eval 'k create ns n 2> /dev/null; k -n n get sa/default cm/kube-root-ca.crt'
k -n n delete sa default cm/kube-root-ca.crt > /dev/null 2>&1
k -n n delete cm kube-root-ca.crt > /dev/null 2>&1
eventually 'are made again' 5 k -n n get sa/default cm/kube-root-ca.crt
k -n n patch cm kube-root-ca.crt -p '{"data":{"ca.crt":"x","more":"y"}}' > /dev/null
eventually 'and put right' 5 eval 'k -n n get cm kube-root-ca.crt -o json | jq -e ".data | keys == [\"ca.crt\"] and (.[\"ca.crt\"] | startswith(\"-----BEGIN\"))"'

k -n n create deployment web --image i --replicas 3 > /dev/null
k -n n expose deployment web --port 80 > /dev/null
k -n n create job j --image i -- sleep 1000 > /dev/null
k -n n rollout status deploy web --timeout 10s > /dev/null
api_json POST /api/v1/namespaces/n/configmaps '{"metadata":{"name":"held","finalizers":["example.com/a","example.com/b"]}}' -o /dev/null
api_json POST /api/v1/namespaces/n/secrets '{"metadata":{"name":"held","finalizers":["example.com/a"]}}' -o /dev/null
api_json POST /api/v1/namespaces/n/pods '{"metadata":{"name":"held","finalizers":["example.com/p"]},"spec":{"containers":[{"name":"c","image":"i"}]}}' -o /dev/null
wait_until 5 prints Running k -n n get pod held -o 'jsonpath={.status.phase}'
k delete ns n --wait=false > /dev/null
cond() { k get ns n -o "jsonpath={.status.conditions[?(@.type==\"$1\")].$2}"; }
eventually 'pods first' 10 prints 'Some resources are remaining: pods. has 1 resource instances' cond NamespaceContentRemaining message
is "$(k -n n get cm held -o 'jsonpath={.metadata.deletionTimestamp}')" '' 'the rest waits for them'
is "$(cond NamespaceFinalizersRemaining message)" \
	'Some content in the namespace has finalizers remaining: example.com/p in 1 resource instances' 'their finalizers are told'
is "$(k -n n get pod held -o 'jsonpath={.status.phase} {.status.conditions[?(@.type=="Ready")].status}')" 'Failed False' 'a held pod has ended'
check_fails 'nothing new' 'because it is being terminated' k -n n create cm late
k -n n patch pod held --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null
eventually 'then all else' 10 prints \
	'Some resources are remaining: configmaps. has 1 resource instances, secrets. has 1 resource instances' cond NamespaceContentRemaining message
is "$(cond NamespaceFinalizersRemaining message)" \
	'Some content in the namespace has finalizers remaining: example.com/a in 2 resource instances, example.com/b in 1 resource instances' 'counted by finalizer'
is "$(cond NamespaceDeletionContentFailure status)" False 'no failure'
k -n n patch cm held --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null
k -n n patch secret held --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null
eventually 'then it is gone' 5 prints '' k get ns n --ignore-not-found -o name
is "$(api GET /api/v1/events?limit=1 | jq -c .items)" '[]' 'with everything in it'
k create ns n > /dev/null
eventually 'a new one starts afresh' 5 k -n n get sa/default cm/kube-root-ca.crt
check 'an empty one goes at once' k delete ns n --timeout 5s
done_testing
