#!/bin/bash
# Host pods that vanish, restarts of the syncer in the middle, an empty datastore before a full namespace.
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/twin.bash"

start_twins
tenant create deployment web --image=nginx --replicas=5 > /dev/null
check "five pods run" tenant rollout status deployment/web --timeout=20s

stop_server tenant KILL
h=$(host -n team-a get pods -o 'jsonpath={.items[0].metadata.name}')
host -n team-a delete pod "$h" --force --grace-period=0 > /dev/null 2>&1
start_tenant tenant
eventually "a pod lost while nobody looked is replaced" 20 prints 5 \
	tenant get deployment web -o 'jsonpath={.status.readyReplicas}'
eventually "one for one" 10 prints 5 host_count pods

tenant run once --image=busybox --restart=Never --command -- sleep 1000 > /dev/null
check "a bare pod runs" tenant wait --for=condition=Ready pod/once --timeout=20s
uid=$(tenant get pod once -o 'jsonpath={.metadata.uid}')
tenant get pod once --watch -o 'jsonpath={.status.phase}{"\n"}' > "$T/phases" 2> /dev/null &
watcher=$!
host -n team-a delete pod "$(host_name pods default once)" --force --grace-period=0 > /dev/null 2>&1
absent() { ! tenant get pod once > /dev/null 2>&1; }
eventually "a bare pod lost on the host goes" 20 absent
kill "$watcher" 2> /dev/null
like "$(cat "$T/phases")" Failed "after it was said to have failed"

for i in 1 2 3 4 5; do
	tenant scale deployment/web --replicas=$((i * 4)) > /dev/null
	stop_server tenant KILL
	start_tenant tenant
done
check "killed five times while scaling, it converges" tenant rollout status deployment/web --timeout=30s
eventually "with exactly its pods on the host" 10 prints 20 host_count pods

tenant delete deployment web > /dev/null
eventually "and leaves nothing behind" 20 prints 0 host_count pods
done_testing
