#!/bin/bash
# Helm 3: install, upgrade, rollback, test hooks, uninstall of a published chart; its releases are Secrets.
. "$(dirname "$0")/../lib/nutshell.bash"
chart=$root/../shared/manifests/podinfo
[ -d "$chart" ] || skip_all "no ../shared/manifests"
start_server --nodes 2

h() { "$HELM_3" -n apps "$@"; }
status() { h status pi -o json | jq -r .info.status; }
replicas() { k get deploy -n apps pi-podinfo -o 'jsonpath={.status.availableReplicas}'; }

check 'install' h install pi "$chart" --create-namespace --set replicaCount=2 --wait --timeout 60s
is "$(status)" deployed 'deployed'
is "$(replicas)" 2 'both replicas are there'
is "$(k get secret -n apps -l owner=helm,status=deployed -o 'jsonpath={.items[*].type}')" helm.sh/release.v1 'the release is a Secret'
check_fails 'installed twice' 'cannot re-use a name' h install pi "$chart"
check 'upgrade' h upgrade pi "$chart" --set replicaCount=3,ingress.enabled=true,redis.enabled=true --wait --timeout 60s
is "$(replicas)" 3 'three replicas'
like "$(k get -n apps ingress,deploy -o name)" 'ingress.networking.k8s.io/pi-podinfo.*pi-podinfo-redis' 'and what was switched on'
is "$(h upgrade pi "$chart" --reuse-values --set replicaCount=3 -o json --wait --timeout 60s | jq .version)" 3 'upgrade without a change'
check 'rollback' h rollback pi 1 --wait --timeout 60s
eventually 'two replicas again' 10 prints 2 replicas
is "$(k get -n apps ingress -o name)" '' 'what was switched on is gone'
is "$(h history pi -o json | jq -c 'map(.status)')" '["superseded","superseded","superseded","deployed"]' 'history'
is "$(h list -A -o json | jq -r '.[].name')" pi 'list'
like "$(h get manifest pi)" 'kind: Deployment' 'get manifest'
check 'a release that is not there can be installed by upgrade' h upgrade --install other "$chart" --wait --timeout 60s
check 'uninstall' h uninstall pi other --wait --timeout 60s
is "$(k get deploy,svc,secret -n apps -o name)" '' 'leaves nothing'
stop_server
done_testing
