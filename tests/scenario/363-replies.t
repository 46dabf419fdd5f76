#!/bin/bash
# Small things in replies that clients compare to the letter, and caches that must notice what is new.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
cms=/api/v1/namespaces/default/configmaps
is "$(api PATCH "$cms/a?fieldManager=m" -H 'Content-Type: application/apply-patch+yaml' -d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}' \
	-o /dev/null -w '%{http_code} %{content_type}')" '201 application/json' 'the reply to an apply has the plain Content-Type'
is "$(api POST $cms -H 'Content-Type: application/json' -d '{"metadata":{"name":"a"}}' -D - -o /dev/null | grep -ci retry-after)" 0 'a conflict asks for no retry'
check_fails 'a kind that is not there, with a cache filled' "doesn't have a resource type" k get widgets
k create -f - > /dev/null << 'YAML'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
YAML
k wait --for=condition=Established crd/widgets.example.org --timeout=10s > /dev/null
eventually 'a client with a warm cache finds a new definition' 5 k get widgets
# heartbeats of simulated nodes, for a foreign kube-controller-manager that leads
api_json POST /apis/coordination.k8s.io/v1/namespaces/kube-system/leases '{"metadata":{"name":"kube-controller-manager"},"spec":{"holderIdentity":"x","leaseDurationSeconds":15}}' -o /dev/null
eventually 'nodes renew their leases when a controller manager leads' 5 k -n kube-node-lease get lease node-0
is "$(k -n kube-node-lease get lease node-0 -o json | jq -c '[.spec.holderIdentity, .spec.leaseDurationSeconds, .metadata.ownerReferences[0].kind]')" \
	'["node-0",40,"Node"]' 'as a kubelet does'
stop_server
done_testing
