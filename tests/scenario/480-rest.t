#!/bin/bash
# What cannot go on waits quietly: pods without a node, deletions that finalizers hold, paused and stuck rollouts.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
wait_until 5 k get sa default
pods=/api/v1/namespaces/default/pods
api_json POST $pods '{"metadata":{"name":"nowhere"},"spec":{"nodeSelector":{"no":"where"},"containers":[{"name":"c","image":"i"}]}}' -o /dev/null
api_json POST $pods '{"metadata":{"name":"held","finalizers":["example.com/f"]},"spec":{"containers":[{"name":"c","image":"i"}]}}' -o /dev/null
api_json POST $pods '{"metadata":{"name":"gated"},"spec":{"readinessGates":[{"conditionType":"example.com/g"}],"containers":[{"name":"c","image":"i"}]}}' -o /dev/null
api_json POST $pods '{"metadata":{"name":"elsewhere"},"spec":{"nodeName":"not-ours","containers":[{"name":"c","image":"i"}]}}' -o /dev/null
k create deployment run --image i --replicas 3 > /dev/null
k expose deployment run --port 80 > /dev/null
k create deployment paused --image i > /dev/null
k rollout pause deployment paused > /dev/null
k set image deployment paused '*=j' > /dev/null
k create deployment stuck --image i --replicas 2 > /dev/null
k rollout status deployment stuck --timeout 10s > /dev/null
k patch deployment stuck -p '{"spec":{"template":{"spec":{"nodeSelector":{"no":"where"}}}}}' > /dev/null
k create ns going > /dev/null
api_json POST /api/v1/namespaces/going/configmaps '{"metadata":{"name":"held","finalizers":["example.com/f"]}}' -o /dev/null
api_json POST /api/v1/namespaces/default/configmaps '{"metadata":{"name":"owner","finalizers":["example.com/f"]}}' -o /dev/null
k delete ns going --wait=false > /dev/null
k delete pod held --wait=false > /dev/null
k delete cm owner --cascade=foreground --wait=false > /dev/null
rev() { api GET "$pods?limit=1" | jq -r .metadata.resourceVersion; }
last= still=0
stands() { local r; r=$(rev); if [ "$r" = "$last" ]; then still=$((still + 1)); else still=0 last=$r; fi; [ $still -ge 20 ]; }
eventually 'the revision comes to rest' 20 stands
ticks() { awk '{ print $14 + $15 }' "/proc/${server_pid[main]}/stat"; }
t=$(ticks)
timeout 4 tail -f /dev/null
spent=$(($(ticks) - t))
is "$(rev)" "$last" 'nothing is written'
check "nothing is computed ($spent ticks in 4 s)" test $spent -le 6
is "$(k get pod elsewhere -o 'jsonpath={.status.phase}')" Pending "nobody lives the pods of another's node"
is "$(k get deploy stuck -o 'jsonpath={.status.availableReplicas}')" 2 'a stuck rollout keeps what works'
done_testing
