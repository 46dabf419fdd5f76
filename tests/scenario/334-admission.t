#!/bin/bash
# Built-in admission: runtime classes, nodes, storage, secrets of accounts.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
eventually 'the default account' 5 k get serviceaccount default
pod() { # NAME SPEC-MEMBERS [CONTAINER-MEMBERS]
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},"spec":{%s"containers":[{"name":"c","image":"i"%s}]}}' "$1" "${2-}" "${3-}"
}
refusal() { k create -f - 2>&1 | sed 's/.*is forbidden: //'; }

# --- runtime classes
k apply -f - > /dev/null <<'YAML'
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: kata}
handler: kata
overhead: {podFixed: {cpu: 250m, memory: 64Mi}}
scheduling:
  nodeSelector: {kubernetes.io/os: linux}
  tolerations: [{key: kata, operator: Exists}]
YAML
k create -f - > /dev/null <<< "$(pod a '"runtimeClassName":"kata","tolerations":[{"key":"kata","operator":"Equal","value":"x"},{"key":"own","operator":"Exists"}],')"
is "$(k get pod a -o json | jq -cS '.spec | [.overhead, .nodeSelector, [.tolerations[] | .key + "/" + .operator]]')" \
	'[{"cpu":"250m","memory":"64Mi"},{"kubernetes.io/os":"linux"},["own/Exists","node.kubernetes.io/not-ready/Exists","node.kubernetes.io/unreachable/Exists","kata/Exists"]]' \
	'a pod gets overhead, selector and tolerations of its class'
is "$(pod b '"runtimeClassName":"none",' | refusal)" 'pod rejected: RuntimeClass "none" not found' 'no such class'
is "$(pod b '"runtimeClassName":"kata","overhead":{"cpu":"1"},' | refusal)" \
	"pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead" 'another overhead'
is "$(pod b '"overhead":{"cpu":"1"},' | refusal)" \
	'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead' 'an overhead of nobody'
is "$(pod b '"runtimeClassName":"kata","nodeSelector":{"kubernetes.io/os":"plan9"},' | refusal)" \
	'conflict: runtimeClass.scheduling.nodeSelector[kubernetes.io/os] = linux; pod.spec.nodeSelector[kubernetes.io/os] = plan9' 'another node'

# --- nodes
taints() { k get node "$1" -o json | jq -c '[.spec.taints[]? | select(.effect == "NoSchedule") | .key + ":" + .effect] | sort'; }
is "$(k create -f - -o json <<< '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}' | jq -c .spec.taints)" \
	'[{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready"}]' 'a new node is tainted'
k patch node n1 --subresource=status -p '{"status":{"conditions":[{"type":"Ready","status":"False"},{"type":"DiskPressure","status":"True"}]}}' > /dev/null
eventually 'taints follow its conditions' 5 prints '["node.kubernetes.io/disk-pressure:NoSchedule","node.kubernetes.io/not-ready:NoSchedule"]' taints n1
k patch node n1 --subresource=status -p '{"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"DiskPressure","status":"False"}]}}' > /dev/null
eventually 'and go with them' 5 prints '[]' taints n1
k cordon n1 > /dev/null
eventually 'a cordoned node' 5 prints '["node.kubernetes.io/unschedulable:NoSchedule"]' taints n1
k uncordon n1 > /dev/null
eventually 'is free again' 5 prints '[]' taints n1
n=$(k get nodes -o json | jq -r '[.items[] | select(.metadata.name != "n1")][0].metadata.name')
k label node "$n" topology.kubernetes.io/zone=z1 topology.kubernetes.io/region=r1 --overwrite > /dev/null
k delete node n1 > /dev/null
k create -f - > /dev/null <<< "$(pod t)"
zone() { k get pod t -o json | jq -cS '.metadata.labels'; }
eventually 'a bound pod carries zone and region' 5 prints '{"topology.kubernetes.io/region":"r1","topology.kubernetes.io/zone":"z1"}' zone

# --- storage
is "$(k create -f - -o json <<< '{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"v"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/x"},"storageClassName":"by-hand"}}' | jq -c .metadata.finalizers)" \
	'["kubernetes.io/pv-protection"]' 'a volume is protected'
is "$(k create -f - -o json <<< '{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"nobody","resources":{"requests":{"storage":"1Gi"}}}}' | jq -c .metadata.finalizers)" \
	'["kubernetes.io/pvc-protection"]' 'a claim is'
like "$(k patch pvc c -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}' 2>&1)" 'Only bound persistent volume claims can be expanded|spec is immutable' 'one that is not bound cannot grow'
k delete pvc c > /dev/null
k delete pv v > /dev/null
is "$(k get pvc,pv --no-headers 2> /dev/null)" '' 'and both can go'

# --- secrets that an account names
k apply -f - > /dev/null <<< '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"strict","annotations":{"kubernetes.io/enforce-mountable-secrets":"true"}},"secrets":[{"name":"mine"}]}'
sa='"serviceAccountName":"strict",'
is "$(pod s "$sa" ',"env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"yours","key":"k"}}}]' | refusal)" \
	'container c with envVar E referencing secret.secretName="yours" is not allowed because service account strict does not reference that secret' 'a secret of others'
is "$(pod s "$sa"'"imagePullSecrets":[{"name":"p"}],' | refusal)" \
	'imagePullSecrets[0].name="p" is not allowed because service account strict does not reference that imagePullSecret' 'nor to pull with'
check 'its own' k create -f - <<< "$(pod s "$sa" ',"envFrom":[{"secretRef":{"name":"mine"}}]')"

# --- addresses of services as objects
is "$(k get servicecidr kubernetes -o json | jq -c '[.spec.cidrs, (.status.conditions | map(.type + "=" + .status))]')" \
	'[["10.43.0.0/16"],["Ready=True"]]' 'the range of service addresses'
k create service clusterip s --tcp=80 > /dev/null
ip=$(k get service s -o 'jsonpath={.spec.clusterIP}')
parent() { k get ipaddress "$1" -o json | jq -cS '.spec.parentRef'; }
eventually 'an address knows its service' 5 prints '{"name":"s","namespace":"default","resource":"services"}' parent "$ip"
k delete service s > /dev/null
eventually 'and goes with it' 5 prints '' k get ipaddress "$ip" --ignore-not-found
done_testing
