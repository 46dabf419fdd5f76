#!/bin/bash
# Virtual pods run as host pods: created, Running on the host's node, deleted from either side.
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/twin.bash"

absent() { ! tenant get pod "$1" > /dev/null 2>&1; }

start_twins
check "a Deployment inside" tenant create deployment web --image=nginx --replicas=3
check "becomes Available" tenant wait --for=condition=Available deployment/web --timeout=20s
is "$(host_count pods)" 3 "the host runs its pods"

pod=$(tenant get pods -o 'jsonpath={.items[0].metadata.name}')
h=$(host_name pods default "$pod")
like "$h" "^$pod-default-[a-z2-7]{16}$" "under a name that tells and cannot clash"
is "$(tenant get pod "$pod" -o 'jsonpath={.spec.nodeName} {.status.podIP} {.status.hostIP}')" \
	"$(host -n team-a get pod "$h" -o 'jsonpath={.spec.nodeName} {.status.podIP} {.status.hostIP}')" \
	"node and addresses are the host's"
is "$(tenant get pod "$pod" -o 'jsonpath={.status.containerStatuses[*].name}')" nginx "statuses are there"
is "$(host -n team-a get pod "$h" -o 'jsonpath={.metadata.finalizers}{.spec.serviceAccountName}')" default \
	"no finalizer and no account of the tenant on the host"
like "$(host -n team-a get pod "$h" -o 'jsonpath={.metadata.labels}')" '"app":"web"' "labels travel"

tenant label pod "$pod" color=red > /dev/null
eventually "a new label reaches the host" 10 prints red host -n team-a get pod "$h" -o 'jsonpath={.metadata.labels.color}'
tenant label pod "$pod" color- > /dev/null
eventually "and its removal" 10 prints "" host -n team-a get pod "$h" -o 'jsonpath={.metadata.labels.color}'
tenant label pod "$pod" nutshell.dev/vc=other > /dev/null
eventually "a reserved label is escaped" 10 prints "$(host -n team-a get pod "$h" -o 'jsonpath={.metadata.labels.nutshell\.dev/vc}')" \
	host -n team-a get pod "$h" -o 'jsonpath={.metadata.labels.nutshell\.dev/vc}'
check "and the pod stays ours" tenant get pod "$pod"

check "a resize inside" tenant patch pod "$pod" --subresource=resize \
	-p '{"spec":{"containers":[{"name":"nginx","resources":{"requests":{"cpu":"70m"}}}]}}'
eventually "reaches the host" 10 prints 70m \
	host -n team-a get pod "$h" -o 'jsonpath={.spec.containers[0].resources.requests.cpu}'

check "deleted inside" tenant delete pod "$pod" --wait
check_fails "gone on the host" NotFound host -n team-a get pod "$h"
check "replaced" tenant rollout status deployment/web --timeout=20s

pod=$(tenant get pods -o 'jsonpath={.items[0].metadata.name}')
h=$(host_name pods default "$pod")
check "deleted by the host's admin" host -n team-a delete pod "$h"
eventually "gone inside" 10 absent "$pod"
check "and replaced" tenant rollout status deployment/web --timeout=20s
is "$(host_count pods)" 3 "no more and no less on the host"

check "scaled away" tenant scale deployment/web --replicas=0
eventually "the host is empty" 10 prints 0 host_count pods
done_testing
