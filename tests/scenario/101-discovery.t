#!/bin/bash
# Discovery: legacy and aggregated, caching by ETag.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

v2='application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
get() { api GET "$1" -H "Accept: $2" "${@:3}"; }
legacy() { get "$1" application/json; }

is "$(legacy /api | jq -c '[.kind, .versions]')" '["APIVersions",["v1"]]' '/api'
is "$(legacy /apis | jq -r .kind)" APIGroupList '/apis'
is "$(legacy /apis | jq -r '.groups[:3] | map(.name) | join(" ")')" \
	'apiregistration.k8s.io apps events.k8s.io' 'groups in order'
is "$(legacy /apis/autoscaling | jq -c '[.kind, .preferredVersion.groupVersion, (.versions | map(.version))]')" \
	'["APIGroup","autoscaling/v2",["v2","v1"]]' 'a group, newest version first'
is "$(legacy /api/v1 | jq -c '.resources[] | select(.name == "pods/eviction") | [.group, .version, .kind, .verbs]')" \
	'["policy","v1","Eviction",["create"]]' 'a subresource of another group'
is "$(legacy /apis/apps/v1 | jq -c '.resources[] | select(.name == "deployments") | [.singularName, .namespaced, .shortNames, .categories]')" \
	'["deployment",true,["deploy"],["all"]]' 'a resource'

for path in /api /apis; do
	is "$(get $path "$v2" -o /dev/null -w '%{content_type}')" "$v2" "$path aggregated: the Content-Type repeats the parameters"
	is "$(get $path "$v2,application/json" | jq -r .kind)" APIGroupDiscoveryList "$path aggregated"
	is "$(get $path 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json' -o /dev/null -w '%{content_type}')" \
		application/json "$path v2beta1: legacy"
	headers=$(get $path "$v2" -D - -o /dev/null)
	like "$headers" 'Vary: Accept' "$path Vary"
	like "$headers" 'Cache-Control: public' "$path Cache-Control"
	etag=$(sed -n 's/^ETag: \("[0-9A-F]\{128\}"\).*/\1/Ip' <<< "$headers")
	isnt "$etag" '' "$path has an ETag"
	is "$(get $path "$v2" -H "If-None-Match: $etag" -o /dev/null -w '%{http_code}')" 304 "$path not modified"
	is "$(get $path application/json -H "If-None-Match: $etag" -o /dev/null -w '%{http_code}')" 200 \
		"$path: the other form has another tag"
done
is "$(get /api "$v2" | jq -c '.items[0].versions[0].resources[] | select(.resource == "serviceaccounts") | .subresources')" \
	'[{"subresource":"token","responseKind":{"group":"authentication.k8s.io","version":"v1","kind":"TokenRequest"},"verbs":["create"]}]' \
	'a subresource, aggregated'
is "$(get /apis "$v2" | jq '[.items[].versions[].resources[] | select((.responseKind.kind // "") == "")] | length')" 0 \
	'no responseKind is empty'
is "$(get /apis "$v2" | jq -r '.items[] | select(.metadata.name == "apps").versions[0].freshness')" Current 'freshness'

for kubectl in k127 k133 k; do
	like "$($kubectl api-resources 2>&1)" 'deployments +deploy +apps/v1 +true +Deployment' "$kubectl api-resources"
	like "$($kubectl api-versions 2>&1)" 'rbac.authorization.k8s.io/v1' "$kubectl api-versions"
done
same=$(diff <(legacy /apis/apps/v1 | jq -r '.resources[] | select(.name | contains("/") | not).name') \
	<(get /apis "$v2" | jq -r '.items[] | select(.metadata.name == "apps").versions[0].resources[].resource'))
is "$same" '' 'both forms tell the same'
done_testing
