#!/bin/bash
# MutatingAdmissionPolicy: apply configurations and JSON patches, order, reinvocation, errors.
. "$(dirname "$0")/../lib/nutshell.bash"

policy() { # NAME MUTATIONS [MORE OF THE SPEC]
	k apply -f - > /dev/null <<-EOF
		apiVersion: admissionregistration.k8s.io/v1
		kind: MutatingAdmissionPolicy
		metadata: {name: $1}
		spec:
		  reinvocationPolicy: ${3:-Never}
		  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps, pods]}]}
		  mutations:
		$2
		---
		apiVersion: admissionregistration.k8s.io/v1
		kind: MutatingAdmissionPolicyBinding
		metadata: {name: $1-b}
		spec: {policyName: $1, matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}}
	EOF
}
apply() { printf '  - {patchType: ApplyConfiguration, applyConfiguration: {expression: %s}}\n' "$(jq_string "$1")"; }
patch() { printf '  - {patchType: JSONPatch, jsonPatch: {expression: %s}}\n' "$(jq_string "$1")"; }
jq_string() { printf '"%s"' "${1//\"/\\\"}"; }
forget() { k delete mutatingadmissionpolicies,mutatingadmissionpolicybindings --all > /dev/null; }
make() { k create configmap "$1" --from-literal=a=b; }
data() { k get configmap "$1" -o jsonpath='{.data}'; }

start_server

policy p "$(apply "Object{data: {'x': object.data.a + 'c'}, metadata: Object.metadata{labels: {'l': '1'}}}")"
check "an apply configuration is merged" make c1
is "$(data c1)" '{"a":"b","x":"bc"}' "into the object"
is "$(k get configmap c1 -o jsonpath='{.metadata.labels.l}')" 1 "at all depths"
forget

policy p "$(patch "[JSONPatch{op: 'add', path: '/data/y', value: 'z'}]")"
check "a JSON patch is applied" make c2
is "$(data c2)" '{"a":"b","y":"z"}' "as computed"
forget

policy p "$(apply "Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: 'side', image: 'x', restartPolicy: 'Always'}]}}")"
eventually "a sidecar is injected" 10 k run web --image=nginx
is "$(k get pod web -o jsonpath='{.spec.initContainers[0].name} {.spec.initContainers[0].imagePullPolicy}')" 'side Always' \
	"and defaulted"
forget

policy p "$(apply "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'web2', args: ['x']}]}}")"
check_fails "atomic lists are not replaced by accident" 'may not mutate atomic arrays, maps or structs: .spec.containers\[0\].args' \
	k run web2 --image=nginx
forget

policy a "$(patch "[JSONPatch{op: 'add', path: '/data/n', value: has(object.data.n) ? object.data.n + '1' : '1'}]")" IfNeeded
policy b "$(apply "Object{data: {'m': '2'}}")"
check "two policies in order" make c3
is "$(data c3)" '{"a":"b","m":"2","n":"11"}' "the first again after the second"
forget

policy p "$(apply "Object{data: {'x': object.data.zz}}")"
check_fails "an expression that fails denies" "policy 'p' with binding 'p-b' denied request: .*no such key: zz" make c4
forget
check "nothing is left" make c4

done_testing
