#!/bin/bash
# Lists: selectors, pages, resource versions.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

cms=/api/v1/namespaces/default/configmaps
list() { api GET "$cms?$1"; }
said() { jq -r '"\(.code) \(.reason) \(.message)"'; }
for i in 1 2 3 4 5; do
	api_json POST $cms '{"metadata":{"name":"c'$i'","labels":{"n":"'$i'","odd":"'$((i % 2))'"}}}' > /dev/null
done
names() { jq -r '[.items[].metadata.name] | join(" ")'; }

is "$(list 'labelSelector=odd%3D1' | names)" 'c1 c3 c5' 'a label'
is "$(list 'labelSelector=n+in+(1,2),odd!%3D0' | names)" c1 'a set and an inequality'
is "$(list 'labelSelector=%21n' | names)" '' 'an absence'
is "$(list 'labelSelector=a%3D%3D%3Db' | jq .code)" 400 'a broken label selector'
is "$(list 'fieldSelector=metadata.name%3Dc2' | names)" c2 'a field'
is "$(list 'fieldSelector=spec.foo%3Dx' | jq -c '[.code, .reason]')" '[400,"BadRequest"]' 'a field that cannot be selected'
is "$(api GET '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1,status.phase!%3DSucceeded,status.phase!%3DFailed' | jq -c .items)" '[]' \
	'the selection of kubectl drain'

pages='' cont='' rvs='' left=''
for _ in 1 2 3; do
	page=$(list "limit=2&continue=$(jq -rn --arg c "$cont" '$c | @uri')")
	pages+="$(names <<< "$page") | "
	rvs+="$(jq -r .metadata.resourceVersion <<< "$page") "
	left+="$(jq -c .metadata.remainingItemCount <<< "$page") "
	cont=$(jq -r '.metadata.continue // ""' <<< "$page")
	api_json POST $cms '{"metadata":{"generateName":"c0-"}}' > /dev/null
	api DELETE $cms/c5 > /dev/null
done
is "$pages" 'c1 c2 | c3 c4 | c5 | ' 'three pages, as things were at the first'
is "$(tr ' ' '\n' <<< "$rvs" | sort -u | grep -c .)" 1 'of one revision'
is "$left" '3 1 null ' 'remainingItemCount'
is "$cont" '' 'the last has no continue'
is "$(list 'limit=2&continue=junk' | jq .code)" 400 'a junk token'

rv=$(api_json POST /api/v1/namespaces/default/secrets '{"metadata":{"name":"s"}}' | jq -r .metadata.resourceVersion)
is "$(api GET /apis/apps/v1/deployments | jq ".metadata.resourceVersion | tonumber >= $rv")" true 'the revision is one for all kinds'
for q in '' resourceVersion=0 resourceVersion= "resourceVersion=$rv" "resourceVersion=$rv&resourceVersionMatch=NotOlderThan"; do
	is "$(list "$q" | jq ".metadata.resourceVersion | tonumber >= $rv")" true "never goes back: ?$q"
done
is "$(list 'resourceVersion=abc' | jq .code)" 400 'a revision that is none'
is "$(list 'resourceVersionMatch=Exact' | jq .code)" 422 'a match without a revision'
is "$(list 'resourceVersion=1&resourceVersionMatch=Zz' | jq .code)" 422 'a match that is none'
is "$(list 'sendInitialEvents=true' | jq .code)" 422 'sendInitialEvents on a list'
is "$(list 'limit=abc' | said)" '400 BadRequest strconv.ParseInt: parsing "abc": invalid syntax' 'a limit that is no number'
future=$(list resourceVersion=999999 -o /dev/null)
is "$(jq -c '[.code, .reason, .details.causes[0].reason, .details.retryAfterSeconds]' <<< "$future")" \
	'[504,"Timeout","ResourceVersionTooLarge",1]' 'a revision of the future'
like "$(jq -r .message <<< "$future")" '^Timeout: Too large resource version: 999999, current: [0-9]+$' 'its text'
like "$(api GET "$cms?resourceVersion=999999" -D - -o /dev/null)" $'Retry-After: 1\r' 'Retry-After'
is "$(api GET "$cms/c1?resourceVersion=999999" | jq .code)" 504 'also of one object'
done_testing
