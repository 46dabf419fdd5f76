#!/bin/bash
# Versions of custom resources: by name alone, and through a webhook.
. "$(dirname "$0")/../lib/nutshell.bash"
command -v python3 > /dev/null || skip_all 'no python3'
start_server
crds=/apis/apiextensions.k8s.io/v1/customresourcedefinitions

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/hook.key" -out "$T/hook.crt" -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 2> /dev/null || skip_all 'no openssl'
background python3 "$root/tests/lib/webhook.py" "$T/hook.crt" "$T/hook.key" "$T/hook.log" > "$T/port"
wait_until 10 test -s "$T/port"
hook=https://127.0.0.1:$(cat "$T/port")

schema() { printf '{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"%s":{"type":"string"}}}}}}' "$1"; }
api_json POST $crds "$(jq -n --argjson a "$(schema color)" --argjson b "$(schema colour)" '{apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition",
	metadata: {name: "cars.ex.io"}, spec: {group: "ex.io", scope: "Namespaced", names: {plural: "cars", kind: "Car"},
	versions: [{name: "v1", served: true, storage: true, schema: $a}, {name: "v2", served: true, storage: false, schema: $b},
	{name: "v1alpha1", served: true, storage: false, deprecated: true, schema: $a}]}}')" > /dev/null
cars() { echo "/apis/ex.io/$1/namespaces/default/cars"; }
strategy() { # MODE
	api PATCH $crds/cars.ex.io -H 'Content-Type: application/merge-patch+json' -d "$(jq -n --arg u "$hook/convert/$1" --arg ca "$(base64 -w0 "$T/hook.crt")" \
		'{spec: {conversion: {strategy: "Webhook", webhook: {conversionReviewVersions: ["v1"], clientConfig: {url: $u, caBundle: $ca}}}}}')" > "$T/said"
}
is "$(api GET /apis/ex.io | jq -r '[.versions[].version] | join(" ")')" 'v2 v1 v1alpha1' 'versions by preference'
api_json POST "$(cars v1)" '{"apiVersion":"ex.io/v1","kind":"Car","metadata":{"name":"a"},"spec":{"color":"red"}}' > /dev/null
is "$(api GET "$(cars v2)/a" | jq -c '[.apiVersion, .spec]')" '["ex.io/v2",{}]' 'without conversion another version is another name'
like "$(api GET "$(cars v1alpha1)" -D - -o "$T/body")" '299 - "ex.io/v1alpha1 Car is deprecated"' 'a deprecated version says so'
strategy ok
is "$(api GET "$(cars v2)/a" | jq -c '[.apiVersion, .spec]')" '["ex.io/v2",{"colour":"red"}]' 'converted by the webhook'
api_json POST "$(cars v2)" '{"apiVersion":"ex.io/v2","kind":"Car","metadata":{"name":"b"},"spec":{"colour":"blue"}}' > /dev/null
is "$(api GET "$(cars v1)/b" | jq -c .spec)" '{"color":"blue"}' 'and back'
: > "$T/hook.log"
is "$(api GET "$(cars v2)" | jq -c '[.kind, [.items[].spec.colour]]')" '["CarList",["red","blue"]]' 'a list'
is "$(jq -s 'length' "$T/hook.log") $(jq -s '.[0].review.request.objects | length' "$T/hook.log")" '1 2' 'in one call'
is "$(api GET "$(cars v2)?watch=1&timeoutSeconds=1" | jq -c '[.type, .object.spec.colour]' | tr '\n' ' ')" '["ADDED","red"] ["ADDED","blue"] ' 'a watch'
is "$(api PATCH "$(cars v2)/a" -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"colour":"green"}}' | jq -c .spec)" '{"colour":"green"}' 'a patch in another version'
is "$(api GET "$(cars v1)/a" | jq -c .spec)" '{"color":"green"}' 'is stored in the first'
strategy label
is "$(api GET "$(cars v2)/a" | jq -c '[.metadata.labels, .metadata.finalizers]')" '[{"converted":"ex.io-v2"},null]' 'of metadata it may change labels only'
for mode in 'fail failed: not today' 'few returned 0 objects, expected 1' 'kind returned invalid object at index 0: invalid kind (expected Car, received Other)' \
	'name returned invalid object: must have the same name: a != other'; do
	strategy "${mode%% *}"
	is "$(api GET "$(cars v2)/a" | jq -r '"\(.code) \(.message)"')" "500 conversion webhook for ex.io/v1, Kind=Car ${mode#* }" "a webhook that is wrong: ${mode%% *}"
done
is "$(api GET "$(cars v1)/a" | jq -c .spec)" '{"color":"green"}' 'nobody asks it when there is nothing to convert'

api PATCH $crds/cars.ex.io -H 'Content-Type: application/json-patch+json' -d '[{"op":"replace","path":"/spec/conversion","value":{"strategy":"None"}},
	{"op":"replace","path":"/spec/versions/0/storage","value":false},{"op":"replace","path":"/spec/versions/1/storage","value":true}]' > "$T/said"
is "$(api GET $crds/cars.ex.io | jq -c .status.storedVersions)" '["v1","v2"]' 'another storage version'
like "$(api PATCH $crds/cars.ex.io -H 'Content-Type: application/json-patch+json' -d '[{"op":"remove","path":"/spec/versions/0"}]' | jq -r .message)" \
	'status.storedVersions\[0\]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version' 'the old one is still needed'
done_testing
