#!/bin/bash
# The server dies in the middle of orphan and foreground deletions: what it finds when it is back decides, whole.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
wait_until 5 k get sa default
count() { k get "$1" -o json | jq '[.items[] | select(.metadata.deletionTimestamp | not)] | length'; }
for policy in orphan foreground orphan foreground; do
	k create deployment w --image i --replicas 20 > /dev/null
	k rollout status deploy w --timeout 20s > /dev/null
	k delete deploy w --cascade=$policy --wait=false > /dev/null
	stop_server main KILL
	start_server
	eventually "$policy: the owner goes" 10 prints '' k get deploy -o name
	if [ $policy = orphan ]; then
		is "$(count rs) $(count pods)" '1 20' 'nothing else does'
		k delete rs --all --wait=false > /dev/null
	fi
	eventually 'nothing is left behind' 10 prints '' k get rs,pods -o name
done
done_testing
