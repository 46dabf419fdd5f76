#!/bin/bash
# Server-side apply: ownership, conflicts, force, removal, Scale and status, as kubectl and Helm 4 use it.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 2

cms=/api/v1/namespaces/default/configmaps
ssa() { # PATH MANAGER BODY [QUERY]
	api PATCH "$1?fieldManager=$2${4-}" -H 'Content-Type: application/apply-patch+yaml' --data-binary "$3"
}
cm() { printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s"},"data":%s}' "$1" "$2"; }
jq_of() { api GET "$1" | jq -c "$2"; } # PATH FILTER
owners() { jq -c '[.metadata.managedFields[] | [.manager, .operation, .subresource // "", (.fieldsV1 | tostring)]]'; }

is "$(ssa $cms/a m1 "$(cm a '{"k1":"1","k2":"2"}')" | jq -c .data)" '{"k1":"1","k2":"2"}' 'apply creates'
is "$(ssa $cms/a m1 "$(cm a '{"k1":"1"}')" | jq -c .data)" '{"k1":"1"}' 'what is applied no more goes'
said=$(ssa $cms/a m2 "$(cm a '{"k1":"x"}')")
is "$(jq -r .message <<< "$said")" 'Apply failed with 1 conflict: conflict with "m1": .data.k1' 'a conflict has a name'
is "$(jq -c '[.code, .reason, .details.causes[0]]' <<< "$said")" \
	'[409,"Conflict",{"reason":"FieldManagerConflict","message":"conflict with \"m1\"","field":".data.k1"}]' 'and a cause'
is "$(ssa $cms/a m2 "$(cm a '{"k1":"x"}')" '&force=true' | owners)" \
	'[["m2","Apply","","{\"f:data\":{\"f:k1\":{}}}"]]' 'force takes it, and leaves the other nothing'
rv=$(api GET $cms/a | jq -r .metadata.resourceVersion)
is "$(ssa $cms/a m2 "$(cm a '{"k1":"x"}')" | jq -r .metadata.resourceVersion)" "$rv" 'applied again, nothing is written'
is "$(ssa $cms/a m3 "$(cm a '{"k1":"x"}')" | jq -c '[.metadata.managedFields[] | [.manager, has("time")]]')" \
	'[["m3",false],["m2",true]]' 'the same value is shared'
is "$(api PATCH "$cms/a?fieldManager=u" -H 'Content-Type: application/merge-patch+json' -d '{"data":{"k1":"y","z":"1"}}' | owners)" \
	'[["u","Update","","{\"f:data\":{\"f:k1\":{},\"f:z\":{}}}"]]' 'a patch takes from all'
said=$(ssa $cms/a m2 "$(cm a '{"k1":"x","z":"2"}')" | jq -r .message)
is "$said" $'Apply failed with 2 conflicts: conflicts with "u" using v1:\n- .data.k1\n- .data.z' 'two conflicts'
is "$(ssa $cms/a '' "$(cm a '{}')" | jq -c '[.code, .details.causes[0].field]')" '[422,"fieldManager"]' 'a manager is required'
is "$(ssa $cms/a m "$(cm b '{}')" | jq .code)" 400 'another name'
is "$(ssa $cms/a m '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}' | jq -r .message)" \
	'invalid object type: /v1, Kind=Secret' 'another kind'
is "$(ssa $cms/a m '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[]}}' | jq -r .message)" \
	'metadata.managedFields must be nil' 'managers are not applied'
is "$(ssa $cms/new m "$(cm new '{"a":"1"}')" '&dryRun=All' | jq -c '[.data.a, .metadata.resourceVersion]')" '["1",null]' 'a dry run'
is "$(api_code GET $cms/new)" 404 'leaves nothing'
is "$(ssa $cms/new m $'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata: {a: "1"}\n' | jq -r .data.a)" 1 'a body in YAML'
is "$(ssa $cms/new m '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"foo":1}' | jq -r .message)" \
	'failed to create typed patch object (/new; /v1, Kind=ConfigMap): .foo: field not declared in schema' 'an unknown field'

# Deployments: items by key, defaults belong to nobody, Scale and status
deps=/apis/apps/v1/namespaces/default/deployments
dep() { # REPLICAS CONTAINERS
	printf '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{%s"selector":{"matchLabels":{"a":"d"}},' \
		"${1:+\"replicas\":$1,}"
	printf '"template":{"metadata":{"labels":{"a":"d"}},"spec":{"containers":[%s]}}}}' "$2"
}
is "$(ssa $deps/d m1 "$(dep 1 '{"name":"a","image":"nginx","ports":[{"containerPort":80}]}')" |
	jq -c '.metadata.managedFields[0].fieldsV1["f:spec"]')" \
	'{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}' \
	'items by their keys, no defaults'
is "$(ssa $deps/d m2 "$(dep '' '{"name":"b","image":"busybox"}')" | jq -c '[.spec.template.spec.containers[].name]')" '["a","b"]' 'two make one pod'
is "$(ssa $deps/d m2 "$(dep '' '{"name":"b","image":"busybox"},{"name":"a","image":"other"}')" | jq -r .message)" \
	'Apply failed with 1 conflict: conflict with "m1": .spec.template.spec.containers[name="a"].image' 'a path through a list'
api PUT "$deps/d/scale?fieldManager=scaler" -H 'Content-Type: application/json' -d '{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d"},"spec":{"replicas":2}}' > "$T/out"
is "$(ssa $deps/d m1 "$(dep 1 '{"name":"a","image":"nginx"}')" | jq -r .message)" \
	'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas' 'the scaler owns replicas'
is "$(ssa $deps/d m1 "$(dep '' '{"name":"a","image":"nginx"}')" | jq .spec.replicas)" 2 'and keeps them'
is "$(ssa $deps/d/scale hpa '{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"d"},"spec":{"replicas":3}}' '&force=true' | jq .spec.replicas)" \
	3 'a Scale is applied'
is "$(api GET $deps/d | jq -c '[.metadata.managedFields[] | select(.subresource == "scale") | [.manager, .operation, .apiVersion]]')" \
	'[["hpa","Apply","apps/v1"]]' 'its owner is the object'"'"'s'
status='{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":9},"status":{"conditions":[{"type":"Mine","status":"True"}]}}'
is "$(ssa $deps/d/status st "$status" | jq -c '[.spec.replicas, ([.status.conditions[].type] | index("Mine") != null), (.metadata.managedFields[] | select(.manager == "st").fieldsV1 | keys)]')" \
	'[3,true,["f:status"]]' 'a status is applied, and only that'
eventually 'controllers own status' 10 prints '"status"' jq_of $deps/d '.metadata.managedFields[] | select(.subresource == "status" and .operation == "Update") | .subresource'

# kubectl
for k in "$KUBECTL_127" "$KUBECTL_133" "$KUBECTL_135"; do
	v=$(basename "$k")
	n=v${v//[!0-9]/}
	manifest=$T/$n.yaml
	cm "$n" '{"a":"1","b":"2"}' > "$manifest"
	check "$v: apply --server-side" "$k" apply --server-side -f "$manifest"
	is "$("$k" get cm "$n" -o json --show-managed-fields | jq -r '.metadata.managedFields[0] | .manager + " " + .operation')" 'kubectl Apply' "$v: owns it"
	is "$("$k" get cm "$n" -o json | jq 'has("metadata") and (.metadata | has("managedFields") | not)')" true "$v: does not show it"
	ssa "$cms/$n" other "$(cm "$n" '{"a":"9"}')" '&force=true' > "$T/out"
	check_fails "$v: a conflict" 'conflict with "other": .data.a' "$k" apply --server-side -f "$manifest"
	check "$v: --force-conflicts" "$k" apply --server-side --force-conflicts -f "$manifest"
	cm "$n-c" '{"a":"1","b":"2"}' > "$manifest"
	check "$v: apply" "$k" apply -f "$manifest"
	cm "$n-c" '{"a":"2"}' > "$manifest"
	said=$("$k" apply --server-side -f "$manifest" 2>&1)
	is "$said" "configmap/$n-c serverside-applied" "$v: what was applied client-side migrates"
	is "$(api GET "$cms/$n-c" | jq -c '[.data, (.metadata.managedFields | map(.manager + " " + .operation))]')" \
		'[{"a":"2"},["kubectl-last-applied Apply","kubectl Apply"]]' "$v: to one owner, and the annotation's"
	check "$v: diff finds nothing" "$k" diff --server-side -f "$manifest"
done

# Helm 4 applies server-side
chart=$root/../shared/manifests/podinfo
if [ -d "$chart" ]; then
	check 'Helm 4 installs' "$HELM" -n apps install pi "$chart" --create-namespace --set replicaCount=2 --wait --timeout 60s
	is "$(k get deploy -n apps pi-podinfo -o json --show-managed-fields | jq -r '.metadata.managedFields[0] | .manager + " " + .operation')" 'helm Apply' 'and owns'
	check 'upgrades' "$HELM" -n apps upgrade pi "$chart" --set replicaCount=1,ui.message=hello --wait --timeout 60s
	is "$(k get deploy -n apps pi-podinfo -o 'jsonpath={.spec.replicas}')" 1 'to one replica'
	k -n apps set image deploy/pi-podinfo podinfo=other > "$T/out"
	check_fails 'meets a conflict' 'conflict with "kubectl-set"' "$HELM" -n apps upgrade pi "$chart" --set replicaCount=1
	check 'which it can force' "$HELM" -n apps upgrade pi "$chart" --set replicaCount=1 --force-conflicts
	check 'rolls back' "$HELM" -n apps rollback pi 1 --wait --timeout 60s
	check 'uninstalls' "$HELM" -n apps uninstall pi --wait --timeout 60s
else
	skip 'Helm 4' 'no ../shared/manifests'
fi
stop_server
done_testing
