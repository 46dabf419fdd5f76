#!/bin/bash
# Applications as their authors publish them, on simulated nodes.
. "$(dirname "$0")/../lib/nutshell.bash"
manifests=$root/../shared/manifests
[ -d "$manifests" ] || skip_all "no ../shared/manifests"
start_server --nodes 3

left() { # NAMESPACE: what an application could have left there
	k get "$(k api-resources --namespaced --verbs=list -o name | grep -v '^events' | paste -sd,)" -n "$1" -o name 2> /dev/null
}

for app in guestbook online-boutique; do
	check "namespace for $app" k create namespace "$app"
	check "$app is applied" k apply -n "$app" -f "$manifests/$app"
	check "$app: every Deployment is Available" k wait -n "$app" --for=condition=Available deploy --all --timeout=30s
	want=$(k get deploy -n "$app" -o json | jq '[.items[].spec.replicas] | add')
	eventually "$app: every pod is Ready" 10 prints "$want" \
		sh -c "$KUBECTL_135 get pods -n $app -o json | jq '[.items[] | select(any(.status.conditions[]; .type == \"Ready\" and .status == \"True\"))] | length'"
	for service in $(k get svc -n "$app" -o name); do
		like "$(k get -n "$app" endpointslices -l "kubernetes.io/service-name=${service#*/}" -o 'jsonpath={.items[*].endpoints[*].addresses[0]}')" \
			'10\.42\.' "$app: $service has endpoints"
	done
	is "$(k apply -n "$app" -f "$manifests/$app" --dry-run=server -o name | wc -l)" \
		"$(cat "$manifests/$app"/* | grep -c ^kind:)" "$app: a second apply names all of it"
	check "$app: nothing differs" k diff -n "$app" -f "$manifests/$app"
	check "$app: its namespace goes" k delete namespace "$app" --timeout=40s
	is "$(left "$app")" '' "$app: and everything in it"
done
stop_server
done_testing
