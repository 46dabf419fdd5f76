#!/bin/bash
# Volumes and claims: binding, classes, reclaiming, protection; and what happens when halves go missing.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 1
wait_until 5 k get sa default
claim() { # NAME SPEC-MEMBERS [SIZE]
	api_json POST /api/v1/namespaces/default/persistentvolumeclaims '{"metadata":{"name":"'"$1"'"},"spec":{'"$2"'"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"'"${3-1Gi}"'"}}}}' -o /dev/null
}
volume() { # NAME SIZE [SPEC-MEMBERS]
	api_json POST /api/v1/persistentvolumes '{"metadata":{"name":"'"$1"'","labels":{"name":"'"$1"'"}},"spec":{'"${3-}"'"capacity":{"storage":"'"$2"'"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/x"}}}' -o /dev/null
}
bound() { k get pvc "$1" -o 'jsonpath={.status.phase} {.spec.volumeName}'; }
phase() { k get pv "$1" -o 'jsonpath={.status.phase}'; }

like "$(k get sc --no-headers)" '^standard \(default\) ' 'there is a default class'
claim auto ''
eventually 'a claim gets a volume of its own' 5 eval "bound auto | grep -q '^Bound pvc-'"
pv=$(k get pvc auto -o 'jsonpath={.spec.volumeName}')
is "$(k get pvc auto -o 'jsonpath={.status.capacity.storage} {.status.accessModes[0]} {.spec.storageClassName}')" '1Gi ReadWriteOnce standard' 'as large as asked'
is "$(phase "$pv") $(k get pv "$pv" -o 'jsonpath={.spec.claimRef.name} {.spec.persistentVolumeReclaimPolicy}')" 'Bound auto Delete' 'bound to it'
like "$(k describe pvc auto)" 'ProvisioningSucceeded' 'and an Event says so'
k delete pvc auto > /dev/null
eventually 'which goes with the claim' 5 prints '' k get pv "$pv" --ignore-not-found -o name

volume large 10Gi '"storageClassName":"manual",'
volume small 2Gi '"storageClassName":"manual",'
eventually 'volumes by hand are available' 5 prints Available phase small
claim two '"storageClassName":"manual",' 2Gi
eventually 'the smallest that will do' 5 prints 'Bound small' bound two
claim big '"storageClassName":"manual",' 20Gi
claim sel '"storageClassName":"manual","selector":{"matchLabels":{"name":"large"}},'
eventually 'a selector chooses' 5 prints 'Bound large' bound sel
is "$(bound big)" 'Pending ' 'nothing is large enough'
k delete pvc two > /dev/null
eventually 'Retain keeps the volume' 5 prints Released phase small
claim two '"storageClassName":"manual",' 2Gi
wait_until 5 eval "k describe pvc two | grep -q Provisioning"
is "$(bound two)" 'Pending ' 'for nobody else'
k patch pv small --type json -p '[{"op":"remove","path":"/spec/claimRef"}]' > /dev/null
eventually 'until it is freed' 5 prints 'Bound small' bound two
volume more 50Gi '"storageClassName":"manual",'
eventually 'a volume that appears is taken' 5 prints 'Bound more' bound big

claim named '"storageClassName":"","volumeName":"later",'
wait_until 5 prints 'Pending later' bound named
volume later 1Gi
eventually 'a claim can wait for a volume by name' 5 prints 'Bound later' bound named
volume mine 1Gi '"claimRef":{"namespace":"default","name":"pre"},'
claim pre '"storageClassName":"",'
eventually 'a volume for a claim by name' 5 prints 'Bound mine' bound pre
claim none '"storageClassName":"",'
eventually 'without class and volume an Event says what is missing' 5 eval "k describe pvc none | grep -q 'no persistent volumes available for this claim and no storage class is set'"
claim absent '"storageClassName":"absent",'
eventually 'a class that is not there as well' 5 eval "k describe pvc absent | grep -q 'storageclass.storage.k8s.io \"absent\" not found'"
api_json POST /apis/storage.k8s.io/v1/storageclasses '{"metadata":{"name":"ext"},"provisioner":"example.com/x"}' -o /dev/null
claim ext '"storageClassName":"ext",'
eventually 'a foreign provisioner is told of its work' 5 prints example.com/x k get pvc ext -o 'jsonpath={.metadata.annotations.volume\.kubernetes\.io/storage-provisioner}'
api_json POST /apis/storage.k8s.io/v1/storageclasses '{"metadata":{"name":"lazy"},"provisioner":"nutshell.dev/simulated","volumeBindingMode":"WaitForFirstConsumer"}' -o /dev/null
claim lazy '"storageClassName":"lazy",'
eventually 'a lazy class waits' 5 eval "k describe pvc lazy | grep -q 'waiting for first consumer'"

claim grow ''
wait_until 5 eval "bound grow | grep -q Bound"
k patch pvc grow -p '{"spec":{"resources":{"requests":{"storage":"3Gi"}}}}' > /dev/null
eventually 'a claim can grow' 5 prints 3Gi k get pvc grow -o 'jsonpath={.status.capacity.storage}'
is "$(k get pv "$(k get pvc grow -o 'jsonpath={.spec.volumeName}')" -o 'jsonpath={.spec.capacity.storage}')" 3Gi 'with its volume'

claim used ''
wait_until 5 eval "bound used | grep -q Bound"
api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"user"},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"used"}}]}}' -o /dev/null
wait_until 5 prints Running k get pod user -o 'jsonpath={.status.phase}'
k delete pvc used --wait=false > /dev/null
like "$(k get pvc used --no-headers)" '^used +Terminating ' 'a claim in use stays'
k delete pod user > /dev/null
eventually 'until its pod is gone' 5 prints '' k get pvc used --ignore-not-found -o name
k delete pv mine --wait=false > /dev/null
like "$(k get pv mine --no-headers)" ' Terminating ' 'a volume in use stays'
k delete pvc pre > /dev/null
eventually 'until its claim is gone' 5 prints '' k get pv mine --ignore-not-found -o name
k patch pv later --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null
k delete pv later --wait=false > /dev/null
k patch pv later --type merge -p '{"metadata":{"finalizers":null}}' > /dev/null
eventually 'a claim whose volume is lost' 5 prints Lost k get pvc named -o 'jsonpath={.status.phase}'
done_testing
