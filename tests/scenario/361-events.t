#!/bin/bash
# What clients derive from events, revisions and generations: the last state of what went, silence where nothing
# changed, an honest end where history was trimmed; several watchers, restarted and concurrent ones.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

cms=/api/v1/namespaces/default/configmaps deploys=/apis/apps/v1/namespaces/default/deployments
merge() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" "${@:3}"; }
rv() { jq -r .metadata.resourceVersion; }
now() { api GET "$cms?limit=1" | rv; }
# Events since a revision; all of them lie in the past, so a second is enough.
events() { api GET "$cms?watch=1&timeoutSeconds=1&$1" -A test | jq -c .; } # QUERY

# --- the last state ----------------------------------------------------------------------------

from=$(now)
api_json POST $cms '{"metadata":{"name":"a"},"data":{"k":"1"}}' -o /dev/null
last=$(merge $cms/a '{"data":{"k":"2"}}')
api DELETE $cms/a -o /dev/null
gone=$(events "resourceVersion=$from" | jq -c 'select(.type == "DELETED").object')
is "$(jq -c '[.kind, .apiVersion, .data, .metadata.uid]' <<< "$gone")" "$(jq -c '[.kind, .apiVersion, .data, .metadata.uid]' <<< "$last")" \
	'DELETED has the last state'
check 'with a revision newer than the last change' test "$(rv <<< "$gone")" -gt "$(rv <<< "$last")"

# --- nothing changed ---------------------------------------------------------------------------

api_json POST $cms '{"metadata":{"name":"b"},"data":{"k":"1"}}' > "$T/b"
from=$(now)
api PUT $cms/b -H 'Content-Type: application/json' --data-binary @"$T/b" -o /dev/null
merge $cms/b '{"data":{"k":"1"}}' -o /dev/null
is "$(events "resourceVersion=$from")" '' 'writes that change nothing make no event'
is "$(api GET $cms/b | rv)" "$(rv < "$T/b")" 'and no revision'

# --- generation --------------------------------------------------------------------------------

api_json POST $deploys '{"metadata":{"name":"d"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
	"spec":{"containers":[{"name":"c","image":"i"}]}}}}' -o /dev/null
generation() { merge $deploys/d "$1" | jq .metadata.generation; }
is "$(generation '{"metadata":{"labels":{"l":"1"}}}')" 1 'a label leaves the generation'
is "$(generation '{"spec":{"minReadySeconds":3}}')" 2 'the spec counts'
is "$(generation '{"metadata":{"annotations":{"a":"1"}}}')" 3 "a Deployment's annotation counts"

# --- two writers of a status -------------------------------------------------------------------

api GET $deploys/d > "$T/read"
write_status() { # MEMBER VALUE
	jq --arg m "$1" --argjson v "$2" '.status[$m] = $v' "$T/read" |
		api PUT $deploys/d/status -H 'Content-Type: application/json' --data-binary @- -o /dev/null -w '%{http_code}\n'
}
write_status observedGeneration 3 > "$T/one" &
first=$!
write_status collisionCount 7 > "$T/two"
wait $first
is "$(sort "$T/one" "$T/two" | tr '\n' ' ')" '200 409 ' 'of two writers of a status one is refused'
api GET $deploys/d > "$T/read"
grep -q 409 "$T/one" && write_status observedGeneration 3 > /dev/null || write_status collisionCount 7 > /dev/null
is "$(api GET $deploys/d | jq -c '[.status.observedGeneration, .status.collisionCount]')" '[3,7]' 'and does it again without loss'

# Eight rounds of four writers at once, each with what it read: a write that is acknowledged is in the object.
api_json POST $cms '{"metadata":{"name":"sum"},"data":{"n":"0"}}' -o /dev/null
for round in {1..8}; do
	api GET $cms/sum | jq '.data.n |= (tonumber + 1 | tostring)' > "$T/next"
	for writer in 1 2 3 4; do
		jq '.data.by = $w' --arg w "$round.$writer" "$T/next" |
			api PUT $cms/sum -H 'Content-Type: application/json' --data-binary @- -o /dev/null -w '%{http_code}\n' > "$T/sum.$round.$writer" &
	done
	wait $(jobs -p | grep -vFx "${server_pid[main]}")
done
is "$(cat "$T"/sum.* | sort | uniq -c | awk '{print $1, $2}' | tr '\n' ' ')" '8 200 24 409 ' 'of four writers of one revision exactly one is acknowledged'

# --- several watchers --------------------------------------------------------------------------

from=$(now)
api_json POST $cms '{"metadata":{"name":"w","labels":{"w":"A"}}}' -o /dev/null
merge $cms/w '{"data":{"n":"1"}}' -o /dev/null
middle=$(now)
merge $cms/w '{"data":{"n":"2"}}' -o /dev/null
api_json POST $cms '{"metadata":{"name":"x","labels":{"x":"B"}}}' -o /dev/null
api DELETE $cms/w -o /dev/null
api DELETE $cms/x -o /dev/null
told() { jq -r '"\(.type) \(.object.metadata.name)"' | tr '\n' ' '; }
is "$(events "resourceVersion=$from&labelSelector=w%3DA" | told)" 'ADDED w MODIFIED w MODIFIED w DELETED w ' 'a watcher of one label gets all of it'
is "$(events "resourceVersion=$from&labelSelector=x%3DB" | told)" 'ADDED x DELETED x ' 'one of another label only its own'
is "$(events "resourceVersion=$from&labelSelector=w%20in%20(A,B),!y" | told)" 'ADDED w MODIFIED w MODIFIED w DELETED w ' 'a set of labels'
is "$(events "resourceVersion=$middle" | told)" 'MODIFIED w ADDED x DELETED w DELETED x ' 'a watch reopened at the last seen revision goes on from there'
api_json POST $cms '{"metadata":{"name":"many"}}' -o /dev/null
from=$(now)
for i in {1..10}; do merge $cms/many '{"data":{"n":"'"$i"'"}}' -o /dev/null; done
events "resourceVersion=$from" | jq -r .object.metadata.resourceVersion > "$T/order"
is "$(wc -l < "$T/order")" 10 'each of ten changes is an event'
same=0
for start in $(head -n 9 "$T/order"); do
	events "resourceVersion=$start" | jq -r 'select(.object.metadata.name == "many").object.metadata.resourceVersion' > "$T/later.$start" &
done
wait $(jobs -p | grep -vFx "${server_pid[main]}")
for start in $(head -n 9 "$T/order"); do
	cmp -s "$T/later.$start" <(awk -v s="$start" '$1 > s' "$T/order") && same=$((same + 1))
done
is $same 9 'concurrent watches from different revisions see the same order'

# --- history that was trimmed ------------------------------------------------------------------

for i in {1..12}; do printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"page%02d"}}\n' "$i"; done | k create -f - > /dev/null
continue=$(api GET "$cms?limit=5" | jq -r '.metadata.continue')
from=$(now)
merge $cms/b '{"data":{"k":"9"}}' -o /dev/null
newest=$(now)
stop_server
sqlite3 "$T/main/data/nutshell.db" "INSERT OR REPLACE INTO setting VALUES ('store.floor', '$newest')"
start_server --controllers none
watch() { api GET "$cms?watch=1&timeoutSeconds=5&$1" "${@:2}"; }
is "$(watch resourceVersion="$from" | jq -c '[.type, .object.kind, .object.code, .object.reason]')" '["ERROR","Status",410,"Expired"]' \
	'a watch from before the history: an ERROR event with 410 Expired'
is "$(watch resourceVersion="$from" -o /dev/null -w '%{http_code}')" 200 'below a 200'
like "$(watch resourceVersion=1 | jq -r .object.message)" "^too old resource version: 1 \([0-9]+\)\$" 'which says from when on'
api GET "$cms?limit=5&continue=$continue" > "$T/expired"
is "$(jq -c '[.code, .reason]' "$T/expired")" '[410,"Expired"]' 'a page of a list from before the history is gone as well'
continue=$(jq -r '.metadata.continue // empty' "$T/expired")
isnt "$continue" '' 'with a token to go on from the present'
api GET "$cms?limit=5&continue=$continue" > "$T/page"
is "$(jq '.items | length' "$T/page")" 5 'which gives the next page'
is "$(jq -r '.items[0].metadata.name' "$T/page")" page04 'from the last key on'
stop_server
done_testing
