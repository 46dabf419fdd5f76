#!/bin/bash
# Behaviours that break homemade servers and that no other scenario holds.
. "$(dirname "$0")/../lib/nutshell.bash"
start_server

ns=/api/v1/namespaces/default cms=/api/v1/namespaces/default/configmaps
apps=/apis/apps/v1/namespaces/default
smp() { api PATCH "$1" -H 'Content-Type: application/strategic-merge-patch+json' -d "$2"; }

# generateName
for i in 1 2 3; do api_json POST $cms '{"metadata":{"generateName":"gen-"}}' | jq -r .metadata.name; done > "$T/names"
is "$(sort -u "$T/names" | grep -cE '^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$')" 3 'generateName gives three names'
is "$(api_json POST $cms '{"metadata":{}}' | jq -c '[.code, .message]')" \
	'[422,"ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required"]' 'no name at all'

# strategic merge
api_json POST $apps/deployments '{"metadata":{"name":"d"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
	"spec":{"containers":[{"name":"one","image":"i","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"ports":[{"containerPort":80}]},{"name":"two","image":"i"}]}}}}' > /dev/null
template() { jq -c "[.spec.template.spec.containers[] | $1]"; }
is "$(smp $apps/deployments/d '{"spec":{"template":{"spec":{"containers":[{"name":"two","image":"j"}]}}}}' | template '[.name, .image]')" \
	'[["one","i"],["two","j"]]' 'a container is found by name'
is "$(smp $apps/deployments/d '{"spec":{"template":{"spec":{"containers":[{"name":"one","env":[{"name":"A","$patch":"delete"},{"name":"C","value":"3"}]}]}}}}' |
	template '[.env[]?.name]')" '[["C","B"],[]]' '$patch: delete; what is new comes first'
is "$(smp $apps/deployments/d '{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"two"},{"name":"one"}],"containers":[{"name":"two"},{"name":"one"}]}}}}' |
	template .name)" '["two","one"]' '$setElementOrder'
is "$(smp $apps/deployments/d '{"spec":{"template":{"spec":{"containers":[{"$patch":"replace"},{"name":"new","image":"n"}]}}}}' | template .name)" '["new"]' '$patch: replace'
is "$(smp $apps/deployments/d '{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}' | jq -c .spec.strategy)" '{"type":"Recreate"}' '$retainKeys'

# namespaces
k create namespace going > /dev/null
api_json POST /api/v1/namespaces/going/configmaps '{"metadata":{"name":"held","finalizers":["example.org/wait"]}}' > /dev/null
is "$(api DELETE /api/v1/namespaces/going | jq -r .status.phase)" Terminating 'a namespace goes'
is "$(api_json POST /api/v1/namespaces/going/configmaps '{"metadata":{"name":"late"}}' | jq -c '[.code, .details.causes[0].reason]')" \
	'[403,"NamespaceTerminating"]' 'nothing new in it'
eventually 'and says what it waits for' 10 sh -c "$KUBECTL_135 get namespace going -o yaml | grep -q SomeFinalizersRemain"
api PATCH /api/v1/namespaces/going/configmaps/held -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"finalizers":null}}' -o /dev/null
check 'gone once it is emptied' k wait --for=delete namespace/going --timeout=20s

# owners count by uid
uid=$(api_json POST $cms '{"metadata":{"name":"owner"}}' | jq -r .metadata.uid)
api DELETE $cms/owner -o /dev/null
api_json POST $cms '{"metadata":{"name":"owner"}}' -o /dev/null
api_json POST $cms '{"metadata":{"name":"dependent","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"'"$uid"'"}]}}' -o /dev/null
check 'a dependent of an owner of another uid is collected' k wait --for=delete configmap/dependent --timeout=20s
is "$(api_code GET $cms/owner)" 200 'the namesake stays'

# roles
k create serviceaccount low > /dev/null
k create role editor --verb=get,list,create,update,patch --resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io > /dev/null
k create rolebinding editors --role=editor --serviceaccount=default:low > /dev/null
check_fails 'nobody gives what he has not' 'forbidden.*(is attempting to grant RBAC permissions not currently held|Resources:\["secrets"\])' \
	k create role more --verb=get --resource=secrets --as system:serviceaccount:default:low
check_fails 'nor by binding' 'forbidden' k create rolebinding more --clusterrole=cluster-admin --user=x --as system:serviceaccount:default:low

# a label is enough to extend a role
joined() { k get clusterrole view edit admin -o json | jq -c '[.items[].rules[] | select(.resources == ["widgets"])] | length'; }
api_json POST /apis/rbac.authorization.k8s.io/v1/clusterroles '{"metadata":{"name":"extra","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},
	"rules":[{"verbs":["get"],"apiGroups":["example.org"],"resources":["widgets"]}]}' -o /dev/null
eventually 'a labelled role joins view, and so edit and admin' 10 prints 3 joined
api DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/extra -o /dev/null
eventually 'and leaves them' 10 prints 0 joined

# discovery is cached by its tag
tag=$(api GET /apis -D - -o /dev/null -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
is "$(api_code GET /apis -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' -H "If-None-Match: $tag")" 304 'discovery, unchanged'

# times and events
micro='{"metadata":{"name":"l"},"spec":{"holderIdentity":"x","renewTime":"2026-01-02T03:04:05.120000Z"}}'
is "$(api_json POST /apis/coordination.k8s.io/v1/namespaces/default/leases "$micro" | jq -r .spec.renewTime)" 2026-01-02T03:04:05.120000Z 'six decimals'
api_json POST /apis/events.k8s.io/v1/namespaces/default/events '{"metadata":{"name":"e"},"eventTime":"2026-01-02T03:04:05.000000Z","reportingController":"c","reportingInstance":"i",
	"action":"A","reason":"R","type":"Normal","note":"said","regarding":{"kind":"ConfigMap","namespace":"default","name":"owner"}}' -o /dev/null
is "$(api GET $ns/events/e | jq -c '[.message, .involvedObject.name, .reportingComponent]')" '["said","owner","c"]' 'an event of the new API in the old one'

# port-forward
k run web --image=i > /dev/null
check 'a pod to forward to' k wait --for=condition=Ready pod/web --timeout=20s
check_fails 'simulated pods say that they have no network' 'no network' k port-forward pod/web :80
stop_server
done_testing
