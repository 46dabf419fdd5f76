#!/bin/bash
# Definitions as clients meet them: what they publish, what a schema lets pass, their own verbs.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
crds=/apis/apiextensions.k8s.io/v1/customresourcedefinitions
version() { printf '{"name":"%s","served":%s,"storage":%s,"schema":{"openAPIV3Schema":%s}}' "$@"; } # NAME SERVED STORAGE SCHEMA
define() { # KIND GROUP VERSION[,VERSION]
	local plural=${1,,}s
	printf '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"%s.%s","labels":{"run":"%s"}},"spec":{"group":"%s","scope":"Namespaced","names":{"plural":"%s","kind":"%s"},"versions":[%s]}}' \
		"$plural" "$2" "$1" "$2" "$plural" "$1" "$3" | k create -f - > /dev/null
	k wait --for=condition=Established "crd/$plural.$2" --timeout=10s > /dev/null
}
object() { printf '{"apiVersion":"%s","kind":"%s","metadata":{"name":"o"%s},%s}' "$1" "$2" "${4-}" "$3"; }
strict() { k create --validate=strict -o json -f - <<< "$1" 2>&1; k delete -f - > /dev/null 2>&1 <<< "$1"; }
shape='{"type":"object","description":"A shape.","properties":{"spec":{"type":"object","description":"What is wanted.","properties":{"size":{"type":"integer"}},"required":["size"]}}}'
define Free a.example "$(version v1 true true '{"type":"object","x-kubernetes-preserve-unknown-fields":true,"description":"Anything."}')"
nested='{"type":"object","properties":{"spec":{"type":"object","description":"Half known.","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"integer"}}},"inner":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}'
define Nested a.example "$(version v1 true true "$nested")"
define Shape a.example "$(version v1 true true "$shape"),$(version v2 true false "$shape")"
define Other b.example "$(version v1 true true "$shape")"

is "$(strict "$(object a.example/v1 Free '"any":{"thing":1}')" | jq -c .any)" '{"thing":1}' 'unknown fields where nothing is said about them'
is "$(strict "$(object a.example/v1 Free '"spec":{"x":1},"more":2')" | jq -c '[.spec.x, .more]')" '[1,2]' 'unknown fields at the root are taken'
is "$(strict "$(object a.example/v1 Nested '"spec":{"a":1,"b":2}')" | jq -c .spec)" '{"a":1,"b":2}' 'unknown fields in a nested object are taken'
is "$(strict "$(object a.example/v1 Shape '"spec":{"size":1}')" | jq -c .spec)" '{"size":1}' 'what fits the schema'
like "$(strict "$(object a.example/v1 Shape '"spec":{"size":1,"extra":2}')")" 'unknown field "spec.extra"' 'what the schema does not know'
post() { api_json POST "/apis/a.example/v1/namespaces/default/$1?fieldValidation=Strict" "$2" | jq -r .message; }
like "$(post frees "$(object a.example/v1 Free '"x":{"a":1,"a":2}')")" 'strict decoding error: .*duplicate field "x.a"' 'duplicate fields are refused, also where unknown ones are kept'
like "$(post shapes "$(object a.example/v1 Shape '"spec":{"size":1}' ',"unknown":1')")" 'unknown field "metadata.unknown"' 'unknown metadata is refused'
like "$(post nesteds "$(object a.example/v1 Nested '"inner":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","unknown":1}}')")" 'unknown field "inner.metadata.unknown"' 'also of an embedded object'

schemas() { api GET "/openapi/v3/apis/$1" | jq -r '.components.schemas | keys[]' | grep -iE 'example' | grep -v List | sort | tr '\n' ' '; }
eventually 'both kinds are published' 5 eval '[[ "$(schemas a.example/v1)" == *Free*Nested*Shape* ]]'
eventually 'both groups are published' 5 eval '[[ "$(schemas b.example/v1)" == *Other* ]]'
eventually 'both versions are published' 5 eval '[[ "$(schemas a.example/v2)" == *Shape* ]]'
explained() { k explain "$1" 2>&1 | grep -q "$2"; }
eventually 'explain names the kind' 10 explained frees 'KIND: *Free'
eventually 'explain of the nested field' 10 explained nesteds.spec 'Half known.'
eventually 'explain of a property' 10 explained shapes.spec 'size.*<integer> -required-'
api PATCH "$crds/shapes.a.example" -H 'Content-Type: application/json-patch+json' -d '[{"op":"replace","path":"/spec/versions/1/name","value":"v3"}]' -o /dev/null
eventually 'a renamed version is renamed in OpenAPI' 5 eval '[[ "$(schemas a.example/v3)" == *Shape* ]] && [ "$(api_code GET /openapi/v3/apis/a.example/v2)" = 404 ]'
api PATCH "$crds/shapes.a.example" -H 'Content-Type: application/json-patch+json' -d '[{"op":"replace","path":"/spec/versions/1/served","value":false}]' -o /dev/null
eventually 'a version that is not served leaves OpenAPI' 5 eval '[ "$(api_code GET /openapi/v3/apis/a.example/v3)" = 404 ]'

is "$(api GET "$crds/others.b.example/status" | jq -r .kind)" CustomResourceDefinition 'a status of its own'
condition='{"type":"Mine","status":"True","reason":"E2E","message":"m","lastTransitionTime":"2026-01-02T03:04:05Z"}'
api PATCH "$crds/others.b.example/status" -H 'Content-Type: application/json-patch+json' -d '[{"op":"add","path":"/status/conditions/-","value":'"$condition"'}]' -o /dev/null
is "$(api GET "$crds/others.b.example" | jq -c '[.status.conditions[] | select(.type == "Mine").reason]')" '["E2E"]' 'which is patched'
is "$(api GET "$crds?labelSelector=run%3DOther" | jq -c '[.items[].metadata.name]')" '["others.b.example"]' 'definitions are listed by label'
api DELETE "$crds?labelSelector=run%20in%20(Other,Free)" -o /dev/null
left() { api GET "$crds" | jq -c '[.items[].metadata.name]'; }
eventually 'and deleted as a collection' 10 prints '["nesteds.a.example","shapes.a.example"]' left
stop_server
done_testing
