#!/bin/bash
# ValidatingAdmissionPolicy: denials, messages, parameters, warnings; the policy of the Gateway API.
. "$(dirname "$0")/../lib/nutshell.bash"

policy() { # NAME SPEC BINDING-SPEC (flow YAML, without braces)
	k apply -f - > /dev/null <<-EOF
		{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: $1},
		 spec: {matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1],
		   operations: [CREATE, UPDATE, DELETE], resources: [configmaps]}]}, $2}}
		---
		{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: $1-b},
		 spec: {policyName: $1, matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}}, $3}}
	EOF
}
forget() { k delete validatingadmissionpolicies,validatingadmissionpolicybindings --all > /dev/null; }
make() { k create configmap "$1" --from-literal=a=b; }

start_server

policy p 'validations: [{expression: "object.data.a == \"x\"", message: "a must be x"}]' 'validationActions: [Deny]'
check_fails "a policy denies" "configmaps \"c\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-b' denied request: a must be x" make c
check "in the namespaces its binding selects" k -n kube-public create configmap c --from-literal=a=b
eventually "its status follows" 10 prints 1 k get validatingadmissionpolicy p -o jsonpath={.status.observedGeneration}
forget
check "and no longer than it lives" make c

policy p 'validations: [{expression: "object.data.a == \"x\"", messageExpression: "\"not \" + variables.a", reason: Forbidden}], variables: [{name: a, expression: "object.data.a + \"!\""}]' 'validationActions: [Deny]'
check_fails "messages are computed, from variables" 'denied request: not b!' make d
forget

policy p 'validations: [{expression: "object.data.zz == \"x\""}]' 'validationActions: [Deny]'
check_fails "an expression that fails denies" "expression 'object.data.zz == \"x\"' resulted in error: no such key: zz" make d
policy p 'failurePolicy: Ignore, validations: [{expression: "object.data.zz == \"x\""}]' 'validationActions: [Deny]'
check "unless failures are ignored" make d
forget

policy p 'validations: [{expression: "false", message: hmm}]' 'validationActions: [Warn]'
like "$(make e 2>&1)" "Warning: Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-b': hmm" "a policy warns"
forget

policy p 'paramKind: {apiVersion: v1, kind: ConfigMap}, validations: [{expression: "object.data.a == params.data.want", messageExpression: "\"want \" + params.data.want"}]' \
	'validationActions: [Deny], paramRef: {name: params, namespace: kube-public, parameterNotFoundAction: Deny}'
check_fails "missing parameters deny" 'no params found for policy binding with `Deny` parameterNotFoundAction' make f
k -n kube-public create configmap params --from-literal=want=b > /dev/null
check "parameters count at once" make f
k -n kube-public patch configmap params -p '{"data":{"want":"z"}}' > /dev/null
check_fails "and so do their changes" 'denied request: want z' make g
forget

policy p 'validations: [{expression: "request.operation != \"DELETE\" || authorizer.group(\"\").resource(\"pods\").check(\"zap\").allowed()", message: kept}]' 'validationActions: [Deny]'
check "the authorizer answers" k delete configmap f
k create clusterrolebinding eve --clusterrole=edit --user=eve > /dev/null
check_fails "and others are refused" 'denied request: kept' k --as=eve delete configmap e
forget

check_fails "an expression that does not compile is refused" "undeclared reference to 'foo'" \
	policy bad 'validations: [{expression: "foo == 1"}]' 'validationActions: [Deny]'
check_fails "Deny and Warn exclude each other" 'must not contain both Deny and Warn' \
	policy bad2 'validations: [{expression: "true"}]' 'validationActions: [Deny, Warn]'
forget

vap=$(ls "$root"/../shared/manifests/gateway-api/*vap* 2> /dev/null | head -n 1)
if [ -n "$vap" ]; then
	check "the Gateway API's policy is accepted" k apply -f "$vap"
	crd() { # CHANNEL VERSION
		cat <<-EOF
			{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition,
			 metadata: {name: gateways.gateway.networking.k8s.io, annotations: {
			  api-approved.kubernetes.io: "https://github.com/kubernetes-sigs/gateway-api/pull/2997",
			  gateway.networking.k8s.io/channel: $1, gateway.networking.k8s.io/bundle-version: $2}},
			 spec: {group: gateway.networking.k8s.io, scope: Namespaced, names: {plural: gateways, kind: Gateway},
			  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}
		EOF
	}
	check_fails "and denies old definitions" 'Installing CRDs with version before v1.5.0 is prohibited by default' \
		eval 'crd standard v1.3.0 | k create -f -'
	check "but not new ones" eval 'crd standard v1.5.0 | k apply -f -'
	check_fails "nor experimental ones over them" 'Installing experimental CRDs on top of standard channel CRDs' \
		eval 'crd experimental v1.5.0 | k apply -f -'
else
	skip "the Gateway API's policy" "no manifest here"
fi

done_testing
