#!/bin/bash
# The scheduler and volumes: claims that are missing or unbound, lazy classes, volumes of some nodes only,
# claims for one pod.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 3
wait_until 5 k get sa default
claim() { # NAME CLASS [MODE]
	api_json POST /api/v1/namespaces/default/persistentvolumeclaims '{"metadata":{"name":"'"$1"'"},"spec":{"storageClassName":"'"$2"'","accessModes":["'"${3-ReadWriteOnce}"'"],"resources":{"requests":{"storage":"1Gi"}}}}' -o /dev/null
}
volume() { # NAME CLASS NODE
	api_json POST /api/v1/persistentvolumes '{"metadata":{"name":"'"$1"'"},"spec":{"storageClassName":"'"$2"'","capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"local":{"path":"/x"},"nodeAffinity":{"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["'"$3"'"]}]}]}}}}' -o /dev/null
}
class() { # NAME PROVISIONER [MEMBERS]
	api_json POST /apis/storage.k8s.io/v1/storageclasses '{"metadata":{"name":"'"$1"'"},"provisioner":"'"$2"'","volumeBindingMode":"WaitForFirstConsumer"'"${3-}"'}' -o /dev/null
}
pod() { # NAME CLAIM [SPEC-MEMBERS]
	api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"'"$1"'"},"spec":{'"${3-}"'"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"'"$2"'"}}]}}' -o /dev/null
}
why() { k get pod "$1" -o 'jsonpath={.status.conditions[?(@.reason=="Unschedulable")].message}'; }
says() { [[ $(why "$1") == *"$2"* ]]; }
node() { k get pod "$1" -o 'jsonpath={.spec.nodeName}'; }
phase() { k get pod "$1" -o 'jsonpath={.status.phase}'; }

pod early late
eventually 'a missing claim is named' 5 prints '0/3 nodes are available: persistentvolumeclaim "late" not found. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.' why early
claim late standard
eventually 'until it is there and bound' 5 prints Running phase early

claim stuck nobody
pod unbound stuck
eventually 'an unbound claim holds the pod' 5 says unbound '0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.'

class lazy nutshell.dev/simulated
claim lazy lazy
pod lazy lazy '"nodeSelector":{"kubernetes.io/hostname":"node-1"},'
eventually 'a lazy class waits for the choice of a node' 5 prints 'Running node-1' k get pod lazy -o 'jsonpath={.status.phase} {.spec.nodeName}'
is "$(k get pvc lazy -o 'jsonpath={.metadata.annotations.volume\.kubernetes\.io/selected-node} {.status.phase}')" 'node-1 Bound' 'which the claim tells'
class there nutshell.dev/simulated ',"allowedTopologies":[{"matchLabelExpressions":[{"key":"kubernetes.io/hostname","values":["node-2"]}]}]'
claim there there
pod there there
eventually 'topologies of the class are kept' 5 prints node-2 node there

class foreign example.com/p
claim foreign foreign
pod foreign foreign
eventually 'a foreign provisioner is given a node' 5 eval "[ -n \"\$(k get pvc foreign -o 'jsonpath={.metadata.annotations.volume\.kubernetes\.io/selected-node}')\" ]"
is "$(phase foreign)$(node foreign)" Pending 'and the pod waits for it'
chosen=$(k get pvc foreign -o 'jsonpath={.metadata.annotations.volume\.kubernetes\.io/selected-node}')
gone=$chosen
k delete node "$gone" > /dev/null
other() { [ "$(k get pvc foreign -o 'jsonpath={.metadata.annotations.volume\.kubernetes\.io/selected-node}')" != "$chosen" ]; }
eventually 'another one when that is gone' 5 other
chosen=$(k get pvc foreign -o 'jsonpath={.metadata.annotations.volume\.kubernetes\.io/selected-node}')
api_json POST /api/v1/persistentvolumes '{"metadata":{"name":"made"},"spec":{"storageClassName":"foreign","claimRef":{"namespace":"default","name":"foreign"},"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/x"}}}' -o /dev/null
eventually 'its volume lets the pod start there' 5 prints "Running $chosen" k get pod foreign -o 'jsonpath={.status.phase} {.spec.nodeName}'

k create -f - > /dev/null <<< '{"kind":"Node","apiVersion":"v1","metadata":{"name":"'"$gone"'","labels":{"kubernetes.io/hostname":"'"$gone"'","nutshell.dev/simulated":"true"}},"status":{"allocatable":{"pods":"110","cpu":"8","memory":"8Gi"},"addresses":[{"type":"InternalIP","address":"172.16.9.9"}]}}'
class local kubernetes.io/no-provisioner
claim one local
claim two local
claim three local
volume on0 local node-0
volume on1 local node-1
pod one one
pod two two
eventually 'local volumes draw pods to their nodes' 5 eval '[ "$(node one) $(node two)" = "node-0 node-1" ] || [ "$(node one) $(node two)" = "node-1 node-0" ]'
pod three three
eventually 'and when they are spent' 5 says three "3 node(s) didn't find available persistent volumes to bind"
pod elsewhere one '"nodeSelector":{"kubernetes.io/hostname":"'"$(node two)"'"},'
eventually 'a bound volume is not taken elsewhere' 5 says elsewhere "1 node(s) didn't match PersistentVolume's node affinity"

claim alone standard ReadWriteOncePod
pod first alone
eventually 'the first user of a claim for one pod' 5 prints Running phase first
pod second alone
eventually 'keeps the second out' 5 says second 'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'
k delete pod first > /dev/null
eventually 'until it is gone' 5 prints Running phase second

k delete pvc two --wait=false > /dev/null
pod again two
eventually 'a claim that is going is no good' 5 says again 'persistentvolumeclaim "two" is being deleted'
done_testing
