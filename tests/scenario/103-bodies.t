#!/bin/bash
# Bodies: formats, mismatches with the URL, unknown and duplicate fields, hostile input.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

cms=/api/v1/namespaces/default/configmaps
post() { api_json POST "$cms$1" "$2" "${@:3}"; }
said() { jq -r '"\(.code) \(.reason) \(.message)"'; }

is "$(post '' '{"metadata":{"name":"a"}}' | jq -c '[.kind, .apiVersion]')" '["ConfigMap","v1"]' \
	'kind and apiVersion come from the URL'
is "$(post '' '{"metadata":{"name":"a"}}' | jq -c '[.code, .reason, .message, .details]')" \
	'[409,"AlreadyExists","configmaps \"a\" already exists",{"name":"a","kind":"configmaps"}]' 'created twice'
rv=$(api GET $cms/a | jq -r .metadata.resourceVersion)
api_json PUT $cms/a '{"metadata":{"name":"a"},"data":{"k":"1"}}' > /dev/null
is "$(api_json PUT $cms/a '{"metadata":{"name":"a","resourceVersion":"'"$rv"'"}}' | jq -c '[.code, .reason]')" \
	'[409,"Conflict"]' 'a stale resourceVersion'
like "$(post '' '{"metadata":{"name":"r","resourceVersion":"5"}}' | said)" \
	'^500 .*resourceVersion should not be set on objects to be created' 'a resourceVersion at creation'

is "$(api_json PUT $cms/a '{"metadata":{"name":"b"}}' | said)" \
	'400 BadRequest the name of the object (b) does not match the name on the URL (a)' 'another name'
is "$(post '' '{"metadata":{"name":"x","namespace":"other"}}' | said)" \
	'400 BadRequest the namespace of the provided object does not match the namespace sent on the request' 'another namespace'
is "$(post '' '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}' | said)" \
	'400 BadRequest Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion' 'another kind'
like "$(post '' '{"kind":"ConfigMap","apiVersion":"v2"}' | said)" \
	'^400 BadRequest ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2"' 'another version'
like "$(post '' '{"kind":"ConfigMap","apiVersion":"a/b/c"}' | said)" 'unexpected GroupVersion string: a/b/c' 'no version at all'
like "$(post '' '{"kind":5}' | said)" 'cannot unmarshal number into Go struct field .kind of type string' 'a kind that is no string'
like "$(post '' 'null' | said)" '^422 Invalid .*name or generateName is required' 'null is an empty object'
like "$(api POST $cms -H 'Content-Type: application/vnd.kubernetes.protobuf' -d k8s | said)" \
	'must be of type ConfigMap\): provided data does not appear to be a protobuf message' 'protobuf that is none'
is "$(post '?dryRun=All' '{"metadata":{"name":"dry"}}' | jq -c '.metadata | has("resourceVersion")')" 'false' \
	'a dry run has no revision'
is "$(api PATCH $cms/a -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"name":"b"}}' | said)" \
	'400 BadRequest the name of the object (b) does not match the name on the URL (a)' 'a patch renames nothing'
like "$(api PATCH $cms/a -H 'Content-Type: text/plain' -d '{}' | said)" '415: Unsupported Media Type' 'no patch type'
is "$(api_json POST /api/v1/namespaces/nons/configmaps '{"metadata":{"name":"x"}}' | jq -c '[.code, .message, .details.kind]')" \
	'[404,"namespaces \"nons\" not found","namespaces"]' 'in a namespace that is not there'

for body in '' '[]' '"x"' 'null' '7' '{' '{"a":}' '{"metadata":' '{"metadata":5}' '{"metadata":{"name":7}}' \
	'{"metadata":{"labels":[]}}' '{"data":{"k":5}}' '{"kind":5}' $'\xff\xfe' '{"a":"\ud800"}' \
	'{"metadata":{"name":"x"}}{' "$(printf '[%.0s' {1..3000})"; do
	like "$(api_json POST $cms "$body" -o /dev/null -w '%{http_code}')" '^(400|422)$' "refused: ${body:0:30}"
done
is "$(post '' '{"data":{"k":5},"metadata":{"name":"x"}}' | said)" \
	'400 BadRequest ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string' \
	'a wrong type is named'

twice='{"metadata":{"name":"twice","foo":1},"data":{"a":"1","a":"2"}}'
headers=$(post '' "$twice" -D - -o /dev/null)
like "$headers" 'Warning: 299 - "unknown field \\"metadata.foo\\""' 'a Warning for an unknown field'
like "$headers" 'Warning: 299 - "duplicate field \\"data.a\\""' 'a Warning for a duplicate'
unlike "$(post '?fieldValidation=Ignore&dryRun=All' "${twice/twice/other}" -D - -o /dev/null)" 'Warning' 'none with Ignore'
like "$(post '?fieldValidation=Strict' "${twice/twice/other}" | said)" \
	'^400 BadRequest ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: .*duplicate field "data.a"' 'Strict names the duplicate'
like "$(post '?fieldValidation=Strict' "${twice/twice/other}" | said)" 'unknown field "metadata.foo"' 'and the unknown field'
is "$(post '?fieldValidation=strict' '{}' | jq -c '[.code, .details.kind, .details.causes[0].field]')" \
	'[422,"CreateOptions","fieldValidation"]' 'a bad fieldValidation'
is "$(post '?dryRun=Some' '{}' | jq -c '[.code, .details.causes[0].field]')" '[422,"dryRun"]' 'a bad dryRun'
is "$(post '?dryRun=All' '{"metadata":{"name":"dry"}}' -o /dev/null -w '%{http_code}')" 201 'dryRun answers'
is "$(api_code GET $cms/dry)" 404 'and keeps nothing'

is "$(api POST $cms -H 'Content-Type: application/yaml' --data-binary $'metadata: {name: yam}\ndata:\n  k: "1"' | jq -c .data)" \
	'{"k":"1"}' 'a YAML body'
for type in application/cbor text/plain application/x-www-form-urlencoded; do
	is "$(api POST $cms -H "Content-Type: $type" -d '{}' | jq -c '[.code, .reason]')" '[415,"UnsupportedMediaType"]' "$type"
done
is "$(api POST $cms -H 'Content-Type: application/vnd.kubernetes.protobuf' -d 'k8s' | jq .code)" 400 'protobuf without its head'
is "$(printf 'k8s\0\377\377\377' | api POST $cms -H 'Content-Type: application/vnd.kubernetes.protobuf' --data-binary @- | jq .code)" \
	400 'broken protobuf'
check 'kubectl creates with protobuf' k create configmap proto --from-literal=x=y
is "$(k get configmap proto -o 'jsonpath={.data.x}')" y 'and it arrives'
like "$(k create configmap proto -v=9 --from-literal=x=y 2>&1)" 'Content-Type: application/vnd.kubernetes.protobuf' \
	'this kubectl does send protobuf'

patch() { api PATCH $cms/a -H "Content-Type: $1" -d "$2"; }
is "$(patch application/merge-patch+json '{"data":{"m":"1"}}' | jq -r .data.m)" 1 'merge patch'
is "$(patch application/strategic-merge-patch+json '{"data":{"s":"1"}}' | jq -r .data.s)" 1 'strategic merge patch'
is "$(patch application/json-patch+json '[{"op":"remove","path":"/data/m"}]' | jq -c '.data | has("m")')" false 'JSON patch'
is "$(patch application/json-patch+json '[{"op":"test","path":"/data/s","value":"2"}]' | jq -c '[.code, .reason]')" \
	'[422,"Invalid"]' 'a JSON patch test that fails'
is "$(patch application/json '{}' | jq .code)" 415 'a patch of no known type'
is "$(patch application/merge-patch+json '[' | jq .code)" 400 'a broken patch'
is "$(patch application/merge-patch+json '[]' | jq .code)" 400 'a patch that is no object'
is "$(patch application/apply-patch+yaml '{}' | jq -c '[.code, .details.causes[0].field]')" '[422,"fieldManager"]' \
	'apply without a manager'
is "$(api PATCH "$cms/a?force=true" -H 'Content-Type: application/merge-patch+json' -d '{}' | jq .code)" 422 'force without apply'
is "$(api PATCH $cms/none -H 'Content-Type: application/merge-patch+json' -d '{}' | jq .code)" 404 'a patch of nothing'

head -c 3200000 /dev/zero | tr '\0' ' ' > "$T/large"
is "$(api POST $cms -H 'Content-Type: application/json' -H 'Expect:' --data-binary @"$T/large" | said)" \
	'413 RequestEntityTooLarge Request entity too large: limit is 3145728' 'a body too large'

for i in {1..30}; do
	api PATCH $cms/a -H 'Content-Type: application/merge-patch+json' -d '{"data":{"p'$i'":"1"}}' -o /dev/null &
done
wait $(jobs -p | grep -vx "${server_pid[main]}")
is "$(api GET $cms/a | jq '[.data | keys[] | select(startswith("p"))] | length')" 30 'parallel patches are all kept'
is "$(api_code GET /readyz)" 200 'still well'
done_testing
