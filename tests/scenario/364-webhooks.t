#!/bin/bash
# Webhooks and custom resources: judged, changed, pruned, also after another version is stored; definitions; rules that
# change; conditions that do not compile.
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/webhook.bash"
start_webhook
start_server

V=ValidatingWebhookConfiguration M=MutatingWebhookConfiguration
# A webhook about other resources than ConfigMaps, which may be of the cluster.
configure() { # KIND NAME PATH GROUP RESOURCE [YAML LINES]
	hook_config "$1" "$2" "$3" "${@:6}" |
		sed "/namespaceSelector/d; s/apiGroups: \[\"\"\]/apiGroups: [\"$4\"]/; s/resources: \[configmaps\]/resources: [\"$5\"]/" | k apply -f - > /dev/null
}
forget() { k delete validatingwebhookconfigurations,mutatingwebhookconfigurations --all > /dev/null; }
definition() { # NAME STORED
	cat <<- END_OF_YAML
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: $1s.example.org}
		spec:
		  group: example.org
		  scope: Namespaced
		  names: {plural: $1s, kind: ${1^}}
		  versions:
		  - {name: v1, served: true, storage: $([ "$2" = v1 ] && echo true || echo false), schema: {openAPIV3Schema: {type: object, properties: {data: {type: object, properties: {a: {type: string}, b: {type: string}}}}}}}
		  - {name: v2, served: true, storage: $([ "$2" = v2 ] && echo true || echo false), schema: {openAPIV3Schema: {type: object, properties: {data: {type: object, properties: {a: {type: string}, b: {type: string}}}}}}}
	END_OF_YAML
}
definition widget v1 | k apply -f - > /dev/null
k wait --for=condition=Established crd/widgets.example.org --timeout=10s > /dev/null
widget() { printf '{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"%s"},"data":{"a":"1"}}' "$1"; }
widget one | k create -f - > /dev/null

configure $V deny /deny/403/Forbidden/nope example.org widgets
k create -f - <<< "$(widget two)" > "$T/1" 2>&1
k label widget one x=y > "$T/2" 2>&1
k delete widget one > "$T/3" 2>&1
is "$(grep -c 'denied the request: nope' "$T/1" "$T/2" "$T/3" | cut -d: -f2 | tr '\n' ' ')" '1 1 1 ' 'custom resources are judged'
forget
configure $V deny /deny/403/Forbidden/nope apiextensions.k8s.io customresourcedefinitions
definition gadget v1 | k create -f - > "$T/1" 2>&1
like "$(cat "$T/1")" 'denied the request: nope' 'definitions are judged'
forget

configure $M patch "/patch/$(hook_patch '[{"op":"add","path":"/data/b","value":"2"},{"op":"add","path":"/data/none","value":"3"}]')" example.org widgets
widget changed | k create -f - > /dev/null
is "$(k get widget changed -o json | jq -r .data.b)" 2 'custom resources are changed'
is "$(k get widget changed -o json | jq -c .data.none)" null 'what the schema does not know is pruned from it'
definition widget v2 | k apply -f - > /dev/null
is "$(k patch widget changed --type=merge -p '{"data":{"a":"9"}}' -o json | jq -c .data)" '{"a":"9","b":"2"}' 'also after another version is stored'
forget

rules() { k patch mutatingwebhookconfiguration rules --type=json -p '[{"op":"replace","path":"/webhooks/0/rules/0/operations","value":["'"$1"'"]}]' > /dev/null; }
hook_config $M rules "/patch/$(hook_patch '[{"op":"add","path":"/data","value":{"mutated":"yes"}}]')" | k apply -f - > /dev/null
mutated() { k create configmap "$1" -o json | jq -r .data.mutated; }
first=$(mutated a)
rules UPDATE
second=$(mutated b)
rules CREATE
is "$first $second $(mutated c)" 'yes null yes' 'rules that are changed count at once'
forget
for kind in mutating:$M validating:$V; do
	check_fails "a match condition that does not compile: ${kind%%:*}" 'compilation failed' k create -f <(hook_config "${kind#*:}" bad /allow 'matchConditions: [{name: c, expression: "... [] bad expression"}]')
done
stop_server
done_testing
