#!/bin/bash
# Schemas of custom resources: what a definition may say, and what instances must be.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
crds=/apis/apiextensions.k8s.io/v1/customresourcedefinitions

define() { # SCHEMA [JQ]
	jq -n --argjson s "$1" '{apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: {name: "things.ex.io"},
		spec: {group: "ex.io", scope: "Namespaced", names: {plural: "things", kind: "Thing"},
		versions: [{name: "v1", served: true, storage: true, schema: {openAPIV3Schema: $s}}]}} | '"${2:-.}"
}
refused() { # NAME SCHEMA MESSAGE
	is "$(api_json POST "$crds?dryRun=All" "$(define "$2")" | jq -r '[.details.causes[]? | "\(.field): \(.message)"] | join("; ")')" "$3" "$1"
}
at='spec.validation.openAPIV3Schema'
refused 'a field without a type' '{"type":"object","properties":{"spec":{}}}' \
	"$at.properties[spec].type: Required value: must not be empty for specified object fields"
refused 'properties and additionalProperties' '{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}}}' \
	"$at.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"
refused 'a default that is none' '{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}' \
	"$at.properties[a].default: Invalid value: \"string\":  in body must be of type integer: \"string\""
refused 'a key of a map that may be missing' '{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string"}}}}}}' \
	"$at.properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
refused 'a type inside anyOf' '{"type":"object","properties":{"a":{"type":"string","anyOf":[{"type":"string"}]}}}' \
	"$at.properties[a].anyOf[0].type: Forbidden: must be empty to be structural"
like "$(api_json POST "$crds?dryRun=All" "$(define '{"type":"object","properties":{"a":{"type":"string","x-kubernetes-validations":[{"rule":"self.size() + 1"}]}}}')" | jq -r .message)" \
	'cel expression must evaluate to a bool' 'a rule that says no yes or no'
like "$(api_json POST "$crds?dryRun=All" "$(define '{"type":"object","properties":{"a":{"type":"array","items":{"type":"string","x-kubernetes-validations":[{"rule":"self.matches(\"a.*b\")"}]}}}}')" | jq -r .message)" \
	'estimated rule cost exceeds budget by factor of' 'a rule that costs too much'

schema='{"type":"object","properties":{"spec":{"type":"object","required":["req"],"x-kubernetes-validations":[{"rule":"!has(self.min) || self.min <= self.max","message":"min must be <= max"}],"properties":{
	"req":{"type":"string","default":"d"},"min":{"type":"integer"},"max":{"type":"integer","maximum":10},"str":{"type":"string","maxLength":5,"pattern":"^[a-z]+$"},
	"enum":{"type":"string","enum":["a","b"]},"ios":{"x-kubernetes-int-or-string":true},"date":{"type":"string","format":"date-time"},"nul":{"type":"string","nullable":true},
	"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},"map":{"type":"array","maxItems":3,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}},
	"one":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]},
	"raw":{"type":"object","x-kubernetes-preserve-unknown-fields":true},"emb":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
	"fixed":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf","message":"is fixed"}]}}}}}'
api_json POST $crds "$(define "$schema")" > /dev/null
ts=/apis/ex.io/v1/namespaces/default/things
thing() { printf '{"apiVersion":"ex.io/v1","kind":"Thing","metadata":{"name":"%s"},"spec":%s}' "$1" "$2"; }
faults() { jq -r 'if .details.causes then [.details.causes[] | "\(.field): \(.message)"] | sort | join("; ") else "\(.code // .spec) \(.message // "")" end'; }
says() { # NAME SPEC WANT
	is "$(api_json POST "$ts?dryRun=All" "$(thing x "$2")" | faults)" "$3" "$1"
}
says 'a number too large' '{"max":12}' 'spec.max: Invalid value: 12: spec.max in body should be less than or equal to 10'
says 'another type' '{"max":"x"}' '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation; spec.max: Invalid value: "string": spec.max in body must be of type integer: "string"'
says 'a text too long' '{"str":"abcdefg"}' '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation; spec.str: Too long: may not be more than 5 bytes'
says 'a pattern' '{"str":"A"}' "spec.str: Invalid value: \"A\": spec.str in body should match '^[a-z]+\$'"
says 'an enum' '{"enum":"c"}' '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation; spec.enum: Unsupported value: "c": supported values: "a", "b"'
says 'one of' '{"one":{"a":"x","b":"y"}}' '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives'
says 'a set' '{"set":["a","a"]}' 'spec.set[1]: Duplicate value: "a"'
says 'a map' '{"map":[{"k":"a"},{"k":"a"}]}' 'spec.map[1]: Duplicate value: {"k":"a"}'
says 'a rule' '{"min":3,"max":2}' 'spec: Invalid value: min must be <= max'
like "$(api_json POST "$ts?dryRun=All" "$(thing x '{"date":"x"}')" | jq -r .message)" 'spec.date in body must be of type date-time: "x"' 'a format'
like "$(api_json POST "$ts?dryRun=All" "$(thing x '{"emb":{"a":1}}')" | jq -r .message)" 'spec.emb.apiVersion: Required value' 'an embedded resource'
is "$(api_json POST "$ts?dryRun=All" "$(thing x '{"nul":null,"ios":"5%","raw":{"a":{"b":1}},"str":null,"u":1}')" | jq -Sc .spec)" \
	'{"ios":"5%","nul":null,"raw":{"a":{"b":1}},"req":"d"}' 'pruned, defaulted, null where it may be'
is "$(api_json POST "$ts?dryRun=All&fieldValidation=Strict" "$(thing x '{"u":1}')" | jq -r .message)" \
	'Thing in version "v1" cannot be handled as a Thing: strict decoding error: unknown field "spec.u"' 'an unknown field, strictly'
like "$(api_json POST "$ts?dryRun=All" "$(thing x '{"u":1}')" -D - -o "$T/body")" '299 - "unknown field \\"spec.u\\""' 'a warning else'

# ratcheting: what has become wrong may stay, but not come
api_json POST $ts "$(thing old '{"str":"abc","fixed":"a","set":["a"]}')" > /dev/null
patch() { api PATCH "$ts/old" -H 'Content-Type: application/merge-patch+json' -d "$1"; }
is "$(patch '{"spec":{"fixed":"b"}}' | faults)" 'spec.fixed: Invalid value: "b": is fixed' 'a transition'
api_json PUT $crds/things.ex.io "$(api GET $crds/things.ex.io | jq '.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties |= (.str.maxLength = 2 | .later = {type: "integer", default: 7})')" > /dev/null
is "$(api GET $ts/old | jq .spec.later)" 7 'a new default shows in old objects'
is "$(patch '{"metadata":{"labels":{"a":"b"}}}' | jq -r .metadata.labels.a)" b 'an old fault may stay'
is "$(patch '{"spec":{"str":"xyz"}}' | jq .code)" 422 'but not become another'
done_testing
