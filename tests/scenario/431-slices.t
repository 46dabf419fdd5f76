#!/bin/bash
# EndpointSlices of Endpoints written by hand; claims of ephemeral volumes.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server --nodes 1
wait_until 5 k get sa default
slices() { k get endpointslices -l kubernetes.io/service-name="$1" -o json 2> /dev/null | jq -c '[.items[] | [.addressType, ([.endpoints[] | .addresses[0] + ":" + (.conditions.ready | tostring)] | join(" ")), .ports[0].port]] | sort'; }
api_json POST /api/v1/namespaces/default/services '{"metadata":{"name":"hand"},"spec":{"ports":[{"port":80,"name":"http"}]}}' -o /dev/null
api_json POST /api/v1/namespaces/default/endpoints '{"metadata":{"name":"hand","labels":{"a":"b"}},"subsets":[{"addresses":[{"ip":"10.1.2.3"},{"ip":"fd00::1"}],"notReadyAddresses":[{"ip":"10.1.2.4"}],"ports":[{"port":8080,"name":"http"}]}]}' -o /dev/null
eventually 'one slice a family' 5 prints '[["IPv4","10.1.2.3:true 10.1.2.4:false",8080],["IPv6","fd00::1:true",8080]]' slices hand
name=$(k get endpointslices -l a=b,endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io -o json | jq -r '.items[] | select(.addressType == "IPv4").metadata.name')
like "$name" '^hand-[a-z0-9]{5}$' 'with the labels of the Endpoints'
k patch endpoints hand --type json -p '[{"op":"remove","path":"/subsets/0/notReadyAddresses"},{"op":"remove","path":"/subsets/0/addresses/1"}]' > /dev/null 2>&1
eventually 'changes are mirrored' 5 prints '[["IPv4","10.1.2.3:true",8080]]' slices hand
is "$(k get endpointslices -l kubernetes.io/service-name=hand -o 'jsonpath={.items[0].metadata.name}')" "$name" 'in the slice that is there'
k delete endpointslice "$name" > /dev/null
eventually 'which is made again' 5 prints '[["IPv4","10.1.2.3:true",8080]]' slices hand
k patch service hand -p '{"spec":{"selector":{"app":"web"}}}' > /dev/null
eventually 'a selector ends it' 5 prints '[]' eval "slices hand | jq -c '[.[] | select(.[1] != \"\")]'"
api_json POST /api/v1/namespaces/default/services '{"metadata":{"name":"skip"},"spec":{"ports":[{"port":80}]}}' -o /dev/null
api_json POST /api/v1/namespaces/default/endpoints '{"metadata":{"name":"skip","labels":{"endpointslice.kubernetes.io/skip-mirror":"true"}},"subsets":[{"addresses":[{"ip":"10.1.2.3"}],"ports":[{"port":8080}]}]}' -o /dev/null
api_json POST /api/v1/namespaces/default/services '{"metadata":{"name":"last"},"spec":{"ports":[{"port":80}]}}' -o /dev/null
api_json POST /api/v1/namespaces/default/endpoints '{"metadata":{"name":"last"},"subsets":[{"addresses":[{"ip":"10.1.2.3"}],"ports":[{"port":8080}]}]}' -o /dev/null
eventually 'others are mirrored' 5 prints '[["IPv4","10.1.2.3:true",8080]]' slices last
is "$(slices skip)" '[]' 'but not those that do not want it'
k delete endpoints last > /dev/null 2>&1
eventually 'slices go with their Endpoints' 5 prints '[]' slices last

api_json POST /api/v1/namespaces/default/pods '{"metadata":{"name":"eph"},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"i"}],
	"volumes":[{"name":"scratch","ephemeral":{"volumeClaimTemplate":{"metadata":{"labels":{"of":"pod"}},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}]}}' -o /dev/null
eventually 'a pod gets the claim of its ephemeral volume' 5 prints 'Bound pod eph' k get pvc eph-scratch -o 'jsonpath={.status.phase} {.metadata.labels.of} {.metadata.ownerReferences[0].name}'
k delete pod eph > /dev/null
eventually 'which goes with it' 5 prints '' k get pvc eph-scratch --ignore-not-found -o name
done_testing
