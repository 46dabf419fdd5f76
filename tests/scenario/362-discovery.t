#!/bin/bash
# Discovery as a whole: every group, version and resource, in both forms; the version; partial metadata of all.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --controllers none

v2='application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
api GET /apis > "$T/groups"
api GET /apis -H "Accept: $v2" > "$T/aggregated"
api GET /api -H "Accept: $v2" > "$T/core"

bad=
for gv in v1 $(jq -r '.groups[].versions[].groupVersion' "$T/groups"); do
	path=/apis/$gv
	[ $gv != v1 ] || path=/api/v1
	api GET "$path" > "$T/gv"
	jq -e --arg gv "$gv" '.kind == "APIResourceList" and .groupVersion == $gv and (.resources | length) > 0
		and all(.resources[]; .name != "" and .kind != "" and (.verbs | length) > 0)' "$T/gv" > /dev/null || bad+=" $gv"
	jq -r --arg gv "$gv" '.resources[] | "\($gv) \(.name) \(.kind) \(.namespaced) \(.verbs | sort | join(","))"' "$T/gv"
done | sort > "$T/legacy"
is "$bad" '' 'every group version answers with its name and valid resources'
jq -r '.items[] | .metadata.name as $g | .versions[] | ($g + (if $g then "/" else "" end) + .version) as $gv | .resources[] |
	(.scope == "Namespaced") as $n |
	"\($gv) \(.resource) \(.responseKind.kind) \($n) \(.verbs | sort | join(","))",
	(. as $r | .subresources[]? | "\($gv) \($r.resource)/\(.subresource) \(.responseKind.kind) \($n) \(.verbs | sort | join(","))")' \
	"$T/core" "$T/aggregated" | sort > "$T/both"
is "$(diff "$T/legacy" "$T/both")" '' 'the aggregated form lists every built-in resource and subresource, and no other'
is "$(jq -c '[.groups[] | select(.preferredVersion.groupVersion as $p | .versions | map(.groupVersion) | index($p) | not).name]' "$T/groups")" '[]' \
	'the preferred version of every group is one it has'
for r in customresourcedefinitions:apiextensions.k8s.io/v1 mutatingwebhookconfigurations:admissionregistration.k8s.io/v1 \
	validatingwebhookconfigurations:admissionregistration.k8s.io/v1 flowschemas:flowcontrol.apiserver.k8s.io/v1 \
	certificatesigningrequests:certificates.k8s.io/v1 validatingadmissionpolicies:admissionregistration.k8s.io/v1; do
	check "${r%%:*} in the document of its group version" grep -q "^${r#*:} ${r%%:*} " "$T/legacy"
done
is "$(api GET /version | jq -c '[.major, .minor | test("^[0-9]+$")]')" '[true,true]' 'major and minor are integers'
is "$(api POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews -H 'Content-Type: application/json' \
	-H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io' -d '{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}' | jq -c '[.code, .reason]')" \
	'[406,"NotAcceptable"]' 'no Table of what has no columns: 406'

# what the garbage collector and metadata clients do
partial='application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
bad=
while read -r gv resource kind namespaced verbs; do
	[[ $resource != */* && $verbs == *list* && $verbs == *watch* ]] || continue
	path=/apis/$gv/$resource
	[ "$gv" != v1 ] || path=/api/v1/$resource
	api GET "$path" -H "Accept: $partial" > "$T/list"
	jq -e '.kind == "PartialObjectMetadataList" and (.items | type) == "array" and all(.items[]; .kind == "PartialObjectMetadata" and .metadata.uid != null)' \
		"$T/list" > /dev/null || bad+=" $gv/$resource"
	echo "$gv/$resource" >> "$T/asked"
done < "$T/legacy"
is "$bad" '' 'every kind lists as partial metadata' && check 'all of them' test "$(wc -l < "$T/asked")" -gt 50
watched=$(api GET '/apis/rbac.authorization.k8s.io/v1/clusterroles?watch=1&timeoutSeconds=1' -H 'Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' | head -n 1)
is "$(jq -c '[.type, .object.kind, .object.apiVersion, (.object.metadata.name != null), .object.rules]' <<< "$watched")" \
	'["ADDED","PartialObjectMetadata","meta.k8s.io/v1",true,null]' 'and is watched so'
stop_server
done_testing
