#!/bin/bash
# A storm of edits and deletions, then rest: the world is what the specs say, nothing is leaked, nothing moves any more.
# timeout: 180
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 3
: "${STORM_SECONDS:=20}" "${SEED:=$RANDOM}"
RANDOM=$SEED
k create ns s > /dev/null
apps=/apis/apps/v1/namespaces/s/deployments
body() { # NAME
	local type='{"type":"Recreate"}'
	((RANDOM % 4)) && type='{"type":"RollingUpdate","rollingUpdate":{"maxSurge":'$((RANDOM % 3))',"maxUnavailable":'$((RANDOM % 2 + 1))'}}'
	echo '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":'$((RANDOM % 8))',"revisionHistoryLimit":2,"strategy":'"$type"',
		"selector":{"matchLabels":{"app":"'"$1"'"}},"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"i"}]}}}}'
}
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" -o /dev/null; }
strategic() { api PATCH "$1" -H 'Content-Type: application/strategic-merge-patch+json' -d "$2" -o /dev/null; }
first() { api GET "/api/v1/namespaces/s/pods?limit=$((RANDOM % 5 + 1))" | jq -r '.items[-1].metadata.name // "none"'; }
storm() {
	local d=d$((RANDOM % 6)) policy=(Background Foreground Orphan)
	case $((RANDOM % 13)) in
	0 | 1) api_json POST $apps "$(body $d)" -o /dev/null ;;
	2) api_json DELETE $apps/$d '{"propagationPolicy":"'${policy[RANDOM % 3]}'"}' -o /dev/null ;;
	3 | 4) strategic $apps/$d '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i'$((RANDOM % 5))'"}]}}}}' ;;
	5 | 6) merge $apps/$d/scale '{"spec":{"replicas":'$((RANDOM % 9))'}}' ;;
	7) merge $apps/$d '{"spec":{"paused":'$([ $((RANDOM % 3)) = 0 ] && echo true || echo false)'}}' ;;
	8) api DELETE "/api/v1/namespaces/s/pods/$(first)" -o /dev/null ;;
	9) api DELETE "/apis/apps/v1/namespaces/s/replicasets?labelSelector=app%3D$d" -o /dev/null ;;
	10) merge "/api/v1/namespaces/s/pods/$(first)" '{"metadata":{"labels":{"app":"stray"}}}' ;;
	11) api_json POST /api/v1/namespaces/s/services '{"metadata":{"name":"'$d'"},"spec":{"selector":{"app":"'$d'"},"ports":[{"port":80}]}}' -o /dev/null ;;
	12) api DELETE /api/v1/namespaces/s/services/$d -o /dev/null ;;
	esac
}
end=$((${EPOCHREALTIME/./} + STORM_SECONDS * 1000000)) n=0
while ((${EPOCHREALTIME/./} < end)); do storm; n=$((n + 1)); done
echo "# seed $SEED, $n changes"
for d in 0 1 2 3 4 5; do # all are there and none is paused
	api_json POST $apps "$(body d$d)" -o /dev/null
	merge $apps/d$d '{"spec":{"paused":false}}'
done
settled() { api GET $apps | jq -e 'all(.items[]; .metadata.deletionTimestamp == null and .status.observedGeneration == .metadata.generation
	and .spec.replicas == (.status.replicas // 0) and .spec.replicas == (.status.availableReplicas // 0) and .spec.replicas == (.status.updatedReplicas // 0))' > /dev/null; }
rev() { api GET "/api/v1/namespaces/s/pods?limit=1" | jq -r .metadata.resourceVersion; }
eventually 'every Deployment is as it should be' 30 settled
last= still=0
stands() { local r; r=$(rev); if [ "$r" = "$last" ]; then still=$((still + 1)); else still=0 last=$r; fi; [ $still -ge 20 ]; }
eventually 'the revision stands still' 30 stands
check 'still so' settled
api GET '/api/v1/namespaces/s/pods' > "$T/pods.json"
api GET '/apis/apps/v1/namespaces/s/replicasets' > "$T/sets.json"
api GET $apps > "$T/deps.json"
is "$(jq -c '[.items[] | select(.metadata.deletionTimestamp or .status.phase != "Running") | .metadata.name]' "$T/pods.json")" '[]' 'every pod runs'
is "$(jq -c --slurpfile s "$T/sets.json" '($s[0].items | map(.metadata.uid)) as $u | [.items[] | select(.metadata.ownerReferences) | select(.metadata.ownerReferences[0].uid | IN($u[]) | not) | .metadata.name]' "$T/pods.json")" '[]' 'no pod of a set that is gone'
is "$(jq -c '[.items[] | select(.metadata.labels.app != "stray" and (.metadata.ownerReferences | not)) | .metadata.name]' "$T/pods.json")" '[]' 'no pod left alone but strays'
is "$(jq -c --slurpfile d "$T/deps.json" '($d[0].items | map(.metadata.uid)) as $u | [.items[] | select(.metadata.ownerReferences[0].uid | IN($u[]) | not) | .metadata.name]' "$T/sets.json")" '[]' 'no set of a Deployment that is gone'
is "$(jq -c --slurpfile p "$T/pods.json" '[.items[] | .metadata.uid as $u | select(.spec.replicas != ([$p[0].items[] | select(.metadata.ownerReferences[0].uid? == $u)] | length)) | .metadata.name]' "$T/sets.json")" '[]' 'each set has its pods'
is "$(jq -c '[.items | group_by(.metadata.ownerReferences[0].uid)[] | select(map(select(.spec.replicas > 0)) | length > 1)] | length' "$T/sets.json")" 0 'one set alive per Deployment'
is "$(jq '[.items[].status.podIP] | length == (unique | length)' "$T/pods.json")" true 'no address twice'
bad=
for s in $(api GET /api/v1/namespaces/s/services | jq -r '.items[].metadata.name'); do
	want=$(jq -c --arg s "$s" '[.items[] | select(.metadata.labels.app == $s) | .status.podIP] | sort' "$T/pods.json")
	got=$(api GET "/apis/discovery.k8s.io/v1/namespaces/s/endpointslices?labelSelector=kubernetes.io/service-name%3D$s" | jq -c '[.items[].endpoints[]?.addresses[0]] | sort')
	old=$(api GET /api/v1/namespaces/s/endpoints/$s | jq -c '[.subsets[]?.addresses[]?.ip] | sort')
	[ "$want" = "$got" ] && [ "$want" = "$old" ] || bad+="$s: $want, slices $got, Endpoints $old; "
done
is "$bad" '' 'endpoints of every Service'
ticks() { awk '{ print $14 + $15 }' "/proc/${server_pid[main]}/stat"; }
t=$(ticks); timeout 3 tail -f /dev/null
spent=$(($(ticks) - t))
check "at rest it does nothing ($spent ticks in 3 s)" test $spent -le 6
k delete ns s --timeout 30s > /dev/null
is "$(api GET /api/v1/pods | jq '.items | length')$(api GET /apis/apps/v1/replicasets | jq '.items | length')" 00 'and all of it can be deleted'
done_testing
