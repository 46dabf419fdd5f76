#!/bin/bash
# ResourceQuotas: what is refused, what is counted, also when fifty write at once.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server
eventually 'the default account' 5 k get serviceaccount default

quota() { # NAME SPEC-JSON
	k apply -f - > /dev/null <<< '{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"'"$1"'"},"spec":'"$2"'}'
}
used() { k get quota "$1" -o json | jq -cS .status.used; }
known() { [ "$(k get quota "$1" -o json | jq '(.status.hard // {}) == .spec.hard')" = true ]; }
pod() { # NAME RESOURCES-JSON [SPEC-MEMBERS]
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},"spec":{%s"containers":[{"name":"c","image":"i","resources":%s}]}}' \
		"$1" "${3-}" "$2"
}

# --- counts, and many writers
quota counts '{"hard":{"configmaps":"11","count/secrets":"1","count/leases.coordination.k8s.io":"0"}}'
eventually 'status.hard follows spec.hard' 5 known counts
is "$(used counts)" '{"configmaps":"1","count/leases.coordination.k8s.io":"0","count/secrets":"0"}' 'what exists is counted'
for i in $(seq 50); do
	api_json POST /api/v1/namespaces/default/configmaps '{"metadata":{"generateName":"c-"}}' > "$T/c.$i" &
done
wait $(jobs -p | grep -vxF "$(printf '%s\n' "${server_pid[@]}")")
is "$(cat "$T"/c.* | jq -s '[.[] | .kind] | group_by(.) | map("\(.[0])=\(length)") | join(" ")')" '"ConfigMap=10 Status=40"' \
	'fifty creates at once: ten pass'
is "$(cat "$T"/c.* | jq -r 'select(.code) | .code, .message' | sed 's/"c-[^"]*"/"c"/' | sort -u)" \
	'403
configmaps "c" is forbidden: exceeded quota: counts, requested: configmaps=1, used: configmaps=11, limited: configmaps=11' \
	'the others hear why'
is "$(used counts | jq -r .configmaps)" 11 'and the usage is what exists'
k delete configmap --field-selector metadata.name!=kube-root-ca.crt > /dev/null
eventually 'deletion gives back' 5 prints 1 k get quota counts -o 'jsonpath={.status.used.configmaps}'
is "$(api_json POST /apis/coordination.k8s.io/v1/namespaces/default/leases '{"metadata":{"name":"l"}}' | jq -r .message)" \
	'leases.coordination.k8s.io "l" is forbidden: exceeded quota: counts, requested: count/leases.coordination.k8s.io=1, used: count/leases.coordination.k8s.io=0, limited: count/leases.coordination.k8s.io=0' \
	'any resource can be counted'
k create secret generic one > /dev/null
check_fails 'a dry run is judged' 'exceeded quota: counts' k create secret generic two --dry-run=server
is "$(used counts | jq -r '."count/secrets"')" 1 'and books nothing'
k delete quota counts > /dev/null

# --- compute
quota compute '{"hard":{"pods":"3","requests.cpu":"1","limits.memory":"1Gi","requests.example.com/gpu":"2"}}'
eventually 'compute: counted' 5 known compute
is "$(pod bare '{}' | k create -f - 2>&1)" \
	'Error from server (Forbidden): error when creating "STDIN": pods "bare" is forbidden: failed quota: compute: must specify limits.memory for: c; requests.cpu for: c' \
	'what must be specified'
r='{"requests":{"cpu":"600m"},"limits":{"memory":"100Mi"}}'
check 'a pod that fits' k create -f - <<< "$(pod a "$r")"
is "$(used compute)" '{"limits.memory":"100Mi","pods":"1","requests.cpu":"600m","requests.example.com/gpu":"0"}' 'is charged at once'
is "$(pod b "$r" | k create -f - 2>&1 | sed 's/.*: exceeded/exceeded/')" \
	'exceeded quota: compute, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1' 'one that does not'
g='{"requests":{"cpu":"1m"},"limits":{"memory":"1Mi","example.com/gpu":"3"}}'
is "$(pod g "$g" | k create -f - 2>&1 | sed 's/.*: exceeded/exceeded/')" \
	'exceeded quota: compute, requested: requests.example.com/gpu=3, used: requests.example.com/gpu=0, limited: requests.example.com/gpu=2' \
	'extended resources'
k delete pod a --force --grace-period=0 > /dev/null 2>&1
eventually 'a deleted pod gives back' 5 prints '0 0' k get quota compute -o 'jsonpath={.status.used.pods} {.status.used.requests\.cpu}'
k create deployment web --image=i --replicas=5 > /dev/null
k set resources deployment web --requests=cpu=10m --limits=memory=1Mi > /dev/null
eventually 'a workload gets as many pods as fit' 10 prints 3 k get quota compute -o 'jsonpath={.status.used.pods}'
eventually 'and its condition says why' 5 sh -c "'$KUBECTL_135' --kubeconfig '$KUBECONFIG' get deployment web -o json | grep -q 'exceeded quota: compute'"
k delete deployment web > /dev/null
k delete quota compute > /dev/null

# --- scopes
quota best '{"hard":{"pods":"0"},"scopes":["BestEffort"]}'
quota vip '{"hard":{"pods":"1"},"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["system-node-critical"]}]}}'
quota ends '{"hard":{"pods":"0"},"scopes":["Terminating"]}'
quota far '{"hard":{"pods":"0"},"scopes":["CrossNamespacePodAffinity"]}'
for q in best vip ends far; do eventually "$q: counted" 5 known $q; done
r='{"requests":{"cpu":"1m"}}'
refused() { k create -f - 2>&1 | grep -o 'exceeded quota: [a-z]*'; }
is "$(pod s '{}' | refused)" 'exceeded quota: best' 'BestEffort'
is "$(pod s "$r" '"activeDeadlineSeconds":5,' | refused)" 'exceeded quota: ends' 'Terminating'
is "$(pod s "$r" '"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"x","namespaceSelector":{}}]}},' | refused)" \
	'exceeded quota: far' 'CrossNamespacePodAffinity'
check 'PriorityClass: one' k create -f - <<< "$(pod v1 "$r" '"priorityClassName":"system-node-critical",')"
is "$(pod v2 "$r" '"priorityClassName":"system-node-critical",' | refused)" 'exceeded quota: vip' 'PriorityClass: not two'
check 'others are not concerned' k create -f - <<< "$(pod o "$r")"
k delete quota best vip ends far > /dev/null

# --- services, claims
quota net '{"hard":{"services":"3","services.nodeports":"1","services.loadbalancers":"0"}}'
eventually 'net: counted' 5 known net
check 'a node port' k create service nodeport n --tcp=80
is "$(k create service nodeport m --tcp=80 2>&1 | sed 's/.*: exceeded/exceeded/')" \
	'exceeded quota: net, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1' 'no second one'
k create service clusterip s --tcp=80 > /dev/null
check_fails 'nor by update' 'exceeded quota: net, requested: services.loadbalancers=1,services.nodeports=1' \
	k patch service s -p '{"spec":{"type":"LoadBalancer"}}'
quota disk '{"hard":{"requests.storage":"2Gi","gold.storageclass.storage.k8s.io/requests.storage":"1Gi","persistentvolumeclaims":"5"}}'
eventually 'disk: counted' 5 known disk
claim() { k create -f - 2>&1 <<< '{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"'"$1"'"},"spec":{"storageClassName":"'"$2"'","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"'"$3"'"}}}}'; }
is "$(claim a gold 1Gi)" 'persistentvolumeclaim/a created' 'a claim'
is "$(claim b gold 1Mi | sed 's/.*: exceeded/exceeded/')" \
	'exceeded quota: disk, requested: gold.storageclass.storage.k8s.io/requests.storage=1Mi, used: gold.storageclass.storage.k8s.io/requests.storage=1Gi, limited: gold.storageclass.storage.k8s.io/requests.storage=1Gi' \
	'storage by class'
is "$(claim b tin 1025Mi | sed 's/.*: exceeded/exceeded/')" \
	'exceeded quota: disk, requested: requests.storage=1025Mi, used: requests.storage=1Gi, limited: requests.storage=2Gi' 'storage in all'

# --- a restart keeps what is known
stop_server; start_server
is "$(used disk | jq -r '."requests.storage"')" 1Gi 'usage survives a restart'
done_testing
