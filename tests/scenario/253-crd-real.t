#!/bin/bash
# Definitions of real projects: all are established, explained and fast.
. "$(dirname "$0")/../lib/nutshell.bash"
manifests=$root/../shared/manifests
[ -d "$manifests" ] || skip_all 'no ../shared/manifests'
start_server

mkdir -p "$T/crds"
awk -v dir="$T/crds" 'BEGIN { n = 0; RS = "\n---\n" } /kind: CustomResourceDefinition/ { f = dir "/argo-" ++n ".yaml"; print > f; close(f) }' "$manifests/argo-cd/install.yaml"
cp "$manifests"/gateway-api/gateway.networking.k8s.io_[a-u]*.yaml "$T/crds"
"$HELM" template x "$manifests/cert-manager/chart" --set crds.enabled=true 2> /dev/null |
	awk -v dir="$T/crds" 'BEGIN { n = 0; RS = "\n---\n" } /\nkind: CustomResourceDefinition/ { f = dir "/cert-" ++n ".yaml"; print > f; close(f) }'
n=$(grep -l '^kind: CustomResourceDefinition' "$T"/crds/*.yaml | wc -l)

start=${EPOCHREALTIME/./}
for f in "$T"/crds/*.yaml; do k create --validate=false -f "$f"; done > "$T/said" 2>&1
((took = (${EPOCHREALTIME/./} - start) / 1000))
is "$(grep -c 'customresourcedefinition.* created' "$T/said")" "$n" "all $n are created ($took ms with kubectl)" || cat "$T/said"
is "$(k get crd -o json | jq -r '[.items[] | select(any(.status.conditions[]; .type == "Established" and .status == "True"))] | length')" "$n" 'and Established'
for r in $(k get crd -o json | jq -r '.items[] | "\(.spec.names.plural).\(.spec.group)"'); do
	like "$(k explain "${r%%.*}" --recursive 2>&1 | head -c 3000)" 'KIND: .*FIELDS:' "explain ${r%%.*}"
done
check 'a route is made' k create -f - << 'YAML'
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: svc, port: 80}]}]}
YAML
is "$(k get httproute r -o jsonpath='{.spec.rules[0].matches[0].path}')" '{"type":"PathPrefix","value":"/"}' 'and defaulted'
check_fails 'its rules are evaluated' 'Must have port for Service reference|must' k create -f - << 'YAML'
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bad}
spec: {rules: [{backendRefs: [{name: svc}]}]}
YAML
done_testing
