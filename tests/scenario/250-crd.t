#!/bin/bash
# A custom resource's life: defined, served at once in every form, used by two kubectls, changed, taken away.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
crds=/apis/apiextensions.k8s.io/v1/customresourcedefinitions

cat > "$T/widgets.yaml" << 'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.ex.io}
spec:
  group: ex.io
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.sel}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Hidden, type: string, jsonPath: .spec.color, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    selectableFields: [{jsonPath: .spec.color}]
    schema:
      openAPIV3Schema:
        type: object
        description: A widget.
        properties:
          spec:
            type: object
            description: What it is to be.
            properties:
              size: {type: integer, default: 3, maximum: 10}
              replicas: {type: integer}
              color: {type: string}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
YAML
widget() { # NAME SPEC
	printf '{"apiVersion":"ex.io/v1","kind":"Widget","metadata":{"name":"%s"},"spec":%s}' "$1" "$2"
}
ws=/apis/ex.io/v1/namespaces/default/widgets

k get widgets > "$T/said" 2>&1 # a warm cache of discovery
etag=$(api GET /apis -D - -o "$T/body" | tr -d '\r' | awk 'tolower($1) == "etag:" { print $2 }')
check 'it is defined' k create -f "$T/widgets.yaml"
is "$(api_code GET $ws)" 200 'and served as soon as that is said'
is "$(api GET /apis/ex.io/v1 | jq -c '[.resources[] | [.name, .singularName, .shortNames, .categories]]')" \
	'[["widgets","widget",["wd"],["all"]],["widgets/scale","",null,null],["widgets/status","",null,null]]' 'in discovery'
isnt "$(api GET /apis -D - -o "$T/body" | tr -d '\r' | awk 'tolower($1) == "etag:" { print $2 }')" "$etag" 'whose ETag has moved'
is "$(api GET /apis -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' |
	jq -c '.items[] | select(.metadata.name == "ex.io") | .versions[].resources[] | [.resource, .scope, .responseKind.kind]')" \
	'["widgets","Namespaced","Widget"]' 'and in the aggregated form'
check 'Established' k wait --for=condition=Established crd/widgets.ex.io --timeout=5s
is "$(k get crd widgets.ex.io -o jsonpath='{.status.conditions[*].reason} {.status.storedVersions} {.status.acceptedNames.listKind}')" \
	'NoConflicts InitialNamesAccepted ["v1"] WidgetList' 'conditions, stored versions, names'

for K in "$KUBECTL_127" "$KUBECTL_135"; do
	v=${K##*-}
	widget "w$v" '{"color":"red","replicas":1}' > "$T/w.json"
	check "kubectl $v: create" "$K" create -f "$T/w.json"
	like "$("$K" get wd)" "^NAME +SIZE +READY +AGE.w$v +3 +[0-9]+s" "kubectl $v: columns and defaults"
	like "$("$K" get wd -o wide)" 'HIDDEN.* red' "kubectl $v: a wide column"
	like "$("$K" get all)" "widget.ex.io/w$v" "kubectl $v: a category"
	check "kubectl $v: scale" "$K" scale "wd/w$v" --replicas=4
	is "$("$K" get wd "w$v" -o jsonpath='{.spec.replicas}/{.metadata.generation}')" 4/2 "kubectl $v: scaled, another generation"
	check "kubectl $v: status" "$K" patch wd "w$v" --subresource=status --type=merge -p '{"status":{"replicas":4,"conditions":[{"type":"Ready","status":"True"}]},"spec":{"size":9}}'
	is "$("$K" get wd "w$v" -o jsonpath='{.spec.size} {.status.conditions[0].status} {.metadata.generation}')" '3 True 2' "kubectl $v: which leaves the rest alone"
	like "$("$K" explain wd.spec)" 'What it is to be.*size' "kubectl $v: explain"
	is "$("$K" get wd --field-selector spec.color=red -o name)" "widget.ex.io/w$v" "kubectl $v: a selectable field"
	is "$("$K" get wd --field-selector spec.color=blue -o name)" '' "kubectl $v: and another value"
	check "kubectl $v: label" "$K" label wd "w$v" a=b
	check "kubectl $v: apply" "$K" apply -f "$T/w.json"
	check "kubectl $v: delete" "$K" delete wd "w$v"
done

api_json POST $ws "$(widget a '{}')" > /dev/null
is "$(api PATCH $ws/a -H 'Content-Type: application/strategic-merge-patch+json' -d '{}' | jq -c '[.code, .reason]')" \
	'[415,"UnsupportedMediaType"]' 'no strategic merge'
is "$(api POST $ws -H 'Content-Type: application/vnd.kubernetes.protobuf' -d k8s | jq .code)" 415 'no protobuf'
is "$(api GET $ws/a -H 'Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' | jq -r .kind)" \
	PartialObjectMetadata 'metadata alone'

# owners across kinds, and a namespace that goes
k create configmap owned > /dev/null
uid=$(k get wd a -o jsonpath='{.metadata.uid}')
k patch configmap owned --type=merge -p '{"metadata":{"ownerReferences":[{"apiVersion":"ex.io/v1","kind":"Widget","name":"a","uid":"'"$uid"'"}]}}' > /dev/null
k delete wd a > /dev/null
eventually 'what a custom resource owned is collected' 10 prints '' k get configmap owned --ignore-not-found
k create configmap owner > /dev/null
uid=$(k get configmap owner -o jsonpath='{.metadata.uid}')
widget owned '{}' | jq '.metadata.ownerReferences = [{apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "'"$uid"'"}]' > "$T/owned.json"
k create -f "$T/owned.json" > /dev/null
k delete configmap owner > /dev/null
eventually 'and what it is owned by' 10 prints '' k get wd owned --ignore-not-found
k create namespace going > /dev/null
widget x '{}' > "$T/w.json"
k -n going create -f "$T/w.json" > /dev/null
check 'a namespace takes them along' k delete namespace going --timeout=10s
is "$(k get wd -A -o name)" '' 'all of them'

# names that are taken
sed 's/widgets/gadgets/; s/widgets.ex.io/gadgets.ex.io/; s/plural: widgets/plural: gadgets/; s/kind: Widget,/kind: Gadget, singular: gadget,/' "$T/widgets.yaml" > "$T/gadgets.yaml"
k create -f "$T/gadgets.yaml" > /dev/null
is "$(k get crd gadgets.ex.io -o jsonpath='{.status.conditions[?(@.type=="NamesAccepted")].reason}: {.status.conditions[?(@.type=="NamesAccepted")].message}; {.status.conditions[?(@.type=="Established")].status}')" \
	'ShortNamesConflict: "wd" is already in use; False' 'a short name is taken: not established'
is "$(api_code GET /apis/ex.io/v1/gadgets)" 404 'and not served'

# a watch ends with its definition's change; an instance with a finalizer holds the definition
widget held '{}' | jq '.metadata.finalizers = ["ex.io/hold"]' > "$T/held.json"
k create -f "$T/held.json" > /dev/null
k delete crd widgets.ex.io --wait=false > /dev/null
is "$(k get crd widgets.ex.io -o jsonpath='{.status.conditions[?(@.type=="Terminating")].reason}')" InstanceDeletionInProgress 'a finalizer holds it'
like "$(api_json POST $ws "$(widget late '{}')" | jq -r .message)" 'create not allowed while custom resource definition is terminating' 'nothing new comes in'
k patch wd held --type=merge -p '{"metadata":{"finalizers":null}}' > /dev/null
is "$(api_code GET $crds/widgets.ex.io) $(api_code GET $ws)" '404 404' 'with the last instance it is gone'
is "$(k get crd gadgets.ex.io -o jsonpath='{.status.conditions[?(@.type=="Established")].status}')" True 'and who waited for its names is established'
stop_server
start_server
is "$(api_code GET /apis/ex.io/v1/gadgets)" 200 'all that is there after a restart'
done_testing
