#!/bin/bash
# nutshell test: a cluster for the time of one command.
. "$(dirname "$0")/../lib/nutshell.bash"
t() { "$NUTSHELL" test "$@"; }
is "$(t --nodes 2 -- "$KUBECTL_135" get nodes -o 'jsonpath={.items[*].metadata.name}')" 'node-0 node-1' 'the command has a cluster'
is "$(t -- bash -c 'echo $USE_EXISTING_CLUSTER')" true 'and says so to envtest'
t -- bash -c 'exit 7'
is $? 7 'its exit code is ours'
t -- bash -c 'kill -TERM $$'
is $? 143 'a signal, too'
check_fails 'what cannot be started is told' 'No such file' t -- "$T/nothing"
check_fails 'a command is needed' 'what is to be run' t
check_fails 'flags are checked' 'unknown flag' t --nope -- true
is "$(t -- bash -c '"$0" create deployment web --image i --replicas 3 > /dev/null && "$0" rollout status deployment web --timeout 10s && "$0" get deployment web -o "jsonpath={.status.availableReplicas}"' "$KUBECTL_135" | tail -n 1)" 3 'controllers and nodes are at work'
is "$(t --controllers none -- bash -c '"$0" create deployment web --image i > /dev/null; "$0" get rs -o name' "$KUBECTL_135" 2> /dev/null)" '' 'unless they are not wanted'
kubeconfig=$(t -- bash -c 'echo "$KUBECONFIG"')
is "$(ls "$kubeconfig" 2> /dev/null)" '' 'nothing is left behind'
"$NUTSHELL" test -- sleep 30 &
pid=$!
wait_until 5 pgrep -P $pid
kill -TERM $pid
wait $pid
is $? 143 'TERM reaches the command'
done_testing
