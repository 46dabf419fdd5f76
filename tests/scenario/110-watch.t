#!/bin/bash
# Watches: start, order, selectors, bookmarks, forms, the end.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

cms=/api/v1/namespaces/default/configmaps
new() { api_json POST $cms '{"metadata":{"name":"'"$1"'","labels":{"a":"'"${2-1}"'"}}}' | jq -r .metadata.resourceVersion; }
label() { api PATCH $cms/"$1" -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"labels":{"a":"'"$2"'"}}}' | jq -r .metadata.resourceVersion; }
watch() { api GET "$cms?watch=1&timeoutSeconds=1&$1" "${@:2}"; }
# In the background only: becomes curl, so that its pid is the client's.
stream() { # PATH
	exec curl -sSN --cacert "$T/$server/ca.pem" --cert "$T/$server/cert.pem" --key "$T/$server/key.pem" "$server_url$1"
}
short() { jq -r '"\(.type) \(.object.metadata.name) \(.object.metadata.resourceVersion)"' | tr '\n' ';'; }

start=${EPOCHREALTIME/./}
headers=$(api GET "/api/v1/namespaces/nons/pods?watch=true&timeoutSeconds=30" -D - -o /dev/null --max-time 1 2> /dev/null)
like "$headers" '^HTTP/1.1 200 OK' 'headers come before any event'
like "$headers" $'Content-Type: application/json\r' 'with the plain Content-Type'
first_bytes_soon() {
	api GET "/api/v1/namespaces/nons/pods?watch&timeoutSeconds=30" -N -o /dev/null -w '%{time_starttransfer}' \
		--max-time 1 2> /dev/null | awk '{ soon = $1 > 0 && $1 < 0.1 } END { exit !soon }'
	[ "${PIPESTATUS[1]}" = 0 ]
}
eventually 'within 100 ms' 10 first_bytes_soon # again, because the machine may be busy

from=$(api GET $cms | jq -r .metadata.resourceVersion)
a=$(new w)
b=$(label w 2)
c=$(api DELETE $cms/w > /dev/null; api GET $cms | jq -r .metadata.resourceVersion)
is "$(watch resourceVersion=$from | short)" "ADDED w $a;MODIFIED w $b;DELETED w $c;" 'from a revision: each change once, in order'
is "$(watch resourceVersion=$a | short)" "MODIFIED w $b;DELETED w $c;" 'only what is newer'
is "$(watch resourceVersion=$c | short)" '' 'nothing after the last'
is "$(watch "resourceVersion=$from&labelSelector=a%3D1" | short)" "ADDED w $a;DELETED w $b;" 'leaving a selection is DELETED with the new revision'
is "$(watch "resourceVersion=$from&labelSelector=a%3D1" | jq -r 'select(.type == "DELETED").object.metadata.labels.a')" 1 'and the old content'
is "$(watch "resourceVersion=$from&labelSelector=a%3D2" | short)" "ADDED w $b;DELETED w $c;" 'entering it is ADDED'
is "$(watch "resourceVersion=$from&fieldSelector=metadata.name%3Dother" | short)" '' 'another name'
is "$(watch "resourceVersion=$from" | jq -r '[.object.kind, .object.apiVersion] | join(" ")' | sort -u)" 'ConfigMap v1' \
	'every object has kind and apiVersion'

d=$(new x)
is "$(watch '' | short)" "ADDED x $d;" 'without a revision: the present state'
is "$(watch resourceVersion=0 | short)" "ADDED x $d;" 'also with 0'
initial='sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
list=$(watch $initial)
is "$(jq -r .type <<< "$list" | tr '\n' ' ')" 'ADDED BOOKMARK ' 'a watch list'
is "$(jq -c 'select(.type == "BOOKMARK").object' <<< "$list")" \
	'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"'"$(api GET $cms | jq -r .metadata.resourceVersion)"'","annotations":{"k8s.io/initial-events-end":"true"}}}' \
	'ends with the annotated bookmark'
is "$(watch sendInitialEvents=true | jq -c '[.code, .details.kind]')" '[422,"ListOptions"]' 'sendInitialEvents by itself'
is "$(watch resourceVersion=abc | jq .code)" 400 'a revision that is none'
is "$(watch 'labelSelector=a%3D%3D%3Db' | jq .code)" 400 'a broken selector'
is "$(api GET "$cms?watch=1&timeoutSeconds=abc" | jq .code)" 400 'a broken timeout'
like "$(watch '' -H 'Accept: application/yaml')" $'\ncode: 406(\n|$)' 'no watches in YAML'
is "$(watch resourceVersion=999999 | short)" '' 'a revision of the future: silence'
is "$(api GET "$cms?watch=1&timeoutSeconds=3&resourceVersion=$d&allowWatchBookmarks=1" | jq -r .type)" BOOKMARK 'a bookmark before the end'
is "$(api GET "$cms?watch=1&timeoutSeconds=3&resourceVersion=$d" | jq -r .type)" '' 'none when not asked for'
is "$(api GET "/api/v1/watch/namespaces/default/configmaps/x?timeoutSeconds=1" | short)" "ADDED x $d;" 'the old form of the path'
is "$(api POST /api/v1/watch/configmaps | jq .code)" 405 'which is for GET only'
is "$(api GET "$cms?watch=1" -I -X HEAD -o /dev/null -w '%{http_code}')" 405 'as is every watch'
is "$(api GET "$cms?watch=false" | jq -r .kind)" ConfigMapList 'watch=false is a list'

as() { watch "$2" -H "Accept: application/json;as=$1;v=v1;g=meta.k8s.io"; }
new y > /dev/null
table=$(as Table '')
is "$(jq -c '[.type, .object.kind, (.object.rows | length), .object.rows[0].cells[0], (.object.columnDefinitions | length)]' <<< "$table" | tr '\n' ' ')" \
	'["ADDED","Table",1,"x",3] ["ADDED","Table",1,"y",0] ' 'Tables: one row each, columns once'
is "$(as PartialObjectMetadata '' | jq -c '[.object.kind, .object.apiVersion, .object.metadata.name, .object.data]' | head -1)" \
	'["PartialObjectMetadata","meta.k8s.io/v1","x",null]' 'partial metadata'

# many at once, and each must see everything
for i in {1..20}; do
	stream "$cms?watch=1&timeoutSeconds=60&resourceVersion=$(api GET $cms | jq -r .metadata.resourceVersion)" > "$T/watch.$i" &
	watchers[i]=$!
done
wait_until 5 eval '[ "$(api GET /metrics | sed -n "s/^nutshell_watches //p")" = 20 ]'
for i in {1..40}; do new "m$i" > /dev/null; done
for i in {1..20}; do wait_until 10 grep -q '"m40"' "$T/watch.$i"; done
kill "${watchers[@]}"
wait "${watchers[@]}" 2> /dev/null
is "$(for i in {1..20}; do jq -r .object.metadata.name "$T/watch.$i" | md5sum; done | sort -u | wc -l)" 1 'twenty watchers see the same'
is "$(jq -r .object.metadata.name "$T/watch.7" | tr '\n' ' ')" "$(printf 'm%d ' {1..40})" 'all of it, in order'
eventually 'no watch is left open' 5 eval '[ "$(api GET /metrics | sed -n "s/^nutshell_watches //p")" = 0 ]'

k get configmaps -w -o name > "$T/kubectl" &
background_pids+=($!)
wait_until 5 grep -q configmap/x "$T/kubectl"
new z > /dev/null
eventually 'kubectl get -w' 5 grep -q configmap/z "$T/kubectl"
stream "$cms?watch=1&timeoutSeconds=60" > "$T/last" &
pid=$!
wait_until 5 test -s "$T/last"
stop_server
wait $pid
is $? 0 'stopping ends a watch cleanly'
done_testing
