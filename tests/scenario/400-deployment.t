#!/bin/bash
# Deployments: rolling update within its bounds, history, undo, pause, Recreate, scaling, clean-up.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
k create ns d > /dev/null
k config set-context --current --namespace d > /dev/null
dep() { # NAME REPLICAS STRATEGY-JSON IMAGE [MORE SPEC]
	api_json POST /apis/apps/v1/namespaces/d/deployments '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":'"$2"',
		"strategy":'"$3"','"${5-}"'"selector":{"matchLabels":{"app":"'"$1"'"}},"template":{"metadata":{"labels":{"app":"'"$1"'"}},
		"spec":{"containers":[{"name":"c","image":"'"$4"'"}]}}}}' -o /dev/null
}
rolled() { k rollout status deploy/"$1" --timeout 20s; }
sets() { k get rs -l app="$1" --sort-by=.metadata.creationTimestamp -o 'jsonpath={range .items[*]}{.metadata.annotations.deployment\.kubernetes\.io/revision}:{.spec.replicas} {end}' | tr ' ' '\n' | grep . | sort -n | tr '\n' ' '; }
cond() { k get deploy "$1" -o "jsonpath={.status.conditions[?(@.type==\"$2\")].$3}"; }

dep web 3 '{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}' img:1
check 'it rolls out' rolled web
is "$(cond web Progressing reason),$(cond web Available status)" NewReplicaSetAvailable,True 'complete and available'
background k get rs -w -l app=web -o json --output-watch-events > "$T/watch"
k annotate deploy web kubernetes.io/change-cause='to two' > /dev/null
k set image deploy/web c=img:2 > /dev/null
check 'an update rolls out' rolled web
is "$(sets web)" '1:0 2:3 ' 'the old set is kept, empty'
totals=$(jq -sc 'reduce .[].object as $o ({m:{},max:0,min:9}; .m[$o.metadata.name] = $o | .max = ([.max, ([.m[].spec.replicas] | add)] | max)
	| .min = ([.min, ([.m[].status.availableReplicas // 0] | add)] | min)) | [.max, .min]' "$T/watch")
is "$totals" '[4,3]' 'never more than one above, never one short'
like "$(k rollout history deploy/web)" '2 +to two' 'the history has the cause'
check 'undo' k rollout undo deploy/web
check 'rolls out' rolled web
is "$(sets web)" '2:0 3:3 ' 'the old set is current again, with a new revision'
is "$(k get rs -l app=web -o 'jsonpath={.items[*].metadata.annotations.deployment\.kubernetes\.io/revision-history}')" 1 'and remembers the one it had'
is "$(k get deploy web -o 'jsonpath={.spec.template.spec.containers[0].image}')" img:1 'the first image'
k rollout undo deploy/web --to-revision 2 > /dev/null
check 'undo to a revision' rolled web
is "$(sets web)" '3:0 4:3 ' 'counts on'
like "$(k describe deploy web)" 'deployment-controller +Scaled up replica set web-[a-z0-9]+ from 0 to 1' 'events as upstream words them'

check 'pause' k rollout pause deploy/web
k set image deploy/web c=img:3 > /dev/null
eventually 'is told' 5 prints DeploymentPaused cond web Progressing reason
k scale deploy/web --replicas 5 > /dev/null
eventually 'a paused one still scales' 5 prints '3:0 4:5 ' sets web
check 'resume' k rollout resume deploy/web
check 'and the change comes' rolled web
is "$(sets web)" '3:0 4:0 5:5 ' 'in a new set'

dep once 2 '{"type":"Recreate"}' img:1
rolled once > /dev/null
k get pods -w -l app=once -o json --output-watch-events > "$T/pods" &
background_pids+=($!)
wait_until 10 eval '[ "$(jq -r .type "$T/pods" | wc -l)" = 2 ]' # the watch is there
k set image deploy/once c=img:2 > /dev/null
check 'Recreate rolls out' rolled once
wait_until 5 eval '[ "$(jq -r "select(.object.spec.containers[0].image == \"img:2\") | .object.metadata.name" "$T/pods" | sort -u | wc -l)" = 2 ]'
is "$(jq -rs 'map(select(.type == "DELETED" or (.type == "ADDED" and .object.spec.containers[0].image == "img:2"))) | map(.type) | unique_by(.) | .[0]' "$T/pods"),$(
	jq -r 'select(.type == "DELETED" or (.type == "ADDED" and .object.spec.containers[0].image == "img:2")) | .type' "$T/pods" | uniq | tr '\n' ' ')" \
	'ADDED,DELETED ADDED ' 'all old pods end before the first new one'

dep hist 1 '{"type":"RollingUpdate"}' img:1 '"revisionHistoryLimit":1,'
for i in 2 3 4; do rolled hist > /dev/null; k set image deploy/hist c=img:$i > /dev/null; done
rolled hist > /dev/null
eventually 'history is trimmed' 5 prints '3:0 4:1 ' sets hist
dep none 1 '{"type":"RollingUpdate"}' img:1 '"revisionHistoryLimit":0,'
rolled none > /dev/null; k set image deploy/none c=img:2 > /dev/null; rolled none > /dev/null
eventually 'no history at all' 5 prints '2:1 ' sets none

for s in '"100%" "0%"' '0 1' '"25%" "25%"' '10 10' '"1%" "1%"'; do
	set -- $s
	dep m 4 '{"type":"RollingUpdate","rollingUpdate":{"maxSurge":'"$1"',"maxUnavailable":'"$2"'}}' img:1
	rolled m > /dev/null
	k set image deploy/m c=img:2 > /dev/null
	check "surge $1, unavailable $2" rolled m
	k delete deploy m --wait=false > /dev/null
	wait_until 5 prints '' k get rs,pods -l app=m -o name
done
done_testing
