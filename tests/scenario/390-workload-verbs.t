#!/bin/bash
# Every kind of workload while its controller is at work: status and scale by their subresources, lists, collections;
# and what becomes of the revisions of a DaemonSet when they are edited by hand.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2
wait_until 5 k get sa default
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
apps=/apis/apps/v1/namespaces/default
make() { # PATH LABEL SPEC-MEMBERS
	local selector='{"matchLabels":{"app":"'$2'"}}'
	[[ $1 == */replicationcontrollers ]] && selector='{"app":"'$2'"}'
	api_json POST "$1" '{"metadata":{"name":"'"$2"'","labels":{"app":"'"$2"'","run":"verbs"}},"spec":{'"$3"'"selector":'"$selector"',
		"template":{"metadata":{"labels":{"app":"'"$2"'"}},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i:1"}]}}}}' -o /dev/null
}
at='"lastTransitionTime":"2026-01-02T03:04:05Z","status":"True"'
told() { jq -c '[.status.conditions[]? | select(.message == "m") | [.type, .reason]]'; }
ready() { api GET "$1" | jq '.status | .readyReplicas // .numberReady'; }
pods() { k get pods -l app="$1" -o json | jq '[.items[] | select(.metadata.deletionTimestamp | not)] | length'; }

while read -r path kind spec; do
	one=$path/$kind/one-$kind
	make "$path/$kind" "one-$kind" "$spec"
	make "$path/$kind" "two-$kind" "$spec"
	count=1
	[ "$kind" != daemonsets ] || count=2
	eventually "$kind: its pods run" 10 prints $count ready "$one"
	is "$(api GET "$one/status" | jq '.status | .readyReplicas // .numberReady')" $count "$kind: status reads so"
	api GET "$one/status" | jq '.status.conditions += [{type:"StatusUpdate",status:"True",reason:"E2E",message:"m"}]' > "$T/body"
	is "$(api PUT "$one/status" -H 'Content-Type: application/json' --data-binary @"$T/body" | told)" '[["StatusUpdate","E2E"]]' "$kind: status is updated"
	is "$(merge "$one/status" '{"metadata":{"annotations":{"p":"y"}},"status":{"conditions":[{"type":"StatusPatched","reason":"R","message":"m",'"$at"'}]}}' | told)" \
		'[["StatusPatched","R"]]' "$kind: status is patched"
	[ "$kind" = statefulsets ] ||
		is "$(api GET "$one" | told)" '[["StatusPatched","R"]]' "$kind: and the condition stays"
	if [ "$kind" != daemonsets ]; then
		is "$(api GET "$one/scale" | jq -c '[.kind, .spec.replicas, .status.replicas]')" '["Scale",1,1]' "$kind: scale is read"
		api GET "$one/scale" | jq '.spec.replicas = 2' > "$T/body"
		is "$(api PUT "$one/scale" -H 'Content-Type: application/json' --data-binary @"$T/body" | jq .spec.replicas)" 2 "$kind: scale is updated"
		eventually "$kind: and counts" 10 prints 2 ready "$one"
		is "$(merge "$one/scale" '{"spec":{"replicas":4}}' | jq .spec.replicas)" 4 "$kind: scale is patched"
		eventually "$kind: and counts again" 10 prints 4 pods "one-$kind"
		api GET "$one" | jq '.spec.replicas = 3 | .metadata.labels.more = "yes"' > "$T/body"
		until [ "$(api PUT "$one" -H 'Content-Type: application/json' --data-binary @"$T/body" -o /dev/null -w '%{http_code}')" = 200 ]; do
			api GET "$one" | jq '.spec.replicas = 3 | .metadata.labels.more = "yes"' > "$T/body"
		done
		eventually "$kind: so does a replaced spec" 10 prints 3 ready "$one"
	fi
	merge "$one" '{"metadata":{"labels":{"patched":"yes"}},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i:2"}]}}}}' -o /dev/null
	is "$(api GET "$one" | jq -r '.metadata.labels.patched + " " + .spec.template.spec.containers[0].image')" 'yes i:2' "$kind: a patch of label and template"
	all=${path%/namespaces/default}/$kind
	is "$(api GET "$all?labelSelector=run%3Dverbs" | jq -c '[.items[].metadata.name]')" "[\"one-$kind\",\"two-$kind\"]" "$kind: listed over all namespaces by label"
	api DELETE "$path/$kind?labelSelector=patched%3Dyes&propagationPolicy=Background" -o /dev/null
	is "$(api GET "$path/$kind" | jq -c '[.items[].metadata.name]')" "[\"two-$kind\"]" "$kind: those of a label are deleted together"
	eventually "$kind: with their pods" 10 prints 0 pods "one-$kind"
	is "$(pods "two-$kind")" $count "$kind: and no others"
	k delete "$kind" "two-$kind" > /dev/null
done << END
$apps deployments "replicas":1,
$apps replicasets "replicas":1,
$apps statefulsets "replicas":1,"serviceName":"s",
$apps daemonsets
/api/v1/namespaces/default replicationcontrollers "replicas":1,
END

# --- revisions ---------------------------------------------------------------------------------

revisions=$apps/controllerrevisions
make $apps/daemonsets agent ''
listed() { api GET "/apis/apps/v1/controllerrevisions?labelSelector=app%3Dagent" | jq -c '[.items[].revision] | sort'; }
eventually 'a DaemonSet has a revision' 5 prints '[1]' listed
first=$(api GET "$revisions?labelSelector=app%3Dagent" | jq -r '.items[0].metadata.name')
is "$(merge $revisions/"$first" '{"metadata":{"labels":{"mine":"patched"}}}' | jq -r .metadata.labels.mine)" patched 'which takes a label'
api GET $revisions/"$first" | jq '{metadata: {name: "by-hand", labels: (.metadata.labels | .mine = "made"), ownerReferences: .metadata.ownerReferences}, data, revision: 2}' > "$T/body"
is "$(api POST $revisions -H 'Content-Type: application/json' --data-binary @"$T/body" -o /dev/null -w '%{http_code}')" 201 'a second may be made by hand'
is "$(listed)" '[1,2]' 'and is listed'
api DELETE $revisions/"$first" -o /dev/null
eventually 'the first may go' 5 prints '[2]' listed
is "$(merge $revisions/by-hand '{"metadata":{"labels":{"mine":"updated"}}}' | jq -r .metadata.labels.mine)" updated 'the second stays in use'
merge $apps/daemonsets/agent '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":1}}}}' -o /dev/null
eventually 'a new template counts on' 10 prints '[2,3]' listed
api DELETE "$revisions?labelSelector=mine%3Dupdated" -o /dev/null
eventually 'the old ones may be deleted together' 5 prints '[3]' listed
done_testing
