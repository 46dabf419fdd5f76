#!/bin/bash
# What pods refer to is on the host before them, follows changes, and nothing else is there.
. "$(dirname "$0")/../lib/nutshell.bash"
. "$(dirname "$0")/../lib/twin.bash"

start_twins
tenant create configmap used --from-literal=color=red > /dev/null
tenant create configmap unused --from-literal=color=red > /dev/null
tenant create secret generic key --from-literal=password=sesame > /dev/null
tenant create service clusterip cache --tcp=6379 > /dev/null
tenant apply -f - > /dev/null << YAML
apiVersion: v1
kind: Pod
metadata: {name: app, labels: {tier: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: app
    image: busybox
    envFrom: [{configMapRef: {name: used}}]
    env:
    - {name: PASSWORD, valueFrom: {secretKeyRef: {name: key, key: password}}}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    volumeMounts: [{name: conf, mountPath: /conf}, {name: info, mountPath: /info}]
  volumes:
  - {name: conf, configMap: {name: used}}
  - {name: info, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
YAML
check "the pod runs" tenant wait --for=condition=Ready pod/app --timeout=20s
h=$(host_name pods default app)
get() { host -n team-a get pod "$h" -o "jsonpath=$1"; }

used=$(host_name configmaps default used)
is "$(get '{.spec.volumes[?(@.name=="conf")].configMap.name}')" "$used" "the volume names the host's ConfigMap"
is "$(get '{.spec.containers[0].envFrom[1].configMapRef.name}')" "$used" "so does envFrom"
is "$(get '{.spec.containers[0].env[?(@.name=="NAME")].value} {.spec.containers[0].env[?(@.name=="NS")].value}')" \
	"app default" "fields show virtual names"
is "$(get '{.spec.containers[0].env[?(@.name=="IP")].valueFrom.fieldRef.fieldPath}')" status.podIP "addresses stay fields"
is "$(get '{.metadata.annotations.nutshell\.dev/labels}')" 'tier="web"' "downward labels are the tenant's"
is "$(host_name configmaps default unused)" "" "what nobody refers to stays inside"
is "$(host -n team-a get secret "$(host_name secrets default key)" -o 'jsonpath={.data.password}' | base64 -d)" \
	sesame "the Secret is there"

env=$(get '{.spec.containers[0].envFrom[0].configMapRef.name}')
like "$(host -n team-a get configmap "$env" -o 'jsonpath={.data}')" '"CACHE_SERVICE_HOST"' "services are in the environment"
like "$(host -n team-a get configmap "$env" -o 'jsonpath={.data}')" '"KUBERNETES_SERVICE_HOST"' "and this cluster's API"

token=$(get '{.spec.volumes[*].projected.sources[*].secret.name}')
claims=$(host -n team-a get secret "$token" -o go-template='{{range .data}}{{.}}{{end}}' | base64 -d | cut -d. -f2 |
	tr _- /+ | base64 -d 2> /dev/null)
like "$claims" 'system:serviceaccount:default:default' "the token is the virtual account's"
like "$claims" "$(tenant get pod app -o 'jsonpath={.metadata.uid}')" "and bound to the virtual pod"
like "$(host -n team-a get configmap "$(host_name configmaps default kube-root-ca.crt)" -o 'jsonpath={.data}')" \
	"$(tenant get configmap kube-root-ca.crt -o 'jsonpath={.data.ca\.crt}' | sed -n 3p)" "with the virtual CA"

tenant patch configmap used -p '{"data":{"color":"blue"}}' > /dev/null
eventually "a change follows" 10 prints blue host -n team-a get configmap "$used" -o 'jsonpath={.data.color}'
host -n team-a patch configmap "$used" -p '{"data":{"color":"green"}}' > /dev/null
tenant patch configmap used -p '{"data":{"size":"1"}}' > /dev/null
eventually "the host's edit is overwritten" 10 prints blue host -n team-a get configmap "$used" -o 'jsonpath={.data.color}'

tenant delete pod app > /dev/null
eventually "the token goes with the pod" 10 prints "" host -n team-a get secret "$token" --ignore-not-found
done_testing
