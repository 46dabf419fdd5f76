#!/bin/bash
# Disruption budgets: what they count, what evictions they allow, drains that wait for them.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
allowed() { k get pdb "$1" -o 'jsonpath={.status.disruptionsAllowed}'; }
counts() { k get pdb "$1" -o 'jsonpath={.status.expectedPods} {.status.currentHealthy} {.status.desiredHealthy} {.status.disruptionsAllowed}'; }
evict() { # POD
	api_code POST "/api/v1/namespaces/default/pods/$1/eviction" -H 'Content-Type: application/json' -d '{"kind":"Eviction","apiVersion":"policy/v1","metadata":{"name":"'"$1"'"}}'
}
k create deployment web --image i --replicas 4 > /dev/null
k rollout status deployment web --timeout 15s > /dev/null
k create pdb half --selector app=web --min-available 50% > /dev/null
eventually 'a share of what the controller asks for' 5 prints '4 4 2 2' counts half
is "$(k get pdb half -o 'jsonpath={.status.conditions[0].type} {.status.conditions[0].status} {.status.conditions[0].reason}')" 'DisruptionAllowed True SufficientPods' 'as a condition'
k scale deployment web --replicas 5 > /dev/null
eventually 'rounded up' 5 prints '5 5 3 2' counts half
k delete pdb half > /dev/null
k create pdb most --selector app=web --max-unavailable 1 > /dev/null
eventually 'or how many may be missing' 5 prints '5 5 4 1' counts most
pods=($(k get pods -l app=web -o 'jsonpath={.items[*].metadata.name}'))
k cordon node-0 > /dev/null
k cordon node-1 > /dev/null
is "$(evict "${pods[0]}")" 201 'one may go'
is "$(evict "${pods[1]}")" 429 'the next may not yet'
k uncordon node-0 > /dev/null
k uncordon node-1 > /dev/null
eventually 'but when it is replaced' 10 prints '5 5 4 1' counts most
k delete pdb most > /dev/null
k create pdb all --selector app=web --min-available 5 > /dev/null
eventually 'a number' 5 prints '5 5 5 0' counts all
check_fails 'holds up a drain' 'violate the pod|Cannot evict pod' k drain node-0 --timeout 2s
k delete pdb all > /dev/null
check 'that ends without it' k drain node-0 --timeout 30s
k uncordon node-0 > /dev/null
k run lone --image i --labels app=lone > /dev/null
k create pdb lone --selector app=lone --max-unavailable 1 > /dev/null
eventually 'pods without a controller are told of' 5 eval "k describe pdb lone | grep -q UnmanagedPods"
k create pdb nothing --selector app=nothing --min-available 1 > /dev/null
eventually 'nothing to count allows nothing' 5 prints '0 0 1 0' counts nothing
done_testing
