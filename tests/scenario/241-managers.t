#!/bin/bash
# metadata.managedFields: who gets what by which write, resets, the cap, versions, custom resources, rights.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 1 --controllers '*,-horizontal-pod-autoscaling'

ns=/api/v1/namespaces/default
cms=$ns/configmaps
merge() { # PATH MANAGER PATCH
	api PATCH "$1?fieldManager=$2" -H 'Content-Type: application/merge-patch+json' -d "$3"
}
ssa() { # PATH MANAGER BODY [QUERY]
	api PATCH "$1?fieldManager=$2${4-}" -H 'Content-Type: application/apply-patch+yaml' --data-binary "$3"
}
managers() { jq -c '[.metadata.managedFields // [] | .[] | .manager]'; }
fields() { jq -c --arg m "$1" '.metadata.managedFields[] | select(.manager == $m).fieldsV1'; }

said=$(api_json POST "$cms?fieldManager=me" '{"metadata":{"name":"a","labels":{"l":"1"}},"data":{"b":"2","a":"1"}}')
is "$(jq -c '.metadata.managedFields[0] | [.manager, .operation, .apiVersion, .fieldsType]' <<< "$said")" '["me","Update","v1","FieldsV1"]' 'create'
is "$(fields me <<< "$said")" '{"f:data":{".":{},"f:a":{},"f:b":{}},"f:metadata":{"f:labels":{".":{},"f:l":{}}}}' 'owns all it sent'
is "$(api_json POST "$cms" '{"metadata":{"name":"ua"}}' -A 'kubelet/v1 (x)' | jq -c .metadata.managedFields)" null 'who owns nothing is not listed'
is "$(api_json POST "$cms" '{"metadata":{"name":"ub"},"data":{"a":"1"}}' -A 'kubelet/v1 (x)' | managers)" '["kubelet"]' 'the default is the agent'
merge $cms/a you '{"data":{"a":"9","c":"3"}}' > "$T/out"
is "$(api GET $cms/a | fields me)" '{"f:data":{".":{},"f:b":{}},"f:metadata":{"f:labels":{".":{},"f:l":{}}}}' 'an update loses what another changed'
is "$(api GET $cms/a | fields you)" '{"f:data":{"f:a":{},"f:c":{}}}' 'who owns it'
rv=$(api GET $cms/a | jq -r .metadata.resourceVersion)
is "$(merge $cms/a third '{"data":{"a":"9"}}' | jq -r .metadata.resourceVersion)" "$rv" 'nothing changed, nobody is added'
is "$(merge $cms/a you '{"metadata":{"managedFields":[{"manager":"x","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{}}}}]}}' | managers)" '["x"]' 'a list that is sent counts'
is "$(merge $cms/a you '{"metadata":{"managedFields":[{"manager":"y","operation":"Bad","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]}}' | managers)" '["x"]' 'unless it is none'
is "$(merge $cms/a you '{"metadata":{"managedFields":null}}' | managers)" '["x"]' 'none is not a reset'
is "$(merge $cms/a you '{"metadata":{"managedFields":[{}]}}' | managers)" '[]' 'an empty entry is'
is "$(merge $cms/a you '{"data":{"n":"1"}}' | managers)" '[]' 'and then nobody is tracked'
is "$(ssa $cms/a m '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"z":"1"}}' | managers)" '["m","before-first-apply"]' 'until the first apply'
for i in {01..12}; do merge $cms/a "u$i" '{"data":{"k'"$i"'":"1"}}' > "$T/out"; done
is "$(api GET $cms/a | jq '[.metadata.managedFields[] | select(.operation == "Update")] | length')" 10 'ten updaters at most'
is "$(api GET $cms/a | jq '[.metadata.managedFields[].manager] | index("ancient-changes") != null')" true 'the oldest become one'

# forms
is "$(api GET "$cms?labelSelector=l=1" | jq '.items[0].metadata.managedFields | length > 0')" true 'lists have it'
is "$(api GET "$cms?watch&timeoutSeconds=1&fieldSelector=metadata.name%3Da" | jq -s '.[0].object.metadata.managedFields | length > 0')" true 'watches'
is "$(api GET $cms/a -H 'Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' | jq '.metadata.managedFields | length > 0')" true 'partial objects'
is "$(api GET /api/v1/namespaces/kube-system | jq '.metadata.managedFields | length')" 1 'bootstrap objects have an owner'

# subresources, controllers, binding
k create deployment web --image=nginx > "$T/out"
eventually 'it runs' 20 prints 1 k get deploy web -o 'jsonpath={.status.availableReplicas}'
web=$(api GET /apis/apps/v1/namespaces/default/deployments/web)
is "$(jq -c '[.metadata.managedFields[] | select(.subresource == "status") | .fieldsV1 | has("f:status")] | unique' <<< "$web")" '[true]' 'the controller owns status'
is "$(jq -c '[.metadata.managedFields[] | select(has("subresource") | not) | .fieldsV1 | has("f:status")] | any' <<< "$web")" false 'others do not'
pod=$(api GET "$ns/pods?labelSelector=app=web" | jq '.items[0]')
is "$(jq -c '[.metadata.managedFields[].fieldsV1["f:spec"] // {} | has("f:nodeName")] | any' <<< "$pod")" false 'nobody owns the binding'
is "$(jq -c '[.metadata.managedFields[].fieldsV1["f:spec"] // {} | has("f:tolerations")] | any' <<< "$pod")" false 'nor what admission adds'

# versions of one object
hpas() { echo /apis/autoscaling/$1/namespaces/default/horizontalpodautoscalers; }
hpa() { printf '{"apiVersion":"autoscaling/%s","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":{"maxReplicas":%s,"scaleTargetRef":{"kind":"D","name":"d"}%s}}' "$@"; }
ssa "$(hpas v2)/h" two "$(hpa v2 5 ',"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]')" > "$T/out"
is "$(ssa "$(hpas v1)/h" one "$(hpa v1 6 '')" | jq -r .message)" 'Apply failed with 1 conflict: conflict with "two": .spec.maxReplicas' 'versions conflict'
is "$(ssa "$(hpas v1)/h" one "$(hpa v1 6 '')" '&force=true' | jq -c '[.metadata.managedFields[] | [.manager, .apiVersion]] | sort')" '[["one","autoscaling/v1"],["two","autoscaling/v2"]]' 'each owner keeps its version'
is "$(ssa "$(hpas v1)/h" two "$(hpa v1 6 '')" | jq -c '[.spec.targetCPUUtilizationPercentage, [.metadata.managedFields[].apiVersion]]')" '[50,["autoscaling/v1","autoscaling/v1"]]' 'an owner may change version'

# custom resources: lists by their schema
k apply -f - > "$T/out" << 'CRD'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer}
              set: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              plain: {type: array, items: {type: string}}
              byname: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: {type: object, required: [name], properties: {name: {type: string}, v: {type: string}}}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status: {type: object, properties: {count: {type: integer}}}
CRD
widgets=/apis/example.com/v1/namespaces/default/widgets
eventually 'widgets are served' 10 prints 200 api_code GET $widgets
widget() { printf '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":%s}' "$1"; }
is "$(ssa $widgets/w one "$(widget '{"size":1,"set":["a"],"plain":["a"],"byname":[{"name":"x","v":"1"}],"free":{"q":{"r":[1]}}}')" | fields one)" \
	'{"f:spec":{"f:byname":{"k:{\"name\":\"x\"}":{".":{},"f:name":{},"f:v":{}}},"f:free":{"f:q":{".":{},"f:r":{}}},"f:plain":{},"f:set":{"v:\"a\"":{}},"f:size":{}}}' 'a custom resource'
is "$(ssa $widgets/w two "$(widget '{"set":["b"],"byname":[{"name":"y"}]}')" | jq -c '[.spec.set, [.spec.byname[].name]]')" '[["a","b"],["x","y"]]' 'lists are shared'
is "$(ssa $widgets/w two "$(widget '{"plain":["b"]}')" | jq -r .message)" 'Apply failed with 1 conflict: conflict with "one": .spec.plain' 'or not'
is "$(ssa $widgets/w two "$(widget '{"nope":1}')" | jq -r .message)" \
	'failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.nope: field not declared in schema' 'the schema decides'
is "$(merge $widgets/w/status st '{"status":{"count":1},"metadata":{"labels":{"a":"b"}}}' | fields st)" '{"f:status":{".":{},"f:count":{}}}' 'status owns status only'

# apply that creates needs the right to
k create serviceaccount bob > "$T/out"
k create role patcher --verb=get,patch --resource=configmaps > "$T/out"
k create rolebinding patcher --role=patcher --serviceaccount=default:bob > "$T/out"
as='system:serviceaccount:default:bob'
said=$(api PATCH "$cms/bobs?fieldManager=bob" -H "Impersonate-User: $as" -H 'Content-Type: application/apply-patch+yaml' \
	-d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bobs"},"data":{"a":"1"}}')
like "$(jq -r .message <<< "$said")" "configmaps \"bobs\" is forbidden: User \"$as\" cannot create resource \"configmaps\"" 'patch alone does not create'
is "$(api PATCH "$cms/ub?fieldManager=bob" -H "Impersonate-User: $as" -H 'Content-Type: application/apply-patch+yaml' \
	-d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ub"},"data":{"b":"1"}}' | managers)" '["bob","kubelet"]' 'but changes'
stop_server
done_testing
