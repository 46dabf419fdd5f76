#!/bin/bash
# Helm 4, which applies on the server's side: install, upgrade, failed upgrade, rollback, test, history, uninstall,
# and the take-over of what Helm 3 installed.
. "$(dirname "$0")/../lib/nutshell.bash"
chart=$root/../shared/manifests/podinfo
[ -d "$chart" ] || skip_all "no ../shared/manifests"
start_server --nodes 2

h() { helm -n apps "$@"; }
status() { h status pi -o json | jq -r .info.status; }
replicas() { k get deploy -n apps pi-podinfo -o 'jsonpath={.status.availableReplicas}'; }
managers() { k get -n apps "$1" -o json --show-managed-fields | jq -rc '[.metadata.managedFields[] | select(.subresource == null) | "\(.manager) \(.operation)"] | join(",")'; }

check 'install' h install pi "$chart" --create-namespace --set replicaCount=2 --wait --timeout 60s
is "$(status)" deployed 'deployed'
is "$(replicas)" 2 'both replicas are there'
is "$(managers deploy/pi-podinfo)" 'helm Apply' 'by server-side apply'
check_fails 'installed twice' 'cannot re-?use a name' h install pi "$chart"
check 'upgrade' h upgrade pi "$chart" --set replicaCount=3,ingress.enabled=true --wait --timeout 60s
is "$(replicas)" 3 'three replicas'
is "$(k get -n apps ingress -o name)" ingress.networking.k8s.io/pi-podinfo 'and what was switched on'
is "$(h upgrade pi "$chart" --reuse-values -o json --wait --timeout 60s | jq .version)" 3 'upgrade without a change'
check 'rollback' h rollback pi 1 --wait --timeout 60s
eventually 'two replicas again' 10 prints 2 replicas
is "$(k get -n apps ingress -o name)" '' 'what was switched on is gone'

check_fails 'an upgrade that the server refuses' 'nodePort|provided port|valid range' h upgrade pi "$chart" --reuse-values --set service.type=NodePort,service.nodePort=5
is "$(h history pi -o json | jq -r '.[-1].status')" failed 'is written down as failed'
is "$(replicas)" 2 'and what ran goes on running'
check_fails 'an upgrade that is undone by itself' 'rolled back|rollback' \
	h upgrade pi "$chart" --reuse-values --set service.type=NodePort,service.nodePort=5 --rollback-on-failure --timeout 20s
is "$(status)" deployed 'which leaves a deployed release'
is "$(h list -A -o json | jq -rc '.[] | [.name, .status]')" '["pi","deployed"]' 'list'
is "$(h history pi -o json | jq -rc 'map(.status) | join(" ")')" 'superseded superseded superseded superseded failed failed deployed' 'history'
like "$(h get manifest pi)" 'kind: Deployment' 'get manifest'
like "$(h get values pi -o json)" 'replicaCount":2' 'get values'

# hooks of `helm test` are pods that must come to their end
mkdir -p "$T/chart/templates"
printf 'apiVersion: v2\nname: small\nversion: 0.1.0\nkubeVersion: ">=1.25.0-0"\n' > "$T/chart/Chart.yaml"
cat > "$T/chart/templates/all.yaml" << 'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, labels: {version: "{{ .Capabilities.KubeVersion.Minor }}"}}
data: {value: "{{ .Values.value }}", crds: "{{ .Capabilities.APIVersions.Has "apiextensions.k8s.io/v1/CustomResourceDefinition" }}"}
---
apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}-test, annotations: {helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation}}
spec:
  restartPolicy: Never
  containers: [{name: c, image: busybox, command: [sleep, "0"]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: {{ .Release.Name }}-before, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: hook-succeeded}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [sleep, "0"]}]}}}
YAML
check 'a chart that asks for a version of Kubernetes' h install small "$T/chart" --set value=one --timeout 30s
is "$(k get -n apps cm small -o json | jq -rc '[.data.crds, .metadata.labels.version]')" '["true","36"]' 'and for capabilities'
check 'test' h test small --timeout 30s
k -n apps patch cm small --type merge -p '{"data":{"value":"by hand"}}' > /dev/null
check_fails 'a value that somebody else owns now is a conflict' 'conflict' h upgrade small "$T/chart" --set value=two
check 'unless forced' h upgrade small "$T/chart" --set value=two --force-conflicts
is "$(k get -n apps cm small -o 'jsonpath={.data.value}')" two 'then it is ours again'

check 'Helm 3 installs' "$HELM_3" -n apps install old "$T/chart" --set value=three --timeout 30s
check 'Helm 4 upgrades it' h upgrade old "$T/chart" --set value=four --timeout 30s
is "$(k get -n apps cm old -o 'jsonpath={.data.value}')" four 'which counts'
check 'on the server side' h upgrade old "$T/chart" --set value=five --server-side=true --force-conflicts --timeout 30s
check 'uninstall' h uninstall pi small old --wait --timeout 60s
is "$(k get deploy,svc,secret,cm -n apps -o name)" configmap/kube-root-ca.crt 'leaves nothing'
stop_server
done_testing
